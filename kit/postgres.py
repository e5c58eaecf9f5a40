"""How the suite talks to PostgreSQL, and what it takes for an outage."""

import socket
from typing import TYPE_CHECKING, Any, cast

import asyncpg
import asyncpg.exceptions as failures
from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    import asyncio

    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
else:  # asyncpg's classes take a type argument in their stubs only
    Connection = Any

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 65.0
"""How long a statement waits for its answer: longer than the server gives it, so that what is left
without one in the end lies on a connection that leads nowhere."""
SESSION_SETTINGS = {
    "timezone": "UTC",
    "statement_timeout": "60s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "60s",
    # A statement is planned once a connection, not once a call: with a table in a hundred
    # partitions, planning costs more than running (docs/decisions/0003-day-blocks.md).
    "plan_cache_mode": "force_generic_plan",
    # Of a client that is gone without a word, such as one whose machine has lost its power, the
    # server hears within half a minute, and so ends its session, and with it the locks it holds.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "25s",
    "client_connection_check_interval": "5s",
}
_SOCKET_OPTIONS = (
    # As the server of a client, so the client of the server hears.
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 25_000),
)

_OUTAGES = (
    OSError,
    TimeoutError,
    failures.PostgresConnectionError,
    failures.OperatorInterventionError,
    failures.InsufficientResourcesError,
    failures.TransactionRollbackError,
    failures.LockNotAvailableError,
    failures.ReadOnlySQLTransactionError,
    failures.InternalClientError,  # what asyncpg says of a connection that ends within an answer
)
_UNSTORABLE = (failures.CharacterNotInRepertoireError, failures.UntranslatableCharacterError)


async def connect(
    url: str, *, answer_seconds: float | None = None, **settings: str
) -> "asyncpg.Connection[asyncpg.Record]":
    """Returns a connection of its own, with the settings that every connection of ours has.

    Args:
        url: `postgresql://host:port/name`, with the user and password.
        answer_seconds: How long a statement waits for its answer; ANSWER_SECONDS unless another.
        settings: What its session has beside.
    """
    connection = await asyncpg.connect(
        url,
        timeout=CONNECT_SECONDS,
        command_timeout=answer_seconds or ANSWER_SECONDS,
        server_settings={**SESSION_SETTINGS, **settings},
    )
    opened = socket_of(connection)
    if opened.family != socket.AF_UNIX:
        for level, option, value in _SOCKET_OPTIONS:
            opened.setsockopt(level, option, value)
    return connection


def socket_of(connection: "asyncpg.Connection[asyncpg.Record]") -> socket.socket:
    """Returns what a connection goes over."""
    transport = cast("asyncio.BaseTransport", connection._transport)  # noqa: SLF001  # pyright: ignore - asyncpg shows it in no other way
    return cast("socket.socket", transport.get_extra_info("socket"))


def is_outage(error: BaseException | None) -> bool:
    """Tells whether the database was out of reach or gave way, so that trying again may help."""
    match error:
        case DBAPIError():
            return error.connection_invalidated or is_outage(_cause(error))
        case failures.InterfaceError():
            return "closed" in str(error)
        case _:
            return isinstance(error, _OUTAGES)


def is_unstorable_text(error: BaseException | None) -> bool:
    """Tells whether it was given a text that it has no form for: one with a NUL character."""
    if isinstance(error, DBAPIError):
        return is_unstorable_text(_cause(error))
    return isinstance(error, _UNSTORABLE)


def _cause(error: DBAPIError) -> BaseException | None:
    return error.orig.__cause__ if error.orig else None
