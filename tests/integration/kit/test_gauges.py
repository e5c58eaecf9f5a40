"""What is measured of the outbox, the consumers and the connections."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest
from prometheus_client import Gauge

from kit.database import Database, Transaction
from kit.gauges import Query, measure_bus, measure_database
from kit.inbox import Consumer
from kit.local.nats import LocalNats
from kit.repeat import background
from kit.testing import eventually, metric
from kundeapp.identity.v1 import identity_events_pb2 as pb
from tests.integration.kit.world import SERVICE, World, note

NUMBERS = Gauge("test_numbers", "Numbers that a statement returns.", ["name"])


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kit.gauges.MEASURE_SECONDS", 0.02)


@asynccontextmanager
async def measuring(
    world: World,
    database: Database,
    consumers: Sequence[Consumer] = (),
    queries: Sequence[Query] = (),
) -> AsyncGenerator[None]:
    async with (
        world.bus() as bus,
        background(measure_database(SERVICE, database, consumers=consumers, queries=queries)),
        background(measure_bus(SERVICE, bus, consumers)),
    ):
        yield


def outbox() -> float | None:
    return metric("kundeapp_outbox_unsent", process=SERVICE)


def oldest() -> float:
    return metric("kundeapp_outbox_oldest_unsent_seconds", process=SERVICE) or 0


async def test_what_waits_to_be_published_is_counted_and_its_age_told(world: World) -> None:
    async with world.database() as database, measuring(world, database):
        await world.publish(database, *world.events(3))
        await world.rows("UPDATE outbox SET occurred_at = now() - seq * interval '1 minute'")
        await eventually(lambda: outbox() == 3)
        # Of the first in the order of publishing, however old the others are.
        await eventually(lambda: 60 <= oldest() < 90)
        async with world.relaying():
            await eventually(lambda: (outbox(), oldest()) == (0, 0))


async def test_what_a_consumer_has_yet_to_do_is_measured(world: World) -> None:
    may_go_on = asyncio.Event()

    async def wait(event: pb.SessionEnded, transaction: Transaction) -> None:
        await may_go_on.wait()
        await note(event, transaction)

    consumer = world.consumer(wait)

    def lag() -> tuple[float | None, ...]:
        names = ("pending", "unacknowledged", "redelivered")
        return tuple(metric(f"kundeapp_consumer_{name}", consumer=consumer.name) for name in names)

    async with (
        world.database() as database,
        world.relaying(),
        world.consuming(wait, database),
        measuring(world, database, [consumer]),
    ):
        await world.publish(database, *world.events(3))
        await eventually(lambda: lag() == (2, 1, 0))
        may_go_on.set()
        await eventually(lambda: lag() == (0, 0, 0))


async def test_events_that_were_set_aside_are_counted(world: World) -> None:
    consumer = world.consumer(note)
    async with world.database() as database, measuring(world, database, [consumer]):
        await eventually(lambda: metric("kundeapp_dead_letters", consumer=consumer.name) == 0)
        await world.rows(
            """
            INSERT INTO dead_letter SELECT $1, gen_random_uuid(), '', '', '', now(), NULL, 'why'
            FROM generate_series(1, 2)
            """,
            consumer.name,
        )
        await eventually(lambda: metric("kundeapp_dead_letters", consumer=consumer.name) == 2)


async def test_what_a_service_asks_for_is_measured_by_label(world: World) -> None:
    query = Query(NUMBERS, "VALUES ('one', 1), ('two', 2)")
    async with world.database() as database, measuring(world, database, queries=[query]):
        await eventually(lambda: metric("test_numbers", name="two") == 2)
    assert metric("test_numbers", name="one") == 1


async def test_gauges_that_are_no_longer_set_tell_when_they_were(world: World) -> None:
    def measured() -> float:
        labels = {"process": SERVICE, "neighbour": "database"}
        return metric("kundeapp_measured_timestamp_seconds", **labels) or 0

    working = Query(NUMBERS, "VALUES ('three', 3)")
    another = Query(NUMBERS, "VALUES ('four', 4)")
    failing = Query(NUMBERS, "SELECT 'three', 1 / 0")
    async with world.database() as database:
        async with measuring(world, database, queries=[working]):
            before = measured()
            await eventually(lambda: measured() > before)
        until = measured()
        async with measuring(world, database, queries=[another, failing]):
            await eventually(lambda: metric("test_numbers", name="four") == 4)
    assert measured() == until


async def test_whether_the_bus_is_there_is_told(world: World, own_nats: LocalNats) -> None:
    world.nats_url = own_nats.url

    def connected() -> float | None:
        return metric("kundeapp_bus_connected", process="test", subject="")

    async with world.bus():
        await eventually(lambda: connected() == 1)
        own_nats.stop()
        await eventually(lambda: connected() == 0)


async def test_connections_in_use_are_counted_and_so_is_the_time_that_others_wait(
    world: World,
) -> None:
    labels = {"process": SERVICE, "pool": "readers"}

    def waited() -> float:
        return metric("kundeapp_database_waited_seconds_total", **labels) or 0

    async with world.database(connections=1) as database:
        assert metric("kundeapp_database_connections", **labels) == 1
        assert metric("kundeapp_database_connections_in_use", **labels) == 0
        before = waited()
        async with database.reader() as connection:
            assert metric("kundeapp_database_connections_in_use", **labels) == 1
            assert waited() == before, "nobody was in its way"
            ping = asyncio.create_task(database.ping())
            await connection.execute("SELECT pg_sleep(0.05)")
        await ping
        assert waited() >= before + 0.04
        assert metric("kundeapp_database_connections_in_use", **labels) == 0


async def test_events_are_counted_once_they_are_committed(world: World) -> None:
    def counted() -> float:
        labels = {"process": SERVICE, "event": "SessionEnded"}
        return metric("kundeapp_events_committed_total", **labels) or 0

    before = counted()
    async with world.database() as database:
        with contextlib.suppress(LookupError):
            async with database.transaction() as transaction:
                transaction.publish(*world.events(2))
                raise LookupError
        assert counted() == before
        await world.publish(database, *world.events(2))
        assert counted() == before + 2
