"""Fuzzes every parser, and asks every RPC, for minutes: `make fuzz`.

Two processes at a time, each with one parser (`one.py`). Then every event and every RPC on real
databases. The result is written to docs/fuzzing.md.
"""

import asyncio
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from kit.testing import Neighbours
from tests.fuzz import bus, rpcs
from tests.fuzz.mutation import mutated
from tests.fuzz.parsers import ROOT
from tests.fuzz.table import TARGETS
from tests.fuzz.target import Target

RESULT: Final = ROOT / "docs" / "fuzzing.md"
AT_ONCE: Final = 2
LEAST: Final = 1_000_000
"""How many inputs there are to be in all."""
EVENTS: Final = 5_000
TIMES_AN_RPC: Final = 100

_MARK: Final = "<!-- The last result; `make fuzz` writes all below. -->\n"
_EXECUTED: Final = re.compile(r"stat::number_of_executed_units:\s+([0-9]+)")
_MOST_SECONDS: Final = 900
_SHOWN = 3000


@dataclass(frozen=True)
class Result:
    """What came of fuzzing something.

    Attributes:
        name: What.
        inputs: How many inputs it was given.
        seconds: How long it took.
        failure: What happened that must not; empty if nothing.
    """

    name: str
    inputs: int
    seconds: float
    failure: str = ""


def fuzz(target: Target) -> Result:
    """Fuzzes a parser in a process of its own."""
    began = time.monotonic()
    command = [sys.executable, "-m", "tests.fuzz.one", target.name, str(target.inputs * 1000)]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, cwd=ROOT, capture_output=True, check=False, timeout=_MOST_SECONDS
        )
    except subprocess.TimeoutExpired:
        return Result(target.name, 0, _MOST_SECONDS, "it took too long")
    told, said = (each.decode(errors="replace") for each in (done.stdout, done.stderr))
    executed = _EXECUTED.search(said)
    inputs = int(executed[1]) if executed else 0
    # The traceback is told on the one, and what led to it on the other.
    failure = f"{told[-_SHOWN:]}\n{said[-_SHOWN:]}" if done.returncode or not inputs else ""
    return _told(Result(target.name, inputs, time.monotonic() - began, failure))


async def fuzz_on_databases() -> Sequence[Result]:
    """Has every consumer hear hostile events, and asks every RPC with hostile requests."""
    folder = Path(tempfile.mkdtemp())
    with Neighbours.started(folder) as neighbours:
        return [
            await _timed("events, heard by every consumer", lambda count: _hear(neighbours, count)),
            await _timed("requests to every RPC", lambda count: _ask(neighbours, folder, count)),
        ]


async def _hear(neighbours: Neighbours, count: Callable[[], None]) -> None:
    source = random.Random(time.time_ns())  # noqa: S311 - which inputs is no secret
    async with bus.hearers(neighbours) as hearers:
        for _ in range(EVENTS):
            seed = source.choice(bus.SEEDS)
            await bus.hear(hearers, mutated(seed, bus.SEEDS, bus.WORDS, source.getrandbits(32)))
            count()


async def _ask(neighbours: Neighbours, folder: Path, count: Callable[[], None]) -> None:
    async with rpcs.running(neighbours, folder / "mailbox") as suite:
        await suite.ask_everything(TIMES_AN_RPC, count)


async def _timed(name: str, work: Callable[[Callable[[], None]], Awaitable[None]]) -> Result:
    began, inputs, failure = time.monotonic(), list[None](), ""
    try:
        await work(lambda: inputs.append(None))
    except AssertionError as error:
        failure = str(error)[-_SHOWN:]
    return _told(Result(name, len(inputs), time.monotonic() - began, failure))


def _told(result: Result) -> Result:
    outcome = "FAILED" if result.failure else ""
    print(f"{result.name:45} {result.inputs:9,} {result.seconds:6.0f} s {outcome}", flush=True)
    return result


def write(results: Sequence[Result]) -> None:
    """Writes the last result down."""
    head = RESULT.read_text().partition(_MARK)[0]
    total = sum(each.inputs for each in results)
    rows = [f"| {each.name} | {each.inputs:,} | {each.seconds:.0f} |" for each in results]
    table = "\n".join(
        ["| parser | inputs | seconds |", "| --- | ---: | ---: |", *rows, f"| all | {total:,} | |"]
    )
    RESULT.write_text(f"{head}{_MARK}\n{datetime.now(UTC):%Y-%m-%d}:\n\n{table}\n")


def main() -> None:
    """Fuzzes everything."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(fuzz, TARGETS))
    results += asyncio.run(fuzz_on_databases())
    total = sum(each.inputs for each in results)
    failures = [f"{each.name}:\n{each.failure}" for each in results if each.failure]
    if failures:
        sys.exit("\n\n".join(failures))
    if total < LEAST:
        sys.exit(f"only {total:,} inputs, and not {LEAST:,}")
    write(results)
    print(f"{total:,} inputs; written to {RESULT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
