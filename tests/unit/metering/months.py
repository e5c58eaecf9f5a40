"""Hours of some months with what is known of them, for the tests of bills and estimates."""

from collections.abc import Callable
from datetime import date, datetime

import numpy as np

from services.metering.domain.calendar import first_hour, local_moment_of
from services.metering.domain.held import HeldHours
from services.metering.domain.prices import UNKNOWN_PRICE
from services.metering.domain.pricing import Premises, PricedPart, Terms
from services.metering.domain.readings import MISSING, Quality

HourOf = Callable[[datetime], int | None]
"""Says the value of an hour by its local start; None if there is none."""


def always(value: int | None) -> HourOf:
    """Says the same of every hour."""
    return lambda _: value


def hours(
    from_date: date,
    to_date: date,
    wh: HourOf,
    spot: HourOf,
    *,
    customer: str = "1001",
    terms: Terms | None = None,
) -> HeldHours:
    """Returns hours that one customer holds, at Linja's in NO3 with SPOT unless told otherwise."""
    numbers = range(first_hour(from_date), first_hour(to_date))
    starts = [local_moment_of(hour) for hour in numbers]

    def column(value_of: HourOf, unknown: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        values = [value_of(start) for start in starts]
        return np.array([unknown if value is None else value for value in values], np.int32)

    part = PricedPart(
        customer=customer,
        first_hour=numbers.start,
        terms=terms or Terms("NO3", "Linja", "SPOT", Premises.HOME),
        wh=column(wh, MISSING),
        spot=column(spot, UNKNOWN_PRICE),
    )
    return HeldHours([part], np.full(len(numbers), Quality.MEASURED, np.uint8))
