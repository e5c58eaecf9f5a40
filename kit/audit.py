"""What staff did to customers: written down with the action itself, and never changed.

The table is made by `tables.create_staff_action_table`, and the database refuses to change or to
delete its rows. They outlive the customer and the account of the member of staff, and name neither.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kit.postgres import Connection


@dataclass(frozen=True, slots=True)
class StaffAction:
    """Something that a member of staff did to a customer.

    Attributes:
        id: A UUID of version 7, so that ids follow each other as actions do.
        at: When it was done.
        staff_account_id: Who did it.
        customer_id: To whom it was done.
        action: What was done, as the RPC is called: `LookUpCustomer`.
        reason: Why, in the words of the member of staff, who writes no personal data there.
    """

    id: UUID
    at: datetime
    staff_account_id: UUID
    customer_id: UUID
    action: str
    reason: str


async def write_down(connection: Connection, action: StaffAction) -> None:
    """Stores an action, in the transaction that does it."""
    await connection.execute(
        """
        INSERT INTO staff_action (id, at, staff_account_id, customer_id, action, reason)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        action.id,
        action.at,
        action.staff_account_id,
        action.customer_id,
        action.action,
        action.reason,
    )


async def actions_on(
    connection: Connection, customers: Collection[UUID], after: UUID | None, limit: int
) -> Sequence[StaffAction]:
    """Returns what was done to customers, the oldest first.

    Args:
        connection: Where it is stored.
        customers: The customers.
        after: The last action that is known; None to begin.
        limit: How many at most.
    """
    rows = await connection.fetch(
        """
        SELECT * FROM staff_action
        WHERE customer_id = ANY($1::uuid[]) AND ($2::uuid IS NULL OR id > $2)
        ORDER BY id LIMIT $3
        """,
        list(customers),
        after,
        limit,
    )
    return [StaffAction(**dict(row)) for row in rows]
