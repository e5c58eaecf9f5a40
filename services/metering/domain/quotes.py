"""Prices as a source gives them, and what they are in kroner."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Final

import numpy as np

from services.metering.domain.calendar import Whole, date_of, days_of
from services.metering.domain.exchange_rates import (
    OLDEST_DAYS,
    RATE_DECIMALS,
    ExchangeRate,
    rates_of_days,
)
from services.metering.domain.files.tally import Tally
from services.metering.domain.files.values import QUARTERS
from services.metering.domain.layout import Flags
from services.metering.domain.prices import MAX_PRICE, PRICE_DECIMALS, Prices
from services.metering.domain.problems import Refused

QUOTE_DECIMALS: Final = 9
"""A price is read as a whole number of 1e-9 kr/kWh or EUR/kWh: finer than any file has it."""


class Currency(Enum):
    """What prices are in."""

    NOK = "NOK"
    EUR = "EUR"


@dataclass(frozen=True, eq=False)
class Quotes:
    """Prices of one area, in columns of equal length.

    Attributes:
        currency: What they are in.
        hours: The hour of each price by number, rising and without repetition.
        quadruples: Four times the price of the hour, in 1e-9 of the currency per kWh: the sum of
            its quarters' prices, so that nothing is rounded yet.
        places: Where in the file the hour begins.
        name: Names a place.
    """

    currency: Currency
    hours: Whole
    quadruples: Whole
    places: Whole
    name: Callable[[int], str]


def in_kroner(quotes: Quotes, rates: Sequence[ExchangeRate], tally: Tally) -> Prices:
    """Returns prices in kr/kWh, rounded once, half away from zero.

    The prices of a day of delivery without a rate are refused, and so are those beyond all reason.

    Args:
        quotes: The prices.
        rates: The rates of the euro around their days, by date; none are needed for kroner.
        tally: Where prices are refused.
    """
    scaled, unit = quotes.quadruples, QUARTERS * 10 ** (QUOTE_DECIMALS - PRICE_DECIMALS)
    taken = np.ones(len(scaled), np.bool_)
    if quotes.currency is Currency.EUR:
        days = days_of(quotes.hours)
        amounts, taken = rates_of_days(rates, days)
        scaled, unit = scaled * amounts, unit * 10**RATE_DECIMALS
        _refuse_days(quotes, days, ~taken, tally)
    prices = np.sign(scaled) * ((np.abs(scaled) + unit // 2) // unit)

    too_large = taken & (np.abs(prices) > MAX_PRICE)
    for place in quotes.places[too_large].tolist():
        problem = Refused("PRICE_TOO_LARGE", limit=MAX_PRICE // 10**PRICE_DECIMALS)
        tally.refuse(problem.at(quotes.name(place)))
    taken &= ~too_large
    return Prices(quotes.hours[taken], prices[taken].astype(np.int32))


def _refuse_days(quotes: Quotes, days: Whole, refused: Flags, tally: Tally) -> None:
    """Refuses the prices of days without a rate; each day is named once."""
    places = quotes.places[refused]
    found, first, counts = np.unique(days[refused], return_index=True, return_counts=True)
    for day, at, hours in zip(found.tolist(), first.tolist(), counts.tolist(), strict=True):
        delivery = date_of(day)
        problem = Refused(
            "EXCHANGE_RATE_MISSING",
            date=delivery.isoformat(),
            **{"from": (delivery - timedelta(days=OLDEST_DAYS)).isoformat()},
        )
        tally.refuse(problem.at(quotes.name(int(places[at]))), rows=hours)
