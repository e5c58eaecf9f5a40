"""A service as Kubernetes sees it, which shows no certificate: live, started, ready."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from unittest.mock import ANY

import grpc
import pytest
from grpc_health.v1 import health_pb2

from kit import errors
from kit import server as kit_server
from kit.access import InternalTokens
from kit.clock import SystemClock
from kit.jwt import KeyFile
from kit.local.pki import LocalPki
from kit.probes import Probe
from kit.server import Call, Server
from kit.settings import ServiceSettings
from kit.testing import Neighbours, eventually, logged_by
from kundeapp.identity.v1 import identity_service_pb2 as pb
from tests.integration.kit.test_server import SERVICE, House, Servicer

_SERVING = health_pb2.HealthCheckResponse.SERVING


class Database:
    """A database that a test takes away and gives back."""

    def __init__(self, *, there: bool) -> None:
        self.there = there

    async def ping(self) -> None:
        if not self.there:
            raise errors.Unavailable


class Kubelet:
    """Asks as Kubernetes does, without TLS."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            health_pb2.HealthCheckRequest.SerializeToString,
            health_pb2.HealthCheckResponse.FromString,
        )

    async def finds(self, probe: Probe) -> bool:
        """Whether a probe succeeds."""
        request = health_pb2.HealthCheckRequest(service=probe)
        return (await self._check(request)).status == _SERVING

    async def answers(self) -> dict[str, bool]:
        """Every probe's outcome."""
        return {probe.value: await self.finds(probe) for probe in Probe}


async def _nothing(_request: pb.CreateSessionRequest, _call: Call) -> pb.Session:
    return pb.Session()


def _serving(
    neighbours: Neighbours,
    database: Database,
    behaviour: Callable[[pb.CreateSessionRequest, Call], Awaitable[pb.Session]] = _nothing,
    probe_listen: str = "127.0.0.1:0",
) -> contextlib.AbstractAsyncContextManager[Server]:
    settings = neighbours.settings(
        ServiceSettings,
        "postgresql://nowhere",
        workload="identity",
        grace_seconds=30,
        probe_listen=probe_listen,
    )
    tokens = InternalTokens(KeyFile(settings.internal_keys), SystemClock())
    return Server.serving(SERVICE, Servicer(behaviour), settings, tokens, database.ping)


@contextlib.asynccontextmanager
async def _asking(server: Server) -> AsyncGenerator[Kubelet]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.probe_port}") as channel:
        yield Kubelet(channel)


async def test_only_readiness_follows_the_database(neighbours: Neighbours) -> None:
    database = Database(there=False)
    async with _serving(neighbours, database) as server, _asking(server) as kubelet:
        assert await kubelet.answers() == {"live": True, "started": False, "ready": False}
        database.there = True
        await eventually(lambda: kubelet.finds(Probe.READY))
        assert await kubelet.answers() == {"live": True, "started": True, "ready": True}
        database.there = False
        await eventually(lambda: _is_not(kubelet.finds(Probe.READY)))
        assert await kubelet.answers() == {"live": True, "started": True, "ready": False}


async def test_a_service_whose_certificate_ends_is_no_longer_ready_and_says_why(
    neighbours: Neighbours, tmp_path: Path
) -> None:
    pki = LocalPki(tmp_path)
    pki.prepare(("identity", "gateway"))
    pki.renew("identity", timedelta(seconds=1))
    house = replace(neighbours, pki=pki)
    with logged_by("kit.server") as said:
        async with _serving(house, Database(there=True)) as server, _asking(server) as kubelet:
            pki.renew("identity")  # nobody has read it yet
            await eventually(lambda: _has_been_said(said))
            assert await kubelet.answers() == {"live": True, "started": ANY, "ready": False}
            async with house.channel(server.port) as channel:
                with pytest.raises(grpc.aio.AioRpcError) as refused:
                    await House(server, channel).call()
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "CERTIFICATE_VERIFY_FAILED" in str(refused.value.details())
    async with _serving(house, Database(there=True)) as server, _asking(server) as kubelet:
        await eventually(lambda: kubelet.finds(Probe.READY))


async def _has_been_said(said: Sequence[Mapping[str, object]]) -> bool:
    return any("CertificateEnded" in str(each.get("error")) for each in said)


async def test_a_service_that_stops_is_live_and_no_longer_ready(neighbours: Neighbours) -> None:
    entered, finish = asyncio.Event(), asyncio.Event()

    async def work(_request: pb.CreateSessionRequest, _call: Call) -> pb.Session:
        entered.set()
        await finish.wait()
        return pb.Session()

    stack = contextlib.AsyncExitStack()
    server = await stack.enter_async_context(_serving(neighbours, Database(there=True), work))
    async with _asking(server) as kubelet, neighbours.channel(server.port) as channel:
        await eventually(lambda: kubelet.finds(Probe.READY))
        under_way = asyncio.create_task(House(server, channel).call())
        await entered.wait()
        stopping = asyncio.create_task(stack.aclose())
        await eventually(lambda: _is_not(kubelet.finds(Probe.READY)))
        assert await kubelet.finds(Probe.LIVE)
        finish.set()
        await under_way
        await stopping


async def test_behind_the_port_of_the_probes_is_nothing_else(neighbours: Neighbours) -> None:
    async with (
        _serving(neighbours, Database(there=True)) as server,
        grpc.aio.insecure_channel(f"127.0.0.1:{server.probe_port}") as channel,
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await House(server, channel).call()
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_the_port_of_the_service_is_closed_to_whoever_shows_no_certificate(
    neighbours: Neighbours,
) -> None:
    async with (
        _serving(neighbours, Database(there=True)) as server,
        grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel,
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await Kubelet(channel).finds(Probe.LIVE)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_busy_port_for_probes_is_named(neighbours: Neighbours) -> None:
    async with _serving(neighbours, Database(there=True)) as server:
        busy = f"127.0.0.1:{server.probe_port}"
        with pytest.raises(OSError, match=f"{busy} cannot be listened on"):
            async with _serving(neighbours, Database(there=True), probe_listen=busy):
                pass


async def test_a_caller_connects_anew_by_and_by_so_that_it_finds_new_replicas(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kit_server, "CONNECTION_SECONDS", 0.2)
    async with (
        _serving(neighbours, Database(there=True)) as server,
        neighbours.channel(server.port) as channel,
    ):
        house = House(server, channel)
        await house.call()
        assert channel.get_state() is grpc.ChannelConnectivity.READY
        async with asyncio.timeout(10):
            await channel.wait_for_state_change(grpc.ChannelConnectivity.READY)
        await house.call()


async def _is_not(condition: Awaitable[bool]) -> bool:
    return not await condition
