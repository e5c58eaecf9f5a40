"""Random readings, prices and contracts for the tests of metering."""

from datetime import date, timedelta

import numpy as np
from hypothesis import strategies as st

from services.metering.domain.calendar import day_of
from services.metering.domain.contracts import Holding
from services.metering.domain.held import Held
from services.metering.domain.layout import Layout
from services.metering.domain.period import Period
from services.metering.domain.prices import UNKNOWN_PRICE, PriceDays
from services.metering.domain.pricing import Premises
from services.metering.domain.readings import MISSING, Quality


@st.composite
def periods(draw: st.DrawFn, most_days: int = 500) -> Period:
    """Periods of any length that often hold a New Year or a day of 23 or 25 hours."""
    start = draw(
        st.sampled_from(
            [date(2025, 12, 20), date(2026, 3, 20), date(2026, 10, 15), date(2024, 2, 25)]
        )
    )
    start += timedelta(days=draw(st.integers(-10, 10)))
    return Period(start, start + timedelta(days=draw(st.integers(1, most_days))))


@st.composite
def held_in(draw: st.DrawFn, period: Period) -> Held:
    """What a customer may see: some days lack readings, some hours a value or a price."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    months = period.months
    days = np.arange(day_of(months.from_date), day_of(months.to_date))
    known_days = Layout(days[random.random(len(days)) < draw(st.sampled_from([0.0, 0.9, 1.0]))])
    priced_days = Layout(days[random.random(len(days)) < draw(st.sampled_from([0.0, 0.99, 1.0]))])
    wh = random.integers(0, 1_000_001, known_days.size).astype(np.int32)
    wh[random.random(len(wh)) < draw(st.sampled_from([0.0, 0.1]))] = MISSING
    amounts = random.integers(-60_000, 10_000_001, priced_days.size).astype(np.int32)
    amounts[random.random(len(amounts)) < draw(st.sampled_from([0.0, 0.001]))] = UNKNOWN_PRICE
    return Held(
        holdings=draw(holdings_in(period)),
        layout=known_days,
        wh=wh,
        qualities=random.choice(list(Quality), len(wh), p=[0.8, 0.05, 0.05, 0.05, 0.05]).astype(
            np.uint8
        ),
        prices={"NO3": PriceDays(priced_days, amounts)},
        rates_revision=1,
    )


@st.composite
def holdings_in(draw: st.DrawFn, period: Period) -> list[Holding]:
    """One or two contracts that touch the period."""
    first, end = period.first_hour, period.end_hour
    cuts = sorted(draw(st.sets(st.integers(first - 50, end + 50), min_size=2, max_size=4)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    touching = [pair for pair in pairs if pair[0] < end and pair[1] > first]
    return [holding(*pair) for pair in touching or [(first, end)]]


def holding(first_hour: int, end_hour: int) -> Holding:
    """Returns a home's contract on spot."""
    return Holding(first_hour, end_hour, "1001", "NO3", "Linja", "SPOT", Premises.HOME)
