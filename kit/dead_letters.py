"""Events that could not be handled: looked at, handled once more, or settled without effect.

A letter is handled in the same way as the event was: its effect, the inbox's note and the letter's
outcome are one transaction, so it takes effect once, also if the bus delivers the event again. It
takes effect now, though, after events that came later; whoever replays it must know that this does
no harm.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

import asyncpg
import structlog

from kit import errors
from kit.database import Transaction
from kit.inbox import Consumer
from kit.postgres import Connection

_log = structlog.get_logger(__name__)


class Outcome(Enum):
    """What became of a letter."""

    REPLAYED = "REPLAYED"
    DISCARDED = "DISCARDED"


class Settled(errors.FailedPrecondition):
    """The letter was settled before."""

    reason = "DEAD_LETTER_SETTLED"


class FailsAgain(errors.FailedPrecondition):
    """The event could not be handled this time either; nothing has happened."""

    reason = "DEAD_LETTER_FAILS_AGAIN"


class ConsumerGone(errors.FailedPrecondition):
    """This version of the service does not handle such an event."""

    reason = "CONSUMER_GONE"


@dataclass(frozen=True, slots=True)
class Key:
    """What a letter is found by.

    Attributes:
        consumer: Who could not handle the event.
        event_id: The event.
    """

    consumer: str
    event_id: UUID


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a letter was settled.

    Attributes:
        at: When.
        by: The account of who did it.
        because: Why, in their words.
    """

    at: datetime
    by: UUID
    because: str


async def letters(
    connection: Connection, after: Key | None, limit: int, *, settled: bool
) -> Sequence[asyncpg.Record]:
    """Returns letters, those of the oldest events first.

    Args:
        connection: Where they are.
        after: The last letter that is known; None to begin.
        limit: How many at most.
        settled: Whether those that are settled are wanted as well.
    """
    return await connection.fetch(
        """
        SELECT * FROM dead_letter
        WHERE ($1::uuid IS NULL OR (event_id, consumer) > ($1, $2))
            AND ($3 OR outcome IS NULL)
        ORDER BY event_id, consumer LIMIT $4
        """,
        after and after.event_id,
        after and after.consumer,
        settled,
        limit,
    )


async def letter(connection: Connection, key: Key) -> asyncpg.Record:
    """Returns a letter.

    Raises:
        NotFound: If there is none.
    """
    row = await connection.fetchrow(
        "SELECT * FROM dead_letter WHERE consumer = $1 AND event_id = $2",
        key.consumer,
        key.event_id,
    )
    if row is None:
        raise errors.NotFound
    return row


async def replay(
    transaction: Transaction,
    consumers: Mapping[str, Consumer],
    key: Key,
    settlement: Settlement,
) -> asyncpg.Record:
    """Handles an event once more, in a transaction that is given up if that fails.

    Raises:
        NotFound: If there is no such letter.
        Settled: If it was settled before.
        ConsumerGone: If nobody here handles such an event.
        FailsAgain: If it cannot be handled this time either.
        Unavailable: If a neighbour is out of reach.
    """
    row = await _locked(transaction.connection, key)
    consumer = consumers.get(key.consumer)
    effect = consumer.effect_of(row["type"]) if consumer else None
    if effect is None:
        raise ConsumerGone(consumer=key.consumer, type=row["type"])
    try:
        await effect.take_once(transaction, key.event_id, row["payload"])
        await transaction.session.flush()
    except errors.Unavailable:
        raise
    except Exception as error:
        _log.exception("dead letter fails again", consumer=key.consumer, event_id=str(key.event_id))
        raise FailsAgain(detail=repr(error)) from error
    return await _settle(transaction.connection, key, Outcome.REPLAYED, settlement)


async def discard(connection: Connection, key: Key, settlement: Settlement) -> asyncpg.Record:
    """Settles a letter without effect.

    Raises:
        NotFound: If there is no such letter.
        Settled: If it was settled before.
    """
    await _locked(connection, key)
    return await _settle(connection, key, Outcome.DISCARDED, settlement)


async def _locked(connection: Connection, key: Key) -> asyncpg.Record:
    """Returns a letter that nobody else can settle before this transaction ends."""
    row = await connection.fetchrow(
        "SELECT * FROM dead_letter WHERE consumer = $1 AND event_id = $2 FOR UPDATE",
        key.consumer,
        key.event_id,
    )
    if row is None:
        raise errors.NotFound
    if row["outcome"] is not None:
        raise Settled(outcome=row["outcome"])
    return row


async def _settle(
    connection: Connection, key: Key, outcome: Outcome, settlement: Settlement
) -> asyncpg.Record:
    row = await connection.fetchrow(
        """
        UPDATE dead_letter
        SET outcome = $3, settled_at = $4, settled_by = $5, settled_because = $6
        WHERE consumer = $1 AND event_id = $2 RETURNING *
        """,
        key.consumer,
        key.event_id,
        outcome.value,
        settlement.at,
        settlement.by,
        settlement.because,
    )
    if row is None:
        raise errors.NotFound
    _log.info(
        "dead letter settled",
        consumer=key.consumer,
        event_id=str(key.event_id),
        outcome=outcome.value,
        by=str(settlement.by),
    )
    return row
