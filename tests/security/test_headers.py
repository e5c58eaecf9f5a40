"""What the headers of every answer tell a browser, and whoever stands in between."""

import re
from collections.abc import AsyncGenerator, Mapping
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
from google.api import httpbody_pb2

from kundeapp.identity.v1 import identity_service_pb2 as identity_pb
from tests.integration.gateway.conftest import Context, House, house

PAGES = ("/", "/docs", "/avmelding/x", "/framleis/x", "/konto/angre", "/forbruk/2026/04")
SHARED = (
    "/openapi.json",
    "/asyncapi.json",
    "/docs.css",
    "/page.css",
    "/page.js",
    "/avmelding.js",
    "/framleis.js",
    "/konto/angre.js",
    "/sw.js",
)
FOR_EVER = ("/assets/index.js",)
PRIVATE = ("/v1/me", "/v1/events/7/guestList.csv", "/v1/me/stream")
REFUSED = {
    "/v1/nothing": 404,
    "/v1/me": 401,
    "/v1/sessions": 405,
    "/nothing": 404,
    "/assets/": 404,
    "/v1/events?x=1": 422,
    "/v1/unsubscribe/x": 303,
}
PERSON = {"accept": "text/html"}


@pytest.fixture(scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[House]:
    built = tmp_path_factory.mktemp("client")
    (built / "assets").mkdir()
    (built / "index.html").write_bytes(b"<!doctype html><title>Di side</title>")
    (built / "sw.js").write_bytes(b"export {};")
    (built / "assets" / "index.js").write_bytes(b"export {};")

    async def me(_request: Any, _context: Context) -> identity_pb.Account:
        return identity_pb.Account()

    async def file(_request: Any, _context: Context) -> httpbody_pb2.HttpBody:
        return httpbody_pb2.HttpBody(content_type="text/csv", data=b"Namn")

    async with house(tmp_path_factory.mktemp("gateway"), web=built) as running:
        running.backend.answers |= {"GetMe": me, "GetGuestListCsv": file}
        yield running


async def head_of(gateway: House, path: str, **headers: str) -> httpx.Response:
    """Returns an answer; of a stream, which has no end, its head alone."""
    async with gateway.http.stream("GET", path, headers=headers) as answer:
        if "stream" not in path:
            await answer.aread()
        return answer


def policy_of(answer: httpx.Response) -> Mapping[str, str]:
    [policy] = answer.headers.get_list("content-security-policy")
    directives = (directive.partition(" ") for directive in policy.split("; "))
    return {name: value for name, _, value in directives}


def staff(gateway: House) -> dict[str, str]:
    return {"authorization": f"Bearer {gateway.backend.token(roles=('EVENT_STAFF',))}"}


@pytest.mark.parametrize("path", [*PAGES, *SHARED, *FOR_EVER, *PRIVATE, *REFUSED, "/healthz"])
async def test_every_answer_has_the_headers_that_bind_a_browser(gateway: House, path: str) -> None:
    headers = PERSON if path in PAGES else staff(gateway) if path in PRIVATE else {}
    answer = await head_of(gateway, path, **headers)
    policy = policy_of(answer)
    assert policy["default-src"] == "'none'"
    assert policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert not re.search(r"unsafe|\*|https?:", " ".join(policy.values()))
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["strict-transport-security"].startswith("max-age=63072000")
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", [*PAGES, *SHARED, *FOR_EVER])
async def test_every_text_says_how_it_is_written(gateway: House, path: str) -> None:
    answer = await head_of(gateway, path, **PERSON)
    kind = answer.headers["content-type"]
    assert re.fullmatch(r"text/(html|css|javascript); charset=utf-8|application/json", kind)


class Inline(HTMLParser):
    """Finds what a page runs or wears without fetching it from its own host."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.found += [f"{tag} {name}" for name in given if name == "style" or name[:2] == "on"]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.found.append(tag)
        for name in ("src", "action", *(["href"] if tag == "link" else [])):
            if re.match(r"[a-z]+:|//", given.get(name) or ""):
                self.found.append(f"{tag} {given[name]}")


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_holds_a_script_or_a_style_or_anything_from_elsewhere(
    gateway: House, path: str
) -> None:
    answer = await head_of(gateway, path, **PERSON)
    page = Inline()
    page.feed(answer.text)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert page.found == []


def test_a_page_with_something_inline_would_be_found() -> None:
    page = Inline()
    page.feed('<p style="x" onclick="y"><style></style><script></script><img src="//z"></p>')
    assert page.found == ["p style", "p onclick", "style", "script", "img //z"]


@pytest.mark.parametrize("path", PRIVATE)
async def test_what_is_somebodys_is_kept_nowhere(gateway: House, path: str) -> None:
    answer = await head_of(gateway, path, **staff(gateway))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("path", "status"), REFUSED.items())
async def test_no_refusal_is_kept(gateway: House, path: str, status: int) -> None:
    answer = await head_of(gateway, path)
    assert answer.status_code == status
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", [*PAGES, *SHARED])
async def test_what_is_everyones_is_asked_for_again(gateway: House, path: str) -> None:
    answer = await head_of(gateway, path, **PERSON)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"


async def test_nobody_elsewhere_may_ask_a_browser_for_anything(gateway: House) -> None:
    preflight = {
        "origin": "https://evil.example.com",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization",
    }
    for path in ("/v1/sessions", "/v1/me", "/openapi.json", "/v1/me/stream"):
        answer = await gateway.http.request("OPTIONS", path, headers=preflight)
        assert not [name for name in answer.headers if name.startswith("access-control-")]
