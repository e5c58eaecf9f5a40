"""What the chassis costs: server CPU of a call through `kit.server`, beside an empty handler.

Both servers are processes of their own, with the same certificates and messages, and are sent the
same calls with the same metadata, in turns. The chassis checks certificate and internal token,
keeps the deadline, writes a line of log (to /dev/null), observes a metric and continues a trace;
the empty handler returns the same answer and does nothing else.
"""

import asyncio
import contextlib
import statistics
import tempfile
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import grpc
import uvloop

from bench.measure import ROUNDS, table
from bench.servers import (
    GET_USAGE,
    SERVICE,
    Serving,
    bare_server,
    call_metadata,
    serialize,
    served,
)
from kit import jwt, telemetry
from kit.access import InternalTokens
from kit.clock import SystemClock
from kit.local.pki import LocalPki
from kit.server import Call, Server
from kit.settings import ServiceSettings
from kundeapp.metering.v1 import usage_pb2 as pb

AIM = 1.15
CALLS = 5_000
IN_FLIGHT = 16

_REQUEST = pb.GetUsageRequest(gsrn="707057599900000014", resolution=pb.Usage.MONTH)
_ANSWER = pb.Usage(metering_point=_REQUEST.gsrn, resolution=_REQUEST.resolution)
_TIMEOUT = 5.0


@dataclass(frozen=True)
class Overhead:
    """Microseconds of CPU that the server's process spends on a call, medians of all rounds.

    Attributes:
        chassis: Through `kit.server`.
        empty: Through an empty handler.
        ratio: The one by the other, the median over pairs of rounds.
    """

    chassis: float
    empty: float
    ratio: float


async def measure() -> Overhead:
    """Measures both servers, in turns."""
    with tempfile.TemporaryDirectory(prefix="kundeapp-bench-") as folder:
        pki = LocalPki(Path(folder))
        pki.prepare()
        with _server(chassis, pki) as ours, _server(empty, pki) as bare:
            # A first round each fills caches and is not counted.
            await ours.microseconds_a_call()
            await bare.microseconds_a_call()
            pairs = [
                (await ours.microseconds_a_call(), await bare.microseconds_a_call())
                for _ in range(ROUNDS)
            ]
    return Overhead(
        chassis=statistics.median(one for one, _ in pairs),
        empty=statistics.median(other for _, other in pairs),
        ratio=statistics.median(one / other for one, other in pairs),
    )


@contextlib.asynccontextmanager
async def chassis(pki: LocalPki) -> AsyncGenerator[int]:
    """Serves through `kit.server`; yields the port."""

    async def answer(_request: pb.GetUsageRequest, _call: Call) -> pb.Usage:
        return _ANSWER

    identity = pki.identity("metering")
    settings = ServiceSettings(
        tls_certificate=identity.certificate,
        tls_key=identity.key,
        tls_authority=identity.authority,
        internal_keys=pki.internal_keys,
        database_url="",
        nats_url="",
        drain_seconds=0,
    )
    servicer = SimpleNamespace(**{method.name: answer for method in SERVICE.methods})
    tokens = InternalTokens(jwt.KeyFile(settings.internal_keys), SystemClock())
    with telemetry.configure("metering", settings):
        async with Server.serving(SERVICE, servicer, settings, tokens, _ready) as server:
            yield server.port


@contextlib.asynccontextmanager
async def empty(pki: LocalPki) -> AsyncGenerator[int]:
    """Serves an empty handler of grpc.aio; yields the port."""

    async def answer(_request: pb.GetUsageRequest, _context: object) -> pb.Usage:
        return _ANSWER

    async with bare_server(pki, answer, pb.GetUsageRequest.FromString, serialize) as port:
        yield port


@dataclass(frozen=True)
class _Served:
    pki: LocalPki
    port: int
    process: Connection

    async def microseconds_a_call(self) -> float:
        """Sends a round of calls."""
        left = iter(range(CALLS))
        metadata = call_metadata(self.pki, (UUID(int=1),))
        credentials = self.pki.identity("gateway").channel_credentials()
        async with grpc.aio.secure_channel(f"localhost:{self.port}", credentials) as channel:
            call: Any = channel.unary_unary(GET_USAGE, serialize, pb.Usage.FromString)

            async def work() -> None:
                for _ in left:
                    await call(_REQUEST, timeout=_TIMEOUT, metadata=metadata)

            await channel.channel_ready()
            before = self._cpu_seconds()
            await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
            return (self._cpu_seconds() - before) / CALLS * 1e6

    def _cpu_seconds(self) -> float:
        self.process.send(None)
        seconds: float = self.process.recv()
        return seconds


@contextlib.contextmanager
def _server(serving: Serving, pki: LocalPki) -> Generator[_Served]:
    with served(serving, pki) as (port, process):
        yield _Served(pki, port, process)


async def _ready() -> None:
    """Always is."""


def report(overhead: Overhead) -> str:
    """Returns the figures as a table."""
    held = "holds" if overhead.ratio <= AIM else "missed"
    return table(
        ("CPU of a call", "µs", "ratio"),
        (
            ("empty grpc.aio handler", f"{overhead.empty:.0f}", "1.00"),
            (
                "through the chassis",
                f"{overhead.chassis:.0f}",
                f"{overhead.ratio:.2f} (aim {AIM}: {held})",
            ),
        ),
    )


if __name__ == "__main__":
    print(report(uvloop.run(measure())))
