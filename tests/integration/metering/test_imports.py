"""What an import does to what is stored, and what it does not."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path

import asyncpg
import grpc
import pytest

from kit.testing import Neighbours
from kundeapp.metering.v1 import metering_service_pb2 as pb
from kundeapp.metering.v1.imports_pb2 import ImportReadingsReport
from kundeapp.metering.v1.metering_events_pb2 import ReadingsImported
from kundeapp.metering.v1.metering_service_pb2_grpc import MeteringServiceStub
from services.metering.config import Settings
from tests.integration.metering.files import (
    GSRN,
    OTHER_GSRN,
    UNKNOWN_GSRN,
    contracts,
    elhub,
    hours_of,
    needs_data,
    prices,
    real,
)
from tests.integration.metering.world import Metering, buckets, refused, told
from tests.integration.processes import port_of, process
from tests.unit.metering.readings_files import elhub_xml, metered, xml_series


async def with_point(metering: Metering) -> None:
    await metering.import_contracts(contracts(f"{GSRN},1001,2026-01-01,"))


async def events(metering: Metering) -> list[str]:
    return [row["subject"] for row in await metering.sql("SELECT subject FROM outbox ORDER BY seq")]


@needs_data
async def test_a_real_file_is_reported_and_again_changes_nothing(metering: Metering) -> None:
    await with_point(metering)
    report = await metering.import_readings(GSRN, real("elhub_2026-04.csv"))
    assert report == ImportReadingsReport(
        rows=744,
        created=744,
        kwh=1_423_885,
        first_start="2026-04-01T00:00:00+02:00",
        last_end="2026-05-02T00:00:00+02:00",
        points=1,
    )
    before = await metering.contents()
    again = await metering.import_readings(GSRN, real("elhub_2026-04.csv"))
    assert (again.created, again.changed, again.unchanged) == (0, 0, 744)
    assert await metering.contents() == before
    [event] = await told(metering)
    assert isinstance(event, ReadingsImported)
    assert (event.gsrns, event.new_values) == ([GSRN], 744)


@needs_data
async def test_elhub_wins_over_the_meter_reader_in_either_order(metering: Metering) -> None:
    await with_point(metering)
    for name in ("household_no5_2026-04.csv", "elhub_2026-04.csv", "household_no5_2026-04.csv"):
        await metering.import_readings(GSRN, real(name))
    [row] = await metering.sql("SELECT sum(sum_wh) AS wh FROM day_block WHERE day < '2026-05-01'")
    assert row["wh"] == 1_381_827


@needs_data
async def test_prices_again_change_nothing_and_a_final_price_replaces_a_preliminary_one(
    metering: Metering,
) -> None:
    first = await metering.import_prices("NO5", real("household_no5_2026-03.csv"))
    assert (first.rows, first.created) == (743, 743)
    before = await metering.contents()
    again = await metering.import_prices("NO5", real("household_no5_2026-03.csv"))
    assert (again.created, again.changed, again.unchanged) == (0, 0, 743)
    assert await metering.contents() == before
    final = await metering.import_prices("NO5", prices(hours_of("2026-03-29"), "0.00001"))
    assert (final.rows, final.changed) == (23, 23)


async def test_a_correction_replaces_an_estimate_and_keeps_what_was_there(
    metering: Metering,
) -> None:
    await with_point(metering)
    hours = hours_of("2026-04-06")
    await metering.import_readings(GSRN, elhub(hours, "2,000", "Estimert"))
    later = "2026-12-21T06:00:00+01:00"
    report = await metering.import_readings(GSRN, elhub(hours[5:6], "1,500", "Målt", later))
    assert (report.created, report.changed) == (0, 1)
    [day] = await metering.sql("SELECT sum_wh, estimated FROM day_block")
    assert (day["sum_wh"], day["estimated"]) == (47_500, 23)
    [old] = await metering.sql("SELECT qualities FROM replaced_day_block")
    assert old["qualities"] == bytes([2])
    older = await metering.import_readings(GSRN, elhub(hours, "9,000"))
    assert (older.changed, older.unchanged) == (23, 1)
    assert len(await events(metering)) == 3


async def test_people_see_a_row_an_hour(metering: Metering) -> None:
    await with_point(metering)
    hours = hours_of("2026-10-25")
    await metering.import_readings(GSRN, elhub(hours[:24], "2,949", "Midlertidig"))
    await metering.import_prices("NO5", prices(hours, "-0.00123"))
    readings = await metering.sql("SELECT * FROM reading ORDER BY starts_at")
    moments = [hour.astimezone(UTC) for hour in hours]
    assert [row["starts_at"] for row in readings] == moments[:24]
    assert {(float(row["kwh"]), row["quality"]) for row in readings} == {(2.949, "temporary")}
    spot = await metering.sql("SELECT * FROM spot_price ORDER BY starts_at")
    assert [row["starts_at"] for row in spot] == moments
    assert {float(row["nok_per_kwh_ex_vat"]) for row in spot} == {-0.00123}


async def test_a_file_that_is_none_is_refused_whole(metering: Metering) -> None:
    await with_point(metering)
    stored = await metering.contents()
    with refused() as answer:
        await metering.import_readings(
            GSRN, elhub(hours_of("2026-04-06")).replace(b"Volum", b"Verdi")
        )
    assert answer.refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert answer.refusal.reason == "BAD_FILE"
    assert answer.refusal.fields == [("line 1", "FILE_HEADER")]
    assert await metering.contents() == stored
    assert await events(metering) == []


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (b"1,000", b"1000", "COMMA_MISSING"),
        (b"1,000", b"en", "NOT_A_NUMBER"),
        (b"+02:00", b"", "OFFSET_MISSING"),
        (b"T18:", b"T17:", "NOT_ONE_HOUR"),
        (b"T18:00:00+02:00;2026-04-06T19:", b"T17:00:00+02:00;2026-04-06T18:", "HOUR_REPEATED"),
    ],
)
async def test_a_wrong_line_is_named_with_its_reason_and_stops_nothing_else(
    metering: Metering, before: bytes, after: bytes, reason: str
) -> None:
    await with_point(metering)
    lines = elhub(hours_of("2026-04-06")).split(b"\n")
    lines[19] = lines[19].replace(before, after, 1)

    report = await metering.import_readings(GSRN, b"\n".join(lines))

    assert (report.rows, report.created, report.refused) == (24, 23, 1)
    [problem] = report.problems
    assert (problem.where, problem.reason) == ("line 20", reason)
    assert problem.text
    assert "{" not in problem.text
    [day] = await metering.sql("SELECT missing, sum_wh FROM day_block")
    assert (day["missing"], day["sum_wh"]) == (1, 23_000)


async def test_a_file_of_which_every_line_is_wrong_stores_nothing_and_says_why(
    metering: Metering,
) -> None:
    await with_point(metering)
    stored = await metering.contents()
    report = await metering.import_readings(GSRN, elhub(hours_of("2026-04-06"), "1000"))
    assert (report.rows, report.created, report.refused) == (24, 0, 24)
    assert (report.first_start, report.last_end, report.points) == ("", "", 0)
    assert len(report.problems) == 20
    assert await metering.contents() == stored
    assert await events(metering) == []


async def test_a_file_that_is_not_the_one_of_the_hash_is_refused(metering: Metering) -> None:
    await with_point(metering)
    file = elhub(hours_of("2026-04-06"))
    for hash_, reason in ((bytes(32), "FILE_CHANGED"), (b"short", "INVALID_FIELDS")):
        with refused() as answer:
            await metering.import_readings(GSRN, file, sha256=hash_)
        assert answer.refusal.reason == reason
    assert await metering.sql("SELECT * FROM day_block") == []


async def test_a_file_that_does_not_say_whose_it_is_needs_to_be_told(metering: Metering) -> None:
    with refused() as answer:
        await metering.import_readings("", elhub(hours_of("2026-04-06")))
    assert answer.refusal.fields == [("gsrn", "METERING_POINT_MISSING")]


async def test_production_is_a_series_of_its_own(metering: Metering) -> None:
    await with_point(metering)
    hours = hours_of("2026-04-06")
    await metering.import_readings(GSRN, elhub(hours, "2,000"))
    produced = elhub(hours, "0,500").replace(b"Forbruk", b"Produksjon")
    report = await metering.import_readings(GSRN, produced)
    assert (report.created, report.kwh) == (24, 12_000)
    rows = await metering.sql(
        "SELECT direction, sum(kwh) AS kwh FROM reading GROUP BY 1 ORDER BY 1"
    )
    assert [(row["direction"], float(row["kwh"])) for row in rows] == [(1, 48), (2, 12)]


async def test_readings_of_an_unknown_or_mistyped_point_are_refused(metering: Metering) -> None:
    with refused() as unknown:
        await metering.import_readings(UNKNOWN_GSRN, elhub(hours_of("2026-04-06")))
    assert unknown.refusal.code is grpc.StatusCode.NOT_FOUND
    with refused() as mistyped:
        await metering.import_readings("707057500000000002", elhub(hours_of("2026-04-06")))
    assert mistyped.refusal.fields == [("gsrn", "WRONG_CHECK_DIGIT")]


async def test_prices_of_an_unknown_area_are_refused(metering: Metering) -> None:
    with refused() as answer:
        await metering.import_prices("SE3", prices(hours_of("2026-04-06")))
    assert answer.refusal.fields == [("price_area", "NOT_A_CHOICE")]


async def test_contracts_again_change_nothing_and_other_terms_change_them(
    metering: Metering,
) -> None:
    file = contracts(f"{GSRN},1001,2024-01-01,", f"{UNKNOWN_GSRN},1002,2024-01-01,2025-01-01")
    first = await metering.import_contracts(file)
    assert (first.rows, first.created) == (2, 2)
    before = await metering.contents()
    again = await metering.import_contracts(file)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 2)
    assert await metering.contents() == before
    move = contracts(f"{GSRN},1002,2026-04-15,", f"{GSRN},1001,2024-01-01,2026-04-15")
    moved = await metering.import_contracts(move)
    assert (moved.created, moved.changed, moved.unchanged) == (1, 1, 0)


async def test_two_contracts_on_a_point_at_once_are_refused_and_make_no_point(
    metering: Metering,
) -> None:
    with refused() as answer:
        await metering.import_contracts(
            contracts(f"{GSRN},1001,2024-01-01,", f"{GSRN},1002,2026-04-15,")
        )
    assert answer.refusal.fields == [("line 3", "CONTRACTS_OVERLAP")]
    assert await metering.sql("SELECT * FROM metering_point") == []


async def test_a_customer_may_not_import(metering: Metering) -> None:
    customer = await metering.customer("1001")

    async def requests() -> AsyncGenerator[pb.ImportMeteringPointsRequest]:
        yield pb.ImportMeteringPointsRequest(data=contracts(f"{GSRN},1001,2024-01-01,"))

    with refused() as answer:
        await metering.stub.ImportMeteringPoints(requests(), metadata=metering.metadata(customer))
    assert answer.refusal.code is grpc.StatusCode.PERMISSION_DENIED


async def test_imports_of_the_same_hours_at_once_end_as_one_after_the_other(
    metering: Metering,
) -> None:
    await with_point(metering)
    hours = hours_of("2026-04-01", days=30)
    files = [
        elhub(hours, f"{number},000", registered=f"2026-12-0{number}T06:00:00+01:00")
        for number in (3, 1, 4, 2)
    ]
    reports = await asyncio.gather(*(metering.import_readings(GSRN, file) for file in files))
    assert sum(report.created for report in reports) == 720
    [row] = await metering.sql("SELECT sum(sum_wh) AS wh FROM day_block")
    assert row["wh"] == 720 * 4000


async def test_a_service_killed_at_the_end_of_an_import_tells_nothing_until_it_is_run_again(
    settings: Settings, neighbours: Neighbours, tmp_path: Path
) -> None:
    file = elhub(hours_of("2026-04-01", days=30))
    async with running(settings, neighbours, tmp_path) as (metering, pid):
        customer = await metering.customer("1001")
        await with_point(metering)
        # The last statement of an import writes its event: it has to wait here.
        await killed_at(metering, pid, file, "outbox")
        assert await events(metering) == []

    async with running(settings, neighbours, tmp_path) as (metering, _):
        report = await metering.import_readings(GSRN, file)
        assert (report.created, report.unchanged, report.resumed) == (720, 0, True)
        [month] = buckets(await metering.usage(customer, GSRN, "MONTH", "2026-04-01", "2026-05-01"))
        assert month.wh == 720_000
        assert len(await events(metering)) == 1
        again = await metering.import_readings(GSRN, file)
        assert (again.created, again.unchanged, again.resumed) == (0, 720, False)
        assert len(await events(metering)) == 1


async def killed_at(metering: Metering, pid: int, file: bytes, table: str) -> None:
    """Imports a file, and kills the service while a statement waits to write to a table."""
    blocker = await asyncpg.connect(metering.database_url)
    async with blocker.transaction():
        await blocker.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        importing = asyncio.ensure_future(metering.import_readings(GSRN, file))
        await metering.wait_for(
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
            "AND datname = current_database() AND query LIKE $1",
            f"%INTO {table}%",
        )
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(grpc.aio.AioRpcError):
            await importing
    await blocker.close()
    await metering.wait_for(
        "SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stat_activity "
        "WHERE datname = current_database() AND query LIKE $1 AND pid <> pg_backend_pid())",
        f"%INTO {table}%",
    )


@asynccontextmanager
async def running(
    settings: Settings, neighbours: Neighbours, folder: Path
) -> AsyncGenerator[tuple[Metering, int]]:
    """Runs metering as a process of its own, whose id is told; it may be dead by the end."""
    with process("metering", neighbours, settings, folder) as child:
        async with neighbours.channel(port_of(child)) as channel:
            stub = MeteringServiceStub(channel)
            yield Metering(neighbours, settings.database_url, stub), child.pid


async def test_elhubs_message_of_many_points_is_taken_and_production_kept_apart(
    metering: Metering,
) -> None:
    await metering.import_contracts(
        contracts(f"{GSRN},1001,2026-01-01,", f"{OTHER_GSRN},1002,2026-01-01,")
    )
    first, *_ = hours_of("2026-04-06")
    message = elhub_xml(
        xml_series(first, metered("1.5", count=24), 24, point=GSRN),
        xml_series(first, metered("0.25", count=96), 96, "PT15M", point=OTHER_GSRN),
        xml_series(first, metered("2", count=24), 24, point=GSRN, direction="In"),
        xml_series(first, metered("1", count=1), 1, point=UNKNOWN_GSRN),
    )
    report = await metering.import_readings("", message)
    assert (report.rows, report.created, report.refused, report.points) == (145, 72, 1, 2)
    rows = await metering.sql(
        "SELECT gsrn, direction, sum(kwh) AS kwh FROM reading GROUP BY 1, 2 ORDER BY 1, 2"
    )
    assert [(row["gsrn"], row["direction"], float(row["kwh"])) for row in rows] == [
        (GSRN, 1, 36),
        (GSRN, 2, 48),
        (OTHER_GSRN, 1, 24),
    ]
    before = await metering.contents()
    assert (await metering.import_readings("", message)).unchanged == 72
    assert await metering.contents() == before
