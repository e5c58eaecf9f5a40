"""What it takes to price hours: all nine lines of both bills, by product and length.

    .venv/bin/python -m bench.pricing

`first` is the first customer of a year on some terms, for whom the year's rates are worked out;
`next` is any other. Beside them stands one product of two arrays, energy times price, which is the
least that pricing could be.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np

import services.metering
from bench.measure import table
from services.metering.domain.calendar import first_hour
from services.metering.domain.pricing import (
    Premises,
    PricedPart,
    Terms,
    parse_rate_book,
    price_consumption,
)

REPEATS = 300
FIRSTS = 9
PERIODS: Mapping[str, tuple[date, date]] = {
    "a month of hours": (date(2026, 4, 1), date(2026, 5, 1)),
    "a year of hours": (date(2026, 1, 1), date(2027, 1, 1)),
    "two years of hours": (date(2025, 1, 1), date(2027, 1, 1)),
}

_RATES = Path(services.metering.__file__).parent / "rates.toml"


@dataclass(frozen=True)
class Times:
    """Medians in microseconds."""

    least: float
    first: float
    next: float


def measure() -> Mapping[tuple[str, str], Times]:
    """Prices random hours of a home in BKK's area, by product and period."""
    text = _RATES.read_text()
    found: dict[tuple[str, str], Times] = {}
    for product in ("SPOT", "NORGESPRIS", "FIXED"):
        for period, (start, end) in PERIODS.items():
            found[product, period] = _times(text, _part(product, start, end))
    return found


def report(found: Mapping[tuple[str, str], Times]) -> str:
    """Shows the figures as a table."""
    rows: Sequence[Sequence[str]] = [
        (product, period, f"{each.least:.0f}", f"{each.next:.0f}", f"{each.first / 1000:.1f}")
        for (product, period), each in found.items()
    ]
    return table(("product", "hours", "one product, µs", "next, µs", "first, ms"), rows)


def _times(text: str, part: PricedPart) -> Times:
    wh, books = part.wh.astype(np.int64), [parse_rate_book(text) for _ in range(FIRSTS)]
    return Times(
        least=_median([lambda: wh * part.spot] * REPEATS),
        first=_median([partial(price_consumption, book, [part]) for book in books]),
        next=_median([partial(price_consumption, books[0], [part])] * REPEATS),
    )


def _part(product: str, start: date, end: date) -> PricedPart:
    random = np.random.default_rng(1)
    first, size = first_hour(start), first_hour(end) - first_hour(start)
    return PricedPart(
        "1001",
        first,
        Terms("NO5", "BKK", product, Premises.HOME),
        random.integers(0, 6000, size).astype(np.int32),
        random.integers(-1000, 200_000, size).astype(np.int32),
    )


def _median(calls: Sequence[Callable[[], object]]) -> float:
    taken: list[float] = []
    for call in calls:
        began = time.perf_counter()
        call()
        taken.append((time.perf_counter() - began) * 1e6)
    return statistics.median(taken)


if __name__ == "__main__":
    print(report(measure()))
