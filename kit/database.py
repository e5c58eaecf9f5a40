"""A service's PostgreSQL database: transactions for use cases, plain connections for hot reads."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Generator
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import asyncpg
import prometheus_client
import structlog
from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from kit import errors, postgres, telemetry
from kit.outbox import Outbox
from kit.postgres import Connection
from kit.telemetry import SpanKind

if TYPE_CHECKING:
    from asyncpg.connection import LoggedQuery
    from asyncpg.pool import Pool

WAIT_SECONDS = 5.0
CLOSE_SECONDS = 5.0
"""How long a reader has to give its connection back before the process ends without it."""
PART_SECONDS = 5.0
"""How long the server has to hear that a statement or a transaction is given up; a connection on
which it does not is closed."""

_in_use = prometheus_client.Gauge(
    "kundeapp_database_connections_in_use", "Connections in use.", ["process", "pool"]
)
_size = prometheus_client.Gauge(
    "kundeapp_database_connections", "Connections that may be in use.", ["process", "pool"]
)
_waited = prometheus_client.Counter(
    "kundeapp_database_waited_seconds_total",
    "For how long work has waited for a connection.",
    ["process", "pool"],
)
_log = structlog.get_logger(__name__)


class Transaction:
    """One transaction, for one request or one event.

    Attributes:
        session: SQLModel's session; it is flushed before the commit.
        connection: The same transaction as a plain asyncpg connection.
    """

    def __init__(self, session: AsyncSession, connection: Connection, outbox: Outbox) -> None:
        self.session = session
        self.connection = connection
        self._outbox = outbox
        self._events: list[object] = []
        self._afterwards: list[Callable[[], None]] = []

    def publish(self, *events: object) -> None:
        """Publishes domain events, if and when this transaction commits."""
        self._events.extend(events)

    def after_commit(self, act: Callable[[], None]) -> None:
        """Does something, such as waking whoever waits, once this transaction has committed."""
        self._afterwards.append(act)

    async def complete(self) -> None:
        """Writes what is pending."""
        await self.session.flush()
        await self._outbox.append(self.connection, self._events)
        if self._events:
            self.after_commit(partial(self._outbox.committed, self._events))

    def committed(self) -> None:
        """Does what was to be done after the commit."""
        for act in self._afterwards:
            act()


class Database:
    """Connections to one database, handed out in the order in which they were asked for.

    Both pools hand a free connection to whoever asks last, which starves the others under load;
    so a semaphore, which is fair, stands in front of each.
    """

    def __init__(
        self, engine: AsyncEngine, pool: "Pool[asyncpg.Record]", size: int, outbox: Outbox
    ) -> None:
        self._engine = engine
        self._pool = pool
        self._transactions = _Turns(outbox.service, "transactions", size)
        self._readers = _Turns(outbox.service, "readers", size)
        self._outbox = outbox

    @staticmethod
    @contextlib.asynccontextmanager
    async def open(
        url: str, outbox: Outbox, *, connections: int = 10
    ) -> "AsyncGenerator[Database]":
        """Opens a database; connections are made when they are needed, not before.

        Args:
            url: `postgresql://user:password@host:port/name`.
            outbox: Where the events of a transaction go.
            connections: How many for transactions, and as many again for readers.
        """

        async def connect(*_: object, **__: object) -> "asyncpg.Connection[asyncpg.Record]":
            return await postgres.connect(url)

        engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=connect,
            isolation_level="AUTOCOMMIT",
            pool_size=connections,
            max_overflow=0,
            hide_parameters=True,
        )
        event.listen(engine.sync_engine, "checkout", _refuse_closed_connection)
        pool = asyncpg.create_pool(connect=connect, min_size=0, max_size=connections)
        await pool
        try:
            yield Database(engine, pool, connections, outbox)
        finally:
            await engine.dispose()
            await _close(pool)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        """Begins a transaction that is committed at the end, or rolled back by an exception.

        asyncpg owns the transaction and SQLAlchemy's connection runs in autocommit inside it, so
        that a session and plain SQL share it.

        Raises:
            Malformed: If it is given a text with a NUL character.
            Unavailable: If the database is out of reach, busy, or gave way to another transaction.
        """
        with telemetry.span("transaction"), _failures_said_plainly():
            async with self._transactions.turn(), self._engine.connect() as sql:
                raw = await sql.get_raw_connection()
                connection = cast("asyncpg.Connection[asyncpg.Record]", raw.driver_connection)
                with _traced(connection):
                    async with _begun(connection), AsyncSession(bind=sql) as session:
                        transaction = Transaction(session, connection, self._outbox)
                        yield transaction
                        await transaction.complete()
        transaction.committed()

    @contextlib.asynccontextmanager
    async def reader(self) -> AsyncGenerator[Connection]:
        """Hands out a plain connection without a transaction, for the reads of hot paths.

        Raises:
            Malformed: If it is given a text with a NUL character.
            Unavailable: If the database is out of reach or busy.
        """
        with _failures_said_plainly():
            async with self._readers.turn():
                connection = await self._pool.acquire()
                try:
                    with _traced(connection):
                        yield connection
                finally:
                    await self._pool.release(connection, timeout=PART_SECONDS)

    async def ping(self) -> None:
        """Asks the database for a sign of life.

        Raises:
            Unavailable: If there is none.
        """
        async with self.reader() as connection:
            await connection.execute("SELECT 1")


async def _close(pool: "Pool[asyncpg.Record]") -> None:
    """Closes a pool; left to itself it waits for as long as a connection is in use."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await pool.close()
    except TimeoutError:  # the pool has cut off what was still in use
        _log.warning("database connections cut off", seconds=CLOSE_SECONDS)


@contextlib.contextmanager
def _failures_said_plainly() -> Generator[None]:
    try:
        yield
    except Exception as error:
        if _is_cancelled():  # and the rollback failed: whoever cancelled must not wait in vain
            raise asyncio.CancelledError from error
        if postgres.is_outage(error):
            raise errors.Unavailable from error
        if postgres.is_unstorable_text(error):
            raise errors.Malformed(detail="a text with a NUL character") from error
        raise


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class _Turns:
    """Turns to use a connection of a pool, which are counted."""

    def __init__(self, process: str, pool: str, size: int) -> None:
        self._free = asyncio.Semaphore(size)
        self._in_use = 0
        self._waited = _waited.labels(process, pool)
        _size.labels(process, pool).set(size)
        _in_use.labels(process, pool).set_function(lambda: self._in_use)

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Waits for a turn, and ends it.

        Raises:
            TimeoutError: If there is none for so long.
        """
        if self._free.locked():
            await self._wait()
        else:
            await self._free.acquire()
        self._in_use += 1
        try:
            yield
        finally:
            self._in_use -= 1
            self._free.release()

    async def _wait(self) -> None:
        began = time.perf_counter()
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._free.acquire()
        finally:
            self._waited.inc(time.perf_counter() - began)


@contextlib.asynccontextmanager
async def _begun(connection: "asyncpg.Connection[asyncpg.Record]") -> AsyncGenerator[None]:
    """Holds a transaction that is committed at the end, or rolled back by an exception.

    A connection on which one could not begin, commit or roll back to its end is closed: asyncpg
    would take the next transaction on it for a part of that one, and never commit it.
    """
    transaction = connection.transaction()
    with _closed_if_cut_off(connection):
        await transaction.start()
    try:
        yield
    except BaseException:
        with _closed_if_cut_off(connection):
            async with asyncio.timeout(PART_SECONDS):
                await transaction.rollback()
        raise
    with _closed_if_cut_off(connection):
        await transaction.commit()


@contextlib.contextmanager
def _closed_if_cut_off(connection: "asyncpg.Connection[asyncpg.Record]") -> Generator[None]:
    try:
        yield
    except BaseException:
        connection.terminate()
        raise


@contextlib.contextmanager
def _traced(connection: Connection) -> Generator[None]:
    """Records each statement, without its arguments, when the trace is sampled."""
    trace = telemetry.current()
    if trace is None or not trace.sampled:
        yield
        return
    with connection.query_logger(_record_statement):
        yield


def _record_statement(logged: "LoggedQuery") -> None:
    telemetry.record(
        "sql",
        SpanKind.CLIENT,
        logged.elapsed,
        {"db.system.name": "postgresql", "db.query.text": logged.query},
    )


def _refuse_closed_connection(connection: Any, _record: object, _proxy: object) -> None:
    """Has the pool replace a connection that the server has closed in the meantime."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError
