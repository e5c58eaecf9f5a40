"""Whoever is killed, and whenever: nothing that was answered is lost, and nothing happens twice.

`make faults` kills each end of each wire at each moment of each flow, equal moments once. In the
short form, one flow that goes through all of it is killed before and after it commits and
publishes, and before it is heard of.
"""

import contextlib
import logging

import pytest

from drills.faults.people import People
from kit.testing.wires import AFTER, BEFORE, CLIENT, SERVER, Moment
from tests.faults import kills
from tests.faults.flows import FLOWS, Flow
from tests.faults.kills import Kill, NoMoment

_FLOW = FLOWS["tickets_go_to_the_next_in_line"]
_RELEASES = (
    "commits idempotency, inventory, offer, outbox, reservation, reservation_change, ticket, "
    "waitlist_entry"
)
_KILLS = (
    Kill(Moment("events", _RELEASES, BEFORE), SERVER),
    Kill(Moment("events", _RELEASES, AFTER), CLIENT),
    Kill(Moment("events", _RELEASES, AFTER), "gateway, first"),
    Kill(Moment("events", "publishes OfferMade", BEFORE), CLIENT),
    Kill(Moment("events", "publishes OfferMade", AFTER), SERVER),
    Kill(Moment("consent", "takes TicketsReleased for consent-events", BEFORE), CLIENT),
)
_TRIES = 3
_DONE: set[Kill] = set()
_log = logging.getLogger(__name__)


@pytest.mark.parametrize("kill", _KILLS, ids=str)
def test_a_kill_at_a_moment_that_matters(people: People, kill: Kill) -> None:
    kills.run(_FLOW, people, kill)


@pytest.mark.parametrize(
    ("what", "other", "are_equal"),
    [
        ("publishes OfferMade", "publishes OfferExpired", True),
        ("takes OfferMade for consent-events", "takes EventMoved for consent-events", True),
        ("takes OfferMade for consent-events", "takes OfferMade for events-offers", False),
        ("commits inbox, offer", "commits inbox, reservation", False),
    ],
)
def test_moments_are_equal_where_only_the_event_is_another(
    what: str, other: str, *, are_equal: bool
) -> None:
    one, another = (Kill(Moment("events", each, BEFORE), CLIENT) for each in (what, other))
    assert (one.alike == another.alike) is are_equal


@pytest.mark.exhaustive
@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_a_kill_at_every_moment(people: People, flow: Flow) -> None:
    failed = dict[str, str]()
    for kill in kills.kills_of(kills.rehearse(flow, people)):
        if kill.alike in _DONE:
            continue
        try:
            _kill_once_it_comes(flow, people, kill)
            _DONE.add(kill.alike)
        except NoMoment:
            _log.warning("%s: %s: did not come again", flow.name, kill)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong, the others are tried
            failed[str(kill)] = repr(error)
            people.suite.mend()
    assert not failed


def _kill_once_it_comes(flow: Flow, people: People, kill: Kill) -> None:
    for _ in range(_TRIES - 1):
        with contextlib.suppress(NoMoment):
            kills.run(flow, people, kill)
            return
    kills.run(flow, people, kill)
