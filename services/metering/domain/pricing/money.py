"""Rounding, and the sharing out of what is paid by the month; all in whole numbers."""

from functools import lru_cache
from typing import Final, TypeVar

import numpy as np

from services.metering.domain.calendar import Whole
from services.metering.domain.pricing.rates import BASIS_POINTS

UNKNOWN: Final = int(np.iinfo(np.int64).min)
"""Stands in for an energy or a cost that is not known."""

ORE: Final = 10**6
"""An øre in 1e-8 kr."""

_MONTHS_A_YEAR = 12

Number = TypeVar("Number", int, Whole)


def divided(amounts: Whole, by: int) -> Whole:
    """Divides whole numbers, and rounds half away from zero."""
    rounded = (np.abs(amounts) + by // 2) // by
    return np.negative(rounded, out=rounded, where=amounts < 0)


def with_vat(price: int, vat: int) -> int:
    """Adds VAT, in hundredths of a per cent, to a price, and rounds half away from zero."""
    return _rounded(price * (BASIS_POINTS + vat), BASIS_POINTS)


def month_amount(ore: int, vat: int) -> int:
    """Returns a monthly amount with VAT in 1e-8 kr, rounded to whole øre.

    Args:
        ore: The amount ex. VAT in øre.
        vat: VAT in hundredths of a per cent.
    """
    return with_vat(ore, vat) * ORE


def twelfth(year_ore: int, vat: int) -> int:
    """Returns the monthly amount of a yearly one, as `month_amount` does."""
    amount = year_ore * (BASIS_POINTS + vat)
    return _rounded(amount, _MONTHS_A_YEAR * BASIS_POINTS) * ORE


@lru_cache(maxsize=1024)
def month_shares(amount: int, hours: int) -> Whole:
    """Shares a monthly amount evenly over the hours of its month, to the last digit.

    Args:
        amount: In 1e-8 kr.
        hours: How many hours the month has, N.

    Returns:
        The share of each hour: floor((i + 1) * amount / N) - floor(i * amount / N) for hour i.
        Whatever part of the month one adds up is within 1e-8 kr of its part of the amount, and all
        of it is the amount.
    """
    shares = np.diff(np.arange(hours + 1) * amount // hours)
    shares.flags.writeable = False
    return shares


def _rounded(amount: int, by: int) -> int:
    rounded = (abs(amount) + by // 2) // by
    return -rounded if amount < 0 else rounded
