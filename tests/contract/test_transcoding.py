"""Ours and Envoy's transcoder, side by side: each difference is gone, or listed with its reason.

Envoy leaves unset messages and wrappers out where ours says null (docs/decisions/
0002-http-from-protos.md); nulls are therefore not compared.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import grpc
import httpx
import orjson
import pytest
from google.api import annotations_pb2, httpbody_pb2
from google.protobuf import descriptor_pb2, message_factory
from google.protobuf.message import Message
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from gateway.app import Application, Limits
from gateway.session import ACCESS_TOKEN_TYPE, AccessKeys, Sessions
from gateway.transcoder import Transcoder
from gateway.upstream import Upstreams
from kit import errors, jwt
from kit.clock import SystemClock
from kit.local.processes import free_port
from kit.testing.envoy import envoy
from tests.contract.cases import CASES, Case
from tests.protos import compiled

SERVICE = compiled.echo().services_by_name["EchoService"]


@dataclass
class Both:
    """Clients of the two."""

    ours: httpx.AsyncClient
    envoys: httpx.AsyncClient


@contextlib.asynccontextmanager
async def echo() -> AsyncGenerator[int]:
    """Answers each request with what has its shape; yields the port."""
    handlers = {
        rpc.name: grpc.unary_unary_rpc_method_handler(
            _echo_as(message_factory.GetMessageClass(rpc.output_type)),
            request_deserializer=message_factory.GetMessageClass(rpc.input_type).FromString,
            response_serializer=_serialize,
        )
        for rpc in SERVICE.methods
    }
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(SERVICE.full_name, handlers),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield port
    await server.stop(None)


def _echo_as(answer_type: type[Message]) -> Any:
    async def answer(request: Any, _context: Any) -> Message:
        if answer_type is httpbody_pb2.HttpBody:
            return httpbody_pb2.HttpBody(content_type="text/plain", data=request.name.encode())
        return request if isinstance(request, answer_type) else answer_type()

    return answer


def _serialize(message: Message) -> bytes:
    return message.SerializeToString()


@contextlib.asynccontextmanager
async def ours(folder: Path, backend_port: int) -> AsyncGenerator[str]:
    """Serves the echo service through our transcoder; yields the URL."""

    async def no_keys() -> str:
        raise errors.Unavailable

    clock = SystemClock()
    kind = jwt.TokenKind(ACCESS_TOKEN_TYPE, "", "")
    sessions = Sessions(AccessKeys(no_keys, clock), kind, jwt.KeyFile(folder / "none"), clock)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{backend_port}") as channel:
        upstreams = Upstreams({SERVICE.file.package: channel})
        application = Application(
            Transcoder([SERVICE]), upstreams, sessions, {}, Limits(), clock=clock, origin=""
        )
        port = free_port()
        server = Server(
            application,
            port=port,
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            websockets=False,
            log_enabled=False,
        )
        serving = asyncio.create_task(server.serve())
        yield f"http://127.0.0.1:{port}"
        server.stop()
        await serving


@pytest.fixture(scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Both]:
    folder = tmp_path_factory.mktemp("envoy")
    async with (
        echo() as port,
        ours(folder, port) as our_url,
        envoy(folder, _descriptors(), SERVICE.full_name, port) as theirs,
        httpx.AsyncClient(base_url=our_url, trust_env=False) as our_client,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{theirs.port}", trust_env=False
        ) as envoys_client,
    ):
        yield Both(our_client, envoys_client)


def _descriptors() -> bytes:
    """Returns the protos without `response_body`: Envoy does not start with one."""
    files = descriptor_pb2.FileDescriptorSet.FromString(
        compiled.descriptor_set("tests/echo/v1/echo.proto")
    )
    for method in (m for file in files.file for service in file.service for m in service.method):
        method.options.Extensions[annotations_pb2.http].ClearField("response_body")
    return files.SerializeToString()


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_both_answer_the_same_or_the_difference_is_listed(both: Both, case: Case) -> None:
    mine = await _answer(both.ours, case)
    theirs = await _answer(both.envoys, case)
    assert mine[0] == case.status, mine
    if case.differs is None:
        assert mine == theirs
    else:
        assert mine != theirs, f"no longer differs: {case.differs}"


async def _answer(client: httpx.AsyncClient, case: Case) -> tuple[int, str, object]:
    """Returns status, type, and what an answer says; a refusal's words are each one's own."""
    method, _, target = case.request.partition(" ")
    url = httpx.URL(client.base_url, raw_path=target.encode("ascii"))
    response = await client.request(method, url, content=case.body or None, headers=case.headers)
    if not response.is_success:
        return response.status_code, "", None
    media_type = response.headers["content-type"]
    content: object = response.content
    if media_type == "application/json":
        content = _without_nulls(orjson.loads(response.content))
    return response.status_code, media_type, content


def _without_nulls(value: object) -> object:
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, object]", value)
        return {name: _without_nulls(item) for name, item in fields.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in cast("list[object]", value)]
    return value
