"""What the use cases ask of the store: what customers allow."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID


class ConsentStore(Protocol):
    """What customers allow."""

    async def exported_consents(self, customers: Sequence[UUID]) -> Sequence[Mapping[str, Any]]:
        """Returns what holds of customers now, as records of their export."""
        ...
