"""One transaction, whichever way it is written to; outages that are said plainly and end."""

import asyncio
import contextlib
from collections.abc import Coroutine

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from kit import database as database_module
from kit import errors
from kit.database import Database
from kit.local.postgres import LocalPostgres
from tests.integration.kit.world import Effect, World


async def test_session_and_plain_sql_are_one_transaction(world: World) -> None:
    async with world.database() as database:
        async with database.transaction() as transaction:
            transaction.session.add(Effect(what="by the session"))
            await transaction.session.flush()
            seen = await transaction.connection.fetchval("SELECT what FROM effect")
            assert seen == "by the session"
            await transaction.connection.execute("INSERT INTO effect (what) VALUES ('plain')")
            found = (await transaction.session.exec(select(Effect))).all()
            assert [effect.what for effect in found] == ["by the session", "plain"]
            assert await world.effects() == []
        assert await world.effects() == ["by the session", "plain"]


async def test_what_the_session_holds_is_written_at_the_end(world: World) -> None:
    async with world.database() as database, database.transaction() as transaction:
        transaction.session.add(Effect(what="pending"))
    assert await world.effects() == ["pending"]


async def test_an_exception_undoes_all_of_it(world: World) -> None:
    async def fail(database: Database) -> None:
        async with database.transaction() as transaction:
            transaction.session.add(Effect(what="by the session"))
            await transaction.session.flush()
            await transaction.connection.execute("INSERT INTO effect (what) VALUES ('plain')")
            transaction.publish(*world.events(1))
            raise LookupError

    async with world.database() as database:
        with pytest.raises(LookupError):
            await fail(database)
        assert await world.effects() == []
        assert await world.unsent() == 0


async def test_events_are_published_only_if_it_commits(world: World) -> None:
    async def fail_at_the_end(database: Database) -> None:
        async with database.transaction() as transaction:
            transaction.publish(*world.events(3))
            transaction.session.add(Effect())

    async with world.database() as database:
        with pytest.raises(IntegrityError):
            await fail_at_the_end(database)
        assert await world.unsent() == 0
        await world.publish(database, *world.events(3))
        assert await world.unsent() == 3


async def test_a_text_with_a_nul_character_is_refused_however_it_is_written(world: World) -> None:
    async def by_the_session(database: Database) -> None:
        async with database.transaction() as transaction:
            transaction.session.add(Effect(what="a\0b"))

    async def plainly(database: Database) -> None:
        async with database.transaction() as transaction:
            await transaction.connection.execute("INSERT INTO effect (what) VALUES ($1)", "a\0b")

    async def in_json(database: Database) -> None:
        async with database.transaction() as transaction:
            await transaction.connection.fetchval("SELECT $1::jsonb ->> 'a'", '{"a": "\\u0000"}')

    async def by_a_reader(database: Database) -> None:
        async with database.reader() as connection:
            await connection.fetchval("SELECT id FROM effect WHERE what = $1", "a\0b")

    async with world.database() as database:
        for use in (by_the_session, plainly, in_json, by_a_reader):
            with pytest.raises(errors.Malformed):
                await use(database)
        assert await world.effects() == []


async def test_a_cancelled_request_leaves_nothing_and_gives_its_connection_back(
    world: World,
) -> None:
    async with world.database(connections=1) as database:
        begun = asyncio.Event()

        async def request() -> None:
            async with database.transaction() as transaction:
                await transaction.connection.execute("INSERT INTO effect (what) VALUES ('x')")
                begun.set()
                await transaction.connection.execute("SELECT pg_sleep(60)")

        task = asyncio.create_task(request())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with database.transaction() as transaction:
            assert await transaction.connection.fetchval("SELECT count(*) FROM effect") == 0


async def test_what_follows_a_request_that_was_cancelled_at_any_moment_is_committed(
    world: World,
) -> None:
    cut_off, lost = await _cut_off_at_every_moment(world)
    assert cut_off > 5
    assert lost == 0


async def test_what_follows_is_lost_if_the_connection_is_used_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: asyncpg takes the next transaction for a part of the one that was cut off."""
    monkeypatch.setattr("kit.database._closed_if_cut_off", contextlib.nullcontext)
    _, lost = await _cut_off_at_every_moment(world)
    assert lost > 0


async def _cut_off_at_every_moment(world: World) -> tuple[int, int]:
    """Returns how many requests were cut off, and how many of those that followed were lost."""

    async def write(database: Database, what: str) -> None:
        async with database.transaction() as transaction:
            await transaction.connection.execute("INSERT INTO effect (what) VALUES ($1)", what)

    async with world.database(connections=1) as database:
        await write(database, "first")
        cut_off = 0
        while await _cancelled_at(cut_off, write(database, "cut off")):
            await write(database, "after")
            cut_off += 1
        return cut_off, cut_off - (await world.effects()).count("after")


async def _cancelled_at(steps: int, request: Coroutine[None, None, None]) -> bool:
    """Runs a request, and cancels it after so many turns of the loop; tells whether it was."""
    task = asyncio.create_task(request)
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    return task.cancelled()


async def test_callers_are_served_in_the_order_in_which_they_came(world: World) -> None:
    served: list[int] = []

    async def read(database: Database, number: int) -> None:
        async with database.reader() as connection:
            served.append(number)
            await connection.execute("SELECT 1")

    async with world.database(connections=1) as database:
        await asyncio.gather(*(read(database, number) for number in range(100)))
    assert served == sorted(served)


async def test_whoever_waits_too_long_for_a_connection_is_told_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.database.WAIT_SECONDS", 0.05)
    async with world.database(connections=1) as database, database.transaction():
        with pytest.raises(errors.Unavailable):
            async with database.transaction():
                raise AssertionError("it got one")


async def test_an_outage_is_unavailable_and_ends_with_it(
    fragile_world: World, own_postgres: LocalPostgres
) -> None:
    async def write() -> None:
        async with database.transaction() as transaction:
            transaction.session.add(Effect(what="written"))

    async with fragile_world.database(connections=3) as database:
        await asyncio.gather(*(write() for _ in range(3)), database.ping(), database.ping())
        await asyncio.to_thread(own_postgres.stop)
        for _ in range(2):
            with pytest.raises(errors.Unavailable):
                await write()
            with pytest.raises(errors.Unavailable):
                await database.ping()
        await asyncio.to_thread(own_postgres.start)
        await asyncio.gather(*(write() for _ in range(3)), database.ping(), database.ping())
        assert await fragile_world.effects() == ["written"] * 6


async def test_an_outage_in_the_middle_of_a_transaction(
    fragile_world: World, own_postgres: LocalPostgres
) -> None:
    async def write(database: Database) -> None:
        async with database.transaction() as transaction:
            await transaction.connection.execute("INSERT INTO effect (what) VALUES ('lost')")
            transaction.session.add(Effect(what="lost"))
            await asyncio.to_thread(own_postgres.stop)

    async with fragile_world.database() as database:
        with pytest.raises(errors.Unavailable):
            await write(database)
        await asyncio.to_thread(own_postgres.start)
        await database.ping()
        assert await fragile_world.effects() == []


async def test_a_cancelled_request_stays_cancelled_when_it_cannot_be_rolled_back(
    fragile_world: World, own_postgres: LocalPostgres
) -> None:
    begun = asyncio.Event()

    async def request(database: Database) -> None:
        async with database.transaction() as transaction:
            await transaction.connection.execute("SELECT 1")
            begun.set()
            await asyncio.get_running_loop().create_future()

    async with fragile_world.database() as database:
        task = asyncio.create_task(request(database))
        await begun.wait()
        await asyncio.to_thread(own_postgres.stop)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_reader_that_never_ends_does_not_keep_the_database_from_closing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "CLOSE_SECONDS", 0.05)
    reading = asyncio.Event()

    async def read_for_ever(database: Database) -> None:
        async with database.reader():
            reading.set()
            await asyncio.Event().wait()

    async with asyncio.timeout(5):
        async with world.database() as database:
            reader = asyncio.create_task(read_for_ever(database))
            await reading.wait()
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader


async def test_a_text_that_postgresql_keeps_in_no_table_is_a_malformed_request(
    world: World,
) -> None:
    question = "SELECT what FROM effect WHERE what = "
    async with world.database() as database:
        with pytest.raises(errors.Malformed):
            async with database.reader() as connection:
                await connection.fetch(f"{question} $1", "a\0b")
        with pytest.raises(errors.Malformed):
            async with database.transaction() as transaction:
                transaction.session.add(Effect(what="a\0b"))
