"""What the market asks, day by day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from services.metering.domain.calendar import Whole, date_of, day_of
from services.metering.domain.layout import Flags, Layout
from services.metering.domain.prices import PriceAmounts
from services.metering.domain.store import Reader


@dataclass(frozen=True, eq=False)
class SpotDay:
    """The prices of a local day, in columns of equal length: 23, 24 or 25 hours.

    Attributes:
        date: The day.
        hours: The hours by number.
        amounts: The price of each ex. VAT in 1e-5 kr/kWh, or UNKNOWN_PRICE.
        provisional: Whether it may still change; means nothing where there is no price.
    """

    date: date
    hours: Whole
    amounts: PriceAmounts
    provisional: Flags


async def spot_prices(
    reader: Reader, price_area: str, first_date: date, days: int
) -> Sequence[SpotDay]:
    """Returns the prices of an area's days; a day without any is there, all of it unknown.

    Args:
        reader: What is stored.
        price_area: The area, NO1 to NO5.
        first_date: The first local day.
        days: How many.
    """
    first = day_of(first_date)
    layout = Layout(np.arange(first, first + days))
    found = await reader.spot_days(price_area, layout)
    return [
        SpotDay(date_of(day), layout.hours[part], found.amounts[part], found.provisional[part])
        for day, part in zip(layout.days.tolist(), layout.slices(), strict=True)
    ]
