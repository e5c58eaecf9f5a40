"""Challenges on PostgreSQL."""

from datetime import datetime
from uuid import UUID

import asyncpg

from services.identity.domain.challenges import MOST_TRIES, Challenge, Purpose
from services.identity.storage.part import Part

_END = """
UPDATE challenge SET ended_at = $1, contact = NULL, password_hash = NULL, code_hash = NULL,
    contact_code_hash = NULL
WHERE ended_at IS NULL AND
"""


class Challenges(Part):
    """Challenges on PostgreSQL."""

    async def begin_challenge(self, challenge: Challenge, now: datetime) -> None:
        """Begins a challenge, and ends the one that its subject has of the same purpose."""
        await self._connection.execute(
            _END + "purpose = $2 AND subject = $3", now, challenge.purpose, challenge.subject
        )
        await self._connection.execute(
            """
            INSERT INTO challenge (id, purpose, subject, account_id, customer_id, contact,
                password_hash, language, code_hash, contact_code_hash, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            """,
            challenge.id,
            challenge.purpose,
            challenge.subject,
            challenge.account_id,
            challenge.customer_id,
            challenge.contact,
            challenge.password_hash,
            challenge.language,
            challenge.code_hash,
            challenge.contact_code_hash,
            challenge.expires_at,
        )

    async def count_challenge_try(
        self, challenge_id: UUID, purpose: Purpose, now: datetime
    ) -> Challenge | None:
        """Counts a try at a challenge; the row stays locked until the commit."""
        row = await self._connection.fetchrow(
            """
            UPDATE challenge SET tries = tries + 1
            WHERE id = $1 AND purpose = $2 AND ended_at IS NULL AND expires_at > $3 AND tries < $4
            RETURNING *
            """,
            challenge_id,
            purpose,
            now,
            MOST_TRIES,
        )
        return _challenge(row) if row else None

    async def end_challenge(self, challenge_id: UUID, now: datetime) -> bool:
        """Ends a challenge; returns False if it had ended already."""
        return await self._connection.execute(_END + "id = $2", now, challenge_id) == "UPDATE 1"

    async def end_challenges_of(self, account_id: UUID, now: datetime) -> None:
        """Ends all challenges of an account."""
        await self._connection.execute(_END + "account_id = $2", now, account_id)


def _challenge(row: asyncpg.Record) -> Challenge:
    return Challenge(
        id=row["id"],
        purpose=Purpose(row["purpose"]),
        subject=row["subject"],
        expires_at=row["expires_at"],
        language=row["language"],
        code_hash=row["code_hash"],
        contact_code_hash=row["contact_code_hash"],
        contact=row["contact"],
        account_id=row["account_id"],
        customer_id=row["customer_id"],
        password_hash=row["password_hash"],
    )
