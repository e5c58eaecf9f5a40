"""Says how a service is to those who keep it running, and who have no certificate to show.

Kubernetes asks by gRPC's health service (grpc.health.v1) but speaks no TLS, so it is answered on a
port of its own, behind which is nothing else. The three questions mean different things: only the
last one depends on the database.
"""

import contextlib
from collections.abc import AsyncGenerator
from enum import StrEnum

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc


class Probe(StrEnum):
    """What can be asked, as the `service` of a health check."""

    LIVE = "live"
    """Whether the process still does anything; if not, it is to be replaced."""
    STARTED = "started"
    """Whether it was ready once, and from then on for as long as it runs."""
    READY = "ready"
    """Whether it can do its work now; not while it is without its database, or stops."""


class Probes:
    """The answers of one process.

    Attributes:
        port: Where they are given; 0 for nowhere.
    """

    def __init__(self, servicer: health.aio.HealthServicer, port: int) -> None:
        self._servicer = servicer
        self.port = port

    async def tell(self, *, ready: bool) -> None:
        """Takes down whether the process can do its work."""
        if ready:
            await _answer(self._servicer, Probe.STARTED, yes=True)
        await _answer(self._servicer, Probe.READY, yes=ready)


@contextlib.asynccontextmanager
async def answering(listen: str) -> AsyncGenerator[Probes]:
    """Answers for as long as the context is open.

    Args:
        listen: Host and port; nobody can ask if empty.

    Raises:
        OSError: If the address cannot be listened on.
    """
    servicer = health.aio.HealthServicer()
    for probe in Probe:
        await _answer(servicer, probe, yes=probe is Probe.LIVE)
    if not listen:
        yield Probes(servicer, 0)
        return
    server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    try:
        port = server.add_insecure_port(listen)
    except RuntimeError as error:
        raise OSError(f"{listen} cannot be listened on: is it in use?") from error
    await server.start()
    try:
        yield Probes(servicer, port)
    finally:
        await server.stop(None)


async def _answer(servicer: health.aio.HealthServicer, probe: Probe, *, yes: bool) -> None:
    status = health_pb2.HealthCheckResponse
    await servicer.set(probe, status.SERVING if yes else status.NOT_SERVING)
