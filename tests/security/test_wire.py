"""HTTP as only a stranger writes it: whatever can be read in two ways is refused, and ends there.

A proxy in front may have read it the other way, and taken what follows for somebody else's request
(RFC 9112, 11.2). So behind each request stands another one, which must not be answered unless both
can only have seen two.
"""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest

from kundeapp.identity.v1 import identity_service_pb2 as identity_pb
from tests.integration.gateway.conftest import Context, House, house
from tests.security.wire import HOST, received, statuses

BEHIND = f"GET /healthz HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n"
POST = f"POST /v1/sessions HTTP/1.1\r\n{HOST}Content-Type: application/json\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
NOTHING = "0\r\n\r\n"


@pytest.fixture(scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[House]:
    """A gateway that soon gives up waiting for the rest of a request."""

    async def session(_request: Any, _context: Context) -> identity_pb.Session:
        return identity_pb.Session()

    async with house(tmp_path_factory.mktemp("wire"), body_timeout=1) as built:
        built.backend.answers["CreateSession"] = session
        yield built


async def answers(gateway: House, *sent: str) -> Sequence[int]:
    return statuses(await received(gateway, *sent))


AMBIGUOUS = {
    "both lengths": f"Content-Length: 4\r\n{CHUNKED}\r\n{NOTHING}",
    "both lengths, the other way round": f"{CHUNKED}Content-Length: 5\r\n\r\n{NOTHING}",
    "two lengths": "Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}",
    "a list of lengths": "Content-Length: 2, 2\r\n\r\n{}",
    "a length with a sign": "Content-Length: +2\r\n\r\n{}",
    "a length below zero": "Content-Length: -2\r\n\r\n{}",
    "a length in another base": "Content-Length: 0x2\r\n\r\n{}",
    "a length that no number holds": f"Content-Length: {10**30}\r\n\r\n{{}}",
    "a length of nothing": "Content-Length:\r\n\r\n",
    "a blank before the colon": "Content-Length : 2\r\n\r\n{}",
    "a blank before the other colon": f"Transfer-Encoding : chunked\r\n\r\n{NOTHING}",
    "almost chunked": f"Transfer-Encoding: xchunked\r\n\r\n{NOTHING}",
    "chunked in quotes": f'Transfer-Encoding: "chunked"\r\n\r\n{NOTHING}',
    "chunked behind a control character": f"Transfer-Encoding: \x0bchunked\r\n\r\n{NOTHING}",
    "chunked before another coding": f"Transfer-Encoding: chunked, identity\r\n\r\n{NOTHING}",
    "another coding in a header of its own": f"{CHUNKED}Transfer-Encoding: x\r\n\r\n{NOTHING}",
    "no coding at all": f"Transfer-Encoding: identity\r\n\r\n{NOTHING}",
    "a folded header": "Content-Length: 2\r\nX: a\r\n b\r\n\r\n{}",
    "a folded coding": "Content-Length: 2\r\nTransfer-Encoding:\r\n chunked\r\n\r\n{}",
    "a bare carriage return": "X: a\rContent-Length: 2\r\n\r\n{}",
    "a NUL": "X: a\x00b\r\nContent-Length: 2\r\n\r\n{}",
    "a header without a name": ": a\r\nContent-Length: 2\r\n\r\n{}",
    "a line that is no header": "Content-Length\r\n\r\n",
}
BROKEN_CHUNKS = {
    "a size in another notation": "0x2\r\n{}\r\n",
    "a size below zero": "-2\r\n{}\r\n",
    "a size that no number holds": "1" + "0" * 16 + "\r\n{}\r\n",
    "a size that ends in a bare line feed": "2\n{}\r\n",
    "more than its size": "2\r\n{}x\r\n",
    "an end that is a bare line feed": "2\r\n{}\n",
    "a line feed in an extension": "2;a\nb\r\n{}\r\n",
    "an extension without an end": "2;" + "a" * 100_000 + "\r\n{}\r\n",
}


@pytest.mark.parametrize("rest", AMBIGUOUS.values(), ids=AMBIGUOUS)
async def test_what_can_be_read_in_two_ways_is_refused_with_all_behind_it(
    gateway: House, rest: str
) -> None:
    assert await answers(gateway, POST, rest, BEHIND) == [400]


@pytest.mark.parametrize("chunk", BROKEN_CHUNKS.values(), ids=BROKEN_CHUNKS)
async def test_a_broken_chunk_is_refused_with_all_behind_it(gateway: House, chunk: str) -> None:
    assert await answers(gateway, POST, CHUNKED, "\r\n", chunk, NOTHING, BEHIND) == [400]


@pytest.mark.parametrize(
    "rest",
    [
        "Content-Length: 2\r\n\r\n{}",
        "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        f"{CHUNKED}\r\n2\r\n{{}}\r\n{NOTHING}",
        f"{CHUNKED}\r\n1;name=value\r\n{{\r\n1\r\n}}\r\n{NOTHING}",
        f"{CHUNKED}\r\n2\r\n{{}}\r\n0\r\nContent-Length: 50\r\n\r\n",
    ],
    ids=["a length", "the same length twice", "chunks", "extensions", "trailers"],
)
async def test_what_can_be_read_in_one_way_is_two_requests(gateway: House, rest: str) -> None:
    assert await answers(gateway, POST, rest, BEHIND) == [200, 200]


async def test_content_that_nobody_reads_is_no_request(gateway: House) -> None:
    length = f"Content-Length: {len(BEHIND)}\r\n\r\n"
    for path, status in (("/healthz", 200), ("/v1/me", 401), ("/v1/nothing", 404)):
        head = f"GET {path} HTTP/1.1\r\n{HOST}{length}"
        assert await answers(gateway, head, BEHIND) == [status]


@pytest.mark.parametrize("coding", ["gzip, chunked", "chunked\r\nTransfer-Encoding: chunked"])
async def test_content_in_another_coding_is_not_taken(gateway: House, coding: str) -> None:
    [status, _] = await answers(
        gateway, POST, f"Transfer-Encoding: {coding}\r\n\r\n{NOTHING}", BEHIND
    )
    assert status in {400, 415}


@pytest.mark.parametrize(
    "name", ["Authorization", "Host", "Idempotency-Key", "Content-Type", "Origin", "Sec-Fetch-Site"]
)
async def test_of_two_headers_neither_counts(gateway: House, name: str) -> None:
    twice = f"{name}: a\r\n{name}: b\r\n"
    request = f"POST /v1/sessions HTTP/1.1\r\n{twice}Content-Length: 2\r\n\r\n{{}}"
    assert await answers(gateway, request, BEHIND) == [400, 200]


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET http://evil.example.com/healthz HTTP/1.1", 200),
        ("GET evil.example.com:80 HTTP/1.1", 404),
        ("CONNECT evil.example.com:80 HTTP/1.1", 404),
        ("OPTIONS * HTTP/1.1", 404),
        ("TRACE /healthz HTTP/1.1", 405),
        ("get /healthz HTTP/1.1", 405),
        ("NOTHING /healthz HTTP/1.1", 405),
    ],
)
async def test_no_other_host_is_asked_and_no_request_is_told_back(
    gateway: House, line: str, status: int
) -> None:
    assert await answers(gateway, f"{line}\r\n{HOST}\r\n", BEHIND) == [status, 200]


@pytest.mark.parametrize(
    "line",
    [
        "GET /a b HTTP/1.1",
        "GET /\x00 HTTP/1.1",
        "GET /healthz HTTP/1.2",
        "GET /healthz HTTP/3.0",
        "GET  HTTP/1.1",
        "GET /healthz",
        "\x16\x03\x01\x02\x00",
    ],
)
async def test_what_is_no_request_line_ends_the_connection(gateway: House, line: str) -> None:
    assert await answers(gateway, f"{line}\r\n{HOST}\r\n", BEHIND) in ([400], [])


async def test_nothing_is_upgraded(gateway: House) -> None:
    for protocol in ("h2c", "websocket"):
        upgrade = f"Connection: Upgrade\r\nUpgrade: {protocol}\r\n"
        request = f"GET /healthz HTTP/1.1\r\n{HOST}{upgrade}\r\n"
        assert await answers(gateway, request, BEHIND) == [200, 200]


async def test_no_header_makes_another_method_of_one(gateway: House) -> None:
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        request = f"GET /v1/sessions HTTP/1.1\r\n{HOST}{name}: POST\r\n\r\n"
        assert await answers(gateway, request, BEHIND) == [405, 200]
    query = f"GET /v1/sessions?_method=POST HTTP/1.1\r\n{HOST}\r\n"
    assert await answers(gateway, query, BEHIND) == [405, 200]
