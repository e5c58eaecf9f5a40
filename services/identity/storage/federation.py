"""Logins with providers on PostgreSQL."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from services.identity.domain.federation import Flow, Link, ProviderIdentity
from services.identity.domain.sessions import Client
from services.identity.storage.part import Part

_MOST_FORGOTTEN = 10


class Federation(Part):
    """Logins with providers on PostgreSQL."""

    async def add_flow(self, flow: Flow, state: bytes, secret: bytes, now: datetime) -> None:
        """Keeps a flow until it is completed, and forgets some that never were."""
        await self._connection.execute(
            """
            DELETE FROM provider_flow WHERE state IN (
                SELECT state FROM provider_flow WHERE expires_at <= $1
                LIMIT $2 FOR UPDATE SKIP LOCKED
            )
            """,
            now,
            _MOST_FORGOTTEN,
        )
        await self._connection.execute(
            """
            INSERT INTO provider_flow (state, secret, provider_id, client, account_id, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6)
            """,
            state,
            secret,
            flow.provider_id,
            flow.client,
            flow.account_id,
            flow.expires_at,
        )

    async def take_flow(
        self, state: bytes, secret: bytes, account_id: UUID | None, now: datetime
    ) -> Flow | None:
        """Uses a flow up; of several at once, one gets it."""
        row = await self._connection.fetchrow(
            """
            DELETE FROM provider_flow
            WHERE state = $1 AND secret = $2 AND account_id IS NOT DISTINCT FROM $3
                AND expires_at > $4
            RETURNING provider_id, client, account_id, expires_at
            """,
            state,
            secret,
            account_id,
            now,
        )
        if row is None:
            return None
        return Flow(row["provider_id"], Client(row["client"]), row["account_id"], row["expires_at"])

    async def add_link(self, link: Link) -> bool:
        """Links an account; returns False if person or account is linked at this issuer already."""
        added = await self._connection.fetchval(
            """
            INSERT INTO provider_link (issuer, subject, account_id, linked_at)
            VALUES ($1, $2, $3, $4)
            ON CONFLICT DO NOTHING RETURNING true
            """,
            link.issuer,
            link.subject,
            link.account_id,
            link.linked_at,
        )
        return added is not None

    async def account_linked_to(self, identity: ProviderIdentity) -> UUID | None:
        """Returns the account that is linked to a person and stays so until the commit, or None."""
        return await self._connection.fetchval(
            "SELECT account_id FROM provider_link WHERE issuer = $1 AND subject = $2 FOR SHARE",
            identity.issuer,
            identity.subject,
        )

    async def links_of(self, account_id: UUID) -> Mapping[str, datetime]:
        """Returns at which issuers an account is linked, and since when."""
        rows = await self._connection.fetch(
            "SELECT issuer, linked_at FROM provider_link WHERE account_id = $1", account_id
        )
        return {row["issuer"]: row["linked_at"] for row in rows}

    async def remove_link(self, account_id: UUID, issuer: str) -> bool:
        """Unlinks an account; returns False if it was not linked at this issuer."""
        removed = await self._connection.fetchval(
            "DELETE FROM provider_link WHERE account_id = $1 AND issuer = $2 RETURNING true",
            account_id,
            issuer,
        )
        return removed is not None
