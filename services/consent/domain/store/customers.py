"""What the use cases ask of the store: the customers."""

from collections.abc import Collection, Mapping
from typing import Protocol
from uuid import UUID

from services.consent.domain.customers import Status


class CustomerStore(Protocol):
    """The customers."""

    async def put_customer(self, customer_id: UUID, number: str | None, status: Status) -> None:
        """Writes who a customer is in the register; an erased one stays erased.

        Args:
            customer_id: The customer.
            number: The number in the register, None for one who was erased.
            status: Where the customer is in the register.
        """
        ...

    async def lock_customers(self, customers: Collection[UUID]) -> Mapping[UUID, Status]:
        """Keeps others from deciding for customers until the transaction is over.

        They are locked in the order of their ids. Whoever is not known yet becomes so, as ACTIVE:
        somebody acts for them, and what identity tells of them is on its way.
        """
        ...

    async def status_of(self, customer_id: UUID) -> Status | None:
        """Returns where a customer is in the register, None if nothing is known of one."""
        ...

    async def customers_by_number(self, numbers: Collection[str]) -> Mapping[str, UUID]:
        """Returns those of the customers that are known."""
        ...
