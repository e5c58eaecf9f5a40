"""Wires between processes, which can be slow, lossy, cut or dead, and at whose moments one can act.

Each is a proxy on loopback between one client and one server. They live in a thread of their own,
so that whoever holds them may wait.
"""

import asyncio
import contextlib
import json
import random
import ssl
import threading
from collections.abc import Callable, Coroutine, Generator, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeVar

from kit.local.processes import LOOPBACK
from kit.testing.wires.moments import Moment, Tap

if TYPE_CHECKING:
    from concurrent.futures import Future

CLIENT = "client"
SERVER = "server"
RESEND_SECONDS = 0.2
"""How long TCP waits at least until it sends again what was lost (RFC 6298 says a second, Linux
has this)."""

_CHUNK = 256 * 1024
_T = TypeVar("_T")

Watch = Callable[[Moment, "Wire"], bool]
"""Is told of each moment, in the thread of the wires; returns whether the connection is to end, and
what is held at this moment with it."""


@dataclass(eq=False)
class Wire:
    """What lies between a client and a server, and what is wrong with it.

    Attributes:
        client: The process at one end, such as `events, first`.
        server: The process at the other.
        port: Where the client finds the server.
        delay_seconds: How much later all arrives, each way.
        loss: The share of what is sent that has to be sent again.
        is_cut: Whether connections are refused; those that were open ended with a reset.
        dead_ends: From which ends nothing arrives at the other, though the connection stays:
            CLIENT, SERVER, or both. What was sent meanwhile arrives once that is over.
    """

    client: str
    server: str
    port: int = 0
    delay_seconds: float = 0.0
    loss: float = 0.0
    is_cut: bool = False
    dead_ends: frozenset[str] = frozenset()
    _connections: "set[_Connection]" = field(default_factory=set["_Connection"])


class Wires:
    """All wires of a suite."""

    def __init__(self, seed: int = 0) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._servers: list[asyncio.Server] = []
        self._changed = asyncio.Event()
        self._random = random.Random(seed)  # noqa: S311 - which bytes are lost is no secret
        self.wires: list[Wire] = []
        self.watch: Watch | None = None

    @classmethod
    @contextlib.contextmanager
    def held(cls, seed: int = 0) -> Generator[Self]:
        """Holds wires for as long as the context is open."""
        wires = cls(seed)
        wires._thread.start()
        try:
            yield wires
        finally:
            wires._do(wires._close())
            wires._loop.call_soon_threadsafe(wires._loop.stop)
            wires._thread.join()
            wires._loop.close()

    def stretch(
        self,
        client: str,
        server: str,
        port: int,
        tap: Callable[[], Tap],
        *,
        nats_tls: ssl.SSLContext | None = None,
    ) -> Wire:
        """Stretches a wire to a server.

        Args:
            client: The process that connects.
            server: The process that it means to reach.
            port: Where that listens.
            tap: Makes what reads a connection.
            nats_tls: What to show to a client of NATS, which then speaks TLS with the wire, and the
                wire in the clear with the server.
        """
        wire = Wire(client, server)

        async def open_wire() -> None:
            async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await self._connect(wire, port, tap, nats_tls, reader, writer)

            listener = await asyncio.start_server(connect, LOOPBACK, 0, limit=_CHUNK)
            wire.port = listener.sockets[0].getsockname()[1]
            self._servers.append(listener)

        self._do(open_wire())
        self.wires.append(wire)
        return wire

    def slow(self, wires: Iterable[Wire], seconds: float, loss: float = 0.0) -> None:
        """Has all arrive later, and some much later."""
        for wire in wires:
            wire.delay_seconds, wire.loss = seconds, loss

    def silence(self, wires: Iterable[Wire], *ends: str) -> None:
        """Lets nothing from these ends arrive any more, while connections stay."""
        for wire in wires:
            wire.dead_ends = frozenset(ends or (CLIENT, SERVER))

    def cut(self, wires: Iterable[Wire]) -> None:
        """Ends all connections, and refuses new ones."""
        for wire in wires:
            wire.is_cut = True
            self._loop.call_soon_threadsafe(_reset_all, wire)

    def strand(self, wires: Iterable[Wire]) -> None:
        """Lets connections that are open go silent for ever; new ones work (half-open)."""

        async def strand_all() -> None:
            for wire in wires:
                _strand_all(wire)

        self._do(strand_all())

    def mend(self) -> None:
        """Mends all wires."""
        for wire in self.wires:
            wire.delay_seconds, wire.loss, wire.is_cut = 0.0, 0.0, False
            wire.dead_ends = frozenset()
        self._loop.call_soon_threadsafe(self._changed.set)

    def between(self, client: str = "", server: str = "") -> list[Wire]:
        """Returns the wires from a process to another, of any replica; an empty name is any."""
        return [
            wire
            for wire in self.wires
            if wire.client.startswith(client) and wire.server.startswith(server)
        ]

    def _do(self, work: Coroutine[Any, Any, _T]) -> _T:
        future: Future[_T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result()

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        for wire in self.wires:
            _reset_all(wire)
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connect(  # noqa: PLR0917 - what a connection is
        self,
        wire: Wire,
        port: int,
        tap: Callable[[], Tap],
        nats_tls: ssl.SSLContext | None,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        connection = _Connection(reader, writer)
        wire._connections.add(connection)  # noqa: SLF001 - a part of it  # pyright: ignore[reportPrivateUsage]
        try:
            if wire.is_cut:
                connection.reset()
            else:
                await connection.reach(port, nats_tls)
                await self._pass_both_ways(wire, connection, tap())
        except (OSError, asyncio.IncompleteReadError):
            connection.reset()  # one of the ends is gone: so is the other
        finally:
            connection.close()
            wire._connections.discard(connection)  # noqa: SLF001 - a part of it  # pyright: ignore[reportPrivateUsage]

    async def _pass_both_ways(self, wire: Wire, connection: "_Connection", tap: Tap) -> None:
        directions = {
            asyncio.create_task(self._pass(wire, connection, end, tap)) for end in (CLIENT, SERVER)
        }
        _, others = await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        for task in others:
            task.cancel()
        await asyncio.gather(*directions, return_exceptions=True)

    async def _pass(self, wire: Wire, connection: "_Connection", end: str, tap: Tap) -> None:
        reader, writer = connection.ends(end)
        read = tap.from_client if end == CLIENT else tap.from_server
        while data := await _read(reader):
            await self._travel(wire, connection, end)
            for passage in read(data):
                if passage.before and self._ends(passage.before, wire):
                    connection.reset()
                    return
                writer.write(passage.data)
                if passage.after:
                    await writer.drain()
                    if self._ends(passage.after, wire):
                        connection.reset()
                        return
            await writer.drain()
        await self._travel(wire, connection, end)

    async def _travel(self, wire: Wire, connection: "_Connection", end: str) -> None:
        """Takes the time that bytes need on their way, or the end of them."""
        seconds = wire.delay_seconds
        if wire.loss and self._random.random() < wire.loss:
            seconds += RESEND_SECONDS
        if seconds:
            await asyncio.sleep(seconds)
        while connection.is_stranded or end in wire.dead_ends:
            self._changed.clear()
            await self._changed.wait()

    def _ends(self, moment: Moment, wire: Wire) -> bool:
        return self.watch is not None and self.watch(moment, wire)


class _Connection:
    """A connection of a client, and the one that it stands for."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._client = reader, writer
        self._server: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.is_stranded = False

    async def reach(self, port: int, nats_tls: ssl.SSLContext | None) -> None:
        """Connects to the server."""
        self._server = await asyncio.open_connection(LOOPBACK, port, limit=_CHUNK)
        if nats_tls:
            # The server greets in the clear, and asks for TLS in its greeting.
            greeting = await self._server[0].readuntil(b"\r\n")
            said = json.loads(greeting.partition(b" ")[2])
            writer = self._client[1]
            asked = json.dumps({**said, "tls_required": True, "tls_verify": True})
            writer.write(f"INFO {asked}\r\n".encode())
            await writer.start_tls(nats_tls)

    def ends(self, end: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Returns what is read from one end, and what is written to the other."""
        assert self._server is not None  # noqa: S101 - it was reached
        if end == CLIENT:
            return self._client[0], self._server[1]
        return self._server[0], self._client[1]

    def close(self) -> None:
        """Ends both connections once all that was written has left."""
        for _, writer in filter(None, (self._client, self._server)):
            writer.close()

    def reset(self) -> None:
        """Ends both connections at once, whatever is under way."""
        for _, writer in filter(None, (self._client, self._server)):
            writer.transport.abort()


async def _read(reader: asyncio.StreamReader) -> bytes:
    """Returns what has come, nothing at the end, however it came to that."""
    with contextlib.suppress(OSError):
        return await reader.read(_CHUNK)
    return b""


def _reset_all(wire: Wire) -> None:
    for connection in wire._connections:  # noqa: SLF001 - a part of it  # pyright: ignore[reportPrivateUsage]
        connection.reset()


def _strand_all(wire: Wire) -> None:
    for connection in wire._connections:  # noqa: SLF001 - a part of it  # pyright: ignore[reportPrivateUsage]
        connection.is_stranded = True
