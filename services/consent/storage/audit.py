"""The log of what staff did to customers, on PostgreSQL."""

from datetime import datetime
from uuid import UUID

from kit import audit
from kit.audit import StaffAction
from services.consent.storage.part import Part


class Audit(Part):
    """The log of what staff did to customers, on PostgreSQL."""

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
        await audit.write_down(
            self._connection,
            StaffAction(action_id, at, staff_account_id, customer_id, action, reason),
        )
