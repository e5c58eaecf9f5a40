"""Second factors on PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.identity.domain.second_factor import SealedTotp, SecondFactors
from services.identity.storage.part import Part


class Factors(Part):
    """Second factors on PostgreSQL."""

    async def second_factors(self, account_id: UUID) -> SecondFactors:
        """Returns which second factors an account has."""
        row = await self._connection.fetchrow(
            """
            SELECT
                EXISTS (SELECT FROM totp WHERE account_id = $1) AS totp,
                (SELECT count(*) FROM recovery_code WHERE account_id = $1) AS recovery_codes,
                (SELECT count(*) FROM passkey WHERE account_id = $1) AS passkeys
            """,
            account_id,
        )
        return SecondFactors(**dict(row or {}))

    async def begin_totp(self, account_id: UUID, secret: str, expires_at: datetime) -> None:
        """Keeps a sealed secret that waits for its first code; it replaces one that waits."""
        await self._connection.execute(
            """
            INSERT INTO begun_totp (account_id, secret, expires_at) VALUES ($1, $2, $3)
            ON CONFLICT (account_id) DO UPDATE SET
                secret = excluded.secret, expires_at = excluded.expires_at
            """,
            account_id,
            secret,
            expires_at,
        )

    async def lock_begun_totp(self, account_id: UUID, now: datetime) -> str | None:
        """Returns the sealed secret that waits for its first code, or None."""
        return await self._connection.fetchval(
            "SELECT secret FROM begun_totp WHERE account_id = $1 AND expires_at > $2 FOR UPDATE",
            account_id,
            now,
        )

    async def put_totp(self, account_id: UUID, totp: SealedTotp, now: datetime) -> None:
        """Gives an account an authenticator app in place of any other; nothing waits any longer."""
        await self._connection.execute("DELETE FROM begun_totp WHERE account_id = $1", account_id)
        await self._connection.execute(
            """
            INSERT INTO totp (account_id, secret, last_step, set_up_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (account_id) DO UPDATE SET
                secret = excluded.secret,
                last_step = excluded.last_step,
                set_up_at = excluded.set_up_at
            """,
            account_id,
            totp.secret,
            totp.last_step,
            now,
        )

    async def totp(self, account_id: UUID) -> SealedTotp | None:
        """Returns the authenticator app of an account, or None."""
        row = await self._connection.fetchrow(
            "SELECT secret, last_step FROM totp WHERE account_id = $1", account_id
        )
        return SealedTotp(row["secret"], row["last_step"]) if row else None

    async def use_totp(self, account_id: UUID, totp: SealedTotp) -> bool:
        """Accepts the code of a time step; the row decides which of two at once was first."""
        used = await self._connection.fetchrow(
            """
            UPDATE totp SET secret = $2, last_step = $3
            WHERE account_id = $1 AND last_step < $3
            RETURNING account_id
            """,
            account_id,
            totp.secret,
            totp.last_step,
        )
        return used is not None

    async def remove_totp(self, account_id: UUID) -> None:
        """Takes the authenticator app and the recovery codes off an account."""
        for table in ("totp", "begun_totp", "recovery_code"):
            await self._connection.execute(
                f"DELETE FROM {table} WHERE account_id = $1",  # noqa: S608 - one of the three
                account_id,
            )

    async def remove_factors_since(self, account_id: UUID, since: datetime) -> None:
        """Takes off an account what its owner is known by since a moment: app, passkeys, links."""
        for statement in (
            """
            DELETE FROM recovery_code USING totp
            WHERE recovery_code.account_id = $1 AND totp.account_id = $1 AND set_up_at >= $2
            """,
            "DELETE FROM totp WHERE account_id = $1 AND set_up_at >= $2",
            "DELETE FROM passkey WHERE account_id = $1 AND created_at >= $2",
            "DELETE FROM provider_link WHERE account_id = $1 AND linked_at >= $2",
        ):
            await self._connection.execute(statement, account_id, since)
        await self._connection.execute("DELETE FROM begun_totp WHERE account_id = $1", account_id)

    async def replace_recovery_codes(self, account_id: UUID, hashes: Sequence[str]) -> None:
        """Gives an account recovery codes, by their hashes, in place of all others."""
        await self._connection.execute(
            "DELETE FROM recovery_code WHERE account_id = $1", account_id
        )
        await self._connection.execute(
            "INSERT INTO recovery_code (account_id, hash) SELECT $1, unnest($2::text[])",
            account_id,
            hashes,
        )

    async def use_recovery_code(self, account_id: UUID, hashes: Sequence[str]) -> bool:
        """Uses up a recovery code that is kept as one of the hashes; False if there is none."""
        used = await self._connection.fetchrow(
            """
            DELETE FROM recovery_code WHERE account_id = $1 AND hash = ANY($2::text[])
            RETURNING hash
            """,
            account_id,
            hashes,
        )
        return used is not None
