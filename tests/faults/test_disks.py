"""A disk that is full, and freed again, or that stands still: all of it is only delayed."""

import time
from collections.abc import Callable

import pytest

from drills.faults.disks import Disk, why_not
from drills.faults.people import People
from drills.faults.suite import NATS, POSTGRES
from kit.local.errors import LocalError
from kit.local.processes import wait_until
from tests.faults import kills

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "there are disks"),
]

_OUTAGE_SECONDS = 5.0
_PATIENCE_SECONDS = 60.0
_FULL = "no space left"
_FLOWS = (
    "tickets_go_to_the_next_in_line",
    "news_go_to_those_who_want_them",
    "an_account_is_opened",
    "hours_are_imported_and_corrected",
)


def test_the_disk_of_postgresql_is_full(people: People) -> None:
    postgres = people.suite.plan.postgres

    def fail() -> None:
        people.suite.disks[POSTGRES].fill()
        with pytest.raises(LocalError):
            postgres.run_sql("CREATE TABLE much AS SELECT * FROM generate_series(1, 1000000)")
        time.sleep(_OUTAGE_SECONDS)
        people.suite.disks[POSTGRES].empty()

    kills.run_together(_FLOWS, people, fail)


def test_the_disk_of_nats_is_full_until_it_is_started_again(people: People) -> None:
    log = people.suite.plan.logs / "nats.log"
    said = len(log.read_text())

    def fail() -> None:
        people.suite.disks[NATS].fill()
        has_noticed = wait_until(
            lambda: "no space left" in log.read_text()[said:], _PATIENCE_SECONDS
        )
        people.suite.disks[NATS].empty()
        # It gives JetStream up, and its probe has it started again (deploy/k8s).
        people.suite.kill(NATS)
        assert has_noticed

    kills.run_together(_FLOWS, people, fail)


@pytest.mark.parametrize("server", [POSTGRES, NATS])
def test_a_disk_stands_still(people: People, server: str) -> None:
    disk = people.suite.disks[server]
    kills.run_together(_FLOWS, people, _hanging(disk))


def _hanging(disk: Disk) -> Callable[[], None]:
    def hang() -> None:
        began = time.monotonic()
        hanging = disk.hang(_OUTAGE_SECONDS)
        time.sleep(_OUTAGE_SECONDS / 10)
        (disk.folder / "note").write_text("waits until it goes on")
        assert time.monotonic() - began > _OUTAGE_SECONDS / 2
        assert hanging.wait() == 0

    return hang
