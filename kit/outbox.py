"""Events that are published if, and only if, the change they tell of was committed.

A use case's events are rows of the same transaction. One relay a database, whichever replica holds
the lock, publishes them in order and marks them sent once the bus has stored them. Sent rows are
kept for a week, so that they can be published again.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import asyncpg
import prometheus_client
import structlog

from kit import envelope, postgres, tables
from kit.clock import Clock
from kit.envelope import Envelope
from kit.ids import Ids
from kit.postgres import Connection
from kit.telemetry import Trace

if TYPE_CHECKING:
    from kit.bus import Bus

POLL_SECONDS = 0.25
RETRY_SECONDS = 1.0
TIDY_SECONDS = 3600.0
WINDOW = 256
SILENCE_SECONDS = 15.0
"""After which the relay takes a database that does not answer for gone, and the database a relay
that asks for nothing: its session ends, and the lock is free for another. Longer than the bus has
to store a window."""

MOST_COUNTED = 100_000
"""Where counting ends."""
STATEMENT_SECONDS = 5.0

_BACKLOG = """
SELECT
    (SELECT count(*) FROM (
        SELECT FROM outbox WHERE sent_at IS NULL LIMIT $1
    ) AS unsent) AS waiting,
    (SELECT occurred_at FROM outbox WHERE sent_at IS NULL ORDER BY seq LIMIT 1) AS oldest,
    (SELECT sent_at FROM outbox WHERE sent_at IS NOT NULL ORDER BY seq DESC LIMIT 1) AS last_sent_at
"""
_TRY_LOCK = "SELECT pg_try_advisory_lock($1)"
_LOCK = 0x6B756E646561  # "kundea": the advisory lock of the one relay
_committed = prometheus_client.Counter(
    "kundeapp_events_committed_total",
    "Events that happened: what they tell of is committed.",
    ["process", "event"],
)
_sent = prometheus_client.Counter("kundeapp_outbox_sent_total", "Events published.", ["process"])
_log = structlog.get_logger(__name__)


class Outbox:
    """Takes down the events of a transaction, and wakes the relay after its commit.

    Attributes:
        service: Whose events.
    """

    def __init__(self, service: str, ids: Ids, clock: Clock) -> None:
        self.service = service
        self._ids = ids
        self._clock = clock
        self._woken = asyncio.Event()

    async def append(self, connection: Connection, events: Sequence[object]) -> None:
        """Writes domain events, in order, with one statement.

        Raises:
            NotPublishable: If an event has no message.
        """
        if not events:
            return
        now = self._clock.now()
        sealed = [envelope.seal(self.service, event, self._ids.new_id(), now) for event in events]
        await connection.execute(
            """
            INSERT INTO outbox (id, subject, type, payload, occurred_at, traceparent)
            SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[],
                                 $5::timestamptz[], $6::text[])
            """,
            [event.id for event in sealed],
            [event.subject for event in sealed],
            [event.type for event in sealed],
            [event.payload for event in sealed],
            [event.occurred_at for event in sealed],
            [event.trace and event.trace.traceparent for event in sealed],
        )

    def committed(self, events: Sequence[object]) -> None:
        """Tells the relay of this process that there is something to publish, and counts it."""
        self.wake()
        for name, times in Counter(type(event).__name__ for event in events).items():
            _committed.labels(self.service, name).inc(times)

    def wake(self) -> None:
        """Tells the relay of this process that there is something to publish."""
        self._woken.set()

    async def news(self) -> None:
        """Returns when there may be something to publish: at once if woken, else after a poll."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await self._woken.wait()
        self._woken.clear()


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is yet to be published.

    Attributes:
        waiting: How many events, to MOST_COUNTED.
        oldest: When the oldest of them happened; None if there is none.
        last_sent_at: When the last of those that are kept was published; None if there is none.
    """

    waiting: int
    oldest: datetime | None
    last_sent_at: datetime | None


async def backlog(connection: Connection) -> Backlog:
    """Looks at what is yet to be published; it costs little however much there is."""
    [row] = await connection.fetch(_BACKLOG, MOST_COUNTED, timeout=STATEMENT_SECONDS)
    return Backlog(row["waiting"], row["oldest"], row["last_sent_at"])


async def republish(connection: Connection, since: datetime) -> int:
    """Has the relay publish events again that were published since a moment; returns how many."""
    return int(
        await connection.fetchval(
            """
            WITH again AS (
                UPDATE outbox SET sent_at = NULL WHERE sent_at >= $1 RETURNING 1
            )
            SELECT count(*) FROM again
            """,
            since,
        )
    )


class Relay:
    """Publishes what lies in the outbox, while this process holds the database's lock."""

    def __init__(self, service: str, url: str, outbox: Outbox, bus: "Bus") -> None:
        self._service = service
        self._url = url
        self._outbox = outbox
        self._bus = bus
        self._tidy_at = 0.0

    async def run(self) -> None:
        """Works until it is cancelled; an outage of the database or of the bus only delays it."""
        while True:
            try:
                await self._work()
            except Exception as error:  # noqa: BLE001 - whatever happened, events must flow again
                _log.warning("outbox relay interrupted", error=repr(error))
            await asyncio.sleep(RETRY_SECONDS)

    async def _work(self) -> None:
        connection = await postgres.connect(
            self._url, idle_session_timeout=f"{SILENCE_SECONDS * 1000:.0f}ms"
        )
        try:
            # Asked again and again: a statement that waits would hold back the vacuum.
            while not await connection.fetchval(_TRY_LOCK, _LOCK, timeout=SILENCE_SECONDS):  # noqa: ASYNC110 - not ours to wake
                await asyncio.sleep(RETRY_SECONDS)
            reaches_the_bus = True
            while reaches_the_bus:
                await self._tidy(connection)
                reaches_the_bus = await self._publish_window(connection)
        finally:
            connection.terminate()

    async def _publish_window(self, connection: Connection) -> bool:
        """Publishes the oldest unsent events, or waits until there are some.

        Returns:
            Whether the bus is within reach; another process may reach it where this one does not.
        """
        rows = await connection.fetch(
            """
            SELECT seq, id, subject, type, payload, occurred_at, traceparent
            FROM outbox WHERE sent_at IS NULL ORDER BY seq LIMIT $1
            """,
            WINDOW,
            timeout=SILENCE_SECONDS,
        )
        if not rows:
            await self._outbox.news()
            return True
        stored = await self._bus.publish([_envelope_of(row) for row in rows])
        await connection.execute(
            "UPDATE outbox SET sent_at = now() WHERE seq = ANY($1::bigint[])",
            [row["seq"] for row in rows[:stored]],
            timeout=SILENCE_SECONDS,
        )
        _sent.labels(self._service).inc(stored)
        return stored > 0

    async def _tidy(self, connection: Connection) -> None:
        """Forgets once an hour what is no longer needed; if that fails, events still flow."""
        now = asyncio.get_running_loop().time()
        if now >= self._tidy_at:
            self._tidy_at = now + TIDY_SECONDS
            await tables.forget_old(connection)


def _envelope_of(row: asyncpg.Record) -> Envelope:
    return Envelope(
        id=row["id"],
        subject=row["subject"],
        type=row["type"],
        payload=row["payload"],
        occurred_at=row["occurred_at"],
        trace=Trace.parse(row["traceparent"]),
    )
