"""What the use cases ask of the store: events and reservations as they were told of."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.consent.domain.programme import Event, Reservation, StaffNotice, Stage


class ProgrammeStore(Protocol):
    """Events and reservations as they were told of."""

    async def put_event(self, event: Event) -> None:
        """Writes an event."""
        ...

    async def start_anew(self, event_id: UUID) -> None:
        """Has guest lists sent and guests asked once more, for an event at another time."""
        ...

    async def events(self, event_ids: Sequence[UUID]) -> Mapping[UUID, Event]:
        """Returns those of the events that are known."""
        ...

    async def put_reservation(self, reservation: Reservation) -> None:
        """Writes a reservation."""
        ...

    async def reservation(self, reservation_id: UUID) -> Reservation | None:
        """Returns a reservation if it is known."""
        ...

    async def reservations_of(self, event_id: UUID) -> Sequence[Reservation]:
        """Returns the reservations of an event that have tickets."""
        ...

    async def take_reminders(
        self, stage: Stage, now: datetime, most: int
    ) -> Sequence[tuple[Reservation, Event]]:
        """Returns whom it is time to ask, each of whom nobody else is handed from now on."""
        ...

    async def take_guest_lists(self, stage: Stage, now: datetime) -> Sequence[Event]:
        """Returns the events whose guest list is due, each handed out this once."""
        ...

    async def add_notice(self, notice: StaffNotice) -> None:
        """Writes down something that staff are to be told."""
        ...

    async def take_notices(self, most: int) -> Sequence[StaffNotice]:
        """Returns what staff are to be told, the oldest first, each handed out this once."""
        ...

    async def oldest_notice_at(self) -> datetime | None:
        """Returns since when staff are to be told something, None if there is nothing to tell."""
        ...

    async def reserved(self, event_ids: Sequence[UUID]) -> Mapping[UUID, int]:
        """Returns how many tickets of events are reserved."""
        ...
