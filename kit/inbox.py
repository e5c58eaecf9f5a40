"""Events that take effect once, however often they are delivered.

The effect of an event and the note that it was handled are one transaction; the bus is told only
after its commit. An event that fails again and again is buried as a dead letter with its reason,
and can be replayed.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import nats.errors
import prometheus_client
import structlog
from google.protobuf.message import Message
from nats.aio.msg import Msg

from kit import errors, telemetry
from kit.bus import RETRY_SECONDS, Bus
from kit.database import Database, Transaction
from kit.envelope import Envelope
from kit.telemetry import SpanKind

TRIES = 5
RETRY_DELAYS_SECONDS = (0.5, 2.0, 5.0, 15.0)

_handled = prometheus_client.Counter(
    "kundeapp_inbox_events_total", "Events taken from the bus.", ["consumer", "outcome"]
)
_seconds = prometheus_client.Histogram(
    "kundeapp_inbox_seconds",
    "How long it took from an event until its effect was committed.",
    ["consumer"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600, 86400),
)
_log = structlog.get_logger(__name__)

Handler = Callable[[Any, Transaction], Awaitable[None]]


@dataclass(frozen=True)
class Consumer:
    """Who wants to know of which events.

    Attributes:
        name: The durable name, unique on the bus: `<service>-<purpose>`.
        subjects: The subjects, with `*` for one part and `>` for the rest.
        handlers: What an event does, by the class of its message; other events are passed over.
        max_pending: How many events may be under way at once; 1 keeps their order.
    """

    name: str
    subjects: Sequence[str]
    handlers: Mapping[type[Message], Handler]
    max_pending: int = 1

    def effect_of(self, kind: str) -> "Effect | None":
        """Returns what an event does, by the full name of its message; None for nothing."""
        for message, handle in self.handlers.items():
            if message.DESCRIPTOR.full_name == kind:
                return Effect(self.name, message, handle)
        return None


@dataclass(frozen=True)
class Effect:
    """What an event of one kind does to a consumer.

    Attributes:
        consumer: The consumer's name.
        message: The class of the event's message.
        handle: Does it.
    """

    consumer: str
    message: type[Message]
    handle: Handler

    async def take_once(self, transaction: Transaction, event_id: UUID, payload: bytes) -> bool:
        """Takes effect, unless it has before; returns whether this was the first time."""
        first = await transaction.connection.fetchval(
            """
            INSERT INTO inbox (consumer, event_id) VALUES ($1, $2)
            ON CONFLICT DO NOTHING RETURNING true
            """,
            self.consumer,
            event_id,
        )
        if first:
            await self.handle(self.message.FromString(payload), transaction)
        return bool(first)


async def consume(consumer: Consumer, bus: Bus, database: Database) -> None:
    """Handles events until it is cancelled; an outage of the bus or the database only delays it."""
    inbox = _Inbox(consumer, database)
    while True:
        try:
            async with bus.pull(
                consumer.name, consumer.subjects, max_pending=consumer.max_pending
            ) as messages:
                async for message in messages:
                    await inbox.take(message)
        except Exception as error:  # noqa: BLE001 - whatever happened, events must flow again
            _log.warning("consumer interrupted", consumer=consumer.name, error=repr(error))
            await asyncio.sleep(RETRY_SECONDS)


class _Inbox:
    def __init__(self, consumer: Consumer, database: Database) -> None:
        self._consumer = consumer
        self._database = database
        self._observe = _seconds.labels(consumer.name).observe

    async def take(self, message: Msg) -> None:
        try:
            event = Envelope.received(message.subject, message.data, message.headers or {})
        except (KeyError, ValueError) as error:
            _log.error("not an event", subject=message.subject, error=repr(error))
            await self._finish(message.term(), "unreadable")
            return
        with telemetry.span(
            f"{self._consumer.name} {event.type}", SpanKind.CONSUMER, parent=event.trace
        ):
            try:
                await self._take(message, event)
            except asyncio.CancelledError:
                await _hand_back(message)
                raise

    async def _take(self, message: Msg, event: Envelope) -> None:
        while True:
            try:
                first = await self._handle_once(event)
            except errors.Unavailable:
                await message.in_progress()
                await asyncio.sleep(RETRY_SECONDS)
            except Exception as error:  # noqa: BLE001 - whatever a handler did
                await self._retry_or_bury(message, event, error)
                return
            else:
                if first:
                    self._observe(time.time() - event.occurred_at.timestamp())
                await self._finish(message.ack(), "handled" if first else "repeated")
                return

    async def _handle_once(self, event: Envelope) -> bool:
        effect = self._consumer.effect_of(event.type)
        if effect is None:
            return False
        async with self._database.transaction() as transaction:
            return await effect.take_once(transaction, event.id, event.payload)

    async def _retry_or_bury(self, message: Msg, event: Envelope, error: Exception) -> None:
        tries = message.metadata.num_delivered or 1
        _log.exception(
            "event failed", consumer=self._consumer.name, event_id=str(event.id), tries=tries
        )
        if tries < TRIES:
            await self._finish(message.nak(RETRY_DELAYS_SECONDS[tries - 1]), "failed")
            return
        await self._bury(event, repr(error))
        await self._finish(message.term(), "buried")

    async def _bury(self, event: Envelope, reason: str) -> None:
        async with self._database.transaction() as transaction:
            await transaction.connection.execute(
                """
                INSERT INTO dead_letter
                    (consumer, event_id, subject, type, payload, occurred_at, traceparent, reason)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING
                """,
                self._consumer.name,
                event.id,
                event.subject,
                event.type,
                event.payload,
                event.occurred_at,
                event.trace and event.trace.traceparent,
                reason,
            )

    async def _finish(self, answer: Awaitable[None], outcome: str) -> None:
        await answer
        _handled.labels(self._consumer.name, outcome).inc()


async def _hand_back(message: Msg) -> None:
    """Has the bus deliver a message again at once; otherwise it waits for an answer first."""
    with contextlib.suppress(nats.errors.Error):
        await message.nak()
