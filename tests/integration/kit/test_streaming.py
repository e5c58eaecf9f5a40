"""An answer in many messages: guarded like any other, and ended with its caller."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

import grpc
import prometheus_client
import pytest
from google.rpc import error_details_pb2, status_pb2

from kit import errors, status
from kit.access import Caller, InternalTokens
from kit.clock import SystemClock
from kit.ids import SystemIds
from kit.jwt import KeyFile
from kit.server import Call, Server
from kit.settings import ServiceSettings
from kit.testing import Neighbours
from kundeapp.consent.v1 import consent_service_pb2
from kundeapp.consent.v1 import permissions_pb2 as pb

SERVICE = consent_service_pb2.DESCRIPTOR.services_by_name["ConsentService"]
METHOD = f"{SERVICE.full_name}.ExportAudience"
STAFF = Caller(
    account_id=SystemIds().new_id(),
    session_id=SystemIds().new_id(),
    roles=frozenset({"OPERATOR"}),
    authenticated_at=datetime.now(UTC),
    methods=("mfa",),
)
LARGE = ["x" * 1024] * 1024
Behaviour: TypeAlias = Callable[
    [pb.ExportAudienceRequest, Call], AsyncGenerator[pb.ExportAudienceResponse]
]
Stream: TypeAlias = "grpc.aio.UnaryStreamCall[Any, pb.ExportAudienceResponse]"


class Servicer:
    """Does what a test says in ExportAudience, and nothing in any other RPC."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.ExportAudience = behaviour

    def __getattr__(self, name: str) -> Any:
        return None


@dataclass
class House:
    """A server, and a channel to it."""

    neighbours: Neighbours
    channel: grpc.aio.Channel

    def call(self, caller: Caller | None = STAFF, seconds: float | None = 30) -> Stream:
        """Calls the RPC that the test made."""
        rpc = self.channel.unary_stream(
            f"/{SERVICE.full_name}/ExportAudience",
            pb.ExportAudienceRequest.SerializeToString,
            pb.ExportAudienceResponse.FromString,
        )
        metadata = (("accept-language", "en"), *self.neighbours.metadata(caller))
        return rpc(pb.ExportAudienceRequest(), timeout=seconds, metadata=metadata)


@contextlib.asynccontextmanager
async def serving(neighbours: Neighbours, behaviour: Behaviour) -> AsyncGenerator[House]:
    settings = neighbours.settings(
        ServiceSettings, "postgresql://nowhere", workload="consent", grace_seconds=0
    )
    tokens = InternalTokens(KeyFile(settings.internal_keys), SystemClock())
    async with (
        Server.serving(SERVICE, Servicer(behaviour), settings, tokens, _is_ready) as server,
        neighbours.channel(server.port) as channel,
    ):
        yield House(neighbours, channel)


async def test_messages_come_in_order_and_then_the_stream_ends(neighbours: Neighbours) -> None:
    before = finished("OK")
    async with serving(neighbours, numbers) as house:
        assert [message.ledger_position async for message in house.call()] == [1, 2, 3]
    assert finished("OK") == before + 1


async def test_a_stream_without_a_message_is_an_answer(neighbours: Neighbours) -> None:
    async def nothing(
        _request: pb.ExportAudienceRequest, _call: Call
    ) -> AsyncGenerator[pb.ExportAudienceResponse]:
        for number in range(0):
            yield pb.ExportAudienceResponse(ledger_position=number)

    async with serving(neighbours, nothing) as house:
        assert [message async for message in house.call()] == []


async def test_nobody_gets_a_message_who_may_not_call(neighbours: Neighbours) -> None:
    entered = list[Call]()

    async def note(
        request: pb.ExportAudienceRequest, call: Call
    ) -> AsyncGenerator[pb.ExportAudienceResponse]:
        entered.append(call)
        async for message in numbers(request, call):
            yield message

    async with serving(neighbours, note) as house:
        messages, told = await _read(house.call(caller=None))
        assert (messages, _reason(told)) == ([], "UNAUTHENTICATED")
        assert entered == []
        assert (await _read(house.call()))[0] == [1, 2, 3]
        assert [call.caller.account_id for call in entered] == [STAFF.account_id]


async def test_a_refusal_after_some_messages_arrives_with_its_facts(
    neighbours: Neighbours,
) -> None:
    async def refuse(
        request: pb.ExportAudienceRequest, call: Call
    ) -> AsyncGenerator[pb.ExportAudienceResponse]:
        async for message in numbers(request, call):
            yield message
        raise errors.TooMany(retryAfter=17)

    async with serving(neighbours, refuse) as house:
        messages, told = await _read(house.call())
    assert messages == [1, 2, 3]
    assert told == status.status_of(errors.TooMany(retryAfter=17), "en")


async def test_a_failure_tells_nothing_of_its_cause(neighbours: Neighbours) -> None:
    async def fail(
        request: pb.ExportAudienceRequest, call: Call
    ) -> AsyncGenerator[pb.ExportAudienceResponse]:
        async for message in numbers(request, call):
            yield message
        raise LookupError("a secret")

    before = finished("INTERNAL")
    async with serving(neighbours, fail) as house:
        messages, told = await _read(house.call())
    assert (messages, _reason(told)) == ([1, 2, 3], "INTERNAL")
    assert "secret" not in str(told)
    assert finished("INTERNAL") == before + 1


async def test_a_caller_who_leaves_ends_what_is_in_the_making(neighbours: Neighbours) -> None:
    ended = asyncio.Event()

    async def hang(
        _request: pb.ExportAudienceRequest, _call: Call
    ) -> AsyncGenerator[pb.ExportAudienceResponse]:
        try:
            yield pb.ExportAudienceResponse(ledger_position=1)
            await asyncio.get_running_loop().create_future()
        finally:
            ended.set()

    async with serving(neighbours, hang) as house:
        call = house.call()
        async for message in call:
            assert message.ledger_position == 1
            call.cancel()
            break
        async with asyncio.timeout(30):
            await ended.wait()


async def test_a_caller_who_leaves_ends_a_stream_that_nobody_reads(
    neighbours: Neighbours,
) -> None:
    """More is never made than the connection holds: the servicer stands at its `yield`."""
    made, ended = list[int](), asyncio.Event()
    streams = list[AsyncGenerator[pb.ExportAudienceResponse]]()

    async def flood(
        _request: pb.ExportAudienceRequest, _call: Call
    ) -> AsyncGenerator[pb.ExportAudienceResponse]:
        try:
            for number in range(1000):
                made.append(number)
                yield pb.ExportAudienceResponse(customer_ids=LARGE)
        finally:
            ended.set()

    def keep(
        request: pb.ExportAudienceRequest, call: Call
    ) -> AsyncGenerator[pb.ExportAudienceResponse]:
        # It is ended because the call is, and not because nobody knows of it any longer.
        streams.append(flood(request, call))
        return streams[-1]

    async with serving(neighbours, keep) as house:
        call = house.call()
        async for _ in call:
            break
        assert not ended.is_set()
        call.cancel()
        async with asyncio.timeout(30):
            await ended.wait()
    assert len(made) < 100


async def test_a_stream_ends_with_its_callers_deadline(neighbours: Neighbours) -> None:
    ended = asyncio.Event()

    async with serving(neighbours, _hanging(ended)) as house:
        _, told = await _read(house.call(seconds=0.2))
        assert status.code_of(told) is grpc.StatusCode.DEADLINE_EXCEEDED
        async with asyncio.timeout(30):
            await ended.wait()


async def test_without_a_deadline_no_message_is_longer_in_the_making_than_an_answer(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.server.LONGEST_CALL_SECONDS", 0.1)
    ended = asyncio.Event()

    async with serving(neighbours, _hanging(ended)) as house:
        messages, told = await _read(house.call(seconds=None))
    assert (messages, _reason(told)) == ([1, 2, 3], "DEADLINE_EXCEEDED")
    assert ended.is_set()


def _hanging(ended: asyncio.Event) -> Behaviour:
    async def hang(
        request: pb.ExportAudienceRequest, call: Call
    ) -> AsyncGenerator[pb.ExportAudienceResponse]:
        try:
            async for message in numbers(request, call):
                yield message
            await asyncio.get_running_loop().create_future()
        finally:
            ended.set()

    return hang


async def numbers(
    _request: pb.ExportAudienceRequest, _call: Call
) -> AsyncGenerator[pb.ExportAudienceResponse]:
    for number in (1, 2, 3):
        yield pb.ExportAudienceResponse(ledger_position=number)


def finished(code: str) -> float:
    """Returns how many calls have ended with a code."""
    labels = {"method": METHOD, "code": code}
    return prometheus_client.REGISTRY.get_sample_value("kundeapp_rpc_seconds_count", labels) or 0


async def _read(call: Stream) -> tuple[Sequence[int], status_pb2.Status]:
    """Reads a stream; returns its messages, and how it ended."""
    found = list[int]()
    try:
        async for message in call:
            found.append(message.ledger_position)
    except grpc.aio.AioRpcError as error:
        return found, status.status_from(error.code(), tuple(error.trailing_metadata() or ()))
    return found, status_pb2.Status()


async def _is_ready() -> None:
    return


def _reason(told: status_pb2.Status) -> str:
    info = error_details_pb2.ErrorInfo()
    assert told.details[0].Unpack(info)
    return info.reason
