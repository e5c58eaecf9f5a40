"""A customer who is erased: forgotten, off every list, and the seats go to the next in line."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import grpc
import pytest

from kit.database import Database
from kit.envelope import seal
from kit.ids import SystemIds
from kit.outbox import Outbox
from kit.testing import FrozenClock
from kundeapp.events.v1 import events_events_pb2 as told
from kundeapp.events.v1 import events_service_pb2 as pb
from services.events.handlers.customers import erase_customer
from services.events.storage import PostgresStores
from tests.integration.events.register import (
    CustomerChanged,
    CustomerCreated,
    CustomerErased,
    deliver,
    tell,
)
from tests.integration.events.replicas import without_lock
from tests.integration.events.world import Customer, Events

OFFERED, LEFT, DECLINED = pb.WaitlistEntry.OFFERED, pb.WaitlistEntry.LEFT, pb.WaitlistEntry.DECLINED


async def guests(events: Events, event_id: str) -> pb.GuestList:
    request = pb.GetGuestListRequest(event_id=event_id)
    return await events.stub.GetGuestList(request, metadata=events.staff())


async def admit(events: Events, reservation: pb.Reservation, count: int) -> None:
    request = pb.AdmitGuestsRequest(
        event_id=reservation.event_id,
        reservation_id=reservation.id,
        guests=count,
        device="door",
        nonce=str(uuid4()),
    )
    await events.stub.AdmitGuests(request, metadata=events.staff())


async def test_the_seats_of_an_erased_customer_go_to_the_next_in_line(events: Events) -> None:
    event_id = await events.event(capacity=3)
    kari, ola = await events.customer("Kari Nordmann"), await events.customer("Ola Nordmann")
    await events.reserve(kari, event_id, 3)
    entry = await events.join(ola, event_id, 2)

    await tell(events, CustomerErased(kari.id))

    [reservation] = await events.reservations(kari)
    assert (reservation.status, reservation.quantity) == (pb.Reservation.RELEASED, 0)
    offered = await events.entry(ola)
    assert (offered.id, offered.status, offered.offer.tickets) == (entry.id, OFFERED, 2)
    assert (await events.get(event_id)).available == 1
    [released] = await events.messages(told.TicketsReleased)
    assert (released.customer_id, released.tickets, released.total) == (str(kari.id), 3, 0)
    await events.invariants(event_id)


async def test_an_erased_customer_leaves_every_list_and_is_offered_nothing(events: Events) -> None:
    waits_at, offered_at, both_at = [await events.event(capacity=2) for _ in range(3)]
    kari, ola = await events.customers(2)
    for event_id in (waits_at, offered_at):
        await events.reserve(ola, event_id, 2)
    await events.join(kari, waits_at, 2)
    await events.join(kari, offered_at, 2)
    await events.reserve(kari, both_at, 1)
    await events.reserve(ola, both_at, 1)
    await events.join(kari, both_at, 1)
    offered = next(each for each in await events.reservations(ola) if each.event_id == offered_at)
    await events.release(ola, offered.id)

    await tell(events, CustomerErased(kari.id))

    request = pb.ListMyWaitlistEntriesRequest()
    mine = await events.stub.ListMyWaitlistEntries(request, metadata=events.metadata(kari))
    assert {each.event_id: each.status for each in mine.waitlist_entries} == {
        waits_at: LEFT,
        offered_at: DECLINED,
        both_at: LEFT,
    }
    # The seat that is given back at the third event is not offered to the one who gave it back.
    assert [made.event_id for made in await events.messages(told.OfferMade)] == [offered_at]
    assert (await events.get(both_at)).available == 1
    for event_id in (waits_at, offered_at, both_at):
        await events.invariants(event_id)


async def test_name_and_number_are_forgotten_and_devices_at_the_door_are_told(
    events: Events, clock: FrozenClock
) -> None:
    event_id = await events.event(capacity=5, starts_in=timedelta(hours=1))
    kari = await events.customer("Kari Nordmann")
    await events.reserve(kari, event_id, 2)
    clock.advance(timedelta(hours=2))
    before = await guests(events, event_id)

    await tell(events, CustomerErased(kari.id))

    request = pb.GetGuestListRequest(event_id=event_id, since_version=before.version)
    changes = await events.stub.GetGuestList(request, metadata=events.staff())
    [party] = changes.parties
    assert (party.name, party.customer_number, party.tickets) == ("", "", 2)
    rows = await events.sql("SELECT * FROM customer")
    assert "Kari" not in str(rows)
    assert kari.number not in str(rows)


async def test_what_is_over_stays_and_so_do_the_tickets_of_guests_who_are_in(
    events: Events, clock: FrozenClock
) -> None:
    over = await events.event(capacity=5, starts_in=timedelta(days=1))
    tonight = await events.event(capacity=5, starts_in=timedelta(days=2))
    kari = await events.customer("Kari Nordmann")
    past = await events.reserve(kari, over, 2)
    there = await events.reserve(kari, tonight, 3)
    clock.advance(timedelta(days=1, hours=23))
    await admit(events, there, 1)

    await tell(events, CustomerErased(kari.id))

    quantities = {each.id: each.quantity for each in await events.reservations(kari)}
    assert quantities == {past.id: 2, there.id: 1}
    await events.invariants(over)
    await events.invariants(tonight)


async def test_a_change_that_is_told_after_the_erasure_brings_nobody_back(events: Events) -> None:
    kari = await events.customer("Kari Nordmann")

    await tell(
        events,
        CustomerErased(kari.id),
        CustomerChanged(kari.id, kari.number),
        CustomerCreated(kari.id, kari.number),
    )

    assert await events.sql("SELECT id, number, name FROM customer") == [(kari.id, None, "")]
    # Nor is identity asked for the name again.
    assert await events.sql("SELECT FROM customer WHERE named_revision < revision") == []


async def test_an_erasure_that_is_told_first_holds(events: Events) -> None:
    stranger = Customer("100009")
    await tell(events, CustomerErased(stranger.id), CustomerCreated(stranger.id, stranger.number))
    assert await events.sql("SELECT id, number FROM customer") == [(stranger.id, None)]


async def test_an_erasure_that_comes_twice_takes_nothing_from_whoever_has_the_number_next(
    events: Events,
) -> None:
    event_id = await events.event(capacity=5)
    kari = await events.customer("Kari Nordmann")
    erased = seal("identity", CustomerErased(kari.id), uuid4(), datetime.now(UTC))
    await deliver(events, erased)
    new = Customer(kari.number)
    await tell(events, CustomerCreated(new.id, new.number))
    reservation = await events.reserve(new, event_id, 2)

    await deliver(events, erased)
    await tell(events, CustomerErased(kari.id))

    assert list(await events.reservations(new)) == [reservation]
    [row] = await events.sql("SELECT id FROM customer WHERE number = $1", kari.number)
    assert row["id"] == new.id
    await events.invariants(event_id)


async def erase_while_others_reserve(events: Events) -> None:
    """Has customers erased while others want their seats; checks that every seat is somebody's."""
    shows = [await events.event(capacity=12) for _ in range(2)]
    leaving, coming = await events.customers(12), await events.customers(12)
    for customer in leaving:
        for event_id in shows:
            await events.reserve(customer, event_id, 1)
    ids = SystemIds()

    async def leave(customer: Customer) -> None:
        async with stores() as store:
            await erase_customer(store, ids, events.clock, customer_id=customer.id)

    async def wants(customer: Customer, event_id: str) -> None:
        try:
            await events.reserve(customer, event_id, 2)
        except grpc.aio.AioRpcError:
            await events.join(customer, event_id, 2, 1)

    outbox = Outbox("events", ids, events.clock)
    async with Database.open(events.settings.database_url, outbox) as database:
        stores = PostgresStores(database)
        outcomes = await asyncio.gather(
            *(leave(customer) for customer in leaving),
            *(wants(customer, event_id) for customer in coming for event_id in shows),
            return_exceptions=True,
        )
    assert [outcome for outcome in outcomes if outcome] == []
    for event_id in shows:
        audit = await events.invariants(event_id)
        assert audit.reserved + audit.held == 12
    for customer in leaving:
        assert all(each.quantity == 0 for each in await events.reservations(customer))


async def test_no_seat_is_lost_or_sold_twice_while_customers_are_erased(events: Events) -> None:
    await erase_while_others_reserve(events)


async def test_without_the_lock_seats_would_be_seen_to_be_lost(
    events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above."""
    without_lock(monkeypatch)
    with pytest.raises(AssertionError):
        await erase_while_others_reserve(events)


async def test_what_staff_and_the_door_have_written_down_cannot_be_changed(events: Events) -> None:
    event_id = await events.event(capacity=5)
    reservation = await events.reserve(await events.customer(), event_id, 2)
    await admit(events, reservation, 1)
    for table in ("reservation_change", "door_record"):
        for change in (
            f"UPDATE {table} SET event_id = event_id",  # noqa: S608 - our own tables
            f"DELETE FROM {table}",  # noqa: S608 - our own tables
            f"TRUNCATE {table}",
        ):
            with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
                await events.sql(change)
