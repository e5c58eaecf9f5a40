"""Spot prices."""

from kit.errors import Invalid
from services.metering.domain.layout import Layout
from services.metering.domain.prices import Prices, check_price_area, merge_prices
from services.metering.domain.problems import Refused
from services.metering.domain.store import Store
from services.metering.handlers.imported import Imported


async def import_prices(store: Store, *, price_area: str, prices: Prices) -> Imported:
    """Takes the spot prices of an area, all or none."""
    known = await store.lock_prices(price_area, Layout.of(prices.hours))
    merged = merge_prices(known, prices)
    await store.save_prices(price_area, merged.written)
    return Imported(merged.created, merged.changed, merged.unchanged)


def require_price_area(text: str) -> str:
    """Returns the area that a member of staff asks for.

    Raises:
        Invalid: If there is no such area.
    """
    try:
        return check_price_area(text)
    except Refused as refused:
        raise Invalid(refused.at("price_area")) from None
