"""Publishing what lies in the outbox, beside NATS JetStream itself.

    .venv/bin/python -m bench.relay

- raw JetStream: nats-py publishes the same messages to the same stream, as many at once as the
  relay, and waits until the stream has stored them.
- relay: a process of the service, which reads the events from the database in their order,
  publishes them, and notes that they are sent, a window at a time.

Both on one NATS and one PostgreSQL that write to the disk before they acknowledge. The first window
of each is left out.
"""

# nats-py leaves its keyword arguments untyped.
# pyright: reportUnknownMemberType=false

import asyncio
import statistics
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

import uvloop
from nats.aio.client import Client
from nats.js import JetStreamContext

from bench.measure import ROUNDS, table
from bench.service import Service, alone
from kit import envelope, postgres
from kit.bus import STREAM
from kit.envelope import Envelope
from kit.ids import SystemIds
from kit.outbox import WINDOW, backlog
from kit.postgres import Connection
from services.events.domain.published import TicketsReleased

EVENTS = 20 * WINDOW
_PATIENCE_SECONDS = 60.0

_ADD = """
INSERT INTO outbox (id, subject, type, payload, occurred_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::timestamptz[])
"""
_TAKEN = """
SELECT count(*) AS events, extract(epoch FROM max(sent_at) - min(first)) AS seconds
FROM outbox, (SELECT min(sent_at) AS first FROM outbox) AS window_that_began
WHERE sent_at > first
"""


async def measure() -> tuple[float, float]:
    """Measures both in turns; returns the medians of raw JetStream and of the relay, events/s."""
    raw, relayed = list[float](), list[float]()
    with alone("events", identity="localhost:1") as service:
        connection = await postgres.connect(service.url)
        async with _stream(service) as stream:
            for _ in range(ROUNDS):
                raw.append(await _publish(stream, _events()))
                relayed.append(await _relay(connection, _events()))
        await connection.close()
    return statistics.median(raw), statistics.median(relayed)


def _events() -> Sequence[Envelope]:
    ids, now = SystemIds(), datetime.now(UTC)
    return [
        envelope.seal(
            "events",
            TicketsReleased(uuid4(), UUID(int=1), uuid4(), tickets=1, total=0),
            ids.new_id(),
            now,
        )
        for _ in range(EVENTS)
    ]


@asynccontextmanager
async def _stream(service: Service) -> AsyncGenerator[JetStreamContext]:
    client = Client()
    await client.connect(service.bus, tls=service.pki.identity("events").client_context())
    stream = client.jetstream()
    await stream.stream_info(STREAM)
    yield stream
    await client.close()


async def _publish(stream: JetStreamContext, events: Sequence[Envelope]) -> float:
    began = 0.0
    for first in range(0, len(events), WINDOW):
        acks = [
            await stream.publish_async(each.subject, each.payload, headers=each.headers())
            for each in events[first : first + WINDOW]
        ]
        await asyncio.gather(*acks)
        if first == 0:
            began = time.perf_counter()
    return (len(events) - WINDOW) / (time.perf_counter() - began)


async def _relay(connection: Connection, events: Sequence[Envelope]) -> float:
    await connection.execute("TRUNCATE outbox")
    columns = zip(
        *((e.id, e.subject, e.type, e.payload, e.occurred_at) for e in events), strict=True
    )
    await connection.execute(_ADD, *map(list, columns))
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while (await backlog(connection)).waiting:  # noqa: ASYNC110 - another process's doing
            await asyncio.sleep(0.1)
    [row] = await connection.fetch(_TAKEN)
    return float(row["events"]) / float(row["seconds"])


def report(raw: float, relayed: float) -> str:
    """Returns the figures as a table."""
    rows = (
        ("raw JetStream", f"{raw:,.0f}", "1.00"),
        ("relay", f"{relayed:,.0f}", f"{relayed / raw:.2f}"),
    )
    return table(("", "events/s", "ratio"), rows)


if __name__ == "__main__":
    print(report(*uvloop.run(measure())))
