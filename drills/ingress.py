"""HTTP/1.1 as an ingress in front of the gateway speaks it: a few connections for very many people.

Made to cost little, since whoever makes the load shares the machine with who bears it.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import orjson

_END_OF_HEAD = b"\r\n\r\n"
_NO_ANSWER_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        status: The status, 0 if there was no answer.
        retry_after: The seconds of a Retry-After header, None without one.
        body: The content, a reason if there was no answer.
    """

    status: int
    retry_after: int | None
    body: bytes

    def json(self) -> Mapping[str, Any]:
        """Returns the content."""
        content: Mapping[str, Any] = orjson.loads(self.body)
        return content

    @property
    def code(self) -> str:
        """The reason of a refusal, empty for an answer that is none."""
        if not self.status:
            return self.body.decode()
        return "" if self.status < 400 else str(self.json()["code"])  # noqa: PLR2004 - refusals


@dataclass(frozen=True, slots=True)
class Ask:
    """A request.

    Attributes:
        method: The method.
        path: Path and query.
        network: The address of whoever asks, as the proxy saw it.
        token: The access token, empty for nobody's.
        body: JSON to be sent.
        key: The Idempotency-Key.
        traceparent: The trace to be continued.
    """

    method: str
    path: str
    network: str
    token: str = ""
    body: Mapping[str, object] | None = None
    key: str = ""
    traceparent: str = ""

    def written(self) -> bytes:
        """Returns the request as it is sent."""
        lines = [
            f"{self.method} {self.path} HTTP/1.1",
            "Host: localhost",
            f"X-Forwarded-For: {self.network}",
        ]
        if self.token:
            lines.append(f"Authorization: Bearer {self.token}")
        if self.key:
            lines.append(f"Idempotency-Key: {self.key}")
        if self.traceparent:
            lines.append(f"traceparent: {self.traceparent}")
        content = b""
        if self.body is not None:
            content = orjson.dumps(self.body)
            lines += ("Content-Type: application/json", f"Content-Length: {len(content)}")
        return "\r\n".join((*lines, "", "")).encode() + content


class Connections:
    """Connections to a gateway; a request takes one that is free, or a new one."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._free: list[_Connection] = []
        self._streams: list[_Connection] = []

    async def ask(self, request: Ask) -> Answer:
        """Sends a request, and returns what came of it, whatever that is."""
        connection: _Connection | None = None
        try:
            connection = await self._one_that_is_free()
            async with asyncio.timeout(_NO_ANSWER_SECONDS):
                answer = await connection.ask(request.written())
        except (OSError, TimeoutError) as error:
            if connection is not None:
                connection.close()
            return Answer(0, None, type(error).__name__.encode())
        if connection.is_open:
            self._free.append(connection)
        return answer

    async def watch(self, request: Ask) -> Answer:
        """Opens a live stream, which stays open; returns how it began."""
        try:
            connection = await self._connect()
            async with asyncio.timeout(_NO_ANSWER_SECONDS):
                answer = await connection.ask(request.written())
        except (OSError, TimeoutError) as error:
            return Answer(0, None, type(error).__name__.encode())
        self._streams.append(connection)
        return answer

    @property
    def streams(self) -> int:
        """How many live streams are open."""
        return sum(stream.is_open for stream in self._streams)

    def close(self) -> None:
        """Closes all connections."""
        for connection in (*self._free, *self._streams):
            connection.close()

    async def _one_that_is_free(self) -> "_Connection":
        while self._free:
            connection = self._free.pop()
            if connection.is_open:
                return connection
        return await self._connect()

    async def _connect(self) -> "_Connection":
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(_Connection, self._host, self._port)
        return connection


class _Connection(asyncio.Protocol):
    """One connection, with one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._read = bytearray()
        self.is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.is_open = True

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError())

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():
            return  # what a live stream tells
        self._read += data
        end = self._read.find(_END_OF_HEAD)
        if end < 0:
            return
        head = bytes(self._read[:end]).lower()
        length = _header(head, b"content-length")
        begin = end + len(_END_OF_HEAD)
        if length is None:  # a live stream has begun
            length = 0
        if len(self._read) - begin < length:
            return
        status = int(head[9:12])
        body = bytes(self._read[begin : begin + length])
        self._read.clear()
        if b"\r\nconnection: close" in head:
            self.close()
        self._answer.set_result(Answer(status, _header(head, b"retry-after"), body))

    async def ask(self, request: bytes) -> Answer:
        if self._transport is None or not self.is_open:
            raise ConnectionResetError
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        self.is_open = False
        if self._transport is not None:
            self._transport.close()


def _header(head: bytes, name: bytes) -> int | None:
    """Returns the number that a header says, None without it."""
    at = head.find(b"\r\n" + name + b": ")
    if at < 0:
        return None
    return int(head[at + len(name) + 4 :].partition(b"\r\n")[0])
