"""What a browser keeps: how it gets it, what it is good for, and when it goes."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.cookies import PREFIX
from gateway.session import SessionIsOver
from kit import jwt
from tests.unit.gateway.browsing import (
    OTHER_SITE,
    OUR_PAGE,
    SESSION,
    House,
    header,
    kept,
    message,
)

REST = "; Path=/; Secure; HttpOnly; SameSite=Strict"
GONE = f"; Max-Age=0{REST}"
SECRETS = {"access": "a.b.c", "refresh": "r-1", "device": "d-1"}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def opens(house: House, client: str, **secrets: str) -> None:
    """Has the service hand out secrets that end in ten minutes and in twelve hours."""

    def answer(_request: Any) -> Any:
        opened = message("Opened", client=client, **secrets)
        opened.access_ends.FromDatetime(house.clock.now() + timedelta(minutes=10))
        opened.ends.FromDatetime(house.clock.now() + timedelta(hours=12))
        return opened

    house.echo.answers["Open"] = house.echo.answers["Reopen"] = answer


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


class TestAnAnswer:
    async def test_for_a_browser_sets_cookies_and_shows_no_secret(self, house: House) -> None:
        opens(house, "WEB", **SECRETS)
        response = await house.call("POST /v1/doors", json={"client": "WEB"}, headers=OUR_PAGE)
        assert response.headers.get_list("set-cookie") == [
            f"__Host-kundeapp-access=a.b.c; Max-Age=600{REST}",
            f"__Host-kundeapp-refresh=r-1; Max-Age=43200{REST}",
            f"__Host-kundeapp-device=d-1; Max-Age=34560000{REST}",
        ]
        shown = response.json()
        assert (shown["access"], shown["refresh"], shown["device"]) == ("", "", "")
        assert shown["client"] == "WEB"
        assert shown["ends"] is not None

    @pytest.mark.parametrize("client", ["APP", "CLIENT_UNSPECIFIED"])
    async def test_for_an_app_is_as_it_is(self, house: House, client: str) -> None:
        opens(house, client, **SECRETS)
        response = await house.call("POST /v1/doors", json={"client": client})
        assert response.json().items() >= SECRETS.items()
        assert kept(response) == {}

    async def test_without_a_secret_leaves_its_cookie_as_it_is(self, house: House) -> None:
        opens(house, "WEB", access="a.b.c")
        response = await house.call("POST /v1/doors", json={}, headers=OUR_PAGE)
        assert set(kept(response)) == {"access"}

    async def test_with_what_is_over_removes_it(self, house: House) -> None:
        opened = message("Opened", client="WEB", access="a")
        opened.access_ends.FromDatetime(house.clock.now() - timedelta(minutes=1))
        house.echo.answers["Open"] = lambda _: opened
        response = await house.call("POST /v1/doors", json={}, headers=OUR_PAGE)
        assert kept(response) == {"access": f"a{GONE}"}

    @pytest.mark.parametrize("secret", ["a; Domain=evil.example.com", "a\r\nx: y", "å", "x" * 4096])
    async def test_with_what_no_browser_keeps_is_a_failure_that_tells_nothing(
        self, house: House, secret: str
    ) -> None:
        opens(house, "WEB", access=secret)
        response = await house.call("POST /v1/doors", json={}, headers=OUR_PAGE)
        assert response.json()["code"] == "INTERNAL"
        assert secret not in response.text
        assert kept(response) == {}


class TestARequest:
    @pytest.mark.parametrize("content", [{}, {"json": {}}, {"json": {"refresh": None}}])
    async def test_is_filled_from_the_cookie(self, house: House, content: dict[str, Any]) -> None:
        opens(house, "WEB", refresh="r-2")
        cookies = {"refresh": "r-1", "device": "d-1"}
        response = await house.call(
            "POST /v1/doors:reopen", cookies=cookies, headers=OUR_PAGE, **content
        )
        assert response.status_code == 200
        assert house.echo.asked[-1].refresh == "r-1"
        assert kept(response)["refresh"].startswith("r-2;")

    async def test_is_filled_only_where_it_is_empty(self, house: House) -> None:
        body = {"client": "APP", "device": "mine"}
        await house.call("POST /v1/doors", json=body, cookies={"device": "d-1"}, headers=OUR_PAGE)
        assert house.echo.asked[-1].device == "mine"

    async def test_may_come_without_the_cookie(self, house: House) -> None:
        response = await house.call("POST /v1/doors:reopen", headers=OUR_PAGE)
        assert response.status_code == 200
        assert house.echo.asked[-1].refresh == ""

    @pytest.mark.parametrize(
        "cookies",
        [
            "refresh=r-1",
            "__Secure-kundeapp-refresh=r-1",
            "__host-kundeapp-refresh=r-1",
            "__Host-kundeapp-refresh",
            "__Host-kundeapp-refresh=",
            "__Host-kundeapp-refreshed=r-1",
            "x=1,__Host-kundeapp-refresh=r-1",
            ";;=;",
            "\xff\x00",
        ],
    )
    async def test_takes_no_other_cookie(self, house: House, cookies: str) -> None:
        headers = [(name.encode(), value.encode()) for name, value in OUR_PAGE.items()]
        async with house.client() as client:
            await client.post(
                "/v1/doors:reopen", headers=[*headers, (b"cookie", cookies.encode("latin-1"))]
            )
        assert house.echo.asked[-1].refresh == ""

    async def test_with_the_same_cookie_twice_has_none(self, house: House) -> None:
        for twice in (
            f"{header({'refresh': 'r-1'})}; {header({'refresh': 'evil'})}",
            f"{header({'refresh': 'r-1'})}; {header({'refresh': 'r-1'})}",
        ):
            await house.call("POST /v1/doors:reopen", cookies=twice, headers=OUR_PAGE)
            assert house.echo.asked[-1].refresh == ""

    async def test_may_bring_each_cookie_in_a_header_of_its_own(self, house: House) -> None:
        several = [("cookie", header({"refresh": "r-1"})), ("cookie", header({"access": "a"}))]
        await house.call("POST /v1/doors:reopen", headers=[*OUR_PAGE.items(), *several])
        assert house.echo.asked[-1].refresh == "r-1"

    async def test_with_too_much_in_its_cookies_is_refused(self, tmp_path: Path) -> None:
        house = House(tmp_path, header_bytes=4096)
        cookies = {"refresh": "r" * 4096}
        response = await house.call("POST /v1/doors:reopen", cookies=cookies, headers=OUR_PAGE)
        assert (response.status_code, response.json()["code"]) == (431, "HEADERS_TOO_LARGE")
        assert not house.echo.asked


class TestTheAccessCookie:
    async def test_says_who_calls(self, house: House) -> None:
        token = house.token()
        response = await house.call("GET /v1/doors/a", cookies={"access": token}, headers=OUR_PAGE)
        assert response.status_code == 200
        internal = house.echo.told["authorization"].removeprefix("Bearer ")
        assert internal
        assert internal != token

    async def test_counts_on_hand_written_paths_too(self, house: House) -> None:
        cookies = {"access": house.token(roles=["OPERATOR"])}
        response = await house.call("POST /v1/internalTokens", cookies=cookies, headers=OUR_PAGE)
        assert response.status_code == 200
        assert response.json()["internalToken"]

    @pytest.mark.parametrize(
        "how", ["nonsense", "key", "cut", "old", "audience", "bearer", "quoted"]
    )
    async def test_that_is_forged_says_nothing(self, house: House, how: str) -> None:
        forged = {
            "nonsense": "x",
            "key": house.token(jwt.generate_key("access")),
            "cut": house.token()[:-4],
            "old": house.token(exp=1),
            "audience": house.token(aud="somebody-else"),
            "bearer": f"Bearer {house.token()}",
            "quoted": f'"{house.token()}"',
        }
        cookies = {"access": forged[how]}
        response = await house.call("GET /v1/doors/a", cookies=cookies, headers=OUR_PAGE)
        assert (response.status_code, response.json()["code"]) == (401, "UNAUTHENTICATED")
        assert not house.echo.asked

    async def test_beside_another_of_its_name_says_nothing(self, house: House) -> None:
        twice = f"{header({'access': house.token()})}; {PREFIX}access=x"
        response = await house.call("GET /v1/doors/a", cookies=twice, headers=OUR_PAGE)
        assert response.status_code == 401

    async def test_is_no_refresh_token_and_the_other_way_round(self, house: House) -> None:
        cookies = {"refresh": house.token()}
        response = await house.call("GET /v1/doors/a", cookies=cookies, headers=OUR_PAGE)
        assert response.status_code == 401

    async def test_leaves_what_is_public_open_when_it_is_old(self, house: House) -> None:
        cookies = {"access": house.token(exp=1), "refresh": "r-1"}
        response = await house.call("POST /v1/doors:reopen", cookies=cookies, headers=OUR_PAGE)
        assert response.status_code == 200
        assert house.echo.asked[-1].refresh == "r-1"
        assert "authorization" not in house.echo.told


class TestAnAuthorizationHeader:
    async def test_wins_over_the_cookie(self, house: House) -> None:
        good, bad = house.token(), "x.y.z"
        for authorization, cookie, status in ((good, bad, 200), (bad, good, 401)):
            response = await house.call(
                "GET /v1/doors/a", cookies={"access": cookie}, headers=bearer(authorization)
            )
            assert response.status_code == status

    async def test_keeps_cookies_out_of_the_request(self, house: House) -> None:
        headers = {**OUR_PAGE, **bearer(house.token())}
        await house.call("POST /v1/doors:reopen", cookies={"refresh": "r-1"}, headers=headers)
        assert house.echo.asked[-1].refresh == ""

    async def test_is_not_asked_where_it_comes_from(self, house: House) -> None:
        for site in (OTHER_SITE, {}):
            headers = {**site, **bearer(house.token())}
            cookies = {"access": house.token(), "refresh": "r-1"}
            response = await house.call("DELETE /v1/doors/a", cookies=cookies, headers=headers)
            assert response.status_code == 200
            assert kept(response) == {}


class TestTheEnd:
    async def test_a_call_that_logs_out_removes_the_cookies(self, house: House) -> None:
        cookies = {"access": house.token(), "refresh": "r-1", "device": "d-1"}
        response = await house.call("DELETE /v1/doors/a", cookies=cookies, headers=OUR_PAGE)
        assert kept(response) == {"access": GONE, "refresh": GONE}

    async def test_a_call_that_is_refused_removes_nothing(self, house: House) -> None:
        cookies = {"access": "x"}
        response = await house.call("DELETE /v1/doors/a", cookies=cookies, headers=OUR_PAGE)
        assert response.status_code == 401
        assert kept(response) == {}

    async def test_a_session_that_has_ended_takes_its_cookies_along(self, house: House) -> None:
        house.ended.add(SESSION)
        cookies = {"access": house.token(), "device": "d-1"}
        for target in ("GET /v1/doors/a", "POST /v1/internalTokens"):
            response = await house.call(target, cookies=cookies, headers=OUR_PAGE)
            assert (response.status_code, response.json()["code"]) == (401, "SESSION_ENDED")
            assert kept(response) == {"access": GONE, "refresh": GONE}

    async def test_a_service_that_says_so_has_them_removed_too(self, house: House) -> None:
        house.echo.refusal = SessionIsOver()
        cookies = {"refresh": "r-1"}
        response = await house.call("POST /v1/doors:reopen", cookies=cookies, headers=OUR_PAGE)
        assert response.status_code == 401
        assert kept(response) == {"access": GONE, "refresh": GONE}

    async def test_an_app_whose_session_has_ended_is_told_of_no_cookies(self, house: House) -> None:
        house.ended.add(SESSION)
        headers = {**OUR_PAGE, **bearer(house.token())}
        response = await house.call(
            "GET /v1/doors/a", headers=headers, cookies={"access": house.token()}
        )
        assert response.json()["code"] == "SESSION_ENDED"
        assert kept(response) == {}
