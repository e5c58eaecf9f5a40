"""The web client as browsers get it: its files, and every address that people keep."""

import gzip
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from gateway.bootstrap import running
from tests.integration.gateway.conftest import House, house

PAGE = b"<!doctype html><title>Di side</title>" * 40
SCRIPT = b"export {};" * 100
A_BROWSER = {"accept": "text/html,application/xhtml+xml", "accept-encoding": "identity"}


@pytest.fixture(scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[House]:
    built = tmp_path_factory.mktemp("client")
    (built / "assets").mkdir()
    (built / "index.html").write_bytes(PAGE)
    (built / "sw.js").write_bytes(SCRIPT)
    (built / "assets" / "index-5fd4c4.js").write_bytes(SCRIPT)
    (built / "assets" / "index-5fd4c4.js.gz").write_bytes(gzip.compress(SCRIPT))
    async with house(tmp_path_factory.mktemp("gateway"), web=built) as running_one:
        yield running_one


@pytest.mark.parametrize("address", ["/", "/forbruk/2026/04", "/kraftklubben", "/docsen"])
async def test_every_address_outside_of_the_api_leads_a_browser_to_the_client(
    gateway: House, address: str
) -> None:
    answer = await gateway.http.get(address, headers=A_BROWSER)
    assert (answer.status_code, answer.content) == (200, PAGE)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("address", ["/docs", "/avmelding/x", "/framleis/x", "/konto/angre"])
async def test_pages_of_the_gateway_itself_stay_where_they_are(
    gateway: House, address: str
) -> None:
    answer = await gateway.http.get(address, headers=A_BROWSER)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.content != PAGE


async def test_the_api_never_answers_with_the_client(gateway: House) -> None:
    missing = await gateway.http.get("/v1/nothing", headers=A_BROWSER)
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"


async def test_a_program_that_asks_for_no_page_is_told_that_there_is_nothing(
    gateway: House,
) -> None:
    missing = await gateway.http.get("/forbruk", headers={"accept": "application/json"})
    assert (missing.status_code, missing.json()["code"]) == (404, "NOT_FOUND")


async def test_nothing_is_sent_to_an_address_of_the_client(gateway: House) -> None:
    refused = await gateway.http.post("/forbruk", headers=A_BROWSER)
    assert (refused.status_code, refused.json()["code"]) == (404, "NOT_FOUND")


async def test_no_script_runs_but_ours_and_no_other_page_frames_us(gateway: House) -> None:
    answer = await gateway.http.get("/", headers=A_BROWSER)
    policy = dict(
        directive.split(" ", 1)
        for directive in answer.headers["content-security-policy"].split("; ")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"


async def test_what_is_named_by_its_content_is_kept_for_ever_and_the_rest_is_asked_for(
    gateway: House,
) -> None:
    script = await gateway.http.get("/assets/index-5fd4c4.js")
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    for path in ("/", "/sw.js"):
        first = await gateway.http.get(path, headers=A_BROWSER)
        assert first.headers["cache-control"] == "no-cache"
        again = await gateway.http.get(
            path, headers={**A_BROWSER, "if-none-match": first.headers["etag"]}
        )
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("understood", "encoding"),
    [
        ("gzip, deflate, br", "gzip"),
        ("GZIP;q=0.5", "gzip"),
        ("gzip;q=0", None),
        ("gzip;q=0.000", None),
        ("identity", None),
        ("", None),
    ],
)
async def test_a_file_comes_packed_to_those_who_can_unpack_it(
    gateway: House, understood: str, encoding: str | None
) -> None:
    answer = await gateway.http.get(
        "/assets/index-5fd4c4.js", headers={"accept-encoding": understood}
    )
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "accept-encoding"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.content == SCRIPT


async def test_how_files_are_packed_is_no_address(gateway: House) -> None:
    assert (await gateway.http.get("/assets/index-5fd4c4.js.gz")).status_code == 404


async def test_without_a_client_the_gateway_is_an_api_alone(shared: House) -> None:
    assert (await shared.http.get("/", headers=A_BROWSER)).status_code == 404


async def test_a_folder_without_a_client_is_said_at_the_start(
    shared: House, tmp_path: Path
) -> None:
    settings = shared.settings.model_copy(update={"web": tmp_path})
    with pytest.raises(FileNotFoundError, match="make web"):
        async with running(settings):
            pytest.fail("it started")
