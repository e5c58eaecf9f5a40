"""What is to be told, on PostgreSQL."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import prometheus_client

from services.consent.domain.notifications import Leased, Notification, Reason
from services.consent.storage.part import Part

_counted = prometheus_client.Counter(
    "kundeapp_consent_notifications_total",
    "What was to be told (WAITING), what of it was WRITTEN or DROPPED, and why.",
    ["kind", "state", "reason"],
)

# What ends at the same moment ends in the order of ids, so that nobody waits for each other.
_DROP = """
UPDATE notification n SET state = 'DROPPED', reason = $1, ended_at = now()
FROM (
    SELECT id FROM notification WHERE state = 'WAITING' AND {which} ORDER BY id FOR UPDATE
) AS dropped
WHERE n.id = dropped.id RETURNING n.kind, n.state, n.reason
"""


class Notifications(Part):
    """What is to be told, on PostgreSQL."""

    async def notify(self, *notifications: Notification) -> None:
        """Takes down what is to be told; a cause that was heard of before changes nothing."""
        rows = await self._connection.fetch(
            """
            INSERT INTO notification
                (id, cause, kind, customer_id, facts, due_at, not_after, topic, state)
            SELECT n.*, 'WAITING'
            FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::jsonb[],
                        $6::timestamptz[], $7::timestamptz[], $8::text[]) AS n
            ON CONFLICT (cause) DO NOTHING RETURNING kind, state, reason
            """,
            [each.id for each in notifications],
            [each.cause for each in notifications],
            [each.kind for each in notifications],
            [each.customer_id for each in notifications],
            [orjson.dumps(dict(each.facts)).decode() for each in notifications],
            [each.due_at for each in notifications],
            [each.not_after for each in notifications],
            [each.topic for each in notifications],
        )
        self._count(rows)

    async def take_back(self, topic: str, *kinds: str) -> None:
        """Has nothing more told about a topic: only of these kinds, or of all if none is named."""
        await self._drop(
            Reason.TAKEN_BACK,
            "topic = $2 AND (kind = ANY($3::text[]) OR $3 = '{}')",
            topic,
            list(kinds),
        )

    async def lease_notifications(
        self, kinds: Collection[str], now: datetime, until: datetime, most: int
    ) -> Sequence[Leased]:
        """Returns what is due, the longest overdue first, and nobody else is handed until then."""
        rows = await self._connection.fetch(
            """
            WITH due AS (
                SELECT id FROM notification
                WHERE state = 'WAITING' AND due_at <= $2 AND kind = ANY($1::text[])
                    AND (leased_until IS NULL OR leased_until <= $2)
                ORDER BY due_at LIMIT $4 FOR UPDATE SKIP LOCKED
            )
            UPDATE notification n SET leased_until = $3, attempts = attempts + 1
            FROM due WHERE n.id = due.id RETURNING n.*
            """,
            list(kinds),
            now,
            until,
            most,
        )
        return [Leased(_notification(row), row["attempts"]) for row in rows]

    async def lock_leased(self, leased: Sequence[Leased]) -> Sequence[Leased]:
        """Returns those that still wait and that nobody has leased since, and keeps them so."""
        rows = await self._connection.fetch(
            """
            SELECT id, attempts FROM notification
            WHERE id = ANY($1::uuid[]) AND state = 'WAITING' ORDER BY id FOR UPDATE
            """,
            [each.notification.id for each in leased],
        )
        ours = {(row["id"], row["attempts"]) for row in rows}
        return [each for each in leased if (each.notification.id, each.attempt) in ours]

    async def lay_aside(self, leased: Leased, until: datetime, *, due: bool = False) -> None:
        """Has something tried again later, unless somebody else has leased it since."""
        await self._connection.execute(
            """
            UPDATE notification
            SET leased_until = $3, due_at = CASE WHEN $4 THEN $3 ELSE due_at END
            WHERE id = $1 AND attempts = $2 AND state = 'WAITING'
            """,
            leased.notification.id,
            leased.attempt,
            until,
            due,
        )

    async def end_notifications(self, ended: Mapping[UUID, str], now: datetime) -> None:
        """Notes what has become of notifications that are locked."""
        rows = await self._connection.fetch(
            """
            UPDATE notification n SET ended_at = $3, reason = nullif(ended.reason, ''),
                state = CASE ended.reason WHEN '' THEN 'WRITTEN' ELSE 'DROPPED' END
            FROM unnest($1::uuid[], $2::text[]) AS ended (id, reason)
            WHERE n.id = ended.id RETURNING kind, state, n.reason
            """,
            list(ended.keys()),
            list(ended.values()),
            now,
        )
        self._count(rows)

    async def forget_notifications(self, before: datetime) -> None:
        """Forgets what has ended before some time."""
        await self._connection.execute("DELETE FROM notification WHERE ended_at < $1", before)

    async def erase_notifications(self, customer_id: UUID) -> None:
        """Forgets all that was, and was to be, told to a customer."""
        await self._connection.execute(
            "DELETE FROM notification WHERE customer_id = $1", customer_id
        )

    async def exported_notifications(
        self, customers: Sequence[UUID]
    ) -> Sequence[Mapping[str, Any]]:
        """Returns what was, and is to be, told to customers, as records of their export."""
        rows = await self._connection.fetch(
            """
            SELECT customer_id AS "customerId", kind, due_at AS "dueAt", state, reason,
                ended_at AS "endedAt"
            FROM notification WHERE customer_id = ANY($1::uuid[]) ORDER BY id
            """,
            customers,
        )
        return [dict(row) for row in rows]

    async def _drop(self, reason: str, which: str, *values: object) -> None:
        rows = await self._connection.fetch(_DROP.format(which=which), reason, *values)
        self._count(rows)

    def _count(self, rows: Sequence[asyncpg.Record]) -> None:
        changes = Counter((row["kind"], row["state"], row["reason"] or "") for row in rows)

        def count() -> None:
            for change, times in changes.items():
                _counted.labels(*change).inc(times)

        self._transaction.after_commit(count)


def _notification(row: asyncpg.Record) -> Notification:
    return Notification(
        id=row["id"],
        cause=row["cause"],
        kind=row["kind"],
        customer_id=row["customer_id"],
        facts=row["facts"],
        due_at=row["due_at"],
        not_after=row["not_after"],
        topic=row["topic"],
    )
