"""Clients that hold a connection and do nothing with it keep nobody else out for long."""

import asyncio
import contextlib
import socket
from collections.abc import Generator
from pathlib import Path
from uuid import uuid4

import pytest

from gateway.live import PATH as STREAM
from tests.integration.gateway.conftest import House, house
from tests.security.wire import HOST, address, received, statuses

GOOD = f"GET /healthz HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n"
POST = f"POST /v1/sessions HTTP/1.1\r\n{HOST}Content-Type: application/json\r\n"
LARGE = f"GET /openapi.json HTTP/1.1\r\n{HOST}\r\n" * 20
WATCHERS = 300
SMALLEST_BUFFER = 4096

SLOW = {
    "says nothing": "",
    "begins a head": "GET /v1/me HTTP/1.1\r\nX",
    "begins its content": f"{POST}Content-Length: 10\r\n\r\n{{",
    "begins a chunk": f"{POST}Transfer-Encoding: chunked\r\n\r\n5\r\n{{",
    "has had an answer": f"GET /healthz HTTP/1.1\r\n{HOST}\r\n",
    "reads nothing": LARGE,
}


@contextlib.contextmanager
def holding(gateway: House, *, sent: str) -> Generator[None]:
    """Holds a connection, and reads nothing of what comes."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALLEST_BUFFER)
        held.connect(address(gateway))
        held.sendall(sent.encode())
        yield


async def is_served(gateway: House, *, seconds: float) -> bool:
    """Tells whether another client is answered in that time."""
    try:
        async with asyncio.timeout(seconds):
            return statuses(await received(gateway, GOOD)) == [200]
    except TimeoutError:
        return False


@pytest.mark.parametrize("sent", SLOW.values(), ids=SLOW)
async def test_a_client_that_is_slow_loses_its_place(tmp_path: Path, sent: str) -> None:
    soon = 0.5
    async with house(
        tmp_path, max_connections=1, body_timeout=soon, reading_timeout=soon
    ) as gateway:
        await gateway.http.aclose()
        with holding(gateway, sent=sent):
            assert await is_served(gateway, seconds=15)


@pytest.mark.parametrize("sent", ["", LARGE], ids=["says nothing", "reads nothing"])
async def test_a_client_that_is_given_time_keeps_its_place(tmp_path: Path, sent: str) -> None:
    """The negative control: the others are kept out for as long as nobody ends the connection."""
    async with house(tmp_path, max_connections=1) as gateway:
        await gateway.http.aclose()
        with holding(gateway, sent=sent):
            assert not await is_served(gateway, seconds=2)


async def test_hundreds_who_watch_keep_nobody_out(tmp_path: Path) -> None:
    async with house(tmp_path) as gateway, contextlib.AsyncExitStack() as stack:
        for _ in range(WATCHERS):
            token = gateway.backend.token(account=uuid4())
            reader, writer = await asyncio.open_connection(*address(gateway))
            stack.callback(writer.close)
            head = f"GET {STREAM} HTTP/1.1\r\n{HOST}Authorization: Bearer {token}\r\n\r\n"
            writer.write(head.encode())
            async with asyncio.timeout(15):
                await reader.readuntil(b"event: ready\n")
        assert await is_served(gateway, seconds=15)
