"""Disks that are full, slow, or stand still under PostgreSQL and NATS."""

import time

import pytest

from drills.faults import disks
from drills.faults.people import People
from drills.faults.suite import NATS, POSTGRES
from tests.faults import kills

pytestmark = pytest.mark.skipif(bool(disks.why_not()), reason=disks.why_not())

_FLOWS = (
    "tickets_go_to_the_next_in_line",
    "news_go_to_those_who_want_them",
    "hours_are_imported_and_corrected",
)


@pytest.mark.parametrize("server", [POSTGRES, NATS])
def test_a_disk_that_is_full(people: People, server: str) -> None:
    disk = people.suite.disks[server]

    def fail() -> None:
        disk.fill()
        time.sleep(3)
        disk.empty()
        # As the runbooks say: NATS takes no more until it is started again.
        people.suite.kill(server)

    kills.run_together(_FLOWS, people, fail)


@pytest.mark.parametrize("server", [POSTGRES, NATS])
def test_a_disk_that_is_slow(people: People, server: str) -> None:
    disk = people.suite.disks[server]

    def fail() -> None:
        for _ in range(4):
            disk.hang(0.7).wait()
            time.sleep(0.1)

    kills.run_together(_FLOWS, people, fail)
