"""An import that breaks off goes on where it was, and tells once what it did."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import asyncpg
import grpc
import pytest

from kundeapp.metering.v1.imports_pb2 import ImportReadingsRequest
from kundeapp.metering.v1.metering_events_pb2 import ReadingsCorrected, ReadingsImported
from services.metering.storage.imports import StoredImports
from tests.integration.metering.files import GSRN, PLAIN_RATES, contracts, elhub, hours_of, prices
from tests.integration.metering.world import Metering, buckets, told

DAYS = 2000  # three batches of readings
HOURS = 48_000
BATCH = 20_000


@pytest.fixture(scope="module")
def long_file() -> bytes:
    """A file of three batches, in the short format."""
    start = datetime(2020, 12, 31, 23, tzinfo=UTC)
    hours = ((start + timedelta(hours=hour)).isoformat() for hour in range(HOURS))
    return "\n".join(["start;kwh", *(f"{hour};1.5" for hour in hours)]).encode()


async def with_point(metering: Metering) -> None:
    await metering.import_contracts(contracts(f"{GSRN},1001,2020-01-01,"))


async def break_off_after_a_batch(metering: Metering, file: bytes) -> None:
    """Sends the first half of a file, and leaves once its first batch is stored."""
    half = file[: len(file) // 2]

    async def requests() -> AsyncIterator[ImportReadingsRequest]:
        start = ImportReadingsRequest.Start(gsrn=GSRN, sha256=sha256(file).digest())
        yield ImportReadingsRequest(start=start)
        for at in range(0, len(half), 100_000):
            yield ImportReadingsRequest(data=half[at : at + 100_000])
        await asyncio.Event().wait()

    call = metering.stub.ImportReadings(requests(), metadata=metering.operator())
    await metering.wait_for("SELECT 1 FROM reading_import WHERE batches = 1")
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_an_import_that_broke_off_goes_on_where_it_was_and_counts_each_value_once(
    metering: Metering, long_file: bytes
) -> None:
    await with_point(metering)
    await break_off_after_a_batch(metering, long_file)
    assert await told(metering) == []

    report = await metering.import_readings(GSRN, long_file)

    assert (report.rows, report.created, report.unchanged) == (HOURS, HOURS, 0)
    assert (report.resumed, report.points, report.kwh) == (True, 1, HOURS * 1500)
    assert report.first_start == "2021-01-01T00:00:00+01:00"
    [event] = await told(metering)
    assert isinstance(event, ReadingsImported)
    assert event.new_values == HOURS
    assert event.from_time.ToDatetime(UTC) == datetime(2020, 12, 31, 23, tzinfo=UTC)
    assert (event.to_time.seconds - event.from_time.seconds) == HOURS * 3600
    assert await metering.sql("SELECT * FROM reading_import") == []

    again = await metering.import_readings(GSRN, long_file)
    assert (again.created, again.changed, again.unchanged) == (0, 0, HOURS)
    assert not again.resumed
    assert len(await told(metering)) == 1


async def test_if_stored_batches_were_not_skipped_the_counts_would_tell(
    metering: Metering, long_file: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_point(metering)
    await break_off_after_a_batch(metering, long_file)

    async def lock_and_forget(self: StoredImports, key: bytes) -> int:
        await lock_import(self, key)
        return 0

    lock_import = StoredImports.lock_import
    monkeypatch.setattr(StoredImports, "lock_import", lock_and_forget)

    report = await metering.import_readings(GSRN, long_file)

    assert (report.created, report.unchanged) == (HOURS, BATCH)


async def test_the_same_file_twice_at_once_is_counted_once(
    metering: Metering, long_file: bytes
) -> None:
    await with_point(metering)
    outcomes = await asyncio.gather(
        *(metering.import_readings(GSRN, long_file) for _ in range(2)), return_exceptions=True
    )
    reports = [each for each in outcomes if not isinstance(each, BaseException)]
    assert reports
    for other in outcomes:
        if isinstance(other, BaseException):
            assert isinstance(other, grpc.aio.AioRpcError)
            assert other.code() is grpc.StatusCode.FAILED_PRECONDITION
    [event] = await told(metering)
    assert isinstance(event, ReadingsImported)
    assert event.new_values == HOURS
    [row] = await metering.sql("SELECT sum(sum_wh) AS wh FROM day_block")
    assert row["wh"] == HOURS * 1500


async def test_a_batch_that_cannot_be_stored_leaves_the_others(
    metering: Metering, long_file: bytes
) -> None:
    """A batch waits for a table that somebody has locked, until it gives up."""
    await with_point(metering)
    await metering.import_readings(GSRN, elhub(hours_of("2026-03-01"), "9,000"))
    blocker = await asyncpg.connect(metering.database_url)
    async with blocker.transaction():
        await blocker.execute("LOCK TABLE day_block_2026_03 IN EXCLUSIVE MODE")
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await metering.import_readings(GSRN, long_file)
    await blocker.close()
    assert failed.value.code() is grpc.StatusCode.UNAVAILABLE
    [progress] = await metering.sql("SELECT batches FROM reading_import")
    assert progress["batches"] == 2

    report = await metering.import_readings(GSRN, long_file)
    assert (report.created, report.changed, report.unchanged) == (HOURS - 24, 0, 24)
    assert report.resumed


async def test_a_correction_after_twenty_days_changes_hour_day_and_month_and_is_told_once(
    metering: Metering,
) -> None:
    customer = await metering.customer("1001")
    await with_point(metering)
    await metering.import_rates(PLAIN_RATES)
    hours = hours_of("2026-04-01", days=30)
    await metering.import_readings(GSRN, elhub(hours, "1,000", "Estimert"))
    await metering.import_prices("NO5", prices(hours))

    correction = elhub(hours[36:38], "3,000", "Målt", "2026-12-21T06:00:00+01:00")
    older = elhub(hours, "7,000", "Målt", "2026-11-30T06:00:00+01:00")
    for file in (correction, correction, older):
        await metering.import_readings(GSRN, file)

        for resolution, wh, cost_wh in (
            ("HOUR", 3_000, 3_000),
            ("DAY", 28_000, 28_000),
            ("MONTH", 724_000, 724_000),
        ):
            usage = await metering.usage(customer, GSRN, resolution, "2026-04-01", "2026-05-01")
            noon = datetime.fromisoformat("2026-04-02T12:00:00+02:00")
            bucket = [each for each in buckets(usage) if each.start <= noon][-1]
            assert (bucket.wh, bucket.cost) == (wh, cost_wh * 129_875)

    imported, corrected = await told(metering)
    assert isinstance(imported, ReadingsImported)
    assert imported.new_values == 720
    assert isinstance(corrected, ReadingsCorrected)
    assert (corrected.gsrn, corrected.changed_values) == (GSRN, 2)
    assert corrected.from_time.ToDatetime(UTC) == hours[36]
    assert corrected.to_time.ToDatetime(UTC) == hours[38]


async def test_new_and_changed_values_of_one_file_are_told_apart(metering: Metering) -> None:
    await with_point(metering)
    hours = hours_of("2026-04-06")
    await metering.import_readings(GSRN, elhub(hours[:12]))
    later = elhub(hours[6:], "2,000", registered="2026-12-21T06:00:00+01:00")
    report = await metering.import_readings(GSRN, later)
    assert (report.created, report.changed, report.unchanged) == (12, 6, 0)
    _, imported, corrected = await told(metering)
    assert isinstance(imported, ReadingsImported)
    assert imported.from_time.ToDatetime(UTC) == hours[12]
    assert isinstance(corrected, ReadingsCorrected)
    assert corrected.to_time.ToDatetime(UTC) == hours[12]
