"""What operators are told of a service, and how events are published or heard anew."""

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from kit import migrations
from kit.bus import Bus
from kit.courier import Channel, CourierSettings, open_transports
from kit.database import Database
from kit.inbox import consume
from kit.local.nats import LocalNats
from kit.local.postgres import LocalPostgres
from kit.local.processes import LOOPBACK, free_port
from kit.repeat import background
from kit.testing import FrozenClock, Neighbours, eventually
from kundeapp.operations.v1 import operations_service_pb2 as pb
from tests.integration.kit.operating import operating, refused
from tests.integration.kit.post import MailServer
from tests.integration.kit.post import settings as mail_settings
from tests.integration.kit.world import MIGRATIONS, World, note


async def test_a_sound_service_has_no_problem(world: World, neighbours: Neighbours) -> None:
    async with (
        world.database() as database,
        world.relaying() as bus,
        world.consuming(note, database),
        operating(neighbours, world, database, bus, consumers=[world.consumer(note)]) as operator,
    ):
        await world.publish(database, *world.events(3))
        await eventually(lambda: _effects(world, 3))
        await eventually(lambda: _unsent(world, 0))
        state = await operator.state()

    assert state.database.problem == state.bus.problem == ""
    assert state.database.revision == state.database.newest_revision == "0001"
    assert int(state.database.version.partition(".")[0]) >= 15
    assert state.database.size_bytes > 0
    assert abs(state.database.now.ToDatetime(UTC) - datetime.now(UTC)) < timedelta(minutes=1)
    assert state.bus.has_stream
    assert state.bus.replicas == state.bus.wanted_replicas == state.bus.current_replicas == 1
    [consumer] = state.bus.consumers
    assert consumer.exists
    assert (consumer.waiting, state.outbox.waiting, state.dead_letters) == (0, 0, 0)
    assert state.outbox.HasField("last_sent_at")
    assert not state.outbox.HasField("oldest")


async def test_a_consumer_that_nobody_runs_does_not_exist(
    world: World, neighbours: Neighbours
) -> None:
    async with (
        world.database() as database,
        world.relaying() as bus,
        operating(neighbours, world, database, bus, consumers=[world.consumer(note)]) as operator,
    ):
        await world.publish(database, *world.events(1))
        await eventually(lambda: _unsent(world, 0))
        state = await operator.state()

    assert [each.exists for each in state.bus.consumers] == [False]


async def test_what_waits_to_be_published_is_counted_with_its_age(
    world: World, neighbours: Neighbours
) -> None:
    async with (
        world.database() as database,
        world.bus() as bus,
        operating(neighbours, world, database, bus) as operator,
    ):
        await world.publish(database, *world.events(2))
        state = await operator.state()

    assert state.outbox.waiting == 2
    [row] = await world.rows("SELECT min(occurred_at) AS oldest FROM outbox")
    assert state.outbox.oldest.ToDatetime(UTC) == row["oldest"]


async def test_a_database_behind_its_migrations_is_seen(
    world: World, neighbours: Neighbours
) -> None:
    await world.rows("UPDATE alembic_version SET version_num = '0000'")
    async with (
        world.database() as database,
        world.bus() as bus,
        operating(neighbours, world, database, bus) as operator,
    ):
        state = await operator.state()

    assert (state.database.revision, state.database.newest_revision) == ("0000", "0001")
    assert migrations.newest_revision(MIGRATIONS) == "0001"


async def test_a_bus_that_is_down_hides_nothing_else(
    world: World, neighbours: Neighbours, own_nats: LocalNats
) -> None:
    world.nats_url = own_nats.url
    async with (
        world.database() as database,
        world.bus() as bus,
        operating(neighbours, world, database, bus) as operator,
    ):
        own_nats.stop()
        await eventually(lambda: _bus_problem(operator.state))
        state = await operator.state()

    assert state.database.problem == ""
    assert state.database.revision == "0001"


async def test_a_database_that_is_down_hides_nothing_else(
    fragile_world: World, neighbours: Neighbours, own_postgres: LocalPostgres
) -> None:
    world = fragile_world
    async with (
        world.database() as database,
        world.relaying() as bus,
        operating(neighbours, world, database, bus) as operator,
    ):
        await world.publish(database, *world.events(1))
        await eventually(lambda: _unsent(world, 0))
        own_postgres.stop()
        state = await operator.state()

    assert state.database.problem
    assert state.database.newest_revision == "0001"
    assert state.bus.problem == ""
    assert state.bus.has_stream


async def test_a_mail_server_is_asked_whether_it_is_there(
    world: World, neighbours: Neighbours
) -> None:
    server = MailServer()
    good = mail_settings(server)
    nowhere = CourierSettings(smtp_host=LOOPBACK, smtp_port=free_port(), smtp_tls="none")
    async with world.database() as database, world.bus() as bus:
        async with server.running():
            assert await _mail_problem(world, neighbours, database, bus, good) == ""
        assert await _mail_problem(world, neighbours, database, bus, nowhere) != ""


async def test_events_that_the_bus_has_lost_are_published_again(
    world: World, neighbours: Neighbours
) -> None:
    async with world.database() as database, world.relaying():
        await world.publish(database, *world.events(3))
        await eventually(lambda: _unsent(world, 0))
    await neighbours.forget_events()
    request = pb.RepublishEventsRequest()
    request.since.FromDatetime(datetime.now(UTC) - timedelta(minutes=5))

    async with (
        world.database() as database,
        world.relaying() as bus,
        world.consuming(note, database),
        operating(neighbours, world, database, bus) as operator,
    ):
        answer = await operator.stub.RepublishEvents(request, metadata=operator.metadata)
        await eventually(lambda: _effects(world, 3))

    assert answer.events == 3


async def test_nothing_is_published_again_without_a_moment(
    world: World, neighbours: Neighbours
) -> None:
    async with (
        world.database() as database,
        world.bus() as bus,
        operating(neighbours, world, database, bus) as operator,
    ):
        with refused("INVALID_FIELDS"):
            await operator.stub.RepublishEvents(
                pb.RepublishEventsRequest(), metadata=operator.metadata
            )


async def test_a_consumer_of_a_restored_database_hears_again_what_it_has_lost(
    world: World,
) -> None:
    """The database goes back to a moment; the bus knows that all was acknowledged."""
    async with world.database() as database, world.relaying(), world.consuming(note, database):
        await world.publish(database, *world.events(2))
        await eventually(lambda: _effects(world, 2))
        moment = datetime.now(UTC)
        await world.publish(database, *world.events(3))
        await eventually(lambda: _effects(world, 5))
    before = await world.effects()
    kept, lost = before[:2], before[2:]
    await world.rows("DELETE FROM effect WHERE id > 2")
    await world.rows("DELETE FROM inbox WHERE handled_at > $1", moment)

    # Left to itself it goes on where it was.
    async with world.database() as database, world.relaying(), world.consuming(note, database):
        await world.publish(database, *world.events(1))
        await eventually(lambda: _effects(world, 3))
    *others, new = await world.effects()
    assert others == kept

    since = moment - timedelta(minutes=5)
    async with _beginning_at(world, since):
        await eventually(lambda: _effects(world, 6))
    assert await world.effects() == [*kept, new, *lost]

    # Whoever starts once more with the same setting, or without it, goes on where that one was.
    for count, again in ((7, since), (8, None)):
        async with _beginning_at(world, again), world.relaying() as bus:
            async with world.database() as database:
                await world.publish(database, *world.events(1))
            await eventually(partial(_effects, world, count))
            [consumer] = (await bus.state([f"test-{world.topic}"])).consumers
            assert consumer.begins == since


@contextlib.asynccontextmanager
async def _beginning_at(world: World, since: datetime | None) -> AsyncGenerator[None]:
    async with (
        world.database() as database,
        Bus.open(world.nats_url, world.identity, "test", since=since) as bus,
        background(consume(world.consumer(note), bus, database)),
    ):
        yield


async def _effects(world: World, count: int) -> bool:
    return len(await world.effects()) >= count


async def _unsent(world: World, count: int) -> bool:
    return await world.unsent() == count


async def _bus_problem(state: Callable[[], Awaitable[pb.ServiceState]]) -> bool:
    return bool((await state()).bus.problem)


async def _mail_problem(
    world: World, neighbours: Neighbours, database: Database, bus: Bus, settings: CourierSettings
) -> str:
    async with (
        open_transports(settings, FrozenClock()) as transports,
        operating(neighbours, world, database, bus, transports=transports) as operator,
    ):
        [transport] = (await operator.state()).transports
        assert transport.channel == Channel.EMAIL.value
        return transport.problem
