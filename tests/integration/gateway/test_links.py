"""The links of letters over real HTTP: what providers of mail send, and what scanners open."""

from collections.abc import AsyncGenerator, Awaitable
from typing import Any

import httpx
import pytest

from gateway.cookies import PREFIX
from kit import errors
from kundeapp.consent.v1 import consents_pb2, mailings_pb2, releases_pb2
from tests.integration.gateway.conftest import Context, House, house
from tests.integration.gateway.test_gateway import refuse

TOKEN = "Zm9yZ290dGVu-_aW5n"
ONE_CLICK = "List-Unsubscribe=One-Click"
FORM = {"content-type": "application/x-www-form-urlencoded"}
BOUNDARY = {"content-type": "multipart/form-data; boundary=sone"}
PARTS = (
    "--sone\r\n"
    'Content-Disposition: form-data; name="List-Unsubscribe"\r\n'
    "\r\n"
    "One-Click\r\n"
    "--sone--\r\n"
)
ADDRESS = f"/v1/unsubscribe/{TOKEN}"


class Unknown(errors.NotFound):
    reason = "UNSUBSCRIBE_LINK_UNKNOWN"


class Consent:
    """What consent was asked for, and how it answers.

    Attributes:
        asked: The requests, the last one last.
    """

    def __init__(self, house: House) -> None:
        self.asked: list[Any] = []
        house.backend.answers.update(
            Unsubscribe=self._unsubscribe,
            GetSubscription=self._unsubscribe,
            LookUpRelease=self._release,
            ReleaseByLink=self._release,
        )

    async def _unsubscribe(self, request: Any, context: Context) -> mailings_pb2.Subscription:
        self.asked.append(request)
        if request.token != TOKEN:
            await refuse(Unknown())(request, context)
        return mailings_pb2.Subscription(purpose="kraftklubben", channel=consents_pb2.EMAIL)

    async def _release(self, request: Any, context: Context) -> releases_pb2.Release:
        self.asked.append(request)
        if request.token != TOKEN:
            await refuse(Unknown())(request, context)
        return releases_pb2.Release(state=releases_pb2.Release.OPEN, tickets=2)


@pytest.fixture
def consent(shared: House) -> Consent:
    return Consent(shared)


@pytest.fixture(scope="module")
async def small(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[House]:
    """A gateway that takes bodies of 2 KiB at most."""
    async with house(tmp_path_factory.mktemp("small"), max_body_bytes=2048) as built:
        yield built


class TestAProviderOfMail:
    @pytest.mark.parametrize(
        ("headers", "body"),
        [
            (FORM, ONE_CLICK),
            ({"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}, ONE_CLICK),
            (FORM, f"{ONE_CLICK}\r\n"),
            (BOUNDARY, PARTS),
            ({}, ""),
            ({"content-type": "application/json"}, "{}"),
        ],
    )
    async def test_unsubscribes_a_reader_without_a_cookie(
        self, shared: House, consent: Consent, headers: dict[str, str], body: str
    ) -> None:
        response = await shared.http.post(ADDRESS, content=body, headers=headers)
        assert response.status_code == 200
        assert "location" not in response.headers
        assert "set-cookie" not in response.headers
        assert [each.token for each in consent.asked] == [TOKEN]

    @pytest.mark.parametrize(
        "headers",
        [
            {"origin": "https://mail.example.com"},
            {"origin": "null", "sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
        ],
    )
    async def test_may_do_so_from_a_page_of_its_own_and_is_nobody(
        self, shared: House, consent: Consent, headers: dict[str, str]
    ) -> None:
        cookie = {"cookie": f"{PREFIX}access={shared.backend.token()}"}
        for login in ({}, cookie, {"authorization": f"Bearer {shared.backend.token()}"}):
            all_headers = {**FORM, **headers, **login}
            response = await shared.http.post(ADDRESS, content=ONE_CLICK, headers=all_headers)
            assert response.status_code == 200
            assert "authorization" not in shared.backend.seen
        assert len(consent.asked) == 3

    @pytest.mark.parametrize(
        ("headers", "body"),
        [
            (FORM, "List-Unsubscribe=Two-Clicks"),
            (FORM, "list-unsubscribe=One-Click"),
            (FORM, "Unsubscribe=One-Click"),
            (FORM, f"{ONE_CLICK}&{ONE_CLICK}"),
            (FORM, f"{ONE_CLICK}&also=this"),
            (FORM, "One-Click"),
            (FORM, ""),
            (FORM, "\xe6=%ff"),
            (BOUNDARY, PARTS.replace("One-Click", "Never")),
            (BOUNDARY, PARTS.replace("name=", "title=")),
            (BOUNDARY, PARTS.removesuffix("--sone--\r\n")),
            (BOUNDARY, PARTS.replace("--sone\r\n", "--sone\r\n\r\n\r\n--sone\r\n")),
            (BOUNDARY, ONE_CLICK),
            ({"content-type": "multipart/form-data"}, PARTS),
        ],
    )
    async def test_is_told_what_to_send(
        self, shared: House, consent: Consent, headers: dict[str, str], body: str
    ) -> None:
        content = body.encode("latin-1") or b" "
        response = await shared.http.post(ADDRESS, content=content, headers=headers)
        assert response.status_code == 400
        assert ONE_CLICK in response.json()["detail"]
        assert consent.asked == []

    async def test_sends_no_other_type(self, shared: House, consent: Consent) -> None:
        headers = {"content-type": "text/plain"}
        response = await shared.http.post(ADDRESS, content=ONE_CLICK, headers=headers)
        assert response.status_code == 415
        assert consent.asked == []

    @pytest.mark.parametrize("headers", [FORM, BOUNDARY])
    async def test_sends_no_more_than_a_form_needs(
        self, shared: House, consent: Consent, headers: dict[str, str]
    ) -> None:
        many = "--sone\r\n" * 1000 + PARTS
        response = await shared.http.post(ADDRESS, content=many, headers=headers)
        assert (response.status_code, response.json()["limit"]) == (413, 4096)
        assert consent.asked == []

    async def test_is_held_to_the_limits_of_every_body(self, small: House) -> None:
        consent = Consent(small)
        response = await small.http.post(ADDRESS, content="x" * 3000, headers=FORM)
        assert (response.status_code, response.json()["limit"]) == (413, 2048)
        assert consent.asked == []

    async def test_finds_no_form_where_none_is_declared(
        self, shared: House, consent: Consent
    ) -> None:
        path = "/v1/unsubscribe:lookUp"
        response = await shared.http.post(path, content=ONE_CLICK, headers=FORM)
        assert response.status_code == 415
        assert consent.asked == []


class TestAScanner:
    @pytest.mark.parametrize("folder", ["/v1/unsubscribe", "/avmelding", "/framleis"])
    async def test_opens_a_link_a_hundred_times_and_changes_nothing(
        self, shared: House, consent: Consent, folder: str
    ) -> None:
        for _ in range(100):
            for method in ("GET", "HEAD"):
                response = await shared.http.request(method, f"{folder}/{TOKEN}")
                assert response.status_code in {200, 303}
        assert consent.asked == []

    async def test_is_led_from_the_address_of_the_api_to_the_page(
        self, shared: House, consent: Consent
    ) -> None:
        response = await shared.http.get(ADDRESS)
        assert (response.status_code, response.content) == (303, b"")
        assert response.headers["location"] == f"/avmelding/{TOKEN}"
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["referrer-policy"] == "no-referrer"
        page = await shared.http.get(response.headers["location"])
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert consent.asked == []

    async def test_is_told_what_else_an_address_answers(self, shared: House) -> None:
        for path, allowed in (
            (ADDRESS, "GET, HEAD, OPTIONS, POST"),
            (f"/avmelding/{TOKEN}", "GET, HEAD, OPTIONS, POST"),
        ):
            for method, status in (("OPTIONS", 204), ("DELETE", 405)):
                response = await shared.http.request(method, path)
                assert (response.status_code, response.headers["allow"]) == (status, allowed)


class TestALinkThatWasNotMadeHere:
    async def test_looks_the_same_whatever_is_wrong_with_it(
        self, shared: House, consent: Consent
    ) -> None:
        del consent
        answers = [
            await self.bytes_of(shared.http.post(f"/v1/unsubscribe/{token}"))
            for token in ("forged", TOKEN[:-1], f"{TOKEN}x", "%C3%A6", "." * 500)
        ]
        assert len(set(answers)) == 1

    async def bytes_of(self, asking: Awaitable[httpx.Response]) -> bytes:
        response = await asking
        assert response.status_code == 404
        return response.content.replace(response.json()["traceId"].encode(), b"")

    @pytest.mark.parametrize("folder", ["/avmelding", "/framleis"])
    async def test_has_a_page_that_says_so(
        self, shared: House, consent: Consent, folder: str
    ) -> None:
        response = await shared.http.post(f"{folder}/forged")
        assert response.status_code == 404
        assert "Lenkja verkar ikkje" in response.text
        assert [each.token for each in consent.asked] == ["forged"]


class TestABrowserWithoutScript:
    @pytest.mark.parametrize(
        ("folder", "done"),
        [("/avmelding", "Du er meld av"), ("/framleis", "Billettane er gitt tilbake")],
    )
    async def test_sends_the_form_of_the_page(
        self, shared: House, consent: Consent, folder: str, done: str
    ) -> None:
        page = await shared.http.get(f"{folder}/{TOKEN}")
        assert '<form method="post">' in page.text
        response = await shared.http.post(f"{folder}/{TOKEN}", headers=FORM)
        assert response.status_code == 200
        assert f">{done}</h1>" in response.text
        assert "<script" not in response.text
        [asked] = consent.asked
        assert asked.token == TOKEN

    async def test_gives_all_tickets_back(self, shared: House, consent: Consent) -> None:
        await shared.http.post(f"/framleis/{TOKEN}")
        [asked] = consent.asked
        assert asked.all

    async def test_sees_that_there_is_nothing_to_give_back(
        self, shared: House, consent: Consent
    ) -> None:
        del consent
        shared.backend.answers["ReleaseByLink"] = refuse(Over())
        response = await shared.http.post(f"/framleis/{TOKEN}")
        assert response.status_code == 409
        assert "Det er ingen billettar å gi tilbake" in response.text

    @pytest.mark.parametrize(
        ("folder", "rpc"), [("/avmelding", "Unsubscribe"), ("/framleis", "ReleaseByLink")]
    )
    async def test_may_try_again_when_a_service_is_away(
        self, shared: House, consent: Consent, folder: str, rpc: str
    ) -> None:
        del consent
        shared.backend.answers[rpc] = refuse(errors.Unavailable())
        response = await shared.http.post(f"{folder}/{TOKEN}")
        assert response.status_code == 503
        assert '<form method="post">' in response.text


class Over(errors.FailedPrecondition):
    reason = "EVENT_OVER"


async def test_no_token_stands_in_a_log(
    shared: House, consent: Consent, capfd: pytest.CaptureFixture[str]
) -> None:
    for path in (ADDRESS, f"/avmelding/{TOKEN}", f"/framleis/{TOKEN}"):
        for method in ("GET", "POST", "DELETE"):
            await shared.http.request(method, path)
    assert len(consent.asked) == 3
    logged = "".join(capfd.readouterr())
    for route in ("/v1/unsubscribe/{token}", "/avmelding/{token}", "/framleis/{token}"):
        assert f'"route":"{route}"' in logged
    assert TOKEN not in logged
