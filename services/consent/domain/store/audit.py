"""What the use cases ask of the store: the log of what staff did to customers."""

from datetime import datetime
from typing import Protocol
from uuid import UUID


class AuditStore(Protocol):
    """The log of what staff did to customers."""

    async def write_down(
        self,
        action_id: UUID,
        at: datetime,
        *,
        staff_account_id: UUID,
        customer_id: UUID,
        action: str,
        reason: str,
    ) -> None:
        """Writes down what a member of staff does, in the transaction that does it."""
        ...
