"""Values that other services write, many series at a time."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from google.protobuf.timestamp_pb2 import Timestamp

from kundeapp.metering.v1.direction_pb2 import CONSUMPTION, PRODUCTION, Direction
from kundeapp.metering.v1.imports_pb2 import WriteReadingsRequest
from services.metering.domain.readings import MISSING
from tests.integration.metering.files import (
    GSRN,
    OTHER_GSRN,
    UNKNOWN_GSRN,
    contracts,
    numbered,
)
from tests.integration.metering.world import Metering

DAY = datetime(2026, 4, 5, 22, tzinfo=UTC)
Series = WriteReadingsRequest.Series


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
    subjects = await metering.sql("SELECT subject FROM outbox")
    assert len(subjects) == 3


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
