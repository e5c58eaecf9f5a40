"""What a euro costs in kroner, day by day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from services.metering.domain.calendar import Whole, day_of
from services.metering.domain.layout import Flags

RATE_DECIMALS: Final = 6
"""A rate is a whole number of 1e-6 kr per euro; Norges Bank publishes four decimals."""

MAX_RATE: Final = 100 * 10**RATE_DECIMALS
"""The highest rate, 100 kr: eight times what a euro has ever cost, and little enough that the
highest price in euro times it fits in 64 bits."""

OLDEST_DAYS: Final = 7
"""How old the rate of a day may be: rates are published on business days, and Easter has five days
without."""


@dataclass(frozen=True)
class ExchangeRate:
    """The rate that was published on a date.

    Attributes:
        date: The date.
        nok_per_eur: The rate in 1e-6 kr per euro.
        source: Who published it.
    """

    date: date
    nok_per_eur: int
    source: str


@dataclass(frozen=True)
class RateMerge:
    """What rates do to those that are stored.

    Attributes:
        written: The rates that are new or changed.
        created: How many dates had none before.
        changed: How many rates replaced others.
        unchanged: How many were stored already.
    """

    written: Sequence[ExchangeRate]
    created: int
    changed: int
    unchanged: int


def merge_rates(known: Sequence[ExchangeRate], rates: Sequence[ExchangeRate]) -> RateMerge:
    """Puts rates beside those that are known; one that is published again replaces the other."""
    before = {rate.date: rate for rate in known}
    written = [rate for rate in rates if before.get(rate.date) != rate]
    created = sum(rate.date not in before for rate in written)
    return RateMerge(written, created, len(written) - created, len(rates) - len(written))


def rates_of_days(rates: Sequence[ExchangeRate], days: Whole) -> tuple[Whole, Flags]:
    """Returns the rate of each day of delivery, and whether there is one.

    It is the newest that was published on or before the day, and at most OLDEST_DAYS old.

    Args:
        rates: The rates, by date.
        days: The days by number.
    """
    published = np.array([day_of(rate.date) for rate in rates], np.int64)
    amounts = np.array([rate.nok_per_eur for rate in rates], np.int64)
    if len(rates) == 0:
        return np.zeros(len(days), np.int64), np.zeros(len(days), np.bool_)
    at = np.searchsorted(published, days, side="right") - 1
    age = days - published[at]
    return amounts[at], (at >= 0) & (age <= OLDEST_DAYS)
