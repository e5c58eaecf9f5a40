"""Which prices may still change, and what a euro costs."""

from alembic import op

revision = "0005"
down_revision = "0004"

_CREATE = (
    # All that were stored so far count as final.
    "ALTER TABLE price_day ADD COLUMN provisional bytea NOT NULL DEFAULT '\\x00'",
    """
    COMMENT ON COLUMN price_day.provisional IS
        'a byte for each hour, or one for all: 1 if the price may still change'
    """,
    """
    CREATE OR REPLACE VIEW spot_price AS
    SELECT
        price_area,
        (day::timestamp AT TIME ZONE 'Europe/Oslo') + hour * interval '1 hour' AS starts_at,
        round(unpack_integer(amounts, hour, 4) / 100000.0, 5) AS nok_per_kwh_ex_vat,
        get_byte(provisional, CASE WHEN length(provisional) = 1 THEN 0 ELSE hour END) = 1
            AS is_provisional
    FROM price_day
    CROSS JOIN LATERAL generate_series(0, length(amounts) / 4 - 1) AS hour
    WHERE unpack_integer(amounts, hour, 4) <> -2147483648
    """,
    """
    CREATE TABLE exchange_rate (
        day date PRIMARY KEY,
        nok_per_eur numeric(9, 6) NOT NULL CHECK (nok_per_eur > 0),
        source text NOT NULL
    )
    """,
)


def upgrade() -> None:
    for statement in _CREATE:
        op.execute(statement)
