"""The spot prices of today and tomorrow."""

from collections.abc import Sequence
from datetime import datetime

from services.metering.domain.calendar import local_date_of
from services.metering.domain.prices import UNKNOWN_PRICE
from services.metering.domain.spot import RetailDay, retail_day
from services.metering.domain.store import Reader
from services.metering.handlers.prices import require_price_area
from services.metering.handlers.rates import RateBooks
from services.metering.handlers.spot_prices import spot_prices

_TODAY_AND_TOMORROW = 2


async def get_spot_prices(
    reader: Reader, rate_books: RateBooks, *, price_area: str, now: datetime
) -> Sequence[RetailDay]:
    """Shows the spot prices of today and tomorrow, as far as they are published.

    Raises:
        Invalid: If there is no such price area.
    """
    area = require_price_area(price_area)
    days = await spot_prices(reader, area, local_date_of(now), _TODAY_AND_TOMORROW)
    book = await rate_books.current(reader)
    return [
        retail_day(area, day.date, day.amounts, day.provisional, book)
        for day in days
        if (day.amounts != UNKNOWN_PRICE).any()
    ]
