"""Spot prices of a price area, hour by hour."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.metering.domain.calendar import Whole
from services.metering.domain.layout import Layout
from services.metering.domain.problems import Refused

PriceAmounts = NDArray[np.int32]

PRICE_AREAS: Final = ("NO1", "NO2", "NO3", "NO4", "NO5")

UNKNOWN_PRICE: Final = int(np.iinfo(np.int32).min)
"""Stands in for the price of an hour that has none; never zero."""

PRICE_DECIMALS: Final = 5
"""A price is a whole number of 1e-5 kr/kWh."""

MAX_PRICE: Final = 100 * 10**PRICE_DECIMALS
"""The highest price, and the lowest with the other sign: 100 kr/kWh, well beyond the day-ahead
market's harmonised limits of 4 EUR/kWh and -0.5 EUR/kWh."""


def check_price_area(text: str) -> str:
    """Returns the name of a price area.

    Raises:
        Refused: If there is no such area.
    """
    if text not in PRICE_AREAS:
        raise Refused("NOT_A_CHOICE", choices=", ".join(PRICE_AREAS))
    return text


@dataclass(frozen=True, eq=False)
class Prices:
    """Prices of one area, in columns of equal length.

    Attributes:
        hours: The hour of each price by number, rising and without repetition.
        amounts: The price ex. VAT in 1e-5 kr/kWh.
    """

    hours: Whole
    amounts: PriceAmounts


@dataclass(frozen=True, eq=False)
class PriceDays:
    """Whole days of one area's prices.

    Attributes:
        layout: The days.
        amounts: The price of each hour ex. VAT in 1e-5 kr/kWh, or UNKNOWN_PRICE.
    """

    layout: Layout
    amounts: PriceAmounts

    @staticmethod
    def empty(layout: Layout) -> "PriceDays":
        """Returns days without any price."""
        return PriceDays(layout, np.full(layout.size, UNKNOWN_PRICE, np.int32))


@dataclass(frozen=True, eq=False)
class PriceMerge:
    """What prices do to the days that they lie in.

    Attributes:
        written: The days that have to be stored again, as they are now.
        created: How many prices were not known before.
        changed: How many prices replaced others.
        unchanged: How many prices were known already.
    """

    written: PriceDays
    created: int
    changed: int
    unchanged: int


def merge_prices(known: PriceDays, prices: Prices) -> PriceMerge:
    """Puts prices into the days that they lie in; all of these must be in `known`.

    The price that is merged last wins: a final price follows a preliminary one.
    """
    at = known.layout.positions(prices.hours)
    before = known.amounts[at]
    created = before == UNKNOWN_PRICE
    differs = before != prices.amounts
    merged = known.amounts.copy()
    merged[at] = prices.amounts
    touched = known.layout.days_with(at[differs])
    return PriceMerge(
        written=PriceDays(
            Layout(known.layout.days[touched]), merged[known.layout.hours_of(touched)]
        ),
        created=int(created.sum()),
        changed=int((differs & ~created).sum()),
        unchanged=int((~differs).sum()),
    )
