"""How a service hands out what it holds about somebody, part by part."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from kit import access, errors
from kit.access import Caller
from kit.export import Part, Section, page, whole
from kit.server import Call
from kit.testing.fakes import MOMENT
from kundeapp.privacy.v1.export_pb2 import ExportMyDataRequest

ACCOUNT = UUID("0195e0c0-0000-7000-8000-000000000001")


def call(minutes_ago: float = 0, account: UUID | None = ACCOUNT) -> Call:
    """Returns a call by somebody who logged in some time ago."""
    logged_in = MOMENT - timedelta(minutes=minutes_ago)
    return Call(Caller(account_id=account, authenticated_at=logged_in), "ExportMyData", "nn")


def numbers(name: str, count: int, size: int) -> Section:
    """Returns a section of numbered records, in parts of a size."""

    async def read(position: str) -> Part:
        first = int(position or 0)
        records = [{"number": number} for number in range(first, min(first + size, count))]
        return Part(records, str(first + size) if first + size < count else "")

    return Section(name, read)


async def read_all(sections: Sequence[Section]) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    token = ""
    while True:
        answer = await page(ExportMyDataRequest(page_token=token), call(), MOMENT, sections)
        parts.append(orjson.loads(answer.sections_json))
        token = answer.next_page_token
        if not token:
            return parts


async def test_sections_come_one_after_the_other_each_in_parts() -> None:
    parts = await read_all([numbers("first", 3, 2), numbers("none", 0, 2), numbers("last", 1, 2)])
    assert parts == [
        {"first": [{"number": 0}, {"number": 1}]},
        {"first": [{"number": 2}]},
        {"none": []},
        {"last": [{"number": 0}]},
    ]


async def test_a_short_section_comes_whole() -> None:
    async def read() -> Sequence[dict[str, Any]]:
        return [{"at": MOMENT, "id": ACCOUNT, "unknown": None}]

    assert await read_all([whole("short", read)]) == [
        {"short": [{"at": "2026-03-02T12:00:00Z", "id": str(ACCOUNT), "unknown": None}]}
    ]


@pytest.mark.parametrize(
    ("caller", "refusal"),
    [
        (call(minutes_ago=10.1), access.ReauthenticationNeeded),
        (call(account=None), errors.Unauthenticated),
    ],
)
async def test_nothing_is_read_for_who_has_not_logged_in_lately(
    caller: Call, refusal: type[errors.Problem]
) -> None:
    async def read(_position: str) -> Part:
        pytest.fail("it was read")

    with pytest.raises(refusal):
        await page(ExportMyDataRequest(), caller, MOMENT, [Section("secret", read)])


@pytest.mark.parametrize("token", ["other/", "first/x", "/", "x"])
async def test_a_token_that_no_part_has_said_is_refused(token: str) -> None:
    request = ExportMyDataRequest(page_token=token)
    with pytest.raises(errors.Invalid):
        await page(request, call(), MOMENT, [numbers("first", 3, 2)])
