"""What a customer sees of consumption and its cost, from years down to hours."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, FloatRect, Locator, Page, Route, expect

from cli.demo.people import gsrn
from cli.moments import OSLO
from tests.e2e.browser.conftest import Visitor
from tests.e2e.households import (
    Contract,
    brought,
    hours,
    login_of,
    portal,
    prices,
    register,
    shown,
    take_in,
)
from tests.e2e.suite import Customer, Suite
from tests.e2e.usage_files import in_csv

pytestmark = pytest.mark.browser

NUMBER, NEW_NUMBER, POINTLESS_NUMBER = "300090", "300091", "300092"
POINT, NEW_POINT = gsrn(9_990_000_290), gsrn(9_990_000_291)
HELD = ("2025-04-15", "2026-05-16")
MISSING = hours("2026-04-06", "2026-04-07")[6:11]
ESTIMATED = hours("2026-04-06", "2026-04-07")[12:16]
BELOW_ZERO = hours("2026-04-12", "2026-04-13")[11:15]
UNPRICED = hours("2026-05-10", "2026-05-11")[18]
PANELS = ("2025-06-01", "2025-07-01")
GAP = "\u00a0"
STILL: Mapping[str, Any] = {"reduced_motion": "reduce", "service_workers": "block"}
Visit = Callable[..., Visitor]


@dataclass(frozen=True)
class Household:
    """A year and a month of somebody's hours, and the cookies of a browser in which they are in."""

    customer: Customer
    browser_state: Any

    def sees(self, what: str, **query: str) -> Mapping[str, Any]:
        """What the API answers to the same questions."""
        return shown(self.customer, f"/v1/meteringPoints/{POINT}/{what}", **query)


@pytest.fixture(scope="module")
def household(
    suite: Suite, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Household:
    """Somebody who moved in and out in the middle of months, with panels in one of them."""
    folder = tmp_path_factory.mktemp("household")
    contract = Contract(POINT, NUMBER, *HELD)
    customer = take_in(suite, folder, contract)[NUMBER]
    held = hours(*HELD)
    used = {hour: _used(hour) for hour in held if hour not in MISSING}
    point = ("--metering-point", POINT)
    brought(suite, "readings", portal(folder, used, quality=_quality), *point)
    surplus = {hour: 1_500 if 8 <= hour.hour < 18 else 0 for hour in hours(*PANELS)}
    brought(suite, "readings", portal(folder, surplus, meter="Produksjon"), *point)
    spot = {hour: _price(hour) for hour in held if hour != UNPRICED}
    brought(suite, "prices", prices(folder, spot), "--area", contract.area)
    context = browser.new_context(service_workers="block")
    Visitor(context, context.new_page(), suite.url, folder).logs_in(*login_of(NUMBER))
    state = context.storage_state()
    context.close()
    return Household(customer, state)


def _used(hour: datetime) -> int:
    """More in winter, in the evening, and from year to year less."""
    winter = abs(hour.month - 7) * 210
    evening = 1_400 if 16 <= hour.hour < 22 else 0
    return 400 + winter + evening + hour.day * 7 - (300 if hour.year > int(HELD[0][:4]) else 0)


def _price(hour: datetime) -> int:
    return -250_000 if hour in BELOW_ZERO else 45_000 + 2_500 * ((hour.hour * 5 + hour.day) % 24)


def _quality(hour: datetime) -> str:
    return "Estimert" if hour in ESTIMATED else "Målt"


def inside(visitor: Visit, household: Household, path: str, screen: str = "phone") -> Visitor:
    """Returns somebody who is logged in and has opened an address, where nothing moves."""
    someone = visitor(screen, **STILL, storage_state=household.browser_state)
    someone.opens(path)
    return someone


def columns(page: Page) -> Locator:
    """The bars that can be tapped."""
    return page.locator(".columns").locator("a, button")


def column(page: Page, name: str) -> Locator:
    return page.locator(".columns").get_by_label(re.compile(f"^{name}:"))


def large_sum(page: Page) -> Locator:
    return page.locator(".summary .sum strong")


def written(value: Decimal | None, unit: str, decimals: int) -> str:
    """Writes a number as Norwegians do."""
    if value is None:
        return f"–{GAP}{unit}"
    rounded = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    text = f"{rounded:,.{decimals}f}".replace(",", GAP).replace(".", ",").replace("-", "−")
    return f"{text}{GAP}{unit}"


def is_drawn(page: Page) -> None:
    """Waits until the bars are there, and points at none of them."""
    expect(page.locator(".ds-skeleton")).to_have_count(0)
    expect(page.locator(".plot canvas[width]")).to_be_visible()
    page.mouse.move(0, 0)
    expect(page.locator(".tip")).to_have_count(0)


def cards_hold_all_at_twice_the_size(page: Page) -> None:
    """Holds that with text at 200 % nothing sticks out of a card, which would cut it off."""
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    cut: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("main .ds-card *")]
          .filter((part) => !part.closest(".scrolls, .ds-sr-only, .plot, [hidden]"))
          .filter((part) => part.getBoundingClientRect().right
            > part.closest(".ds-card").getBoundingClientRect().right + 1)
          .map((part) => part.outerHTML.slice(0, 120))"""
    )
    page.evaluate("document.documentElement.style.fontSize = ''")
    assert not cut, cut


def test_taps_lead_from_years_down_to_hours_and_back(
    visitor: Visit, household: Household, screen: str
) -> None:
    someone = inside(visitor, household, "/forbruk", screen)
    page = someone.page
    expect(page.get_by_role("heading", name="2025–2026")).to_be_visible()
    expect(columns(page)).to_have_count(2)
    expect(page.get_by_text(f"Målepunkt {POINT}")).to_be_visible()
    is_drawn(page)
    someone.shoots("years")

    column(page, "2026").click()
    expect(page.get_by_role("heading", name="2026", exact=True)).to_be_focused()
    expect(columns(page)).to_have_count(5)
    is_drawn(page)
    someone.shoots("year")

    column(page, "april").click()
    expect(page.get_by_role("heading", name="april 2026", exact=True)).to_be_focused()
    expect(columns(page)).to_have_count(30)
    month = household.sees(
        "usage", resolution="MONTH", **{"from": "2026-04-01", "to": "2026-05-01"}
    )
    expect(large_sum(page)).to_have_text(written(month["total"]["kwh"], "kWh", 1))
    is_drawn(page)
    someone.shoots("month")

    column(page, "måndag 6. april").click()
    expect(page).to_have_url(re.compile(r"/forbruk/2026/04/06$"))
    expect(columns(page)).to_have_count(24)
    assert page.title() == "Forbruk måndag 6. april 2026 – Kundeapp"
    is_drawn(page)
    someone.shoots("day")

    page.reload()
    expect(page.get_by_role("heading", name="måndag 6. april")).to_be_visible()
    page.get_by_role("link", name="Neste: tysdag 7. april 2026").click()
    expect(page.get_by_role("heading", name="tysdag 7. april")).to_be_focused()
    page.go_back()
    expect(page.get_by_role("heading", name="måndag 6. april")).to_be_visible()
    page.get_by_role("navigation", name="Kvar du er").get_by_role("link", name="2026").click()
    expect(page.get_by_role("heading", name="2026", exact=True)).to_be_focused()


@pytest.mark.parametrize("path", ["", "/2025?vis=kr", "/2026/04", "/2026/04/06?vis=kr"])
def test_nobody_meets_a_barrier(visitor: Visit, household: Household, path: str) -> None:
    someone = inside(visitor, household, f"/forbruk{path}")
    is_drawn(someone.page)
    for summary in someone.page.locator("summary").all():
        summary.click()
    someone.shuts_nobody_out()
    cards_hold_all_at_twice_the_size(someone.page)


def test_the_bars_are_walked_with_the_keyboard(visitor: Visit, household: Household) -> None:
    page = inside(visitor, household, "/forbruk/2025", "desktop").page
    column(page, "april").focus()
    expect(page.locator(".tip")).to_contain_text("april")
    page.keyboard.press("ArrowRight")
    expect(column(page, "mai")).to_be_focused()
    page.keyboard.press("End")
    expect(column(page, "desember")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(column(page, "desember")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/forbruk/2025/12$"))


def test_a_thumb_slides_to_the_right_day(visitor: Visit, household: Household) -> None:
    someone = inside(visitor, household, "/forbruk/2026/03")
    page = someone.page
    expect(columns(page)).to_have_count(31)
    first, second = (column(page, f".*{day}. mars").bounding_box() for day in (10, 20))
    assert first
    assert second
    session = someone.context.new_cdp_session(page)
    _touch(session, "touchStart", first)
    _touch(session, "touchMove", second)
    expect(page.locator(".tip")).to_contain_text("20. mars")
    _touch(session, "touchEnd")
    expect(page).to_have_url(re.compile(r"/forbruk/2026/03/20$"))


def _touch(session: CDPSession, kind: str, *boxes: FloatRect) -> None:
    points = [{"x": box["x"] + box["width"] / 2, "y": box["y"] + 60} for box in boxes]
    touch = {"type": kind, "touchPoints": points}
    session.send("Input.dispatchTouchEvent", touch)  # pyright: ignore[reportUnknownMemberType]


def test_the_table_says_what_the_bars_say_and_leads_where_they_do(
    visitor: Visit, household: Household
) -> None:
    page = inside(visitor, household, "/forbruk/2026/04").page
    page.get_by_text("Vis som tabell").click()
    row = page.get_by_role("row", name=re.compile(r"^mån\. 6\."))
    [day] = household.sees("usage", resolution="DAY", **{"from": "2026-04-06", "to": "2026-04-07"})[
        "kwh"
    ]
    expect(row.get_by_role("cell").first).to_have_text(written(day, "", 1).strip())
    expect(row).to_contain_text("5 timar manglar")
    expect(row).to_contain_text("4 timar er estimerte")
    row.get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"/forbruk/2026/04/06$"))


def test_days_of_23_and_25_hours_show_each_of_them(visitor: Visit, household: Household) -> None:
    someone = inside(visitor, household, "/forbruk/2025/10/26")
    page = someone.page
    expect(columns(page)).to_have_count(25)
    expect(column(page, "02–03 sommartid")).to_have_count(1)
    expect(column(page, "02–03 vintertid")).to_have_count(1)
    column(page, "02–03 vintertid").click()
    expect(page.locator(".tip")).to_contain_text("02–03 vintertid")
    is_drawn(page)
    someone.shoots("day-of-25-hours")
    someone.opens("/forbruk/2026/03/29")
    expect(columns(page)).to_have_count(23)
    expect(column(page, "02–03")).to_have_count(0)
    expect(column(page, "03–04")).to_have_count(1)
    is_drawn(page)
    someone.shoots("day-of-23-hours")


def test_hours_that_are_missing_or_estimated_are_said_to_be(
    visitor: Visit, household: Household
) -> None:
    page = inside(visitor, household, "/forbruk/2026/04/06").page
    legend = page.locator(".legend")
    expect(legend).to_contain_text("5 timar manglar")
    expect(legend).to_contain_text("4 timar er estimerte")
    expect(column(page, "06–07")).to_have_attribute(
        "aria-label", re.compile(rf"–{GAP}kWh.*1 time manglar")
    )
    expect(column(page, "12–13")).to_have_attribute("aria-label", re.compile("1 time er estimert"))


def test_an_unknown_cost_is_a_dash_wherever_it_counts(visitor: Visit, household: Household) -> None:
    someone = inside(visitor, household, "/forbruk/2026/05/10?vis=kr")
    page = someone.page
    dash = f"–{GAP}kr"
    expect(large_sum(page)).to_have_text(dash)
    expect(column(page, "18–19")).to_have_attribute(
        "aria-label", re.compile(f"{dash}.*1 time har ukjend pris")
    )
    expect(column(page, "17–18")).not_to_have_attribute("aria-label", re.compile(dash))
    is_drawn(page)
    someone.shoots("unknown-cost")
    someone.opens("/forbruk/2026?vis=kr")
    expect(large_sum(page)).to_have_text(dash)
    expect(column(page, "mai")).to_have_attribute("aria-label", re.compile(f"^mai: {dash}"))
    expect(column(page, "april")).not_to_have_attribute("aria-label", re.compile(f"^april: {dash}"))


def test_costs_below_zero_are_shown_as_such(visitor: Visit, household: Household) -> None:
    someone = inside(visitor, household, "/forbruk/2026/04/12?vis=kr")
    page = someone.page
    expect(column(page, "12–13")).to_have_attribute("aria-label", re.compile(r"^12–13: −\d"))
    is_drawn(page)
    someone.shoots("below-zero")


def test_kwh_or_kr_is_a_switch_that_the_address_keeps(visitor: Visit, household: Household) -> None:
    page = inside(visitor, household, "/forbruk/2025/11").page
    total = household.sees(
        "usage", resolution="MONTH", **{"from": "2025-11-01", "to": "2025-12-01"}
    )["total"]
    expect(large_sum(page)).to_have_text(written(total["kwh"], "kWh", 1))
    page.get_by_role("group", name="Vis i").get_by_text("kr").click()
    expect(large_sum(page)).to_have_text(written(total["cost"], "kr", 2))
    expect(page).to_have_url(re.compile(r"\?vis=kr$"))
    column(page, "laurdag 1. november").click()
    expect(page).to_have_url(re.compile(r"/forbruk/2025/11/01\?vis=kr$"))


def test_production_is_shown_apart_from_consumption(visitor: Visit, household: Household) -> None:
    someone = inside(visitor, household, "/forbruk/2025/06")
    page = someone.page
    query = {"resolution": "MONTH", "from": "2025-06-01", "to": "2025-07-01"}
    consumed = household.sees("usage", **query)["total"]
    produced = household.sees("usage", direction="PRODUCTION", **query)["total"]
    expect(large_sum(page)).to_have_text(written(consumed["kwh"], "kWh", 1))
    page.get_by_text("Produksjon", exact=True).click()
    expect(large_sum(page)).to_have_text(written(produced["kwh"], "kWh", 1))
    page.get_by_role("group", name="Vis i").get_by_text("kr").click()
    expect(large_sum(page)).to_have_text(written(produced["cost"], "kr", 2))
    assert produced["cost"] < 0
    is_drawn(page)
    someone.shoots("production")
    someone.finds_no_barrier()


def test_the_year_before_stands_beside(visitor: Visit, household: Household) -> None:
    page = inside(visitor, household, "/forbruk/2026/05").page
    compared = household.sees("usage:compare", **{"from": "2026-05-01", "to": "2026-06-01"})
    before = compared["before"]["total"]["kwh"]
    share = abs(compared["kwhDifference"]) / before * 100
    said = f"{share.quantize(Decimal(1), ROUND_HALF_UP)}{GAP}% mindre"
    expect(page.locator(".compared")).to_contain_text(said)
    expect(page.locator(".compared")).to_contain_text("1.–15. mai 2025")
    expect(page.locator(".compared")).to_contain_text(written(before, "kWh", 1))
    expect(column(page, "fredag 1. mai")).to_have_attribute("aria-label", re.compile("I fjor"))
    page.get_by_role("link", name="Førre: april 2026").click()
    expect(page.locator(".compared")).to_contain_text("berre delar av same tida")


def test_a_contract_in_the_middle_of_a_month_is_said_and_kept_to(
    visitor: Visit, household: Household
) -> None:
    someone = inside(visitor, household, "/forbruk/2025/04")
    page = someone.page
    expect(page.get_by_text("Frå 15. april 2025, då avtalen din byrja.")).to_be_visible()
    expect(columns(page)).to_have_count(16)
    expect(page.get_by_role("link", name=re.compile("^Førre"))).to_have_count(0)
    expect(page.get_by_text("Gjeld 15. april 2025 til 30. april 2025.")).to_be_visible()
    someone.opens("/forbruk/2026/05")
    expect(page.get_by_text("Til og med 15. mai 2026, då avtalen din slutta.")).to_be_visible()
    someone.opens("/forbruk/2024/12")
    expect(page.get_by_text("Du hadde ikkje denne målaren")).to_be_visible()
    someone.shoots("not-held")
    someone.finds_no_barrier()
    page.get_by_role("link", name="Sjå alle år").click()
    expect(page.get_by_role("heading", name="2025–2026")).to_be_visible()


def test_a_month_shows_its_bill_its_step_and_other_products(
    visitor: Visit, household: Household, screen: str
) -> None:
    someone = inside(visitor, household, "/forbruk/2026/02", screen)
    page = someone.page
    bill = household.sees("bills/2026-02")
    table = page.get_by_role("table", name="Rekning for februar 2026")
    expect(table.get_by_role("row", name="Til saman")).to_contain_text(
        written(bill["total"], "kr", 2)
    )
    for line in bill["lines"]:
        expect(table).to_contain_text(written(line["amount"], "kr", 2))
    expect(table.get_by_role("row")).to_have_count(len(bill["lines"]) + 3)

    capacity = household.sees("capacity/2026-02")
    expect(page.get_by_text(re.compile("igjen til neste trinn"))).to_contain_text(
        written(capacity["lackingKw"], "kW", 2)
    )
    first = capacity["peaks"][0]
    peaks = page.locator(".peaks")
    expect(peaks).to_contain_text(written(first["kwh"], "kW", 2))

    compared = household.sees("products:compare", **{"from": "2026-02-01", "to": "2026-03-01"})
    products = page.locator(".products")
    expect(products.get_by_role("listitem")).to_have_count(len(compared["products"]))
    for product in compared["products"]:
        expect(products).to_contain_text(written(product["total"], "kr", 0))
    expect(products).to_contain_text("din avtale")
    someone.shoots("bill")
    peaks.get_by_role("link").first.click()
    day = first["start"][:10].replace("-", "/")
    expect(page).to_have_url(re.compile(f"/forbruk/{day}$"))


def test_a_month_that_runs_has_an_estimate_that_says_so(visitor: Visit, suite: Suite) -> None:
    ingrid = suite.demo["customers"][0]
    someone = visitor(**STILL)
    page = someone.logs_in(ingrid["email"], ingrid["password"])
    today = datetime.now(OSLO).date()
    someone.opens(f"/forbruk/{today:%Y/%m}")
    estimate = page.locator(".estimate")
    expect(estimate).to_contain_text("Estimat")
    expect(estimate).to_contain_text("Heile månaden blir truleg")
    expect(page.get_by_text("Til saman så langt")).to_be_visible()
    someone.shoots("running-month")
    someone.finds_no_barrier()


def test_points_are_chosen_and_kept_in_the_address(visitor: Visit, suite: Suite) -> None:
    odd_arne = suite.demo["customers"][1]
    home, cabin = odd_arne["meteringPoints"]
    someone = visitor(**STILL)
    page = someone.logs_in(odd_arne["email"], odd_arne["password"])
    someone.opens("/forbruk")
    expect(page.get_by_text(f"Målepunkt {home}")).to_be_visible()
    page.get_by_label("Målar").select_option(label="Hytte: Fjellstøylen 8, 6190 Bjørke")
    expect(page).to_have_url(re.compile(rf"\?punkt={cabin}$"))
    expect(page.get_by_text(f"Målepunkt {cabin}")).to_be_visible()
    columns(page).first.click()
    expect(page).to_have_url(re.compile(rf"/forbruk/\d+\?punkt={cabin}$"))
    someone.shoots("cabin")


def test_a_stranger_s_point_and_dates_that_are_none_are_not_found(
    visitor: Visit, household: Household
) -> None:
    someone = inside(visitor, household, f"/forbruk/2026?punkt={NEW_POINT}")
    expect(someone.page.get_by_text("Vi finn ikkje denne målaren hos deg.")).to_be_visible()
    someone.opens("/forbruk/2026/02/30")
    expect(someone.page.get_by_role("heading", name="Sida finst ikkje")).to_be_visible()


def test_without_points_or_readings_it_says_what_will_come(
    visitor: Visit, suite: Suite, tmp_path: Path
) -> None:
    today = datetime.now(OSLO).date()
    first = today.replace(day=1)
    take_in(suite, tmp_path, Contract(NEW_POINT, NEW_NUMBER, first.isoformat(), area="NO5"))
    register(suite, tmp_path, POINTLESS_NUMBER)
    someone = visitor(**STILL)
    page = someone.logs_in(*login_of(NEW_NUMBER))
    someone.opens(f"/forbruk/{today:%Y/%m}")
    expect(page.get_by_text("Her har vi ingen måleverdiar enno.")).to_be_visible()
    expect(page.get_by_text("treng minst")).to_be_visible()
    someone.shoots("no-readings")
    someone.finds_no_barrier()

    someone = visitor(**STILL)
    page = someone.logs_in(*login_of(POINTLESS_NUMBER))
    someone.opens("/forbruk")
    expect(page.get_by_text("Du har ingen målarar hos oss enno.")).to_be_visible()
    someone.shoots("no-points")
    someone.finds_no_barrier()


def test_hours_are_taken_along_as_files(visitor: Visit, household: Household) -> None:
    someone = inside(visitor, household, "/forbruk/2026/04")
    page = someone.page
    page.get_by_text("Last ned timane").click()
    expect(page.get_by_label("Frå og med")).to_have_value("2026-04-01")
    page.get_by_label("Til og med").fill("2026-04-12")
    someone.shoots("download")
    with page.expect_download() as awaited:
        page.get_by_role("button", name="Rekneark (CSV)").click()
    assert awaited.value.suggested_filename == "forbruk-2026-04-01-2026-04-12.csv"
    asked = {"resolution": "HOUR", "from": "2026-04-01", "to": "2026-04-13"}
    expected = household.sees("usage", **asked)
    taken = in_csv(awaited.value.path().read_bytes())
    assert taken == list(zip(expected["start"], expected["kwh"], expected["cost"], strict=True))
    for button, ending in (("Excel (XLSX)", "xlsx"), ("Green Button (XML)", "xml")):
        with page.expect_download() as awaited:
            page.get_by_role("button", name=button).click()
        assert awaited.value.suggested_filename.endswith(ending)
    page.get_by_label("Til og med").fill("2026-03-01")
    expect(page.get_by_text("Den siste dagen kan ikkje vere før den første.")).to_be_visible()


def test_what_went_wrong_is_said_and_tried_again(visitor: Visit, household: Household) -> None:
    someone = inside(visitor, household, "/forbruk/2026/04")
    page = someone.page
    expect(columns(page)).to_have_count(30)

    def is_away(route: Route) -> None:
        route.fulfill(status=503, content_type="application/problem+json", body=AWAY)

    page.route("**/usage?*", is_away)
    column(page, "torsdag 9. april").click()
    expect(page.get_by_text("Noko hos oss svarer ikkje akkurat no.")).to_be_visible(timeout=15_000)
    someone.shoots("away")
    page.unroute("**/usage?*", is_away)
    page.get_by_role("button", name="Prøv igjen").click()
    expect(columns(page)).to_have_count(24)
    page.go_back()
    someone.context.set_offline(True)
    page.get_by_role("link", name="Førre: mars 2026").click()
    expect(columns(page)).to_have_count(31)


AWAY = (
    '{"type":"about:blank","title":"Away","status":503,"detail":"Away","code":"UNAVAILABLE",'
    '"traceId":"0af7651916cd43dd8448eb211c80319c"}'
)


def test_prices_of_today_and_tomorrow_show_the_cheapest_hours(
    visitor: Visit, suite: Suite, household: Household, tmp_path: Path, screen: str
) -> None:
    today = datetime.now(OSLO).date()
    _bring_prices(suite, tmp_path, today)
    someone = inside(visitor, household, "/forbruk/straumpris?omrade=NO2", screen)
    page = someone.page
    found = shown(household.customer, "/v1/spotPrices", priceArea="NO2")
    for day, name in zip(found["days"], ("I dag", "I morgon"), strict=True):
        page.get_by_text(name, exact=True).click()
        expect(columns(page)).to_have_count(len(day["start"]))
        cheapest = page.locator(".peaks").get_by_role("listitem").first
        place = day["start"].index(day["cheapest"][0])
        expect(cheapest).to_contain_text(day["cheapest"][0][11:13])
        expect(cheapest).to_contain_text(written(day["price"][place] * 100, "øre", 1))
        is_drawn(page)
        someone.shoots(f"prices-{(day['date'] == today.isoformat() and 'today') or 'tomorrow'}")
    someone.shuts_nobody_out()
    cards_hold_all_at_twice_the_size(page)


def test_prices_that_are_not_there_yet_are_said_to_come(
    visitor: Visit, household: Household
) -> None:
    someone = inside(visitor, household, "/forbruk/straumpris?omrade=NO4&dag=i-morgon")
    expect(someone.page.get_by_text("Prisane for i morgon kjem om lag kl. 13.")).to_be_visible()
    someone.shoots("no-prices")


def _bring_prices(suite: Suite, folder: Path, today: date) -> None:
    end = today + timedelta(days=2)
    price_of = {
        hour: -3_000 if hour.hour == 3 else 30_000 + 4_000 * abs(hour.hour - 13)
        for hour in hours(today.isoformat(), end.isoformat())
    }
    brought(suite, "prices", prices(folder, price_of), "--area", "NO2")
