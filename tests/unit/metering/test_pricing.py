from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.metering.domain.calendar import first_hour, local_moment_of
from services.metering.domain.prices import UNKNOWN_PRICE
from services.metering.domain.pricing import (
    UNKNOWN,
    Component,
    Premises,
    PricedHours,
    PricedPart,
    RateBook,
    Terms,
    capacity,
    parse_rate_book,
    price_consumption,
    price_production,
)
from services.metering.domain.readings import MISSING
from tests.unit.metering import rates
from tests.unit.metering.reference import Hour, Reference

BOOK = parse_rate_book(rates.SHIPPED)
AWKWARD = [
    date(2023, 12, 29),  # New Year, with other taxes
    date(2024, 2, 27),  # a leap day
    date(2024, 3, 27),  # Easter, and on its Sunday a day of 23 hours
    date(2025, 9, 28),  # taxes and Norgespris begin on 1 October
    date(2025, 10, 24),  # a day of 25 hours
    date(2025, 12, 22),  # 24 and 31 December, and the night rate of 2026
    date(2026, 3, 27),
    date(2026, 6, 28),  # Linja's rates change on 1 July
    date(2026, 10, 23),
]
SHIPPED_COMPANIES = ["BKK", "bkk as", "Linja", "Nordvest Nett", "nobody"]
MADE_UP_COMPANIES = ["Seasons", "SEASONS AS", "Exempt", "nobody"]
COMPONENTS = [each.name for each in Component if each is not Component.SURPLUS]


@st.composite
def terms(draw: st.DrawFn, companies: list[str]) -> Terms:
    return Terms(
        price_area=draw(st.sampled_from(["NO3", "NO4", "NO5"])),
        grid_company=draw(st.sampled_from(companies)),
        product=draw(st.sampled_from(["SPOT", "NORGESPRIS", "FIXED", "none of ours"])),
        premises=draw(st.sampled_from(Premises)),
    )


@st.composite
def parts_from(draw: st.DrawFn, start: date, companies: list[str]) -> list[PricedPart]:
    """Some weeks, in which customers come and go and change their terms."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    hour = first_hour(start) + draw(st.integers(0, 24))
    unit = draw(st.sampled_from([1, 250, 500]))
    least = draw(st.sampled_from([-20_000, 60_000]))
    parts: list[PricedPart] = []
    for _ in range(draw(st.sampled_from([3, 4, 2, 1]))):
        size = draw(st.sampled_from([200, 300, 100, 20, 1]))
        wh = (random.integers(0, 3001, size) // unit * unit).astype(np.int32)
        wh[random.random(size) < draw(st.sampled_from([0.0, 0.1, 1.0]))] = MISSING
        spot = random.integers(least, 200_000, size).astype(np.int32)
        spot[random.random(size) < draw(st.sampled_from([0.0, 0.02]))] = UNKNOWN_PRICE
        customer = draw(st.sampled_from(["Kari", "Ola"]))
        parts.append(PricedPart(customer, hour, draw(terms(companies)), wh, spot))
        hour += size + draw(st.sampled_from([0, 0, 5, 200]))
    return parts


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, list[PricedPart]]:
    start = draw(st.sampled_from(AWKWARD))
    change = start + timedelta(days=draw(st.integers(1, 10)))
    later = change + timedelta(days=draw(st.integers(0, 10)))
    if draw(st.booleans()):
        return rates.SHIPPED, draw(parts_from(start, SHIPPED_COMPANIES))
    return draw(rates.made_up(change, later)), draw(parts_from(start, MADE_UP_COMPANIES))


def hours_of(parts: Sequence[PricedPart]) -> list[Hour]:
    return [
        Hour(
            number=part.first_hour + at,
            customer=part.customer,
            price_area=part.terms.price_area,
            grid_company=part.terms.grid_company,
            product=part.terms.product,
            premises=part.terms.premises.value,
            wh=None if wh == MISSING else wh,
            spot=None if spot == UNKNOWN_PRICE else spot,
        )
        for part in parts
        for at, (wh, spot) in enumerate(zip(part.wh.tolist(), part.spot.tolist(), strict=True))
    ]


def lines_of(priced: PricedHours) -> list[dict[str, int | None]]:
    columns = {each.name: column.tolist() for each, column in priced.components.items()}
    columns["total"] = priced.total.tolist()
    return [
        {name: None if column[at] == UNKNOWN else column[at] for name, column in columns.items()}
        for at in range(len(priced.hours))
    ]


@settings(max_examples=150, deadline=None)
@given(cases())
def test_every_line_of_every_hour_is_what_the_rules_give(
    case: tuple[str, list[PricedPart]],
) -> None:
    text, parts = case
    priced = price_consumption(parse_rate_book(text), parts)
    hours = hours_of(parts)
    nothing: dict[str, int | None] = dict.fromkeys([*COMPONENTS, "total"])
    expected = [lines or nothing for lines in Reference(text).consumption(hours)]
    assert priced.hours.tolist() == [hour.number for hour in hours]
    for hour, found, right in zip(hours, lines_of(priced), expected, strict=True):
        assert found == right, hour


@settings(max_examples=50, deadline=None)
@given(cases())
def test_every_hour_has_the_band_that_the_rules_give(case: tuple[str, list[PricedPart]]) -> None:
    text, parts = case
    priced = price_consumption(parse_rate_book(text), parts)
    names = [None if band < 0 else priced.band_names[band] for band in priced.bands.tolist()]
    reference = Reference(text)
    bands = [reference.band(hour) for hour in hours_of(parts)]
    assert names == [None if band is None else band["name"] for band in bands]


@pytest.mark.parametrize("company", ["BKK", "Linja", "Nordvest Nett"])
def test_every_hour_of_four_years_has_the_band_that_the_rules_give(company: str) -> None:
    start, end = first_hour(date(2023, 1, 1)), first_hour(date(2027, 1, 1))
    nothing = np.zeros(end - start, np.int32)
    whole = PricedPart(
        "Kari", start, Terms("NO5", company, "SPOT", Premises.HOME), nothing, nothing
    )
    priced = price_consumption(BOOK, [whole])
    reference = Reference(rates.SHIPPED)
    for hour, band in zip(hours_of([whole]), priced.bands.tolist(), strict=True):
        right = reference.band(hour)
        assert (priced.band_names[band] if band >= 0 else None) == (right and right["name"]), hour


@settings(max_examples=50, deadline=None)
@given(cases())
def test_what_is_fed_in_is_paid_as_the_rules_say(case: tuple[str, list[PricedPart]]) -> None:
    text, parts = case
    priced = price_production(parse_rate_book(text), parts)
    paid = Reference(text).production(hours_of(parts))
    assert [line["SURPLUS"] for line in lines_of(priced)] == paid
    assert priced.total.tolist() == priced.components[Component.SURPLUS].tolist()


@settings(max_examples=50, deadline=None)
@given(cases(), st.integers(0, 40))
def test_the_standing_on_the_capacity_steps_is_what_the_rules_give(
    case: tuple[str, list[PricedPart]], days: int
) -> None:
    text, parts = case
    month = local_moment_of(parts[0].first_hour).date() + timedelta(days=days)
    standing = capacity(parse_rate_book(text), parts, month)
    reference = Reference(text)
    hours = hours_of(parts)
    inside = [hour for hour in hours if hour.month == (month.year, month.month)]
    if not inside:
        assert standing is None
        return
    assert standing is not None
    rate = reference.rate("grid_capacity", inside[-1])
    vat = reference.with_vat(inside[-1])
    theirs = [hour for hour in inside if hour.customer == inside[-1].customer]
    peaks = reference.peaks(theirs)[: 3 if rate is None else rate["days"]]
    assert [(peak.wh, peak.hour) for peak in standing.peaks] == peaks
    assert standing.sum_wh == sum(wh for wh, _ in peaks)
    if rate is None or vat is None or not peaks:
        assert standing.step is None
        assert standing.next_step is None
        return
    assert standing.step is not None
    limits = [int(1000 * step["from_kw"]) for step in rate["steps"]]
    above = [limit for limit in limits if limit * len(peaks) > standing.sum_wh]
    assert standing.step.from_w == max(set(limits) - set(above))
    assert standing.step.to_w == (above[0] if above else None)
    if standing.next_step is None or standing.lacking_w is None:
        assert not above
    else:
        assert standing.next_step.from_w == above[0]
        enough = standing.sum_wh + standing.lacking_w * len(peaks)
        assert enough >= above[0] * len(peaks) > enough - len(peaks)


# The rules one by one


def part(
    first: date,
    wh: Sequence[int],
    spot: int | Sequence[int] = 100_000,
    customer: str = "Kari",
    of: Terms | None = None,
) -> PricedPart:
    prices = [spot] * len(wh) if isinstance(spot, int) else spot
    return PricedPart(
        customer,
        first_hour(first),
        of or BERGEN,
        np.array(wh, np.int32),
        np.array(prices, np.int32),
    )


BERGEN = Terms("NO5", "BKK", "SPOT", Premises.HOME)


def days(first: date, count: int) -> int:
    return first_hour(first + timedelta(days=count)) - first_hour(first)


def test_a_month_of_the_fee_adds_up_to_the_fee_whatever_its_length() -> None:
    for month in (date(2026, 2, 1), date(2026, 3, 1), date(2026, 10, 1)):
        size = days(month, (month.replace(month=month.month + 1) - month).days)
        priced = price_consumption(BOOK, [part(month, [0] * size)])
        assert priced.components[Component.MONTHLY_FEE].sum() == 49 * 10**8
        assert priced.components[Component.CAPACITY].sum() == 155 * 10**8


def test_those_who_share_a_month_pay_their_days_of_the_fee_and_together_all_of_it() -> None:
    moved = [part(date(2026, 4, 1), [1] * days(date(2026, 4, 1), 9))]
    moved.append(part(date(2026, 4, 10), [1] * days(date(2026, 4, 10), 21), customer="Ola"))
    fee = price_consumption(BOOK, moved).components[Component.MONTHLY_FEE]
    hers = fee[: len(moved[0].wh)].sum()
    assert hers == 49 * 10**8 * 9 // 30
    assert fee.sum() == 49 * 10**8


@pytest.mark.parametrize(
    ("peaks", "kr"),
    [([5000, 5000, 5000], 415), ([5000, 5000, 4999], 250), ([2000] * 3, 250), ([1999] * 3, 155)],
)
def test_the_lower_limit_of_a_capacity_step_belongs_to_it(peaks: list[int], kr: int) -> None:
    wh = [100] * days(date(2026, 4, 1), 30)
    for day, peak in enumerate(peaks):
        wh[24 * day + 12] = peak
    capacity_line = price_consumption(BOOK, [part(date(2026, 4, 1), wh)]).components[
        Component.CAPACITY
    ]
    assert capacity_line.sum() == kr * 10**8


def test_two_peaks_of_one_day_count_once() -> None:
    wh = [0] * days(date(2026, 4, 1), 30)
    wh[10:13] = [9000, 9000, 9000]
    line = price_consumption(BOOK, [part(date(2026, 4, 1), wh)]).components[Component.CAPACITY]
    assert line.sum() == 250 * 10**8  # the mean is 3 kW


def test_a_change_of_product_keeps_the_peaks_and_the_energy_under_the_cap() -> None:
    changed = Terms("NO5", "BKK", "NORGESPRIS", Premises.CABIN)
    before = part(date(2026, 4, 1), [9000] * days(date(2026, 4, 1), 5))
    after = part(date(2026, 4, 6), [1000] * days(date(2026, 4, 6), 25), of=changed)
    alone, both = price_consumption(BOOK, [after]), price_consumption(BOOK, [before, after])
    mine = slice(len(before.wh), None)
    # 1,080 kWh before the change leave nothing of a cabin's 1,000.
    assert (both.components[Component.NORGESPRIS][mine] == 0).all()
    assert alone.components[Component.NORGESPRIS].sum() == 600_000 * (50_000 - 125_000)
    assert both.components[Component.CAPACITY].sum() == 415 * 10**8
    assert alone.components[Component.CAPACITY].sum() < 155 * 10**8


def test_a_neighbours_hours_have_no_part_in_peaks_and_caps() -> None:
    after = part(date(2026, 4, 6), [1000] * days(date(2026, 4, 6), 25))
    before = part(date(2026, 4, 1), [99_000] * days(date(2026, 4, 1), 5), customer="Ola")
    mine = slice(len(before.wh), None)
    alone, both = price_consumption(BOOK, [after]), price_consumption(BOOK, [before, after])
    for component, line in both.components.items():
        assert line[mine].tolist() == alone.components[component].tolist()


def test_the_hour_that_crosses_a_cap_counts_with_what_fits() -> None:
    cabin = Terms("NO5", "BKK", "NORGESPRIS", Premises.CABIN)
    wh = [400_000, 400_000, 300_000, 7]
    line = price_consumption(BOOK, [part(date(2026, 4, 1), wh, of=cabin)]).components[
        Component.NORGESPRIS
    ]
    assert (line / (50_000 - 125_000)).tolist() == [400_000, 400_000, 200_000, 0]


def test_a_cabin_gets_no_stromstotte() -> None:
    cabin = Terms("NO5", "BKK", "SPOT", Premises.CABIN)
    paid = {
        of.premises: price_consumption(BOOK, [part(date(2026, 4, 1), [1000], of=of)])
        for of in (BERGEN, cabin)
    }
    # 90 % of what is above 77 øre, and VAT.
    assert paid[Premises.HOME].components[Component.STROMSTOTTE].tolist() == [-1000 * 25_875]
    assert paid[Premises.CABIN].components[Component.STROMSTOTTE].tolist() == [0]


def test_an_unknown_price_makes_its_line_and_the_hour_unknown_and_no_other_line() -> None:
    priced = price_consumption(BOOK, [part(date(2026, 4, 1), [1000, 1000], [5, UNKNOWN_PRICE])])
    unknown = {each for each, line in priced.components.items() if line[1] == UNKNOWN}
    assert unknown == {Component.POWER, Component.STROMSTOTTE}
    assert priced.total[1] == UNKNOWN
    assert priced.total[0] != UNKNOWN


@pytest.mark.parametrize(
    ("of", "on", "lines"),
    [
        (Terms("NO3", "Tensio", "SPOT", Premises.HOME), date(2026, 4, 1), "GRID_ENERGY CAPACITY"),
        (Terms("NO3", "Linja", "SPOT", Premises.HOME), date(2025, 12, 1), "GRID_ENERGY CAPACITY"),
        (
            Terms("NO5", "BKK", "GREEN", Premises.HOME),
            date(2026, 4, 1),
            "POWER MARKUP MONTHLY_FEE STROMSTOTTE NORGESPRIS",
        ),
        (Terms("NO5", "BKK", "NORGESPRIS", Premises.HOME), date(2027, 1, 1), "NORGESPRIS"),
        (BERGEN, date(2027, 1, 1), "STROMSTOTTE"),
    ],
)
def test_without_a_rate_a_line_is_unknown_and_never_last_years(
    of: Terms, on: date, lines: str
) -> None:
    priced = price_consumption(BOOK, [part(on, [1000], of=of)])
    unknown = {each.name for each, line in priced.components.items() if line[0] == UNKNOWN}
    assert unknown == set(lines.split())
    assert priced.total.tolist() == [UNKNOWN]


def test_without_a_book_nothing_is_known() -> None:
    priced = price_consumption(parse_rate_book(""), [part(date(2026, 4, 1), [1000])])
    assert all(line.tolist() == [UNKNOWN] for line in priced.components.values())


def test_a_missing_hour_has_no_cost() -> None:
    priced = price_consumption(BOOK, [part(date(2026, 4, 1), [1000, MISSING])])
    assert all(line[1] == UNKNOWN for line in priced.components.values())
    assert priced.total[1] == UNKNOWN


def test_a_negative_spot_price_is_earned_and_settled_in_both_directions() -> None:
    norgespris = Terms("NO5", "BKK", "NORGESPRIS", Premises.HOME)
    lines = price_consumption(
        BOOK, [part(date(2026, 4, 1), [1000], -5000, of=norgespris)]
    ).components
    assert lines[Component.POWER].tolist() == [-1000 * 6250]
    assert lines[Component.NORGESPRIS].tolist() == [1000 * (50_000 + 6250)]


def test_the_north_pays_no_vat_and_the_action_zone_no_consumption_tax() -> None:
    lines = price_consumption(
        BOOK, [part(date(2026, 4, 1), [1000], of=Terms("NO4", "BKK", "SPOT", Premises.HOME))]
    ).components
    assert lines[Component.POWER].tolist() == [1000 * 100_000]
    assert lines[Component.CONSUMPTION_TAX].tolist() == [1000 * 7130]
    action_zone = rates.SHIPPED.replace(
        'also_called = ["BKK AS"]', 'also_called = ["BKK AS"]\nzone = "ACTION_ZONE"'
    )
    lines = price_consumption(
        parse_rate_book(action_zone), [part(date(2026, 4, 1), [1000])]
    ).components
    assert lines[Component.POWER].tolist() == [1000 * 100_000]
    assert lines[Component.CONSUMPTION_TAX].tolist() == [0]


def test_the_two_hours_at_two_oclock_in_october_are_two_hours() -> None:
    sunday = date(2026, 10, 25)
    book = parse_rate_book(
        rates.SHIPPED.replace(
            'ore_per_kwh = 22.808, hours = "06-22"', 'ore_per_kwh = 22.808, hours = "02-03"'
        )
    )
    orsta = Terms("NO3", "Linja", "SPOT", Premises.HOME)
    priced = price_consumption(book, [part(sunday, [1000] * 25, of=orsta)])
    names = [priced.band_names[band] for band in priced.bands.tolist()]
    assert [at for at, name in enumerate(names) if name == "day"] == [2, 3]


def test_forty_years_of_the_most_there_can_be_do_not_overflow() -> None:
    text = (
        rates.SHIPPED.replace("markup_ore_per_kwh = 3.90", "markup_ore_per_kwh = 1000")
        .replace("from = 2026-07-01", "from = 2010-01-01")
        .replace("ore_per_kwh = 22.808", "ore_per_kwh = 1000")
        .replace("ore_per_kwh = 14.808", "ore_per_kwh = 1000")
    )
    book = parse_rate_book(without(text, "Linja", "2026-01-01"))
    start, end = date(2010, 1, 1), date(2050, 1, 1)
    size = first_hour(end) - first_hour(start)
    orsta = Terms("NO3", "Linja", "SPOT", Premises.HOME)
    priced = price_consumption(book, [part(start, [1_000_000] * size, 10_000_000, of=orsta)])
    for component, price in (
        (Component.POWER, 12_500_000),
        (Component.MARKUP, 1_250_000),
        (Component.GRID_ENERGY, 1_250_000),
    ):
        assert priced.components[component].sum() == size * 1_000_000 * price


def without(text: str, company: str, start: str) -> str:
    """Takes the rates of a company out that begin at a date."""
    rows = text.split("\n[[")
    return "\n[[".join(
        row for row in rows if not (f'company = "{company}"' in row and f"from = {start}" in row)
    )


def test_rate_books_are_told_apart_though_the_terms_are_the_same() -> None:
    dearer = parse_rate_book(rates.SHIPPED.replace("ore_per_kwh = 1\n", "ore_per_kwh = 2\n"))

    def enova(book: RateBook) -> int:
        priced = price_consumption(book, [part(date(2026, 4, 1), [1000])])
        return int(priced.components[Component.ENOVA][0])

    assert (enova(BOOK), enova(dearer)) == (1000 * 1250, 1000 * 2500)
