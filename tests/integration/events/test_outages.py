"""What fails beside the service, and a service that is killed."""

# nats-py leaves its keyword arguments untyped.
# pyright: reportUnknownMemberType=false

from datetime import timedelta
from pathlib import Path

import grpc
import nats

from kit.bus import Bus
from kit.envelope import Envelope
from kit.testing import Neighbours, eventually
from kundeapp.events.v1.events_service_pb2_grpc import EventsServiceStub
from services.events.config import Settings
from tests.integration.events.world import Customer, Events
from tests.integration.processes import RunningClock, port_of, process

_ALL_SENT = "SELECT FROM outbox HAVING count(*) = count(sent_at)"


async def heard(neighbours: Neighbours, count: int, subject: str) -> list[Envelope]:
    """Reads so many events from the bus, in order."""
    identity = neighbours.pki.identity("nats")
    found: list[Envelope] = []
    async with (
        Bus.open(neighbours.nats.url, identity, "test") as bus,
        bus.pull("test-heard", [subject], max_pending=100) as messages,
    ):
        async for message in messages:
            found.append(Envelope.received(message.subject, message.data, message.headers or {}))
            await message.ack()
            if len(found) == count:
                return found
    raise AssertionError("the bus has ended")


async def test_what_was_committed_is_published_once_although_the_service_was_killed(
    neighbours: Neighbours, settings: Settings, tmp_path: Path
) -> None:
    """Killed between commit and publish, with NATS down meanwhile."""
    with process("events", neighbours, settings, tmp_path) as child:
        async with neighbours.channel(port_of(child)) as channel:
            events = Events(neighbours, settings, RunningClock(), EventsServiceStub(channel))
            event_id = await events.event(capacity=5)
            kari, ola = await events.customers(2)
            await events.wait_for(_ALL_SENT)
            neighbours.nats.stop()
            try:
                reservation = await events.reserve(kari, event_id, 5)
                await events.join(ola, event_id, 2)
                await events.release(kari, reservation.id, 3)
                assert child.process is not None
                child.process.kill()
                child.process.wait()
            finally:
                neighbours.nats.start()
    before = await events.sql("SELECT id FROM outbox ORDER BY seq")

    with process("events", neighbours, settings, tmp_path) as child:
        await events.wait_for(_ALL_SENT)
        async with neighbours.channel(port_of(child)) as channel:
            events = Events(neighbours, settings, RunningClock(), EventsServiceStub(channel))
            [entry] = await events.sql("SELECT id::text FROM waitlist_entry")
            await events.told(entry["id"])
            accepted = await events.accept(ola, entry["id"])
            assert accepted.reservation.quantity == 2
            await events.invariants(event_id)
            await events.wait_for(_ALL_SENT)

    after = await events.sql("SELECT id FROM outbox ORDER BY seq")
    assert after[: len(before)] == before
    published = await heard(neighbours, len(after), "kundeapp.events.>")
    assert [each.id for each in published] == [row["id"] for row in after]


async def test_an_offer_that_is_told_of_again_keeps_its_clock(events: Events) -> None:
    """The same event is delivered once more, an hour later."""
    event_id = await events.event(capacity=2)
    kari, ola = await events.customers(2)
    entry = await events.join(kari, event_id, 1)
    await events.told(entry.id)
    [before] = await events.sql("SELECT * FROM offer")
    [row] = await events.sql("SELECT * FROM outbox WHERE type LIKE '%OfferMade'")

    events.clock.advance(timedelta(hours=1))
    sent = Envelope(row["id"], row["subject"], row["type"], row["payload"], before["made_at"], None)
    identity = events.neighbours.pki.identity("nats")
    client = await nats.connect(events.neighbours.nats.url, tls=identity.client_context())
    try:
        # Under another name, so that the bus does not take it for the one that it has.
        headers = {**sent.headers(), "Nats-Msg-Id": "again"}
        await client.jetstream().publish(sent.subject, sent.payload, headers=headers)
    finally:
        await client.close()
    # Events are handled in their order: once this one was, the one above was too.
    await events.told((await events.join(ola, event_id, 1)).id)

    [after] = await events.sql("SELECT * FROM offer WHERE id = $1", before["id"])
    assert after == before
    assert await events.published("Rescheduled") == []


async def test_reservations_succeed_while_nats_is_down(
    neighbours: Neighbours, events: Events
) -> None:
    event_id = await events.event(capacity=5)
    kari = await events.customer()
    neighbours.nats.stop()
    try:
        reservation = await events.reserve(kari, event_id, 2)
        released = await events.release(kari, reservation.id, 1)
    finally:
        neighbours.nats.start()
    assert released.quantity == 1
    await events.wait_for(_ALL_SENT)


async def test_a_database_that_ends_our_connections_is_said_plainly_or_not_noticed(
    events: Events,
) -> None:
    event_id = await events.event(capacity=500)
    customers = await events.customers(20)
    refusals = set[grpc.StatusCode]()

    async def reserved(customer: Customer) -> bool:
        try:
            await events.reserve(customer, event_id, 1)
        except grpc.aio.AioRpcError as error:
            refusals.add(error.code())
            return False
        return True

    for customer in customers:
        await events.sql(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
            """
        )
        # A connection may end a moment after the server was told to end it.
        await eventually(lambda customer=customer: reserved(customer))
    assert refusals <= {grpc.StatusCode.UNAVAILABLE}
    audit = await events.invariants(event_id)
    assert audit.reserved == len(customers)
