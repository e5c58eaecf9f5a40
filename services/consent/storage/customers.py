"""The customers, on PostgreSQL."""

from uuid import UUID

from services.consent.domain.customers import Status
from services.consent.storage.part import Part


class Customers(Part):
    """The customers, on PostgreSQL."""

    async def put_customer(self, customer_id: UUID, status: Status) -> None:
        """Writes where a customer is in the register; an erased one stays erased."""
        await self._connection.execute(
            """
            INSERT INTO customer (id, status) VALUES ($1, $2)
            ON CONFLICT (id) DO UPDATE SET status = excluded.status
            WHERE customer.status <> 'ERASED'
            """,
            customer_id,
            status,
        )
