"""A service as its callers see it: while it stops, while it has no database, when it fails."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from kit import access, errors, status
from kit.access import InternalTokens
from kit.channel import OPTIONS, open_channel
from kit.clock import SystemClock
from kit.database import Database
from kit.errors import FieldError
from kit.jwt import KeyFile
from kit.local.postgres import LocalPostgres
from kit.server import Call, Server
from kit.settings import ServiceSettings
from kit.testing import Neighbours, eventually, logged_by
from kit.testing.wires import Blind, Wires
from kundeapp.identity.v1 import identity_service_pb2 as pb
from tests.integration.kit.world import World

SERVICE = pb.DESCRIPTOR.services_by_name["IdentityService"]
HEALTHY = b"\x08\x01"  # HealthCheckResponse{status: SERVING}
Behaviour = Callable[[pb.CreateSessionRequest, Call], Awaitable[pb.Session]]


class Servicer:
    """Does what a test says in CreateSession, and nothing in any other RPC."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.CreateSession = behaviour

    def __getattr__(self, name: str) -> Any:
        return None


@dataclass
class House:
    """A server, and a channel to it."""

    server: Server
    channel: grpc.aio.Channel

    async def call(self, language: str = "en", seconds: float = 30, **metadata: str) -> pb.Session:
        """Calls the RPC that the test made."""
        rpc = self.channel.unary_unary(
            f"/{SERVICE.full_name}/CreateSession",
            pb.CreateSessionRequest.SerializeToString,
            pb.Session.FromString,
        )
        pairs = (("accept-language", language), *metadata.items())
        return await rpc(pb.CreateSessionRequest(), timeout=seconds, metadata=pairs)

    async def refusal(self, language: str = "en", seconds: float = 30) -> status_pb2.Status:
        """Returns why a call was refused."""
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await self.call(language, seconds)
        return status.status_from(
            refused.value.code(), tuple(refused.value.trailing_metadata() or ())
        )

    async def is_healthy(self) -> bool:
        """Whether the health service says that the service can work."""
        check = self.channel.unary_unary("/grpc.health.v1.Health/Check", bytes, bytes)
        return await check(b"") == HEALTHY


@contextlib.asynccontextmanager
async def serving(
    neighbours: Neighbours,
    behaviour: Behaviour,
    ready: Callable[[], Awaitable[None]] | None = None,
    grace_seconds: float = 30,
) -> AsyncGenerator[House]:
    settings = neighbours.settings(
        ServiceSettings,
        "postgresql://nowhere",
        workload="identity",
        grace_seconds=grace_seconds,
    )
    tokens = InternalTokens(KeyFile(settings.internal_keys), SystemClock())
    async with (
        Server.serving(
            SERVICE, Servicer(behaviour), settings, tokens, ready or _is_ready
        ) as server,
        neighbours.channel(server.port) as channel,
    ):
        yield House(server, channel)


async def test_a_stop_finishes_the_call_under_way_and_takes_no_new_one(
    neighbours: Neighbours,
) -> None:
    entered, finish = asyncio.Event(), asyncio.Event()

    async def work(_request: pb.CreateSessionRequest, _call: Call) -> pb.Session:
        entered.set()
        await finish.wait()
        return pb.Session(access_token="finished")

    settings = neighbours.settings(
        ServiceSettings, "postgresql://nowhere", workload="identity", grace_seconds=30
    )
    tokens = InternalTokens(KeyFile(settings.internal_keys), SystemClock())
    stack = contextlib.AsyncExitStack()
    server = await stack.enter_async_context(
        Server.serving(SERVICE, Servicer(work), settings, tokens, _is_ready)
    )
    async with neighbours.channel(server.port) as channel:
        under_way = asyncio.create_task(House(server, channel).call())
        await entered.wait()
        stopping = asyncio.create_task(stack.aclose())

        async def takes_no_new_call() -> bool:
            async with neighbours.channel(server.port) as other:
                try:
                    await House(server, other).is_healthy()
                except grpc.aio.AioRpcError as error:
                    return error.code() is grpc.StatusCode.UNAVAILABLE
                return False

        await eventually(takes_no_new_call)
        assert not under_way.done()
        assert not stopping.done()
        finish.set()
        assert (await under_way).access_token == "finished"
        await stopping


async def test_readiness_follows_the_database(
    neighbours: Neighbours, fragile_world: World, own_postgres: LocalPostgres
) -> None:
    async with fragile_world.database() as database:

        async def write(_request: pb.CreateSessionRequest, _call: Call) -> pb.Session:
            return await _write(database)

        async with serving(neighbours, write, database.ping) as house:
            await eventually(house.is_healthy)
            assert (await house.call()).access_token == "1"
            await asyncio.to_thread(own_postgres.stop)
            refusal = await house.refusal()
            assert status.code_of(refusal) is grpc.StatusCode.UNAVAILABLE
            assert _reason(refusal) == "UNAVAILABLE"
            await eventually(lambda: _is_not(house.is_healthy))
            await asyncio.to_thread(own_postgres.start)
            await eventually(house.is_healthy)
            assert (await house.call()).access_token == "2"


async def test_a_service_whose_database_does_not_exist_is_not_ready(
    neighbours: Neighbours, world: World
) -> None:
    world.url = neighbours.postgres.url("no_such_database")
    asked: list[None] = []
    async with world.database() as database:

        async def ready() -> None:
            asked.append(None)
            await database.ping()

        async with serving(neighbours, nothing, ready) as house:
            assert not await house.is_healthy()
            await eventually(lambda: len(asked) >= 2)
            assert not await house.is_healthy()


async def test_a_service_whose_database_has_gone_silent_is_not_ready(
    world: World, neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.server.SILENCE_SECONDS", 0.2)
    monkeypatch.setattr("kit.database.PART_SECONDS", 0.2)
    with Wires.held() as wires:
        port = urlsplit(world.url).port
        assert port is not None
        wire = wires.stretch("test", "postgres", port, partial(Blind, "test", "postgres"))
        world.url = world.url.replace(f":{port}", f":{wire.port}")
        async with (
            world.database() as database,
            serving(neighbours, nothing, database.ping) as house,
        ):
            await eventually(house.is_healthy)
            wires.silence([wire])
            await eventually(partial(_is_not, house.is_healthy))
            wires.mend()
            await eventually(house.is_healthy)


@pytest.mark.parametrize("language", ["nn", "nb", "en"])
async def test_a_failure_tells_nothing_of_its_cause(neighbours: Neighbours, language: str) -> None:
    async def fail(_request: pb.CreateSessionRequest, _call: Call) -> pb.Session:
        raise LookupError("a secret")

    async with serving(neighbours, fail) as house:
        refusal = await house.refusal(language)
    assert status.code_of(refusal) is grpc.StatusCode.INTERNAL
    assert _reason(refusal) == "INTERNAL"
    assert "secret" not in str(refusal)
    localized = error_details_pb2.LocalizedMessage()
    assert any(detail.Unpack(localized) for detail in refusal.details)
    assert localized.locale == language


async def test_a_failure_is_logged_with_its_cause(neighbours: Neighbours) -> None:
    async def fail(_request: pb.CreateSessionRequest, _call: Call) -> pb.Session:
        raise LookupError("a cause")

    with logged_by("kit.server") as logs:
        async with serving(neighbours, fail) as house:
            await house.refusal()
    [failure] = [line for line in logs if line["log_level"] == "error"]
    assert (failure["event"], failure["exc_info"]) == ("rpc failed", True)
    [line] = [line for line in logs if line["event"] == "rpc"]
    assert line["code"] == "INTERNAL"


async def test_a_refusal_arrives_with_its_facts(neighbours: Neighbours) -> None:
    async def refuse(_request: pb.CreateSessionRequest, _call: Call) -> pb.Session:
        raise errors.TooMany(retryAfter=17)

    async with serving(neighbours, refuse) as house:
        refusal = await house.refusal("nb")
    assert refusal == status.status_of(errors.TooMany(retryAfter=17), "nb")


async def test_a_refusal_of_very_many_fields_arrives_too(neighbours: Neighbours) -> None:
    problem = errors.Invalid(*(FieldError(f"rows[{row}]", "NOT_A_STRING") for row in range(9_999)))

    async def refuse(_request: pb.CreateSessionRequest, _call: Call) -> pb.Session:
        raise problem

    async with serving(neighbours, refuse) as house:
        refusal = await house.refusal("nb")
    assert refusal == status.status_of(problem, "nb")


async def test_a_call_ends_with_its_callers_deadline(neighbours: Neighbours) -> None:
    ended = asyncio.Event()

    async def hang(_request: pb.CreateSessionRequest, _call: Call) -> pb.Session:
        try:
            return await asyncio.get_running_loop().create_future()
        finally:
            ended.set()

    async with serving(neighbours, hang, grace_seconds=0) as house:
        refusal = await house.refusal(seconds=0.2)
        assert status.code_of(refusal) is grpc.StatusCode.DEADLINE_EXCEEDED
        async with asyncio.timeout(10):
            await ended.wait()


async def test_a_call_without_a_deadline_ends_too(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.server.LONGEST_CALL_SECONDS", 0.1)

    async def hang(_request: pb.CreateSessionRequest, _call: Call) -> pb.Session:
        return await asyncio.get_running_loop().create_future()

    async with serving(neighbours, hang) as house:
        rpc = house.channel.unary_unary(f"/{SERVICE.full_name}/CreateSession", bytes, bytes)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await rpc(b"")
    assert refused.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    told = status.status_from(refused.value.code(), tuple(refused.value.trailing_metadata() or ()))
    assert _reason(told) == "DEADLINE_EXCEEDED"


async def test_the_gateway_says_which_network_a_call_comes_from_and_nobody_else(
    neighbours: Neighbours,
) -> None:
    async def tell(_request: pb.CreateSessionRequest, call: Call) -> pb.Session:
        return pb.Session(id=call.network)

    network: dict[str, Any] = {access.NETWORK: "192.0.2.7"}
    async with serving(neighbours, tell) as house:
        assert (await house.call(**network)).id == "192.0.2.7"
        assert (await house.call()).id == ""
        for workload in ("cli", "events"):
            async with neighbours.channel(house.server.port, workload=workload) as channel:
                assert (await House(house.server, channel).call(**network)).id == ""


QUICK_MS = 200
"""Between keepalive pings of a channel, instead of ten seconds."""


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = (
        ("grpc.keepalive_time_ms", QUICK_MS),
        ("grpc.keepalive_timeout_ms", 5 * QUICK_MS),
        ("grpc.http2.ping_timeout_ms", 5 * QUICK_MS),
        ("grpc.http2.max_pings_without_data", 0),  # no minute between them after the second
    )
    others = [option for option in OPTIONS if option[0] not in dict(quick)]
    monkeypatch.setattr("kit.channel.OPTIONS", (*others, *quick))


@pytest.mark.usefixtures("_quick")
async def test_a_connection_without_traffic_stays(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.channel.KEEPALIVE_MS", QUICK_MS)
    async with serving(neighbours, nothing) as house:
        await house.call()
        with pytest.raises(TimeoutError):
            await _is_cut(house, seconds=20 * QUICK_MS / 1000)


@pytest.mark.usefixtures("_quick")
async def test_a_connection_that_is_asked_more_often_than_agreed_is_cut(
    neighbours: Neighbours,
) -> None:
    """The negative control: the same channel, to a server that is not told how often it asks."""
    async with serving(neighbours, nothing) as house:
        await house.call()
        await _is_cut(house, seconds=20 * QUICK_MS / 1000)


@pytest.mark.usefixtures("_quick")
async def test_a_connection_that_leads_nowhere_is_replaced(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.channel.KEEPALIVE_MS", QUICK_MS)
    async with stranded(neighbours) as house:
        await eventually(partial(_answers, house))


async def test_without_being_asked_it_stays(neighbours: Neighbours) -> None:
    """The negative control: the same channel, long before it asks whether the other is there."""
    async with stranded(neighbours) as house:
        with pytest.raises(AssertionError):
            await eventually(partial(_answers, house), seconds=20 * QUICK_MS / 1000)


@contextlib.asynccontextmanager
async def stranded(neighbours: Neighbours) -> AsyncGenerator[House]:
    """A server, and a channel over a connection that leads nowhere any more."""
    async with serving(neighbours, nothing) as house:
        with Wires.held() as wires:
            tap = partial(Blind, "test", "identity")
            wire = wires.stretch("test", "identity", house.server.port, tap)
            async with neighbours.channel(wire.port) as channel:
                far = House(house.server, channel)
                await far.call()
                wires.strand([wire])
                yield far


async def _answers(house: House) -> bool:
    try:
        await house.call(seconds=1)
    except grpc.aio.AioRpcError:
        return False
    return True


async def _is_cut(house: House, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        await house.channel.wait_for_state_change(grpc.ChannelConnectivity.READY)


async def _write(database: Database) -> pb.Session:
    async with database.transaction() as transaction:
        number: int = await transaction.connection.fetchval(
            "INSERT INTO effect (what) VALUES ('written') RETURNING id"
        )
        return pb.Session(access_token=str(number))


async def nothing(_request: pb.CreateSessionRequest, _call: Call) -> pb.Session:
    return pb.Session()


async def _is_ready() -> None:
    return


async def _is_not(condition: Callable[[], Awaitable[bool]]) -> bool:
    return not await condition()


def _reason(refusal: status_pb2.Status) -> str:
    info = error_details_pb2.ErrorInfo()
    assert refusal.details[0].Unpack(info)
    return info.reason


async def test_a_replica_that_stops_is_sent_nothing_more_and_the_other_everything(
    neighbours: Neighbours,
) -> None:
    async with two_replicas(neighbours) as pair, pair.first_stopping():
        await eventually(pair.first_is_passed_over)
        before = pair.calls()
        for _ in range(50):
            await pair.call()
        assert pair.calls() == (before[0], before[1] + 50)


async def test_whoever_does_not_ask_who_accepts_still_sends_to_the_one_that_stops(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: the same channel, without the question."""
    others = [option for option in OPTIONS if option[0] != "grpc.service_config"]
    monkeypatch.setattr("kit.channel.OPTIONS", (("grpc.lb_policy_name", "round_robin"), *others))

    async with two_replicas(neighbours) as pair, pair.first_stopping():
        before = pair.calls()
        for _ in range(50):
            await pair.call()
        assert pair.calls() == (before[0] + 25, before[1] + 25)


class Counted:
    """Answers at once, and counts how often."""

    def __init__(self) -> None:
        self.calls = 0

    async def answer(self, _request: pb.CreateSessionRequest, _call: Call) -> pb.Session:
        self.calls += 1
        return pb.Session()


@dataclass
class Pair:
    """Two replicas, and a channel that leads to both."""

    replicas: tuple[Counted, Counted]
    houses: tuple[contextlib.AsyncExitStack, contextlib.AsyncExitStack]
    house: House

    def calls(self) -> tuple[int, int]:
        first, second = self.replicas
        return first.calls, second.calls

    async def call(self) -> None:
        await self.house.call()

    async def first_is_passed_over(self) -> bool:
        """Whether two calls, one for each in turn, both went to the second."""
        first, second = self.calls()
        await self.call()
        await self.call()
        return self.calls() == (first, second + 2)

    @contextlib.asynccontextmanager
    async def first_stopping(self) -> AsyncGenerator[None]:
        """Asks the first one to stop once both have served, and waits for that at the end."""
        await eventually(self._both_serve)
        stopping = asyncio.create_task(self.houses[0].aclose())
        yield
        await stopping

    async def _both_serve(self) -> bool:
        await self.call()
        return all(self.calls())


@contextlib.asynccontextmanager
async def two_replicas(neighbours: Neighbours) -> AsyncGenerator[Pair]:
    settings = neighbours.settings(
        ServiceSettings, "postgresql://nowhere", workload="identity", drain_seconds=2
    )
    tokens = InternalTokens(KeyFile(settings.internal_keys), SystemClock())
    replicas, servers = (Counted(), Counted()), list[Server]()
    async with contextlib.AsyncExitStack() as first, contextlib.AsyncExitStack() as second:
        for stack, replica in zip((first, second), replicas, strict=True):
            serving = Server.serving(SERVICE, Servicer(replica.answer), settings, tokens, _is_ready)
            servers.append(await stack.enter_async_context(serving))
        target = ",".join(f"127.0.0.1:{server.port}" for server in servers)
        identity = neighbours.pki.identity("gateway")
        async with open_channel(f"ipv4:{target}", identity) as both:
            yield Pair(replicas, (first, second), House(servers[0], both))
