"""What is fuzzed: a parser, and what it is to do with whatever it is given."""

import asyncio
import atexit
import random
import time
import zlib
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Never, TypeVar

from kit import texts
from kit.errors import Problem

MOST_SECONDS: Final = 5.0
"""Of one input; thousands of times what the largest of them takes."""

LONGEST_INPUT: Final = 16 * 1024
"""In bytes: what is longer is bounded by limits of its own, which other tests reach."""

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Target:
    """A parser under test.

    Attributes:
        name: What it reads.
        run: Takes an input, and raises whatever the parser must not do with it.
        seeds: Inputs that it reads, which others are made of.
        words: What means something to it.
        inputs: How many thousand it is given by `make fuzz`.
    """

    name: str
    run: Callable[[bytes], object]
    seeds: Sequence[bytes]
    words: Sequence[bytes] = ()
    inputs: int = 30

    def check(self, data: bytes) -> None:
        """Gives it an input.

        Raises:
            AssertionError: If it does something else than read or refuse it, or takes too long.
        """
        started = time.thread_time()
        try:
            self.run(data)
        except Exception as error:
            raise AssertionError(f"{self.name} neither reads nor refuses {data!r}") from error
        seconds = time.thread_time() - started
        assert seconds < MOST_SECONDS, f"{self.name} takes {seconds:.1f} s for {data!r}"


def read_or_refused(
    read: Callable[[], _Result], *documented: type[Exception]
) -> _Result | tuple[object, ...]:
    """Returns what was read, or what the refusal says, so that two of them can be compared.

    Raises:
        AssertionError: If a refusal cannot be told to people, or names no field where it should.
    """
    try:
        return read()
    except documented as error:
        return said_of(error) if isinstance(error, Problem) else (type(error).__name__,)


def said_of(problem: Problem) -> tuple[object, ...]:
    """Returns what people are told of a refusal, in each language."""
    for language in ("nn", "nb", "en"):
        assert texts.render(problem.reason, language, problem.facts)
        for field in problem.fields:
            assert field.field
            assert texts.render(field.reason, language, field.facts)
    return (
        problem.reason,
        sorted(problem.facts.items()),
        [(field.field, field.reason, sorted(field.facts.items())) for field in problem.fields],
    )


def pieces(data: bytes) -> Iterator[bytes]:
    """Cuts data at places that follow from it, so that the same input is always cut alike."""
    source = random.Random(zlib.crc32(data))  # noqa: S311 - where it is cut is no secret
    largest = source.choice((1, 3, 40, 1000, LONGEST_INPUT))
    at = 0
    while at < len(data):
        size = source.randint(0, largest)
        yield data[at : at + size]
        at += size


class EmptyStore:
    """A store that holds nothing, whatever it is asked for."""

    def __getattr__(self, name: str) -> Any:
        """Returns a query that finds nothing."""

        async def find(*_: object, **__: object) -> list[Never]:
            return []

        return find


def text_of(data: bytes) -> str:
    """Returns any text: what cannot be decoded becomes U+FFFD, since no field holds it."""
    return data.decode(errors="replace")


def run(work: Coroutine[object, object, _Result]) -> _Result:
    """Runs what waits for nothing, on a loop that is kept: a new one costs more than an input."""
    return _loop().run_until_complete(work)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    atexit.register(loop.close)
    return loop
