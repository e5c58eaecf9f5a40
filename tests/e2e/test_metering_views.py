"""What a customer sees of a metering point over HTTP: it all agrees, and a stranger sees none."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from cli.demo.people import gsrn
from cli.moments import OSLO
from tests.e2e import usage_files
from tests.e2e.households import (
    Contract,
    brought,
    hours,
    portal,
    prices,
    shown,
    take_in,
    wrong_fields,
)
from tests.e2e.suite import Customer, Suite

pytestmark = pytest.mark.e2e

DATA = Path(__file__).parents[3] / "shared" / "data"
NUMBER = "300020"
POINT, BILLED = gsrn(9_990_000_210), gsrn(9_990_000_211)
AREA = "NO2"
KNOWN = ("2025-02-01", "2026-04-01")
"""From here on there are values, and there they end; the contract is older and goes on."""
NOVEMBER = ("2025-11-01", "2025-12-01")
MISSING = hours("2025-11-10", "2025-11-11")[:6]
ESTIMATED = hours("2025-11-11", "2025-11-12")[:5]
PEAKS = {"2025-11-04T17": 5_200, "2025-11-05T18": 4_900, "2025-11-19T08": 4_600}
SECOND_ON_ITS_DAY = {"2025-11-04T18": 5_100}
PANELS = ("2025-10-25", "2025-10-27")
Answer = Mapping[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("views")


@pytest.fixture(scope="module")
def spot_prices() -> Mapping[datetime, int]:
    """A price for each hour with values, and for each of yesterday, today and the days to come."""
    today = datetime.now(OSLO).date()
    days = today - timedelta(days=1), today + timedelta(days=4)
    all_hours = [*hours(*KNOWN), *hours(days[0].isoformat(), days[1].isoformat())]
    return {hour: 40_000 + 7_919 * number % 90_001 for number, hour in enumerate(all_hours)}


@pytest.fixture(scope="module")
def customer(suite: Suite, folder: Path, spot_prices: Mapping[datetime, int]) -> Customer:
    """A customer with 14 months of hours, two days of surplus, and what a year is never without."""
    contracts = (
        Contract(POINT, NUMBER, "2025-01-01", area=AREA),
        Contract(BILLED, NUMBER, "2026-04-01", area="NO5", product="NORGESPRIS"),
    )
    customer = take_in(suite, folder, *contracts)[NUMBER]
    special = {**PEAKS, **SECOND_ON_ITS_DAY}
    used = {
        hour: special.get(f"{hour:%Y-%m-%dT%H}", 300 + 37 * number % 2_600)
        for number, hour in enumerate(hours(*KNOWN))
        if hour not in MISSING
    }
    point = ("--metering-point", POINT)
    brought(suite, "readings", portal(folder, used, quality=_quality), *point)
    surplus = {hour: 900 if 9 <= hour.hour < 17 else 0 for hour in hours(*PANELS)}
    brought(suite, "readings", portal(folder, surplus, meter="Produksjon"), *point)
    brought(suite, "prices", prices(folder, spot_prices), "--area", AREA)
    return customer


def _quality(hour: datetime) -> str:
    return "Estimert" if hour in ESTIMATED else "Målt"


def of(customer: Customer, what: str, point: str = POINT, **query: str) -> Answer:
    return shown(customer, f"/v1/meteringPoints/{point}/{what}", **query)


def between(first: str, end: str) -> dict[str, str]:
    return {"from": first, "to": end}


def usage(customer: Customer, resolution: str, *span: str, **query: str) -> Answer:
    return of(customer, "usage", resolution=resolution, view="FULL", **between(*span), **query)


def added(values: Sequence[Decimal | None]) -> Decimal:
    return sum((value for value in values if value is not None), Decimal())


def without_lines(total: Answer) -> Answer:
    """Returns a total as it stands where its lines are told elsewhere, or not at all."""
    return {**total, "components": []}


def costs(components: Sequence[Answer]) -> dict[str, Any]:
    return {each["component"]: each["cost"] for each in components}


def test_hours_add_up_to_days_to_months_and_to_years_line_by_line(customer: Customer) -> None:
    span = ("2025-04-01", "2026-04-01")
    by_hour = usage(customer, "HOUR", *span)
    assert len(by_hour["start"]) == by_hour["total"]["hours"] == 365 * 24
    assert by_hour["total"]["missingHours"] == len(MISSING)
    assert by_hour["total"]["estimatedHours"] == len(ESTIMATED)
    assert by_hour["total"]["unpricedHours"] == 0

    # How much of a start names its year, its month, its day.
    for resolution, named in (("YEAR", 4), ("MONTH", 7), ("DAY", 10)):
        buckets = usage(customer, resolution, *span)

        assert buckets["total"] == by_hour["total"]
        for column in ("kwh", "cost", "hours", "missingHours", "estimatedHours"):
            assert _by(buckets["start"], buckets[column], named) == _by(
                by_hour["start"], by_hour[column], named
            )
        lines = zip(buckets["components"], by_hour["components"], strict=True)
        for line, of_hours in lines:
            assert line["component"] == of_hours["component"]
            assert _by(buckets["start"], line["cost"], named) == _by(
                by_hour["start"], of_hours["cost"], named
            )
    lines = [line["cost"] for line in by_hour["components"]]
    assert by_hour["cost"] == [
        None if cost is None else added(parts)
        for cost, *parts in zip(by_hour["cost"], *lines, strict=True)
    ]


def _by(starts: Sequence[str], values: Sequence[Decimal | None], named: int) -> Answer:
    """Adds up values by the beginning of their start."""
    sums: dict[str, Decimal] = {}
    for start, value in zip(starts, values, strict=True):
        sums[start[:named]] = sums.get(start[:named], Decimal()) + (value or 0)
    return sums


def test_a_bill_adds_up_to_its_total_and_to_the_month(customer: Customer) -> None:
    bill = of(customer, "bills/2025-11")

    month = usage(customer, "MONTH", *NOVEMBER)
    assert bill["consumption"] == without_lines(month["total"])
    assert bill["consumption"]["missingHours"] == 6
    amounts = {part: Decimal() for part in ("POWER", "GRID")}
    components: dict[str, Decimal] = {}
    for line in bill["lines"]:
        amounts[line["part"]] += line["amount"]
        components[line["component"]] = components.get(line["component"], 0) + line["amount"]
        if line["price"] is not None:
            assert line["kwh"] * line["price"] == line["amount"]
    assert (amounts["POWER"], amounts["GRID"]) == (bill["power"], bill["grid"])
    assert bill["power"] + bill["grid"] == bill["total"] == month["total"]["cost"]
    assert components == {
        name: cost for name, cost in costs(month["total"]["components"]).items() if cost
    }
    assert {"POWER", "MARKUP", "STROMSTOTTE", "CAPACITY", "CONSUMPTION_TAX"} <= set(components)
    bands = [line for line in bill["lines"] if line["component"] == "GRID_ENERGY"]
    assert [line["band"] for line in bands] == ["day", "night"]
    assert sum(line["kwh"] for line in bands) == month["kwh"][0]
    assert (bill["heldFrom"], bill["heldTo"]) == (
        "2025-11-01T00:00:00+01:00",
        "2025-12-01T00:00:00+01:00",
    )


def test_surplus_is_a_line_of_its_own_on_the_bill(customer: Customer) -> None:
    bill = of(customer, "bills/2025-10")

    fed_in = usage(customer, "MONTH", "2025-10-01", "2025-11-01", direction="PRODUCTION")
    assert bill["production"] == without_lines(fed_in["total"])
    assert fed_in["kwh"] == [2 * 8 * Decimal("0.9")]
    [surplus] = [line for line in bill["lines"] if line["component"] == "SURPLUS"]
    assert surplus["amount"] == fed_in["total"]["cost"] < 0
    assert bill["total"] == bill["consumption"]["cost"] + surplus["amount"]


@pytest.mark.skipif(not DATA.is_dir(), reason=f"the real data is not at {DATA}")
def test_the_bill_of_a_real_household_is_the_one_it_got(suite: Suite, customer: Customer) -> None:
    point = ("--metering-point", BILLED)
    brought(suite, "readings", DATA / "elhub_2026-04.csv", *point)
    brought(suite, "prices", DATA / "household_no5_2026-04.csv", "--area", "NO5")

    bill = of(customer, "bills/2026-04", BILLED)

    lines = {(line["component"], line["band"]): line["amount"] for line in bill["lines"]}
    got = {
        ("GRID_ENERGY", "day"): "223.26",
        ("GRID_ENERGY", "night"): "99.88",
        ("CAPACITY", ""): "250.00",
        ("CONSUMPTION_TAX", ""): "123.16",
        ("ENOVA", ""): "17.28",
    }
    for line, amount in got.items():
        assert abs(lines[line] - Decimal(amount)) <= Decimal("0.02"), line
    # The prices at hand are the preliminary ones.
    assert abs(lines["NORGESPRIS", ""] - Decimal("-1427.89")) < 5
    assert [peak["kwh"] for peak in bill["capacity"]["peaks"]] == [
        Decimal(kwh) for kwh in ("5.939", "4.779", "4.262")
    ]


def test_an_estimate_says_that_it_is_one_and_what_of_it_is_known(customer: Customer) -> None:
    known = of(customer, "bills/2025-11")

    estimate = of(customer, "bills/2025-11:estimate")

    assert (estimate["estimate"], estimate["estimatedValues"]) == (True, len(MISSING))
    assert estimate["estimatedPrices"] == 0
    assert estimate["soFar"] == known
    assert estimate["bill"]["consumption"]["missingHours"] == 0
    assert estimate["bill"]["consumption"]["estimatedHours"] == len(MISSING) + len(ESTIMATED)
    assert estimate["bill"]["total"] > known["total"]


def test_an_estimate_of_a_month_of_which_all_is_known_is_its_bill(customer: Customer) -> None:
    estimate = of(customer, "bills/2025-12:estimate")

    assert (estimate["estimate"], estimate["estimatedValues"]) == (False, 0)
    assert estimate["bill"] == estimate["soFar"] == of(customer, "bills/2025-12")


def test_nothing_is_estimated_from_too_few_days(customer: Customer) -> None:
    answer = customer.get(f"/v1/meteringPoints/{POINT}/bills/2025-01:estimate")

    assert (answer.status_code, answer.json()["code"]) == (409, "TOO_FEW_DAYS")
    assert (answer.json()["days"], answer.json()["least"]) == (0, 7)


def test_the_capacity_step_follows_from_the_highest_hours_of_three_days(
    customer: Customer,
) -> None:
    capacity = of(customer, "capacity/2025-11")

    assert [(peak["start"][:13], peak["kwh"]) for peak in capacity["peaks"]] == [
        (start, Decimal(wh) / 1000) for start, wh in PEAKS.items()
    ]
    assert capacity["meanKw"] == Decimal("4.9")
    assert (capacity["step"]["fromKw"], capacity["step"]["toKw"]) == (2, 5)
    # 2400 and 3984 kr a year, with VAT.
    assert capacity["step"]["monthAmount"] == 250
    assert (capacity["nextStep"]["fromKw"], capacity["nextStep"]["monthAmount"]) == (5, 415)
    assert capacity["lackingKw"] == Decimal("0.1")
    assert capacity["over"] is True
    assert capacity["step"] in capacity["steps"]
    assert of(customer, "bills/2025-11")["capacity"] == capacity


def test_a_period_stands_beside_the_same_dates_a_year_before(customer: Customer) -> None:
    now, before = ("2026-03-20", "2026-04-01"), ("2025-03-20", "2025-04-01")

    # It goes on after the last values, and both are cut there.
    compared = of(customer, "usage:compare", **between(now[0], "2026-04-15"))

    sides = [without_lines(usage(customer, "DAY", *span)["total"]) for span in (now, before)]
    assert (compared["now"], compared["before"]) == (
        {**between(*now), "total": sides[0]},
        {**between(*before), "total": sides[1]},
    )
    assert compared["kwhDifference"] == sides[0]["kwh"] - sides[1]["kwh"] != 0
    assert compared["costDifference"] == sides[0]["cost"] - sides[1]["cost"] != 0


def test_products_are_compared_over_the_same_hours(customer: Customer) -> None:
    compared = of(customer, "products:compare", **between(*NOVEMBER))

    month = usage(customer, "MONTH", *NOVEMBER)
    assert (compared["kwh"], compared["missingHours"]) == (month["kwh"][0], len(MISSING))
    products = {each["product"]: each for each in compared["products"]}
    assert {"FIXED", "NORGESPRIS", "SPOT"} <= set(products)
    for each in products.values():
        assert each["power"] + each["settlement"] + each["grid"] == each["total"]
        assert each["own"] == (each["product"] == "SPOT")
    assert products["SPOT"]["total"] == month["total"]["cost"]
    assert products["FIXED"]["settlement"] == 0
    lines = costs(month["total"]["components"])
    # 79.20 øre and VAT, and the fee that SPOT has as well.
    fixed = Decimal("0.99") * month["kwh"][0] + lines["MONTHLY_FEE"]
    assert products["FIXED"]["power"] == fixed
    assert len({each["grid"] for each in products.values()}) == 1


def test_spot_prices_are_those_of_today_and_tomorrow(
    customer: Customer, spot_prices: Mapping[datetime, int]
) -> None:
    answer = shown(customer, "/v1/spotPrices", priceArea=AREA)

    first, second = (date.fromisoformat(day["date"]) for day in answer["days"])
    assert second == first + timedelta(days=1)
    assert first in {datetime.now(OSLO).date(), datetime.now(OSLO).date() - timedelta(days=1)}
    for day in answer["days"]:
        end = date.fromisoformat(day["date"]) + timedelta(days=1)
        its_hours = hours(day["date"], end.isoformat())
        ex_vat = [Decimal(spot_prices[hour]) for hour in its_hours]
        with_vat = [_rounded(price * Decimal("1.25")) for price in ex_vat]
        assert day["start"] == [hour.isoformat() for hour in its_hours]
        assert _whole(day["priceExVat"]) == ex_vat
        assert _whole(day["price"]) == with_vat
        assert day["provisional"] == [False] * len(its_hours)
        told = [day["lowest"], day["highest"], day["mean"]]
        mean = _rounded(sum(with_vat, Decimal()) / len(with_vat))
        assert _whole(told) == [min(with_vat), max(with_vat), mean]
        by_price = sorted(its_hours, key=lambda hour: spot_prices[hour])
        assert day["cheapest"] == [hour.isoformat() for hour in by_price[:3]]


def _whole(prices: Sequence[Decimal]) -> list[Decimal]:
    """Returns prices in 1e-5 kr/kWh."""
    return [price * 100_000 for price in prices]


def _rounded(price: Decimal) -> Decimal:
    return price.quantize(Decimal(1), ROUND_HALF_UP)


@pytest.mark.parametrize("direction", ["CONSUMPTION", "PRODUCTION"])
def test_files_hold_the_hours_that_are_shown(customer: Customer, direction: str) -> None:
    # Two days of surplus, of which one has 25 hours, and hours without a value.
    span = ("2025-10-20", "2025-11-12")
    seen = usage(customer, "HOUR", *span, direction=direction)
    seen_hours = list(zip(seen["start"], seen["kwh"], seen["cost"], strict=True))
    assert len(seen_hours) == 23 * 24 + 1

    table, workbook, feed = (exported(customer, each, *span) for each in usage_files.READERS)

    assert usage_files.in_csv(table, direction) == seen_hours
    assert usage_files.in_workbook(workbook, direction) == seen_hours
    in_feed = usage_files.in_feed(feed, direction)
    assert [hour[:2] for hour in in_feed] == [
        hour[:2] for hour in seen_hours if hour[1] is not None
    ]
    # Each cost is rounded to 1e-5 kr, and yet they add up.
    paid = added([cost for *_, cost in in_feed])
    assert abs(paid - seen["total"]["cost"]) <= Decimal("0.000005")


def test_a_workbook_has_days_and_months_as_well_and_their_total(customer: Customer) -> None:
    workbook = exported(customer, "XLSX", *NOVEMBER)

    days, [november, total] = (usage_files.sheet(workbook, name) for name in ("Dagar", "Månader"))
    shown_days = usage(customer, "DAY", *NOVEMBER)
    assert [_kwh_and_cost(day) for day in days] == list(
        zip(shown_days["kwh"], shown_days["cost"], strict=True)
    )
    shown_total = shown_days["total"]
    for row in (november, total):
        assert _kwh_and_cost(row) == (shown_total["kwh"], shown_total["cost"])


def _kwh_and_cost(row: usage_files.Row) -> tuple[Decimal | None, Decimal | None]:
    kwh = usage_files.nearest(row["Forbruk kWh"], decimals=3)
    return kwh, usage_files.nearest(row["Kostnad kr"], decimals=8)


def exported(customer: Customer, file_format: str, *span: str) -> bytes:
    path = f"/v1/meteringPoints/{POINT}/usage/export"
    return customer.get(path, format=file_format, **between(*span)).raise_for_status().content


FEBRUARY = between("2026-02-01", "2026-03-01")
QUESTIONS: Mapping[str, Mapping[str, str]] = {
    "usage": {"resolution": "DAY", **FEBRUARY},
    "bills/2026-02": {},
    "bills/2026-02:estimate": {},
    "capacity/2026-02": {},
    "usage:compare": FEBRUARY,
    "products:compare": FEBRUARY,
    "usage/export": {"format": "CSV", **FEBRUARY},
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_stranger_learns_nothing_of_a_point_not_even_that_it_is_there(
    suite: Suite, customer: Customer, question: str
) -> None:
    known = suite.demo["customers"][2]
    stranger = suite.log_in(known["email"], known["password"])

    def asked(who: Customer, point: str) -> tuple[int, Answer]:
        answer = who.get(f"/v1/meteringPoints/{point}/{question}", **QUESTIONS[question])
        own = {"traceId", "instance"}
        body: dict[str, Any] = {} if answer.is_success else answer.json()
        return answer.status_code, {name: body[name] for name in body if name not in own}

    assert asked(customer, POINT)[0] == 200
    refused = asked(stranger, POINT)
    assert (refused[0], refused[1]["code"]) == (404, "NOT_FOUND")
    assert asked(stranger, gsrn(9_999_999_997)) == refused
    assert asked(stranger, "123") == refused


WRONG: Sequence[tuple[str, Mapping[str, str], Sequence[tuple[str, str]]]] = [
    (
        "usage",
        {"resolution": "DAY", **between("2026-02-30", "tomorrow")},
        [("from", "NOT_A_DATE"), ("to", "NOT_A_DATE")],
    ),
    (
        "usage",
        {"resolution": "DAY", **between("2026-02-02", "2026-02-02")},
        [("to", "NOT_AFTER_FROM")],
    ),
    (
        "usage",
        {"resolution": "HOUR", **between("2025-01-01", "2026-02-01")},
        [("to", "RANGE_OF_DAYS")],
    ),
    (
        "usage",
        {"resolution": "YEAR", **between("1980-01-01", "2026-02-01")},
        [("to", "RANGE_OF_YEARS")],
    ),
    ("usage", {"resolution": "WEEK", **FEBRUARY}, [("resolution", "NOT_A_CHOICE")]),
    ("usage", {"resolution": "DAY", "view": "ALL", **FEBRUARY}, [("view", "NOT_A_CHOICE")]),
    ("usage", {"resolution": "DAY", "unit": "MWh", **FEBRUARY}, [("unit", "UNKNOWN_FIELD")]),
    ("usage", FEBRUARY, [("resolution", "NOT_A_CHOICE")]),
    ("bills/2026-13", {}, [("month", "NOT_A_MONTH")]),
    ("bills/2026-2:estimate", {}, [("month", "NOT_A_MONTH")]),
    ("bills/2099-01:estimate", {}, [("month", "MONTH_TO_COME")]),
    ("capacity/february", {}, [("month", "NOT_A_MONTH")]),
    ("usage:compare", between("2024-02-01", "2026-02-01"), [("to", "RANGE_OF_DAYS")]),
    ("products:compare", between("2026-02-01", "2026-01-01"), [("to", "NOT_AFTER_FROM")]),
    ("usage/export", {"format": "PDF", **FEBRUARY}, [("format", "NOT_A_CHOICE")]),
    (
        "usage/export",
        {"format": "CSV", **between("2023-01-01", "2026-02-01")},
        [("to", "RANGE_OF_YEARS")],
    ),
]


@pytest.mark.parametrize(("path", "query", "fields"), WRONG)
def test_a_wrong_question_is_refused_by_field(
    customer: Customer,
    path: str,
    query: Mapping[str, str],
    fields: Sequence[tuple[str, str]],
) -> None:
    answer = customer.get(f"/v1/meteringPoints/{POINT}/{path}", **query)

    assert wrong_fields(answer) == fields


def test_prices_of_another_country_are_not_here(customer: Customer) -> None:
    answer = customer.get("/v1/spotPrices", priceArea="SE3")

    assert wrong_fields(answer) == [("priceArea", "NOT_A_CHOICE")]
