"""The customers, on PostgreSQL."""

from collections.abc import Collection, Mapping
from uuid import UUID

from services.consent.domain.customers import Status
from services.consent.storage.part import Part


class Customers(Part):
    """The customers, on PostgreSQL."""

    async def put_customer(self, customer_id: UUID, number: str | None, status: Status) -> None:
        """Writes who a customer is in the register; an erased one stays erased."""
        await self._connection.execute(
            """
            INSERT INTO customer (id, number, status) VALUES ($1, $2, $3)
            ON CONFLICT (id) DO UPDATE SET number = excluded.number, status = excluded.status
            WHERE customer.status <> 'ERASED'
            """,
            customer_id,
            number,
            status,
        )

    async def lock_customers(self, customers: Collection[UUID]) -> Mapping[UUID, Status]:
        """Keeps others from deciding for customers until the transaction is over."""
        in_order = sorted(customers)
        await self._connection.execute(
            """
            INSERT INTO customer (id, status) SELECT id, 'ACTIVE' FROM unnest($1::uuid[]) AS id
            ON CONFLICT DO NOTHING
            """,
            in_order,
        )
        rows = await self._connection.fetch(
            """
            SELECT id, status FROM customer WHERE id = ANY($1::uuid[])
            ORDER BY id FOR NO KEY UPDATE
            """,
            in_order,
        )
        return {row["id"]: Status(row["status"]) for row in rows}

    async def status_of(self, customer_id: UUID) -> Status | None:
        """Returns where a customer is in the register, None if nothing is known of one."""
        status = await self._connection.fetchval(
            "SELECT status FROM customer WHERE id = $1", customer_id
        )
        return None if status is None else Status(status)

    async def customers_by_number(self, numbers: Collection[str]) -> Mapping[str, UUID]:
        """Returns those of the customers that are known."""
        rows = await self._connection.fetch(
            "SELECT number, id FROM customer WHERE number = ANY($1::text[])", numbers
        )
        return {row["number"]: row["id"] for row in rows}
