"""Readings of many series at once, as blocks of a day."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

import numpy as np

from services.metering.domain.batches import SeriesKey
from services.metering.domain.calendar import Whole, date_of
from services.metering.domain.layout import Layout
from services.metering.domain.readings import DayBlocks
from services.metering.domain.store import UNKNOWN_SERIES
from services.metering.storage import blocks
from services.metering.storage.part import StorePart

# Made in the order in which they are asked for and locked in the order of their numbers, so that
# imports of the same points wait for each other and never in a circle.
_MAKE_SERIES: Final = """
INSERT INTO series (metering_point_id, direction)
SELECT metering_point.id, direction
FROM unnest($1::text[], $2::smallint[]) AS asked (gsrn, direction)
JOIN metering_point USING (gsrn)
WHERE NOT EXISTS (
    SELECT FROM series
    WHERE metering_point_id = metering_point.id AND series.direction = asked.direction
)
ORDER BY metering_point.id, direction
ON CONFLICT DO NOTHING
"""
_LOCK_SERIES: Final = """
SELECT asked.place, series.id
FROM unnest($1::text[], $2::smallint[]) WITH ORDINALITY AS asked (gsrn, direction, place)
JOIN metering_point USING (gsrn)
JOIN series ON series.metering_point_id = metering_point.id
    AND series.direction = asked.direction
ORDER BY series.id FOR NO KEY UPDATE OF series
"""

# OFFSET 0 has each day looked up by the key, however small the planner believes the table to be.
_BLOCKS: Final = """
SELECT asked.place, found.wh, found.qualities, found.registered
FROM unnest($1::integer[], $2::integer[]) WITH ORDINALITY AS asked (series_id, day, place)
CROSS JOIN LATERAL (
    SELECT wh, qualities, registered FROM day_block
    WHERE day_block.series_id = asked.series_id AND day_block.day = date '1970-01-01' + asked.day
    OFFSET 0
) AS found
ORDER BY asked.place
"""

SAVE_BLOCKS: Final = """
INSERT INTO day_block (
    series_id, day, sum_wh, highest_wh, missing, estimated, wh, qualities, registered
)
SELECT series_id, date '1970-01-01' + day, sum_wh, highest_wh, missing, estimated,
    wh, qualities, registered
FROM unnest(
    $1::integer[], $2::integer[], $3::integer[], $4::integer[], $5::smallint[], $6::smallint[],
    $7::bytea[], $8::bytea[], $9::bytea[]
) AS written (
    series_id, day, sum_wh, highest_wh, missing, estimated, wh, qualities, registered
)
ON CONFLICT (series_id, day) DO UPDATE SET
    sum_wh = excluded.sum_wh,
    highest_wh = excluded.highest_wh,
    missing = excluded.missing,
    estimated = excluded.estimated,
    wh = excluded.wh,
    qualities = excluded.qualities,
    registered = excluded.registered
"""

_KEEP_REPLACED: Final = """
INSERT INTO replaced_day_block (series_id, day, wh, qualities, registered)
SELECT series_id, date '1970-01-01' + day, wh, qualities, registered
FROM unnest($1::integer[], $2::integer[], $3::bytea[], $4::bytea[], $5::bytea[])
    AS replaced (series_id, day, wh, qualities, registered)
"""


class StoredReadings(StorePart):
    """Series and their day blocks."""

    async def has_point(self, gsrn: str) -> bool:
        """Tells whether a metering point is in the register."""
        return await self._connection.fetchval(
            "SELECT EXISTS (SELECT FROM metering_point WHERE gsrn = $1)", gsrn
        )

    async def lock_series(self, keys: Sequence[SeriesKey]) -> Whole:
        """Returns the number of each series, which is made where it is new, and locks these."""
        asked = ([key.gsrn for key in keys], [key.direction for key in keys])
        await self._connection.execute(_MAKE_SERIES, *asked)
        rows = await self._connection.fetch(_LOCK_SERIES, *asked)
        numbers = np.full(len(keys), UNKNOWN_SERIES, np.int64)
        numbers[[row["place"] - 1 for row in rows]] = [row["id"] for row in rows]
        return numbers

    async def blocks(self, layout: Layout) -> DayBlocks:
        """Returns whole days of series; hours that are not stored are missing."""
        rows = await self._connection.fetch(_BLOCKS, *_keys(layout))
        all_days = DayBlocks.empty(layout)
        is_stored = np.zeros(len(layout.days), np.bool_)
        is_stored[[row["place"] - 1 for row in rows]] = True
        stored, at = layout.of_days(is_stored), layout.hours_of(is_stored)
        all_days.wh[at] = blocks.read_wh(b"".join(row["wh"] for row in rows))
        all_days.qualities[at] = blocks.read_qualities(stored, (row["qualities"] for row in rows))
        all_days.registered[at] = blocks.read_registered(
            stored, (row["registered"] for row in rows)
        )
        return all_days

    async def save_blocks(self, written: DayBlocks, replaced: DayBlocks) -> None:
        """Stores whole days of series, and keeps what was replaced."""
        if len(written.layout.days) == 0:
            return
        await self._make_partitions(written.layout.days)
        await self._connection.execute(SAVE_BLOCKS, *to_save(written))
        if len(replaced.layout.days):
            await self._connection.execute(
                _KEEP_REPLACED, *_keys(replaced.layout), *_columns(replaced)
            )

    async def _make_partitions(self, days: Whole) -> None:
        """Makes the partitions of months that have none yet.

        A table that is attached blocks neither readers nor writers of the others, as one that is
        created as a partition would. The lock lets one import make them and the next find them.
        """
        months = {_partition(month): month for month in _months(days)}
        missing = await self._without_table(months)
        if not missing:
            return
        await self._connection.execute("LOCK TABLE ONLY day_block IN SHARE UPDATE EXCLUSIVE MODE")
        for name in await self._without_table(missing):
            first, end = months[name], _next_month(months[name])
            await self._connection.execute(
                f"""
                CREATE TABLE {name} (LIKE day_block INCLUDING ALL);
                ALTER TABLE day_block ATTACH PARTITION {name}
                    FOR VALUES FROM ('{first}') TO ('{end}')
                """
            )

    async def _without_table(self, names: Iterable[str]) -> Sequence[str]:
        rows = await self._connection.fetch(
            "SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NULL",
            list(names),
        )
        return [row["name"] for row in rows]


def to_save(days: DayBlocks) -> Sequence[Sequence[int] | Sequence[bytes]]:
    """Returns the columns of SAVE_BLOCKS."""
    return (
        *_keys(days.layout),
        days.sums_wh().tolist(),
        days.highest_wh().tolist(),
        days.missing().tolist(),
        days.estimated().tolist(),
        *_columns(days),
    )


def _keys(layout: Layout) -> tuple[Sequence[int], Sequence[int]]:
    """Returns the series and the day of each day of a layout of several series."""
    if layout.series is None:
        raise ValueError("the layout does not say which series its days are of")
    return layout.series.tolist(), layout.days.tolist()


def _columns(days: DayBlocks) -> tuple[Sequence[bytes], Sequence[bytes], Sequence[bytes]]:
    return (
        blocks.wh_of_days(days.layout, days.wh),
        blocks.qualities_of_days(days.layout, days.qualities, days.known),
        blocks.registered_of_days(days.layout, days.registered, days.known),
    )


def _months(days: Whole) -> Iterable[date]:
    return sorted({date_of(day).replace(day=1) for day in np.unique(days).tolist()})


def _partition(month: date) -> str:
    return f"day_block_{month:%Y_%m}"


def _next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
