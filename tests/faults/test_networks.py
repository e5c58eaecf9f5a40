"""Wires that are slow, lossy, cut, silent or half-open: all of it is only delayed."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence

import pytest

from cli.local.plan import SERVICES
from drills.faults.people import People
from drills.faults.suite import CALLS, MAIL, NATS, POSTGRES
from kit.testing.wires import CLIENT, SERVER, Wire, Wires
from tests.faults import kills

_OUTAGE_SECONDS = 3.0
_log = logging.getLogger(__name__)
_FLOWS = (
    "tickets_go_to_the_next_in_line",
    "news_go_to_those_who_want_them",
    "an_account_is_opened",
    "hours_are_imported_and_corrected",
)
"""What goes on meanwhile: together they use every wire."""

FAULTS: Mapping[str, Callable[[Wires, Sequence[Wire]], None]] = {
    "slow and lossy": lambda wires, some: wires.slow(some, seconds=0.05, loss=0.1),
    "cut": Wires.cut,
    "silent": Wires.silence,
    "silent from the client": lambda wires, some: wires.silence(some, CLIENT),
    "silent from the server": lambda wires, some: wires.silence(some, SERVER),
    "half-open": Wires.strand,
}
PAIRS = (
    *((service, server) for service in SERVICES for server in (POSTGRES, NATS)),
    ("gateway", NATS),
    *((caller, other) for caller, others in CALLS.items() for other in others),
    ("identity", MAIL),
    ("consent", MAIL),
)


def test_every_wire_is_cut_at_once(people: People) -> None:
    _go_through(people, "cut", people.suite.wires.wires, "everywhere")


@pytest.mark.exhaustive
@pytest.mark.parametrize("fault", FAULTS)
def test_every_wire_at_once(people: People, fault: str) -> None:
    _go_through(people, fault, people.suite.wires.wires, "everywhere")


@pytest.mark.exhaustive
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("pair", PAIRS, ids=" to ".join)
def test_the_wires_between_two(people: People, pair: tuple[str, str], fault: str) -> None:
    _go_through(people, fault, people.suite.wires.between(*pair), " to ".join(pair))


def _go_through(people: People, fault: str, some: Sequence[Wire], where: str) -> None:
    wires = people.suite.wires

    def fail() -> None:
        FAULTS[fault](wires, some)
        time.sleep(_OUTAGE_SECONDS)
        wires.mend()

    began = time.monotonic()
    kills.run_together(_FLOWS, people, fail)
    _log.info("%s: %s: well after %.1f s", where, fault, time.monotonic() - began)
