"""Values that other services write, many series at a time."""

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
import numpy as np
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from kundeapp.metering.v1.direction_pb2 import CONSUMPTION, PRODUCTION, Direction
from kundeapp.metering.v1.imports_pb2 import WriteReadingsReport, WriteReadingsRequest
from kundeapp.metering.v1.metering_events_pb2 import ReadingsCorrected, ReadingsImported
from services.metering.domain.readings import MISSING, Merge
from services.metering.storage import readings
from tests.integration.metering.files import (
    GSRN,
    OTHER_GSRN,
    UNKNOWN_GSRN,
    contracts,
    numbered,
)
from tests.integration.metering.world import Metering, told

DAY = datetime(2026, 4, 5, 22, tzinfo=UTC)
Series = WriteReadingsRequest.Series

_WAITS_FOR_LOCK = """
SELECT 1 FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND datname = current_database() AND query LIKE $1
"""


def series(
    gsrn: str,
    wh: Sequence[int],
    *,
    direction: Direction.ValueType = CONSUMPTION,
    registered: int = 1_000_000,
    qualities: bytes = b"\x01",
    start: datetime = DAY,
) -> Series:
    return Series(
        gsrn=gsrn,
        direction=direction,
        start=Timestamp(seconds=int(start.timestamp())),
        wh=np.array(wh, "<i4").tobytes(),
        qualities=qualities,
        registered=Timestamp(seconds=registered),
    )


async def with_points(metering: Metering, *gsrns: str) -> None:
    await metering.import_contracts(contracts(*(f"{gsrn},1001,2026-01-01," for gsrn in gsrns)))


async def stored(metering: Metering) -> dict[tuple[str, int], list[float]]:
    rows = await metering.sql("SELECT * FROM reading ORDER BY gsrn, direction, starts_at")
    found: dict[tuple[str, int], list[float]] = {}
    for row in rows:
        found.setdefault((row["gsrn"], row["direction"]), []).append(float(row["kwh"]))
    return found


async def test_many_series_are_stored_at_once_and_again_change_nothing(metering: Metering) -> None:
    await with_points(metering, GSRN, OTHER_GSRN)
    request = WriteReadingsRequest(
        series=[
            series(GSRN, [1000, MISSING, 3000], qualities=b"\x01\x01\x02"),
            series(OTHER_GSRN, [500] * 24),
            series(GSRN, [70] * 2, direction=PRODUCTION),
        ]
    )
    report = await metering.write_readings(request)
    assert (report.values, report.created, report.refused) == (28, 28, 0)
    assert await stored(metering) == {
        (GSRN, 1): [1, 3],
        (GSRN, 2): [0.07] * 2,
        (OTHER_GSRN, 1): [0.5] * 24,
    }
    qualities = await metering.sql("SELECT quality FROM reading WHERE gsrn = $1 LIMIT 2", GSRN)
    assert [row["quality"] for row in qualities] == ["measured", "estimated"]

    before = await metering.contents()
    again = await metering.write_readings(request, request)
    assert (again.values, again.created, again.changed, again.unchanged) == (56, 0, 0, 56)
    assert await metering.contents() == before
    [event] = await told(metering)
    assert isinstance(event, ReadingsImported)
    assert (event.gsrns, event.new_values) == ([GSRN, OTHER_GSRN], 28)


async def test_days_that_are_stored_are_found_whichever_each_series_has(
    metering: Metering,
) -> None:
    first, second, both = points = numbered(3)
    await with_points(metering, *points)
    known = [
        series(first, [100] * 24),
        series(second, [200] * 24, start=DAY + timedelta(days=1)),
        series(both, [300] * 48),
    ]
    await metering.write_readings(WriteReadingsRequest(series=known))
    older = [series(gsrn, [900] * 48, registered=1) for gsrn in points]
    report = await metering.write_readings(WriteReadingsRequest(series=older))
    assert (report.created, report.changed, report.unchanged) == (48, 0, 96)
    assert await stored(metering) == {
        (first, 1): [0.1] * 24 + [0.9] * 24,
        (second, 1): [0.9] * 24 + [0.2] * 24,
        (both, 1): [0.3] * 48,
    }


async def test_new_values_are_told_together_and_changed_ones_of_each_series(
    metering: Metering,
) -> None:
    points = numbered(3)
    await with_points(metering, *points)
    estimates = WriteReadingsRequest(series=[series(gsrn, [100, 200]) for gsrn in points])
    rest = WriteReadingsRequest(series=[series(points[2], [300], start=DAY + timedelta(hours=9))])
    await metering.write_readings(estimates, rest)
    measured = [series(gsrn, [150, 200], registered=2_000_000) for gsrn in points[:2]]
    await metering.write_readings(WriteReadingsRequest(series=measured), estimates)

    events = await told(metering)
    imported = [each for each in events if isinstance(each, ReadingsImported)]
    # Once for both messages if the second had come when the first was stored, else of each.
    assert len(imported) in (1, 2)
    assert sum(each.new_values for each in imported) == 7
    assert imported[0].gsrns == points
    assert len({each.import_id for each in imported}) == 1
    ends = {each.to_time.ToDatetime(UTC) - DAY for each in imported}
    assert imported[0].from_time.ToDatetime(UTC) == DAY
    assert max(ends) == timedelta(hours=10)
    corrected = events[len(imported) :]
    assert [each.gsrn for each in corrected if isinstance(each, ReadingsCorrected)] == points[:2]
    assert len(corrected) == 2


async def test_stretches_of_a_series_in_a_message_are_told_as_one(metering: Metering) -> None:
    await with_points(metering, GSRN)
    later = series(GSRN, [200] * 24, start=DAY + timedelta(days=1))
    report = await metering.write_readings(
        WriteReadingsRequest(series=[later, series(GSRN, [100] * 24)])
    )
    assert (report.values, report.created) == (48, 48)
    assert await stored(metering) == {(GSRN, 1): [0.1] * 24 + [0.2] * 24}
    [event] = await told(metering)
    assert isinstance(event, ReadingsImported)
    assert event.new_values == 48
    assert event.from_time.ToDatetime(UTC) == DAY
    assert event.to_time.ToDatetime(UTC) == DAY + timedelta(days=2)


async def test_messages_of_a_stream_are_stored_in_their_order(metering: Metering) -> None:
    points = numbered(50)
    await with_points(metering, *points)
    last = 40
    report = await metering.write_readings(
        *(
            WriteReadingsRequest(series=[series(gsrn, [number] * 24) for gsrn in points[number:]])
            for number in range(last + 1)
        )
    )
    assert report.created == len(points) * 24
    assert await stored(metering) == {
        (gsrn, 1): [min(at, last) / 1000] * 24 for at, gsrn in enumerate(points)
    }


async def test_of_two_series_for_the_same_hours_in_a_message_the_later_wins_a_tie(
    metering: Metering,
) -> None:
    await with_points(metering, GSRN)
    report = await metering.write_readings(
        WriteReadingsRequest(
            series=[
                series(GSRN, [1000] * 24, registered=5),
                series(GSRN, [2000] * 12, registered=5),
                series(GSRN, [9000] * 24, registered=4),
            ]
        )
    )
    assert (report.values, report.created, report.changed, report.unchanged) == (60, 24, 12, 24)
    assert await stored(metering) == {(GSRN, 1): [2.0] * 12 + [1.0] * 12}


async def test_what_cannot_be_read_or_is_nobodys_is_named_and_stops_nothing_else(
    metering: Metering,
) -> None:
    await with_points(metering, GSRN)
    bad = [
        series("7070575\0", [1]),
        Series(gsrn=GSRN, direction=CONSUMPTION, wh=b"123", qualities=b"\x01"),
        series(GSRN, [1, 2, 3], qualities=b"\x01\x01"),
        series(GSRN, [1], start=DAY.replace(minute=15)),
        series(GSRN, [1], start=datetime(2150, 1, 1, tzinfo=UTC)),
        series(GSRN, []),
        Series(gsrn=GSRN, wh=b"\1\0\0\0", qualities=b"\x01", start=Timestamp(seconds=3600)),
        series(GSRN, [-1]),
        series(GSRN, [1_000_001]),
        series(GSRN, [1], qualities=b"\x06"),
        series(GSRN, [1], qualities=b"\x00"),
        series(UNKNOWN_GSRN, [1]),
    ]
    report = await metering.write_readings(
        WriteReadingsRequest(series=[*bad, series(GSRN, [1000])])
    )
    assert (report.created, report.refused, report.values) == (1, 12, 13)
    assert [each.reason for each in report.problems] == [
        "NOT_A_GSRN",
        *["SERIES_INVALID"] * 6,
        *["SERIES_VALUES"] * 4,
        "UNKNOWN_METERING_POINT",
    ]
    assert all(each.text and "{" not in each.text for each in report.problems)
    assert await stored(metering) == {(GSRN, 1): [1.0]}


async def test_writers_of_the_same_points_at_once_end_as_one_after_the_other(
    metering: Metering,
) -> None:
    points = numbered(100)
    await with_points(metering, *points)

    def written_at(time: int) -> WriteReadingsRequest:
        """Names the points in another order than the others do."""
        order = [*points[time * 6 :], *points[: time * 6]][:: 1 if time % 2 else -1]
        return WriteReadingsRequest(
            series=[series(gsrn, [time * 100] * 48, registered=time) for gsrn in order]
        )

    # The series are there before, so that nobody waits for whoever makes them.
    await metering.write_readings(written_at(0))
    for times in ([3, 1, 4, 2, 5], [10, 8, 7, 9, 6], [11, 15, 13, 12, 14]):
        await asyncio.gather(*(metering.write_readings(written_at(time)) for time in times))
        found = await stored(metering)
        assert sorted(gsrn for gsrn, _ in found) == points
        assert {value for values in found.values() for value in values} == {max(times) / 10}


@pytest.mark.parametrize("locked", [True, False])
async def test_an_older_value_does_not_win_over_one_that_comes_while_it_is_merged(
    metering: Metering, monkeypatch: pytest.MonkeyPatch, *, locked: bool
) -> None:
    """Without the lock on the series it does, as it was merged with what was there before."""
    if not locked:
        monkeypatch.setattr(readings, "_LOCK_SERIES", "SELECT $1::text")
    merged_older, go_on = asyncio.Event(), asyncio.Event()
    save_blocks = readings.StoredReadings.save_blocks

    async def save_older_later(store: readings.StoredReadings, merged: Merge) -> None:
        if (merged.written.registered == 1).any():
            merged_older.set()
            await go_on.wait()
        await save_blocks(store, merged)

    monkeypatch.setattr(readings.StoredReadings, "save_blocks", save_older_later)
    await with_points(metering, GSRN)

    def write(wh: int, registered: int) -> Awaitable[WriteReadingsReport]:
        request = WriteReadingsRequest(series=[series(GSRN, [wh] * 24, registered=registered)])
        return asyncio.ensure_future(metering.write_readings(request))

    await write(50, 0)
    older = write(100, 1)
    await merged_older.wait()
    newer = write(200, 2)
    if locked:
        await metering.wait_for(_WAITS_FOR_LOCK, "%FROM series%")
    else:
        await newer
    go_on.set()
    await asyncio.gather(older, newer)
    assert await stored(metering) == {(GSRN, 1): [0.2 if locked else 0.1] * 24}


@pytest.mark.parametrize("made", [1, 3])
async def test_series_that_somebody_else_makes_meanwhile_are_written_all_the_same(
    metering: Metering, made: int
) -> None:
    points = numbered(3)
    await with_points(metering, *points)
    other = await asyncpg.connect(metering.database_url)
    async with other.transaction():
        await other.execute(
            "INSERT INTO series (metering_point_id, direction) "
            "SELECT id, $1 FROM metering_point ORDER BY id LIMIT $2",
            CONSUMPTION,
            made,
        )
        writing = asyncio.ensure_future(
            metering.write_readings(
                WriteReadingsRequest(series=[series(gsrn, [1000, 2000]) for gsrn in points])
            )
        )
        await metering.wait_for(_WAITS_FOR_LOCK, "%INTO series%")
    await other.close()
    assert (await writing).created == 6
    assert await stored(metering) == {(gsrn, 1): [1.0, 2.0] for gsrn in points}
