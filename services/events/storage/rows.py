"""From rows to what the domain knows."""

import asyncpg

from services.events.domain import tickets, waiting_list
from services.events.domain.event import Ballot, Event
from services.events.domain.event import Status as EventStatus
from services.events.domain.guest_list import GuestParty
from services.events.domain.inventory import Inventory
from services.events.domain.store import Actor, Change, ChangeKind, Listing, Place
from services.events.domain.tickets import Reservation, Ticket
from services.events.domain.waiting_list import Entry, Offer


def event_of(row: asyncpg.Record) -> Event:
    """Returns an event, of all columns of its row."""
    closes_at = row["ballot_closes_at"]
    ballot = Ballot(closes_at, row["ballot_seed"], row["ballot_drawn_at"]) if closes_at else None
    return Event(
        id=row["id"],
        title=row["title"],
        text=row["text"],
        venue=row["venue"],
        starts_at=row["starts_at"],
        sales_open_at=row["sales_open_at"],
        sales_close_at=row["sales_close_at"],
        waiting_list_closes_at=row["waiting_list_closes_at"],
        max_per_customer=row["max_per_customer"],
        status=EventStatus(row["status"]),
        published_at=row["published_at"],
        ballot=ballot,
        cancel_reason=row["cancel_reason"],
    )


def listing_of(row: asyncpg.Record) -> Listing:
    """Returns an event with its counters, of the columns of both."""
    return Listing(event_of(row), inventory_of(row), row["waiting_parties"])


def inventory_of(row: asyncpg.Record) -> Inventory:
    """Returns counters."""
    return Inventory(
        row["capacity"], row["reserved"], row["held"], row["next_place"], row["version"]
    )


def reservation_of(row: asyncpg.Record) -> Reservation:
    """Returns a reservation."""
    return Reservation(
        row["id"],
        row["event_id"],
        row["customer_id"],
        tickets.Status(row["status"]),
        row["quantity"],
        row["reserved_at"],
    )


def ticket_of(row: asyncpg.Record) -> Ticket:
    """Returns a ticket."""
    return Ticket(
        row["id"],
        row["reservation_id"],
        row["token"],
        row["code"],
        tickets.Status(row["status"]),
        row["used_at"],
    )


def entry_of(row: asyncpg.Record) -> Entry:
    """Returns an entry, of `ENTRY_COLUMNS`."""
    offer = None
    if row["offer_id"] is not None:
        offer = Offer(
            row["offer_id"],
            row["offer_tickets"],
            row["made_at"],
            row["warn_at"],
            row["expires_at"],
            row["told_at"],
        )
    return Entry(
        id=row["id"],
        event_id=row["event_id"],
        customer_id=row["customer_id"],
        status=waiting_list.Status(row["status"]),
        wanted=row["wanted"],
        least=row["least"],
        place=row["place"],
        joined_at=row["joined_at"],
        skips=row["skips"],
        pooled=row["pooled"],
        offer=offer,
    )


def place_of(row: asyncpg.Record) -> Place:
    """Returns an entry and how far it has come."""
    return Place(entry_of(row), row["ahead"], row["number"] or "", row["name"] or "")


def party_of(row: asyncpg.Record) -> GuestParty:
    """Returns a party of the guest list, of `GUESTS`."""
    tokens: list[bytes] = row["tokens"] or []
    codes: list[str] = row["codes"] or []
    active = [
        Ticket(tickets.ticket_id_of(token), row["id"], token, code)
        for token, code in zip(tokens, codes, strict=True)
    ]
    return GuestParty(
        reservation_id=row["id"],
        customer_number=row["number"] or "",
        name=row["name"] or "",
        tickets=row["quantity"],
        admitted=max(row["admitted"], 0),
        used_in_app=row["used"],
        codes=tuple(ticket.code_text for ticket in active),
        token_hashes=tuple(ticket.token_hash for ticket in active),
        last_admitted_at=row["last_admitted_at"],
        last_device=row["last_device"] or "",
        conflict=not 0 <= row["admitted"] <= row["quantity"],
        version=row["version"],
    )


def change_of(row: asyncpg.Record) -> Change:
    """Returns something that happened to a reservation, of its row and the customer's."""
    return Change(
        row["sequence"],
        row["happened_at"],
        ChangeKind(row["kind"]),
        row["reservation_id"],
        row["number"] or "",
        row["name"] or "",
        row["tickets"],
        Actor(row["staff_account_id"], row["reason"], row["by_link"]),
    )


ENTRY_COLUMNS = """
    entry.id, entry.event_id, entry.customer_id, entry.status, entry.wanted, entry.least,
    entry.place, entry.joined_at, entry.skips, entry.pooled,
    offer.id AS offer_id, offer.tickets AS offer_tickets, offer.made_at, offer.warn_at,
    offer.expires_at, offer.told_at
"""
ENTRIES = (
    "waitlist_entry entry LEFT JOIN offer ON offer.entry_id = entry.id AND offer.status = 'OPEN'"
)
