"""The file of all that the services hold about somebody, over real HTTP and gRPC."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import orjson
import pytest

from gateway.bootstrap import SERVICES
from gateway.export import PATH, exported
from kit import access, errors
from kundeapp.privacy.v1.export_pb2 import ExportMyDataRequest, ExportMyDataResponse
from tests.integration.gateway.conftest import Context, House, house
from tests.integration.gateway.test_gateway import bearer, refuse

RPCS = exported(SERVICES)

Parts = Sequence[Mapping[str, Sequence[Mapping[str, Any]]]]


def in_parts(*parts: Mapping[str, Any]) -> Callable[[Any, Context], Awaitable[Any]]:
    """Answers with these parts, one after the other."""

    async def answer(request: ExportMyDataRequest, _context: Context) -> ExportMyDataResponse:
        number = int(request.page_token or 0)
        following = str(number + 1) if number + 1 < len(parts) else ""
        return ExportMyDataResponse(
            sections_json=orjson.dumps(parts[number]), next_page_token=following
        )

    return answer


def services_answer(built: House, **parts: Parts) -> None:
    for name, rpc in RPCS.items():
        built.backend.answers[rpc.full_name] = in_parts(*parts.get(name, [{"nothing": []}]))


def test_every_service_that_holds_something_is_asked() -> None:
    assert {"identity", "metering", "events"} <= set(RPCS)
    others = {service.file.package.split(".")[-2] for service in SERVICES} - set(RPCS)
    assert others == set()


async def test_all_services_parts_are_one_file(shared: House) -> None:
    services_answer(
        shared,
        identity=[{"account": [{"email": "kari@example.no"}]}],
        metering=[
            {"contracts": [{"from": "2026-01-01"}], "days": []},
            {"days": [{"wh": [1, None]}, {"wh": [2]}]},
            {"days": [{"wh": [3]}]},
        ],
    )
    account = uuid4()

    response = await shared.http.get(PATH, headers=bearer(shared.backend.token(account=account)))

    assert response.status_code == 200
    file = response.json()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", file.pop("exportedAt"))
    assert file == {
        "account": str(account),
        "services": {
            "identity": {"account": [{"email": "kari@example.no"}]},
            "metering": {
                "contracts": [{"from": "2026-01-01"}],
                "days": [{"wh": [1, None]}, {"wh": [2]}, {"wh": [3]}],
            },
            **{name: {"nothing": []} for name in RPCS if name not in {"identity", "metering"}},
        },
    }
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    disposition = r'attachment; filename="kundeapp-export-\d{4}-\d\d-\d\d\.json"'
    assert re.fullmatch(disposition, response.headers["content-disposition"])


async def test_services_are_asked_for_the_caller(shared: House) -> None:
    services_answer(shared)
    token = shared.backend.token()
    await shared.http.get(PATH, headers={**bearer(token), "accept-language": "en"})
    assert shared.backend.seen["authorization"].startswith("Bearer ")
    assert token not in shared.backend.seen["authorization"]
    assert shared.backend.seen["accept-language"] == "en"


async def test_nobody_gets_it_without_a_login(shared: House) -> None:
    services_answer(shared)
    for headers in ({}, bearer("x")):
        response = await shared.http.get(PATH, headers=headers)
        assert (response.status_code, response.json()["code"]) == (401, "UNAUTHENTICATED")


async def test_a_refusal_travels_as_the_service_said_it(shared: House) -> None:
    services_answer(shared)
    rpc = RPCS["metering"].full_name
    shared.backend.answers[rpc] = refuse(access.ReauthenticationNeeded())
    response = await shared.http.get(PATH, headers=bearer(shared.backend.token()))
    assert (response.status_code, response.json()["code"]) == (401, "REAUTHENTICATION_NEEDED")
    assert response.headers["content-type"] == "application/problem+json"
    assert "content-disposition" not in response.headers


@pytest.mark.parametrize("service", sorted(RPCS))
async def test_a_service_that_is_away_fails_the_whole(shared: House, service: str) -> None:
    services_answer(shared, identity=[{"account": [{"email": "kari@example.no"}]}])
    shared.backend.answers[RPCS[service].full_name] = refuse(errors.Unavailable())
    response = await shared.http.get(PATH, headers=bearer(shared.backend.token()))
    assert (response.status_code, response.json()["code"]) == (503, "UNAVAILABLE")
    assert "kari@" not in response.text
    assert response.headers["retry-after"]


async def test_a_service_that_goes_away_between_two_parts_fails_the_whole(shared: House) -> None:
    services_answer(shared)

    async def once(request: ExportMyDataRequest, context: Context) -> ExportMyDataResponse:
        if request.page_token:
            await context.abort(grpc.StatusCode.UNAVAILABLE)
        return ExportMyDataResponse(sections_json=b'{"days":[1]}', next_page_token="more")

    shared.backend.answers[RPCS["metering"].full_name] = once
    response = await shared.http.get(PATH, headers=bearer(shared.backend.token()))
    assert response.status_code >= 500
    assert "days" not in response.text


async def test_what_fits_in_no_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.export.LARGEST_BYTES", 100)
    async with house(tmp_path) as built:
        services_answer(built, metering=[{"days": [{"wh": [1] * 20}]}] * 3)
        response = await built.http.get(PATH, headers=bearer(built.backend.token()))
        assert (response.status_code, response.json()["code"]) == (409, "EXPORT_TOO_LARGE")


async def test_head_says_how_large_it_is(shared: House) -> None:
    services_answer(shared)
    response = await shared.http.head(PATH, headers=bearer(shared.backend.token()))
    assert int(response.headers["content-length"]) > 0
    assert response.content == b""
