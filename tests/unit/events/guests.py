"""Guest lists to test with."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from services.events.domain.guest_list import GuestList, GuestParty, WaitingParty

MADE_AT = datetime(2026, 11, 24, 11, 2, tzinfo=UTC)


def party(name: str, *, tickets: int = 2, admitted: int = 0, number: int = 1) -> GuestParty:
    """Returns a party."""
    codes = tuple(f"K7QX-{number:02d}{ticket:02d}" for ticket in range(tickets))
    return GuestParty(
        reservation_id=UUID(int=number),
        customer_number=f"{100_000 + number}",
        name=name,
        tickets=tickets,
        admitted=admitted,
        used_in_app=0,
        codes=codes,
        token_hashes=tuple("0" * 64 for _ in codes),
        last_admitted_at=None,
        last_device="",
        conflict=admitted > tickets,
        version=1,
    )


def guest_list(*parties: GuestParty, waiting: tuple[WaitingParty, ...] = ()) -> GuestList:
    """Returns a guest list."""
    return GuestList(
        event_id=UUID(int=1),
        title="Haustkonsert på Sæbø",
        venue="Ørsta kulturhus",
        starts_at=datetime(2026, 12, 5, 18, tzinfo=UTC),
        capacity=600,
        version=12,
        parties=parties,
        waiting=waiting,
        unknown_tickets=0,
    )


def five_hundred() -> GuestList:
    """Returns a list of 500 parties."""
    names = ("Aasen", "Åsen", "Ødegård", "Æsøy", "Storelva", "Skarbøvik", "Müller", "Żółkiewski")
    parties = [
        party(f"Kari {names[number % len(names)]}", tickets=1 + number % 6, number=number)
        for number in range(500)
    ]
    waiting = WaitingParty(1, "200001", "Ola Venter", 3, 2, 2, MADE_AT)
    return replace(guest_list(*parties), waiting=(waiting,))
