"""What the use cases ask of the store: the register of customers."""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from services.identity.domain.customers import Customer


class CustomerStore(Protocol):
    """The register of customers."""

    async def count_pin_try(self, customer_number: str, most: int) -> Customer | None:
        """Counts a try at a customer's PIN, before it is known whether it is right.

        Nobody else counts a try at the same PIN until this transaction is over.

        Args:
            customer_number: The customer.
            most: How many tries are allowed since the last right one.

        Returns:
            The customer, or None if there is none or the tries are used up; both take as long.
        """
        ...

    async def forgive_pin_tries(self, customer_id: UUID) -> None:
        """Starts counting again, after a right PIN."""
        ...

    async def begin_intake(self) -> None:
        """Waits until no other import is under way, and keeps others waiting."""
        ...

    async def customers_by_number(self, numbers: Sequence[str]) -> Mapping[str, Customer]:
        """Returns those of the customers that are in the register."""
        ...

    async def customers_by_id(self, customer_ids: Sequence[UUID]) -> Sequence[Customer]:
        """Returns those of the customers that are in the register, in no order."""
        ...

    async def add_customers(self, customers: Sequence[Customer]) -> None:
        """Takes customers into the register."""
        ...

    async def change_customers(self, customers: Sequence[Customer]) -> None:
        """Writes name, contact and PIN of customers; a new PIN has all its tries."""
        ...

    async def lock_customer(self, customer_id: UUID) -> Customer:
        """Returns a customer whom nobody else changes until this transaction is over."""
        ...

    async def attach_customer(self, account_id: UUID, customer_id: UUID) -> None:
        """Lets an account stand for a customer."""
        ...
