"""Passkeys and their challenges on PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from services.identity.domain.passkeys import Ceremony, Challenge, Passkey
from services.identity.storage.part import Part

_COLUMNS = "id, account_id, credential_id, public_key, sign_count, name, created_at, last_used_at"


class Passkeys(Part):
    """Passkeys and their challenges on PostgreSQL."""

    async def add_passkey_challenge(self, challenge: Challenge) -> None:
        """Keeps a challenge until it is answered."""
        await self._connection.execute(
            """
            INSERT INTO passkey_challenge (id, value, ceremony, account_id, expires_at)
            VALUES ($1, $2, $3, $4, $5)
            """,
            challenge.id,
            challenge.value,
            challenge.ceremony,
            challenge.account_id,
            challenge.expires_at,
        )

    async def take_passkey_challenge(self, challenge_id: UUID, now: datetime) -> Challenge | None:
        """Returns a challenge and forgets it; of two who take it at once, one gets it."""
        row = await self._connection.fetchrow(
            """
            DELETE FROM passkey_challenge WHERE id = $1
            RETURNING id, value, ceremony, account_id, expires_at
            """,
            challenge_id,
        )
        if row is None or row["expires_at"] <= now:
            return None
        return Challenge(
            id=row["id"],
            value=row["value"],
            ceremony=Ceremony(row["ceremony"]),
            account_id=row["account_id"],
            expires_at=row["expires_at"],
        )

    async def lock_passkeys_of(self, account_id: UUID) -> Sequence[Passkey]:
        """Returns the passkeys of an account, to which nobody else adds one until the commit."""
        await self._connection.execute(
            "SELECT FROM account WHERE id = $1 FOR NO KEY UPDATE", account_id
        )
        return await self.passkeys_of(account_id)

    async def passkeys_of(self, account_id: UUID) -> Sequence[Passkey]:
        """Returns the passkeys of an account, the first added first."""
        rows = await self._connection.fetch(
            f"SELECT {_COLUMNS} FROM passkey WHERE account_id = $1 ORDER BY created_at, id",  # noqa: S608 - the names of columns
            account_id,
        )
        return [_passkey(row) for row in rows]

    async def add_passkey(self, passkey: Passkey) -> bool:
        """Adds a passkey; returns False if there is one by its credential id."""
        added = await self._connection.fetchrow(
            f"""
            INSERT INTO passkey ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT (credential_id) DO NOTHING
            RETURNING id
            """,  # noqa: S608 - the names of columns
            passkey.id,
            passkey.account_id,
            passkey.credential_id,
            passkey.public_key,
            passkey.sign_count,
            passkey.name,
            passkey.created_at,
            passkey.last_used_at,
        )
        return added is not None

    async def lock_passkey(self, credential_id: bytes) -> Passkey | None:
        """Returns a passkey that nobody else uses until the commit, or None."""
        row = await self._connection.fetchrow(
            f"SELECT {_COLUMNS} FROM passkey WHERE credential_id = $1 FOR UPDATE",  # noqa: S608 - the names of columns
            credential_id,
        )
        return _passkey(row) if row else None

    async def use_passkey(self, passkey_id: UUID, sign_count: int, now: datetime) -> None:
        """Writes down that a passkey was used, and how often by now."""
        await self._connection.execute(
            "UPDATE passkey SET sign_count = $2, last_used_at = $3 WHERE id = $1",
            passkey_id,
            sign_count,
            now,
        )

    async def remove_passkey(self, account_id: UUID, passkey_id: UUID) -> bool:
        """Takes a passkey off an account; returns False if the account has no such passkey."""
        removed = await self._connection.fetchrow(
            "DELETE FROM passkey WHERE account_id = $1 AND id = $2 RETURNING id",
            account_id,
            passkey_id,
        )
        return removed is not None

    async def remove_passkeys(self, account_id: UUID) -> None:
        """Takes all passkeys off an account."""
        await self._connection.execute("DELETE FROM passkey WHERE account_id = $1", account_id)


def _passkey(row: asyncpg.Record) -> Passkey:
    return Passkey(
        id=row["id"],
        account_id=row["account_id"],
        credential_id=row["credential_id"],
        public_key=row["public_key"],
        sign_count=row["sign_count"],
        name=row["name"],
        created_at=row["created_at"],
        last_used_at=row["last_used_at"],
    )
