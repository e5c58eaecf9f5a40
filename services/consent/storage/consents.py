"""What customers allow, on PostgreSQL."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.consent.storage.part import Part


class Consents(Part):
    """What customers allow, on PostgreSQL."""

    async def exported_consents(self, customers: Sequence[UUID]) -> Sequence[Mapping[str, Any]]:
        """Returns what holds of customers now, as records of their export."""
        rows = await self._connection.fetch(
            """
            SELECT customer_id AS "customerId", purpose, channel, decision,
                notice_version AS "noticeVersion", decided_at AS "decidedAt"
            FROM consent WHERE customer_id = ANY($1::uuid[])
            ORDER BY customer_id, purpose, channel
            """,
            customers,
        )
        return [dict(row) for row in rows]
