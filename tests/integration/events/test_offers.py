"""Offers and the clock."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import grpc
import pytest

from kit.testing import Neighbours, eventually
from kundeapp.events.v1 import events_service_pb2 as pb
from services.events.config import Settings
from tests.integration.events.world import (
    Customer,
    Events,
    FrozenClock,
    refusal_of,
    refused,
    serving,
)

Entry = pb.WaitlistEntry


async def offered(
    events: Events, starts_in: timedelta = timedelta(days=30)
) -> tuple[str, Customer, pb.WaitlistEntry]:
    """Makes an event whose only ticket is offered to a customer, who was told."""
    event_id = await events.event(capacity=1, starts_in=starts_in)
    kari = await events.customer()
    entry = await events.join(kari, event_id, 1)
    await events.told(entry.id)
    return event_id, kari, entry


async def test_an_offer_that_is_not_answered_goes_to_the_next(events: Events) -> None:
    event_id, kari, entry = await offered(events)
    ola = await events.customer()
    await events.join(ola, event_id, 1)

    events.clock.moment = entry.offer.expires_at.ToDatetime(UTC)
    await events.wait_for("SELECT FROM waitlist_entry WHERE status = 'EXPIRED'")

    assert (await events.entry(kari)).status == Entry.EXPIRED
    assert (await events.entry(ola)).status == Entry.OFFERED
    with refused("NO_OFFER"):
        await events.accept(kari, entry.id)
    assert (await events.join(kari, event_id, 1)).parties_ahead == 0
    await events.invariants(event_id)


async def test_an_offer_that_ends_soon_is_brought_to_mind_once(events: Events) -> None:
    await offered(events)
    [offer] = await events.sql("SELECT warn_at FROM offer")

    events.clock.moment = offer["warn_at"]
    await events.wait_for("SELECT FROM outbox WHERE type LIKE '%OfferExpiring'")
    events.clock.advance(timedelta(minutes=1))
    await events.wait_for("SELECT FROM offer WHERE warned")

    assert await events.published("OfferExpiring") == ["OfferExpiring"]


@pytest.mark.parametrize(
    ("now", "starts_in", "ends"),
    [
        pytest.param("2026-03-02T12:00+01:00", "P30D", "2026-03-03T21:00+01:00", id="24 h by day"),
        pytest.param("2026-03-02T12:00+01:00", "P5D", "2026-03-02T16:00+01:00", id="4 h"),
        pytest.param("2026-03-02T20:00+01:00", "P5D", "2026-03-03T09:00+01:00", id="over night"),
        pytest.param("2026-03-02T23:30+01:00", "P1D", "2026-03-03T08:00+01:00", id="at night"),
        pytest.param("2026-03-28T21:30+01:00", "P1D", "2026-03-29T07:30+02:00", id="spring"),
        pytest.param("2026-10-24T21:30+02:00", "P1D", "2026-10-25T07:30+01:00", id="autumn"),
    ],
)
async def test_the_night_and_the_change_of_the_clocks_burn_no_time(
    events: Events, now: str, starts_in: str, ends: str
) -> None:
    events.clock.moment = datetime.fromisoformat(now).astimezone(UTC)
    days = timedelta(days=int(starts_in[1:-1]))
    _, _, entry = await offered(events, starts_in=days)

    expected = datetime.fromisoformat(ends)
    assert entry.offer.expires_at.ToDatetime(UTC) == expected


async def test_an_offer_never_outlasts_the_waiting_list(events: Events) -> None:
    event_id, _, entry = await offered(events, starts_in=timedelta(hours=6, minutes=30))
    closes_at = (await events.get(event_id)).waiting_list_closes_at
    assert entry.offer.expires_at == closes_at


async def test_an_offer_is_never_accepted_after_its_end_however_long_the_lock_is_waited_for(
    events: Events,
) -> None:
    """The clock passes the end while the acceptance waits for the lock of its event."""
    event_id, kari, entry = await offered(events)
    ends_at = entry.offer.expires_at.ToDatetime(UTC)
    events.clock.moment = ends_at - timedelta(seconds=1)

    accepting = await _accept_behind_a_lock(events, event_id, kari, entry.id, then=ends_at)

    assert accepting == "NO_OFFER"
    assert not await events.reservations(kari)
    await events.invariants(event_id)


async def test_an_offer_is_accepted_when_the_lock_comes_in_time(events: Events) -> None:
    """The control of the test above: the same wait, and a clock that stays before the end."""
    event_id, kari, entry = await offered(events)
    in_time = entry.offer.expires_at.ToDatetime(UTC) - timedelta(seconds=1)

    assert await _accept_behind_a_lock(events, event_id, kari, entry.id, then=in_time) == ""
    await events.invariants(event_id)


async def _accept_behind_a_lock(
    events: Events, event_id: str, customer: Customer, entry_id: str, *, then: datetime
) -> str:
    """Accepts an offer while its event is locked, moves the clock, and lets the lock go."""
    connection = await asyncpg.connect(events.settings.database_url)
    try:
        async with connection.transaction():
            await connection.execute(
                "SELECT FROM inventory WHERE event_id = $1 FOR UPDATE", event_id
            )
            accepting = asyncio.create_task(events.accept(customer, entry_id))
            await events.wait_for("SELECT FROM pg_locks WHERE NOT granted")
            events.clock.moment = then
        await accepting
    except grpc.aio.AioRpcError as error:
        return refusal_of(error).reason
    finally:
        await connection.close()
    return ""


async def test_the_time_that_an_offer_was_not_told_of_is_not_burnt(
    neighbours: Neighbours, settings: Settings, clock: FrozenClock
) -> None:
    """NATS is down for two days; the offer's clock starts when it is back."""
    async with serving(neighbours, settings, clock) as events:
        event_id = await events.event(capacity=1)
        kari = await events.customer()
        await events.wait_for("SELECT FROM outbox HAVING count(*) = count(sent_at)")
        neighbours.nats.stop()
        try:
            entry = await events.join(kari, event_id, 1)
            clock.advance(timedelta(days=2))
            await eventually(lambda: clock.now() > entry.offer.expires_at.ToDatetime(UTC))
            assert (await events.entry(kari)).status == Entry.OFFERED
        finally:
            neighbours.nats.start()
        await events.told(entry.id)

        extended = await events.entry(kari)
        assert extended.offer.expires_at.ToDatetime(UTC) > clock.now() + timedelta(hours=24)
        assert await events.published("Rescheduled") == ["OfferRescheduled"]
        assert (await events.accept(kari, entry.id)).reservation.quantity == 1
        await events.invariants(event_id)
