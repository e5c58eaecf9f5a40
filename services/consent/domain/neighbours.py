"""What the use cases ask of other services."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from services.consent.domain.letters import File


@dataclass(frozen=True, slots=True)
class GuestList:
    """A guest list, to be printed.

    Attributes:
        files: As PDF and as CSV.
        parties: How many parties are on it.
        guests: How many guests they are.
        waiting: How many parties wait.
    """

    files: Sequence[File]
    parties: int
    guests: int
    waiting: int


class EventFiles(Protocol):
    """What the service of events prints."""

    async def tickets(self, reservation_id: UUID, language: str, /) -> File | None:
        """Returns the tickets of a reservation, None if it has none any longer.

        Raises:
            Unavailable: If the service is out of reach.
        """
        ...

    async def guest_list(self, event_id: UUID, /) -> GuestList | None:
        """Returns the guest list of an event, None if there is no such event.

        Raises:
            Unavailable: If the service is out of reach.
        """
        ...


class Names(Protocol):
    """Who customers are."""

    async def names(self, customer_ids: Collection[UUID]) -> Mapping[UUID, str]:
        """Returns the names of those that are known.

        Raises:
            Unavailable: If identity is out of reach.
        """
        ...
