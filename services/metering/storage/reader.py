"""What customers see, each in one round trip."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import asyncpg
import numpy as np

from kit.postgres import Connection
from services.metering.domain.calendar import END_DATE, date_of, moment_of
from services.metering.domain.contracts import Contract, Holding
from services.metering.domain.held import Held
from services.metering.domain.layout import Layout
from services.metering.domain.period import Period
from services.metering.domain.prices import PriceDays, SpotDays
from services.metering.domain.pricing import Premises, RateRow
from services.metering.domain.readings import DayBlocks, Direction, Qualities, Quality
from services.metering.domain.store import Position
from services.metering.storage import blocks, rates
from services.metering.storage.contracts import contract_of
from services.metering.storage.prices import read_spot_days

# Whose the point is and what it used are one question, so that no answer is possible without the
# other. Days come as columns: a row each would cost more to receive than to find. Most days are
# measured throughout, which is a single byte of 1; only others tell their qualities.
_HELD = """
WITH held AS MATERIALIZED (
    SELECT contract.*
    FROM metering_point
    JOIN contract ON contract.metering_point_id = metering_point.id
    JOIN customer ON customer.number = contract.customer_number
    WHERE metering_point.gsrn = $1 AND customer.id = ANY ($2::uuid[])
        AND contract.starts_at < $5 AND contract.ends_at > $4
)
SELECT holdings.*, energy.*, prices.*,
    (SELECT coalesce(max(revision), 0) FROM rate_book) AS rates_revision
FROM (
    SELECT
        array_agg(extract(epoch FROM starts_at)::bigint / 3600 ORDER BY starts_at) AS first_hours,
        array_agg(extract(epoch FROM least(ends_at, $5))::bigint / 3600 ORDER BY starts_at)
            AS end_hours,
        array_agg(customer_number ORDER BY starts_at) AS customer_numbers,
        array_agg(price_area ORDER BY starts_at) AS price_areas,
        array_agg(grid_company ORDER BY starts_at) AS grid_companies,
        array_agg(product ORDER BY starts_at) AS products,
        array_agg(premises ORDER BY starts_at) AS premises
    FROM held
) AS holdings, (
    SELECT
        string_agg(int4send(day - date '1970-01-01'), '' ORDER BY day) AS energy_days,
        string_agg(wh, '' ORDER BY day) AS wh,
        string_agg(int4send(day - date '1970-01-01'), '' ORDER BY day)
            FILTER (WHERE qualities <> '\\x01') AS unlike_days,
        array_agg(qualities ORDER BY day) FILTER (WHERE qualities <> '\\x01') AS unlike
    FROM day_block
    WHERE day >= $6 AND day < $7 AND series_id = (
        SELECT id FROM series
        WHERE metering_point_id = (SELECT metering_point_id FROM held LIMIT 1) AND direction = $3
    )
) AS energy, (
    SELECT
        array_agg(price_area) AS areas,
        array_agg(days) AS price_days,
        array_agg(amounts) AS amounts
    FROM (
        SELECT
            price_area,
            string_agg(int4send(day - date '1970-01-01'), '' ORDER BY day) AS days,
            string_agg(amounts, '' ORDER BY day) AS amounts
        FROM price_day
        WHERE price_area = ANY (ARRAY(SELECT price_area FROM held)) AND day >= $6 AND day < $7
        GROUP BY price_area
    ) AS by_area
) AS prices
"""

_ADDRESS = """
SELECT contract.address
FROM metering_point
JOIN contract ON contract.metering_point_id = metering_point.id
JOIN customer ON customer.number = contract.customer_number
WHERE metering_point.gsrn = $1 AND customer.id = ANY ($2::uuid[])
    AND contract.starts_at < $4 AND contract.ends_at > $3
ORDER BY contract.starts_at DESC LIMIT 1
"""

_CONTRACTS = """
SELECT metering_point.gsrn, contract.*
FROM customer
JOIN contract ON contract.customer_number = customer.number
JOIN metering_point ON metering_point.id = contract.metering_point_id
WHERE customer.id = ANY ($1::uuid[]) AND (metering_point.gsrn, contract.starts_at) > ($2, $3)
ORDER BY metering_point.gsrn, contract.starts_at
LIMIT $4
"""

# Whose the days are is asked again, as it is with usage: no day without a contract on it.
_HELD_DAYS = """
SELECT
    string_agg(int4send(day - date '1970-01-01'), '' ORDER BY day) AS days,
    string_agg(wh, '' ORDER BY day) AS wh,
    array_agg(qualities ORDER BY day) AS qualities,
    array_agg(registered ORDER BY day) AS registered
FROM (
    SELECT day_block.*
    FROM customer
    JOIN contract ON contract.customer_number = customer.number
    JOIN metering_point ON metering_point.id = contract.metering_point_id
    JOIN series ON series.metering_point_id = metering_point.id
    JOIN day_block ON day_block.series_id = series.id
    WHERE customer.id = ANY ($1::uuid[])
        AND metering_point.gsrn = $2 AND contract.starts_at = $3
        AND direction = $4 AND day >= $5 AND day < $6
        AND day >= (contract.starts_at AT TIME ZONE 'Europe/Oslo')::date
        AND day::timestamp AT TIME ZONE 'Europe/Oslo' < contract.ends_at
    ORDER BY day LIMIT $7
) AS held
"""

_BEFORE_ALL = Position("", 0)


class PostgresReader:
    """A `Reader` on PostgreSQL."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def held(
        self, gsrn: str, customers: Collection[UUID], direction: Direction, period: Period
    ) -> Held | None:
        """Returns what customers may see of a point; None if they hold it at no time in it."""
        row = await self._connection.fetchrow(
            _HELD,
            gsrn,
            customers,
            direction,
            moment_of(period.first_hour),
            moment_of(period.end_hour),
            period.from_date,
            period.to_date,
        )
        if row is None or row["first_hours"] is None:
            return None
        layout = blocks.read_days(row["energy_days"])
        return Held(
            holdings=_holdings(row),
            layout=layout,
            wh=blocks.read_wh(row["wh"]),
            qualities=_qualities(layout, row["unlike_days"], row["unlike"]),
            prices=_prices(row),
            rates_revision=row["rates_revision"],
        )

    async def address(self, gsrn: str, customers: Collection[UUID], period: Period) -> str:
        """Returns where a point is, as customers' last contract in a period says; empty if none."""
        ends = moment_of(period.first_hour), moment_of(period.end_hour)
        return await self._connection.fetchval(_ADDRESS, gsrn, customers, *ends) or ""

    async def contracts_of(
        self, customers: Collection[UUID], after: Position | None, limit: int
    ) -> Sequence[Contract]:
        """Returns the first contracts after a place, by GSRN and then by their start."""
        place = after or _BEFORE_ALL
        rows = await self._connection.fetch(
            _CONTRACTS, customers, place.gsrn, moment_of(place.first_hour), limit
        )
        return [contract_of(dict(row)) for row in rows]

    async def spot_days(self, price_area: str, layout: Layout) -> SpotDays:
        """Returns whole days of an area's prices; hours that have none are unknown."""
        return await read_spot_days(self._connection, price_area, layout)

    async def held_days(
        self,
        customers: Collection[UUID],
        contract: Contract,
        direction: Direction,
        first_day: int,
        limit: int,
    ) -> DayBlocks:
        """Returns the first stored days of a contract that customers hold, from a day on."""
        row = await self._connection.fetchrow(
            _HELD_DAYS,
            customers,
            contract.gsrn,
            moment_of(contract.first_hour),
            direction,
            max(date_of(first_day), contract.from_date),
            contract.to_date or END_DATE,
            limit,
        )
        if row is None or row["days"] is None:
            return DayBlocks.empty(blocks.read_days(None))
        layout = blocks.read_days(row["days"])
        return DayBlocks(
            layout,
            blocks.read_wh(row["wh"]),
            blocks.read_qualities(layout, row["qualities"]),
            blocks.read_registered(layout, row["registered"]),
        )

    async def rate_revision(self) -> int:
        """Returns the number of the rate book that holds now; 0 if none was loaded."""
        return await rates.newest(self._connection)

    async def rates(self, revision: int) -> Sequence[RateRow]:
        """Returns the rates of a book."""
        return await rates.read(self._connection, revision)


def _holdings(row: asyncpg.Record) -> Sequence[Holding]:
    columns = (
        "first_hours",
        "end_hours",
        "customer_numbers",
        "price_areas",
        "grid_companies",
        "products",
        "premises",
    )
    return [
        Holding(*terms, premises=Premises(premises))
        for *terms, premises in zip(*(row[column] for column in columns), strict=True)
    ]


def _qualities(layout: Layout, days: bytes | None, unlike: Sequence[bytes] | None) -> Qualities:
    """Returns how each value came to be: measured, but for the days that tell otherwise."""
    qualities = np.full(layout.size, Quality.MEASURED, np.uint8)
    if unlike is not None:
        told = blocks.read_days(days)
        qualities[layout.positions(told.hours)] = blocks.read_qualities(told, unlike)
    return qualities


def _prices(row: asyncpg.Record) -> Mapping[str, PriceDays]:
    columns = (row["areas"] or (), row["price_days"] or (), row["amounts"] or ())
    known = {
        area: PriceDays(blocks.read_days(days), blocks.read_amounts(amounts))
        for area, days, amounts in zip(*columns, strict=True)
    }
    return {area: known.get(area, _NO_PRICES) for area in row["price_areas"]}


_NO_PRICES = PriceDays.empty(blocks.read_days(None))
