"""A clock that jumps: whoever is refused meanwhile is told so, and once it is right all is well."""

import contextlib
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from drills.faults.people import NotAnswered, People, Refused
from drills.faults.suite import PROCESSES, Suite, running
from tests.faults import kills
from tests.faults.flows import FLOWS, Steps

_SECONDS = timedelta(seconds=4)
_MINUTES = timedelta(minutes=8)
"""Less than a code lives that was sent."""
_FLOWS = (
    "tickets_go_to_the_next_in_line",
    "news_go_to_those_who_want_them",
    "an_account_is_opened",
    "hours_are_imported_and_corrected",
)


@pytest.fixture(scope="module")
def suite() -> Generator[Suite]:
    """A suite of their own: what others do is not held against clocks this far apart."""
    with running() as suite:
        yield suite


@pytest.fixture(scope="module")
def everybody(suite: Suite) -> People:
    return People(suite)


@pytest.mark.exhaustive
@pytest.mark.parametrize("ahead", [1, -1], ids=["ahead", "back"])
@pytest.mark.parametrize("process", PROCESSES)
def test_as_far_as_the_doctor_lets_them_clocks_may_differ(
    people: People, process: str, ahead: int
) -> None:
    def fail() -> None:
        _move(people, process, ahead * _SECONDS)

    kills.run_together(_FLOWS, people, fail)


@pytest.mark.exhaustive
@pytest.mark.parametrize("process", [*PROCESSES, ""], ids=[*PROCESSES, "every process"])
def test_what_was_begun_while_a_clock_was_ahead_is_done_once_all_are_as_far(
    people: People, process: str
) -> None:
    _move(people, process, _MINUTES)
    _try_all(people)
    _move(people, "", _MINUTES)
    kills.require_all_holds(people)


@pytest.mark.exhaustive
@pytest.mark.parametrize("process", [*PROCESSES, ""], ids=[*PROCESSES, "every process"])
def test_once_a_clock_that_was_behind_is_right_again_all_is_well(
    people: People, process: str
) -> None:
    _move(people, process, -_MINUTES)
    _try_all(people)
    people.suite.mend()
    kills.run_together(_FLOWS, people, lambda: None)


def _try_all(people: People) -> None:
    """Lets people begin what may well be refused, since tokens live for a minute."""
    with ThreadPoolExecutor(len(_FLOWS)) as pool:
        for name in _FLOWS:
            pool.submit(_try, FLOWS[name].steps(people))


def _try(steps: Steps) -> None:
    with contextlib.suppress(Refused, NotAnswered, LookupError, AssertionError):
        next(steps)
        next(steps)


def _move(people: People, process: str, by: timedelta) -> None:
    for name, clock in people.suite.clocks.items():
        if name.startswith(process):
            clock.ahead = by
    people.journal.clocks_apart = max(people.journal.clocks_apart, abs(by))
