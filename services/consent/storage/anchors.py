"""The ledger as it is checked, on PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.consent.domain.anchors import Anchor, Fault, Finding, KeptAnchor, Linked
from services.consent.storage.ledger import entry_of
from services.consent.storage.part import Part

_ANCHORS_LOCK = 0x616E63686F7273  # "anchors": the advisory lock of whoever makes one


class Anchors(Part):
    """The ledger as it is checked, on PostgreSQL."""

    async def linked_entries(self, after: int, limit: int) -> Sequence[Linked]:
        """Returns rows in the order of their positions."""
        rows = await self._connection.fetch(
            """
            SELECT row.*, before.hash AS hash_before
            FROM (SELECT * FROM ledger WHERE position > $1 ORDER BY position LIMIT $2) AS row
            LEFT JOIN ledger AS before
                ON before.customer_id = row.customer_id AND before.seq = row.seq - 1
            ORDER BY row.position
            """,
            after,
            limit,
        )
        return [_linked(dict(row)) for row in rows]

    async def row_hashes(self, after: int, limit: int) -> Sequence[tuple[int, bytes]]:
        """Returns positions and hashes of rows, in order."""
        rows = await self._connection.fetch(
            "SELECT position, hash FROM ledger WHERE position > $1 ORDER BY position LIMIT $2",
            after,
            limit,
        )
        return [(row["position"], row["hash"]) for row in rows]

    async def customers_decided(self, after: UUID | None, limit: int) -> Sequence[UUID]:
        """Returns customers of whom there is a row or something that holds, by their ids."""
        rows = await self._connection.fetch(
            """
            SELECT customer_id FROM (
                (SELECT DISTINCT customer_id FROM ledger
                WHERE $1::uuid IS NULL OR customer_id > $1 ORDER BY 1 LIMIT $2)
                UNION
                (SELECT DISTINCT customer_id FROM consent
                WHERE $1::uuid IS NULL OR customer_id > $1 ORDER BY 1 LIMIT $2)
            ) AS decided ORDER BY 1 LIMIT $2
            """,
            after,
            limit,
        )
        return [row["customer_id"] for row in rows]

    async def wrong_views(self, customers: Sequence[UUID]) -> Sequence[Finding]:
        """Returns where what holds of customers is not what the last row says."""
        rows = await self._connection.fetch(
            """
            WITH last AS (
                SELECT DISTINCT ON (customer_id, purpose, channel) *
                FROM ledger WHERE customer_id = ANY($1::uuid[])
                ORDER BY customer_id, purpose, channel, position DESC
            ), held AS (
                SELECT * FROM consent WHERE customer_id = ANY($1::uuid[])
            )
            SELECT customer_id, purpose, channel,
                coalesce(last.position, held.position) AS position
            FROM last FULL JOIN held USING (customer_id, purpose, channel)
            WHERE (last.decision, last.notice_version, last.position, last.happened_at)
                IS DISTINCT FROM
                (held.decision, held.notice_version, held.position, held.decided_at)
            ORDER BY customer_id, purpose, channel
            """,
            customers,
        )
        return [
            Finding(
                Fault.VIEW_DIFFERS,
                row["position"],
                row["position"],
                row["customer_id"],
                row["purpose"],
                row["channel"],
            )
            for row in rows
        ]

    async def lock_anchors(self) -> None:
        """Keeps others from making an anchor until the transaction is over."""
        await self._connection.execute("SELECT pg_advisory_xact_lock($1)", _ANCHORS_LOCK)

    async def anchors(self) -> Sequence[KeptAnchor]:
        """Returns the anchors that were made, by their positions."""
        rows = await self._connection.fetch("SELECT * FROM ledger_anchor ORDER BY position")
        return [
            KeptAnchor(Anchor(row["position"], row["digest"]), row["anchored_at"]) for row in rows
        ]

    async def add_anchor(self, anchor: Anchor, at: datetime) -> None:
        """Stores an anchor."""
        await self._connection.execute(
            "INSERT INTO ledger_anchor (position, digest, anchored_at) VALUES ($1, $2, $3)",
            anchor.position,
            anchor.digest,
            at,
        )


def _linked(row: dict[str, Any]) -> Linked:
    hash_before = row.pop("hash_before")
    return Linked(entry_of(row), hash_before)
