"""One trace, from a gRPC request through transaction, outbox and bus to the consumer."""

from collections.abc import AsyncGenerator, Sequence

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from kit.database import Database, Transaction
from kit.server import Call
from kit.telemetry import Trace
from kit.testing import Neighbours, eventually, recorded_spans
from kundeapp.identity.v1 import identity_events_pb2 as events_pb
from kundeapp.identity.v1 import identity_service_pb2 as pb
from tests.integration.kit.test_server import serving
from tests.integration.kit.world import World, heard, note

TRACE_ID = 0x4BF92F3577B34DA6A3CE929D0E0E4736
SECRET = "an argument that nobody may read"


@pytest.fixture
async def spans() -> AsyncGenerator[InMemorySpanExporter]:
    with recorded_spans() as exporter:
        yield exporter


async def call_and_consume(
    neighbours: Neighbours, world: World, *, sampled: bool, fails: bool = False
) -> Sequence[str | None]:
    """Makes a request that publishes an event, waits for its effect; returns the bus's trace."""
    trace = Trace(TRACE_ID, 0x00F067AA0BA902B7, sampled=sampled)
    [event] = world.events(1)
    tries: list[str] = []

    async def handle(arrived: events_pb.SessionEnded, transaction: Transaction) -> None:
        tries.append(arrived.account_id)
        if fails and len(tries) == 1:
            raise LookupError
        await note(arrived, transaction)

    async def end_session(
        database: Database, _request: pb.CreateSessionRequest, _call: Call
    ) -> pb.Session:
        async with database.transaction() as transaction:
            await transaction.connection.execute("SELECT $1::text", SECRET)
            transaction.publish(event)
        async with database.reader() as connection:
            await connection.execute("SELECT 2")
        return pb.Session()

    async with world.database() as database:

        async def behave(request: pb.CreateSessionRequest, call: Call) -> pb.Session:
            return await end_session(database, request, call)

        async with (
            serving(neighbours, behave) as house,
            world.relaying() as bus,
            world.consuming(handle, database),
        ):
            await house.call(traceparent=trace.traceparent)
            await eventually(lambda: _happened(world))
            found = await heard(bus, world.subject, 1, f"trace-{world.topic}")
    return [envelope.trace.traceparent if envelope.trace else None for envelope in found]


async def test_a_sampled_trace_is_one_from_the_request_to_the_consumer(
    neighbours: Neighbours, world: World, spans: InMemorySpanExporter
) -> None:
    [on_the_bus] = await call_and_consume(neighbours, world, sampled=True)
    finished = spans.get_finished_spans()
    assert {_context(span).trace_id for span in finished} == {TRACE_ID}
    by_name = {span.name: span for span in finished if span.name != "sql"}
    request = by_name["kundeapp.identity.v1.IdentityService.CreateSession"]
    consumed = by_name[f"test-{world.topic} kundeapp.identity.v1.SessionEnded"]
    published_in = _parent_of(consumed, finished)
    assert published_in.name == "transaction"
    assert _parent_of(published_in, finished) is request
    assert request.parent is not None
    assert request.parent.span_id == 0x00F067AA0BA902B7
    assert on_the_bus == Trace(TRACE_ID, _context(published_in).span_id, sampled=True).traceparent


async def test_statements_are_recorded_without_their_arguments(
    neighbours: Neighbours, world: World, spans: InMemorySpanExporter
) -> None:
    await call_and_consume(neighbours, world, sampled=True)
    finished = spans.get_finished_spans()
    statements = [
        str((span.attributes or {})["db.query.text"]) for span in finished if span.name == "sql"
    ]
    assert "SELECT $1::text" in statements
    assert "SELECT 2" in statements
    assert any("INSERT INTO outbox" in statement for statement in statements)
    assert any("INSERT INTO inbox" in statement for statement in statements)
    recorded = "".join(span.to_json() for span in finished)
    assert SECRET not in recorded
    [what] = await world.effects()
    assert what not in recorded


async def test_an_unsampled_trace_keeps_its_id_and_records_nothing(
    neighbours: Neighbours, world: World, spans: InMemorySpanExporter
) -> None:
    [on_the_bus] = await call_and_consume(neighbours, world, sampled=False)
    assert spans.get_finished_spans() == ()
    trace = Trace.parse(on_the_bus)
    assert trace is not None
    assert (trace.trace_id, trace.sampled) == (TRACE_ID, False)


async def test_what_fails_in_an_unsampled_trace_is_recorded(
    neighbours: Neighbours, world: World, spans: InMemorySpanExporter
) -> None:
    await call_and_consume(neighbours, world, sampled=False, fails=True)
    failed = spans.get_finished_spans()
    assert failed
    assert {_context(span).trace_id for span in failed} == {TRACE_ID}
    assert not any(span.status.is_ok for span in failed)


async def _happened(world: World) -> bool:
    return bool(await world.effects())


def _context(span: ReadableSpan) -> Trace:
    context = span.context
    assert context is not None
    return Trace(context.trace_id, context.span_id, context.trace_flags.sampled)


def _parent_of(span: ReadableSpan, spans: Sequence[ReadableSpan]) -> ReadableSpan:
    parent = span.parent
    assert parent is not None
    [found] = [other for other in spans if _context(other).span_id == parent.span_id]
    return found
