"""What the gateway's hop costs: CPU and throughput, beside a bare ASGI handler.

    .venv/bin/python -m bench.gateway_hop

Variants in one run on loopback, the same stub of metering behind each. In front of it the same
Granian with a bare ASGI handler that makes the same gRPC call and returns fixed bytes; with the
transcoder alone; with the whole gateway, with its sessions, access, limits, log, metrics and trace;
and Envoy, in C++, whose grpc_json_transcoder does what ours does but for the columns of a usage,
which it hands on in base64. Beside them a client of grpc.aio that asks the stub itself, with no
HTTP in between; its CPU is the client's. Each for a day's hours and for a year of hours; the bare
handler does not look at what it receives, and sends as many bytes as the gateway would. The stub
hands out many different answers, so that nothing but the shared start column can be remembered. CPU
is that of the process in front, user and system. Prints a table in Markdown and the same as JSON.
"""

import asyncio
import itertools
import json
import logging
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import grpc
import numpy as np
import orjson
import structlog
import uvloop
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import FileDescriptor
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from bench.measure import cpu_seconds
from bench.servers import GET_USAGE, SERVICE
from gateway.app import Application, Limits
from gateway.session import ACCESS_TOKEN_TYPE, AccessKeys, Sessions
from gateway.transcoder import Body, Transcoder
from gateway.upstream import Upstreams
from kit import access, jwt
from kit.clock import SystemClock
from kit.local.processes import free_port
from kit.memory import collect_rarely, keep_large_buffers
from kit.testing.envoy import envoy
from kundeapp.metering.v1 import usage_pb2 as pb

ROUNDS = 5
SECONDS = 2.0
CONNECTIONS = 16
ANSWERS = 64
PATH = "/v1/meteringPoints/707057500000000001/usage"
DAY = f"{PATH}?resolution=HOUR&from=2026-04-06&to=2026-04-07"
YEAR = f"{PATH}?resolution=HOUR&from=2025-01-01&to=2026-01-01"
FIXED = {False: b" " * 1_500, True: b" " * 473_000}


def answers(first: datetime, last: datetime) -> list[bytes]:
    """Returns many different answers for the same hours, as metering would send them."""
    start = np.arange(int(first.timestamp()), int(last.timestamp()), 3600).astype("<i8")
    hours = np.ones(len(start), "<i4").tobytes()
    none = np.zeros(len(start), "<i4").tobytes()
    rng = np.random.default_rng(1)
    made: list[bytes] = []
    for _ in range(ANSWERS):
        wh = rng.integers(0, 8000, len(start)).astype("<i8")
        cost = wh * rng.integers(30_000, 250_000, len(start))
        usage = pb.Usage(
            metering_point="707057500000000001",
            resolution=pb.Usage.HOUR,
            time_zone="Europe/Oslo",
            from_date="2026-01-01",
            to_date="2027-01-01",
            start=start.tobytes(),
            kwh=wh.tobytes(),
            cost=cost.astype("<i8").tobytes(),
            hours=hours,
            missing_hours=none,
            estimated_hours=none,
            total=pb.Usage.Total(kwh=int(wh.sum()), cost=int(cost.sum()), hours=len(start)),
        )
        made.append(usage.SerializeToString())
    return made


async def stub(port: int, stop: Event) -> None:
    """Serves metering with canned answers."""
    zone = ZoneInfo("Europe/Oslo")
    day = itertools.cycle(answers(*(datetime(2026, 4, n, tzinfo=zone) for n in (6, 7))))
    year = itertools.cycle(answers(*(datetime(n, 1, 1, tzinfo=zone) for n in (2025, 2026))))

    async def get_usage(request: pb.GetUsageRequest, _context: Any) -> bytes:
        return next(year if request.from_date == "2025-01-01" else day)

    server = grpc.aio.server()
    handler: grpc.RpcMethodHandler[pb.GetUsageRequest, bytes] = grpc.unary_unary_rpc_method_handler(
        get_usage, request_deserializer=pb.GetUsageRequest.FromString
    )
    server.add_generic_rpc_handlers(
        (
            grpc.method_handlers_generic_handler(
                "kundeapp.metering.v1.MeteringService", {"GetUsage": handler}
            ),
        )
    )
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await asyncio.to_thread(stop.wait)
    await server.stop(None)


def bare(channel: grpc.aio.Channel, _folder: Path) -> tuple[Any, str]:
    """Returns an ASGI handler that calls metering and answers fixed bytes."""
    call = channel.unary_unary(
        GET_USAGE,
        request_serializer=pb.GetUsageRequest.SerializeToString,
        response_deserializer=pb.Usage.FromString,
    )
    key = jwt.generate_key("internal")
    metadata = metadata_of(access.mint_internal_token(key, caller(), datetime.now(UTC)).value)
    headers = {
        year: [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ]
        for year, body in FIXED.items()
    }

    async def handle(scope: Any, _receive: Any, send: Any) -> None:
        year = b"2025" in scope["query_string"]
        await call(request_of(year=year), timeout=5, metadata=metadata)
        await send({"type": "http.response.start", "status": 200, "headers": headers[year]})
        await send({"type": "http.response.body", "body": FIXED[year]})

    return handle, ""


def request_of(*, year: bool) -> pb.GetUsageRequest:
    """Returns what the paths ask for."""
    return pb.GetUsageRequest(
        gsrn="707057500000000001",
        resolution=pb.Usage.HOUR,
        from_date="2025-01-01" if year else "2026-04-06",
        to_date="2026-01-01" if year else "2026-04-07",
    )


def gateway(channel: grpc.aio.Channel, folder: Path) -> tuple[Any, str]:
    """Returns the gateway's application as it is in production, and an access token for it."""
    clock = SystemClock()
    access_key, internal_key = jwt.generate_key("access"), jwt.generate_key("internal")
    keys = folder / "internal.json"
    keys.write_bytes(orjson.dumps({"keys": [internal_key.as_dict(private=True)]}))

    async def fetch() -> bytes:
        return orjson.dumps({"keys": [access_key.as_dict(private=False)]})

    kind = jwt.TokenKind(ACCESS_TOKEN_TYPE, "kundeapp-identity", "kundeapp")
    sessions = Sessions(AccessKeys(fetch, clock), kind, jwt.KeyFile(keys), clock)
    upstreams = Upstreams({SERVICE.file.package: channel})
    application = Application(
        Transcoder([SERVICE]),
        upstreams,
        sessions,
        {},
        Limits(),
        clock=clock,
        origin="http://localhost",
    )
    expires = datetime.now(UTC) + timedelta(hours=1)
    claims = {**access.claims_of(caller()), "exp": int(expires.timestamp())}
    return application, jwt.sign(kind, access_key, claims)


def transcoder(channel: grpc.aio.Channel, _folder: Path) -> tuple[Any, str]:
    """Returns an ASGI handler that does nothing but transcode, with the same metadata."""
    api = Transcoder([SERVICE])
    upstreams = Upstreams({SERVICE.file.package: channel})
    calls = {route.rpc.name: upstreams.call(route.rpc) for route in api.routes}
    key = jwt.generate_key("internal")
    metadata = metadata_of(access.mint_internal_token(key, caller(), datetime.now(UTC)).value)

    async def handle(scope: Any, _receive: Any, send: Any) -> None:
        match = api.find(scope["method"], scope["raw_path"].decode())
        route = match.endpoint
        request = route.decode(match.segments, scope["query_string"].decode(), Body(), None)
        answer = await calls[route.rpc.name](request, timeout=5, metadata=metadata)
        body = route.encode(answer)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return handle, ""


def metadata_of(token: str) -> tuple[tuple[str, str], ...]:
    """Returns what goes with each call."""
    return (
        ("accept-language", "nn"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"),
        ("authorization", f"Bearer {token}"),
    )


def caller() -> access.Caller:
    """Returns a customer."""
    return access.Caller(
        account_id=uuid4(),
        customer_ids=(uuid4(),),
        session_id=uuid4(),
        authenticated_at=datetime.now(UTC),
        methods=("pwd",),
    )


Make = Callable[[grpc.aio.Channel, Path], tuple[Any, str]]


@dataclass(frozen=True)
class Ports:
    """Where things listen on loopback: what is measured, and the stub behind it."""

    front: int
    stub: int


async def front(make: Make, ports: Ports, folder: Path, stop: Event) -> None:
    """Serves one of the variants; its process is the one that is measured."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{ports.stub}") as channel:
        await channel.channel_ready()
        application, token = make(channel, folder)
        (folder / "token").write_text(token)
        server = Server(
            application,
            port=ports.front,
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            websockets=False,
            log_enabled=False,
        )
        serving = asyncio.create_task(server.serve())
        collect_rarely()
        await asyncio.to_thread(stop.wait)
        server.stop()
        await serving


def run(serve: Callable[..., Coroutine[Any, Any, None]], *arguments: Any) -> None:
    """Runs a server in a process of its own; its log goes nowhere, but is written."""
    keep_large_buffers()
    sink = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the process
    logging.basicConfig(stream=sink)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=_to_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sink),
        cache_logger_on_first_use=True,
    )
    uvloop.run(serve(*arguments))


def _to_json(event: structlog.typing.EventDict, **_: object) -> str:
    return orjson.dumps(event).decode()


async def load(port: int, path: str, token: str, seconds: float) -> tuple[int, int]:
    """Asks again and again on some connections; returns how often, and the size of an answer."""
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    ends = time.perf_counter() + seconds

    async def client() -> tuple[int, int]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**21)
        done = size = 0
        while time.perf_counter() < ends:
            writer.write(head)
            answer = await reader.readuntil(b"\r\n\r\n")
            if not answer.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(answer.decode())
            length = answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
            size = len(await reader.readexactly(int(length)))
            done += 1
        writer.close()
        return done, size

    results = await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    return sum(done for done, _ in results), results[0][1]


def measure(make: Make, path: str, ports: Ports) -> dict[str, float]:
    """Runs one variant for a while, once warm."""
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        process = context.Process(target=run, args=(front, make, ports, folder, stop))
        process.start()
        try:
            asyncio.run(_until_up(ports.front))
            token = (folder / "token").read_text(encoding="ascii")
            return uvloop.run(_asked(ports.front, path, token, process.pid or 0))
        finally:
            stop.set()
            process.join()


async def measure_envoy(path: str, ports: Ports) -> dict[str, float]:
    """Runs Envoy for a while, once warm."""
    descriptors = descriptor_pb2.FileDescriptorSet()
    _describe(SERVICE.file, descriptors, set())
    with tempfile.TemporaryDirectory() as name:
        packed = descriptors.SerializeToString()
        async with envoy(Path(name), packed, SERVICE.full_name, ports.stub) as front:
            return await _asked(front.port, path, "none", front.pid)


async def measure_direct(path: str, ports: Ports) -> dict[str, float]:
    """Asks the stub itself for a while, once warm."""
    request = request_of(year=path == YEAR)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{ports.stub}") as channel:
        await channel.channel_ready()
        call = channel.unary_unary(
            GET_USAGE, pb.GetUsageRequest.SerializeToString, pb.Usage.FromString
        )
        metadata = metadata_of("none")

        async def work(ends: float) -> int:
            done = 0
            while time.perf_counter() < ends:
                await call(request, timeout=5, metadata=metadata)
                done += 1
            return done

        await work(time.perf_counter() + 0.5)
        before, ends = time.process_time(), time.perf_counter() + SECONDS
        done = sum(await asyncio.gather(*(work(ends) for _ in range(CONNECTIONS))))
        used = time.process_time() - before
        answer = await call(request, timeout=5, metadata=metadata)
    return {"cpu_us": used / done * 1e6, "per_second": done / SECONDS, "bytes": answer.ByteSize()}


async def _asked(port: int, path: str, token: str, pid: int) -> dict[str, float]:
    await load(port, path, token, 0.5)
    before = cpu_seconds(pid)
    done, size = await load(port, path, token, SECONDS)
    used = cpu_seconds(pid) - before
    return {"cpu_us": used / done * 1e6, "per_second": done / SECONDS, "bytes": size}


def _describe(
    file: FileDescriptor, into: descriptor_pb2.FileDescriptorSet, known: set[str]
) -> None:
    """Adds a file after those that it imports."""
    if file.name in known:
        return
    known.add(file.name)
    for other in file.dependencies:
        _describe(other, into, known)
    file.CopyToProto(into.file.add())


async def _until_up(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


def main() -> None:
    """Measures all variants in turns, and prints the medians."""
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    ports = Ports(front=free_port(), stub=free_port())
    backend = context.Process(target=run, args=(stub, ports.stub, stop))
    backend.start()
    ways: dict[str, Callable[[str], dict[str, float]]] = {
        "grpc.aio, no HTTP": lambda path: uvloop.run(measure_direct(path, ports)),
        "Envoy": lambda path: uvloop.run(measure_envoy(path, ports)),
        "bare handler": lambda path: measure(bare, path, ports),
        "transcoder": lambda path: measure(transcoder, path, ports),
        "gateway": lambda path: measure(gateway, path, ports),
    }
    variants = {
        f"{way}, {span}": (take, path)
        for span, path in (("a day", DAY), ("a year", YEAR))
        for way, take in ways.items()
    }
    samples: dict[str, list[dict[str, float]]] = {name: [] for name in variants}
    try:
        for _ in range(ROUNDS):
            for name, (take, path) in variants.items():
                samples[name].append(take(path))
    finally:
        stop.set()
        backend.join()
    medians = {
        name: {key: statistics.median(s[key] for s in taken) for key in taken[0]}
        for name, taken in samples.items()
    }
    print("| variant | CPU of a request | requests/s | bytes |\n| --- | ---: | ---: | ---: |")
    for name, m in medians.items():
        print(f"| {name} | {m['cpu_us']:.0f} µs | {m['per_second']:.0f} | {m['bytes']:.0f} |")
    cpu = {name: m["cpu_us"] for name, m in medians.items()}
    ratios = {
        f"{one} / {other} ({aim})": cpu[one] / cpu[other]
        for one, other, aim in (
            ("transcoder, a day", "bare handler, a day", "aim 1.25"),
            ("gateway, a day", "bare handler, a day", "with log, metrics, trace, session"),
            ("gateway, a day", "Envoy, a day", "a compiled proxy, without sessions"),
            ("gateway, a year", "Envoy, a year", "which leaves the columns as they are"),
            ("transcoder, a year", "transcoder, a day", "aim 1.5"),
            ("gateway, a year", "gateway, a day", "aim 1.5"),
            ("bare handler, a year", "bare handler, a day", "the least that bytes cost"),
            ("transcoder, a year", "bare handler, a year", "what is the transcoder's own"),
        )
    }
    for name, ratio in ratios.items():
        print(f"\n{name}: {ratio:.2f}")
    print(json.dumps({"medians": medians, "ratios": ratios}))


if __name__ == "__main__":
    main()
