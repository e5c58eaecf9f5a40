"""Prices of hours and quarters as a file gives them, made into one for each hour."""

from array import array
from collections.abc import Callable

import numpy as np

from services.metering.domain.calendar import Whole, days_of
from services.metering.domain.files.tally import Tally
from services.metering.domain.files.values import QUARTERS
from services.metering.domain.layout import Flags
from services.metering.domain.problems import Refused
from services.metering.domain.quotes import Currency, Quotes


class QuoteList:
    """Prices of hours and of quarters, in the order of a file.

    A file does not have to say which of the two a price is of. The market goes from hours to
    quarters at midnight, so a day on which any price starts at a quarter is a day of quarters.
    """

    def __init__(self, currency: Currency, name: Callable[[int], str]) -> None:
        self._currency = currency
        self._name = name
        self._places = array("q")
        self._starts = array("q")
        self._prices = array("q")

    def add(self, place: int, quarter: int, price: int) -> None:
        """Takes a price in 1e-9 of the currency, and the quarter that it starts with."""
        self._places.append(place)
        self._starts.append(quarter)
        self._prices.append(price)

    def by_hour(self, tally: Tally) -> Quotes:
        """Returns the prices of hours; those are refused that stand twice, or lack a quarter."""
        starts = np.array(self._starts, np.int64)
        order = np.argsort(starts, kind="stable")
        starts = starts[order]
        places = np.array(self._places, np.int64)[order]
        prices = np.array(self._prices, np.int64)[order]

        first = np.searchsorted(starts, starts)
        repeated = first != np.arange(len(starts))
        for place, earlier in self._pairs(places, first, repeated):
            problem = Refused("TIME_REPEATED", place=self._name(earlier))
            tally.refuse(problem.at(self._name(place)))
        starts, places, prices = starts[~repeated], places[~repeated], prices[~repeated]

        hours, at, counts = np.unique(starts // QUARTERS, return_index=True, return_counts=True)
        is_quartered = _quartered(hours, starts)
        complete = ~is_quartered | (counts == QUARTERS)
        for place, found in zip(
            places[at][~complete].tolist(), counts[~complete].tolist(), strict=True
        ):
            problem = Refused("QUARTERS_MISSING", found=found)
            tally.refuse(problem.at(self._name(place)), rows=found)

        sums = np.add.reduceat(prices, at) if len(at) else prices
        quadruples = np.where(is_quartered, sums, QUARTERS * sums)
        return Quotes(
            self._currency,
            hours[complete],
            quadruples[complete],
            places[at][complete],
            self._name,
        )

    @staticmethod
    def _pairs(places: Whole, first: Whole, repeated: Flags) -> list[tuple[int, int]]:
        """Returns each place that repeats a time, in the order of the file, and the first one."""
        return sorted(zip(places[repeated].tolist(), places[first[repeated]].tolist(), strict=True))


def _quartered(hours: Whole, starts: Whole) -> Flags:
    """Tells of each hour whether it lies in a day of quarters."""
    quarters = starts[starts % QUARTERS != 0]
    return np.isin(days_of(hours), np.unique(days_of(quarters // QUARTERS)))
