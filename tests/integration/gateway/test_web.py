"""What a browser sees of the gateway, over real HTTP and gRPC."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.api import httpbody_pb2

from gateway.cookies import PREFIX
from gateway.live import PATH as STREAM
from gateway.session import SessionIsOver
from kundeapp.identity.v1 import identity_service_pb2 as identity_pb
from tests.integration.gateway.conftest import Context, House, house
from tests.integration.gateway.test_gateway import refuse

FILE = "/v1/events/7/guestList.csv"
ORIGIN = "https://kundeapp.example.com"
OUR_PAGE = {"sec-fetch-site": "same-origin"}
OTHER_SITE = {"sec-fetch-site": "cross-site"}


@pytest.fixture(scope="module")
async def public(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[House]:
    """A gateway that browsers find at an address of its own, behind one proxy."""
    folder = tmp_path_factory.mktemp("public")
    app = ("https://app.example.com",)
    async with house(folder, public_url=ORIGIN, trusted_hops=1, cors_origins=app) as built:
        yield built


def browser(house: House, **token: Any) -> dict[str, str]:
    """Returns the Cookie header of somebody who is logged in."""
    return {"cookie": f"{PREFIX}access={house.backend.token(**token)}"}


def has_files(house: House) -> None:
    async def answer(_request: Any, _context: Context) -> httpbody_pb2.HttpBody:
        return httpbody_pb2.HttpBody(content_type="text/csv", data=b"Namn")

    house.backend.answers["GetGuestListCsv"] = answer


class TestTheAccessCookie:
    async def test_is_as_good_as_the_header(self, public: House) -> None:
        has_files(public)
        cookie = browser(public, roles=("EVENT_STAFF",))
        for headers in (OUR_PAGE, {"origin": ORIGIN}, {}):
            response = await public.http.get(FILE, headers={**cookie, **headers})
            assert (response.status_code, response.content) == (200, b"Namn")

    async def test_reads_no_file_for_another_site(self, public: House) -> None:
        has_files(public)
        cookie = browser(public, roles=("EVENT_STAFF",))
        for headers in (OTHER_SITE, {"origin": "https://app.example.com"}):
            response = await public.http.get(FILE, headers={**cookie, **headers})
            assert (response.status_code, response.json()["code"]) == (403, "CROSS_SITE_REQUEST")

    async def test_gets_staff_a_token_for_the_services(self, public: House) -> None:
        cookie = browser(public, roles=("OPERATOR",))
        for headers, status in ((OUR_PAGE, 200), ({}, 403)):
            response = await public.http.post("/v1/internalTokens", headers={**cookie, **headers})
            assert response.status_code == status

    async def test_opens_the_live_stream_to_our_pages(self, public: House) -> None:
        cookie = browser(public)
        async with public.http.stream("GET", STREAM, headers={**cookie, **OUR_PAGE}) as response:
            assert response.status_code == 200
            assert await anext(response.aiter_lines()) == "event: ready"
        response = await public.http.get(STREAM, headers={**cookie, **OTHER_SITE})
        assert response.json()["code"] == "CROSS_SITE_REQUEST"

    async def test_goes_with_its_session_and_the_refresh_cookie_too(self, public: House) -> None:
        public.backend.answers["GetGuestListCsv"] = refuse(SessionIsOver())
        cookie = browser(public, roles=("EVENT_STAFF",))
        response = await public.http.get(FILE, headers={**cookie, **OUR_PAGE})
        assert response.status_code == 401
        gone = "Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict"
        assert response.headers.get_list("set-cookie") == [
            f"{PREFIX}access=; {gone}",
            f"{PREFIX}refresh=; {gone}",
        ]

    async def test_with_too_much_beside_it_is_refused(self, public: House) -> None:
        headers = {"cookie": f"{browser(public)['cookie']}; x={'x' * 20_000}"}
        response = await public.http.get("/v1/me", headers=headers)
        assert (response.status_code, response.json()["code"]) == (431, "HEADERS_TOO_LARGE")


class TestALoginWithAThirdParty:
    async def begun(self, house: House, client: identity_pb.Client.ValueType) -> httpx.Response:
        async def begin(_request: Any, _context: Context) -> identity_pb.ProviderFlow:
            flow = identity_pb.ProviderFlow(flow_secret="secret", client=client)
            flow.expires_at.FromDatetime(datetime.now(UTC) + timedelta(minutes=10))
            return flow

        house.backend.answers["BeginProviderLogin"] = begin
        path = "/v1/identityProviders/bankid:begin"
        return await house.http.post(path, json={}, headers=OUR_PAGE)

    async def completed(self, house: House, headers: dict[str, str]) -> tuple[httpx.Response, str]:
        shown: list[str] = []

        async def complete(request: Any, _context: Context) -> identity_pb.Session:
            shown.append(request.flow_secret)
            return identity_pb.Session()

        house.backend.answers["CompleteProviderLogin"] = complete
        path, body = "/v1/identityProviders:complete", {"state": "s", "code": "c"}
        response = await house.http.post(path, json=body, headers=headers)
        return response, "".join(shown)

    async def test_has_a_secret_that_no_script_sees(self, public: House) -> None:
        response = await self.begun(public, identity_pb.WEB)
        assert response.json()["flowSecret"] == ""
        [cookie] = response.headers.get_list("set-cookie")
        assert cookie.startswith(f"{PREFIX}flow=secret; Max-Age=")

    async def test_has_a_secret_that_an_app_keeps_itself(self, public: House) -> None:
        response = await self.begun(public, identity_pb.APP)
        assert response.json()["flowSecret"] == "secret"
        assert "set-cookie" not in response.headers

    async def test_is_completed_by_the_browser_that_began_it_once(self, public: House) -> None:
        cookie = {"cookie": f"{PREFIX}flow=secret"}
        response, shown = await self.completed(public, {**cookie, **OUR_PAGE})
        assert shown == "secret"
        [gone] = response.headers.get_list("set-cookie")
        assert gone.startswith(f"{PREFIX}flow=; Max-Age=0")

    async def test_is_completed_for_no_other_site(self, public: House) -> None:
        cookie = {"cookie": f"{PREFIX}flow=secret"}
        response, shown = await self.completed(public, {**cookie, **OTHER_SITE})
        assert (response.status_code, response.json()["code"]) == (403, "CROSS_SITE_REQUEST")
        assert shown == ""


class TestOurOwnOrigin:
    async def test_is_the_local_address_unless_told(self, shared: House) -> None:
        has_files(shared)
        port = shared.settings.listen.rpartition(":")[2]
        cookie = browser(shared, roles=("EVENT_STAFF",))
        for origin, status in ((f"http://localhost:{port}", 200), ("http://localhost:1", 403)):
            response = await shared.http.get(FILE, headers={**cookie, "origin": origin})
            assert response.status_code == status

    async def test_is_not_what_the_request_says_of_its_host(self, shared: House) -> None:
        has_files(shared)
        headers = {
            **browser(shared, roles=("EVENT_STAFF",)),
            "origin": "https://evil.example.com",
            "host": "evil.example.com",
            "x-forwarded-host": "evil.example.com",
        }
        assert (await shared.http.get(FILE, headers=headers)).status_code == 403

    @pytest.mark.parametrize("url", ["kundeapp.example.com", f"{ORIGIN}/", "ftp://x", "https://X"])
    async def test_is_an_origin_or_nothing_starts(self, tmp_path: Path, url: str) -> None:
        with pytest.raises(ValueError, match="public_url"):
            async with house(tmp_path, public_url=url):
                pass


class TestOtherOrigins:
    async def test_may_call_but_never_with_cookies(self, public: House) -> None:
        origin = {"origin": "https://app.example.com"}
        preflight = {**origin, "access-control-request-method": "POST"}
        for response in (
            await public.http.request("OPTIONS", "/v1/sessions", headers=preflight),
            await public.http.get("/v1/nothing", headers={**origin, "cookie": "x=1"}),
        ):
            assert response.headers["access-control-allow-origin"] == origin["origin"]
            assert "access-control-allow-credentials" not in response.headers


class TestTheNetwork:
    async def seen(self, house: House, *forwarded: str) -> str:
        seen: dict[str, str] = {}

        async def session(_request: Any, context: Context) -> identity_pb.Session:
            seen.update((key, str(value)) for key, value in context.invocation_metadata() or ())
            return identity_pb.Session()

        house.backend.answers["RefreshSession"] = session
        headers = [("x-forwarded-for", each) for each in forwarded]
        headers.append(("x-client-network", "10.9.9.9"))
        response = await house.http.post("/v1/sessions:refresh", json={}, headers=headers)
        assert response.status_code == 200
        return seen["x-client-network"]

    async def test_is_the_peers_where_no_proxy_is_ours(self, shared: House) -> None:
        assert await self.seen(shared, "203.0.113.9") == "127.0.0.1"

    async def test_is_what_our_proxy_says_whatever_the_client_does(self, public: House) -> None:
        assert await self.seen(public, "203.0.113.9") == "203.0.113.9"
        assert await self.seen(public, "10.0.0.1, 2001:db8::5") == "2001:db8::/64"
        assert await self.seen(public, "10.0.0.1", "203.0.113.9") == "203.0.113.9"
        assert await self.seen(public, "not an address") == "127.0.0.1"
        assert await self.seen(public) == "127.0.0.1"


class TestTheUndoPage:
    async def test_is_there_in_the_readers_language(self, shared: House) -> None:
        response = await shared.http.get("/konto/angre", headers={"accept-language": "nb-NO"})
        assert response.status_code == 200
        assert "Angre endringen" in response.text
        assert "Angre endringa" in (await shared.http.get("/konto/angre")).text
        assert (await shared.http.get("/konto/angre.js")).is_success
        assert (await shared.http.get("/page.css")).is_success

    async def test_takes_nothing_but_a_look(self, shared: House) -> None:
        assert (await shared.http.post("/konto/angre", json={})).status_code == 405
        assert (await shared.http.head("/konto/angre")).status_code == 200


async def test_several_cookie_headers_are_one(public: House) -> None:
    has_files(public)
    access = browser(public, roles=("EVENT_STAFF",))["cookie"]
    headers = httpx.Headers([("cookie", access), ("cookie", "theme=dark"), *OUR_PAGE.items()])
    assert (await public.http.get(FILE, headers=headers)).status_code == 200
