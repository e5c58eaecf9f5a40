"""What must be asked for to be known, measured every 15 seconds and not whenever somebody looks.

Every replica measures its service's database and consumers, so that what is known does not hang on
one of them; they all find the same.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from prometheus_client import Gauge

from kit import outbox
from kit.bus import Bus
from kit.database import Database
from kit.inbox import Consumer
from kit.postgres import Connection
from kit.repeat import repeat

MEASURE_SECONDS = 15.0

_unsent = Gauge(
    "kundeapp_outbox_unsent",
    f"Events that wait to be published, to {outbox.MOST_COUNTED}.",
    ["process"],
)
_oldest_unsent = Gauge(
    "kundeapp_outbox_oldest_unsent_seconds",
    "For how long the oldest event has waited to be published.",
    ["process"],
)
_dead_letters = Gauge(
    "kundeapp_dead_letters",
    "Events that a consumer could not handle and nobody has settled.",
    ["consumer"],
)
_pending = Gauge(
    "kundeapp_consumer_pending", "Events that a consumer was not handed yet.", ["consumer"]
)
_unacknowledged = Gauge(
    "kundeapp_consumer_unacknowledged", "Events that a consumer is not done with.", ["consumer"]
)
_redelivered = Gauge(
    "kundeapp_consumer_redelivered",
    "Events that a consumer is not done with and was handed more than once.",
    ["consumer"],
)
_measured = Gauge(
    "kundeapp_measured_timestamp_seconds",
    "When the gauges of what was measured were last set.",
    ["process", "neighbour"],
)

_DEAD_LETTERS = "SELECT count(*) FROM dead_letter WHERE consumer = $1 AND outcome IS NULL"


@dataclass(frozen=True)
class Query:
    """Gauges that a service knows from its own tables.

    Attributes:
        gauge: What is set.
        statement: Returns a row for each value: the gauge's labels in their order, then the value.
            It returns the same labels each time, and costs little however much is stored.
    """

    gauge: Gauge
    statement: str


async def measure_database(
    process: str,
    database: Database,
    *,
    consumers: Sequence[Consumer] = (),
    queries: Sequence[Query] = (),
) -> None:
    """Measures the outbox, the dead letters and the service's own tables until it is cancelled.

    An outage leaves the gauges as they were.

    Args:
        process: Who measures.
        database: What is measured.
        consumers: The service's durable consumers.
        queries: What is known from its own tables.
    """

    async def ask() -> None:
        async with database.reader() as connection:
            backlog = await outbox.backlog(connection)
            age = time.time() - backlog.oldest.timestamp() if backlog.oldest else 0
            _unsent.labels(process).set(backlog.waiting)
            _oldest_unsent.labels(process).set(max(age, 0))
            for consumer in consumers:
                buried = await connection.fetchval(
                    _DEAD_LETTERS, consumer.name, timeout=outbox.STATEMENT_SECONDS
                )
                _dead_letters.labels(consumer.name).set(buried)
            for query in queries:
                await _ask(connection, query)
        _measured.labels(process, "database").set(time.time())

    await repeat("the database is not measured", ask, MEASURE_SECONDS)


async def measure_bus(process: str, bus: Bus, consumers: Sequence[Consumer]) -> None:
    """Measures what a service's durable consumers have yet to do, until it is cancelled.

    An outage leaves the gauges as they were.

    Args:
        process: Who measures.
        bus: Where the consumers are.
        consumers: The consumers.
    """

    async def ask() -> None:
        for consumer in consumers:
            found = await bus.consumer(consumer.name)
            if not found.exists:
                return
            _pending.labels(consumer.name).set(found.pending)
            _unacknowledged.labels(consumer.name).set(found.unacknowledged)
            _redelivered.labels(consumer.name).set(found.redelivered)
        _measured.labels(process, "bus").set(time.time())

    await bus.ready()
    await repeat("the bus is not measured", ask, MEASURE_SECONDS)


async def _ask(connection: Connection, query: Query) -> None:
    for *labels, value in await connection.fetch(query.statement, timeout=outbox.STATEMENT_SECONDS):
        gauge = query.gauge.labels(*labels) if labels else query.gauge
        gauge.set(value)
