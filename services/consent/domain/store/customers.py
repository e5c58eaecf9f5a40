"""What the use cases ask of the store: the customers."""

from typing import Protocol
from uuid import UUID

from services.consent.domain.customers import Status


class CustomerStore(Protocol):
    """The customers."""

    async def put_customer(self, customer_id: UUID, status: Status) -> None:
        """Writes where a customer is in the register; an erased one stays erased."""
        ...
