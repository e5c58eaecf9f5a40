"""What the use cases ask of the store: the devices that accounts know."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID


class DeviceStore(Protocol):
    """The devices that have logged in before, by the hashes of their tokens."""

    async def knows_device(self, account_id: UUID | None, token: bytes) -> bool:
        """Tells whether a device has logged in to an account before."""
        ...

    async def has_devices(self, account_id: UUID) -> bool:
        """Tells whether any device has logged in to an account before."""
        ...

    async def add_device(self, account_id: UUID, token: bytes, now: datetime) -> None:
        """Lets an account know a device; of many, those not used for longest are forgotten."""
        ...

    async def use_device(self, token: bytes, now: datetime) -> None:
        """Writes down that a device has logged in again."""
        ...

    async def forget_devices(self, account_id: UUID) -> None:
        """Lets an account know no device any longer."""
        ...

    async def devices_used_at(self, account_id: UUID) -> Sequence[datetime]:
        """Returns when each device that an account knows was last used, the last one first."""
        ...
