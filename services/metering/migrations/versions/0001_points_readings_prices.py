"""Metering points, contracts, readings and prices."""

from alembic import op

from kit.tables import create_chassis_tables

revision = "0001"
down_revision = None

_CREATE = (
    """
    CREATE TABLE metering_point (
        id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        gsrn text NOT NULL UNIQUE CHECK (gsrn ~ '^[0-9]{18}$')
    )
    """,
    """
    CREATE TABLE contract (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        metering_point_id integer NOT NULL REFERENCES metering_point,
        customer_number text NOT NULL,
        starts_at timestamptz NOT NULL,
        ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
        price_area text NOT NULL,
        grid_company text NOT NULL,
        product text NOT NULL,
        address text NOT NULL,
        UNIQUE (metering_point_id, customer_number, starts_at)
    )
    """,
    "CREATE INDEX contract_customer_number ON contract (customer_number)",
    "COMMENT ON COLUMN contract.ends_at IS 'exclusive; infinity while the contract lasts'",
    # What identity has told. A number without a customer here is one that nobody can log in as.
    """
    CREATE TABLE customer (
        id uuid PRIMARY KEY,
        number text NOT NULL UNIQUE
    )
    """,
    # No foreign key on the metering point: a check for each of millions of rows, when every import
    # has the point's own row locked and points are never deleted.
    """
    CREATE TABLE day_block (
        metering_point_id integer NOT NULL,
        day date NOT NULL,
        sum_wh integer NOT NULL,
        highest_wh integer NOT NULL,
        direction smallint NOT NULL,
        missing smallint NOT NULL,
        estimated smallint NOT NULL,
        wh bytea NOT NULL,
        qualities bytea NOT NULL,
        registered bytea NOT NULL,
        PRIMARY KEY (metering_point_id, direction, day)
    ) PARTITION BY RANGE (day)
    """,
    "COMMENT ON TABLE day_block IS 'partitions are made by the first import of a month'",
    "COMMENT ON COLUMN day_block.direction IS '1 consumption'",
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
        metering_point_id integer NOT NULL,
        day date NOT NULL,
        direction smallint NOT NULL,
        wh bytea NOT NULL,
        qualities bytea NOT NULL,
        registered bytea NOT NULL
    )
    """,
    """
    CREATE INDEX replaced_day_block_day
        ON replaced_day_block (metering_point_id, direction, day, replaced_at)
    """,
    """
    CREATE TABLE price_day (
        price_area text NOT NULL,
        day date NOT NULL,
        amounts bytea NOT NULL,
        PRIMARY KEY (price_area, day)
    )
    """,
    """
    COMMENT ON COLUMN price_day.amounts IS
        '1e-5 kr/kWh ex. VAT an hour: int32, little-endian, the lowest = unknown'
    """,
    # For people: a row an hour.
    """
    CREATE FUNCTION unpack_integer(bytes bytea, index integer, width integer) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
        SELECT CASE width
            WHEN 4 THEN bits::bit(32)::integer::bigint
            ELSE bits
        END
        FROM (
            SELECT bit_or(get_byte(bytes, index * width + place)::bigint << (8 * place))
            FROM generate_series(0, width - 1) AS place
        ) AS unpacked (bits)
    $$
    """,
    """
    CREATE VIEW reading AS
    SELECT
        metering_point.gsrn,
        day_block.direction,
        (day_block.day::timestamp AT TIME ZONE 'Europe/Oslo') + hour * interval '1 hour'
            AS starts_at,
        round(unpack_integer(wh, hour, 4) / 1000.0, 3) AS kwh,
        (ARRAY['measured', 'estimated', 'final estimated', 'temporary', 'calculated'])
            [get_byte(qualities, CASE WHEN length(qualities) = 1 THEN 0 ELSE hour END)] AS quality,
        to_timestamp(nullif(
            unpack_integer(registered, CASE WHEN length(registered) = 8 THEN 0 ELSE hour END, 8), 0
        )) AS registered_at
    FROM day_block
    JOIN metering_point ON metering_point.id = day_block.metering_point_id
    CROSS JOIN LATERAL generate_series(0, length(wh) / 4 - 1) AS hour
    WHERE unpack_integer(wh, hour, 4) <> -2147483648
    """,
    """
    CREATE VIEW spot_price AS
    SELECT
        price_area,
        (day::timestamp AT TIME ZONE 'Europe/Oslo') + hour * interval '1 hour' AS starts_at,
        round(unpack_integer(amounts, hour, 4) / 100000.0, 5) AS nok_per_kwh_ex_vat
    FROM price_day
    CROSS JOIN LATERAL generate_series(0, length(amounts) / 4 - 1) AS hour
    WHERE unpack_integer(amounts, hour, 4) <> -2147483648
    """,
)


def upgrade() -> None:
    create_chassis_tables(op)
    for statement in _CREATE:
        op.execute(statement)
