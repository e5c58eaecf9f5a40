"""What the gateway reads: HTTP requests, and events that pass by."""

import re
import tempfile
from collections.abc import MutableMapping
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import orjson
from google.protobuf import message_factory

from gateway.bootstrap import SERVICES
from gateway.transcoder.decoding import Decoders, parse_json
from kit.errors import FieldError, Invalid, Malformed
from tests.fuzz.target import Target, run, said_of, text_of
from tests.protos import compiled
from tests.unit.gateway.browsing import ECHO, House

_METHOD = re.compile(rb"[A-Z]{1,20}")
_TARGET = re.compile(rb"/[\x21-\x7e]*")
_NAME = re.compile(rb"[a-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")


@cache
def _house() -> House:
    folder = Path(tempfile.mkdtemp())
    return House(folder, services=(ECHO, *SERVICES))


def requests(data: bytes) -> None:
    """Requests, in HTTP/1.1 without its carriage returns; the server in front refuses others.

    Whatever comes is answered, and never with a failure of ours.
    """
    head, _, body = data.partition(b"\n\n")
    first, *lines = head.split(b"\n")
    method, _, target = first.partition(b" ")
    headers = [
        (name.lower(), value.strip()) for name, _, value in (x.partition(b":") for x in lines)
    ]
    if _METHOD.fullmatch(method) is None or _TARGET.fullmatch(target) is None:
        return
    if not all(_NAME.fullmatch(name) and _VALUE.fullmatch(value) for name, value in headers):
        return
    raw_path, _, query = target.partition(b"?")
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method.decode(),
        "path": text_of(unquote_to_bytes(raw_path)),
        "raw_path": raw_path,
        "query_string": query,
        "headers": headers,
        "client": ("192.0.2.7", 4711),
    }
    told = list(run(_answer(scope, body)))
    [start, content] = told
    assert start["type"] == "http.response.start"
    assert start["status"] < 500, content
    named = dict(start["headers"])
    if named.get(b"content-type") == b"application/problem+json" and method != b"HEAD":
        assert orjson.loads(content["body"])["code"]


async def _answer(scope: dict[str, Any], body: bytes) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    parts = iter([{"type": "http.request", "body": body}])

    async def receive() -> dict[str, Any]:
        return next(parts, {"type": "http.disconnect"})

    async def send(event: MutableMapping[str, Any]) -> None:
        told.append(dict(event))

    await _house().application(scope, receive, send)
    return told


_AMOUNTS: Final = compiled.echo().message_types_by_name["Amounts"]
_FILL: Final = Decoders().message(_AMOUNTS)


def decimals(data: bytes) -> None:
    """Decimal numbers in JSON, which are kept exactly or refused by their place."""
    try:
        value = parse_json(data)
    except Malformed as malformed:
        said_of(malformed)
        return
    amounts, errors = message_factory.GetMessageClass(_AMOUNTS)(), list[FieldError]()
    _FILL(amounts, value, (), errors)
    if errors:
        said_of(Invalid(*errors))


def _request(text: str, body: bytes = b"") -> bytes:
    return text.encode() + b"\n\n" + body


_JSON = "content-type: application/json\ncontent-length: 9"
_THING: Final = {
    "name": "things/1",
    "child": {"an_int64": "7", "children": [{"aDouble": 1.5}]},
    "aBool": True,
    "anInt32": -1,
    "aUint64": "18446744073709551615",
    "aFloat": "NaN",
    "someBytes": "aGVp",
    "colour": "RED",
    "colours": [1, "GREEN"],
    "labels": {"a": "b"},
    "thingsByNumber": {"5": {"name": "x"}},
    "counts": {"true": 1},
    "chosenNumber": 5,
    "aTime": "2026-02-17T12:00:00.123456789Z",
    "aDuration": "1.5s",
    "aMask": "name,child.name",
    "wrappedString": "x",
    "wrappedBytes": "aGVp",
    "aStruct": {"a": [1, None, {"b": "c"}]},
    "aValue": None,
    "from": "x",
    "times": ["0001-01-01T00:00:00Z"],
}

TARGETS: Final = (
    Target(
        "decimals",
        decimals,
        [b'{"amount":1.005,"small":["-2147483648","0.1",7]}', b'{"amount":"9223372036854775.807"}'],
        (b"1e308", b"1e-308", b"0.30000000000000004", b"1E400"),
        60,
    ),
    Target(
        "HTTP requests",
        requests,
        [
            _request(f"POST /v1/things\n{_JSON}", orjson.dumps(_THING)),
            _request(
                f"PUT /v1/things/1?a_double=1e5&times=2026-01-01T00:00:00Z\n{_JSON}",
                b'{"name":"x","aDuration":"-315576000000.999999999s"}',
            ),
            _request(f"POST /v1/things\ncontent-length: {'9' * 5000}", b"{}"),
            _request(f"GET /v1/query?colour={'9' * 5000}"),
            _request(
                "GET /v1/query?colour=1&tags=a&tags=b&child.an_int64=5&aBool=true&a_mask=name"
            ),
            _request("GET /v1/shelves/1/books/7?someBytes=aGVp&wrapped_int64=5&a_time=2026-01-01"),
            _request(
                "GET /v1/colours/GREEN\nauthorization: Bearer a.b.c\naccept-language: nb;q=0.5,en"
            ),
            _request(
                "GET /v1/files/a/b%2Fc\ncookie: __Host-kundeapp-access=x; y\nsec-fetch-site: none"
            ),
            _request(
                "POST /v1/doors:reopen\ncookie: __Host-kundeapp-refresh=x\ncontent-length: 2", b"{}"
            ),
            _request(
                "POST /v1/lists/t\ncontent-type: application/x-www-form-urlencoded\n"
                "content-length: 26\nx-forwarded-for: 2001:db8::1, 192.0.2.1",
                b"List-Unsubscribe=One-Click",
            ),
            _request(
                "POST /v1/lists/t\ncontent-type: multipart/form-data; boundary=x\n"
                "content-length: 99",
                b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\n'
                b"One-Click\r\n--x--",
            ),
            _request(
                "POST /v1/customers/me/consents:set\ntransfer-encoding: chunked\n"
                "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\n"
                "idempotency-key: 0190b2c4-7d1e-7c3a-9f55-3a6c1e0f4d21",
                b"{}",
            ),
        ],
        (b"%00", b"%ff", b"content-length: 1" + b"0" * 5000, b"colour=" + b"9" * 5000, b"OPTIONS"),
        60,
    ),
)
