"""Readings of many series at once, as blocks of a day."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final

import numpy as np

from kit.database import Transaction
from services.metering.domain.batches import SeriesKey
from services.metering.domain.calendar import Whole, date_of
from services.metering.domain.layout import Layout
from services.metering.domain.readings import DayBlocks, Merge
from services.metering.domain.store import UNKNOWN_SERIES
from services.metering.storage import blocks
from services.metering.storage.part import StorePart

# Lists travel as text: asyncpg looks at each member of a list for what it may hold.
# Here and below, OFFSET 0 has each row looked up by its key, however small the planner believes the
# table to be.
_FIND_SERIES: Final = """
SELECT asked.place, asked.direction, point.id AS point_id, found.id
FROM unnest(string_to_array($1, ','), string_to_array($2, ',')::smallint[])
    WITH ORDINALITY AS asked (gsrn, direction, place)
CROSS JOIN LATERAL (
    SELECT id FROM metering_point WHERE metering_point.gsrn = asked.gsrn OFFSET 0
) AS point
LEFT JOIN LATERAL (
    SELECT id FROM series
    WHERE series.metering_point_id = point.id AND series.direction = asked.direction
    OFFSET 0
) AS found ON true
"""
# Made in the order of their points and locked in the order of their numbers, so that imports of the
# same points wait for each other and never in a circle.
_MAKE_SERIES: Final = """
INSERT INTO series (metering_point_id, direction)
SELECT point_id, direction FROM unnest($1::integer[], $2::smallint[]) AS new (point_id, direction)
ORDER BY point_id, direction
ON CONFLICT DO NOTHING
RETURNING metering_point_id AS point_id, direction, id
"""
_LOCK_SERIES: Final = """
SELECT FROM series WHERE id = ANY (string_to_array($1, ',')::integer[])
ORDER BY id FOR NO KEY UPDATE
"""

# A day's series are looked for in one walk through the index, and not each in a walk of its own.
_BLOCKS: Final = """
SELECT found.series_id, asked.day, found.wh, found.qualities, found.registered
FROM unnest($1::integer[], $2::text[]) AS asked (day, series)
CROSS JOIN LATERAL (
    SELECT series_id, wh, qualities, registered FROM day_block
    WHERE day_block.day = date '1970-01-01' + asked.day
        AND day_block.series_id = ANY (string_to_array(asked.series, ',')::integer[])
    OFFSET 0
) AS found
ORDER BY found.series_id, asked.day
"""

COLUMNS: Final = (
    *("series_id", "day", "sum_wh", "highest_wh", "missing", "estimated"),
    *("wh", "qualities", "registered"),
)

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


_ROWS_AT_ONCE: Final = 1000
"""How many rows a COPY takes: what PostgreSQL writes at once. For more it makes room by what came
before, up to 64 pages, and leaves empty what it does not need."""


class StoredReadings(StorePart):
    """Series and their day blocks."""

    def __init__(self, transaction: Transaction) -> None:
        super().__init__(transaction)
        self._without_blocks: set[int] = set()

    async def has_point(self, gsrn: str) -> bool:
        """Tells whether a metering point is in the register."""
        return await self._connection.fetchval(
            "SELECT EXISTS (SELECT FROM metering_point WHERE gsrn = $1)", gsrn
        )

    async def lock_series(self, keys: Sequence[SeriesKey]) -> Whole:
        """Returns the number of each series, which is made where it is new, and locks these."""
        asked = _listed(key.gsrn for key in keys), _listed(key.direction for key in keys)
        numbers = np.full(len(keys), UNKNOWN_SERIES, np.int64)
        found = await self._connection.fetch(_FIND_SERIES, *asked)
        new = {(row["point_id"], row["direction"]): row["place"] for row in found if not row["id"]}
        if new:
            # Until the transaction ends nobody else sees them, so they need no further lock.
            made = await self._connection.fetch(_MAKE_SERIES, *map(list, zip(*new, strict=True)))
            ids = [row["id"] for row in made]
            numbers[[new[row["point_id"], row["direction"]] - 1 for row in made]] = ids
            self._without_blocks.update(ids)
            if len(made) < len(new):  # the others were made by somebody else meanwhile
                found = await self._connection.fetch(_FIND_SERIES, *asked)
        held = [row for row in found if row["id"]]
        if held:
            ids = [row["id"] for row in held]
            await self._connection.execute(_LOCK_SERIES, _listed(ids))
            numbers[[row["place"] - 1 for row in held]] = ids
        return numbers

    async def blocks(self, layout: Layout) -> DayBlocks:
        """Returns whole days of series; hours that are not stored are missing."""
        series, _ = _keys(layout)
        all_days = DayBlocks.empty(layout)
        if self._without_blocks.issuperset(series):
            return all_days
        rows = await self._connection.fetch(_BLOCKS, *_by_day(layout))
        stored = Layout(*(_whole(row[column] for row in rows) for column in ("day", "series_id")))
        at = layout.positions(stored.hours, np.repeat(_series_of(stored), stored.lengths))
        all_days.wh[at] = blocks.read_wh(b"".join(row["wh"] for row in rows))
        all_days.qualities[at] = blocks.read_qualities(stored, (row["qualities"] for row in rows))
        all_days.registered[at] = blocks.read_registered(
            stored, (row["registered"] for row in rows)
        )
        return all_days

    async def save_blocks(self, merged: Merge) -> None:
        """Stores whole days of series, and keeps what was replaced."""
        written, replaced = merged.written, merged.replaced
        if len(written.layout.days) == 0:
            return
        self._without_blocks.difference_update(_keys(written.layout)[0])
        await self._make_partitions(written.layout.days)
        if merged.is_new.any():
            # Nobody else can store them meanwhile: their series are locked.
            rows = to_copy(written.of_days(merged.is_new))
            while some := list(itertools.islice(rows, _ROWS_AT_ONCE)):
                await self._connection.copy_records_to_table(
                    "day_block", columns=COLUMNS, records=some
                )
        if not merged.is_new.all():
            again = written.of_days(~merged.is_new)
            await self._connection.execute(SAVE_BLOCKS, *to_save(again))
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


def to_copy(days: DayBlocks) -> Iterator[tuple[int | date | bytes, ...]]:
    """Returns a row of COLUMNS for each day."""
    series, numbers, *rest = to_save(days)
    dates = {day: date_of(day) for day in np.unique(days.layout.days).tolist()}
    return zip(series, (dates[day] for day in numbers), *rest, strict=True)


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
    return _series_of(layout).tolist(), layout.days.tolist()


def _by_day(layout: Layout) -> tuple[Sequence[int], Sequence[str]]:
    """Returns the days of a layout of several series, each once, and the series that have it."""
    series = _series_of(layout)
    in_order = np.argsort(layout.days, kind="stable")
    days, firsts = np.unique(layout.days[in_order], return_index=True)
    parts = np.split(series[in_order], firsts[1:])
    return days.tolist(), [_listed(part.tolist()) for part in parts]


def _series_of(layout: Layout) -> Whole:
    if layout.series is None:
        raise ValueError("the layout does not say which series its days are of")
    return layout.series


def _whole(values: Iterable[int]) -> Whole:
    return np.fromiter(values, np.int64)


def _listed(members: Iterable[int | str]) -> str:
    return ",".join(map(str, members))


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
