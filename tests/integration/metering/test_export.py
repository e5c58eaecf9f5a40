"""What a customer gets of what metering holds: all of it, and nothing of anybody else."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from kundeapp.privacy.v1.export_pb2 import ExportMyDataRequest
from services.metering.handlers import personal_data
from tests.integration.metering.files import GSRN, OTHER_GSRN, contracts, elhub, hours_of
from tests.integration.metering.world import Metering, refused

Sections = Mapping[str, Sequence[Mapping[str, Any]]]


async def export(metering: Metering, *customers: UUID) -> Sections:
    """Reads all parts, as the gateway does."""
    sections: dict[str, list[Mapping[str, Any]]] = {}
    metadata, token = metering.metadata(*customers), ""
    while True:
        request = ExportMyDataRequest(page_token=token)
        answer = await metering.stub.ExportMyData(request, metadata=metadata)
        for name, records in orjson.loads(answer.sections_json).items():
            sections.setdefault(name, []).extend(records)
        token = answer.next_page_token
        if not token:
            return sections


async def test_contracts_and_every_hour_with_its_quality_are_handed_out(
    metering: Metering,
) -> None:
    kari = await metering.customer("1001")
    await metering.import_contracts(contracts(f"{GSRN},1001,2026-01-01,"))
    hours = hours_of("2026-10-25")
    await metering.import_readings(GSRN, elhub(hours[:3], "1,500"))
    await metering.import_readings(GSRN, elhub(hours[4:], "0,000", "Estimert"))

    sections = await export(metering, kari)

    assert sections["contracts"] == [
        {
            "meteringPoint": GSRN,
            "customerNumber": "1001",
            "from": "2026-01-01",
            "to": None,
            "fromTime": "2026-01-01T00:00:00+01:00",
            "toTime": None,
            "priceArea": "NO5",
            "gridCompany": "BKK",
            "product": "SPOT",
            "premises": "HOME",
            "address": "Storgata 1, 5003 Bergen",
        }
    ]
    assert sections["days"] == [
        {
            "meteringPoint": GSRN,
            "direction": "CONSUMPTION",
            "date": "2026-10-25",
            "wh": [1500] * 3 + [None] + [0] * 21,
            "quality": ["MEASURED"] * 3 + [None] + ["ESTIMATED"] * 21,
        }
    ]


async def test_two_who_held_a_point_one_after_the_other_each_get_their_own_days(
    metering: Metering,
) -> None:
    kari, ola = await metering.customer("1001"), await metering.customer("1002")
    await metering.import_contracts(
        contracts(
            f"{GSRN},1001,2026-03-20,2026-03-29",
            f"{GSRN},1002,2026-03-29,2026-04-02",
            f"{GSRN},1001,2026-04-02,",
            f"{OTHER_GSRN},1002,2026-03-01,",
        )
    )
    for gsrn, kwh in ((GSRN, "1,000"), (OTHER_GSRN, "2,000")):
        await metering.import_readings(gsrn, elhub(hours_of("2026-03-01", days=40), kwh))

    of_kari, of_ola = await export(metering, kari), await export(metering, ola)

    def days(sections: Sections, gsrn: str) -> list[str]:
        return [each["date"] for each in sections["days"] if each["meteringPoint"] == gsrn]

    assert days(of_kari, GSRN) == [*dates("2026-03-20", 9), *dates("2026-04-02", 8)]
    assert days(of_ola, GSRN) == dates("2026-03-29", 4)
    assert days(of_kari, OTHER_GSRN) == []
    assert days(of_ola, OTHER_GSRN) == dates("2026-03-01", 40)
    assert [each["from"] for each in of_kari["contracts"]] == ["2026-03-20", "2026-04-02"]
    assert {each["customerNumber"] for each in of_ola["contracts"]} == {"1002"}
    assert {tuple(each["wh"]) for each in of_kari["days"]} == {(1000,) * 24}
    # The night in March has 23 hours.
    assert len(of_ola["days"][0]["wh"]) == 23


def dates(first: str, count: int) -> list[str]:
    start = date.fromisoformat(first)
    return [(start + timedelta(days=day)).isoformat() for day in range(count)]


@pytest.mark.parametrize("days_a_part", [1, 7, 12, 25])
async def test_no_day_is_lost_or_told_twice_however_small_the_parts_are(
    metering: Metering, monkeypatch: pytest.MonkeyPatch, days_a_part: int
) -> None:
    kari = await metering.customer("1001")
    await metering.import_contracts(
        contracts(
            f"{GSRN},1001,2025-01-01,2025-06-01",
            f"{GSRN},1001,2026-04-05,2026-04-20",
            f"{OTHER_GSRN},1001,2026-04-11,",
        )
    )
    for gsrn in (GSRN, OTHER_GSRN):
        await metering.import_readings(gsrn, elhub(hours_of("2026-04-01", days=30)))
    monkeypatch.setattr(personal_data, "DAYS_A_PART", days_a_part)

    sections = await export(metering, kari)

    assert [(each["meteringPoint"], each["date"]) for each in sections["days"]] == [
        *((GSRN, day) for day in dates("2026-04-05", 15)),
        *((OTHER_GSRN, day) for day in dates("2026-04-11", 20)),
    ]


async def test_who_stands_for_nobody_gets_empty_lists(metering: Metering) -> None:
    await metering.import_contracts(contracts(f"{GSRN},1001,2026-01-01,"))
    assert await export(metering) == {"contracts": [], "days": []}


@pytest.mark.parametrize(
    "token", ["x", "days/x", "days//1/99999999", "days//9/1", "contracts/x", "other/"]
)
async def test_a_token_that_no_part_has_said_is_refused(metering: Metering, token: str) -> None:
    kari = await metering.customer("1001")
    with refused() as answer:
        await metering.stub.ExportMyData(
            ExportMyDataRequest(page_token=token), metadata=metering.metadata(kari)
        )
    assert answer.refusal.fields == [("page_token", "NOT_A_PAGE_TOKEN")]
