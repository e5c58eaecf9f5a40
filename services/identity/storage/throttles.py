"""Tries of late on PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import prometheus_client
import structlog

from services.identity.domain.throttles import Try
from services.identity.storage.part import Part

# A row holds the moments of the last tries that were allowed. One more is allowed while there are
# fewer than the most, or the oldest that counts has left the stretch of time.
_COUNT = """
INSERT INTO throttle AS kept (key, tries, most, within)
SELECT key, ARRAY[$4::timestamptz], most, within
FROM unnest($1::bytea[], $2::smallint[], $3::interval[]) AS new (key, most, within)
ORDER BY key
ON CONFLICT (key) DO UPDATE SET
    tries = (kept.tries || excluded.tries)
        [greatest(1, cardinality(kept.tries) + 2 - excluded.most):],
    most = excluded.most,
    within = excluded.within
WHERE cardinality(kept.tries) < excluded.most
    OR kept.tries[cardinality(kept.tries) - excluded.most + 1] + excluded.within <= $4
RETURNING key
"""
_GIVE_BACK = """
WITH locked AS (
    SELECT key FROM throttle WHERE key = ANY($1::bytea[]) ORDER BY key FOR UPDATE
)
UPDATE throttle kept SET tries = trim_array(tries, 1)
FROM locked WHERE kept.key = locked.key AND cardinality(tries) > 0
"""

_throttled = prometheus_client.Counter(
    "kundeapp_identity_throttled_total",
    "Tries that were refused because there had been too many.",
    ["throttle"],
)
_log = structlog.get_logger(__name__)


class Throttles(Part):
    """Tries of late on PostgreSQL."""

    async def count_tries(self, tries: Sequence[Try], now: datetime) -> timedelta | None:
        """Counts tries, before it is known how they turn out."""
        allowed = await self._connection.fetch(
            _COUNT,
            [each.key for each in tries],
            [each.throttle.most for each in tries],
            [each.throttle.within for each in tries],
            now,
        )
        keys = {row["key"] for row in allowed}
        refused = [each for each in tries if each.key not in keys]
        for each in refused:
            _throttled.labels(each.throttle.name).inc()
            _log.warning("too many tries", throttle=each.throttle.name)
        if not refused:
            return None
        return await self._connection.fetchval(
            """
            SELECT max(tries[cardinality(tries) - most + 1] + within) - $2 FROM throttle
            WHERE key = ANY($1::bytea[])
            """,
            [each.key for each in refused],
            now,
        )

    async def give_back(self, tries: Sequence[Try]) -> None:
        """Takes back the last try that was counted by each, since it turned out right."""
        await self._connection.execute(_GIVE_BACK, [each.key for each in tries])
