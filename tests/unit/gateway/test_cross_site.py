"""Another site cannot have a browser act in the customer's name, nor log it in."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.unit.gateway.browsing import ORIGIN, OTHER_SITE, OUR_PAGE, House, kept, message

EVIL = "https://evil.example.com"
REFUSED = (403, "CROSS_SITE_REQUEST")

FROM_ELSEWHERE = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "cross-site", "origin": ORIGIN},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "same-site", "origin": "https://other.example.com"},
    {"sec-fetch-site": ""},
    {"sec-fetch-site": "Same-Origin"},
    {"sec-fetch-site": "same-origin, cross-site"},
    {"origin": EVIL},
    {"origin": "null"},
    {"origin": ""},
    {"origin": f"{ORIGIN}.evil.example.com"},
    {"origin": f"{ORIGIN}:8443"},
    {"origin": ORIGIN.replace("https", "http")},
    {"origin": f"{ORIGIN}/"},
]
# What says nothing of where it comes from is no page's own doing if it only reads.
UNKNOWN: list[dict[str, str]] = [{}, {"sec-fetch-site": "none"}, {"referer": f"{ORIGIN}/"}]
FROM_OURS = [{"sec-fetch-site": "same-origin"}, {"origin": ORIGIN}, OUR_PAGE]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def refusal(house: House, target: str, **request: Any) -> tuple[int, str]:
    response = await house.call(target, **request)
    assert kept(response) == {}
    return response.status_code, response.json()["code"]


class TestWithTheAccessCookie:
    @pytest.mark.parametrize("headers", [*FROM_ELSEWHERE, *UNKNOWN])
    async def test_a_change_from_elsewhere_is_refused(
        self, house: House, headers: dict[str, str]
    ) -> None:
        cookies = {"access": house.token()}
        assert await refusal(house, "DELETE /v1/doors/a", cookies=cookies, headers=headers) == (
            REFUSED
        )
        assert not house.echo.asked

    @pytest.mark.parametrize("headers", FROM_ELSEWHERE)
    async def test_a_file_is_not_read_from_elsewhere(
        self, house: House, headers: dict[str, str]
    ) -> None:
        cookies = {"access": house.token()}
        assert await refusal(house, "GET /v1/doors/a", cookies=cookies, headers=headers) == REFUSED
        assert not house.echo.asked

    @pytest.mark.parametrize("headers", [*FROM_OURS, *UNKNOWN])
    async def test_a_file_is_read_by_our_pages_and_by_its_address(
        self, house: House, headers: dict[str, str]
    ) -> None:
        cookies = {"access": house.token()}
        response = await house.call("GET /v1/doors/a", cookies=cookies, headers=headers)
        assert response.status_code == 200

    @pytest.mark.parametrize("headers", FROM_OURS)
    async def test_our_pages_may_change(self, house: House, headers: dict[str, str]) -> None:
        cookies = {"access": house.token()}
        response = await house.call("DELETE /v1/doors/a", cookies=cookies, headers=headers)
        assert response.status_code == 200

    async def test_what_is_public_is_refused_too(self, house: House) -> None:
        cookies = {"access": house.token()}
        assert await refusal(house, "GET /v1/query", cookies=cookies, headers=OTHER_SITE) == REFUSED

    async def test_hand_written_paths_are_no_way_in(self, house: House) -> None:
        cookies = {"access": house.token(roles=["OPERATOR"])}
        for headers in (OTHER_SITE, {}):
            assert (
                await refusal(house, "POST /v1/internalTokens", cookies=cookies, headers=headers)
                == REFUSED
            )

    async def test_the_refusal_says_what_to_do(self, house: House) -> None:
        headers = {**OTHER_SITE, "accept-language": "en"}
        cookies = {"access": house.token()}
        response = await house.call("DELETE /v1/doors/a", cookies=cookies, headers=headers)
        assert "try again" in response.json()["detail"]


class TestWithACookieInTheRequest:
    @pytest.mark.parametrize("headers", [*FROM_ELSEWHERE, *UNKNOWN])
    async def test_nothing_is_renewed_from_elsewhere(
        self, house: House, headers: dict[str, str]
    ) -> None:
        cookies = {"refresh": "r-1"}
        assert (
            await refusal(house, "POST /v1/doors:reopen", cookies=cookies, headers=headers)
            == REFUSED
        )
        assert not house.echo.asked

    async def test_other_cookies_are_nobody_s_business(self, house: House) -> None:
        response = await house.call("GET /v1/query", cookies="theme=dark", headers=OTHER_SITE)
        assert response.status_code == 200


class TestWithoutCookies:
    async def test_apps_and_pages_elsewhere_may_call(self, house: House) -> None:
        for headers in (*FROM_ELSEWHERE, *UNKNOWN):
            response = await house.call("POST /v1/doors", json={}, headers=headers)
            assert response.status_code == 200

    @pytest.mark.parametrize("headers", [*FROM_ELSEWHERE, *UNKNOWN])
    async def test_a_login_from_elsewhere_sets_no_cookie_and_shows_no_secret(
        self, house: House, headers: dict[str, str]
    ) -> None:
        opened = message("Opened", client="WEB", access="attacker")
        opened.access_ends.FromDatetime(house.clock.now() + timedelta(minutes=10))
        house.echo.answers["Open"] = lambda _: opened
        response = await house.call("POST /v1/doors", json={"client": "WEB"}, headers=headers)
        assert (response.status_code, response.json()["code"]) == REFUSED
        assert kept(response) == {}
        assert "attacker" not in response.text
