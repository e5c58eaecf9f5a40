"""Clocks that jump, of one process or of all of them."""

import time
from datetime import timedelta

import pytest

from cli.local.plan import SERVICES
from drills.faults.people import People
from tests.faults import kills

_FLOWS = ("tickets_go_to_the_next_in_line", "news_go_to_those_who_want_them")
_SECONDS = 3.0


@pytest.mark.parametrize("minutes", [-40, 40])
@pytest.mark.parametrize("process", SERVICES)
def test_the_clock_of_a_process_jumps_and_comes_back(
    people: People, process: str, minutes: int
) -> None:
    clock = people.suite.clocks[f"{process}, first"]

    def fail() -> None:
        clock.ahead = timedelta(minutes=minutes)
        time.sleep(_SECONDS)
        clock.ahead = timedelta(0)

    kills.run_together(_FLOWS, people, fail)
