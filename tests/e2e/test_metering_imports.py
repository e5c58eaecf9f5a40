"""What an operator brings: every kind of file, what is said of it, and what customers see then."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cli.demo.load import RATES
from cli.demo.people import gsrn
from tests.e2e.households import (
    Contract,
    Wh,
    brought,
    elhub_json,
    elhub_xml,
    entsoe,
    exchange_rates,
    hours,
    imported,
    old_portal,
    portal,
    prices,
    shown,
    take_in,
)
from tests.e2e.suite import Customer, Done, Suite

pytestmark = pytest.mark.e2e

NUMBER = "300010"
PORTAL, OLD_PORTAL, JSON, XML = (gsrn(9_990_000_200 + each) for each in range(4))
RATELESS, IN_THE_NORTH = gsrn(9_990_000_204), gsrn(9_990_000_205)
NO4_CODE = "10YNO-4--------9"
LONG_DAY = ("2025-10-26", "2025-10-27")
"""The clocks went back: it has 25 hours, and 02:00 twice."""
DAY_OF_RATES = ("2025-11-20", "2025-11-21")
DAY_OF_PRICES = ("2026-02-17", "2026-02-18")
UNIT = Decimal("0.001")

COMPANY = """
[[grid_company]]
name = "Prøvedal Nett"
from = 2025-01-01
source = "A test"

[[grid_energy]]
company = "Prøvedal Nett"
bands = [{ name = "all day", ore_per_kwh = 20 }]
from = 2025-01-01
source = "A test"

[[grid_capacity]]
company = "Prøvedal Nett"
days = 3
steps = [{ from_kw = 0, kr_per_year = 2400 }]
from = 2025-01-01
source = "A test"
"""


@pytest.fixture(scope="module")
def customer(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Customer:
    """A customer with a metering point for each thing that is told here."""
    folder = tmp_path_factory.mktemp("imports")
    points = [
        *(Contract(point, NUMBER, "2025-10-01") for point in (PORTAL, OLD_PORTAL, JSON, XML)),
        Contract(RATELESS, NUMBER, "2025-10-01", grid_company="Prøvedal Nett"),
        Contract(IN_THE_NORTH, NUMBER, "2026-01-01", area="NO4"),
    ]
    customer = take_in(suite, folder, *points)[NUMBER]
    used = {
        RATELESS: dict.fromkeys(hours(*DAY_OF_RATES), 1_000),
        IN_THE_NORTH: dict.fromkeys(hours(*DAY_OF_PRICES), 2_000),
    }
    brought(suite, "readings", elhub_json(folder, used))
    return customer


def usage(customer: Customer, point: str, first: str, end: str, **query: str) -> Mapping[str, Any]:
    span = {"from": first, "to": end, "resolution": "HOUR", **query}
    return shown(customer, f"/v1/meteringPoints/{point}/usage", **span)


FORMATS: Mapping[str, tuple[str, Callable[[Path, Wh], Path], str, tuple[str, ...]]] = {
    "portal": (PORTAL, portal, "line 9", ("--metering-point", PORTAL)),
    "old portal": (OLD_PORTAL, old_portal, "line 9", ("--metering-point", OLD_PORTAL)),
    "JSON": (JSON, lambda folder, wh: elhub_json(folder, {JSON: wh}), "value 8", ()),
    "XML": (XML, lambda folder, wh: elhub_xml(folder, XML, wh), "series 1, position 8", ()),
}


@pytest.mark.parametrize("file_format", FORMATS)
def test_hours_of_any_format_are_taken_but_for_the_one_that_is_wrong(
    suite: Suite, customer: Customer, tmp_path: Path, file_format: str
) -> None:
    point, write, place, options = FORMATS[file_format]
    wh = {hour: 1_000 + 7 * number for number, hour in enumerate(hours(*LONG_DAY))}
    wrong = list(wh)[7]
    file = write(tmp_path, {**wh, wrong: -5})

    first = imported(suite, "readings", file, *options)
    again = imported(suite, "readings", file, *options)

    assert _counts(first) == {"rows": 25, "created": 24, "changed": 0, "unchanged": 0, "refused": 1}
    assert _counts(again) == {"rows": 25, "created": 0, "changed": 0, "unchanged": 24, "refused": 1}
    # What is wrong is named, and a script sees it by the status.
    problem = {
        "where": place,
        "code": "NEGATIVE_ENERGY",
        "message": "The consumption cannot be negative.",
    }
    for done in (first, again):
        assert (done.status, done.printed["problems"]) == (1, [problem])
    seen = usage(customer, point, *LONG_DAY)
    assert seen["kwh"] == [None if hour == wrong else wh[hour] * UNIT for hour in wh]
    assert seen["total"]["missingHours"] == 1


def _counts(done: Done) -> Mapping[str, Any]:
    return {
        name: done.printed[name] for name in ("rows", "created", "changed", "unchanged", "refused")
    }


def test_an_import_says_to_a_person_what_it_did_and_what_it_refused(
    suite: Suite, customer: Customer, tmp_path: Path
) -> None:
    del customer
    wh = dict.fromkeys(hours("2025-11-12", "2025-11-13"), 1_500)
    file = portal(tmp_path, {**wh, list(wh)[2]: -1})

    said, complained, status = _at_the_prompt(
        suite, "import", "readings", str(file), "--metering-point", PORTAL
    )

    assert status == 1
    assert said == [
        "Readings from Forbruk.csv",
        "rows in the file 24",
        "new 23",
        "changed 0",
        "as before or older 0",
        "refused 1",
        "metering points 1",
        "kWh 34.500",
        "from 2025-11-12T00:00:00+01:00",
        "to 2025-11-13T00:00:00+01:00",
    ]
    assert complained == ["Where Why", "line 4 The consumption cannot be negative."]


def _at_the_prompt(suite: Suite, *arguments: str) -> tuple[list[str], list[str], int]:
    """Returns the lines that a command prints for a person, and its status."""
    with suite.cli_process(*arguments) as process:
        said, complained = process.communicate(timeout=60)
    both = [
        [" ".join(line.split()) for line in text.decode().splitlines()]
        for text in (said, complained)
    ]
    return both[0], both[1], process.returncode


def test_a_metering_point_that_is_not_in_the_register_is_named(
    suite: Suite, customer: Customer, tmp_path: Path
) -> None:
    del customer
    unknown = gsrn(9_999_999_998)
    day = dict.fromkeys(hours("2025-11-12", "2025-11-13"), 1_500)

    of_the_file = imported(suite, "readings", elhub_json(tmp_path, {unknown: day}))
    of_the_command = imported(suite, "readings", portal(tmp_path, day), "--metering-point", unknown)

    [problem] = of_the_file.printed["problems"]
    assert (problem["where"], problem["code"]) == (unknown, "UNKNOWN_METERING_POINT")
    assert of_the_file.printed["refused"] == 24
    assert of_the_command.printed["error"]["code"] == "NOT_FOUND"
    assert unknown in of_the_command.printed["error"]["message"]
    assert of_the_file.status == of_the_command.status == 1


UNREADABLE: Mapping[str, tuple[bytes, tuple[str, ...]]] = {
    "another header": (b"when;how much\n1;1\n", ("readings", "--metering-point", PORTAL)),
    "JSON cut off": (b'{"meterValues": [{"startTime": "2026-04-01T0', ("readings",)),
    "a web page": (b"<!DOCTYPE html><html>503</html>", ("prices", "--area", "NO1")),
    "no text": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", ("exchange-rates",)),
    "no TOML": (b"gsrn,kwh\n1,2\n", ("rates",)),
}


@pytest.mark.parametrize("content", UNREADABLE)
def test_a_file_that_cannot_be_read_is_refused_whole_and_the_place_is_named(
    suite: Suite, customer: Customer, tmp_path: Path, content: str
) -> None:
    del customer
    data, (kind, *options) = UNREADABLE[content]
    file = tmp_path / "file"
    file.write_bytes(data)

    done = imported(suite, kind, file, *options)

    assert done.status == 1
    error = done.printed["error"]
    assert error["code"] == "BAD_FILE"
    assert "nothing was changed" in error["message"]
    assert [bool(each["field"] and each["message"]) for each in error["errors"]] == [True]


def test_a_file_of_another_price_area_is_refused_whole(suite: Suite, tmp_path: Path) -> None:
    file = entsoe(tmp_path, "2026-02-16", ["50.00"] * 24, NO4_CODE)

    done = imported(suite, "prices", file, "--area", "NO1")

    assert done.status == 1
    [error] = done.printed["error"]["errors"]
    assert (error["code"], error["message"]) == (
        "OTHER_PRICE_AREA",
        "The file is about NO4, not NO1. Name the right price area.",
    )


def test_whoever_is_not_logged_in_imports_nothing(suite: Suite, tmp_path: Path) -> None:
    file = prices(tmp_path, dict.fromkeys(hours("2026-02-16", "2026-02-17"), 50_000))

    done = suite.cli("import", "prices", str(file), "--area", "NO4", session="nobody")

    assert (done.status, done.printed["error"]["code"]) == (4, "UNAUTHENTICATED")


def test_prices_in_euro_wait_for_their_rate_and_provisional_ones_give_way_to_final_ones(
    suite: Suite, customer: Customer, tmp_path: Path
) -> None:
    def bring(euro_per_mwh: str, *options: str) -> Done:
        file = entsoe(tmp_path, DAY_OF_PRICES[0], [euro_per_mwh] * 24, NO4_CODE)
        return imported(suite, "prices", file, "--area", "NO4", *options)

    def power() -> object:
        components = usage(customer, IN_THE_NORTH, *DAY_OF_PRICES, view="FULL")["total"][
            "components"
        ]
        return next(each["cost"] for each in components if each["component"] == "POWER")

    without_a_rate = bring("50.00")
    assert without_a_rate.status == 1
    assert _counts(without_a_rate)["refused"] == 24
    [problem] = without_a_rate.printed["problems"]
    assert problem["code"] == "EXCHANGE_RATE_MISSING"
    assert "from 2026-02-10 to 2026-02-17" in problem["message"]
    assert power() is None

    rates = exchange_rates(tmp_path, {"2026-02-13": "11.2500", "2026-02-16": "11.2000"})
    printed = brought(suite, "exchange-rates", rates)
    assert (printed["created"], printed["firstDate"], printed["lastDate"]) == (
        2,
        "2026-02-13",
        "2026-02-16",
    )

    # 50 EUR/MWh at 11.20, Monday's rate, are 0.56 kr/kWh; in the north there is no VAT.
    assert _counts(bring("50.00", "--provisional"))["created"] == 24
    assert power() == 24 * 2 * Decimal("0.56")
    assert _counts(bring("60.00"))["changed"] == 24
    assert power() == 24 * 2 * Decimal("0.672")
    for provisional_or_the_same in (bring("50.00", "--provisional"), bring("60.00")):
        assert _counts(provisional_or_the_same)["unchanged"] == 24
    assert power() == 24 * 2 * Decimal("0.672")


def test_made_up_prices_of_the_demonstration_give_way_to_any_other(
    suite: Suite, tmp_path: Path
) -> None:
    day = hours("2025-02-03", "2025-02-04")
    file = prices(tmp_path, dict.fromkeys(day, 123_456))
    assert _counts(imported(suite, "prices", file, "--area", "NO5", "--provisional")) == {
        "rows": 24,
        "created": 0,
        "changed": 24,
        "unchanged": 0,
        "refused": 0,
    }


def test_costs_follow_the_book_of_rates_at_once(
    suite: Suite, customer: Customer, tmp_path: Path
) -> None:
    price_of = dict.fromkeys(hours(*DAY_OF_RATES), 50_000)
    brought(suite, "prices", prices(tmp_path, price_of), "--area", "NO1")
    book, shipped = tmp_path / "rates.toml", RATES.read_text()

    def bring(text: str) -> Done:
        book.write_text(text)
        return imported(suite, "rates", book)

    def grid_energy() -> object:
        total = usage(customer, RATELESS, *DAY_OF_RATES, view="FULL")["total"]
        costs = {each["component"]: each["cost"] for each in total["components"]}
        assert (total["cost"] is None) == (costs["GRID_ENERGY"] is None)
        assert total["unpricedHours"] == (24 if total["cost"] is None else 0)
        return costs["GRID_ENERGY"]

    before = bring(shipped).printed
    assert (before["created"], before["changed"], before["removed"]) == (0, 0, 0)
    assert grid_energy() is None

    try:
        added = bring(shipped + COMPANY).printed
        assert (added["created"], added["unchanged"]) == (3, before["rows"])
        assert added["revision"] == before["revision"] + 1
        # 20 øre and VAT.
        assert grid_energy() == 24 * Decimal("0.25")

        changed = bring(shipped + COMPANY.replace("ore_per_kwh = 20", "ore_per_kwh = 30")).printed
        assert (changed["changed"], changed["unchanged"]) == (1, before["rows"] + 2)
        assert grid_energy() == 24 * Decimal("0.375")

        contradicting = bring(shipped + COMPANY + COMPANY)
        assert contradicting.status == 1
        assert contradicting.printed["error"]["code"] == "BAD_FILE"
        assert grid_energy() == 24 * Decimal("0.375")
    finally:
        removed = bring(shipped).printed
    assert (removed["removed"], removed["unchanged"]) == (3, before["rows"])
    assert grid_energy() is None
