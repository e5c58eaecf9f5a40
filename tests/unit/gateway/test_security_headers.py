"""Whatever the gateway answers says how careful a browser is to be with it."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.gateway.browsing import OTHER_SITE, House

ANSWERS = [
    ("GET /v1/query", 200),
    ("GET /v1/colours/BLUE", 422),
    ("GET /v1/nothing", 404),
    ("PUT /v1/query", 405),
    ("TRACE /v1/query", 405),
    ("OPTIONS /v1/query", 204),
    ("GET /v1/doors/x", 401),
    ("GET /healthz", 200),
    ("POST /v1/things", 415),
]


async def answered(folder: Path, target: str, status: int) -> httpx.Response:
    content: dict[str, Any] = {"content": b"{"} if target.startswith("POST") else {}
    response = await House(folder).call(target, headers=OTHER_SITE, **content)
    assert response.status_code == status
    return response


@pytest.mark.parametrize(("target", "status"), ANSWERS)
class TestEveryAnswer:
    async def test_is_asked_for_over_tls_alone_from_then_on(
        self, tmp_path: Path, target: str, status: int
    ) -> None:
        response = await answered(tmp_path, target, status)
        told = re.fullmatch(
            r"max-age=([0-9]+); includeSubDomains", response.headers["strict-transport-security"]
        )
        assert told is not None
        assert int(told[1]) >= 365 * 24 * 3600

    async def test_loads_runs_sends_and_frames_nothing(
        self, tmp_path: Path, target: str, status: int
    ) -> None:
        response = await answered(tmp_path, target, status)
        policy = set(response.headers["content-security-policy"].split("; "))
        wanted = ("default-src", "base-uri", "form-action", "frame-ancestors")
        assert policy == {f"{directive} 'none'" for directive in wanted}

    async def test_is_what_it_says_it_is_and_says_nothing_of_where_it_was_read(
        self, tmp_path: Path, target: str, status: int
    ) -> None:
        response = await answered(tmp_path, target, status)
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "no-referrer"

    async def test_is_kept_by_nobody_and_read_by_no_other_origin(
        self, tmp_path: Path, target: str, status: int
    ) -> None:
        response = await answered(tmp_path, target, status)
        assert response.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in response.headers

    async def test_has_a_type_if_it_has_a_content(
        self, tmp_path: Path, target: str, status: int
    ) -> None:
        response = await answered(tmp_path, target, status)
        kinds = {"application/json", "application/problem+json"}
        assert not response.content or response.headers["content-type"] in kinds


async def test_what_was_not_asked_of_us_is_not_echoed(tmp_path: Path) -> None:
    response = await House(tmp_path).call("TRACE /v1/query", headers={"x-secret": "hush"})
    assert response.status_code == 405
    assert "hush" not in response.text
