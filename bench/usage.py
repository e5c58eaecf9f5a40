"""What a customer waits for: usage through the gateway, beside its parts without ours around them.

One run asks the same questions, from a day's hours to a year's with every line of their cost, in
four ways, with 1 and with 16 connections that are kept: through the gateway over HTTP; of metering
itself over gRPC; of an empty grpc.aio server that answers with the same bytes; and of PostgreSQL by
asyncpg, with the very statement and arguments that metering sends. Rounds take turns, and medians
are shown. The one who asks runs on the same machine and takes a part of it.
"""

import asyncio
import contextlib
import functools
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

import grpc
import uvloop

from bench.measure import ROUNDS, Ask, Load, load, median_load, table
from bench.servers import GET_USAGE, bare_server, call_metadata, serialize, served
from bench.suite import Suite, running
from kit import postgres
from kit.local.pki import LocalPki
from kit.postgres import Connection
from kundeapp.metering.v1 import usage_pb2 as pb
from services.metering.domain.period import Resolution, parse_period
from services.metering.domain.readings import Direction
from services.metering.storage import PostgresReader

if TYPE_CHECKING:
    from asyncpg.connection import LoggedQuery

CONNECTIONS = (1, 16)
SECONDS = 0.5
MOST = 5_000

GATEWAY = "gateway, HTTP"
METERING = "metering, gRPC"
EMPTY = "empty grpc.aio, same bytes"
DATABASE = "asyncpg, same SQL"
WAYS = (GATEWAY, METERING, EMPTY, DATABASE)

TODAY = date(2026, 11, 1)
_TIMEOUT = 5.0


@dataclass(frozen=True)
class Question:
    """What is asked of the household's metering point.

    Attributes:
        name: What people call it.
        resolution: The length of a bucket.
        from_date: The first local date.
        to_date: The local date to end before.
        view: How much is told.
    """

    name: str
    resolution: Resolution
    from_date: str
    to_date: str
    view: str = "BASIC"

    def message(self, gsrn: str) -> pb.GetUsageRequest:
        """Returns it as metering is asked."""
        return pb.GetUsageRequest(
            gsrn=gsrn,
            resolution=pb.Usage.Resolution.Value(self.resolution.value),
            from_date=self.from_date,
            to_date=self.to_date,
            view=pb.Usage.View.Value(self.view),
        )


QUESTIONS = (
    Question("a day's hours", Resolution.HOUR, "2026-04-06", "2026-04-07"),
    Question("a month of days", Resolution.DAY, "2026-04-01", "2026-05-01"),
    Question("a year of months", Resolution.MONTH, "2025-01-01", "2026-01-01"),
    Question("a year of hours", Resolution.HOUR, "2025-01-01", "2026-01-01"),
    Question("a year of hours, FULL", Resolution.HOUR, "2025-01-01", "2026-01-01", "FULL"),
)

Way = Callable[[Question], AbstractAsyncContextManager[Ask]]


@dataclass(frozen=True)
class Result:
    """How a question fared in one way.

    Attributes:
        question: What was asked.
        way: How.
        connections: On how many connections.
        load: The median of each figure over the rounds.
    """

    question: str
    way: str
    connections: int
    load: Load


async def measure() -> Sequence[Result]:
    """Starts the suite and measures every question in every way."""
    with running(TODAY) as suite:
        customer = await _customer_id(suite)
        metadata = call_metadata(suite.pki, (customer,))
        answers = await _answers(suite, metadata)
        with served(functools.partial(_canned, answers=answers), suite.pki) as (port, _):
            ways: Mapping[str, Way] = {
                GATEWAY: functools.partial(_through_gateway, suite),
                METERING: functools.partial(_of_metering, suite, customer),
                EMPTY: functools.partial(_of_empty_server, suite, port),
                DATABASE: functools.partial(_of_database, suite, customer),
            }
            return [
                result
                for connections in CONNECTIONS
                for question in QUESTIONS
                for result in await _compare(question, ways, connections)
            ]


def report(results: Sequence[Result]) -> str:
    """Returns the figures as a table."""
    rows: dict[tuple[str, int], dict[str, Load]] = {}
    for result in results:
        rows.setdefault((result.question, result.connections), {})[result.way] = result.load
    header = ("question", "connections", *WAYS, "asyncpg : gateway", "empty : gateway")
    return table(header, (_row(*asked, loads) for asked, loads in rows.items()))


def _row(question: str, connections: int, loads: Mapping[str, Load]) -> Sequence[str]:
    own, empty, database = (loads[way].per_second for way in (GATEWAY, EMPTY, DATABASE))
    cells = (
        f"{each.per_second:,.0f}/s, {each.p50_ms:.2f} / {each.p99_ms:.2f} ms"
        for each in (loads[way] for way in WAYS)
    )
    return question, f"{connections}", *cells, f"{database / own:.1f}", f"{empty / own:.1f}"


async def _compare(
    question: Question, ways: Mapping[str, Way], connections: int
) -> Sequence[Result]:
    async with contextlib.AsyncExitStack() as stack:
        clients = {
            name: [await stack.enter_async_context(way(question)) for _ in range(connections)]
            for name, way in ways.items()
        }
        for asks in clients.values():
            await load(asks, SECONDS / 4, MOST)
        rounds = [
            {name: await load(asks, SECONDS, MOST) for name, asks in clients.items()}
            for _ in range(ROUNDS)
        ]
    return [
        Result(question.name, name, connections, median_load(each[name] for each in rounds))
        for name in ways
    ]


@contextlib.asynccontextmanager
async def _through_gateway(suite: Suite, question: Question) -> AsyncGenerator[Ask]:
    query = f"resolution={question.resolution.value}&view={question.view}&from={question.from_date}"
    request = (
        f"GET /v1/meteringPoints/{suite.gsrn}/usage?{query}&to={question.to_date} HTTP/1.1\r\n"
        f"Host: localhost\r\nAuthorization: Bearer {suite.access_token}\r\n\r\n"
    ).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", suite.gateway, limit=2**22)

    async def ask() -> bytes:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 200 "):
            raise RuntimeError(head.decode())
        length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
        return await reader.readexactly(int(length))

    try:
        yield ask
    finally:
        writer.close()
        await writer.wait_closed()


@contextlib.asynccontextmanager
async def _of_metering(suite: Suite, customer: UUID, question: Question) -> AsyncGenerator[Ask]:
    metadata = call_metadata(suite.pki, (customer,))
    async with _grpc_client(suite, suite.metering, question, metadata) as ask:
        yield ask


@contextlib.asynccontextmanager
async def _of_empty_server(suite: Suite, port: int, question: Question) -> AsyncGenerator[Ask]:
    async with _grpc_client(suite, port, question, ()) as ask:
        yield ask


@contextlib.asynccontextmanager
async def _grpc_client(
    suite: Suite, port: int, question: Question, metadata: Sequence[tuple[str, str]]
) -> AsyncGenerator[Ask]:
    request = question.message(suite.gsrn)
    # gRPC shares a connection between equal channels unless it is told not to.
    options = (("grpc.use_local_subchannel_pool", 1),)
    credentials = suite.pki.identity("gateway").channel_credentials()
    async with grpc.aio.secure_channel(f"localhost:{port}", credentials, options) as channel:
        call: Any = channel.unary_unary(GET_USAGE, serialize, pb.Usage.FromString)

        def ask() -> Awaitable[pb.Usage]:
            return call(request, timeout=_TIMEOUT, metadata=metadata)

        yield ask


@contextlib.asynccontextmanager
async def _of_database(suite: Suite, customer: UUID, question: Question) -> AsyncGenerator[Ask]:
    connection = await postgres.connect(suite.database_url)
    statement = await _statement(connection, suite.gsrn, customer, question)

    async def ask() -> object:
        return await connection.fetchrow(statement.query, *statement.args)

    try:
        yield ask
    finally:
        await connection.close()


async def _statement(
    connection: Connection, gsrn: str, customer: UUID, question: Question
) -> "LoggedQuery":
    """Returns what metering asks its database."""
    period = parse_period(question.from_date, question.to_date, question.resolution)

    async def ask() -> None:
        await PostgresReader(connection).held(
            gsrn, (customer,), Direction.CONSUMPTION, period.months
        )

    await ask()  # asyncpg asks for types first
    sent: asyncio.Future[LoggedQuery] = asyncio.get_running_loop().create_future()
    with connection.query_logger(sent.set_result):
        await ask()
        return await sent


@contextlib.asynccontextmanager
async def _canned(pki: LocalPki, answers: Mapping[bytes, bytes]) -> AsyncGenerator[int]:
    """Serves answers that are known beforehand; yields the port."""

    async def answer(request: bytes, _context: object) -> bytes:
        return answers[request]

    async with bare_server(pki, answer, bytes, bytes) as port:
        yield port


async def _answers(suite: Suite, metadata: Sequence[tuple[str, str]]) -> Mapping[bytes, bytes]:
    """Returns what metering answers, by request, as both travel."""
    credentials = suite.pki.identity("gateway").channel_credentials()
    async with grpc.aio.secure_channel(f"localhost:{suite.metering}", credentials) as channel:
        call: Any = channel.unary_unary(GET_USAGE, bytes, bytes)
        requests = [serialize(question.message(suite.gsrn)) for question in QUESTIONS]
        return {request: await call(request, metadata=metadata) for request in requests}


async def _customer_id(suite: Suite) -> UUID:
    connection = await postgres.connect(suite.database_url)
    try:
        customer: UUID = await connection.fetchval(
            "SELECT id FROM customer WHERE number = $1", suite.customer_number
        )
    finally:
        await connection.close()
    return customer


if __name__ == "__main__":
    print(report(uvloop.run(measure())))
