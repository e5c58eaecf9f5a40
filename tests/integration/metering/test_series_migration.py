"""Days that were stored before there were series are found again, hour by hour."""

import asyncio
import shutil
from pathlib import Path

import asyncpg
import numpy as np

import services.metering
from kit import migrations
from kit.testing import Neighbours

MIGRATIONS = Path(services.metering.__file__).parent / "migrations"
READINGS = "SELECT * FROM reading ORDER BY gsrn, direction, starts_at"


def before_series(folder: Path) -> Path:
    """Returns a folder with the migrations up to the one before series."""
    versions = folder / "versions"
    versions.mkdir()
    for file in (MIGRATIONS / "versions").glob("000[12]_*.py"):
        shutil.copy(file, versions)
    return folder


async def test_days_move_to_their_series_with_all_they_hold(
    neighbours: Neighbours, tmp_path: Path
) -> None:
    await asyncio.to_thread(neighbours.postgres.create_database, "before_series")
    url = neighbours.postgres.url("before_series")
    assert await migrations.upgrade(before_series(tmp_path), url) == (None, "0002")
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            """
            INSERT INTO metering_point (gsrn) VALUES ('707057500000000001'), ('707057500000000018');
            CREATE TABLE day_block_2026_03 PARTITION OF day_block
                FOR VALUES FROM ('2026-03-01') TO ('2026-04-01');
            CREATE TABLE day_block_2026_04 PARTITION OF day_block
                FOR VALUES FROM ('2026-04-01') TO ('2026-05-01')
            """
        )
        wh = np.arange(24, dtype="<i4").tobytes()
        columns = (wh, b"\x01", np.array([1_700_000_000], "<i8").tobytes())
        for statement in (
            """
            INSERT INTO day_block
            SELECT point, date '2026-03-30' + day, 276, 23, 1, 0, 0, $1, $2, $3
            FROM generate_series(2, 1, -1) AS point, generate_series(0, 5) AS day
            """,
            """
            INSERT INTO replaced_day_block (
                metering_point_id, day, direction, wh, qualities, registered
            ) VALUES (2, '2026-03-30', 1, $1, $2, $3)
            """,
        ):
            await connection.execute(statement, *columns)
        readings = await connection.fetch(READINGS)
        assert len(readings) == 2 * 6 * 24

        before, _ = await migrations.upgrade(MIGRATIONS, url)
        assert before == "0002"

        assert await connection.fetch(READINGS) == readings
        [replaced] = await connection.fetch(
            "SELECT metering_point_id, direction, day::text, wh FROM replaced_day_block "
            "JOIN series ON series.id = series_id"
        )
        assert tuple(replaced) == (2, 1, "2026-03-30", wh)
        indexes = await connection.fetch(
            "SELECT indexname FROM pg_indexes WHERE tablename LIKE 'day_block%' ORDER BY 1"
        )
        assert [row["indexname"] for row in indexes] == [
            "day_block_2026_03_pkey",
            "day_block_2026_04_pkey",
            "day_block_pkey",
        ]
    finally:
        await connection.close()
