"""Connections that lead nowhere though nobody has ended them: all goes on by others, and soon.

What was connected over a wire that is stranded hears nothing any more, and is not heard; whoever
connects anew is served.
"""

import asyncio
import contextlib
import socket
from collections.abc import Coroutine, Generator
from functools import partial
from urllib.parse import urlsplit

import asyncpg
import pytest

from kit import errors, postgres
from kit.database import Database
from kit.testing import eventually
from kit.testing.wires import Blind, Wire, Wires
from tests.integration.kit.world import World, note

LOCK = 7
SOON_SECONDS = 15.0
PARTING_SECONDS = 0.5
"""How long whoever closes a connection with TLS waits for the other side to agree, usually 30 s."""


@pytest.fixture
def wires() -> Generator[Wires]:
    with Wires.held() as wires:
        yield wires


@pytest.fixture
def far(world: World, wires: Wires) -> World:
    """The same world, at the other end of a wire to its database."""
    wire = _stretched(wires, world.url)
    return World(_by(wire, world.url), world.nats_url, world.identity, topic=world.topic)


# The database.


async def test_a_request_on_a_connection_that_leads_nowhere_ends_and_the_next_has_another(
    far: World, wires: Wires, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.database.PART_SECONDS", 0.2)
    async with far.database(connections=1) as database:
        await _use_all(database)
        wires.strand(wires.wires)
        for use in (_write, _read):
            with pytest.raises((TimeoutError, errors.Unavailable)):
                await _soon(_given_up(use(database)))
        await _use_all(database)


async def test_what_has_no_deadline_does_not_wait_for_ever(
    far: World, wires: Wires, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.postgres.ANSWER_SECONDS", 0.5)
    monkeypatch.setattr("kit.database.PART_SECONDS", 0.2)
    async with far.database(connections=1) as database:
        await _use_all(database)
        wires.strand(wires.wires)
        for use in (_write, _read):
            with pytest.raises(errors.Unavailable):
                await _soon(use(database))
        await _use_all(database)


async def test_the_kernels_at_both_ends_ask_whether_the_other_is_there(world: World) -> None:
    connection = await postgres.connect(world.url)
    try:
        # PostgreSQL shows what its kernel says of the socket.
        asked = ("keepalives_idle", "keepalives_interval", "keepalives_count", "user_timeout")
        shown = [await connection.fetchval(f"SHOW tcp_{name}") for name in asked]
        assert shown == ["10", "5", "3", "25000"]
        ours = postgres.socket_of(connection)
        assert ours.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        options = (
            socket.TCP_KEEPIDLE,
            socket.TCP_KEEPINTVL,
            socket.TCP_KEEPCNT,
            socket.TCP_USER_TIMEOUT,
        )
        assert [ours.getsockopt(socket.IPPROTO_TCP, each) for each in options] == [10, 5, 3, 25_000]
    finally:
        await connection.close()


@pytest.mark.parametrize("looks", [True, False])
async def test_a_client_that_dies_in_the_midst_of_a_statement_holds_no_lock(
    world: World, monkeypatch: pytest.MonkeyPatch, *, looks: bool
) -> None:
    """And it would, until the end of its statement, if the server did not look."""
    every = "100ms" if looks else "0"
    monkeypatch.setitem(postgres.SESSION_SETTINGS, "client_connection_check_interval", every)
    client = await postgres.connect(world.url)
    await client.execute(f"SELECT pg_advisory_lock({LOCK})")
    sleeping = asyncio.create_task(client.execute("SELECT pg_sleep(60)"))
    await eventually(lambda: _sleeps(world))
    client.terminate()
    with contextlib.suppress(asyncpg.PostgresError, OSError):
        await sleeping
    if looks:
        await eventually(lambda: _is_free(world))
    else:
        with pytest.raises(AssertionError):
            await eventually(lambda: _is_free(world), seconds=1)


# The relay.


async def test_a_relay_whose_connection_leads_nowhere_connects_anew(
    world: World, far: World, wires: Wires, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.outbox.SILENCE_SECONDS", 1.0)
    async with world.database() as database, far.relaying():
        await world.publish(database, *world.events(1))
        await eventually(lambda: _all_sent(world))
        wires.strand(wires.wires)
        await world.publish(database, *world.events(1))
        await eventually(lambda: _all_sent(world))


@pytest.mark.parametrize("seconds", [1.0, 60.0])
async def test_a_relay_that_is_cut_off_with_its_lock_is_followed_by_another(
    world: World, far: World, wires: Wires, monkeypatch: pytest.MonkeyPatch, *, seconds: float
) -> None:
    """As soon as the database takes it for gone, and not before."""
    monkeypatch.setattr("kit.outbox.SILENCE_SECONDS", seconds)
    async with world.database() as database:
        async with far.relaying():
            await world.publish(database, *world.events(1))
            await eventually(lambda: _all_sent(world))
            wires.strand(wires.wires)
        await world.publish(database, *world.events(1))
        async with world.relaying():
            if seconds < SOON_SECONDS:
                await eventually(lambda: _all_sent(world))
            else:
                with pytest.raises(AssertionError):
                    await eventually(lambda: _all_sent(world), seconds=3)


async def test_a_relay_that_does_not_reach_the_bus_leaves_it_to_one_that_does(
    world: World, wires: Wires, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Long before it finds out itself that its connection leads nowhere."""
    monkeypatch.setattr("kit.bus.ACK_SECONDS", 0.5)
    monkeypatch.setattr("asyncio.constants.SSL_SHUTDOWN_TIMEOUT", PARTING_SECONDS)
    async with world.database() as database, _far_from_the_bus(world, wires).relaying():
        await world.publish(database, *world.events(1))
        await eventually(lambda: _all_sent(world))
        async with world.relaying():
            wires.strand(wires.wires)
            await world.publish(database, *world.events(1))
            await eventually(lambda: _all_sent(world), seconds=SOON_SECONDS)


# The bus.


async def test_a_consumer_whose_connection_leads_nowhere_connects_anew(
    world: World, wires: Wires, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.bus.PING_SECONDS", 0.2)
    monkeypatch.setattr("kit.bus.REDELIVER_SECONDS", 1)
    monkeypatch.setattr("kit.bus.FETCH_SECONDS", 1.0)
    monkeypatch.setattr("asyncio.constants.SSL_SHUTDOWN_TIMEOUT", PARTING_SECONDS)
    events = world.events(2)
    far = _far_from_the_bus(world, wires)
    async with world.database() as database, world.relaying(), far.consuming(note, database):
        await world.publish(database, events[0])
        await eventually(lambda: _effects(world, 1))
        wires.strand(wires.wires)
        await world.publish(database, events[1])
        await eventually(lambda: _effects(world, 2))


# The wire itself.


async def test_the_end_of_a_stranded_connection_is_not_heard_of_either(
    far: World, wires: Wires, world: World
) -> None:
    client = await postgres.connect(far.url)
    await client.execute(f"SELECT pg_advisory_lock({LOCK})")
    wires.strand(wires.wires)
    client.terminate()
    with pytest.raises(AssertionError):
        await eventually(lambda: _is_free(world), seconds=1)


def _far_from_the_bus(world: World, wires: Wires) -> World:
    """The same world, at the other end of a wire to the bus."""
    url = _by(_stretched(wires, world.nats_url), world.nats_url)
    return World(world.url, url, world.identity, topic=world.topic)


def _stretched(wires: Wires, url: str) -> Wire:
    port = urlsplit(url).port
    assert port is not None
    return wires.stretch("test", "server", port, partial(Blind, "test", "server"))


def _by(wire: Wire, url: str) -> str:
    """Returns the URL of a server that is reached over a wire."""
    return url.replace(f":{urlsplit(url).port}", f":{wire.port}")


async def _soon(work: Coroutine[object, object, None]) -> None:
    """Makes sure that something ends within some seconds, however it ends."""
    task = asyncio.create_task(work)
    done, _ = await asyncio.wait({task}, timeout=SOON_SECONDS)
    task.cancel()
    assert done
    await task


async def _given_up(work: Coroutine[object, object, None]) -> None:
    async with asyncio.timeout(0.2):
        await work


async def _use_all(database: Database) -> None:
    await _write(database)
    await _read(database)


async def _write(database: Database) -> None:
    async with database.transaction() as transaction:
        await transaction.connection.execute("INSERT INTO effect (what) VALUES ('x')")


async def _read(database: Database) -> None:
    async with database.reader() as connection:
        await connection.fetchval("SELECT count(*) FROM effect")


async def _all_sent(world: World) -> bool:
    return await world.unsent() == 0


async def _effects(world: World, count: int) -> bool:
    return len(await world.effects()) >= count


async def _sleeps(world: World) -> bool:
    return bool(
        await world.value(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' "
            "AND state = 'active' AND pid <> pg_backend_pid() AND datname = current_database()"
        )
    )


async def _is_free(world: World) -> bool:
    """Whether nobody holds the lock."""
    return bool(await world.value(f"SELECT pg_try_advisory_lock({LOCK})"))
