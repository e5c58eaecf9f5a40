"""What the tables of events say of seats and of the waiting list."""

from typing import Final

from prometheus_client import Gauge

from kit.gauges import Query

_seats = Gauge(
    "kundeapp_events_seats", "Seats of published events that are yet to begin.", ["state"]
)
_parties = Gauge("kundeapp_events_waiting_parties", "Parties on waiting lists.", ["state"])
_untold = Gauge(
    "kundeapp_events_oldest_untold_offer_seconds",
    "For how long the oldest open offer has not been told of.",
)

_SEATS = """
WITH sums AS (
    SELECT coalesce(sum(capacity), 0) AS capacity, coalesce(sum(reserved), 0) AS reserved,
        coalesce(sum(held), 0) AS held
    FROM inventory JOIN event ON event.id = inventory.event_id
    WHERE status = 'PUBLISHED' AND starts_at > now()
)
SELECT 'capacity', capacity FROM sums
UNION ALL SELECT 'reserved', reserved FROM sums
UNION ALL SELECT 'held', held FROM sums
"""
_PARTIES = """
SELECT state, count(entry.id)
FROM unnest(ARRAY['WAITING', 'OFFERED']) AS state
LEFT JOIN waitlist_entry AS entry
    ON entry.status = state AND entry.status IN ('WAITING', 'OFFERED')
GROUP BY state
"""
_UNTOLD = """
SELECT coalesce(greatest(0, extract(epoch FROM now() - min(made_at))), 0)
FROM offer WHERE status = 'OPEN' AND told_at IS NULL
"""

QUERIES: Final = (Query(_seats, _SEATS), Query(_parties, _PARTIES), Query(_untold, _UNTOLD))
