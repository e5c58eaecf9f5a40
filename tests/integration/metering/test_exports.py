"""Files of a customer's own hours, as they come over the wire."""

import csv
import io
from collections.abc import Sequence
from uuid import UUID
from xml.etree import ElementTree as ET

import grpc
import openpyxl
import pytest
from google.api.httpbody_pb2 import HttpBody

from kundeapp.metering.v1 import exports_pb2 as pb
from tests.integration.metering.files import (
    GSRN,
    RATES,
    UNKNOWN_GSRN,
    contracts,
    elhub,
    hours_of,
    prices,
)
from tests.integration.metering.world import Metering, buckets, refused

FORMATS = ("CSV", "XLSX", "GREEN_BUTTON")
APRIL = ("2026-04-01", "2026-05-01")
ESPI = "{http://naesb.org/espi}"


async def export(
    metering: Metering,
    customer: UUID,
    file_format: str,
    from_date: str = APRIL[0],
    to_date: str = APRIL[1],
    *,
    gsrn: str = GSRN,
    language: str = "nn",
) -> HttpBody:
    request = pb.ExportUsageRequest(
        gsrn=gsrn,
        format=pb.ExportUsageRequest.Format.Value(file_format),
        from_date=from_date,
        to_date=to_date,
    )
    metadata = [*metering.metadata(customer), ("accept-language", language)]
    return await metering.stub.ExportUsage(request, metadata=metadata)


def table(file: HttpBody) -> list[dict[str, str]]:
    text = file.data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def values_in(file_format: str, file: HttpBody) -> tuple[list[int], str]:
    """Returns the energy of each hour of a file in Wh, and all that can be read in it."""
    if file_format == "CSV":
        values = [line["Forbruk kWh"] for line in table(file)]
        return [int(value.replace(",", "")) for value in values], file.data.decode()
    if file_format == "XLSX":
        book = openpyxl.load_workbook(io.BytesIO(file.data))
        rows = list(book["Timar"].iter_rows(values_only=True))
        place = rows[1].index("Forbruk kWh")
        values = [row[place] for row in rows[2:]]
        cells = [
            cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row
        ]
        return [round(each * 1000) for each in values if isinstance(each, int | float)], str(cells)
    readings = ET.fromstring(file.data).iter(f"{ESPI}IntervalReading")  # noqa: S314 - it is ours
    values = [each.findtext(f"{ESPI}value", "") for each in readings]
    return [int(value) for value in values], file.data.decode()


async def household(metering: Metering) -> UUID:
    """Makes a point with readings and prices of two weeks in April, all but one day."""
    customer = await metering.customer("1001")
    await metering.import_rates(RATES)
    await metering.import_contracts(contracts(f"{GSRN},1001,2026-01-01,"))
    await metering.import_readings(GSRN, elhub(hours_of("2026-04-01", 7), kwh="1,234"))
    await metering.import_readings(
        GSRN, elhub(hours_of("2026-04-09", 6), kwh="0,567", quality="Estimert")
    )
    await metering.import_prices("NO5", prices(hours_of("2026-04-01", 14), "0.91234"))
    return customer


async def test_a_table_says_what_the_app_shows(metering: Metering) -> None:
    customer = await household(metering)
    ends = "2026-04-01", "2026-04-15"
    shown = buckets(await metering.usage(customer, GSRN, "HOUR", *ends))
    file = await export(metering, customer, "CSV", *ends)
    assert file.content_type == "text/csv; charset=utf-8"
    lines = table(file)
    assert len(lines) == len(shown) == 14 * 24
    assert "Produksjon kWh" not in lines[0]
    for line, bucket in zip(lines, shown, strict=True):
        if bucket.missing:
            assert (line["Forbruk kWh"], line["Kostnad kr"]) == ("", "")
            assert line["Kvalitet forbruk"] == "Manglar"
        else:
            assert int(line["Forbruk kWh"].replace(",", "")) == bucket.wh
            assert int(line["Kostnad kr"].replace(",", "")) == bucket.cost
            assert line["Kvalitet forbruk"] == ("Estimert" if bucket.estimated else "Målt")
    assert {line["Adresse"] for line in lines} == {"Storgata 1, 5003 Bergen"}


async def test_a_table_says_how_each_value_came_to_be(metering: Metering) -> None:
    customer = await metering.customer("1001")
    await metering.import_contracts(contracts(f"{GSRN},1001,2026-01-01,"))
    words = ("Målt", "Beregnet", "Endelig estimert", "Estimert", "Midlertidig")
    hours = hours_of("2026-04-01")
    first = elhub(hours[5:10], quality="Beregnet")
    day_after = elhub(hours_of("2026-04-02"), quality="Beregnet")
    for file in (
        first,
        *(elhub([hour], quality=word) for hour, word in zip(hours, words, strict=False)),
    ):
        await metering.import_readings(GSRN, file)
    await metering.import_readings(GSRN, day_after)
    file = await export(metering, customer, "CSV", "2026-04-01", "2026-04-03", language="nb")
    said = [line["Kvalitet forbruk"] for line in table(file)]
    assert said == [*words, *["Beregnet"] * 5, *["Mangler"] * 14, *["Beregnet"] * 24]


@pytest.mark.parametrize(
    ("file_format", "media_type"),
    [
        ("XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("GREEN_BUTTON", "application/atom+xml; charset=utf-8"),
    ],
)
async def test_other_files_hold_the_same_hours(
    metering: Metering, file_format: str, media_type: str
) -> None:
    customer = await household(metering)
    file = await export(metering, customer, file_format)
    assert file.content_type == media_type
    values, _ = values_in(file_format, file)
    assert values == [1234] * (7 * 24) + [567] * (6 * 24)


async def test_a_file_speaks_the_callers_language(metering: Metering) -> None:
    customer = await household(metering)
    for language, heading in (("nn", "Straum kr"), ("nb", "Strøm kr"), ("en", "Power NOK")):
        assert heading in table(await export(metering, customer, "CSV", language=language))[0]


async def test_what_is_fed_into_the_grid_stands_beside_what_was_used(metering: Metering) -> None:
    customer = await household(metering)
    produced = elhub(hours_of("2026-04-02", 2), kwh="3,333").replace(b"Forbruk", b"Produksjon")
    await metering.import_readings(GSRN, produced)
    lines = table(await export(metering, customer, "CSV", "2026-04-01", "2026-04-04"))
    assert [line["Forbruk kWh"] for line in lines] == ["1,234"] * 72
    assert [line["Produksjon kWh"] for line in lines] == [""] * 24 + ["3,333"] * 48
    assert all(line["Kostnad produksjon kr"].startswith("-") for line in lines[24:])
    feed = ET.fromstring((await export(metering, customer, "GREEN_BUTTON")).data)  # noqa: S314 - ours
    flows = [each.text for each in feed.iter(f"{ESPI}flowDirection")]
    assert flows == ["1", "19"]


@pytest.mark.parametrize("file_format", FORMATS)
async def test_a_move_leaves_no_trace_of_the_others_hours(
    metering: Metering, file_format: str
) -> None:
    old, new = await metering.customer("1001"), await metering.customer("1002")
    await metering.import_rates(RATES)
    await metering.import_contracts(
        b"gsrn,customer_number,from,to,price_area,grid_company,product,address\n"
        + f"{GSRN},1001,2026-01-01,2026-04-15,NO5,BKK,SPOT,Gamlevegen 1\n".encode()
        + f"{GSRN},1002,2026-04-15,,NO5,BKK,SPOT,Nyvegen 2\n".encode()
    )
    await metering.import_readings(GSRN, elhub(hours_of("2026-04-01", 14), kwh="1,111"))
    await metering.import_readings(GSRN, elhub(hours_of("2026-04-15", 16), kwh="2,222"))
    await metering.import_prices("NO5", prices(hours_of("2026-04-01", 30)))
    before, seen_before = values_in(file_format, await export(metering, old, file_format))
    after, seen_after = values_in(file_format, await export(metering, new, file_format))
    assert before == [1111] * (14 * 24)
    assert after == [2222] * (16 * 24)
    assert "Gamlevegen" in seen_before
    assert "Nyvegen" not in seen_before
    assert "Nyvegen" in seen_after
    assert "Gamlevegen" not in seen_after


@pytest.mark.parametrize("file_format", FORMATS)
async def test_a_stranger_finds_nothing(metering: Metering, file_format: str) -> None:
    customer = await household(metering)
    stranger = await metering.customer("1002")
    refusals: list[bytes] = []
    for asker, gsrn in ((stranger, GSRN), (customer, UNKNOWN_GSRN), (customer, "nonsense")):
        with refused() as refusing:
            await export(metering, asker, file_format, gsrn=gsrn)
        assert refusing.refusal.code == grpc.StatusCode.NOT_FOUND
        refusals.append(refusing.refusal.details)
    assert len(set(refusals)) == 1


async def test_the_largest_file_that_may_be_asked_for_arrives(metering: Metering) -> None:
    customer = await metering.customer("1001")
    await metering.import_rates(RATES)
    await metering.import_contracts(contracts(f"{GSRN},1001,2023-01-01,"))
    hours = hours_of("2023-01-01", 3 * 365 + 1)
    used = elhub(hours, kwh="999,999")
    await metering.import_readings(GSRN, used)
    await metering.import_readings(GSRN, used.replace(b"Forbruk", b"Produksjon"))
    await metering.import_prices("NO5", prices(hours, "4.99999"))
    file = await export(metering, customer, "GREEN_BUTTON", "2023-01-01", "2026-01-01")
    values, _ = values_in("GREEN_BUTTON", file)
    assert values == [999_999] * (2 * len(hours))


async def test_a_former_holder_gets_no_file_of_later_hours(metering: Metering) -> None:
    customer = await metering.customer("1001")
    await metering.import_contracts(contracts(f"{GSRN},1001,2026-01-01,2026-04-01"))
    await metering.import_readings(GSRN, elhub(hours_of("2026-04-01", 2)))
    with refused() as refusing:
        await export(metering, customer, "CSV")
    assert refusing.refusal.code == grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize(
    ("ends", "field", "reason"),
    [
        (("2023-04-01", "2026-04-02"), "to_date", "RANGE_OF_YEARS"),
        (("2026-04-01", "2026-04-01"), "to_date", "NOT_AFTER_FROM"),
        (("1. april", "2026-04-02"), "from_date", "NOT_A_DATE"),
    ],
)
async def test_a_range_that_no_file_can_have_is_refused(
    metering: Metering, ends: Sequence[str], field: str, reason: str
) -> None:
    customer = await metering.customer("1001")
    with refused() as refusing:
        await export(metering, customer, "CSV", *ends)
    assert refusing.refusal.fields == [(field, reason)]


async def test_a_format_that_is_none_is_refused(metering: Metering) -> None:
    customer = await metering.customer("1001")
    with refused() as refusing:
        await export(metering, customer, "FORMAT_UNSPECIFIED")
    assert refusing.refusal.fields == [("format", "NOT_A_CHOICE")]


@pytest.mark.parametrize("file_format", FORMATS)
async def test_a_point_without_readings_makes_a_file_of_missing_hours(
    metering: Metering, file_format: str
) -> None:
    customer = await metering.customer("1001")
    await metering.import_contracts(contracts(f"{GSRN},1001,2026-01-01,"))
    file = await export(metering, customer, file_format, "2026-04-01", "2026-04-02")
    if file_format == "CSV":
        assert {line["Kvalitet forbruk"] for line in table(file)} == {"Manglar"}
    else:
        assert values_in(file_format, file)[0] == []
