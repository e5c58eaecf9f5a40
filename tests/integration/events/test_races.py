"""Many at once, each race with a control that shows that it would see the fault."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import pytest

from kit.database import Database
from kit.errors import Problem
from kit.ids import SystemIds
from kit.outbox import Outbox
from kit.testing import FrozenClock, Neighbours
from kundeapp.events.v1 import events_service_pb2 as pb
from kundeapp.events.v1.events_service_pb2_grpc import EventsServiceStub
from services.events.config import Settings
from services.events.domain.inventory import Ask
from services.events.domain.problems import AlreadyWaiting, TooManyTickets
from services.events.handlers import reservations, waiting_list
from services.events.handlers.locking import Seats
from services.events.servicer import EventsServicer
from services.events.storage import PostgresStore
from tests.integration.events.replicas import (
    call_of,
    replicas,
    without_lock,
)
from tests.integration.events.world import (
    Customer,
    Events,
    refusal_of,
    refused,
    serving,
)
from tests.integration.processes import RunningClock, port_of, process

CLIENTS = 200
REQUESTS = 10_000
CAPACITY = 500
EXPECTED = {
    "NOT_ENOUGH_TICKETS",
    "ALREADY_RESERVED",
    "NOT_THAT_MANY_TICKETS",
    "ALREADY_WAITING",
    "TOO_MANY_TICKETS",
    "NO_OFFER",
}
"""What an honest service may refuse in such a crowd."""


class Died(Exception):  # noqa: N818 - says what happened
    """The process is gone in the middle of its work."""


@dataclass
class Client:
    """A customer who does something at random, again and again."""

    events: Events
    customer: Customer
    event_id: str
    chance: random.Random
    reservation_id: str = ""
    entry_id: str = ""

    async def act(self) -> None:
        """Does something."""
        actions = [self.reserve, self.reserve, self.release, self.join, self.accept]
        try:
            await self.chance.choice(actions)()
        except grpc.aio.AioRpcError as error:
            if refusal_of(error).reason not in EXPECTED:
                raise

    async def reserve(self) -> None:
        """Reserves."""
        quantity = self.chance.randint(1, 4)
        reservation = await self.events.reserve(self.customer, self.event_id, quantity)
        self.reservation_id = reservation.id

    async def release(self) -> None:
        """Gives back a part, or all."""
        if self.reservation_id:
            quantity = self.chance.randint(0, 2)
            await self.events.release(self.customer, self.reservation_id, quantity)

    async def join(self) -> None:
        """Waits for more."""
        wanted = self.chance.randint(1, 4)
        least = self.chance.randint(1, wanted)
        self.entry_id = (await self.events.join(self.customer, self.event_id, wanted, least)).id

    async def accept(self) -> None:
        """Accepts what is offered."""
        if self.entry_id:
            accepted = await self.events.accept(self.customer, self.entry_id)
            self.reservation_id = accepted.reservation.id

    async def settle_for_one(self) -> None:
        """Waits for a single ticket, and no longer for more."""
        if self.entry_id:
            request = pb.UpdateWaitlistEntryRequest(entry_id=self.entry_id, wanted=1, least=1)
            metadata = self.events.metadata(self.customer)
            await self.events.stub.UpdateWaitlistEntry(request, metadata=metadata)


async def test_ten_thousand_mixed_requests_to_two_processes_never_oversell(
    neighbours: Neighbours, settings: Settings, tmp_path: Path
) -> None:
    settings = settings.model_copy(update={"sweep_seconds": 1.0})
    async with AsyncExitStack() as stack:
        stubs: list[Any] = []
        for _ in range(2):
            child = stack.enter_context(process("events", neighbours, settings, tmp_path))
            channel = await stack.enter_async_context(neighbours.channel(port_of(child)))
            stubs.append(EventsServiceStub(channel))
        houses = [Events(neighbours, settings, RunningClock(), stub) for stub in stubs]
        event_id = await houses[0].event(CAPACITY)
        customers = await houses[0].customers(CLIENTS)
        clients = [
            Client(houses[number % 2], customer, event_id, random.Random(number))  # noqa: S311 - foreseeable
            for number, customer in enumerate(customers)
        ]

        async def work(client: Client) -> None:
            for _ in range(REQUESTS // CLIENTS):
                await client.act()

        watch = asyncio.create_task(_never_above(houses[0], event_id))
        await asyncio.gather(*(work(client) for client in clients))
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch
        await houses[0].invariants(event_id)

        await _take_the_rest(clients)
        audit = await houses[0].invariants(event_id)
        assert audit.reserved == CAPACITY


async def _never_above(house: Events, event_id: str) -> None:
    """Looks again and again, until it is cancelled."""
    while True:
        request = pb.AuditInventoryRequest(event_id=event_id)
        audit = await house.stub.AuditInventory(request, metadata=house.staff())
        assert audit.consistent
        assert audit.reserved + audit.held <= CAPACITY


async def _take_the_rest(clients: Sequence[Client]) -> None:
    """Has everyone accept, or settle for a single ticket, until all are taken.

    Who waits for many may have seats put aside until there are enough.
    """
    for _ in range(20):
        for client in clients:
            for act in (client.accept, client.join, client.settle_for_one, client.accept):
                with suppress(grpc.aio.AioRpcError):
                    await act()
        audit = await clients[0].events.invariants(clients[0].event_id)
        if audit.reserved == CAPACITY:
            return


async def test_without_the_lock_a_crowd_would_be_seen_to_break_the_counters(
    neighbours: Neighbours,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    clock: FrozenClock,
) -> None:
    """The control of the test above."""
    without_lock(monkeypatch)
    async with (
        serving(neighbours, settings, clock) as one,
        serving(neighbours, settings, clock) as other,
    ):
        event_id = await one.event(20)
        customers = await one.customers(60)

        async def reserve(number: int, customer: Customer) -> None:
            with suppress(grpc.aio.AioRpcError):
                reservation = await (one, other)[number % 2].reserve(customer, event_id, 1)
                await (one, other)[number % 2].release(customer, reservation.id)

        await asyncio.gather(*(reserve(*each) for each in enumerate(customers)))
        with pytest.raises(AssertionError):
            await one.invariants(event_id)


@pytest.mark.parametrize("dies", [True, False], ids=["dies", "commits"])
async def test_what_a_transaction_took_is_free_again_when_it_dies(
    events: Events, *, dies: bool
) -> None:
    """Six left, one takes four and dies before its commit: four for whoever came meanwhile."""
    event_id = await events.event(capacity=6)
    kari, ola = await events.customers(2)
    ids = SystemIds()
    outbox = Outbox("events", ids, events.clock)
    async with Database.open(events.settings.database_url, outbox) as database:
        meanwhile = None
        with suppress(Died):
            async with database.transaction() as transaction:
                store = PostgresStore(transaction)
                seats = await Seats.locked(store, ids, UUID(event_id))
                [answer] = await reservations.reserve(
                    store, ids, events.clock, seats, [Ask(kari.id, 4)]
                )
                assert not isinstance(answer, Problem)
                assert seats.inventory.available == 2
                meanwhile = asyncio.create_task(events.reserve(ola, event_id, 4))
                await events.wait_for("SELECT FROM pg_locks WHERE NOT granted")
                if dies:
                    raise Died
        assert meanwhile is not None
        if dies:
            assert (await meanwhile).quantity == 4
        else:
            with refused("NOT_ENOUGH_TICKETS") as refusing:
                await meanwhile
            assert refusing.refusal.facts == {"available": "2"}
    await events.invariants(event_id)


ROUNDS = 1_000
PUBLIC = 200


async def test_whoever_waits_wins_against_the_public_every_time(
    events: Events, settings: Settings, clock: FrozenClock
) -> None:
    """A release races 200 public reservations with one party waiting, 1,000 times."""
    async with replicas(settings, clock) as servicers:
        wins = sum([await _release_race(events, servicers) for _ in range(ROUNDS)])
    assert wins == ROUNDS


async def test_without_serving_in_the_same_transaction_the_public_would_be_seen_to_win(
    events: Events, settings: Settings, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above: seats are freed in one transaction and offered in the next."""

    async def settle(self: Seats, _clock: object) -> None:
        await self._store.save_inventory(self.event.id, self.inventory)  # pyright: ignore[reportPrivateUsage]

    monkeypatch.setattr(Seats, "settle", settle)
    async with replicas(settings, clock) as servicers:
        wins = sum([await _release_race(events, servicers) for _ in range(20)])
    assert wins < 20


async def _release_race(events: Events, servicers: Sequence[EventsServicer]) -> bool:
    """Returns whether the party that waits was offered the ticket that was released."""
    event_id = await events.event(capacity=1)
    kari, ola = Customer("1"), Customer("2")
    clock = events.clock
    reservation = await servicers[0].ReserveTickets(
        pb.ReserveTicketsRequest(event_id=event_id, quantity=1), call_of(kari, clock)
    )
    await servicers[0].JoinWaitlist(
        pb.JoinWaitlistRequest(event_id=event_id, wanted=1), call_of(ola, clock)
    )

    async def ask(number: int) -> bool:
        try:
            await servicers[number % 2].ReserveTickets(
                pb.ReserveTicketsRequest(event_id=event_id, quantity=1),
                call_of(Customer(f"public {number}"), clock),
            )
        except Problem:
            return False
        return True

    release = servicers[0].ReleaseTickets(
        pb.ReleaseTicketsRequest(reservation_id=reservation.id), call_of(kari, clock)
    )
    asking: list[Awaitable[object]] = [ask(number) for number in range(PUBLIC)]
    asking.insert(PUBLIC // 2, release)
    won = await asyncio.gather(*asking)
    entries = await servicers[1].ListMyWaitlistEntries(
        pb.ListMyWaitlistEntriesRequest(), call_of(ola, clock)
    )
    return True not in won and entries.waitlist_entries[0].status == pb.WaitlistEntry.OFFERED


async def test_an_offer_has_one_end_however_many_come_at_once(
    events: Events, settings: Settings, clock: FrozenClock
) -> None:
    """Accept, expiry, decline and leave at the same instant, until each has been first."""
    ends: set[str] = set()
    each = {"OfferAccepted", "OfferDeclined", "OfferExpired"}
    async with replicas(settings, clock, 4) as servicers:
        for seed in range(1_000):
            ends |= await _end_race(events, servicers, clock, random.Random(seed))  # noqa: S311 - foreseeable
            if seed >= 100 and ends == each:
                break
    assert ends == each


async def test_without_the_lock_an_offer_would_be_seen_to_end_twice(
    events: Events, settings: Settings, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above."""
    without_lock(monkeypatch)

    async def race() -> None:
        async with replicas(settings, clock, 4) as servicers:
            for seed in range(100):
                await _end_race(events, servicers, clock, random.Random(seed))  # noqa: S311 - foreseeable

    with pytest.raises(AssertionError):
        await race()


async def _end_race(
    events: Events,
    servicers: Sequence[EventsServicer],
    clock: FrozenClock,
    chance: random.Random,
) -> set[str]:
    """Has an offer end in four ways at once; returns how it ended, once all is right."""
    event_id = await events.event(capacity=2, starts_in=timedelta(days=30))
    kari = await events.customer()
    entry = await events.join(kari, event_id, 2)
    await events.told(entry.id)
    servicer, call = servicers[0], call_of(kari, clock)

    async def expire(replica: EventsServicer) -> None:
        async with replica.database.transaction() as transaction:
            store = PostgresStore(transaction)
            await store.lock_event(UUID(event_id))
            clock.moment = entry.offer.expires_at.ToDatetime(UTC)
            await waiting_list.tend(store, SystemIds(), clock, UUID(event_id))

    ways: list[Callable[[], Awaitable[object]]] = [
        lambda: servicers[0].AcceptOffer(pb.AcceptOfferRequest(entry_id=entry.id), call),
        lambda: servicers[1].DeclineOffer(pb.DeclineOfferRequest(entry_id=entry.id), call),
        lambda: servicers[2].LeaveWaitlist(pb.LeaveWaitlistRequest(entry_id=entry.id), call),
        lambda: expire(servicers[3]),
    ]
    chance.shuffle(ways)
    outcomes = await asyncio.gather(*(way() for way in ways), return_exceptions=True)
    unexpected = [
        outcome
        for outcome in outcomes
        if isinstance(outcome, BaseException) and not isinstance(outcome, Problem)
    ]
    assert not unexpected
    ends = [
        row["type"].rpartition(".")[2]
        for row in await events.sql(
            """
            SELECT type FROM outbox WHERE subject LIKE $1
                AND type ~ '(OfferAccepted|OfferDeclined|OfferExpired)$'
            """,
            f"kundeapp.events.offer.{entry.offer.id}.%",
        )
    ]
    assert len(ends) == 1
    audit = await events.invariants(event_id)
    assert audit.reserved == (2 if ends == ["OfferAccepted"] else 0)
    held = await servicer.ListMyReservations(pb.ListMyReservationsRequest(), call)
    assert sum(each.quantity for each in held.reservations) == audit.reserved
    return set(ends)


async def test_a_key_that_is_sent_fifty_times_at_once_reserves_once(
    neighbours: Neighbours, settings: Settings, clock: FrozenClock
) -> None:
    async with (
        serving(neighbours, settings, clock) as one,
        serving(neighbours, settings, clock) as other,
    ):
        event_id = await one.event(capacity=100)
        kari = await one.customer()

        answers = await asyncio.gather(
            *((one, other)[number % 2].reserve(kari, event_id, 2, "key") for number in range(50))
        )
        later = await one.reserve(kari, event_id, 2, "key")

        assert all(answer == later for answer in answers)
        assert (await one.get(event_id)).available == 98
        assert await one.published("ReservationConfirmed") == ["ReservationConfirmed"]
        with refused("IDEMPOTENCY_KEY_REUSED"):
            await one.reserve(kari, event_id, 3, "key")
        await one.invariants(event_id)

        await one.release(kari, later.id)
        assert await one.reserve(kari, event_id, 2, "key") == later
        assert (await one.get(event_id)).available == 100


async def test_a_customer_with_two_devices_reserves_once(
    neighbours: Neighbours, settings: Settings, clock: FrozenClock
) -> None:
    async with (
        serving(neighbours, settings, clock) as one,
        serving(neighbours, settings, clock) as other,
    ):
        event_id = await one.event(capacity=100)
        for customer in await one.customers(20):
            phone, tablet = await asyncio.gather(
                one.reserve(customer, event_id, 2, "phone"),
                other.reserve(customer, event_id, 2, "tablet"),
            )
            assert phone == tablet
        assert (await one.get(event_id)).available == 60
        await one.invariants(event_id)


async def test_without_the_lock_two_devices_would_be_seen_to_reserve_twice(
    neighbours: Neighbours,
    settings: Settings,
    clock: FrozenClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The control of the two tests above."""
    without_lock(monkeypatch)
    async with (
        serving(neighbours, settings, clock) as one,
        serving(neighbours, settings, clock) as other,
    ):
        event_id = await one.event(capacity=100)
        for customer in await one.customers(20):
            await asyncio.gather(
                one.reserve(customer, event_id, 2, "phone"),
                other.reserve(customer, event_id, 2, "tablet"),
            )
        with pytest.raises(AssertionError):
            await one.invariants(event_id)


CROWD, PAIRS = 60, 20


async def test_those_who_join_at_once_stand_in_line_in_the_order_of_arrival(
    events: Events, settings: Settings, clock: FrozenClock
) -> None:
    async with replicas(settings, clock, 1) as [servicer]:
        event_id = await _sold_out(events)
        entries = await asyncio.gather(
            *(_join(servicer, event_id, Customer(f"{number}"), clock) for number in range(CROWD))
        )
    assert [entry.parties_ahead for entry in entries] == list(range(CROWD))
    await events.invariants(event_id)


async def test_whoever_is_refused_among_those_who_join_at_once_is_alone_in_that(
    events: Events, settings: Settings, clock: FrozenClock
) -> None:
    one, two, three, four = (Customer(f"{number}") for number in range(4))
    async with replicas(settings, clock, 1) as [servicer]:
        event_id = await _sold_out(events)
        kari, greedy, again, other, ola, retry, per = await asyncio.gather(
            _join(servicer, event_id, one, clock),
            _join(servicer, event_id, two, clock, wanted=11),
            _join(servicer, event_id, one, clock),
            _join(servicer, event_id, one, clock, wanted=2),
            _join(servicer, event_id, three, clock, key="key"),
            _join(servicer, event_id, three, clock, key="key"),
            _join(servicer, event_id, four, clock),
            return_exceptions=True,
        )
    assert isinstance(kari, pb.WaitlistEntry)
    assert isinstance(ola, pb.WaitlistEntry)
    assert isinstance(per, pb.WaitlistEntry)
    assert (kari.parties_ahead, ola.parties_ahead, per.parties_ahead) == (0, 1, 2)
    assert (again, retry) == (kari, ola)
    assert isinstance(greedy, TooManyTickets)
    assert isinstance(other, AlreadyWaiting)
    assert await events.published("WaitlistJoined") == ["WaitlistJoined"] * 3
    await events.invariants(event_id)


async def test_nobody_shares_a_place_with_one_who_joins_at_another_replica(
    events: Events, settings: Settings, clock: FrozenClock
) -> None:
    places = [place async for place in _places_of_pairs(events, settings, clock)]
    assert places == [[1, 2]] * PAIRS


async def test_without_the_lock_two_would_be_seen_to_share_a_place(
    events: Events, settings: Settings, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above."""
    without_lock(monkeypatch)
    places = [place async for place in _places_of_pairs(events, settings, clock)]
    assert [1, 1] in places


async def _places_of_pairs(
    events: Events, settings: Settings, clock: FrozenClock
) -> AsyncGenerator[Sequence[int]]:
    """Lets two join at once, again and again; yields the places that they have."""
    async with replicas(settings, clock) as servicers:
        for _ in range(PAIRS):
            event_id = await _sold_out(events)
            await asyncio.gather(
                _join(servicers[0], event_id, Customer("kari"), clock),
                _join(servicers[1], event_id, Customer("ola"), clock),
            )
            rows = await events.sql(
                "SELECT place FROM waitlist_entry WHERE event_id = $1 ORDER BY place",
                UUID(event_id),
            )
            yield [row["place"] for row in rows]


async def _sold_out(events: Events) -> str:
    event_id = await events.event(capacity=1)
    await events.reserve(await events.customer(), event_id, 1)
    return event_id


async def _join(
    servicer: EventsServicer,
    event_id: str,
    customer: Customer,
    clock: FrozenClock,
    *,
    wanted: int = 1,
    key: str = "",
) -> pb.WaitlistEntry:
    request = pb.JoinWaitlistRequest(event_id=event_id, wanted=wanted, request_id=key)
    return await servicer.JoinWaitlist(request, call_of(customer, clock))
