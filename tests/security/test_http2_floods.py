"""HTTP/2 that costs a server more than its sender: others stay served, and memory stays bounded.

What is sent here has names: rapid reset (CVE-2023-44487), continuation flood (CVE-2024-27316 and
its kin), floods of pings, settings and empty frames (CVE-2019-9512, 9515, 9518), HPACK bomb
(CVE-2016-6581).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from cli.local.plan import Plan, RunSettings
from tests.e2e.suite import Suite
from tests.security import http2
from tests.security.http2 import (
    CANCEL,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PING,
    PRIORITY,
    RESET,
    SETTINGS,
    WINDOW,
    fields,
    frame,
    integer,
)

ROOT = Path(__file__).parents[2]
MANIFEST = ROOT / "deploy" / "k8s" / "base" / "events" / "deployment.yaml"
TIMES = 50
EACH = 400
LARGE = 2**24

Flood = Callable[[bytes], Iterable[bytes]]


def streams(request: bytes, flags: int, behind: Callable[[int], bytes]) -> Iterable[bytes]:
    """Opens one stream after another."""
    for first in range(1, 2 * TIMES * EACH, 2 * EACH):
        yield b"".join(
            frame(HEADERS, request, stream=stream, flags=flags) + behind(stream)
            for stream in range(first, first + 2 * EACH, 2)
        )


def continued(request: bytes, pieces: Iterable[bytes]) -> Iterable[bytes]:
    """Begins a request whose header fields do not end."""
    yield frame(HEADERS, request, stream=1)
    for piece in pieces:
        yield frame(CONTINUATION, piece, stream=1)


def again(*frames: bytes) -> Flood:
    """Sends the same frames again and again."""
    return lambda _request: [b"".join(frames) * EACH] * TIMES


def in_pieces(block: bytes) -> Iterable[bytes]:
    return (block[at : at + 2**14] for at in range(0, len(block), 2**14))


FLOODS: Mapping[str, Flood] = {
    "rapid reset": lambda request: streams(
        request, END_HEADERS | END_STREAM, lambda stream: frame(RESET, CANCEL, stream=stream)
    ),
    "streams that are never ended": lambda request: streams(request, END_HEADERS, lambda _: b""),
    "header fields without an end": lambda request: continued(
        request, (fields((b"x-%d" % number, b"a" * 100)) * 100 for number in range(EACH))
    ),
    "continuations of nothing": lambda request: continued(request, [b""] * TIMES * EACH),
    "a header of sixteen megabytes": lambda request: continued(
        request, in_pieces(fields((b"x", b"a" * LARGE)))
    ),
    "a bomb of header fields": lambda request: [
        frame(
            HEADERS,
            # One field that enters the table, and is then named again and again by a byte.
            request + b"\x40\x01y" + integer(3_000) + b"a" * 3_000 + b"\xbe" * 10_000,
            stream=1,
            flags=END_HEADERS,
        )
    ],
    "a table of header fields without a limit": lambda request: [
        frame(HEADERS, integer(2**31, 5, 0x20) + request, stream=1, flags=END_HEADERS)
    ],
    "pings": again(frame(PING, b"12345678")),
    "settings": again(frame(SETTINGS, b"\x00\x04\x00\x00\xff\xff")),
    "a thousand settings in a frame": again(frame(SETTINGS, b"\x00\x01\xff\xff\xff\xff" * 1_000)),
    "windows": again(frame(WINDOW, b"\x00\x00\x00\x01")),
    "priorities": again(frame(PRIORITY, b"\x00\x00\x00\x00\x10", stream=1)),
    "content of nothing": lambda request: [
        frame(HEADERS, request, stream=1, flags=END_HEADERS),
        *[frame(DATA, stream=1) * EACH] * TIMES,
    ],
    "frames that nobody knows": again(frame(0xEE, b"a" * 1_000)),
    "a frame of sixteen megabytes": lambda _request: [
        b"\xff\xff\xff\x00\x00\x00\x00\x00\x01",
        *[b"a" * 2**16] * 256,
    ],
}


@dataclass(frozen=True)
class Target:
    """What is flooded.

    Attributes:
        process: The process.
        port: Where it listens.
        request: The header fields of a request that it answers.
        workload: Whose certificate is shown to it, if it asks for one.
    """

    process: str
    port: int
    request: bytes
    workload: str = ""


def events(plan: Plan) -> Target:
    """Returns the gRPC port of a service, to a workload that was taken over."""
    path = b"/kundeapp.events.v1.EventsService/ListEvents"
    request = fields(
        (b":method", b"POST"),
        (b":scheme", b"https"),
        (b":path", path),
        (b":authority", b"localhost"),
        (b"content-type", b"application/grpc"),
        (b"te", b"trailers"),
    )
    return Target("events", plan.settings.port_of("events"), request, "cli")


def gateway(plan: Plan) -> Target:
    """Returns the gateway's port, to a proxy that lets everything through."""
    request = fields(
        (b":method", b"GET"),
        (b":scheme", b"http"),
        (b":path", b"/openapi.json"),
        (b":authority", b"localhost"),
    )
    return Target("gateway", plan.settings.port_of("gateway"), request)


@pytest.fixture(scope="module")
def plan(suite: Suite) -> Plan:
    return Plan(RunSettings(data=suite.data, port=suite.port))


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
@pytest.mark.parametrize("aimed_at", [events, gateway])
def test_a_flood_keeps_nobody_from_being_served(
    suite: Suite, plan: Plan, aimed_at: Callable[[Plan], Target], flood: Flood
) -> None:
    target = aimed_at(plan)
    pid = suite.pid_of(target.process)
    identity = plan.pki.identity(target.workload) if target.workload else None
    connection = http2.connected(target.port, identity)
    with connection, ThreadPoolExecutor(1) as pool, httpx.Client(base_url=suite.url) as others:
        flooding = pool.submit(http2.flooded, connection, flood(target.request))
        answered = [others.get("/v1/events").status_code]
        while not flooding.done():
            answered.append(others.get("/v1/events").status_code)
        answered.append(others.get("/v1/events").status_code)
    assert set(answered) == {200}
    assert suite.pid_of(target.process) == pid
    assert memory_of(pid) < most_memory()


def memory_of(pid: int) -> int:
    """Returns how much memory a process holds, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    [kilobytes] = re.findall(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
    return int(kilobytes) * 1024


def most_memory() -> int:
    """Returns how much memory a process may hold on Kubernetes."""
    pod: Any = yaml.safe_load(MANIFEST.read_text())["spec"]["template"]["spec"]
    limit = str(pod["containers"][0]["resources"]["limits"]["memory"])
    assert limit.endswith("Mi")
    return int(limit.removesuffix("Mi")) * 2**20
