"""The spot prices of today and tomorrow."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from services.metering.domain.calendar import day_of, local_date_of
from services.metering.domain.layout import Layout
from services.metering.domain.spot import SpotDay, spot_days
from services.metering.domain.store import Reader
from services.metering.handlers.prices import require_price_area
from services.metering.handlers.rates import RateBooks

_TODAY_AND_TOMORROW = 2


async def get_spot_prices(
    reader: Reader, rate_books: RateBooks, *, price_area: str, now: datetime
) -> Sequence[SpotDay]:
    """Shows the spot prices of today and tomorrow, as far as they are published.

    Raises:
        Invalid: If there is no such price area.
    """
    area = require_price_area(price_area)
    today = day_of(local_date_of(now))
    prices = await reader.spot_days(area, Layout(np.arange(today, today + _TODAY_AND_TOMORROW)))
    return spot_days(area, prices, await rate_books.current(reader))
