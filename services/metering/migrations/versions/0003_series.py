"""A row for each series, contracts with premises, and how far imports of readings have come.

Days move to a shorter key, of which the version before knows nothing: stop it first.
"""

from alembic import op
from sqlalchemy import text

revision = "0003"
down_revision = "0002"

_STOPPED = "does not run: metering was stopped for this migration, the only one so far"

older_code = {
    "day_block.day_block_pkey is new or another": _STOPPED,
    "day_block.direction is gone": _STOPPED,
    "day_block.metering_point_id is gone": _STOPPED,
    "day_block.series_id is new and required": _STOPPED,
    "replaced_day_block.direction is gone": _STOPPED,
    "replaced_day_block.metering_point_id is gone": _STOPPED,
    "replaced_day_block.series_id is new and required": _STOPPED,
}

_SERIES = (
    """
    CREATE TABLE series (
        id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        metering_point_id integer NOT NULL REFERENCES metering_point,
        direction smallint NOT NULL,
        UNIQUE (metering_point_id, direction)
    )
    """,
    "COMMENT ON COLUMN series.direction IS '1 consumption, 2 production'",
    """
    INSERT INTO series (metering_point_id, direction)
    SELECT DISTINCT metering_point_id, direction FROM day_block ORDER BY 1, 2
    """,
    "DROP VIEW reading",
    # What is replaced waits in a schema of its own, so that indexes keep their names.
    "CREATE SCHEMA replaced",
    "ALTER TABLE day_block SET SCHEMA replaced",
    "ALTER TABLE replaced_day_block SET SCHEMA replaced",
)

_DAY_BLOCKS = (
    # No foreign key on the series: a check for each of millions of rows, when every import has the
    # series' own row locked and series are never deleted.
    """
    CREATE TABLE day_block (
        series_id integer NOT NULL,
        day date NOT NULL,
        sum_wh integer NOT NULL,
        highest_wh integer NOT NULL,
        missing smallint NOT NULL,
        estimated smallint NOT NULL,
        wh bytea NOT NULL,
        qualities bytea NOT NULL,
        registered bytea NOT NULL,
        PRIMARY KEY (series_id, day)
    ) PARTITION BY RANGE (day)
    """,
    "COMMENT ON TABLE day_block IS 'partitions are made by the first import of a month'",
    "COMMENT ON COLUMN day_block.wh IS 'an hour each: int32, little-endian, the lowest = missing'",
    """
    COMMENT ON COLUMN day_block.qualities IS
        'a byte for each hour, or one for all: 1 measured, 2 estimated, 3 final estimated, '
        '4 temporary, 5 calculated'
    """,
    """
    COMMENT ON COLUMN day_block.registered IS
        'seconds since the epoch for each hour, or once for all: int64, little-endian, 0 = untold'
    """,
    """
    CREATE TABLE replaced_day_block (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        replaced_at timestamptz NOT NULL DEFAULT now(),
        series_id integer NOT NULL,
        day date NOT NULL,
        wh bytea NOT NULL,
        qualities bytea NOT NULL,
        registered bytea NOT NULL
    )
    """,
    "CREATE INDEX replaced_day_block_day ON replaced_day_block (series_id, day, replaced_at)",
)

_MOVE_PARTITION = (
    "ALTER TABLE {name} SET SCHEMA replaced",
    "CREATE TABLE {name} PARTITION OF day_block {bounds}",
    """
    INSERT INTO {name} (
        series_id, day, sum_wh, highest_wh, missing, estimated, wh, qualities, registered
    )
    SELECT series.id, day, sum_wh, highest_wh, missing, estimated, wh, qualities, registered
    FROM replaced.{name} JOIN series USING (metering_point_id, direction)
    ORDER BY series.id, day
    """,
)

_MOVE_THE_REST = (
    """
    INSERT INTO replaced_day_block (replaced_at, series_id, day, wh, qualities, registered)
    SELECT replaced_at, series.id, day, wh, qualities, registered
    FROM replaced.replaced_day_block JOIN series USING (metering_point_id, direction)
    ORDER BY replaced_day_block.id
    """,
    "DROP SCHEMA replaced CASCADE",
    """
    CREATE VIEW reading AS
    SELECT
        metering_point.gsrn,
        series.direction,
        (day_block.day::timestamp AT TIME ZONE 'Europe/Oslo') + hour * interval '1 hour'
            AS starts_at,
        round(unpack_integer(wh, hour, 4) / 1000.0, 3) AS kwh,
        (ARRAY['measured', 'estimated', 'final estimated', 'temporary', 'calculated'])
            [get_byte(qualities, CASE WHEN length(qualities) = 1 THEN 0 ELSE hour END)] AS quality,
        to_timestamp(nullif(
            unpack_integer(registered, CASE WHEN length(registered) = 8 THEN 0 ELSE hour END, 8), 0
        )) AS registered_at
    FROM day_block
    JOIN series ON series.id = day_block.series_id
    JOIN metering_point ON metering_point.id = series.metering_point_id
    CROSS JOIN LATERAL generate_series(0, length(wh) / 4 - 1) AS hour
    WHERE unpack_integer(wh, hour, 4) <> -2147483648
    """,
    "ALTER TABLE contract ADD COLUMN premises text NOT NULL DEFAULT 'HOME'",
)

_IMPORTS = (
    """
    CREATE TABLE reading_import (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        key bytea NOT NULL UNIQUE,
        began_at timestamptz NOT NULL DEFAULT now(),
        batches integer NOT NULL DEFAULT 0
    )
    """,
    "COMMENT ON TABLE reading_import IS 'imports that have begun and not ended'",
    "COMMENT ON COLUMN reading_import.key IS 'SHA-256 of the file and of how it is read'",
    "COMMENT ON COLUMN reading_import.batches IS 'how many have been stored'",
    # Hours are numbered from the epoch; a range without any is infinite the wrong way round.
    """
    CREATE TABLE reading_import_series (
        import_id bigint NOT NULL REFERENCES reading_import ON DELETE CASCADE,
        gsrn text NOT NULL,
        direction smallint NOT NULL,
        created bigint NOT NULL,
        changed bigint NOT NULL,
        unchanged bigint NOT NULL,
        refused bigint NOT NULL,
        wh bigint NOT NULL,
        first_hour integer NOT NULL,
        end_hour integer NOT NULL,
        created_first integer NOT NULL,
        created_end integer NOT NULL,
        changed_first integer NOT NULL,
        changed_end integer NOT NULL,
        PRIMARY KEY (import_id, gsrn, direction)
    )
    """,
    "COMMENT ON COLUMN reading_import_series.refused IS 'values, where there is no such point'",
)


def upgrade() -> None:
    for statement in (*_SERIES, *_DAY_BLOCKS):
        op.execute(statement)
    partitions = op.get_bind().execute(
        text("""
            SELECT relname, pg_get_expr(relpartbound, pg_class.oid)
            FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
            WHERE inhparent = 'replaced.day_block'::regclass ORDER BY relname
        """)
    )
    for name, bounds in partitions.all():
        for statement in _MOVE_PARTITION:
            op.execute(statement.format(name=name, bounds=bounds))
    for statement in (*_MOVE_THE_REST, *_IMPORTS):
        op.execute(statement)
