"""How the programme of events grows with the events, and reservations with the replicas.

    .venv/bin/python -m bench.programme

The first page of all events that are to come, and one event, asked of a process of the service one
question at a time, beside `SELECT 1` on the same database. Reservations on one hot event come from
CALLERS at once, spread over one, two and three processes, which share one database and the machine
with the callers: with as many processes as processors there is nothing left to win.
"""

import contextlib
import functools
import itertools
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import grpc
import uvloop

from bench import reservations
from bench.measure import ROUNDS, Ask, Load, load, median_load, table
from bench.servers import serialize
from bench.service import Service, alone
from kit import postgres
from kit.clock import SystemClock
from kit.database import Database
from kit.ids import SystemIds
from kit.outbox import Outbox
from kundeapp.events.v1 import events_service_pb2 as pb
from services.events.domain.event import Changes, Mode
from services.events.handlers import programme
from services.events.storage import PostgresStore

EVENTS = (10, 100, 1_000)
REPLICAS = (1, 2, 3)
CALLERS = 64
SECONDS = 0.5

SELECT, ONE, PAGE = "SELECT 1", "one event", "a page of events"
QUESTIONS = (SELECT, ONE, PAGE)

_SERVICE = pb.DESCRIPTOR.services_by_name["EventsService"].full_name

Growth = Mapping[tuple[str, int], Load]
Spread = Mapping[int, Load]


async def measure() -> tuple[Growth, Spread]:
    """Measures both; returns the medians."""
    return await _by_events(), {each: await _by_replicas(each) for each in REPLICAS}


async def _by_events() -> Growth:
    medians: dict[tuple[str, int], Load] = {}
    with alone("events", identity="localhost:1") as service:
        async with contextlib.AsyncExitStack() as stack:
            database = await stack.enter_async_context(_database(service))
            channel = await stack.enter_async_context(_channel(service))
            connection = await postgres.connect(service.url)
            known = list[UUID]()
            for events in EVENTS:
                known += await _events(database, events - len(known))
                one = _call(channel, "GetEvent", pb.GetEventRequest(event_id=str(known[0])))
                page = _call(channel, "ListEvents", pb.ListEventsRequest())
                asks: Mapping[str, Ask] = {
                    SELECT: lambda: connection.fetchval("SELECT 1"),
                    ONE: one,
                    PAGE: page,
                }
                rounds: dict[str, list[Load]] = {}
                for _, (question, ask) in itertools.product(range(ROUNDS), asks.items()):
                    taken = await load([ask], SECONDS, sys.maxsize)
                    rounds.setdefault(question, []).append(taken)
                for question, each in rounds.items():
                    medians[question, events] = median_load(each)
            await connection.close()
    return medians


async def _by_replicas(replicas: int) -> Load:
    taken = list[Load]()
    with alone(
        "events", replicas=replicas, database={"max_connections": "400"}, identity="localhost:1"
    ) as service:
        async with contextlib.AsyncExitStack() as stack:
            database = await stack.enter_async_context(_database(service))
            calls = [
                call
                for port in service.ports
                for call in await stack.enter_async_context(reservations.calls(service, port))
            ]
            for _ in range(ROUNDS):
                [event_id] = await _events(database, 1)
                taken.append(await reservations.through(service, calls, event_id, CALLERS))
    return median_load(taken)


@contextlib.asynccontextmanager
async def _database(service: Service) -> AsyncGenerator[Database]:
    outbox = Outbox("events", SystemIds(), SystemClock())
    async with Database.open(service.url, outbox) as database:
        yield database


@contextlib.asynccontextmanager
async def _channel(service: Service) -> AsyncGenerator[grpc.aio.Channel]:
    credentials = service.pki.identity("gateway").channel_credentials()
    async with grpc.aio.secure_channel(f"localhost:{service.port}", credentials) as channel:
        yield channel


def _call(channel: grpc.aio.Channel, name: str, request: Any) -> Ask:
    # The answer is left as it came: reading it is the client's work.
    call: Any = channel.unary_unary(f"/{_SERVICE}/{name}", serialize, bytes)
    return functools.partial(call, request, timeout=5.0)


async def _events(database: Database, number: int) -> Sequence[UUID]:
    ids, clock = SystemIds(), SystemClock()
    made = list[UUID]()
    for day in range(number):
        said = Changes(
            title="Haustkonsert",
            venue="Ørsta kulturhus",
            starts_at=clock.now() + timedelta(days=30 + day),
            capacity=100_000,
        )
        async with database.transaction() as transaction:
            store = PostgresStore(transaction)
            created = await programme.create_event(store, ids, clock, said, Mode.FIRST_COME)
            await programme.publish_event(store, ids, clock, created.event.id)
        made.append(created.event.id)
    return made


def report(growth: Growth, spread: Spread) -> str:
    """Returns the figures as two tables."""
    by_events = [
        (
            question,
            f"{events:,}",
            f"{growth[question, events].p50_ms:.2f}",
            f"{growth[question, events].p99_ms:.2f}",
            f"{growth[question, events].p50_ms / growth[SELECT, events].p50_ms:.1f}",
        )
        for question in QUESTIONS
        for events in EVENTS
    ]
    by_replicas = [
        (
            f"{replicas}",
            f"{taken.per_second:,.0f}",
            f"{taken.p50_ms:.1f}",
            f"{taken.p99_ms:.1f}",
            f"{taken.per_second / spread[1].per_second:.2f}",
        )
        for replicas, taken in spread.items()
    ]
    return (
        table(("question", "events", "p50 ms", "p99 ms", f"of {SELECT}"), by_events)
        + f"\n\nReservations, {CALLERS} callers:\n\n"
        + table(("replicas", "a second", "p50 ms", "p99 ms", "of one"), by_replicas)
    )


if __name__ == "__main__":
    print(report(*uvloop.run(measure())))
