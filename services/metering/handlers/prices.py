"""Spot prices, and the exchange rates that those in euro need."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from kit.errors import Invalid
from services.metering.domain.calendar import date_of, days_of
from services.metering.domain.exchange_rates import OLDEST_DAYS, ExchangeRate, merge_rates
from services.metering.domain.files.tally import Tally
from services.metering.domain.layout import Layout
from services.metering.domain.prices import (
    Prices,
    SpotPricesImported,
    check_price_area,
    merge_prices,
)
from services.metering.domain.problems import Refused
from services.metering.domain.quotes import Currency, Quotes, in_kroner
from services.metering.domain.store import Store
from services.metering.handlers.imported import Imported


@dataclass(frozen=True)
class ImportedPrices:
    """What an import of prices did.

    Attributes:
        counts: What became of the hours that were taken.
        prices: These.
    """

    counts: Imported
    prices: Prices


async def import_prices(
    store: Store, *, price_area: str, quotes: Quotes, provisional: bool, tally: Tally
) -> ImportedPrices:
    """Takes the spot prices of an area.

    Args:
        store: What is stored.
        price_area: The area.
        quotes: The prices that a file gives.
        provisional: Whether they may still change.
        tally: Where those are refused that have no exchange rate.
    """
    prices = in_kroner(quotes, await _rates_for(store, quotes), tally)
    known = await store.lock_prices(price_area, Layout.of(prices.hours))
    merged = merge_prices(known, prices, provisional=provisional)
    await store.save_prices(price_area, merged.written)
    event = SpotPricesImported.of(price_area, merged, provisional=provisional)
    if event is not None:
        store.publish(event)
    counts = Imported(merged.created, merged.changed, merged.unchanged)
    return ImportedPrices(counts, prices)


async def import_exchange_rates(store: Store, *, rates: Sequence[ExchangeRate]) -> Imported:
    """Takes exchange rates; prices that were converted before stay as they are."""
    known = await store.lock_exchange_rates([rate.date for rate in rates])
    merged = merge_rates(known, rates)
    await store.save_exchange_rates(merged.written)
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


async def _rates_for(store: Store, quotes: Quotes) -> Sequence[ExchangeRate]:
    """Returns the rates that the days of prices in euro may need."""
    if quotes.currency is not Currency.EUR or len(quotes.hours) == 0:
        return ()
    first, last = (date_of(day) for day in days_of(quotes.hours[[0, -1]]).tolist())
    return await store.exchange_rates(first - timedelta(days=OLDEST_DAYS), last)
