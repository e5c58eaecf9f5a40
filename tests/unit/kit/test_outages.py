"""Which failures of the database are outages, that trying again may help against."""

import asyncpg.exceptions as failures
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from kit.postgres import is_outage


def wrapped(cause: BaseException, *, invalidated: bool = False) -> DBAPIError:
    """Returns a failure as SQLAlchemy wraps it around its own adaptation of asyncpg's."""
    adapted = Exception("adapted")
    adapted.__cause__ = cause
    return DBAPIError("SELECT 1", {}, adapted, connection_invalidated=invalidated)


OUTAGES = [
    ConnectionRefusedError(),
    ConnectionResetError(),
    TimeoutError(),
    failures.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
    failures.ConnectionFailureError(),
    failures.CannotConnectNowError("the database system is starting up"),
    failures.AdminShutdownError("terminating connection due to administrator command"),
    failures.CrashShutdownError(),
    failures.TooManyConnectionsError(),
    failures.DiskFullError(),
    failures.DeadlockDetectedError(),
    failures.SerializationError(),
    failures.LockNotAvailableError(),
    failures.QueryCanceledError("canceling statement due to statement timeout"),
    failures.ReadOnlySQLTransactionError(),
    failures.InterfaceError("cannot perform operation: connection is closed"),
    failures.InternalClientError("got result for unknown protocol state 3"),
]
MISTAKES = [
    None,
    ValueError(),
    failures.UniqueViolationError(),
    failures.UndefinedTableError(),
    failures.PostgresSyntaxError(),
    failures.DataError(),
    failures.InterfaceError("cannot perform operation: another operation is in progress"),
]


@pytest.mark.parametrize("error", OUTAGES, ids=lambda error: type(error).__name__)
def test_an_outage(error: BaseException) -> None:
    assert is_outage(error)
    assert is_outage(wrapped(error))


@pytest.mark.parametrize("error", MISTAKES, ids=lambda error: type(error).__name__)
def test_a_mistake(error: BaseException | None) -> None:
    assert not is_outage(error)
    if error is not None:
        assert not is_outage(wrapped(error))


def test_a_connection_that_sqlalchemy_gave_up() -> None:
    assert is_outage(wrapped(ValueError(), invalidated=True))


def test_a_failure_of_sqlalchemys_own() -> None:
    assert not is_outage(IntegrityError("INSERT", {}, Exception()))
