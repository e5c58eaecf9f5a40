"""Spot prices by area and day, and what a euro costs."""

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

import numpy as np
import sqlalchemy as sa
from sqlmodel import Field

from kit.postgres import Connection
from services.metering.domain.exchange_rates import RATE_DECIMALS, ExchangeRate
from services.metering.domain.layout import Layout
from services.metering.domain.prices import SpotDays
from services.metering.storage import blocks
from services.metering.storage.part import StorePart
from services.metering.storage.tables import Table

_PRICES_LOCK: Final = 0x70726963
""""pric": with the area's number, the advisory lock of its one import."""

_RATES_LOCK: Final = 0x65757262
""""eurb": the advisory lock of the one import of exchange rates."""

_SPOT_DAYS: Final = """
SELECT day - date '1970-01-01' AS day, amounts, provisional FROM price_day
WHERE price_area = $1 AND day BETWEEN date '1970-01-01' + $2::integer
        AND date '1970-01-01' + $3::integer
    AND day - date '1970-01-01' = ANY ($4::integer[])
ORDER BY day
"""

_SAVE_PRICES: Final = """
INSERT INTO price_day (price_area, day, amounts, provisional)
SELECT $1, date '1970-01-01' + day, amounts, provisional
FROM unnest($2::integer[], $3::bytea[], $4::bytea[]) AS written (day, amounts, provisional)
ON CONFLICT (price_area, day) DO UPDATE SET
    amounts = excluded.amounts, provisional = excluded.provisional
"""

_SAVE_RATES: Final = """
INSERT INTO exchange_rate (day, nok_per_eur, source)
SELECT * FROM unnest($1::date[], $2::numeric[], $3::text[])
ON CONFLICT (day) DO UPDATE SET
    nok_per_eur = excluded.nok_per_eur, source = excluded.source
"""


class ExchangeRateRow(Table, table=True):
    """What a euro cost in kroner on a date."""

    __tablename__ = "exchange_rate"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    day: date = Field(primary_key=True)
    nok_per_eur: Decimal = Field(sa_type=sa.Numeric(9, 6))  # pyright: ignore[reportArgumentType]
    source: str = Field(sa_type=sa.Text)


class StoredPrices(StorePart):
    """Reads and writes prices and exchange rates in one transaction."""

    async def lock_prices(self, price_area: str, layout: Layout) -> SpotDays:
        """Returns whole days of an area's prices, and keeps other imports off the area."""
        await self._connection.execute(
            "SELECT pg_advisory_xact_lock($1, hashtext($2))", _PRICES_LOCK, price_area
        )
        return await read_spot_days(self._connection, price_area, layout)

    async def save_prices(self, price_area: str, written: SpotDays) -> None:
        """Stores whole days of an area's prices."""
        if len(written.layout.days):
            await self._connection.execute(
                _SAVE_PRICES,
                price_area,
                written.layout.days.tolist(),
                blocks.amounts_of_days(written.layout, written.amounts),
                blocks.provisional_of_days(written.layout, written.provisional, written.known),
            )

    async def exchange_rates(self, first: date, last: date) -> Sequence[ExchangeRate]:
        """Returns the rates that were published from a date to another, by date."""
        rows = await self._connection.fetch(
            "SELECT * FROM exchange_rate WHERE day BETWEEN $1 AND $2 ORDER BY day", first, last
        )
        return [_rate(row) for row in rows]

    async def lock_exchange_rates(self, dates: Collection[date]) -> Sequence[ExchangeRate]:
        """Returns the rates of dates, and keeps other imports of rates waiting."""
        await self._connection.execute("SELECT pg_advisory_xact_lock($1)", _RATES_LOCK)
        rows = await self._connection.fetch(
            "SELECT * FROM exchange_rate WHERE day = ANY ($1::date[])", list(dates)
        )
        return [_rate(row) for row in rows]

    async def save_exchange_rates(self, rates: Sequence[ExchangeRate]) -> None:
        """Stores rates, in place of those of the same dates."""
        await self._connection.execute(
            _SAVE_RATES,
            [rate.date for rate in rates],
            [Decimal(rate.nok_per_eur).scaleb(-RATE_DECIMALS) for rate in rates],
            [rate.source for rate in rates],
        )


async def read_spot_days(connection: Connection, price_area: str, layout: Layout) -> SpotDays:
    """Returns whole days of an area's prices; hours that have none are unknown."""
    found = SpotDays.empty(layout)
    if len(layout.days) == 0:
        return found
    days = layout.days.tolist()
    rows = await connection.fetch(_SPOT_DAYS, price_area, days[0], days[-1], days)
    stored = Layout(np.array([row["day"] for row in rows], np.int64))
    at = layout.positions(stored.hours)
    found.amounts[at] = blocks.read_amounts(b"".join(row["amounts"] for row in rows))
    found.provisional[at] = blocks.read_provisional(stored, (row["provisional"] for row in rows))
    return found


def _rate(row: Any) -> ExchangeRate:
    return ExchangeRate(row["day"], int(row["nok_per_eur"].scaleb(RATE_DECIMALS)), row["source"])
