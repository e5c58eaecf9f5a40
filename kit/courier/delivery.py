"""Delivers what was queued, in every replica at once.

A replica takes a message for a while, its lease, and sends it outside of any transaction. Should
it die meanwhile, another one sends the message again once the lease has ended: under the same id,
by which the other side can tell.

A message with a permit is sent inside the transaction that asks whether the permit holds and notes
the message as sent (docs/decisions/0011-permission-at-sending.md).
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
from kit.courier.message import Channel, Message, Permits, Refused, Transport, Unreachable
from kit.database import Database, Transaction
from kit.ids import Ids
from kit.repeat import repeat

BATCH = 8
SEND_SECONDS = 45.0
PERMITTED_SECONDS = 4.0
"""Shorter than a lock or a call is waited for: whoever takes a permission back waits for this."""
PERMITTED_AT_ONCE = 4
"""Fewer than a service has connections, since each of them has one for so long."""
LEASE = timedelta(seconds=60)
"""Longer than sending may take, so that nobody else sends a message that is being sent."""
GRACE_SECONDS = 5.0
FIRST_DELAY = timedelta(seconds=5)
LONGEST_DELAY = timedelta(hours=1)
OBSERVE_SECONDS = 15.0
TIDY_SECONDS = 3600.0

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
RETURNING m.id, purpose, content, queued_at, not_after, permit, attempts, $5 <= (
    SELECT count(*) FROM courier_message e
    WHERE e.recipient_hash = m.recipient_hash AND e.purpose = m.purpose
        AND e.queued_at > m.queued_at - interval '1 hour'
        AND (e.queued_at, e.id) < (m.queued_at, m.id)
        AND e.outcome IS DISTINCT FROM 'LIMITED'
) AS limited
"""

_IS_OURS = """
SELECT true FROM courier_message WHERE id = $1 AND attempts = $2 AND outcome IS NULL FOR UPDATE
"""
_END = """
UPDATE courier_message SET outcome = $2, ended_at = $3, content = NULL
WHERE id = $1 AND outcome IS NULL RETURNING true
"""

_handled = prometheus_client.Counter(
    "kundeapp_courier_messages_total",
    "Messages that were sent or given up.",
    ["channel", "purpose", "outcome"],
)
_seconds = prometheus_client.Histogram(
    "kundeapp_courier_seconds",
    "How long it took from when a message was queued until it was sent.",
    ["channel", "purpose"],
    buckets=(0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600, 14400, 86400),
)
_oldest = prometheus_client.Gauge(
    "kundeapp_courier_oldest_waiting_seconds",
    "For how long the oldest message has waited that is neither sent nor given up.",
)
_FAILING = "courier interrupted"
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
    WITHDRAWN = "WITHDRAWN"
    """Its permit holds no longer."""


@dataclass(frozen=True)
class Leased:
    """A message that this process may send now.

    Attributes:
        id: Names it to the other side, too.
        channel: How it is sent.
        purpose: Why, in a word.
        content: Whom it is for and what it says, sealed.
        queued_at: Since when it waits.
        not_after: From when on it is worthless.
        permit: What must hold when it is sent; empty if it is sent in any case.
        attempt: Which attempt this is, from 1.
        limited: Whether its recipient has got too many of its kind.
    """

    id: UUID
    channel: Channel
    purpose: str
    content: bytes
    queued_at: datetime
    not_after: datetime
    permit: str
    attempt: int
    limited: bool


@dataclass(frozen=True)
class Ending:
    """What came of a message.

    Attributes:
        outcome: How it ended.
        noted: Whether that stands in the database already.
        address_is_dead: Whether its recipient's address turned out to be dead.
    """

    outcome: Outcome
    noted: bool = False
    address_is_dead: bool = False


async def deliver(
    courier: Courier,
    database: Database,
    transports: Mapping[Channel, Transport],
    *,
    per_hour: int,
    ids: Ids,
    clock: Clock,
    permits: Permits | None = None,
    on_dead_address: Callable[[Transaction, Message], Awaitable[None]] | None = None,
) -> None:
    """Delivers until it is cancelled; one channel does not wait for another.

    Args:
        courier: Whose messages.
        database: Where they are queued.
        transports: What carries them.
        per_hour: How many messages of a purpose a recipient gets in an hour at most.
        ids: Scatters attempts, so that not all come at once.
        clock: Tells what is due.
        permits: Is asked about messages with a permit, each time one is about to be sent.
        on_dead_address: Is told of a message that was refused because nothing will ever reach
            its recipient, in the transaction that notes this.

    Raises:
        ValueError: If the courier takes messages with a permit, and nobody is there to be asked.
    """
    if courier.permits and permits is None:
        raise ValueError("nobody is set to ask about the permits of messages")
    rounds = Rounds(
        courier,
        database,
        transports,
        per_hour=per_hour,
        ids=ids,
        clock=clock,
        permits=permits,
        on_dead_address=on_dead_address,
    )
    async with asyncio.TaskGroup() as group:
        for channel in transports:
            group.create_task(repeat(_FAILING, lambda channel=channel: rounds.send_due(channel), 0))
        group.create_task(repeat(_FAILING, rounds.observe, OBSERVE_SECONDS))
        group.create_task(repeat(_FAILING, rounds.forget_old, TIDY_SECONDS))


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
        permits: Permits | None,
        on_dead_address: Callable[[Transaction, Message], Awaitable[None]] | None,
    ) -> None:
        self._courier = courier
        self._database = database
        self._transports = transports
        self._per_hour = per_hour
        self._ids = ids
        self._clock = clock
        self._permits = permits
        self._on_dead_address = on_dead_address
        self._permitted_at_once = asyncio.Semaphore(PERMITTED_AT_ONCE)

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
        """Forgets whose messages they were after a day, and messages after 60 days."""
        now = self._clock.now()
        async with self._database.transaction() as transaction:
            await transaction.connection.execute(
                """
                UPDATE courier_message SET recipient_hash = NULL, permit = NULL
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
                queued_at=row["queued_at"],
                not_after=row["not_after"],
                permit=row["permit"] or "",
                attempt=row["attempts"],
                limited=row["limited"],
            )
            for row in rows
        ]

    async def _handle(self, leased: Leased) -> None:
        log = _log.bind(id=str(leased.id), channel=leased.channel.name, purpose=leased.purpose)
        try:
            ending = await self._ending(leased, log)
            if ending is None:
                await self._try_later(leased)
            elif ending.noted or await self._note(leased, ending):
                log.info("message handled", outcome=ending.outcome.name)
                self._count(leased, ending.outcome)
        except Exception as error:  # noqa: BLE001 - the others of the batch go on
            log.warning("message not noted", error=type(error).__name__)

    def _count(self, leased: Leased, outcome: Outcome) -> None:
        _handled.labels(leased.channel.name, leased.purpose, outcome.name).inc()
        if outcome is Outcome.SENT:
            waited = self._clock.now() - leased.queued_at
            _seconds.labels(leased.channel.name, leased.purpose).observe(waited.total_seconds())

    async def _ending(self, leased: Leased, log: Any) -> Ending | None:
        """Sends a message if it should be; returns None if it should be tried again."""
        if leased.not_after <= self._clock.now():
            return Ending(Outcome.EXPIRED)
        if leased.limited:
            return Ending(Outcome.LIMITED)
        try:
            return await self._send(leased)
        except Refused as refusal:
            log.warning("message refused", reason=str(refusal))
            return Ending(Outcome.REFUSED, address_is_dead=refusal.address_is_dead)
        except Unreachable as error:
            log.warning("message not taken", attempt=leased.attempt, reason=str(error))
        except Exception as error:  # noqa: BLE001 - its words may be the message's; its name is not
            log.warning("message not taken", attempt=leased.attempt, reason=type(error).__name__)
        return None

    async def _send(self, leased: Leased) -> Ending | None:
        message = self._open(leased)
        if message.permit:
            return await self._send_if_permitted(leased, message)
        await self._hand_over(leased, message, SEND_SECONDS)
        return Ending(Outcome.SENT)

    def _open(self, leased: Leased) -> Message:
        return self._courier.seal.open(
            leased.content, leased.channel, leased.purpose, leased.not_after, leased.permit
        )

    async def _send_if_permitted(self, leased: Leased, message: Message) -> Ending | None:
        """Sends a message if its permit holds, and for as long as nobody can change that.

        The permit is locked before the message: whoever takes a permission back and then ends
        what waits under it locks in this order, too.
        """
        if self._permits is None:  # queued by a process with other settings
            raise ValueError("nobody is set to ask about the permit of a message")
        async with self._permitted_at_once, self._database.transaction() as transaction:
            holds = await self._permits.holds(transaction, message)
            if not await transaction.connection.fetchval(_IS_OURS, leased.id, leased.attempt):
                return None
            if holds:
                await self._hand_over(leased, message, PERMITTED_SECONDS)
            outcome = Outcome.SENT if holds else Outcome.WITHDRAWN
            await self._end(transaction, leased, outcome)
        return Ending(outcome, noted=True)

    async def _hand_over(self, leased: Leased, message: Message, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._transports[leased.channel].send(message, leased.id)
        except TimeoutError:
            raise Unreachable(f"not taken in {seconds:g} s") from None

    async def _note(self, leased: Leased, ending: Ending) -> bool:
        """Wipes a message that was sent or given up; returns whether nobody had done so before."""
        async with self._database.transaction() as transaction:
            noted = await self._end(transaction, leased, ending.outcome)
            if noted and ending.address_is_dead and self._on_dead_address:
                await self._on_dead_address(transaction, self._open(leased))
        return noted

    async def _end(self, transaction: Transaction, leased: Leased, outcome: Outcome) -> bool:
        ended = await transaction.connection.fetchval(
            _END, leased.id, outcome.value, self._clock.now()
        )
        return ended is True

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
