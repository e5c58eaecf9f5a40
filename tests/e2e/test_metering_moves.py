"""A move in the middle of a month: who moves out and who moves in see nothing of each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from cli.demo.people import gsrn
from tests.e2e.households import Contract, brought, hours, portal, prices, shown, take_in
from tests.e2e.suite import Customer, Suite
from tests.e2e.usage_files import READERS, Hours

pytestmark = pytest.mark.e2e

POINT = gsrn(9_990_000_230)
AREA = "NO1"
MARCH = {"from": "2026-03-01", "to": "2026-04-01"}
Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Stay:
    """How long somebody lives there, and what they use: so much an hour, and once so much."""

    number: str
    first: str
    end: str
    wh: int
    peak: str
    peak_wh: int
    held: tuple[str, str]

    @property
    def used(self) -> Mapping[datetime, int]:
        return {
            hour: self.peak_wh if hour.isoformat() == self.peak else self.wh
            for hour in hours(self.first, self.end)
        }

    @property
    def kwh(self) -> Decimal:
        return Decimal(sum(self.used.values())) / 1000


STAYS = {
    "out": Stay(
        "300040",
        "2026-03-01",
        "2026-03-15",
        1_000,
        "2026-03-03T17:00:00+01:00",
        9_000,
        ("2026-03-01T00:00:00+01:00", "2026-03-15T00:00:00+01:00"),
    ),
    "in": Stay(
        "300041",
        "2026-03-15",
        "2026-04-01",
        10,
        "2026-03-20T18:00:00+01:00",
        500,
        ("2026-03-15T00:00:00+01:00", "2026-04-01T00:00:00+02:00"),
    ),
}


@pytest.fixture(scope="module")
def customers(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Customer]:
    """Two customers, one of whom moves out on the 15th, when the other moves in."""
    folder = tmp_path_factory.mktemp("move")
    moves_out, moves_in = STAYS["out"], STAYS["in"]
    customers = take_in(
        suite,
        folder,
        Contract(POINT, moves_out.number, "2025-01-01", moves_out.end, area=AREA),
        Contract(POINT, moves_in.number, moves_in.first, area=AREA),
    )
    used = {**moves_out.used, **moves_in.used}
    brought(suite, "readings", portal(folder, used), "--metering-point", POINT)
    brought(suite, "prices", prices(folder, dict.fromkeys(used, 50_000)), "--area", AREA)
    return {who: customers[stay.number] for who, stay in STAYS.items()}


@pytest.fixture(params=STAYS)
def who(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def of(customer: Customer, what: str, **query: str) -> Answer:
    return shown(customer, f"/v1/meteringPoints/{POINT}/{what}", **query)


def test_usage_counts_the_hours_of_one_stay(customers: Mapping[str, Customer], who: str) -> None:
    stay = STAYS[who]
    for resolution in ("YEAR", "MONTH", "DAY", "HOUR"):
        seen = of(customers[who], "usage", resolution=resolution, view="FULL", **MARCH)

        assert sum(seen["kwh"]) == seen["total"]["kwh"] == stay.kwh
        assert sum(seen["hours"]) == seen["total"]["hours"] == len(stay.used)
        assert seen["total"]["missingHours"] == 0
        assert sum(seen["cost"]) == seen["total"]["cost"]
    assert seen["start"] == [hour.isoformat() for hour in stay.used]


def test_the_other_s_half_of_the_month_is_not_found(
    customers: Mapping[str, Customer], who: str
) -> None:
    [other] = [stay for name, stay in STAYS.items() if name != who]
    half = {"from": other.first, "to": other.end}
    questions = {
        "usage": {"resolution": "DAY", **half},
        "usage:compare": half,
        "products:compare": half,
        "usage/export": {"format": "XLSX", **half},
    }
    for question, query in questions.items():
        answer = customers[who].get(f"/v1/meteringPoints/{POINT}/{question}", **query)

        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND"), question


def test_months_of_the_other_alone_have_no_bill(customers: Mapping[str, Customer]) -> None:
    for who, month in (("out", "2026-04"), ("in", "2026-02")):
        for path in (f"bills/{month}", f"bills/{month}:estimate", f"capacity/{month}"):
            answer = customers[who].get(f"/v1/meteringPoints/{POINT}/{path}")

            assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND"), path


def test_the_bill_is_of_one_stay_and_its_step_of_its_own_peaks(
    customers: Mapping[str, Customer], who: str
) -> None:
    stay = STAYS[who]

    bill, capacity = (of(customers[who], f"{what}/2026-03") for what in ("bills", "capacity"))

    assert (bill["heldFrom"], bill["heldTo"]) == stay.held
    assert (bill["consumption"]["kwh"], bill["consumption"]["hours"]) == (stay.kwh, len(stay.used))
    month = of(customers[who], "usage", resolution="MONTH", **MARCH)
    assert sum(line["amount"] for line in bill["lines"]) == bill["total"] == month["cost"][0]
    [first, *others] = capacity["peaks"]
    peaks = (Decimal(wh) / 1000 for wh in (stay.peak_wh, stay.wh))
    assert (first["start"], first["kwh"], others[0]["kwh"]) == (stay.peak, *peaks)
    assert {stay.held[0] <= peak["start"] < stay.held[1] for peak in capacity["peaks"]} == {True}
    assert bill["capacity"] == capacity


def test_the_two_bills_share_the_monthly_fee_to_the_last_digit(
    customers: Mapping[str, Customer],
) -> None:
    fees = [
        line["amount"]
        for customer in customers.values()
        for line in of(customer, "bills/2026-03")["lines"]
        if line["component"] == "MONTHLY_FEE"
    ]
    # 39.20 kr and VAT.
    assert len(fees) == 2
    assert sum(fees) == 49


def test_an_estimate_fills_the_month_of_one_stay_only(
    customers: Mapping[str, Customer], who: str
) -> None:
    estimate = of(customers[who], "bills/2026-03:estimate")

    assert estimate["estimate"] is False
    assert estimate["bill"] == of(customers[who], "bills/2026-03")


def test_comparisons_are_of_one_stay(customers: Mapping[str, Customer], who: str) -> None:
    stay = STAYS[who]

    years = of(customers[who], "usage:compare", **MARCH)
    products = of(customers[who], "products:compare", **MARCH)

    assert years["now"]["total"]["kwh"] == products["kwh"] == stay.kwh
    assert products["hours"] == len(stay.used)
    # What is cut off after the last value is cut after the last value of this stay.
    assert years["now"]["to"] == stay.end
    # A year ago, one of them had no values yet, and the other did not live there.
    assert (years["before"]["total"] is None) == (who == "in")
    assert years["kwhDifference"] is None


@pytest.mark.parametrize("file_format", READERS)
def test_files_hold_the_hours_of_one_stay(
    customers: Mapping[str, Customer], who: str, file_format: str
) -> None:
    path = f"/v1/meteringPoints/{POINT}/usage/export"

    answer = customers[who].get(path, format=file_format, **MARCH).raise_for_status()

    in_file: Hours = READERS[file_format](answer.content)
    assert [(start, kwh) for start, kwh, _ in in_file] == [
        (hour.isoformat(), Decimal(wh) / 1000) for hour, wh in STAYS[who].used.items()
    ]
