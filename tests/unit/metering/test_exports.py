"""Files of a customer's own hours, each read back with what others read it with."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from kit.errors import Invalid
from kit.texts import Language
from services.metering.documents.green_button import green_button
from services.metering.documents.usage_csv import usage_csv
from services.metering.documents.usage_xlsx import usage_xlsx
from services.metering.domain.calendar import moment_of
from services.metering.domain.exports import (
    UsageExport,
    flow_of,
    parse_export_period,
)
from services.metering.domain.held import HeldHours, PricedUse
from services.metering.domain.period import Period
from services.metering.domain.prices import UNKNOWN_PRICE
from services.metering.domain.pricing import (
    UNKNOWN,
    Premises,
    PricedPart,
    Terms,
    parse_rate_book,
)
from services.metering.domain.readings import MISSING, Direction, Quality
from services.metering.domain.usage import total_of
from tests.unit.metering.rates import SHIPPED

GSRN = "707057500000000011"
ADDRESS = "Storgata 1, 6400 Molde"
WRITTEN_AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
OSLO = ZoneInfo("Europe/Oslo")
ATOM = "{http://www.w3.org/2005/Atom}"
ESPI = "{http://naesb.org/espi}"

BOOK = parse_rate_book(SHIPPED)
TERMS = Terms("NO3", "Linja", "SPOT", Premises.HOME)

SPRING = Period(date(2026, 3, 29), date(2026, 3, 30))
AUTUMN = Period(date(2026, 10, 25), date(2026, 10, 26))
WEEKS = Period(date(2026, 3, 20), date(2026, 4, 8))


def uses(
    period: Period, *, missing: Sequence[int] = (), unpriced: Sequence[int] = (), seed: int = 1
) -> tuple[PricedUse, PricedUse]:
    """Returns what was used and what was fed into the grid.

    The hours of a month come to be in five ways in turn.
    """
    random = np.random.default_rng(seed)
    months = period.months
    count = months.end_hour - months.first_hour
    spot = random.integers(-20_000, 300_000, count).astype(np.int32)
    qualities = np.resize(np.array(Quality, np.uint8), count)
    first = period.first_hour - months.first_hour
    spot[[first + place for place in unpriced]] = UNKNOWN_PRICE

    def priced(most: int, direction: Direction) -> PricedUse:
        wh = random.integers(0, most, count).astype(np.int32)
        wh[[first + place for place in missing]] = MISSING
        part = PricedPart("100001", months.first_hour, TERMS, wh, spot)
        return HeldHours([part], qualities).priced(BOOK, direction).within(period)

    return priced(9_000, Direction.CONSUMPTION), priced(4_000, Direction.PRODUCTION)


def export_of(used: PricedUse, produced: PricedUse | None = None) -> UsageExport:
    production = None if produced is None else flow_of(produced)
    return UsageExport(GSRN, ADDRESS, flow_of(used), production)


def lines(export: UsageExport, language: Language = "nn") -> list[dict[str, str]]:
    """Reads a table as Norwegian spreadsheets do."""
    text = usage_csv(export, language).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def sheets(export: UsageExport, language: Language = "nn") -> Sequence[Worksheet]:
    book = openpyxl.load_workbook(io.BytesIO(usage_xlsx(export, language)))
    return [book[name] for name in book.sheetnames]


def column(sheet: Worksheet, heading: str) -> list[object]:
    """Returns the cells below a heading."""
    headings = [cell.value for cell in sheet[2]]
    place = headings.index(heading)
    return [row[place] for row in sheet.iter_rows(min_row=3, values_only=True)]


def feed(export: UsageExport) -> ET.Element:
    return ET.fromstring(green_button(export, "nn", WRITTEN_AT))  # noqa: S314 - we wrote it


def readings(export: UsageExport, direction: int = 1) -> list[ET.Element]:
    """Returns the readings of one direction, found as the feed's own links lead to them."""
    root = feed(export)
    block_of = f"UsagePoint/{GSRN}/MeterReading/{direction}/IntervalBlock"
    return [
        reading
        for entry in root.iter(f"{ATOM}entry")
        if link(entry, "up") == block_of
        for reading in entry.iter(f"{ESPI}IntervalReading")
    ]


def link(entry: ET.Element, relation: str) -> str | None:
    found = entry.find(f"{ATOM}link[@rel='{relation}']")
    return None if found is None else found.get("href")


def number(cell: str) -> Decimal:
    return Decimal(cell.replace(",", "."))


def added(cells: Sequence[str], scale: int) -> int:
    return int(sum((number(cell) for cell in cells if cell), Decimal(0)).scaleb(scale))


# The table


def test_every_hour_of_a_table_stands_with_its_offset_value_and_cost() -> None:
    used, _ = uses(WEEKS)
    for place, line in enumerate(lines(export_of(used))):
        start = moment_of(int(used.numbers[place]))
        assert datetime.fromisoformat(line["Start"]) == start
        assert datetime.fromisoformat(line["Slutt"]) == start + timedelta(hours=1)
        assert (
            datetime.fromisoformat(line["Start"]).utcoffset() == start.astimezone(OSLO).utcoffset()
        )
        assert added([line["Forbruk kWh"]], 3) == used.wh[place]
        assert added([line["Kostnad kr"]], 8) == used.cost[place]


@given(seed=st.integers(0, 1000), missing=st.lists(st.integers(0, 400), max_size=50))
@settings(max_examples=20, deadline=None)
def test_hours_of_a_table_add_up_to_what_usage_shows(seed: int, missing: list[int]) -> None:
    used, produced = uses(WEEKS, missing=missing, seed=seed)
    table = lines(export_of(used, produced))
    in_all, fed_in = total_of(used), total_of(produced)
    costs = added([line["Kostnad kr"] for line in table], 8)
    assert added([line["Forbruk kWh"] for line in table], 3) == in_all.wh
    assert costs == in_all.cost
    assert costs == added([line["Straum kr"] for line in table], 8) + added(
        [line["Nett kr"] for line in table], 8
    )
    assert added([line["Produksjon kWh"] for line in table], 3) == fed_in.wh
    assert added([line["Kostnad produksjon kr"] for line in table], 8) == fed_in.cost


@pytest.mark.parametrize(("period", "hours"), [(SPRING, 23), (WEEKS, 19 * 24 - 1), (AUTUMN, 25)])
def test_a_day_has_as_many_lines_as_clocks_show_hours(period: Period, hours: int) -> None:
    table = lines(export_of(uses(period)[0]))
    assert len(table) == hours
    assert len({line["Start"] for line in table}) == hours


def test_the_hour_that_comes_twice_is_told_apart_by_its_offset() -> None:
    starts = [line["Start"] for line in lines(export_of(uses(AUTUMN)[0]))]
    assert starts[2:4] == ["2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00"]


@pytest.mark.parametrize(
    ("language", "quality", "words"),
    [
        (
            "nn",
            "Kvalitet forbruk",
            ["Målt", "Estimert", "Endeleg estimert", "Mellombels", "Berekna", "Manglar"],
        ),
        (
            "nb",
            "Kvalitet forbruk",
            ["Målt", "Estimert", "Endelig estimert", "Midlertidig", "Beregnet", "Mangler"],
        ),
        (
            "en",
            "Quality of consumption",
            ["Measured", "Estimated", "Final estimate", "Temporary", "Calculated", "Missing"],
        ),
    ],
)
def test_quality_is_said_in_the_readers_words(
    language: Language, quality: str, words: list[str]
) -> None:
    day = Period(date(2026, 6, 1), date(2026, 6, 2))
    export = export_of(uses(day, missing=[5])[0])
    assert [line[quality] for line in lines(export, language)[:6]] == words
    assert column(sheets(export, language)[2], quality)[:6] == words


def test_a_missing_hour_has_a_line_without_value_and_cost() -> None:
    line = lines(export_of(uses(WEEKS, missing=[5])[0]))[5]
    cells = ("Forbruk kWh", "Kostnad kr", "Straum kr", "Nett kr")
    assert [line[cell] for cell in cells] == ["", "", "", ""]
    assert line["Kvalitet forbruk"] == "Manglar"


def test_an_hour_that_is_not_over_has_a_line_and_says_nothing() -> None:
    used, _ = uses(WEEKS, missing=range(9, 24))
    running = replace(used, to_come=used.missing & (used.numbers >= WEEKS.first_hour + 12))
    day = lines(export_of(running))[9:24]
    assert [line["Kvalitet forbruk"] for line in day] == ["Manglar"] * 3 + [""] * 12
    assert {line["Forbruk kWh"] for line in day} == {""}


def test_an_hour_without_a_price_has_a_value_but_no_cost() -> None:
    line = lines(export_of(uses(WEEKS, unpriced=[5])[0]))[5]
    assert line["Forbruk kWh"]
    assert line["Kostnad kr"] == line["Straum kr"] == ""


def test_production_stands_in_columns_of_its_own() -> None:
    used, produced = uses(WEEKS)
    without, both = lines(export_of(used)), lines(export_of(used, produced))
    assert "Produksjon kWh" not in without[0]
    assert [line["Forbruk kWh"] for line in both] == [line["Forbruk kWh"] for line in without]
    assert [added([line["Produksjon kWh"]], 3) for line in both] == produced.wh.tolist()


def test_a_table_is_what_norwegian_spreadsheets_read() -> None:
    data = usage_csv(export_of(uses(SPRING)[0]), "nn")
    first, *rest = data.split(b"\r\n")
    assert first.startswith(b"\xef\xbb\xbfStart;Slutt;Forbruk kWh;")
    assert data.count(b"\xef\xbb\xbf") == 1
    assert len(rest) == 23 + 1
    assert b"." not in rest[0].split(b";")[2]


@pytest.mark.parametrize(
    "address", ['=HYPERLINK("x")', "+47 Gata", "@a", "Gata; =1", "\t=1", "\uff1d1"]
)
def test_no_address_is_taken_for_a_formula(address: str) -> None:
    used = flow_of(uses(SPRING)[0])
    export = UsageExport(GSRN, address, used, None)
    text = lines(export)[0]["Adresse"]
    for cell in text.split(";"):
        assert cell.lstrip()[0] not in "=+@-\uff1d"
    for sheet in sheets(export):
        assert sheet["A1"].data_type == "s"
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


# The workbook


def test_a_workbook_shows_months_days_and_hours() -> None:
    used, produced = uses(WEEKS)
    months, days, hours = sheets(export_of(used, produced))
    assert [months.title, days.title, hours.title] == ["Månader", "Dagar", "Timar"]
    assert column(months, "Månad") == [datetime(2026, 3, 1), datetime(2026, 4, 1), "Sum"]  # noqa: DTZ001 - a workbook knows no zones
    assert len(column(days, "Dag")) == 19
    assert len(column(hours, "Start")) == 19 * 24 - 1


@pytest.mark.parametrize("place", [1, 2])
def test_sheets_add_up_to_what_usage_shows(place: int) -> None:
    used, produced = uses(WEEKS, missing=[1, 2, 30])
    sheet = sheets(export_of(used, produced))[place]
    in_all, fed_in = total_of(used), total_of(produced)
    for heading, scale, whole in (
        ("Forbruk kWh", 10**3, in_all.wh),
        ("Kostnad kr", 10**8, in_all.cost),
        ("Produksjon kWh", 10**3, fed_in.wh),
        ("Kostnad produksjon kr", 10**8, fed_in.cost),
    ):
        cells = [cell for cell in column(sheet, heading) if isinstance(cell, int | float)]
        assert sum(round(cell * scale) for cell in cells) == whole


def test_the_last_row_of_the_months_is_their_total_as_a_value() -> None:
    used, produced = uses(WEEKS)
    months = sheets(export_of(used, produced))[0]
    in_all = total_of(used)
    for heading, scale, whole in (
        ("Forbruk kWh", 10**3, in_all.wh),
        ("Kostnad kr", 10**8, in_all.cost),
    ):
        *parts, total = column(months, heading)
        assert isinstance(total, int | float)
        assert round(total * scale) == whole
        assert sum(round(part * scale) for part in parts if isinstance(part, int | float)) == whole


def test_times_of_a_workbook_are_those_on_norwegian_clocks() -> None:
    hours = sheets(export_of(uses(AUTUMN)[0]))[2]
    starts, offsets = column(hours, "Start"), column(hours, "UTC")
    shown = [(f"{start:%H:%M}", offset) for start, offset in zip(starts, offsets, strict=True)]
    assert shown[1:5] == [
        ("01:00", "+02:00"),
        ("02:00", "+02:00"),
        ("02:00", "+01:00"),
        ("03:00", "+01:00"),
    ]
    assert hours["A3"].is_date


def test_headings_of_a_workbook_stay_when_it_is_scrolled() -> None:
    for sheet in sheets(export_of(uses(SPRING)[0])):
        assert sheet.freeze_panes == "B3"


def test_a_missing_hour_of_a_workbook_is_empty_and_says_so() -> None:
    hours = sheets(export_of(uses(WEEKS, missing=[5])[0]))[2]
    assert column(hours, "Forbruk kWh")[5] is None
    assert column(hours, "Kostnad kr")[5] is None
    assert column(hours, "Kvalitet forbruk")[5] == "Manglar"


# Green Button

ORDER = {
    "UsagePoint": ["ServiceCategory"],
    "LocalTimeParameters": ["dstEndRule", "dstOffset", "dstStartRule", "tzOffset"],
    "MeterReading": [],
    "ReadingType": [
        "accumulationBehaviour",
        "commodity",
        "currency",
        "dataQualifier",
        "flowDirection",
        "intervalLength",
        "kind",
        "powerOfTenMultiplier",
        "timeAttribute",
        "uom",
    ],
    "IntervalBlock": ["interval", "IntervalReading"],
    "IntervalReading": ["cost", "ReadingQuality", "timePeriod", "value"],
    "ReadingQuality": ["quality"],
    "interval": ["duration", "start"],
    "timePeriod": ["duration", "start"],
    "ServiceCategory": ["kind"],
}
"""The children that each element may have, in the order in which NAESB's schema wants them."""


def test_elements_of_a_feed_stand_in_the_order_of_the_schema() -> None:
    root = feed(export_of(*uses(WEEKS, missing=[3], unpriced=[9])))
    checked = set[str]()
    for content in root.iter(f"{ATOM}content"):
        for element in content[0].iter():
            name = element.tag.removeprefix(ESPI)
            if name in ORDER:
                children = [child.tag.removeprefix(ESPI) for child in element]
                distinct = list(dict.fromkeys(children))
                assert distinct == [child for child in ORDER[name] if child in distinct], name
                assert len(children) == len(distinct) or name == "IntervalBlock"
                checked.add(name)
    assert checked == set(ORDER)


def test_a_feed_is_atom() -> None:
    root = feed(export_of(*uses(WEEKS)))
    assert root.tag == f"{ATOM}feed"
    entries = root.findall(f"{ATOM}entry")
    for part in (root, *entries):
        for name in ("id", "title", "updated"):
            assert len(part.findall(f"{ATOM}{name}")) == 1
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(set(ids)) == len(ids)
    assert all(each is not None and each.startswith("urn:uuid:") for each in ids)


def test_links_of_a_feed_lead_to_its_entries() -> None:
    entries = feed(export_of(*uses(WEEKS))).findall(f"{ATOM}entry")
    own = {link(entry, "self") for entry in entries} | {link(entry, "up") for entry in entries}
    related = {
        each.get("href")
        for entry in entries
        for each in entry.findall(f"{ATOM}link[@rel='related']")
    }
    assert related
    assert related <= own


@pytest.mark.parametrize(("direction", "place"), [(1, 0), (19, 1)])
def test_each_direction_has_readings_of_its_own(direction: int, place: int) -> None:
    both = uses(WEEKS, missing=[4])
    use = both[place]
    known = ~use.missing
    found = readings(export_of(*both), direction)
    starts = [int(reading.findtext(f"{ESPI}timePeriod/{ESPI}start", "")) for reading in found]
    values = [int(reading.findtext(f"{ESPI}value", "")) for reading in found]
    assert starts == (use.numbers[known] * 3600).tolist()
    assert values == use.wh[known].tolist()


def test_a_feed_says_what_its_numbers_are() -> None:
    types = list(feed(export_of(*uses(SPRING))).iter(f"{ESPI}ReadingType"))
    told = [{child.tag.removeprefix(ESPI): child.text for child in each} for each in types]
    assert [each["flowDirection"] for each in told] == ["1", "19"]
    for each in told:
        assert (each["uom"], each["powerOfTenMultiplier"], each["currency"]) == ("72", "0", "578")
        assert (each["accumulationBehaviour"], each["intervalLength"]) == ("4", "3600")


def test_costs_of_a_feed_add_up_to_the_rounded_whole() -> None:
    used, _ = uses(WEEKS)
    costs = [int(each.findtext(f"{ESPI}cost", "")) for each in readings(export_of(used))]
    exact = Decimal(int(used.cost.sum()))
    assert sum(costs) == int((exact / 1000).to_integral_value())
    for cost, hour in zip(costs, used.cost.tolist(), strict=True):
        assert abs(cost * 1000 - hour) <= 1000


def test_an_hour_without_a_price_has_a_reading_without_a_cost() -> None:
    found = readings(export_of(uses(WEEKS, unpriced=[5])[0]))
    assert [each for each, reading in enumerate(found) if reading.find(f"{ESPI}cost") is None] == [
        5
    ]


def test_readings_of_a_feed_say_how_their_value_came_to_be() -> None:
    used, _ = uses(Period(date(2026, 6, 1), date(2026, 6, 2)), missing=[5])
    codes = [
        reading.findtext(f"{ESPI}ReadingQuality/{ESPI}quality")
        for reading in readings(export_of(used))
    ]
    # NAESB's codes: valid, estimated by reference day, validated, raw, derived.
    assert codes[:7] == ["0", "8", "17", "14", "11", "8", "17"]


@pytest.mark.parametrize(("period", "hours"), [(SPRING, 23), (AUTUMN, 25)])
def test_a_block_lasts_as_long_as_its_day(period: Period, hours: int) -> None:
    root = feed(export_of(uses(period)[0]))
    durations = [each.findtext(f"{ESPI}duration") for each in root.iter(f"{ESPI}interval")]
    assert durations == [str(hours * 3600)]


@pytest.mark.parametrize("year", range(2024, 2035))
def test_the_rules_of_a_feed_are_when_norwegian_clocks_change(year: int) -> None:
    told = feed(export_of(uses(SPRING)[0])).find(f".//{ESPI}LocalTimeParameters")
    assert told is not None
    standard = timedelta(seconds=int(told.findtext(f"{ESPI}tzOffset", "")))
    summer = standard + timedelta(seconds=int(told.findtext(f"{ESPI}dstOffset", "")))
    for rule, before, after in (
        ("dstStartRule", standard, summer),
        ("dstEndRule", summer, standard),
    ):
        change = on_the_wall(int(told.findtext(f"{ESPI}{rule}", ""), 16), year) - before
        moment = change.replace(tzinfo=UTC)
        assert (moment - timedelta(seconds=1)).astimezone(OSLO).utcoffset() == before
        assert moment.astimezone(OSLO).utcoffset() == after


def on_the_wall(rule: int, year: int) -> datetime:
    """Reads a DstRuleType, bit for bit as NAESB's schema explains it."""
    assert rule >> 25 & 0b111 == 7  # the last of the weekdays in the month
    day = datetime(year, rule >> 28, 31)  # noqa: DTZ001 - by the clock on the wall
    while day.isoweekday() != rule >> 17 & 0b111:
        day -= timedelta(days=1)
    return day + timedelta(hours=rule >> 12 & 0b11111, seconds=rule & 0xFFF)


def test_any_address_makes_a_feed_that_can_be_read() -> None:
    export = UsageExport(GSRN, 'Gata <1> & "2"\x00\x0b', flow_of(uses(SPRING)[0]), None)
    assert feed(export).findtext(f"{ATOM}title") == 'Gata <1> & "2"'


# What may be asked for


def test_a_file_holds_at_most_three_years() -> None:
    parse_export_period("2023-05-01", "2026-05-01")
    with pytest.raises(Invalid) as refused:
        parse_export_period("2023-05-01", "2026-05-02")
    assert [(each.field, each.reason) for each in refused.value.fields] == [
        ("to_date", "RANGE_OF_YEARS")
    ]


def test_nothing_is_known_of_a_point_that_never_had_a_value() -> None:
    used, _ = uses(SPRING, missing=range(23))
    flow = flow_of(used)
    assert not flow.is_known
    assert int(flow.total.cost[0]) == UNKNOWN
