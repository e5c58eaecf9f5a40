"""Spot prices of a price area, hour by hour."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.metering.domain.calendar import Whole, moment_of
from services.metering.domain.layout import Flags, Layout
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
class SpotDays:
    """Whole days of one area's prices, with what is known of them.

    Attributes:
        layout: The days.
        amounts: The price of each hour ex. VAT in 1e-5 kr/kWh, or UNKNOWN_PRICE.
        provisional: Whether it may still change; means nothing where there is no price.
    """

    layout: Layout
    amounts: PriceAmounts
    provisional: Flags

    @staticmethod
    def empty(layout: Layout) -> "SpotDays":
        """Returns days without any price."""
        return SpotDays(
            layout,
            np.full(layout.size, UNKNOWN_PRICE, np.int32),
            np.zeros(layout.size, np.bool_),
        )

    @property
    def known(self) -> Flags:
        """Tells of each hour whether it has a price."""
        return self.amounts != UNKNOWN_PRICE

    def of_days(self, chosen: Flags) -> "SpotDays":
        """Returns the chosen days only."""
        hours = self.layout.hours_of(chosen)
        return SpotDays(
            Layout(self.layout.days[chosen]), self.amounts[hours], self.provisional[hours]
        )


@dataclass(frozen=True, eq=False)
class PriceMerge:
    """What prices do to the days that they lie in.

    Attributes:
        written: The days that have to be stored again, as they are now.
        created: How many prices were not known before.
        changed: How many prices replaced others, or became final.
        unchanged: How many prices were known already, or are final already.
        first_hour: The first hour that is new or changed; None if there is none.
        last_hour: The last one.
    """

    written: SpotDays
    created: int
    changed: int
    unchanged: int
    first_hour: int | None
    last_hour: int | None


def merge_prices(known: SpotDays, prices: Prices, *, provisional: bool) -> PriceMerge:
    """Puts prices into the days that they lie in; all of these must be in `known`.

    A provisional price never replaces a final one. Otherwise the price that is merged last wins.
    """
    at = known.layout.positions(prices.hours)
    created = ~known.known[at]
    is_final = ~created & ~known.provisional[at]
    differs = (known.amounts[at] != prices.amounts) | (known.provisional[at] != provisional)
    changed = ~created & differs & ~(is_final & provisional)
    stored = created | changed

    merged = SpotDays(known.layout, known.amounts.copy(), known.provisional.copy())
    merged.amounts[at[stored]] = prices.amounts[stored]
    merged.provisional[at[stored]] = provisional
    news = prices.hours[stored]
    return PriceMerge(
        written=merged.of_days(known.layout.days_with(at[stored])),
        created=int(created.sum()),
        changed=int(changed.sum()),
        unchanged=len(prices.hours) - len(news),
        first_hour=int(news[0]) if len(news) else None,
        last_hour=int(news[-1]) if len(news) else None,
    )


@dataclass(frozen=True)
class SpotPricesImported:
    """Spot prices of an area were imported, and at least one was new or changed.

    Attributes:
        price_area: The area.
        from_time: The start of the first hour whose price is new or changed.
        to_time: The end of the last one.
        provisional: Whether the prices may still change.
        new_prices: Prices that were not known before.
        changed_prices: Prices that replaced others, or became final.
    """

    price_area: str
    from_time: datetime
    to_time: datetime
    provisional: bool
    new_prices: int
    changed_prices: int

    @staticmethod
    def of(
        price_area: str, merged: PriceMerge, *, provisional: bool
    ) -> "SpotPricesImported | None":
        """Returns the event of a merge, or None if nothing was new or changed."""
        if merged.first_hour is None or merged.last_hour is None:
            return None
        return SpotPricesImported(
            price_area=price_area,
            from_time=moment_of(merged.first_hour),
            to_time=moment_of(merged.last_hour + 1),
            provisional=provisional,
            new_prices=merged.created,
            changed_prices=merged.changed,
        )
