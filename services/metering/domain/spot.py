"""Spot prices as a customer reads them: with VAT, and which hours are cheapest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from services.metering.domain.calendar import DAY_STARTS, Whole, date_of
from services.metering.domain.layout import Flags
from services.metering.domain.prices import UNKNOWN_PRICE, PriceAmounts, SpotDays
from services.metering.domain.pricing import UNKNOWN, Premises, RateBook, Terms
from services.metering.domain.pricing.money import divided, rounded
from services.metering.domain.pricing.rates import BASIS_POINTS

CHEAPEST: Final = 3
"""How many of the cheapest hours are named."""


@dataclass(frozen=True, eq=False)
class SpotDay:
    """A local day's spot prices, in columns with one entry an hour.

    Attributes:
        day: The date.
        start_hours: The hours by number: 23, 24 or 25.
        ex_vat: The price ex. VAT in 1e-5 kr/kWh, or UNKNOWN_PRICE.
        with_vat: With the VAT of the price area, rounded half away from zero; UNKNOWN where the
            price or the VAT is.
        provisional: Whether the price may still change.
        lowest: The lowest price with VAT; None if none is known.
        highest: The highest one.
        mean: The mean of those that are known, rounded half away from zero.
        cheapest: The hours with the lowest prices by number, the cheapest first and at the same
            price the earlier one.
    """

    day: date
    start_hours: Whole
    ex_vat: PriceAmounts
    with_vat: Whole
    provisional: Flags
    lowest: int | None
    highest: int | None
    mean: int | None
    cheapest: Sequence[int]


def spot_days(price_area: str, prices: SpotDays, book: RateBook) -> Sequence[SpotDay]:
    """Shows each day that has any price as a customer of an area reads it.

    Args:
        price_area: NO1 to NO5.
        prices: The area's prices.
        book: The rates.
    """
    layout = prices.layout
    return [
        _spot_day(price_area, day, prices.amounts[part], prices.provisional[part], book)
        for day, part in zip(layout.days.tolist(), layout.slices(), strict=True)
        if prices.known[part].any()
    ]


def _spot_day(
    price_area: str, number: int, ex_vat: PriceAmounts, provisional: Flags, book: RateBook
) -> SpotDay:
    hours = np.arange(int(DAY_STARTS[number]), int(DAY_STARTS[number + 1]))
    with_vat = _with_vat(price_area, int(hours[0]), ex_vat, book)
    known = with_vat != UNKNOWN
    prices = with_vat[known]
    cheapest = hours[known][np.argsort(prices, kind="stable")][:CHEAPEST]
    return SpotDay(
        day=date_of(number),
        start_hours=hours,
        ex_vat=ex_vat,
        with_vat=with_vat,
        provisional=provisional & (ex_vat != UNKNOWN_PRICE),
        lowest=int(prices.min()) if len(prices) else None,
        highest=int(prices.max()) if len(prices) else None,
        mean=rounded(int(prices.sum()), len(prices)) if len(prices) else None,
        cheapest=cheapest.tolist(),
    )


def _with_vat(price_area: str, hour: int, ex_vat: PriceAmounts, book: RateBook) -> Whole:
    """Adds the VAT of the zone that a price area lies in; no grid company says another here."""
    vat = book.conditions(Terms(price_area, "", "", Premises.HOME), hour).vat
    if vat is None:
        return np.full(len(ex_vat), UNKNOWN, np.int64)
    prices = divided(ex_vat.astype(np.int64) * (BASIS_POINTS + vat), BASIS_POINTS)
    return np.where(ex_vat == UNKNOWN_PRICE, UNKNOWN, prices)
