"""The guest list: who may come in, by surname in Norwegian order."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class GuestParty:
    """A party on the guest list.

    Attributes:
        reservation_id: The reservation.
        customer_number: The customer's number.
        name: The customer's name; empty while it is not known here.
        tickets: How many tickets it has.
        admitted: How many of it are in.
        used_in_app: How many of its tickets the customer has marked as used.
        codes: The codes of its tickets.
        token_hashes: The SHA-256 of the tokens of its tickets, in the order of the codes.
        last_admitted_at: When somebody of it was last let in.
        last_device: The device that let them in.
        conflict: Whether what devices recorded does not add up.
        version: The version of the list in which it last changed.
    """

    reservation_id: UUID
    customer_number: str
    name: str
    tickets: int
    admitted: int
    used_in_app: int
    codes: tuple[str, ...]
    token_hashes: tuple[str, ...]
    last_admitted_at: datetime | None
    last_device: str
    conflict: bool
    version: int

    @property
    def remaining(self) -> int:
        """How many are still to come."""
        return max(self.tickets - self.admitted, 0)

    @property
    def over(self) -> int:
        """How many more are in than have tickets."""
        return max(self.admitted - self.tickets, 0)


@dataclass(frozen=True, slots=True)
class WaitingParty:
    """A party on the waiting list, behind the guests.

    Attributes:
        place: Its number in line, from 1.
        customer_number: The customer's number.
        name: The customer's name.
        wanted: How many tickets it wants.
        least: The least that it accepts.
        offered: How many it is offered, 0 without an open offer.
        offer_expires_at: When the offer ends.
    """

    place: int
    customer_number: str
    name: str
    wanted: int
    least: int
    offered: int
    offer_expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class GuestList:
    """Who may come in to an event.

    Attributes:
        event_id: The event.
        title: What it is called.
        venue: Where it is.
        starts_at: When it starts, in UTC.
        capacity: Room for how many guests.
        version: The version of the list; each change of it has a higher one.
        parties: Who has tickets, or is in, in no order.
        waiting: Who waits, in line.
        unknown_tickets: Admissions with a ticket that nobody knows.
    """

    event_id: UUID
    title: str
    venue: str
    starts_at: datetime
    capacity: int
    version: int
    parties: tuple[GuestParty, ...]
    waiting: tuple[WaitingParty, ...]
    unknown_tickets: int

    @property
    def total_tickets(self) -> int:
        """All tickets."""
        return sum(party.tickets for party in self.parties)

    @property
    def total_admitted(self) -> int:
        """All who are in."""
        return sum(party.admitted for party in self.parties)

    def in_order(self) -> Sequence[GuestParty]:
        """Returns the parties by surname; those without a name last, by customer number."""
        return sorted(self.parties, key=party_order)


def party_order(party: GuestParty) -> tuple[object, ...]:
    """Returns what a party is sorted by."""
    return (*surname_order(party.name), party.customer_number, party.reservation_id)


def names_of(name: str) -> tuple[str, str]:
    """Returns surname and given names: the last word is the surname."""
    *given, surname = name.split() or [""]
    return surname, " ".join(given)


def surname_order(name: str) -> tuple[bool, str, str]:
    """Returns what a name is sorted by: the surname, then the given names, as Norwegians sort.

    Whoever has no name is last.
    """
    surname, given_names = names_of(name)
    return not surname, _norwegian(surname), _norwegian(given_names)


def guide_letter(name: str) -> str:
    """Returns the letter under which a name is looked up, empty if there is no name."""
    surname, _ = names_of(name)
    first = _norwegian(surname)[:1]
    return _LETTERS.get(first, first).upper()


_LETTERS = {"{": "æ", "|": "ø", "}": "å"}
"""The signs that stand for the last letters, because they are sorted behind z, in this order."""
_SORTED_AS = str.maketrans(
    dict.fromkeys("æäǽ", "{")
    | dict.fromkeys("øöőǿœ", "|")
    | dict.fromkeys("åǻ", "}")
    | dict.fromkeys("üű", "y")
    | {"đ": "d", "ð": "d", "ħ": "h", "ł": "l", "ŋ": "n", "ŧ": "t", "þ": "th"}
    | dict.fromkeys("'\N{RIGHT SINGLE QUOTATION MARK}", "")
)
"""What Norwegian catalogues sort a letter as, where it is not the letter without its marks."""


def _norwegian(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold().replace("aa", "å")
    plain = unicodedata.normalize("NFKD", folded.translate(_SORTED_AS))
    return "".join(sign for sign in plain if not unicodedata.combining(sign))
