"""What permissions depend on, on PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from services.consent.domain.channels import Channel
from services.consent.domain.customers import Status
from services.consent.domain.ledger import Decision
from services.consent.domain.permission import Standing
from services.consent.storage.part import Part

_OFFER = """
offer AS (
    SELECT channels, (
        SELECT max(version) FROM notice_version
        WHERE notice_version.notice = purpose.notice AND is_material
    ) AS since
    FROM purpose WHERE id = $1
)
"""
"""The purpose, and the version of its notice that a yes must not be older than."""

_STANDING = """
channel,
coalesce(channel = ANY (offer.channels), false) AS is_offered,
status,
decision,
coalesce(notice_version < offer.since, false) AS is_superseded,
ask_at IS NULL AS is_current,
address IS NOT NULL AS has_address,
is_confirmed,
EXISTS (SELECT FROM suppressed_address WHERE hash = address) AS is_suppressed
"""
"""A standing, of `channel`, `decision`, `notice_version` and the columns of a customer."""

_REACH = """
LEFT JOIN offer ON true
LEFT JOIN customer ON customer.id = customer_id
CROSS JOIN LATERAL (
    SELECT
        CASE
            WHEN channel = 'EMAIL' THEN email_hash
            WHEN channel IN ('SMS', 'PHONE') THEN mobile_hash
            WHEN channel = 'PUSH' THEN account_id::text
        END,
        CASE
            WHEN channel = 'EMAIL' THEN is_email_confirmed
            WHEN channel IN ('SMS', 'PHONE') THEN is_mobile_confirmed
            ELSE channel = 'PUSH'
        END
) AS reach (address, is_confirmed)
"""

_AUDIENCE = """
decided AS (
    SELECT DISTINCT ON (customer_id) customer_id, channel, decision, notice_version
    FROM ledger
    WHERE purpose = $1 AND channel = $2 AND position <= $3
        AND ($4::uuid IS NULL OR customer_id > $4)
    ORDER BY customer_id, position DESC
    LIMIT $5
)
"""
"""The last decisions up to a position, read from what is never changed."""


class Permissions(Part):
    """What permissions depend on, on PostgreSQL."""

    async def standings(
        self, purpose: str, customer_ids: Collection[UUID], channels: Collection[Channel]
    ) -> Mapping[tuple[UUID, Channel], Standing]:
        """Returns the standing of each customer for each channel, also of those nobody knows."""
        rows = await self._connection.fetch(
            f"""
            WITH {_OFFER}
            SELECT customer_id, {_STANDING}
            FROM unnest($2::uuid[]) AS asked (customer_id)
                CROSS JOIN unnest($3::text[]) AS way (channel)
                LEFT JOIN (SELECT * FROM consent WHERE purpose = $1) AS decided
                    USING (customer_id, channel)
                {_REACH}
            """,  # noqa: S608 - parts of a query
            purpose,
            list(customer_ids),
            list(channels),
        )
        return {(row["customer_id"], Channel(row["channel"])): _standing(row) for row in rows}

    async def last_position(self) -> int:
        """Returns the last row of the ledger, 0 if there is none."""
        last: int = await self._connection.fetchval("SELECT coalesce(max(position), 0) FROM ledger")
        return last

    async def count_standings(
        self, purpose: str, channel: Channel, position: int
    ) -> Mapping[Standing, int]:
        """Returns how many have each standing, of all who have decided."""
        rows = await self._connection.fetch(
            f"""
            WITH {_OFFER}, {_AUDIENCE}
            SELECT {_STANDING}, count(*)
            FROM decided {_REACH}
            GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
            """,  # noqa: S608 - parts of a query
            purpose,
            channel,
            position,
            None,
            None,
        )
        return {_standing(row): row["count"] for row in rows}

    async def standings_after(
        self, purpose: str, channel: Channel, position: int, after: UUID | None, limit: int
    ) -> Mapping[UUID, Standing]:
        """Returns a page of those who have decided, in the order of their ids."""
        rows = await self._connection.fetch(
            f"""
            WITH {_OFFER}, {_AUDIENCE}
            SELECT customer_id, {_STANDING}
            FROM decided {_REACH}
            ORDER BY customer_id
            """,  # noqa: S608 - parts of a query
            purpose,
            channel,
            position,
            after,
            limit,
        )
        return {row["customer_id"]: _standing(row) for row in rows}

    async def count_reach(
        self, purpose: str, channels: Sequence[Channel]
    ) -> Sequence[tuple[Sequence[Standing], int]]:
        """Returns how many have the same standings, of all who have decided."""
        rows = await self._connection.fetch(
            f"""
            WITH {_OFFER}, people AS (
                SELECT DISTINCT customer_id FROM consent WHERE purpose = $1
            ), standing AS (
                SELECT customer_id, {_STANDING}
                FROM people
                    CROSS JOIN unnest($2::text[]) AS way (channel)
                    LEFT JOIN (SELECT * FROM consent WHERE purpose = $1) AS decided
                        USING (customer_id, channel)
                    {_REACH}
            ), reach AS (
                SELECT jsonb_agg(to_jsonb(standing) - 'customer_id' ORDER BY channel) AS standings
                FROM standing GROUP BY customer_id
            )
            SELECT standings, count(*) FROM reach GROUP BY standings
            """,  # noqa: S608 - parts of a query
            purpose,
            list(channels),
        )
        return [([_standing(each) for each in row["standings"]], row["count"]) for row in rows]


def _standing(row: asyncpg.Record | Mapping[str, Any]) -> Standing:
    status: Any = row["status"]
    decision: Any = row["decision"]
    return Standing(
        channel=Channel(row["channel"]),
        is_offered=row["is_offered"],
        status=None if status is None else Status(status),
        decision=None if decision is None else Decision(decision),
        is_superseded=row["is_superseded"],
        is_current=row["is_current"],
        has_address=row["has_address"],
        is_confirmed=bool(row["is_confirmed"]),
        is_suppressed=row["is_suppressed"],
    )
