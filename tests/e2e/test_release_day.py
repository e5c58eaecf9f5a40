"""A hundred customers want tickets at once, where there are few: `make release-day` in small."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from cli.local.plan import Plan, RunSettings
from drills import fairness
from drills.crowd import Crowd, Habits, Kind, Person, Sale
from drills.ingress import Connections
from drills.people import open_accounts
from kit.local.processes import LOOPBACK
from tests.e2e.suite import Suite

pytestmark = pytest.mark.e2e

CUSTOMERS = 100
TICKETS = 60
COMING_SECONDS = 2.0
QUICK = Habits(looking=0.5, pressing=0.1, returning=0.5)


def publish(suite: Suite) -> str:
    """Makes an event whose sale is open; returns its id."""
    suite.log_in_at_the_cli("EVENT_STAFF", "event-staff")
    starts_at = datetime.now(UTC) + timedelta(days=30)
    made = suite.cli(
        *("events", "create", "--title", "Haustkonsert", "--venue", "Kulturhuset"),
        *("--starts-at", starts_at.isoformat(), "--capacity", f"{TICKETS}"),
        session="event-staff",
    )
    event_id: str = made.printed["id"]
    assert suite.cli("events", "publish", event_id, session="event-staff").status == 0
    return event_id


async def test_a_crowd_is_served_honestly_and_by_arrival(suite: Suite) -> None:
    plan = Plan(RunSettings(data=suite.data, port=suite.port))
    people = [Person(number) for number in range(CUSTOMERS)]
    await open_accounts(plan, people)
    event_id = await asyncio.to_thread(publish, suite)
    connections = Connections(LOOPBACK, suite.port)
    crowd = Crowd(connections, QUICK)
    begin = asyncio.get_running_loop().time()

    async def want(number: int, moment: float) -> None:
        await crowd.want_tickets(people[number], moment, Sale(event_id, begin))

    moments = [begin + number * COMING_SECONDS / CUSTOMERS for number in range(CUSTOMERS)]
    await crowd.come(moments, want)
    streams = connections.streams
    connections.close()

    seats = await fairness.sold(plan.postgres.url("events"), event_id)
    assert fairness.faults(crowd.asked, seats) == []
    assert crowd.gone == []
    assert seats.tickets == TICKETS
    assert streams == CUSTOMERS
    served = {each.who for each in crowd.asked if each.kind is Kind.RESERVATION}
    assert served == set(people)
    assert len({*seats.buyers, *seats.line}) == CUSTOMERS
