"""Who is told what when something happens to an event, a reservation or the waiting list."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest
from google.protobuf.message import Message

import services.consent.migrations
from kit.database import Database, Transaction
from kit.outbox import Outbox
from kit.testing import FixedIds, FrozenClock, Neighbours
from kundeapp.events.v1 import events_events_pb2 as told
from services.consent import consumers
from services.consent.domain.store import Store
from services.consent.handlers import programme
from services.consent.handlers.programme import Desk
from services.consent.storage import PostgresStore

if TYPE_CHECKING:
    from kit.inbox import Handler

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
START = NOW + timedelta(days=10)


@dataclass
class World:
    """Consent's database, what it hears, and what it then has to tell."""

    database: Database
    url: str
    clock: FrozenClock = field(default_factory=lambda: FrozenClock(NOW))
    ids: FixedIds = field(default_factory=FixedIds)
    event: UUID = field(default_factory=uuid4)
    customer: UUID = field(default_factory=uuid4)
    reservation: UUID = field(default_factory=uuid4)

    def store_of(self, transaction: Transaction) -> Store:
        return PostgresStore(transaction)

    def desk(self, transaction: Transaction) -> Desk:
        return Desk(self.store_of(transaction), self.ids, self.clock)

    async def hear(self, event: Message) -> None:
        """Handles an event as its consumer does."""
        handlers: dict[type[Message], Handler] = {}
        for consumer in (consumers.events, consumers.waiting_list):
            handlers |= consumer(self.store_of, self.ids, self.clock).handlers
        async with self.database.transaction() as transaction:
            await handlers[type(event)](event, transaction)

    async def publish(self, starts_at: datetime = START) -> None:
        event = told.EventPublished(
            event_id=str(self.event), title="Konsert", venue="Kulturhuset", capacity=50
        )
        event.starts_at.FromDatetime(starts_at)
        await self.hear(event)

    async def change(self, starts_at: datetime, *, moved: bool, title: str = "Konsert") -> None:
        event = told.EventChanged(
            event_id=str(self.event), title=title, venue="Kaia", capacity=50, moved=moved
        )
        event.starts_at.FromDatetime(starts_at)
        await self.hear(event)

    async def reserve(self, tickets: int = 2, total: int = 2) -> None:
        await self.hear(
            told.ReservationConfirmed(
                reservation_id=str(self.reservation),
                event_id=str(self.event),
                customer_id=str(self.customer),
                tickets=tickets,
                total=total,
            )
        )

    async def release(self, tickets: int, total: int) -> None:
        await self.hear(
            told.TicketsReleased(
                reservation_id=str(self.reservation),
                event_id=str(self.event),
                customer_id=str(self.customer),
                tickets=tickets,
                total=total,
            )
        )

    def offer(self, kind: type[Any], expires_at: datetime | None = None) -> Any:
        event = kind(
            offer_id=str(self.reservation),
            entry_id=str(uuid4()),
            event_id=str(self.event),
            customer_id=str(self.customer),
        )
        if expires_at is not None:
            event.tickets = 3
            event.expires_at.FromDatetime(expires_at)
        return event

    async def tend(self) -> None:
        """Does what the clock asks for."""
        async with self.database.transaction() as transaction:
            await programme.ask_who_comes(self.desk(transaction))
            await programme.hand_out_guest_lists(self.desk(transaction))

    async def rows(self) -> list[Mapping[str, Any]]:
        connection = await asyncpg.connect(self.url)
        try:
            found = await connection.fetch("SELECT * FROM notification ORDER BY id")
        finally:
            await connection.close()
        return [{**dict(row), "facts": orjson.loads(row["facts"])} for row in found]

    async def waiting(self) -> list[str]:
        """Returns what is still to be told, by kind."""
        return [row["kind"] for row in await self.rows() if row["state"] == "WAITING"]


@pytest.fixture
async def world(neighbours: Neighbours) -> AsyncGenerator[World]:
    url = await neighbours.database(Path(str(services.consent.migrations.__file__)).parent)
    clock = FrozenClock(NOW)
    outbox = Outbox("consent", FixedIds(2), clock)
    async with Database.open(url, outbox, connections=2) as database:
        yield World(database, url, clock)


async def test_a_customer_is_told_of_a_reservation_once_for_each_change_of_it(world: World) -> None:
    await world.publish()
    await world.reserve(2, total=2)
    await world.reserve(1, total=3)

    first, second = await world.rows()
    assert (first["kind"], first["customer_id"]) == ("reservation-confirmed", world.customer)
    assert first["facts"] == {
        "event_id": str(world.event),
        "reservation_id": str(world.reservation),
        "tickets": 2,
    }
    assert second["facts"]["tickets"] == 1
    assert first["topic"] == second["topic"] == f"reservation/{world.reservation}"


async def test_who_gives_all_tickets_back_is_told_only_that(world: World) -> None:
    await world.publish()
    await world.reserve(2)
    await world.release(2, total=0)

    assert await world.waiting() == ["tickets-released"]


async def test_who_gives_some_back_hears_of_both(world: World) -> None:
    await world.publish()
    await world.reserve(3, total=3)
    await world.release(1, total=2)

    assert await world.waiting() == ["reservation-confirmed", "tickets-released"]
    assert (await world.rows())[1]["facts"] == {
        "event_id": str(world.event),
        "tickets": 1,
        "total": 2,
    }


async def test_those_with_tickets_are_told_that_an_event_was_moved_each_time(world: World) -> None:
    await world.publish()
    await world.reserve()
    other = World(world.database, world.url, world.clock, world.ids, event=world.event)
    await other.reserve()
    await other.release(2, total=0)

    await world.change(START + timedelta(days=1), moved=True)
    await world.change(START, moved=True)
    await world.change(START, moved=False, title="Konserten")

    moved = [row for row in await world.rows() if row["kind"] == "event-moved"]
    assert [row["customer_id"] for row in moved] == [world.customer] * 2
    assert [row["not_after"] for row in moved] == [START + timedelta(days=1), START]


async def test_whose_event_is_cancelled_is_told_that_and_nothing_else(world: World) -> None:
    await world.publish()
    await world.reserve()
    await world.hear(told.EventCancelled(event_id=str(world.event), reason="Stormen"))
    await world.hear(
        told.ReservationCancelled(
            reservation_id=str(world.reservation),
            event_id=str(world.event),
            customer_id=str(world.customer),
        )
    )

    assert await world.waiting() == ["event-cancelled"]
    world.clock.moment = START - timedelta(hours=24)
    await world.tend()
    assert await world.waiting() == ["event-cancelled"]


async def test_an_offer_is_told_of_until_it_ends_and_no_longer(world: World) -> None:
    ends = NOW + timedelta(hours=4)
    await world.publish()
    await world.hear(world.offer(told.OfferMade, ends))
    [offer] = await world.rows()
    assert (offer["kind"], offer["not_after"]) == ("offer-made", ends)
    assert (offer["facts"]["tickets"], offer["facts"]["expires_at"]) == (3, ends.isoformat())

    await world.hear(world.offer(told.OfferExpiring, ends))
    assert await world.waiting() == ["offer-made", "offer-expiring"]

    await world.hear(world.offer(told.OfferAccepted))
    assert await world.waiting() == []


@pytest.mark.parametrize("ended", [told.OfferDeclined, told.OfferRevoked])
async def test_nothing_more_is_told_of_an_offer_that_has_ended(
    world: World, ended: type[Message]
) -> None:
    await world.publish()
    await world.hear(world.offer(told.OfferMade, NOW + timedelta(hours=4)))
    await world.hear(world.offer(ended))

    assert await world.waiting() == []


async def test_who_has_let_an_offer_go_by_is_told_how_to_wait_again(world: World) -> None:
    await world.publish()
    await world.hear(world.offer(told.OfferMade, NOW + timedelta(hours=4)))
    await world.hear(world.offer(told.OfferExpired))

    assert await world.waiting() == ["offer-expired"]


async def test_an_offer_that_ends_at_another_time_is_told_of_anew_and_once(world: World) -> None:
    await world.publish()
    await world.hear(world.offer(told.OfferMade, NOW + timedelta(hours=4)))
    later = NOW + timedelta(hours=6)
    await world.hear(world.offer(told.OfferRescheduled, later))

    [offer] = [row for row in await world.rows() if row["state"] == "WAITING"]
    assert (offer["kind"], offer["not_after"]) == ("offer-made", later)


async def test_guests_are_asked_three_days_and_one_day_ahead_once_each(world: World) -> None:
    await world.publish()
    await world.reserve()
    asked: list[int] = []
    for hours in (73, 72, 71, 25, 24, 23, 4, 3, 2, 1):
        world.clock.moment = START - timedelta(hours=hours)
        await world.tend()
        await world.tend()
        asked.append((await world.waiting()).count("still-coming"))

    assert asked == [0, 1, 1, 1, 2, 2, 2, 2, 2, 2]
    first, second = [row for row in await world.rows() if row["kind"] == "still-coming"]
    assert (first["facts"]["hours"], second["facts"]["hours"]) == (72, 24)
    assert (first["not_after"], second["not_after"]) == (
        START - timedelta(hours=24),
        START - timedelta(hours=3),
    )


async def test_who_reserves_late_is_not_asked_at_once_whether_they_come(world: World) -> None:
    await world.publish()
    world.clock.moment = START - timedelta(hours=48)
    await world.reserve()
    await world.tend()
    assert "still-coming" not in await world.waiting()

    world.clock.moment = START - timedelta(hours=24)
    await world.tend()
    assert (await world.waiting()).count("still-coming") == 1


async def test_who_has_given_the_tickets_back_is_not_asked(world: World) -> None:
    await world.publish()
    await world.reserve()
    await world.release(2, total=0)
    world.clock.moment = START - timedelta(hours=72)
    await world.tend()

    assert await world.waiting() == ["tickets-released"]


async def test_an_event_at_another_time_asks_and_lists_its_guests_anew(world: World) -> None:
    await world.publish()
    await world.reserve()
    world.clock.moment = START - timedelta(hours=24)
    await world.tend()
    later = START + timedelta(days=20)
    await world.change(later, moved=True)
    # What was not told yet is not asked for the old time any longer.
    assert await world.waiting() == ["reservation-confirmed", "guest-list", "event-moved"]

    world.clock.moment = later - timedelta(hours=24)
    await world.tend()

    kinds = [row["kind"] for row in await world.rows()]
    assert (kinds.count("still-coming"), kinds.count("guest-list")) == (2, 2)


async def test_staff_get_the_guest_list_a_day_and_two_hours_ahead(world: World) -> None:
    await world.publish()
    lists: list[int] = []
    for hours in (25, 24, 23, 3, 2, 1):
        world.clock.moment = START - timedelta(hours=hours)
        await world.tend()
        await world.tend()
        lists.append((await world.waiting()).count("guest-list"))
    world.clock.moment = START + timedelta(minutes=1)
    await world.tend()

    assert lists == [0, 1, 1, 1, 2, 2]
    rows = await world.rows()
    assert [(row["facts"]["hours"], row["customer_id"]) for row in rows] == [(24, None), (2, None)]


async def test_staff_are_told_of_each_reservation_and_release_together(world: World) -> None:
    every = timedelta(minutes=15)
    await world.publish()
    await world.reserve(3, total=3)
    await world.release(1, total=2)
    await world.hear(
        told.WaitlistJoined(
            entry_id=str(uuid4()),
            event_id=str(world.event),
            customer_id=str(world.customer),
            wanted=4,
            least=2,
        )
    )

    async def tell() -> None:
        async with world.database.transaction() as transaction:
            await programme.tell_staff(world.desk(transaction), every=every)

    await tell()
    assert "reservation-digest" not in await world.waiting()
    world.clock.advance(every)
    await tell()
    await tell()

    [digest] = [row for row in await world.rows() if row["kind"] == "reservation-digest"]
    assert digest["customer_id"] is None
    said = [(each["what"], each["tickets"], each["total"]) for each in digest["facts"]["notices"]]
    assert said == [("reserved", 3, 3), ("released", 1, 2), ("waiting", 4, None)]


async def test_who_waited_for_a_list_that_was_closed_is_told_and_who_left_is_not(
    world: World,
) -> None:
    await world.publish()
    for closed in (True, False):
        await world.hear(
            told.WaitlistLeft(
                entry_id=str(uuid4()),
                event_id=str(world.event),
                customer_id=str(world.customer),
                closed=closed,
            )
        )

    assert await world.waiting() == ["waitlist-closed"]
