"""What the use cases ask of the store: the register of customers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.identity.domain.customers import Customer
from services.identity.domain.letters import Address
from services.identity.domain.reach import CustomerContacts


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

    async def contacts_by_id(self, customer_ids: Sequence[UUID]) -> Sequence[CustomerContacts]:
        """Returns how those of the customers that are in the register are reached, in no order."""
        ...

    async def has_contact(self, contact: Address) -> bool:
        """Tells whether any customer has this e-mail or mobile number on file, in the same time."""
        ...

    async def customers_by_contact(self, contact: Address) -> Sequence[Customer]:
        """Returns the customers with this e-mail or mobile number on file, by number."""
        ...

    async def add_customers(self, customers: Sequence[Customer]) -> None:
        """Takes customers into the register."""
        ...

    async def change_customers(self, customers: Sequence[Customer]) -> None:
        """Writes name, contact, PIN and status of customers; a new PIN has all its tries.

        The deceased are detached from their accounts, and the erased stay erased.
        """
        ...

    async def lock_customer_with(self, number: str) -> Customer | None:
        """Returns the customer with a number, whom nobody else changes until the commit."""
        ...

    async def lock_accounts_of(self, customer_ids: Sequence[UUID]) -> Sequence[UUID]:
        """Returns the accounts that stand for customers, whom nobody else changes from now on."""
        ...

    async def detach_customers(self, account_id: UUID) -> Sequence[UUID]:
        """Lets an account stand for nobody any longer; returns for whom it did."""
        ...

    async def erase_customer(self, customer_id: UUID, now: datetime) -> None:
        """Removes all of a customer but the id."""
        ...

    async def lock_customer(self, customer_id: UUID) -> Customer:
        """Returns a customer whom nobody else changes until this transaction is over."""
        ...

    async def attach_customer(self, account_id: UUID, customer_id: UUID) -> None:
        """Lets an account stand for a customer."""
        ...
