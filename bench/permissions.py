"""Asking consent whether customers may be written to, and how that grows with how many there are.

    .venv/bin/python -m bench.permissions

- SELECT 1: the same connection to the same database.
- store: what the service asks PostgreSQL, and makes of it, in this process.
- bare call: a server that returns the same answer and does nothing else, asked by the same client.
- through gRPC: BatchCheckPermissions on a process of the service, for one channel.

For one customer and for the 1,000 that may be asked for at once, all of whom have said yes. One
question at a time.
"""

import contextlib
import itertools
import statistics
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any
from uuid import UUID

import grpc
import uvloop

from bench.measure import ROUNDS, Ask, load, table
from bench.servers import bare_server, serialize, served
from bench.service import Service, alone
from kit import postgres
from kit.clock import SystemClock
from kit.database import Database
from kit.ids import SystemIds
from kit.local.pki import LocalPki
from kit.outbox import Outbox
from kit.postgres import Connection
from kundeapp.consent.v1 import consent_service_pb2 as service_pb
from kundeapp.consent.v1 import consents_pb2
from kundeapp.consent.v1 import permissions_pb2 as pb
from services.consent.domain.channels import Channel
from services.consent.handlers import permission
from services.consent.storage import PostgresStore

CUSTOMERS = (1_000, 10_000, 100_000)
ASKED = (1, 1_000)
SECONDS = 0.5
PURPOSE = "kraftklubben"

SELECT, STORE, BARE, GRPC = "SELECT 1", "store", "bare call", "through gRPC"
WAYS = (SELECT, STORE, BARE, GRPC)

_METHOD = (
    f"/{service_pb.DESCRIPTOR.services_by_name['ConsentService'].full_name}/BatchCheckPermissions"
)
_NOTICE = """
INSERT INTO notice_version (notice, version, is_material, published_at)
VALUES ('kraftklubben', 1, true, now())
"""
_PURPOSE = """
INSERT INTO purpose (id, rank, notice, channels, name_nn, name_nb, name_en)
VALUES ($1, 1, 'kraftklubben', '{EMAIL}', '', '', '')
"""
_ADD = """
WITH numbered AS (
    SELECT number, lpad(to_hex(number), 32, '0')::uuid AS id
    FROM generate_series($1::integer, $2::integer) AS number
), added AS (
    INSERT INTO customer (id, number, status, email_hash, is_email_confirmed, ask_at)
    SELECT id, number::text, 'ACTIVE', md5(number::text), true, NULL FROM numbered
)
INSERT INTO consent (
    customer_id, purpose, channel, decision, notice_version, position, decided_at
)
SELECT id, $3, 'EMAIL', 'GIVEN', 1, number, now() FROM numbered
"""

Figures = Mapping[tuple[int, int, str], float]


async def measure() -> Figures:
    """Measures every way with every number of customers; returns the medians, in milliseconds."""
    with alone("consent", identity="localhost:1", events="localhost:1") as service:
        connection = await postgres.connect(service.url)
        await connection.execute(_NOTICE)
        await connection.execute(_PURPOSE, PURPOSE)
        outbox = Outbox("consent", SystemIds(), SystemClock())
        async with Database.open(service.url, outbox) as database:
            figures: dict[tuple[int, int, str], float] = {}
            known = 0
            for customers in CUSTOMERS:
                await connection.execute(_ADD, known + 1, customers, PURPOSE)
                await connection.execute("ANALYZE")
                known = customers
                for asked in ASKED:
                    taken = await _in_turns(service, connection, database, customers, asked)
                    for way, milliseconds in taken.items():
                        figures[customers, asked, way] = statistics.median(milliseconds)
        await connection.close()
    return figures


async def _in_turns(
    service: Service, connection: Connection, database: Database, customers: int, asked: int
) -> Mapping[str, Sequence[float]]:
    step = max(customers // asked, 1)
    ids = [UUID(int=1 + place * step) for place in range(asked)]
    request = pb.BatchCheckPermissionsRequest(
        purpose=PURPOSE, channels=[consents_pb2.EMAIL], customer_ids=map(str, ids)
    )
    taken: dict[str, list[float]] = {way: [] for way in WAYS}
    async with contextlib.AsyncExitStack() as stack:
        through = await stack.enter_async_context(_call(service.pki, service.port))
        answer = await through(request, timeout=5.0)
        if any(each.permission != pb.ALLOWED for each in answer.permissions):
            raise AssertionError("somebody who has said yes may not be written to")
        bare_port, _ = stack.enter_context(served(_Bare(answer.SerializeToString()), service.pki))
        bare = await stack.enter_async_context(_call(service.pki, bare_port))

        async def store() -> None:
            async with database.transaction() as transaction:
                await permission.check(PostgresStore(transaction), PURPOSE, ids, [Channel.EMAIL])

        ways: Mapping[str, Ask] = {
            SELECT: lambda: connection.fetchval("SELECT 1"),
            STORE: store,
            BARE: lambda: bare(request, timeout=5.0),
            GRPC: lambda: through(request, timeout=5.0),
        }
        for _, (way, ask) in itertools.product(range(ROUNDS), ways.items()):
            taken[way].append((await load([ask], SECONDS, sys.maxsize)).p50_ms)
    return taken


class _Bare:
    """Serves one answer; made here, and run in another process."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    @contextlib.asynccontextmanager
    async def __call__(self, pki: LocalPki) -> AsyncGenerator[int]:
        answer = pb.BatchCheckPermissionsResponse.FromString(self._answer)

        async def tell(_request: Any, _context: object) -> pb.BatchCheckPermissionsResponse:
            return answer

        read = pb.BatchCheckPermissionsRequest.FromString
        async with bare_server(pki, tell, read, serialize, method=_METHOD) as port:
            yield port


@contextlib.asynccontextmanager
async def _call(pki: LocalPki, port: int) -> AsyncGenerator[Any]:
    credentials = pki.identity("events").channel_credentials()
    async with grpc.aio.secure_channel(f"localhost:{port}", credentials) as channel:
        await channel.channel_ready()
        yield channel.unary_unary(_METHOD, serialize, pb.BatchCheckPermissionsResponse.FromString)


def report(figures: Figures) -> str:
    """Returns the figures as a table."""
    rows = [
        (
            f"{asked:,}",
            f"{customers:,}",
            *(f"{figures[customers, asked, way]:.2f}" for way in WAYS),
            f"{figures[customers, asked, STORE] / figures[customers, asked, SELECT]:.1f}",
            f"{figures[customers, asked, GRPC] / figures[customers, asked, BARE]:.1f}",
        )
        for asked in ASKED
        for customers in CUSTOMERS
    ]
    ratios = (f"{STORE} : {SELECT}", f"{GRPC} : {BARE}")
    return table(("asked for", "customers", *(f"{way}, ms" for way in WAYS), *ratios), rows)


if __name__ == "__main__":
    print(report(uvloop.run(measure())))
