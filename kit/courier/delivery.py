"""Delivers what was queued, in every replica at once.

A replica takes a message for a while, its lease, and sends it outside of any transaction. Should
it die meanwhile, another one sends the message again once the lease has ended: under the same id,
by which the other side can tell.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

import prometheus_client
import structlog

from kit.clock import Clock
from kit.courier.courier import Courier
from kit.courier.message import Channel, Refused, Transport, Unreachable
from kit.database import Database
from kit.ids import Ids

BATCH = 8
SEND_SECONDS = 45.0
LEASE = timedelta(seconds=60)
"""Longer than sending may take, so that nobody else sends a message that is being sent."""
GRACE_SECONDS = 5.0
FIRST_DELAY = timedelta(seconds=5)
LONGEST_DELAY = timedelta(hours=1)
OBSERVE_SECONDS = 15.0
TIDY_SECONDS = 3600.0
RETRY_SECONDS = 1.0

# First comes what will be worthless first. Who has got too many is told from the order in which
# messages were queued, so that all replicas agree.
_TAKE = """
WITH due AS (
    SELECT id FROM courier_message
    WHERE outcome IS NULL AND channel = $1 AND due_at <= $2
    ORDER BY not_after LIMIT $3 FOR UPDATE SKIP LOCKED
)
UPDATE courier_message m SET attempts = attempts + 1, due_at = $4
FROM due WHERE m.id = due.id
RETURNING m.id, purpose, content, not_after, attempts, $5 <= (
    SELECT count(*) FROM courier_message e
    WHERE e.recipient_hash = m.recipient_hash AND e.purpose = m.purpose
        AND e.queued_at > m.queued_at - interval '1 hour'
        AND (e.queued_at, e.id) < (m.queued_at, m.id)
        AND e.outcome IS DISTINCT FROM 'LIMITED'
) AS limited
"""

_handled = prometheus_client.Counter(
    "kundeapp_courier_messages_total",
    "Messages that were sent or given up.",
    ["channel", "purpose", "outcome"],
)
_oldest = prometheus_client.Gauge(
    "kundeapp_courier_oldest_waiting_seconds",
    "For how long the oldest message has waited that is neither sent nor given up.",
)
_log = structlog.get_logger(__name__)


class Outcome(Enum):
    """How it ended with a message."""

    SENT = "SENT"
    REFUSED = "REFUSED"
    """The other side will never take it."""
    EXPIRED = "EXPIRED"
    """It would be too late."""
    LIMITED = "LIMITED"
    """The recipient gets too many of its kind."""


@dataclass(frozen=True)
class Leased:
    """A message that this process may send now.

    Attributes:
        id: Names it to the other side, too.
        channel: How it is sent.
        purpose: Why, in a word.
        content: Whom it is for and what it says, sealed.
        not_after: From when on it is worthless.
        attempt: Which attempt this is, from 1.
        limited: Whether its recipient has got too many of its kind.
    """

    id: UUID
    channel: Channel
    purpose: str
    content: bytes
    not_after: datetime
    attempt: int
    limited: bool


async def deliver(
    courier: Courier,
    database: Database,
    transports: Mapping[Channel, Transport],
    *,
    per_hour: int,
    ids: Ids,
    clock: Clock,
) -> None:
    """Delivers until it is cancelled; one channel does not wait for another.

    Args:
        courier: Whose messages.
        database: Where they are queued.
        transports: What carries them.
        per_hour: How many messages of a purpose a recipient gets in an hour at most.
        ids: Scatters attempts, so that not all come at once.
        clock: Tells what is due.
    """
    rounds = Rounds(courier, database, transports, per_hour=per_hour, ids=ids, clock=clock)
    async with asyncio.TaskGroup() as group:
        for channel in transports:
            group.create_task(_repeat(lambda channel=channel: rounds.send_due(channel), 0))
        group.create_task(_repeat(rounds.observe, OBSERVE_SECONDS))
        group.create_task(_repeat(rounds.forget_old, TIDY_SECONDS))


class Rounds:
    """What is done again and again."""

    def __init__(
        self,
        courier: Courier,
        database: Database,
        transports: Mapping[Channel, Transport],
        *,
        per_hour: int,
        ids: Ids,
        clock: Clock,
    ) -> None:
        self._courier = courier
        self._database = database
        self._transports = transports
        self._per_hour = per_hour
        self._ids = ids
        self._clock = clock

    async def send_due(self, channel: Channel) -> None:
        """Sends what is due by a channel, and returns when there may be more."""
        while batch := await self._lease(channel):
            sending = [asyncio.create_task(self._handle(leased)) for leased in batch]
            try:
                await asyncio.wait(sending)
            except asyncio.CancelledError:
                # What is under way is finished and noted, lest it be sent again.
                await asyncio.wait(sending, timeout=GRACE_SECONDS)
                for task in sending:
                    task.cancel()
                await asyncio.wait(sending)
                raise
        await self._courier.news(channel)

    async def observe(self) -> None:
        """Measures how long the oldest message has waited."""
        async with self._database.reader() as connection:
            since = await connection.fetchval(
                "SELECT min(queued_at) FROM courier_message WHERE outcome IS NULL"
            )
        _oldest.set((self._clock.now() - since).total_seconds() if since else 0)

    async def forget_old(self) -> None:
        """Forgets recipients' hashes after a day, and messages after 60 days."""
        now = self._clock.now()
        async with self._database.transaction() as transaction:
            await transaction.connection.execute(
                """
                UPDATE courier_message SET recipient_hash = NULL
                WHERE ended_at < $1 AND recipient_hash IS NOT NULL
                """,
                now - timedelta(days=1),
            )
            await transaction.connection.execute(
                "DELETE FROM courier_message WHERE ended_at < $1", now - timedelta(days=60)
            )

    async def _lease(self, channel: Channel) -> Sequence[Leased]:
        """Takes the messages that must go first: those that will be worthless first."""
        now = self._clock.now()
        async with self._database.transaction() as transaction:
            rows = await transaction.connection.fetch(
                _TAKE,
                channel.value,
                now,
                BATCH,
                now + LEASE,
                self._per_hour,
            )
        return [
            Leased(
                id=row["id"],
                channel=channel,
                purpose=row["purpose"],
                content=row["content"],
                not_after=row["not_after"],
                attempt=row["attempts"],
                limited=row["limited"],
            )
            for row in rows
        ]

    async def _handle(self, leased: Leased) -> None:
        log = _log.bind(id=str(leased.id), channel=leased.channel.name, purpose=leased.purpose)
        try:
            outcome = await self._outcome(leased, log)
            if outcome is None:
                await self._try_later(leased)
            elif await self._note(leased, outcome):
                log.info("message handled", outcome=outcome.name)
                _handled.labels(leased.channel.name, leased.purpose, outcome.name).inc()
        except Exception as error:  # noqa: BLE001 - the others of the batch go on
            log.warning("message not noted", error=type(error).__name__)

    async def _outcome(self, leased: Leased, log: Any) -> Outcome | None:
        """Sends a message if it should be; returns None if it should be tried again."""
        if leased.not_after <= self._clock.now():
            return Outcome.EXPIRED
        if leased.limited:
            return Outcome.LIMITED
        try:
            message = self._courier.seal.open(
                leased.content, leased.channel, leased.purpose, leased.not_after
            )
            async with asyncio.timeout(SEND_SECONDS):
                await self._transports[leased.channel].send(message, leased.id)
        except Refused as refusal:
            log.warning("message refused", reason=str(refusal))
            return Outcome.REFUSED
        except Unreachable as error:
            log.warning("message not taken", attempt=leased.attempt, reason=str(error))
            return None
        except Exception as error:  # noqa: BLE001 - its words may be the message's; its name is not
            log.warning("message not taken", attempt=leased.attempt, reason=type(error).__name__)
            return None
        return Outcome.SENT

    async def _note(self, leased: Leased, outcome: Outcome) -> bool:
        """Wipes a message that was sent or given up; returns whether nobody had done so before."""
        async with self._database.transaction() as transaction:
            noted = await transaction.connection.fetchval(
                """
                UPDATE courier_message SET outcome = $2, ended_at = $3, content = NULL
                WHERE id = $1 AND outcome IS NULL RETURNING true
                """,
                leased.id,
                outcome.value,
                self._clock.now(),
            )
        return noted is True

    async def _try_later(self, leased: Leased) -> None:
        scatter = int(self._ids.digits(3)) / 1000
        due_at = self._clock.now() + delay_after(leased.attempt, scatter)
        async with self._database.transaction() as transaction:
            # Not if the lease has ended and somebody else has taken it since.
            await transaction.connection.execute(
                """
                UPDATE courier_message SET due_at = least($3, not_after)
                WHERE id = $1 AND attempts = $2 AND outcome IS NULL
                """,
                leased.id,
                leased.attempt,
                due_at,
            )


def delay_after(attempt: int, scatter: float) -> timedelta:
    """Returns how long to wait after a failed attempt: twice as long each time, to an hour.

    Args:
        attempt: Which attempt has failed, from 1.
        scatter: From 0 to 1: takes up to a fifth off.
    """
    doubled = FIRST_DELAY * 2 ** min(attempt - 1, 20)
    return min(doubled, LONGEST_DELAY) * (1 - scatter / 5)


async def _repeat(work: Callable[[], Awaitable[None]], seconds: float) -> None:
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - such as a database that is not there
            _log.warning("courier interrupted", error=repr(error))
            await asyncio.sleep(RETRY_SECONDS)
        else:
            await asyncio.sleep(seconds)
