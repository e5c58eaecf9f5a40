"""Whatever a parser is given, it reads or refuses it; `make fuzz` gives it more."""

import gc
import random
import sys
from fnmatch import fnmatch
from functools import cache
from types import CodeType, FrameType

import pytest

from tests.fuzz.mutation import mutated
from tests.fuzz.parsers import ROOT, parsers
from tests.fuzz.table import NOT_FUZZED, TARGETS
from tests.fuzz.target import Target

INPUTS = 400
SLOW = {"answers of mail servers": 10, "settings": 40}
"""What waits for a server, or builds a class anew, gets fewer."""

_CACHING = ("kit.", "services.", "gateway.", "tests.fuzz.")
"""The modules that remember what they have read or made."""


def inputs(target: Target) -> list[bytes]:
    """The seeds, and others that are made of them; always the same."""
    count = SLOW.get(target.name, INPUTS)
    source = random.Random(target.name)  # noqa: S311 - to be the same is the point
    made = [
        mutated(source.choice(target.seeds), target.seeds, target.words, source.getrandbits(32))
        for _ in range(count)
    ]
    return [*target.seeds, *made]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_what_is_given_is_read_or_refused(target: Target) -> None:
    for data in inputs(target):
        target.check(data)


def test_every_function_that_reads_is_fuzzed_or_says_why_not() -> None:
    reached = _reached()
    missed = {
        name
        for name in parsers() - reached
        if not any(fnmatch(name, pattern) for pattern in NOT_FUZZED)
    }
    assert not missed


def test_no_reason_is_given_for_what_is_not_there_or_is_fuzzed() -> None:
    unreached = parsers() - _reached()
    needless = {
        pattern for pattern in NOT_FUZZED if not any(fnmatch(name, pattern) for name in unreached)
    }
    assert not needless


@cache
def _reached() -> set[str]:
    """Returns the functions of the product that some input of some target reaches."""
    _forget_what_was_read()
    codes = set[CodeType]()

    def profile(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            codes.add(frame.f_code)

    try:
        for target in TARGETS:
            for data in inputs(target)[: len(target.seeds) + SLOW.get(target.name, 60) // 2]:
                sys.setprofile(profile)  # anew: where the stack is full, Python drops it
                target.check(data)
    finally:
        sys.setprofile(None)
    root = f"{ROOT}/"
    return {
        f"{code.co_filename.removeprefix(root)}:{code.co_qualname}"
        for code in codes
        if code.co_filename.startswith(root)
    }


def _forget_what_was_read() -> None:
    """Empties the caches of the product: what is in one is not read again."""
    for each in gc.get_objects():
        is_cached = isinstance(each, type(_reached))
        if is_cached and str(each.__module__).startswith(_CACHING):
            each.cache_clear()
