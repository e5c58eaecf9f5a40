"""Known devices on PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.identity.storage.part import Part

_MOST_DEVICES = 50


class Devices(Part):
    """Known devices on PostgreSQL."""

    async def knows_device(self, account_id: UUID | None, token: bytes) -> bool:
        """Tells whether a device has logged in to an account before."""
        return await self._connection.fetchval(
            "SELECT EXISTS (SELECT FROM device WHERE token = $1 AND account_id = $2)",
            token,
            account_id,
        )

    async def has_devices(self, account_id: UUID) -> bool:
        """Tells whether any device has logged in to an account before."""
        return await self._connection.fetchval(
            "SELECT EXISTS (SELECT FROM device WHERE account_id = $1)", account_id
        )

    async def add_device(self, account_id: UUID, token: bytes, now: datetime) -> None:
        """Lets an account know a device; of many, those not used for longest are forgotten."""
        await self._connection.execute(
            """
            DELETE FROM device WHERE token IN (
                SELECT token FROM device WHERE account_id = $1
                ORDER BY last_used_at DESC OFFSET $2
            )
            """,
            account_id,
            _MOST_DEVICES - 1,
        )
        await self._connection.execute(
            "INSERT INTO device (token, account_id, last_used_at) VALUES ($2, $1, $3)",
            account_id,
            token,
            now,
        )

    async def use_device(self, token: bytes, now: datetime) -> None:
        """Writes down that a device has logged in again."""
        await self._connection.execute(
            "UPDATE device SET last_used_at = $2 WHERE token = $1", token, now
        )

    async def forget_devices(self, account_id: UUID) -> None:
        """Lets an account know no device any longer."""
        await self._connection.execute("DELETE FROM device WHERE account_id = $1", account_id)

    async def devices_used_at(self, account_id: UUID) -> Sequence[datetime]:
        """Returns when each device that an account knows was last used, the last one first."""
        rows = await self._connection.fetch(
            "SELECT last_used_at FROM device WHERE account_id = $1 ORDER BY last_used_at DESC",
            account_id,
        )
        return [row["last_used_at"] for row in rows]
