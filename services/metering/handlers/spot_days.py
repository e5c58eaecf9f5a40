"""The spot prices of today and tomorrow."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.metering.domain.calendar import local_date_of
from services.metering.domain.period import Period
from services.metering.domain.spot import SpotDay, spot_days
from services.metering.domain.store import Reader
from services.metering.handlers.prices import require_price_area
from services.metering.handlers.rates import RateBooks

_TODAY_AND_TOMORROW = timedelta(days=2)


async def get_spot_prices(
    reader: Reader, rate_books: RateBooks, *, price_area: str, now: datetime
) -> Sequence[SpotDay]:
    """Shows the spot prices of today and tomorrow, as far as they are published.

    Raises:
        Invalid: If there is no such price area.
    """
    area = require_price_area(price_area)
    today = local_date_of(now)
    published = await reader.spot_prices(area, Period(today, today + _TODAY_AND_TOMORROW))
    book = await rate_books.at(published.rates_revision, reader)
    return spot_days(area, published.prices, book)
