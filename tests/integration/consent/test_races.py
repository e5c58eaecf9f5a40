"""Many at once, each race with a control that shows that it would see the fault."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import reduce
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import grpc
import pytest

from kit.bus import Bus
from kit.database import Database
from kit.envelope import Envelope
from kit.errors import Unavailable
from kit.ids import SystemIds
from kit.keyed_hash import SecretKey
from kit.outbox import Outbox
from kit.server import Call
from kit.testing import FrozenClock, Neighbours
from kundeapp.consent.v1 import consents_pb2 as pb
from kundeapp.consent.v1.consent_service_pb2_grpc import ConsentServiceStub
from services.consent.config import Settings
from services.consent.domain.controller import Controller
from services.consent.domain.customers import Status
from services.consent.domain.ledger import NO_HASH, Decision, Entry, Pair, hash_of
from services.consent.handlers.suppression import Desk
from services.consent.handlers.verification import verify
from services.consent.hashing import KeyedAddressHashes
from services.consent.servicer import ConsentServicer
from services.consent.storage import PostgresStore, PostgresStores
from tests.integration.consent.world import Consent, Customer, House, Shown, caller_of, no
from tests.integration.processes import RunningClock, port_of, process

CLUB = "kraftklubben"
TOGGLES = 400
AT_ONCE = 40
_ALL_SENT = "SELECT FROM outbox HAVING count(*) = count(sent_at)"


@asynccontextmanager
async def replicas(
    settings: Settings, clock: FrozenClock, count: int = 3
) -> AsyncGenerator[Sequence[ConsentServicer]]:
    """Makes servicers on pools of their own, called without gRPC in between."""
    async with AsyncExitStack() as stack:
        servicers: list[ConsentServicer] = []
        for _ in range(count):
            ids = SystemIds()
            database = await stack.enter_async_context(
                Database.open(settings.database_url, Outbox("consent", ids, clock))
            )
            controller = Controller("Kundeapp", "personvern@example.com", "http://localhost")
            of_no_use: Any = None  # to switches
            servicers.append(
                ConsentServicer(
                    database=database,
                    store_of=PostgresStore,
                    stores=PostgresStores(database),
                    newsroom=of_no_use,
                    tokens=of_no_use,
                    returns=of_no_use,
                    customer_service=of_no_use,
                    desk=Desk(KeyedAddressHashes([SecretKey("key", b"1" * 32)]), ids, clock),
                    retry_secret=b"",
                    controller=controller,
                    ids=ids,
                    clock=clock,
                )
            )
        yield servicers


def call_of(customer: Customer, clock: FrozenClock) -> Call:
    """Returns a call of a customer's."""
    caller = caller_of(customer.account_id, (customer.id,), (), clock.now())
    return Call(caller, "ChangeMyConsents", "nn")


async def toggle(
    servicers: Sequence[ConsentServicer], shown: Shown, customer: Customer, clock: FrozenClock
) -> Sequence[BaseException]:
    """Moves switches at random, each of them sent twice with the same key to other replicas.

    Returns:
        What failed, but for the replicas that were too busy and were asked again.
    """
    chance = random.Random(17)  # noqa: S311 - foreseeable
    turn = asyncio.Semaphore(AT_ONCE)
    channels = ("EMAIL", "SMS", "PUSH")

    async def send(servicer: ConsentServicer, request: pb.ChangeMyConsentsRequest) -> None:
        async with turn:
            while True:
                try:
                    await servicer.ChangeMyConsents(request, call_of(customer, clock))
                except Unavailable:
                    continue
                return

    calls: list[tuple[ConsentServicer, pb.ChangeMyConsentsRequest]] = []
    for number in range(TOGGLES):
        channel, give = chance.choice(channels), chance.random() < 0.5
        change = shown.yes(CLUB, channel) if give else no(CLUB, channel)
        request = pb.ChangeMyConsentsRequest(request_id=f"toggle {number}", changes=[change])
        calls += [(servicer, request) for servicer in chance.sample(servicers, 2)]
    chance.shuffle(calls)
    done = await asyncio.gather(*(send(*each) for each in calls), return_exceptions=True)
    return [each for each in done if each is not None]


def fold(entries: Sequence[Entry]) -> Mapping[Pair, Decision]:
    """Returns what holds by rows."""

    def step(view: Mapping[Pair, Decision], entry: Entry) -> Mapping[Pair, Decision]:
        return {**view, (entry.purpose, entry.channel): entry.decision}

    return reduce(step, entries, {})


async def invariants(house: House, customer_id: UUID) -> Sequence[Entry]:
    """Checks what must hold after every race, and returns the rows."""
    entries = await house.entries()
    assert [entry.position for entry in entries] == list(range(1, len(entries) + 1))
    own = [entry for entry in entries if entry.customer_id == customer_id]
    assert [entry.seq for entry in own] == list(range(1, len(own) + 1))
    hashes = [NO_HASH, *(entry.hash for entry in own)]
    assert [entry.previous_hash for entry in own] == hashes[:-1]
    assert all(hash_of(entry) == entry.hash for entry in own)
    assert await house.holds(customer_id) == fold(own)
    names = {"GIVEN": "ConsentGiven", "WITHDRAWN": "ConsentWithdrawn", "EXPIRED": "ConsentExpired"}
    rows = [(names[entry.decision], entry.position) for entry in entries]
    assert await house.published() == rows
    async with house.store() as store:
        assert not (await verify(store, (), "")).findings
        assert not (await verify(store, (), "views/")).findings
    return entries


async def test_of_four_hundred_toggles_and_their_retries_each_change_is_written_down_once(
    consent: Consent, house: House, settings: Settings, clock: FrozenClock
) -> None:
    await consent.publish_shipped()
    kari = Customer()
    shown = await consent.show(kari)
    async with replicas(settings, clock) as servicers:
        assert await toggle(servicers, shown, kari, clock) == []

    entries = await invariants(house, kari.id)
    assert len(entries) > TOGGLES // 4
    # Only changes are written down: of a pair, each row says the opposite of the one before.
    for channel in ("EMAIL", "SMS", "PUSH"):
        said = [entry.decision for entry in entries if entry.channel == channel]
        assert all(one != other for one, other in pairwise(said))
    keys = await house.sql("SELECT count(*) FROM idempotency WHERE answer IS NOT NULL")
    assert keys[0]["count"] >= TOGGLES


async def test_without_the_lock_of_the_customer_the_race_would_be_seen_to_go_wrong(
    consent: Consent,
    settings: Settings,
    clock: FrozenClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The control of the test above: the database itself refuses a second row of a place."""

    async def lock_nobody(_: object, customers: Collection[UUID]) -> Mapping[UUID, Status]:
        return dict.fromkeys(customers, Status.ACTIVE)

    await consent.publish_shipped()
    kari = Customer()
    await consent.change(kari, no("general", "POST"))
    shown = await consent.show(kari)
    monkeypatch.setattr(PostgresStore, "lock_customers", lock_nobody)
    async with replicas(settings, clock) as servicers:
        failed = await toggle(servicers, shown, kari, clock)
    kinds = Counter(map(type, failed))
    assert kinds[asyncpg.UniqueViolationError] > 0


async def test_without_the_lock_of_the_ledger_two_rows_would_get_one_position(
    house: House,
    consent: Consent,
    settings: Settings,
    clock: FrozenClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With it, as many customers as there are write at once without a gap."""
    await consent.publish_shipped()

    async def all_give() -> Sequence[BaseException]:
        customers = [Customer() for _ in range(60)]
        shown = await consent.show(customers[0])
        request = pb.ChangeMyConsentsRequest(changes=[shown.yes(CLUB, "EMAIL")])
        async with replicas(settings, clock) as servicers:
            done = await asyncio.gather(
                *(
                    servicers[number % 3].ChangeMyConsents(request, call_of(customer, clock))
                    for number, customer in enumerate(customers)
                ),
                return_exceptions=True,
            )
        return [each for each in done if isinstance(each, BaseException)]

    assert await all_give() == []
    entries = await house.entries()
    assert [entry.position for entry in entries] == list(range(1, 61))
    recorded = [entry.position for entry in entries]
    assert [position for _, position in await house.published()] == recorded

    async def lock_nothing(self: PostgresStore) -> int:
        connection = self._connection  # pyright: ignore[reportPrivateUsage]
        last: int = await connection.fetchval("SELECT coalesce(max(position), 0) FROM ledger")
        return last

    monkeypatch.setattr(PostgresStore, "lock_ledger", lock_nothing)
    assert asyncpg.UniqueViolationError in map(type, await all_give())


async def test_whoever_gives_while_being_erased_has_given_nothing_in_the_end(
    consent: Consent, house: House, settings: Settings, clock: FrozenClock
) -> None:
    await consent.publish_shipped()
    async with replicas(settings, clock) as servicers:
        for _ in range(5):
            kari = Customer()
            shown = await consent.show(kari)
            await asyncio.gather(
                toggle_few(servicers, shown, kari, clock), consent.tell_erased(kari.id)
            )
            assert Decision.GIVEN not in (await house.holds(kari.id)).values()
            await invariants(house, kari.id)


async def toggle_few(
    servicers: Sequence[ConsentServicer], shown: Shown, customer: Customer, clock: FrozenClock
) -> None:
    """Gives by some channels at once."""
    requests = [
        pb.ChangeMyConsentsRequest(changes=[shown.yes(CLUB, channel)])
        for channel in ("EMAIL", "SMS", "PUSH", "POST")
    ]
    await asyncio.gather(
        *(
            servicers[number % 3].ChangeMyConsents(request, call_of(customer, clock))
            for number, request in enumerate(requests)
        ),
        return_exceptions=True,
    )


async def test_what_was_written_down_is_published_once_although_the_service_was_killed(
    neighbours: Neighbours, settings: Settings, tmp_path: Path
) -> None:
    """Killed between ledger and publish, with NATS down meanwhile, while toggles go on."""
    kari, clock = Customer(), RunningClock()
    with process("consent", neighbours, settings, tmp_path) as child:
        port = port_of(child)
        async with neighbours.channel(port) as channel:
            stub = ConsentServiceStub(channel)
            consent = Consent(neighbours, settings, clock, stub, port)
            await consent.publish_shipped()
            shown = await consent.show(kari)
            await consent.change(kari, shown.yes(CLUB, "EMAIL"))
            await consent.wait_for(_ALL_SENT)
            neighbours.nats.stop()
            try:
                await consent.change(kari, no(CLUB, "EMAIL"), shown.yes(CLUB, "SMS"))
                under_way = [
                    asyncio.create_task(
                        consent.change(
                            kari, shown.yes(CLUB, "PUSH") if number % 2 else no(CLUB, "PUSH")
                        )
                    )
                    for number in range(20)
                ]
                await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                assert child.process is not None
                child.process.kill()
                child.process.wait()
                done = await asyncio.gather(*under_way, return_exceptions=True)
            finally:
                neighbours.nats.start()
    failed = [each for each in done if isinstance(each, BaseException)]
    assert all(isinstance(each, grpc.aio.AioRpcError) for each in failed)

    with process("consent", neighbours, settings, tmp_path):
        await consent.wait_for(_ALL_SENT)
    async with House.on(settings.database_url, clock) as house:
        entries = await invariants(house, kari.id)
    assert len(entries) >= 4
    heard = await events_heard(neighbours, len(entries))
    positions = await consent.sql("SELECT id FROM outbox WHERE type LIKE '%Consent%' ORDER BY seq")
    assert [each.id for each in heard] == [row["id"] for row in positions]


async def events_heard(neighbours: Neighbours, count: int) -> Sequence[Envelope]:
    """Reads so many events about consents from the bus, in order."""
    identity = neighbours.pki.identity("nats")
    found: list[Envelope] = []
    async with (
        Bus.open(neighbours.nats.url, identity, "test") as bus,
        bus.pull("test-heard", ["kundeapp.consent.consent.>"], max_pending=100) as messages,
    ):
        async for message in messages:
            found.append(Envelope.received(message.subject, message.data, message.headers or {}))
            await message.ack()
            if len(found) == count:
                return found
    raise AssertionError("the bus has ended")
