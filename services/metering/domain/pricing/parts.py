"""The hours that are to be priced."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.metering.domain.calendar import Whole
from services.metering.domain.prices import PriceAmounts
from services.metering.domain.pricing.rates import Terms
from services.metering.domain.readings import WattHours


@dataclass(frozen=True, eq=False)
class PricedPart:
    """Hours that follow each other, of one metering point and customer, on the same terms.

    Attributes:
        customer: Whose they are, whatever tells one from another.
        first_hour: The first hour by number.
        terms: What decides which rates hold.
        wh: The energy of each hour in Wh, or MISSING.
        spot: The spot price of each hour ex. VAT in 1e-5 kr/kWh, or UNKNOWN_PRICE.
    """

    customer: str
    first_hour: int
    terms: Terms
    wh: WattHours
    spot: PriceAmounts

    @property
    def hours(self) -> Whole:
        """The hours by number."""
        return np.arange(self.first_hour, self.first_hour + len(self.wh))

    def within(self, first_hour: int, end_hour: int) -> "PricedPart | None":
        """Returns the part between two hours, or None if there is none."""
        first = max(self.first_hour, first_hour)
        cut = slice(first - self.first_hour, max(end_hour - self.first_hour, 0))
        wh = self.wh[cut]
        if not len(wh):
            return None
        return PricedPart(self.customer, first, self.terms, wh, self.spot[cut])


def joined(parts: Sequence[PricedPart]) -> tuple[Whole, WattHours]:
    """Returns the hours of all parts, and their energy, in order."""
    hours = np.concatenate([part.hours for part in parts] or [np.zeros(0, np.int64)])
    wh = np.concatenate([part.wh for part in parts] or [np.zeros(0, np.int32)])
    return hours, wh


def places(parts: Sequence[PricedPart]) -> Sequence[slice]:
    """Returns where each part stands among the hours of all."""
    ends = np.cumsum([len(part.wh) for part in parts], dtype=np.int64).tolist()
    return [slice(end - len(part.wh), end) for part, end in zip(parts, ends, strict=True)]
