"""What metering's tables say of its imports."""

from typing import Final

from prometheus_client import Gauge

from kit.gauges import Query

_SAMPLED: Final = 1_000
"""How many contracts are looked at: few enough for 3.3 million of them to cost no more."""

_hours = Gauge(
    "kundeapp_metering_sampled_hours",
    "Hours of the day before yesterday at points held all day: those of a sample, "
    "and how many of them are not there.",
    ["state"],
)
_prices_end = Gauge(
    "kundeapp_metering_prices_end_timestamp_seconds",
    "The end of the last day with spot prices.",
    ["area"],
)

# The day before yesterday: what is not there by then is late at any hour of today.
_HOURS = f"""
WITH day AS (
    SELECT day, day::timestamp AT TIME ZONE 'Europe/Oslo' AS starts_at,
        (day + 1)::timestamp AT TIME ZONE 'Europe/Oslo' AS ends_at
    FROM (SELECT (now() AT TIME ZONE 'Europe/Oslo')::date - 2 AS day) AS before_yesterday
), places AS MATERIALIZED (
    SELECT first + floor(random() * (last - first + 1))::bigint AS place
    FROM (SELECT min(id) AS first, max(id) AS last FROM contract) AS known,
        generate_series(1, {_SAMPLED})
), sampled AS (
    SELECT DISTINCT next.id, metering_point_id, starts_at, ends_at
    FROM places, LATERAL (
        SELECT id, metering_point_id, starts_at, ends_at FROM contract
        WHERE id >= place ORDER BY id LIMIT 1
    ) AS next
), counted AS (
    SELECT coalesce(sum(extract(epoch FROM day.ends_at - day.starts_at) / 3600), 0) AS expected,
        coalesce(sum(length(wh) / 4 - missing), 0) AS present
    FROM day
    JOIN sampled ON sampled.starts_at <= day.starts_at AND sampled.ends_at >= day.ends_at
    LEFT JOIN series
        ON series.metering_point_id = sampled.metering_point_id AND series.direction = 1
    LEFT JOIN day_block ON day_block.series_id = series.id AND day_block.day = day.day
)
SELECT 'expected', expected FROM counted
UNION ALL
SELECT 'missing', expected - present FROM counted
"""  # noqa: S608 - a number of ours
_PRICES_END = """
SELECT price_area,
    extract(epoch FROM (max(day) + 1)::timestamp AT TIME ZONE 'Europe/Oslo')
FROM price_day GROUP BY price_area
"""

QUERIES: Final = (Query(_hours, _HOURS), Query(_prices_end, _PRICES_END))
