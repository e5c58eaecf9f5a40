"""Servers that are measured run in processes of their own."""

import asyncio
import contextlib
import multiprocessing
import os
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import uvloop

from kit import access, jwt
from kit.access import Caller
from kit.local.pki import LocalPki
from kit.memory import collect_rarely
from kundeapp.metering.v1 import metering_service_pb2 as pb

SERVICE = pb.DESCRIPTOR.services_by_name["MeteringService"]
GET_USAGE = f"/{SERVICE.full_name}/GetUsage"

_STANDARD_OUTPUT = 1

Serving = Callable[[LocalPki], AbstractAsyncContextManager[int]]


@contextlib.contextmanager
def served(serving: Serving, pki: LocalPki) -> Generator[tuple[int, Connection]]:
    """Runs a server in a process of its own.

    Yields:
        Its port, and a connection that answers each message with the process's CPU time so far, in
        seconds.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(serving, pki, there), daemon=True)
    process.start()
    there.close()
    try:
        yield here.recv(), here
    finally:
        here.close()
        process.join()


def _serve(serving: Serving, pki: LocalPki, parent: Connection) -> None:
    async def work() -> None:
        gone = asyncio.Event()

        def tell() -> None:
            try:
                parent.recv()
                parent.send(time.process_time())
            except EOFError:
                gone.set()

        async with serving(pki) as port:
            collect_rarely()  # as every process of ours does
            parent.send(port)
            asyncio.get_running_loop().add_reader(parent.fileno(), tell)
            await gone.wait()
            asyncio.get_running_loop().remove_reader(parent.fileno())

    with Path(os.devnull).open("w") as nowhere:
        # The log goes to the process's own output, whatever stands in for it in Python.
        os.dup2(nowhere.fileno(), _STANDARD_OUTPUT)
        uvloop.run(work())


@contextlib.asynccontextmanager
async def bare_server(
    pki: LocalPki,
    answer: Callable[[Any, Any], Any],
    read: Callable[[bytes], Any],
    write: Callable[[Any], bytes],
    method: str = GET_USAGE,
) -> AsyncGenerator[int]:
    """Serves one method with nothing around it but mutual TLS; yields the port."""
    handler = grpc.unary_unary_rpc_method_handler(answer, read, write)
    service, name = method.strip("/").split("/")
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler(service, {name: handler})]
    )
    port = server.add_secure_port("127.0.0.1:0", pki.identity("metering").server_credentials())
    await server.start()
    try:
        yield port
    finally:
        await server.stop(None)


def call_metadata(pki: LocalPki, customers: tuple[UUID, ...]) -> list[tuple[str, str]]:
    """Returns what the gateway sends along when a customer asks."""
    key = jwt.KeyFile(pki.internal_signing_keys).signing_key()
    now = datetime.now(UTC)
    caller = Caller(
        account_id=UUID(int=1),
        session_id=UUID(int=2),
        customer_ids=customers,
        authenticated_at=now - timedelta(minutes=1),
        methods=("pwd",),
    )
    return [
        ("accept-language", "nn"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"),
        ("authorization", f"Bearer {access.mint_internal_token(key, caller, now).value}"),
    ]


def serialize(message: Any) -> bytes:
    """Returns a message as it travels."""
    return message.SerializeToString()
