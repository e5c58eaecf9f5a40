"""Content, addresses and headers that are made to cost much, or to lead where nobody may go."""

import gzip
import json
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from kundeapp.identity.v1 import identity_service_pb2 as identity_pb
from tests.integration.gateway.conftest import Context, House, house
from tests.security.wire import HOST, received, statuses

LARGEST = 2**20
LARGEST_REFUSAL = 2**14
SECRET = b"the key of everything"
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[House]:
    """A gateway with a web client, beside whose folder something lies."""

    async def session(_request: Any, _context: Context) -> identity_pb.Session:
        return identity_pb.Session()

    around = tmp_path_factory.mktemp("around")
    (around / "secret").write_bytes(SECRET)
    (around / "dist" / "assets").mkdir(parents=True)
    (around / "dist" / "index.html").write_bytes(b"<!doctype html><title>Di side</title>")
    (around / "dist" / "assets" / "index.js").write_bytes(b"export {};")
    async with house(tmp_path_factory.mktemp("gateway"), web=around / "dist") as built:
        built.backend.answers["CreateSession"] = session
        yield built


async def refusal(gateway: House, content: bytes, **headers: str) -> httpx.Response:
    answer = await gateway.http.post("/v1/sessions", content=content, headers={**JSON, **headers})
    assert len(answer.content) < LARGEST_REFUSAL
    assert answer.headers["content-type"] == "application/problem+json"
    return answer


def filled(piece: bytes, before: bytes = b"", behind: bytes = b"") -> bytes:
    """Returns content that is as large as it may be."""
    return before + piece * ((LARGEST - len(before) - len(behind)) // len(piece)) + behind


COSTLY: Mapping[str, bytes] = {
    "lists in lists": filled(b"["),
    "objects in objects": filled(b'{"a":'),
    "a list of lists": filled(b"[],", b"[", b"[]]"),
    "one field again and again": filled(b'"email":1,', b"{", b'"email":1}'),
    "fields that nobody knows": json.dumps({f"{n:x}": 1 for n in range(90_000)}).encode(),
    "a field with a long name": filled(b"a", b'{"', b'":1}'),
    "a number of a million digits": filled(b"9", b'{"email":', b"}"),
    "a number that no double holds": b'{"email":1e999999999}',
    "blanks": filled(b" "),
    "NUL characters": filled(b"\\u0000", b'{"email":{"a":"', b'"}}'),
    "half a surrogate pair": b'{"email":"\\ud800"}',
    "what is no UTF-8": b'{"email":"\xff\xfe"}',
    "overlong UTF-8": b'{"email":"\xc0\xae"}',
    "UTF-16": '{"email":"a"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "two values": b"{}{}",
    "not a number": b'{"email":NaN}',
}


@pytest.mark.parametrize("content", COSTLY.values(), ids=COSTLY)
async def test_what_is_costly_to_read_is_refused_in_few_words(
    gateway: House, content: bytes
) -> None:
    assert (await refusal(gateway, content)).status_code in {400, 422}


async def test_packed_content_is_not_unpacked(gateway: House) -> None:
    bomb = gzip.compress(bytes(100 * LARGEST))
    for coding in ("gzip", "deflate", "br", "zstd", "gzip, gzip", "x"):
        answer = await refusal(gateway, bomb, **{"content-encoding": coding})
        assert answer.status_code == 415


async def test_content_in_no_coding_is_read(gateway: House) -> None:
    headers = {**JSON, "content-encoding": "identity"}
    answer = await gateway.http.post("/v1/sessions", content=b"{}", headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json; charset=utf-16",
        "application/json, text/plain",
        "application/xml",
        "multipart/form-data; boundary=" + "a" * 1000,
        "application/x-www-form-urlencoded",
        "text/plain",
        "",
    ],
)
async def test_content_that_may_come_from_another_sites_form_is_not_taken(
    gateway: House, media_type: str
) -> None:
    answer = await refusal(gateway, b"{}", **{"content-type": media_type})
    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("line", "headers", "status"),
    [
        (f"/{'a' * 20_000}", "", 431),
        (f"/v1/events?{'a' * 20_000}", "", 431),
        ("/healthz", f"X: {'a' * 20_000}\r\n", 431),
        ("/healthz", f"X: {'a' * 1_000_000}\r\n", 431),
        (f"/{'a' * 1_000_000}", "", 431),
        ("/healthz", "".join(f"X{number}: a\r\n" for number in range(1_000)), 431),
        ("/healthz", f"{'X' * 100_000}: a\r\n", 431),
    ],
)
async def test_heads_that_are_too_large_are_refused(
    gateway: House, line: str, headers: str, status: int
) -> None:
    request = f"GET {line} HTTP/1.1\r\n{HOST}Connection: close\r\n{headers}\r\n"
    assert statuses(await received(gateway, request)) == [status]


@pytest.mark.parametrize(
    "query",
    ["&".join(f"a{number}=1" for number in range(1_000)), "a" * 9_000, "a[" * 4_000, "%00=%00"],
)
async def test_queries_that_nobody_asked_for_are_refused_in_few_words(
    gateway: House, query: str
) -> None:
    answer = await gateway.http.get(f"/v1/events?{query}")
    assert answer.status_code in {400, 422}
    assert len(answer.content) < LARGEST_REFUSAL


@pytest.mark.parametrize("text", ["%ff", "%c0%ae", "%ed%a0%80", "\xff"])
async def test_addresses_that_are_no_utf_8_are_refused(gateway: House, text: str) -> None:
    for target in (f"/v1/events/{text}", f"/v1/events?pageToken={text}"):
        request = f"GET {target} HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n"
        assert statuses(await received(gateway, request)) in ([400], [404])


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
@pytest.mark.parametrize(
    "path",
    [
        "/../secret",
        "/assets/../../secret",
        "/assets/..%2f..%2fsecret",
        "/%2e%2e/secret",
        "/assets/%2e%2e/%2e%2e/secret",
        "/assets/..%252f..%252fsecret",
        "/assets/..\\..\\secret",
        "/assets/....//....//secret",
        "/assets/index.js/../../../secret",
        "/assets/index.js%00.html",
        "//secret",
        "/file:///secret",
        "/.git/config",
        "/etc/passwd",
    ],
)
async def test_no_address_leads_out_of_the_web_client(
    gateway: House, path: str, accept: str
) -> None:
    head = f"GET {path} HTTP/1.1\r\n{HOST}Accept: {accept}\r\nConnection: close\r\n\r\n"
    answer = await received(gateway, head)
    is_for_a_person = accept == "text/html"
    assert statuses(answer) == [200 if is_for_a_person else 404]
    assert (b"Di side" in answer) == is_for_a_person
    assert SECRET not in answer


def test_the_folder_is_there(gateway: House) -> None:
    assert gateway.settings.web is not None
    assert (Path(gateway.settings.web).parent / "secret").read_bytes() == SECRET
