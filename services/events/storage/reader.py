"""What is read."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from kit.postgres import Connection
from services.events.domain.door import Presence
from services.events.domain.event import POOLS_DISSOLVE_BEFORE, Event
from services.events.domain.guest_list import GuestParty
from services.events.domain.inventory import Inventory
from services.events.domain.store import (
    Admission,
    Audit,
    Change,
    Draw,
    Listing,
    PastOffer,
    Place,
)
from services.events.domain.tickets import Booking, Reservation, Ticket
from services.events.domain.waiting_list import WAIT_BEFORE_POOLING
from services.events.storage.rows import (
    ENTRIES,
    ENTRY_COLUMNS,
    change_of,
    event_of,
    inventory_of,
    listing_of,
    party_of,
    place_of,
    reservation_of,
    ticket_of,
)

_LISTING = """
SELECT event.*, inventory.*, (
    SELECT count(*) FROM waitlist_entry
    WHERE event_id = event.id AND status IN ('WAITING', 'OFFERED')
) AS waiting_parties
FROM event JOIN inventory ON inventory.event_id = event.id
"""

_PLACE = f"""
SELECT {ENTRY_COLUMNS}, customer.number, customer.name, CASE
    WHEN entry.status = 'WAITING'
        AND (event.ballot_closes_at IS NULL OR event.ballot_drawn_at IS NOT NULL)
    THEN (
        SELECT count(*) FROM waitlist_entry other
        WHERE other.event_id = entry.event_id AND other.status = 'WAITING'
            AND other.place < entry.place
    )
END AS ahead
FROM {ENTRIES}
JOIN event ON event.id = entry.event_id
LEFT JOIN customer ON customer.id = entry.customer_id
"""  # noqa: S608 - the names of columns

_GUESTS = """
SELECT reservation.id, reservation.quantity, reservation.version, customer.number, customer.name,
    valid.codes, valid.tokens, valid.used,
    coalesce(door.admitted, 0) AS admitted, door.last_admitted_at, door.last_device
FROM reservation
LEFT JOIN customer ON customer.id = reservation.customer_id
LEFT JOIN LATERAL (
    SELECT array_agg(code ORDER BY code) AS codes, array_agg(token ORDER BY code) AS tokens,
        count(used_at) AS used
    FROM ticket WHERE reservation_id = reservation.id AND status = 'ACTIVE'
) AS valid ON true
LEFT JOIN LATERAL (
    SELECT sum(CASE kind WHEN 'ADMIT' THEN guests ELSE -guests END) AS admitted,
        max(happened_at) FILTER (WHERE kind = 'ADMIT') AS last_admitted_at,
        (array_agg(device ORDER BY happened_at DESC) FILTER (WHERE kind = 'ADMIT'))[1]
            AS last_device
    FROM door_record WHERE reservation_id = reservation.id
) AS door ON true
"""

_EVENTS_TO_TEND = """
SELECT event_id FROM offer
WHERE status = 'OPEN' AND told_at IS NOT NULL
    AND (expires_at <= $1 OR (warn_at <= $1 AND NOT warned))
UNION
SELECT event.id FROM event
WHERE status = 'PUBLISHED' AND ballot_drawn_at IS NULL AND ballot_closes_at <= $1
UNION
SELECT event.id FROM event JOIN inventory ON inventory.event_id = event.id
WHERE status = 'PUBLISHED' AND EXISTS (
    SELECT FROM waitlist_entry entry
    WHERE entry.event_id = event.id AND entry.status IN ('WAITING', 'OFFERED') AND (
        waiting_list_closes_at <= $1
        OR (pooled > 0 AND starts_at - $2::interval <= $1)
        OR (
            capacity > reserved + held AND joined_at <= $1 - $3::interval
            AND starts_at - $2::interval > $1
            AND (ballot_closes_at IS NULL OR ballot_drawn_at IS NOT NULL)
            AND entry.status = 'WAITING'
        )
    )
)
"""


class PostgresReader:
    """A `Reader` on a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def listing(self, event_id: UUID) -> Listing | None:
        """Returns an event, a draft too."""
        row = await self._connection.fetchrow(f"{_LISTING} WHERE event.id = $1", event_id)
        return listing_of(row) if row else None

    async def counted(self, event_id: UUID) -> tuple[Event, Inventory] | None:
        """Returns an event with its counters, without looking at the waiting list."""
        row = await self._connection.fetchrow(
            """
            SELECT event.*, inventory.* FROM event
            JOIN inventory ON inventory.event_id = event.id WHERE event.id = $1
            """,
            event_id,
        )
        return (event_of(row), inventory_of(row)) if row else None

    async def listings(
        self, *, drafts: bool, since: datetime, after: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[Listing]:
        """Returns events by their start, those that started before a moment left out."""
        rows = await self._connection.fetch(
            f"""
            {_LISTING}
            WHERE (published_at IS NOT NULL OR $1) AND starts_at >= $2
                AND ($3::timestamptz IS NULL OR (starts_at, id) > ($3, $4))
            ORDER BY starts_at, id LIMIT $5
            """,
            drafts,
            since,
            *(after or (None, None)),
            limit,
        )
        return [listing_of(row) for row in rows]

    async def events(self, event_ids: Collection[UUID]) -> Mapping[UUID, Event]:
        """Returns events by their id."""
        rows = await self._connection.fetch(
            "SELECT * FROM event WHERE id = ANY($1::uuid[])", list(event_ids)
        )
        return {row["id"]: event_of(row) for row in rows}

    async def draw(self, event_id: UUID) -> Draw | None:
        """Returns an event with the order in which the entries of its ballot were drawn."""
        events = await self.events([event_id])
        if not events:
            return None
        rows = await self._connection.fetch(
            """
            SELECT id FROM waitlist_entry WHERE event_id = $1 AND drawn_as IS NOT NULL
            ORDER BY drawn_as
            """,
            event_id,
        )
        return Draw(events[event_id], [row["id"] for row in rows])

    async def reservations_of(
        self, event_id: UUID, customers: Collection[UUID]
    ) -> Mapping[UUID, Reservation]:
        """Returns the reservations that customers have to an event, by customer."""
        rows = await self._connection.fetch(
            "SELECT * FROM reservation WHERE event_id = $1 AND customer_id = ANY($2::uuid[])",
            event_id,
            list(customers),
        )
        return {row["customer_id"]: reservation_of(row) for row in rows}

    async def booking(self, reservation_id: UUID) -> Booking | None:
        """Returns a reservation with its tickets."""
        row = await self._connection.fetchrow(
            "SELECT * FROM reservation WHERE id = $1", reservation_id
        )
        return (await self._with_tickets([row]))[0] if row else None

    async def bookings(
        self, customers: Collection[UUID], after: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[Booking]:
        """Returns reservations of customers, the newest first."""
        rows = await self._connection.fetch(
            """
            SELECT * FROM reservation
            WHERE customer_id = ANY($1::uuid[])
                AND ($2::timestamptz IS NULL OR (reserved_at, id) < ($2, $3))
            ORDER BY reserved_at DESC, id DESC LIMIT $4
            """,
            list(customers),
            *(after or (None, None)),
            limit,
        )
        return await self._with_tickets(rows)

    async def _with_tickets(self, rows: Sequence[asyncpg.Record]) -> Sequence[Booking]:
        tickets = await self._connection.fetch(
            "SELECT * FROM ticket WHERE reservation_id = ANY($1::uuid[]) ORDER BY code",
            [row["id"] for row in rows],
        )
        by_reservation: dict[UUID, list[Ticket]] = {row["id"]: [] for row in rows}
        for ticket in tickets:
            by_reservation[ticket["reservation_id"]].append(ticket_of(ticket))
        return [Booking(reservation_of(row), by_reservation[row["id"]]) for row in rows]

    async def ticket(self, ticket_id: UUID) -> tuple[Ticket, Reservation] | None:
        """Returns a ticket and its reservation."""
        row = await self._connection.fetchrow("SELECT * FROM ticket WHERE id = $1", ticket_id)
        if row is None:
            return None
        reservation = await self._connection.fetchrow(
            "SELECT * FROM reservation WHERE id = $1", row["reservation_id"]
        )
        return (ticket_of(row), reservation_of(reservation)) if reservation else None

    async def places_of(self, entry_ids: Collection[UUID]) -> Mapping[UUID, Place]:
        """Returns entries and how far they have come, by their ids."""
        rows = await self._connection.fetch(
            f"{_PLACE} WHERE entry.id = ANY($1::uuid[])", list(entry_ids)
        )
        return {row["id"]: place_of(row) for row in rows}

    async def places(
        self, customers: Collection[UUID], before: UUID | None, limit: int
    ) -> Sequence[Place]:
        """Returns entries of customers, the newest first."""
        rows = await self._connection.fetch(
            f"""
            {_PLACE}
            WHERE entry.customer_id = ANY($1::uuid[]) AND ($2::uuid IS NULL OR entry.id < $2)
            ORDER BY entry.id DESC LIMIT $3
            """,
            list(customers),
            before,
            limit,
        )
        return [place_of(row) for row in rows]

    async def line(self, event_id: UUID, after_place: int, limit: int) -> Sequence[Place]:
        """Returns who waits for an event or has an offer, in the order of their places."""
        rows = await self._connection.fetch(
            f"""
            {_PLACE}
            WHERE entry.event_id = $1 AND entry.status IN ('WAITING', 'OFFERED')
                AND entry.place > $2
            ORDER BY entry.place LIMIT $3
            """,
            event_id,
            after_place,
            limit,
        )
        return [place_of(row) for row in rows]

    async def guests(self, event_id: UUID) -> Sequence[GuestParty]:
        """Returns all who have or had tickets, in no order."""
        rows = await self._connection.fetch(f"{_GUESTS} WHERE reservation.event_id = $1", event_id)
        return [party_of(row) for row in rows]

    async def guest(self, reservation_id: UUID) -> GuestParty:
        """Returns a party as the guest list shows it."""
        row = await self._connection.fetchrow(
            f"{_GUESTS} WHERE reservation.id = $1", reservation_id
        )
        if row is None:
            raise LookupError(reservation_id)
        return party_of(row)

    async def presences(self, reservation_ids: Collection[UUID]) -> Mapping[UUID, Presence]:
        """Returns how many of parties are in, by reservation."""
        rows = await self._connection.fetch(
            """
            SELECT id, quantity, (
                SELECT coalesce(sum(CASE kind WHEN 'ADMIT' THEN guests ELSE -guests END), 0)
                FROM door_record WHERE reservation_id = reservation.id
            ) AS admitted
            FROM reservation WHERE id = ANY($1::uuid[])
            """,
            list(reservation_ids),
        )
        return {row["id"]: Presence(row["quantity"], row["admitted"]) for row in rows}

    async def unknown_tickets(self, event_id: UUID) -> int:
        """Returns how many admissions were recorded with a ticket that nobody knows."""
        return await self._connection.fetchval(
            """
            SELECT count(*) FROM door_record
            WHERE event_id = $1 AND reservation_id IS NULL AND kind = 'ADMIT'
            """,
            event_id,
        )

    async def changes(self, event_id: UUID, after: int, limit: int) -> Sequence[Change]:
        """Returns what happened to the reservations of an event, the oldest first."""
        rows = await self._connection.fetch(
            """
            SELECT change.*, customer.number, customer.name
            FROM reservation_change change
            JOIN reservation ON reservation.id = change.reservation_id
            LEFT JOIN customer ON customer.id = reservation.customer_id
            WHERE change.event_id = $1 AND sequence > $2
            ORDER BY sequence LIMIT $3
            """,
            event_id,
            after,
            limit,
        )
        return [change_of(row) for row in rows]

    async def changes_of(
        self, customers: Collection[UUID], *, by_staff: bool, after: int, limit: int
    ) -> Sequence[Change]:
        """Returns what happened to reservations of customers, the oldest first."""
        rows = await self._connection.fetch(
            """
            SELECT change.*, customer.number, customer.name
            FROM reservation
            JOIN reservation_change change
                ON change.event_id = reservation.event_id AND reservation_id = reservation.id
            LEFT JOIN customer ON customer.id = reservation.customer_id
            WHERE reservation.customer_id = ANY($1::uuid[])
                AND (staff_account_id IS NOT NULL) = $2 AND sequence > $3
            ORDER BY sequence LIMIT $4
            """,
            list(customers),
            by_staff,
            after,
            limit,
        )
        return [change_of(row) for row in rows]

    async def offers_of(self, entry_ids: Collection[UUID]) -> Sequence[PastOffer]:
        """Returns all offers that entries have had, the oldest first."""
        rows = await self._connection.fetch(
            """
            SELECT entry_id, status, tickets, made_at, told_at, expires_at, ended_at
            FROM offer WHERE entry_id = ANY($1::uuid[]) ORDER BY id
            """,
            list(entry_ids),
        )
        return [PastOffer(**dict(row)) for row in rows]

    async def admissions_of(
        self, customers: Collection[UUID], after: int, limit: int
    ) -> Sequence[Admission]:
        """Returns what happened at the door to guests of customers, in the order of recording."""
        rows = await self._connection.fetch(
            """
            SELECT door.id, door.event_id, reservation_id, kind, guests, device, happened_at,
                recorded_at
            FROM reservation JOIN door_record door ON reservation_id = reservation.id
            WHERE customer_id = ANY($1::uuid[]) AND door.id > $2
            ORDER BY door.id LIMIT $3
            """,
            list(customers),
            after,
            limit,
        )
        return [Admission(**dict(row)) for row in rows]

    async def events_to_leave(self, customer_id: UUID, now: datetime) -> Sequence[UUID]:
        """Returns the events that a customer waits for, or has tickets to that are to come."""
        rows = await self._connection.fetch(
            """
            SELECT event_id FROM waitlist_entry
            WHERE customer_id = $1 AND status IN ('WAITING', 'OFFERED')
            UNION
            SELECT event_id FROM reservation JOIN event ON event.id = event_id
            WHERE customer_id = $1 AND reservation.status = 'ACTIVE' AND starts_at > $2
            ORDER BY event_id
            """,
            customer_id,
            now,
        )
        return [row["event_id"] for row in rows]

    async def audit(self, event_id: UUID) -> Audit | None:
        """Counts what the counters of an event should say, all at the same moment."""
        row = await self._connection.fetchrow(
            """
            SELECT inventory.*,
                (SELECT coalesce(sum(quantity), 0) FROM reservation
                 WHERE event_id = $1 AND status = 'ACTIVE') AS by_reservations,
                (SELECT count(*) FROM ticket
                 WHERE event_id = $1 AND status = 'ACTIVE') AS active_tickets,
                (SELECT coalesce(sum(tickets), 0) FROM offer
                 WHERE event_id = $1 AND status = 'OPEN') AS offered,
                (SELECT coalesce(sum(pooled), 0) FROM waitlist_entry
                 WHERE event_id = $1) AS pooled
            FROM inventory WHERE event_id = $1
            """,
            event_id,
        )
        if row is None:
            return None
        return Audit(
            inventory_of(row),
            row["by_reservations"],
            row["active_tickets"],
            row["offered"],
            row["pooled"],
        )

    async def customer_by_number(self, number: str) -> UUID | None:
        """Returns the customer with a number."""
        if "\0" in number:  # which no text of PostgreSQL holds
            return None
        return await self._connection.fetchval("SELECT id FROM customer WHERE number = $1", number)

    async def events_to_tend(self, now: datetime) -> Sequence[UUID]:
        """Returns the events for which something is due."""
        rows = await self._connection.fetch(
            _EVENTS_TO_TEND, now, POOLS_DISSOLVE_BEFORE, WAIT_BEFORE_POOLING
        )
        return [row["event_id"] for row in rows]
