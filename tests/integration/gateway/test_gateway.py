"""What a client of the gateway sees, over real HTTP and gRPC."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from google.api import httpbody_pb2

from gateway.bootstrap import running
from kit import access, errors, jwt, status
from kit.clock import SystemClock
from kit.errors import FieldError
from kit.testing import eventually
from kit.testing.metrics import metric
from kundeapp.identity.v1 import identity_service_pb2 as identity_pb
from kundeapp.metering.v1 import usage_pb2 as usage_pb
from tests.integration.gateway.conftest import Answer, Backend, Context, House, house

USAGE = "/v1/meteringPoints/707057500000000001/usage?resolution=HOUR&from=2026-04-06&to=2026-04-07"
LOGIN = {"email": "kari@example.com", "password": "correct horse battery"}


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def usage(request: usage_pb.GetUsageRequest, _context: Context) -> usage_pb.Usage:
    return usage_pb.Usage(
        metering_point=request.gsrn,
        resolution=request.resolution,
        time_zone="Europe/Oslo",
        start=np.array([1775473200, 1775476800], "<i8").tobytes(),
        kwh=np.array([5939, -(2**63)], "<i8").tobytes(),
        cost=np.array([640_500_000, -(2**63)], "<i8").tobytes(),
        hours=np.array([1, 1], "<i4").tobytes(),
        components=[
            usage_pb.Usage.ComponentCosts(
                component=usage_pb.Usage.STROMSTOTTE,
                cost=np.array([-100_000_000, -(2**63)], "<i8").tobytes(),
            )
        ],
        total=usage_pb.Usage.Total(
            kwh=5939,
            hours=2,
            components=[usage_pb.ComponentCost(component=usage_pb.Usage.STROMSTOTTE)],
        ),
    )


async def session(request: Any, _context: Context) -> identity_pb.Session:
    return identity_pb.Session(id=request.request_id, refresh_token=request.email)


async def account(_request: Any, _context: Context) -> identity_pb.Account:
    return identity_pb.Account()


def refuse(problem: errors.Problem) -> Callable[[Any, Context], Awaitable[Any]]:
    async def answer(_request: Any, context: Context) -> Any:
        language = "en"
        refusal = status.status_of(problem, language)
        context.set_trailing_metadata(((status.DETAILS_KEY, refusal.SerializeToString()),))
        await context.abort(status.code_of(refusal), refusal.message)

    return answer


def answers_with(house: House, file: httpbody_pb2.HttpBody) -> None:
    async def answer(_request: Any, _context: Context) -> httpbody_pb2.HttpBody:
        return file

    house.backend.answers["GetGuestListCsv"] = answer


def staff(house: House) -> dict[str, str]:
    return bearer(house.backend.token(roles=("EVENT_STAFF",)))


class TestAnswers:
    async def test_columns_are_plain_arrays(self, shared: House) -> None:
        shared.backend.answers["GetUsage"] = usage
        response = await shared.http.get(USAGE, headers=bearer(shared.backend.token()))
        assert response.status_code == 200
        assert response.json() == {
            "meteringPoint": "707057500000000001",
            "resolution": "HOUR",
            "timeZone": "Europe/Oslo",
            "from": "",
            "to": "",
            "start": ["2026-04-06T13:00:00+02:00", "2026-04-06T14:00:00+02:00"],
            "kwh": [5.939, None],
            "cost": [6.405, None],
            "hours": [1, 1],
            "missingHours": [],
            "estimatedHours": [],
            "unpricedHours": [],
            "components": [{"component": "STROMSTOTTE", "cost": [-1, None]}],
            "direction": "DIRECTION_UNSPECIFIED",
            "qualities": [],
            "total": {
                "kwh": 5.939,
                "cost": None,
                "hours": 2,
                "missingHours": 0,
                "estimatedHours": 0,
                "unpricedHours": 0,
                "components": [{"component": "STROMSTOTTE", "cost": None}],
            },
        }

    async def test_the_service_gets_a_token_of_the_house_and_the_trace(self, shared: House) -> None:
        shared.backend.answers["GetUsage"] = usage
        token = shared.backend.token()
        trace = "0af7651916cd43dd8448eb211c80319c"
        headers = {
            **bearer(token),
            "traceparent": f"00-{trace}-b7ad6b7169203331-01",
            "accept-language": "en-GB",
            "x-something": "1",
        }
        await shared.http.get(USAGE, headers=headers)
        seen = shared.backend.seen
        assert seen["authorization"].startswith("Bearer ")
        assert token not in seen["authorization"]
        assert trace in seen["traceparent"]
        assert seen["accept-language"] == "en"
        assert "x-something" not in seen

    async def test_the_idempotency_key_goes_to_the_service(self, shared: House) -> None:
        shared.backend.answers["CreateSession"] = session
        headers = {"idempotency-key": "key-1"}
        response = await shared.http.post("/v1/sessions", json=LOGIN, headers=headers)
        assert response.json()["id"] == "key-1"

    async def test_head_has_the_headers_of_get_and_no_body(self, shared: House) -> None:
        shared.backend.answers["GetUsage"] = usage
        response = await shared.http.head(USAGE, headers=bearer(shared.backend.token()))
        assert response.status_code == 200
        assert int(response.headers["content-length"]) > 0
        assert response.content == b""

    async def test_options_tell_what_a_path_answers(self, shared: House) -> None:
        response = await shared.http.request("OPTIONS", "/v1/sessions")
        assert response.status_code == 204
        assert response.headers["allow"] == "OPTIONS, POST"

    async def test_answers_are_not_kept_and_not_sniffed(self, shared: House) -> None:
        response = await shared.http.get("/v1/nothing")
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
        assert "access-control-allow-origin" not in response.headers


class TestFiles:
    PATH = "/v1/events/7/guestList.csv"
    CSV = "\ufeffNamn;Billettar\r\nKåre Ås;2\r\n".encode()

    async def test_a_file_is_sent_as_it_is(self, shared: House) -> None:
        answers_with(shared, httpbody_pb2.HttpBody(content_type="text/csv", data=self.CSV))
        response = await shared.http.get(self.PATH, headers=staff(shared))
        assert response.status_code == 200
        assert response.content == self.CSV
        assert response.headers["content-type"] == "text/csv"
        assert response.headers["content-disposition"] == 'attachment; filename="guestList.csv"'
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]

    async def test_what_a_browser_shows_well_is_shown_there(self, shared: House) -> None:
        answers_with(shared, httpbody_pb2.HttpBody(content_type="image/png", data=b"png"))
        response = await shared.http.get(self.PATH, headers=staff(shared))
        assert response.headers["content-disposition"] == 'inline; filename="guestList.csv"'

    @pytest.mark.parametrize(
        ("media_type", "name"),
        [
            ("text/csv; charset=utf-8", "guestList.csv"),
            (
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "guestList.csv.xlsx",
            ),
            ("application/atom+xml; charset=utf-8", "guestList.csv.xml"),
        ],
    )
    async def test_a_file_to_keep_has_a_name_that_says_what_it_is(
        self, shared: House, media_type: str, name: str
    ) -> None:
        answers_with(shared, httpbody_pb2.HttpBody(content_type=media_type, data=b"file"))
        response = await shared.http.get(self.PATH, headers=staff(shared))
        assert response.headers["content-disposition"] == f'attachment; filename="{name}"'

    async def test_a_file_without_a_type_is_bytes(self, shared: House) -> None:
        answers_with(shared, httpbody_pb2.HttpBody(data=b"\x00"))
        response = await shared.http.get(self.PATH, headers=staff(shared))
        assert response.headers["content-type"] == "application/octet-stream"

    async def test_head_tells_how_long_it_is(self, shared: House) -> None:
        answers_with(shared, httpbody_pb2.HttpBody(data=self.CSV))
        response = await shared.http.head(self.PATH, headers=staff(shared))
        assert response.headers["content-length"] == str(len(self.CSV))
        assert response.content == b""

    async def test_a_refusal_is_a_problem(self, shared: House) -> None:
        shared.backend.answers["GetGuestListCsv"] = refuse(errors.NotFound())
        response = await shared.http.get(self.PATH, headers=staff(shared))
        assert response.status_code == 404
        assert response.headers["content-type"] == "application/problem+json"
        assert "content-disposition" not in response.headers


class TestRefusals:
    async def problem(self, house: House, *args: Any, **kwargs: Any) -> tuple[int, str]:
        response = await house.http.request(*args, **kwargs)
        body = response.json()
        assert response.headers["content-type"] == "application/problem+json"
        assert body["status"] == response.status_code
        assert len(body["traceId"]) == 32
        return response.status_code, body["code"]

    async def test_nobody_gets_nothing(self, shared: House) -> None:
        assert await self.problem(shared, "GET", USAGE) == (401, "UNAUTHENTICATED")
        headers = bearer("x.y.z")
        assert await self.problem(shared, "GET", USAGE, headers=headers) == (401, "UNAUTHENTICATED")

    @pytest.mark.parametrize(
        ("method", "path", "options", "expected"),
        [
            ("GET", "/v1/nothing", {}, (404, "NOT_FOUND")),
            ("GET", "/v1/sessions", {}, (405, "METHOD_NOT_ALLOWED")),
            ("POST", "/openapi.json", {}, (405, "METHOD_NOT_ALLOWED")),
            ("POST", "/v1/sessions", {"content": b"{}"}, (415, "UNSUPPORTED_MEDIA_TYPE")),
            ("POST", "/v1/sessions", {"json": {"nope": 1}}, (422, "INVALID_FIELDS")),
            ("POST", "/v1/sessions", {}, (400, "MALFORMED_REQUEST")),
            ("POST", "/v1/sessions", {"json": ["x" * 2**20]}, (413, "PAYLOAD_TOO_LARGE")),
            ("GET", "/v1/me", {"headers": {"x": "x" * 20_000}}, (431, "HEADERS_TOO_LARGE")),
        ],
    )
    async def test_each_mistake_has_its_status(
        self, shared: House, method: str, path: str, options: Any, expected: tuple[int, str]
    ) -> None:
        assert await self.problem(shared, method, path, **options) == expected

    async def test_a_large_body_without_a_length_is_refused_too(self, shared: House) -> None:
        async def pieces() -> Any:
            for _ in range(40):
                yield b"x" * 2**15

        headers = {"content-type": "application/json"}
        expected = (413, "PAYLOAD_TOO_LARGE")
        assert (
            await self.problem(shared, "POST", "/v1/sessions", content=pieces(), headers=headers)
            == expected
        )

    async def test_wrong_fields_are_named_in_the_language_of_the_reader(
        self, shared: House
    ) -> None:
        headers = {**bearer(shared.backend.token()), "accept-language": "nb"}
        response = await shared.http.get(USAGE.replace("HOUR", "WEEK"), headers=headers)
        assert response.status_code == 422
        assert response.headers["content-language"] == "nb"
        assert response.json()["errors"] == [
            {
                "field": "resolution",
                "code": "NOT_A_CHOICE",
                "detail": "Velg en av disse: YEAR, MONTH, DAY, HOUR.",
            }
        ]

    async def test_what_the_service_refuses_is_told_in_json_names(self, shared: House) -> None:
        error = FieldError("from_date", "REQUIRED_FIELD")
        shared.backend.answers["GetUsage"] = refuse(errors.Invalid(error))
        response = await shared.http.get(USAGE, headers=bearer(shared.backend.token()))
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == "from"

    async def test_a_failure_leaks_nothing(self, shared: House) -> None:
        async def fail(_request: Any, _context: Context) -> Any:
            raise RuntimeError("the password is hunter2")

        shared.backend.answers["GetUsage"] = fail
        response = await shared.http.get(USAGE, headers=bearer(shared.backend.token()))
        assert response.status_code == 500
        assert response.json()["code"] == "INTERNAL"
        assert "hunter2" not in response.text

    async def test_a_broken_answer_leaks_nothing(self, shared: House) -> None:
        async def broken(_request: Any, _context: Context) -> usage_pb.Usage:
            return usage_pb.Usage(start=b"123")

        shared.backend.answers["GetUsage"] = broken
        response = await shared.http.get(USAGE, headers=bearer(shared.backend.token()))
        assert (response.status_code, response.json()["code"]) == (500, "INTERNAL")

    async def test_a_stranger_to_http_gets_an_answer_too(self, shared: House) -> None:
        host, _, port = shared.settings.listen.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /v1/%zz/../?%00=%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 404")
        writer.close()


class TestWhatIsPublic:
    """Whoever shows a valid token is known; any other token is as good as none."""

    async def create_session(self, house: House, token: str) -> bool:
        """Creates a session with a token; returns whether the service was told who calls."""
        house.backend.answers["CreateSession"] = session
        response = await house.http.post("/v1/sessions", json=LOGIN, headers=bearer(token))
        assert response.status_code == 200
        return "authorization" in house.backend.seen

    async def test_the_service_is_told_whose_valid_token_came(self, shared: House) -> None:
        token = shared.backend.token(roles=("EVENT_STAFF",))
        assert await self.create_session(shared, token)
        internal = shared.backend.seen["authorization"].removeprefix("Bearer ")
        reader = access.InternalTokens(jwt.KeyFile(shared.pki.internal_keys), SystemClock())
        assert reader.caller(internal, "gateway").roles == {"EVENT_STAFF"}

    async def test_an_expired_token_is_none(self, shared: House) -> None:
        token = shared.backend.token(lifetime=timedelta(minutes=-1))
        assert not await self.create_session(shared, token)

    async def test_a_bad_token_is_none(self, shared: House) -> None:
        forger = Backend(jwt.generate_key("access"))
        for token in ("old", forger.token(), shared.backend.token()[:-4]):
            assert not await self.create_session(shared, token)

    async def test_it_is_open_while_no_token_can_be_checked(self, tmp_path: Path) -> None:
        async with house(tmp_path) as built:
            built.backend.answers["ListSigningKeys"] = refuse(errors.Unavailable())
            token = built.backend.token()
            assert not await self.create_session(built, token)
            assert (await built.http.get("/v1/me", headers=bearer(token))).status_code == 503


class TestTokensForStaff:
    async def test_staff_get_a_token_for_the_services(self, shared: House) -> None:
        token = shared.backend.token(roles=("OPERATOR",))
        response = await shared.http.post("/v1/internalTokens", headers=bearer(token))
        assert response.status_code == 200
        assert set(response.json()) == {"internalToken", "expiresAt"}

    async def test_customers_do_not(self, shared: House) -> None:
        headers = bearer(shared.backend.token())
        assert (await shared.http.post("/v1/internalTokens", headers=headers)).status_code == 403
        assert (await shared.http.post("/v1/internalTokens")).status_code == 401


class TestPages:
    async def test_the_api_describes_itself(self, shared: House) -> None:
        assert (await shared.http.get("/openapi.json")).json()["openapi"] == "3.1.0"
        assert (await shared.http.get("/asyncapi.json")).json()["asyncapi"] == "3.0.0"
        page = await shared.http.get("/docs")
        assert page.headers["content-type"].startswith("text/html")
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert (await shared.http.get("/docs.css")).headers["content-type"].startswith("text/css")

    async def test_the_keys_of_access_tokens_are_public(self, shared: House) -> None:
        (key,) = (await shared.http.get("/.well-known/jwks.json")).json()["keys"]
        assert key["kid"] == "access"
        assert "d" not in key

    async def test_the_process_says_that_it_lives(self, shared: House) -> None:
        assert (await shared.http.get("/healthz")).status_code == 200


class TestTrouble:
    async def test_a_service_that_is_gone_makes_503_and_works_again_when_it_is_back(
        self, tmp_path: Path
    ) -> None:
        async with house(tmp_path) as built:
            built.backend.answers["CreateSession"] = session
            await built.backend.stop()
            response = await built.http.post("/v1/sessions", json=LOGIN)
            assert response.status_code == 503
            assert response.headers["retry-after"] == "5"
            await built.until_ready(ready=False)
            assert (await built.http.get("/readyz/gateway")).json() == {"ready": True}
            await built.backend.start(built.backend_address, built.pki)
            await built.until_ready()
            assert (await built.http.post("/v1/sessions", json=LOGIN)).status_code == 200

    async def test_a_port_that_is_taken_is_an_error(self, shared: House) -> None:
        with pytest.raises(OSError, match="in use"):
            async with running(shared.settings):
                pass

    async def test_a_slow_service_is_not_waited_for(self, tmp_path: Path) -> None:
        async def wait(_request: Any, _context: Context) -> Any:
            await asyncio.Event().wait()

        async with house(tmp_path, call_timeout=0.2) as built:
            built.backend.answers["CreateSession"] = wait
            response = await built.http.post("/v1/sessions", json=LOGIN)
            assert (response.status_code, response.json()["code"]) == (504, "DEADLINE_EXCEEDED")

    async def test_a_slow_client_is_not_waited_for(self, tmp_path: Path) -> None:
        async with house(tmp_path, body_timeout=0.2) as built:
            host, _, port = built.settings.listen.rpartition(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            head = "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            writer.write(f"{head}Content-Length: 10\r\n\r\n{{".encode())
            assert (await reader.readline()).startswith(b"HTTP/1.1 408")
            writer.close()

    async def test_headers_that_never_end_are_not_waited_for(self, tmp_path: Path) -> None:
        async with house(tmp_path, body_timeout=0.2) as built:
            host, _, port = built.settings.listen.rpartition(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"GET /v1/me HTTP/1.1\r\nHost: x\r\n")
            async with asyncio.timeout(10):
                await reader.read()
            writer.close()

    async def test_requests_under_way_are_finished_when_the_gateway_stops(
        self, tmp_path: Path
    ) -> None:
        arrived, go_on = asyncio.Event(), asyncio.Event()

        async def slow(request: Any, context: Context) -> identity_pb.Session:
            arrived.set()
            await go_on.wait()
            return await session(request, context)

        async with house(tmp_path) as built:
            built.backend.answers["CreateSession"] = slow
            client = httpx.AsyncClient(base_url=built.http.base_url, trust_env=False)
            waiting = asyncio.create_task(client.post("/v1/sessions", json=LOGIN))
            await arrived.wait()
            asyncio.get_running_loop().call_later(0.2, go_on.set)
        assert (await waiting).status_code == 200
        await client.aclose()

    async def test_a_gateway_that_stops_is_not_ready_and_still_answers_for_a_while(
        self, tmp_path: Path
    ) -> None:
        stack = contextlib.AsyncExitStack()
        built = await stack.enter_async_context(house(tmp_path, drain_seconds=2))
        built.backend.answers["CreateSession"] = session
        async with httpx.AsyncClient(base_url=built.http.base_url, trust_env=False) as client:
            before = await client.get("/healthz")
            stopping = asyncio.create_task(stack.aclose())

            async def says_that_it_stops() -> bool:
                return (await client.get("/readyz")).status_code == 503

            await eventually(says_that_it_stops)
            answer = await client.post("/v1/sessions", json=LOGIN)
            await stopping

        assert before.headers.get("connection") != "close"
        assert answer.status_code == 200
        # Whoever keeps a connection for its next request would find it closed then.
        assert answer.headers["connection"] == "close"

    async def test_other_origins_may_call_when_they_are_told(self, tmp_path: Path) -> None:
        async with house(tmp_path, cors_origins=("https://app.example.com",)) as built:
            preflight = {
                "origin": "https://app.example.com",
                "access-control-request-method": "POST",
                "access-control-request-headers": "idempotency-key",
            }
            response = await built.http.request("OPTIONS", "/v1/sessions", headers=preflight)
            assert response.status_code == 200
            allowed = response.headers["access-control-allow-origin"]
            assert allowed == "https://app.example.com"
            preflight["origin"] = "https://evil.example.com"
            response = await built.http.request("OPTIONS", "/v1/sessions", headers=preflight)
            assert "access-control-allow-origin" not in response.headers


@dataclass
class Crowded:
    """A gateway with room for few, and services that answer when a test says so.

    Attributes:
        house: The gateway.
        begun: How many calls wait for that.
        goes_on: Says so.
    """

    house: House
    begun: int = 0
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)

    def hold(self, answer: Answer) -> Answer:
        """Returns an answer that is held back."""

        async def held(request: Any, context: Context) -> Any:
            self.begun += 1
            await self.goes_on.wait()
            return await answer(request, context)

        return held

    def log_in(self) -> asyncio.Task[httpx.Response]:
        return asyncio.create_task(self.house.http.post("/v1/sessions", json=LOGIN))

    def see_usage(self, token: str) -> asyncio.Task[httpx.Response]:
        return asyncio.create_task(self.house.http.get(USAGE, headers=bearer(token)))


class TestTooMuchIsAsked:
    @pytest.fixture
    async def crowded(self, tmp_path: Path) -> AsyncGenerator[Crowded]:
        async with house(tmp_path, calls_at_once=2, call_wait=0) as built:
            made = Crowded(built)
            built.backend.answers["CreateSession"] = made.hold(session)
            built.backend.answers["GetUsage"] = made.hold(usage)
            built.backend.answers["GetMe"] = account
            yield made
            made.goes_on.set()

    async def test_whoever_there_is_no_room_for_is_told_when_to_come_back(
        self, crowded: Crowded
    ) -> None:
        first = crowded.log_in()
        await eventually(lambda: crowded.begun == 1)
        refused = await crowded.log_in()

        assert refused.status_code == 503
        assert refused.headers["content-type"] == "application/problem+json"
        problem = refused.json()
        assert problem["code"] == "OVERLOADED"
        assert refused.headers["retry-after"] == str(problem["retryAfter"])
        assert f"{problem['retryAfter']} sekund" in problem["detail"]
        crowded.goes_on.set()
        assert (await first).status_code == 200
        assert (await crowded.log_in()).status_code == 200

    async def test_who_is_logged_in_waits_neither_for_strangers_nor_for_other_services(
        self, crowded: Crowded
    ) -> None:
        token = crowded.house.backend.token()
        busy = [crowded.log_in(), crowded.see_usage(token), crowded.see_usage(token)]
        await eventually(lambda: crowded.begun == len(busy))
        no_room = [await crowded.log_in(), await crowded.see_usage(token)]
        mine = await crowded.house.http.get("/v1/me", headers=bearer(token))
        crowded.goes_on.set()

        assert [answer.status_code for answer in no_room] == [503, 503]
        assert mine.status_code == 200
        assert [answer.status_code for answer in await asyncio.gather(*busy)] == [200] * 3

    async def test_with_room_for_all_nobody_is_refused(self, shared: House) -> None:
        together = Crowded(shared)
        shared.backend.answers["CreateSession"] = together.hold(session)
        logins = [together.log_in() for _ in range(20)]
        await eventually(lambda: together.begun == len(logins))
        together.goes_on.set()
        assert {answer.status_code for answer in await asyncio.gather(*logins)} == {200}

    async def test_a_service_that_says_so_has_not_failed(self, shared: House) -> None:
        async def answer(problem: errors.Problem) -> tuple[int, float]:
            shared.backend.answers["GetMe"] = refuse(problem)
            refused = await shared.http.get("/v1/me", headers=bearer(shared.backend.token()))
            method = "kundeapp.identity.v1.IdentityService.GetMe"
            labels = {"method": method, "code": "UNAVAILABLE"}
            return refused.status_code, metric("kundeapp_gateway_calls_failed_total", **labels) or 0

        _, before = await answer(errors.Overloaded(retryAfter=3))
        assert await answer(errors.Overloaded(retryAfter=3)) == (503, before)
        assert await answer(errors.Unavailable()) == (503, before + 1)

    async def test_many_connections_are_held_open(self, shared: House) -> None:
        host, _, port = shared.settings.listen.rpartition(":")
        connections = list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]()

        async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            async with asyncio.timeout(20):
                assert (await reader.readuntil(b'{"ok":true}')).startswith(b"HTTP/1.1 200")

        async with contextlib.AsyncExitStack() as held:
            # Granian holds 128 by itself, and 1,024 with as long a backlog as ours.
            for _ in range(1100):
                connections.append(await asyncio.open_connection(host, int(port)))
                held.callback(connections[-1][1].close)
                await ask(*connections[-1])
            await ask(*connections[0])  # none was closed to make room
