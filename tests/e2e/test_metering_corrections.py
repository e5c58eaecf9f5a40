"""Values and prices that come late or again: everything that is worked out from them follows."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cli.demo.people import gsrn
from cli.moments import OSLO
from tests.e2e.households import Contract, brought, hours, portal, prices, shown, take_in
from tests.e2e.suite import Customer, Suite

pytestmark = pytest.mark.e2e

NUMBER = "300030"
POINT = gsrn(9_990_000_220)
AREA = "NO1"
JANUARY, FEBRUARY = ("2026-01-01", "2026-02-01"), ("2026-02-01", "2026-03-01")
ESTIMATED_DAY = ("2026-01-14", "2026-01-15")
HOUR = "2026-01-14T17:00:00+01:00"
UNPRICED = "2026-02-20T10:00:00+01:00"
DAY_OF_THE_GAP = ("2026-02-20", "2026-02-21")
Answer = Mapping[str, Any]


@pytest.fixture(scope="module")
def customer(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Customer:
    """A customer with a kilowatt-hour an hour, a day of estimates, and an hour without a price."""
    folder = tmp_path_factory.mktemp("corrections")
    customer = take_in(suite, folder, Contract(POINT, NUMBER, JANUARY[0], area=AREA))[NUMBER]
    all_hours = hours(JANUARY[0], FEBRUARY[1])
    estimated = hours(*ESTIMATED_DAY)
    used = {hour: 2_000 if hour in estimated else 1_000 for hour in all_hours}
    bring_readings(suite, folder, used, "2026-03-01T06:30:00+01:00", estimated)
    priced = [hour for hour in all_hours if hour.isoformat() != UNPRICED]
    bring_prices(suite, folder, dict.fromkeys(priced, 50_000))
    return customer


def bring_readings(
    suite: Suite,
    folder: Path,
    wh: Mapping[datetime, int],
    registered: str,
    estimated: Sequence[datetime] = (),
) -> Answer:
    file = portal(
        folder,
        wh,
        quality=lambda hour: "Estimert" if hour in estimated else "Målt",
        registered=registered,
    )
    return brought(suite, "readings", file, "--metering-point", POINT)


def bring_prices(suite: Suite, folder: Path, price_of: Mapping[datetime, int], *how: str) -> Answer:
    return brought(suite, "prices", prices(folder, price_of), "--area", AREA, *how)


def of(customer: Customer, what: str, **query: str) -> Answer:
    return shown(customer, f"/v1/meteringPoints/{POINT}/{what}", **query)


def usage(customer: Customer, resolution: str, first: str, end: str) -> Answer:
    span = {"from": first, "to": end, "resolution": resolution, "view": "FULL"}
    return of(customer, "usage", **span)


def bucket(usage: Answer, start: str, column: str) -> Any:
    return usage[column][usage["start"].index(start)]


def amounts(bill: Answer) -> Mapping[str, Any]:
    return {line["component"]: line["amount"] for line in bill["lines"] if not line["band"]}


def test_measured_values_replace_estimates_everywhere_at_once(
    suite: Suite, customer: Customer, tmp_path: Path
) -> None:
    views = [
        *((name, JANUARY) for name in ("YEAR", "MONTH", "DAY", "HOUR")),
        ("HOUR", ESTIMATED_DAY),
    ]
    before = [usage(customer, name, *span) for name, span in views]
    bill, capacity = of(customer, "bills/2026-01"), of(customer, "capacity/2026-01")
    assert [each["total"]["estimatedHours"] for each in before] == [24] * 5
    assert [peak["kwh"] for peak in capacity["peaks"]] == [2, 1, 1]

    day = hours(*ESTIMATED_DAY)
    measured = {hour: 7_000 if hour.isoformat() == HOUR else 1_000 for hour in day}
    report = bring_readings(suite, tmp_path, measured, "2026-03-02T06:30:00+01:00")

    assert (report["created"], report["changed"], report["unchanged"]) == (0, 24, 0)
    after = [usage(customer, name, *span) for name, span in views]
    less = Decimal(24 * 2 - 23 - 7)
    for was, now in zip(before, after, strict=True):
        assert now["total"]["estimatedHours"] == 0
        assert was["total"]["kwh"] - now["total"]["kwh"] == less
    by_day, by_hour = after[2], after[3]
    assert bucket(by_day, f"{ESTIMATED_DAY[0]}T00:00:00+01:00", "kwh") == 30
    assert bucket(by_hour, HOUR, "kwh") == 7
    new_bill, new_capacity = of(customer, "bills/2026-01"), of(customer, "capacity/2026-01")
    assert new_bill["total"] == after[1]["total"]["cost"] != bill["total"]
    # 50 øre and VAT.
    assert amounts(bill)["POWER"] - amounts(new_bill)["POWER"] == less * Decimal("0.625")
    # The mean of 7, 1 and 1 is 3 kW, which is on the step from 2: 2400 kr a year, and VAT.
    assert [peak["kwh"] for peak in new_capacity["peaks"]] == [7, 1, 1]
    assert (capacity["step"]["fromKw"], new_capacity["step"]["fromKw"]) == (0, 2)
    assert amounts(new_bill)["CAPACITY"] == new_capacity["step"]["monthAmount"] == 250


def test_an_older_registration_changes_nothing_whenever_it_comes(
    suite: Suite, customer: Customer, tmp_path: Path
) -> None:
    day = ("2026-01-21", "2026-01-22")
    before = usage(customer, "HOUR", *day)

    older = dict.fromkeys(hours(*day), 9_000)
    report = bring_readings(suite, tmp_path, older, "2026-02-28T06:30:00+01:00")

    assert (report["changed"], report["unchanged"]) == (0, 24)
    assert usage(customer, "HOUR", *day) == before


def test_a_missing_price_leaves_costs_unknown_until_it_comes(
    suite: Suite, customer: Customer, tmp_path: Path
) -> None:
    views = {name: usage(customer, name, *FEBRUARY) for name in ("YEAR", "MONTH", "DAY", "HOUR")}

    for name, view in views.items():
        assert (view["total"]["cost"], view["total"]["unpricedHours"]) == (None, 1)
        unknown = [cost is None for cost in view["cost"]]
        assert unknown == [unpriced == 1 for unpriced in view["unpricedHours"]]
        assert sum(unknown) == 1, name
        assert view["total"]["kwh"] == sum(view["kwh"]) == 28 * 24
    assert bucket(views["HOUR"], UNPRICED, "cost") is None
    known_hour = bucket(views["HOUR"], "2026-02-20T11:00:00+01:00", "cost")
    assert known_hour > 0
    bill = of(customer, "bills/2026-02")
    assert (bill["power"], bill["total"]) == (None, None)
    # What does not need the price is known all the same.
    assert amounts(bill)["POWER"] is None
    assert amounts(bill)["CONSUMPTION_TAX"] == 28 * 24 * Decimal("0.08913")
    day = dict(zip(("from", "to"), DAY_OF_THE_GAP, strict=True))
    totals = {
        each["product"]: each["total"]
        for each in of(customer, "products:compare", **day)["products"]
    }
    assert totals["SPOT"] is None
    assert totals["FIXED"] > 0
    estimate = of(customer, "bills/2026-02:estimate")
    assert (estimate["estimate"], estimate["estimatedPrices"]) == (True, 1)
    assert estimate["soFar"] == bill
    assert estimate["bill"]["total"] > 0

    [gap] = [hour for hour in hours(*DAY_OF_THE_GAP) if hour.isoformat() == UNPRICED]
    bring_prices(suite, tmp_path, {gap: 50_000})

    bill = of(customer, "bills/2026-02")
    assert bill == estimate["bill"]
    assert usage(customer, "MONTH", *FEBRUARY)["total"]["cost"] == bill["total"]
    assert usage(customer, "MONTH", *FEBRUARY)["unpricedHours"] == [0]
    assert of(customer, "bills/2026-02:estimate")["estimate"] is False


def test_a_price_says_that_it_may_change_until_it_is_final(
    suite: Suite, customer: Customer, tmp_path: Path
) -> None:
    yesterday = datetime.now(OSLO).date() - timedelta(days=1)
    days = hours(yesterday.isoformat(), (yesterday + timedelta(days=5)).isoformat())

    def told() -> tuple[set[Any], set[Any]]:
        answer = shown(customer, "/v1/spotPrices", priceArea=AREA)["days"]
        assert len(answer) == 2
        return (
            {price for day in answer for price in day["priceExVat"]},
            {provisional for day in answer for provisional in day["provisional"]},
        )

    bring_prices(suite, tmp_path, dict.fromkeys(days, 80_000), "--provisional")
    assert told() == ({Decimal("0.8")}, {True})

    bring_prices(suite, tmp_path, dict.fromkeys(days, 90_000))
    assert told() == ({Decimal("0.9")}, {False})
