"""What is written, within one transaction."""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import chain
from uuid import UUID

from kit.database import Database, Transaction
from services.events.domain import waiting_list
from services.events.domain.door import Found, Guest, Kind, Record
from services.events.domain.event import Event
from services.events.domain.inventory import Inventory
from services.events.domain.published import DomainEvent
from services.events.domain.store import Actor, Addition, ChangeKind, Listing
from services.events.domain.tickets import Reservation, Ticket, code_of, ticket_id_of, token_of
from services.events.domain.waiting_list import Entry, Offer
from services.events.storage.reader import PostgresReader
from services.events.storage.rows import (
    ENTRIES,
    ENTRY_COLUMNS,
    entry_of,
    event_of,
    inventory_of,
    reservation_of,
)
from services.events.storage.tables import EventRow, InventoryRow

_ADD_TICKETS = """
WITH counted AS (
    UPDATE inventory SET reserved = $2, held = $3, version = $4 WHERE event_id = $1
), reserved AS (
    INSERT INTO reservation (id, event_id, customer_id, status, quantity, reserved_at, version)
    SELECT id, $1, customer_id, 'ACTIVE', quantity, reserved_at, $4
    FROM unnest($6::uuid[], $7::uuid[], $8::smallint[], $9::timestamptz[])
        AS new (id, customer_id, quantity, reserved_at)
    ON CONFLICT (event_id, customer_id) DO UPDATE SET
        status = 'ACTIVE',
        quantity = excluded.quantity,
        reserved_at = excluded.reserved_at,
        version = excluded.version
), noted AS (
    INSERT INTO reservation_change
        (event_id, reservation_id, happened_at, kind, tickets, staff_account_id, reason)
    SELECT $1, reservation_id, $5, kind, tickets, staff_account_id, reason
    FROM unnest($6::uuid[], $10::text[], $11::smallint[], $12::uuid[], $13::text[])
        AS new (reservation_id, kind, tickets, staff_account_id, reason)
)
INSERT INTO ticket (id, reservation_id, event_id, token, code, status)
SELECT id, reservation_id, $1, token, code, 'ACTIVE'
FROM unnest($14::uuid[], $15::uuid[], $16::bytea[], $17::text[])
    AS new (id, reservation_id, token, code)
"""

_NOTE_CHANGE = """
INSERT INTO reservation_change
    (event_id, reservation_id, happened_at, kind, tickets, staff_account_id, reason, by_link)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


class PostgresStore(PostgresReader):
    """A `Store` on PostgreSQL."""

    def __init__(self, transaction: Transaction) -> None:
        super().__init__(transaction.connection)
        self._transaction = transaction
        self._session = transaction.session

    def publish(self, *events: DomainEvent) -> None:
        """Publishes events, if and when the transaction commits."""
        self._transaction.publish(*events)

    async def add_event(self, event: Event, inventory: Inventory) -> None:
        """Stores a new event."""
        self._session.add(_event_row(event))
        await self._session.flush()
        self._session.add(
            InventoryRow(
                event_id=event.id,
                capacity=inventory.capacity,
                reserved=inventory.reserved,
                held=inventory.held,
                next_place=inventory.next_place,
                version=inventory.version,
            )
        )
        await self._session.flush()

    async def lock_event(self, event_id: UUID) -> Listing | None:
        """Returns an event that nobody else changes until this transaction is over.

        The counters are locked first and the event is read after: what a transaction that held the
        lock before us did to it is seen only by a statement that begins once we hold it.
        """
        locked = await self._connection.fetchrow(
            "SELECT * FROM inventory WHERE event_id = $1 FOR UPDATE", event_id
        )
        row = await self._connection.fetchrow("SELECT * FROM event WHERE id = $1", event_id)
        return Listing(event_of(row), inventory_of(locked)) if row and locked else None

    async def save_event(self, event: Event) -> None:
        """Stores an event as it is now."""
        await self._session.merge(_event_row(event))
        await self._session.flush()

    async def save_inventory(self, event_id: UUID, inventory: Inventory) -> None:
        """Stores the counters of a locked event."""
        await self._connection.execute(
            """
            UPDATE inventory SET
                capacity = $2, reserved = $3, held = $4, next_place = $5, version = $6
            WHERE event_id = $1
            """,
            event_id,
            inventory.capacity,
            inventory.reserved,
            inventory.held,
            inventory.next_place,
            inventory.version,
        )

    async def add_tickets(
        self, event_id: UUID, inventory: Inventory, additions: Sequence[Addition], now: datetime
    ) -> None:
        """Stores tickets that customers get, with the counters after all of them."""
        new = list(chain.from_iterable(addition.tickets for addition in additions))
        await self._connection.execute(
            _ADD_TICKETS,
            event_id,
            inventory.reserved,
            inventory.held,
            inventory.version,
            now,
            [addition.reservation.id for addition in additions],
            [addition.reservation.customer_id for addition in additions],
            [addition.reservation.quantity for addition in additions],
            [addition.reservation.reserved_at for addition in additions],
            [addition.kind.value for addition in additions],
            [len(addition.tickets) for addition in additions],
            [addition.actor.staff_account_id for addition in additions],
            [addition.actor.reason for addition in additions],
            [ticket.id for ticket in new],
            [ticket.reservation_id for ticket in new],
            [ticket.token for ticket in new],
            [ticket.code for ticket in new],
        )

    async def release_tickets(
        self,
        reservation: Reservation,
        released: Collection[Ticket],
        version: int,
        actor: Actor,
        now: datetime,
    ) -> None:
        """Stores that tickets were given back, and the reservation as it is then."""
        await self._connection.execute(
            "UPDATE ticket SET status = 'RELEASED' WHERE id = ANY($1::uuid[])",
            [ticket.id for ticket in released],
        )
        await self._connection.execute(
            "UPDATE reservation SET status = $2, quantity = $3, version = $4 WHERE id = $1",
            reservation.id,
            reservation.status.value,
            reservation.quantity,
            version,
        )
        await self._connection.execute(
            _NOTE_CHANGE,
            reservation.event_id,
            reservation.id,
            now,
            ChangeKind.RELEASED.value,
            len(released),
            actor.staff_account_id,
            actor.reason,
            actor.by_link,
        )

    async def cancel_reservations(
        self, event_id: UUID, version: int, actor: Actor, now: datetime
    ) -> Sequence[Reservation]:
        """Ends all reservations of an event, and returns those that had tickets."""
        rows = await self._connection.fetch(
            "SELECT * FROM reservation WHERE event_id = $1 AND status = 'ACTIVE'", event_id
        )
        await self._connection.execute(
            "UPDATE ticket SET status = 'CANCELLED' WHERE event_id = $1 AND status = 'ACTIVE'",
            event_id,
        )
        await self._connection.execute(
            """
            INSERT INTO reservation_change
                (event_id, reservation_id, happened_at, kind, tickets, staff_account_id, reason)
            SELECT $1, id, $2, 'CANCELLED', quantity, $3, $4
            FROM reservation WHERE event_id = $1 AND status = 'ACTIVE'
            """,
            event_id,
            now,
            actor.staff_account_id,
            actor.reason,
        )
        await self._connection.execute(
            """
            UPDATE reservation SET status = 'CANCELLED', quantity = 0, version = $2
            WHERE event_id = $1 AND status = 'ACTIVE'
            """,
            event_id,
            version,
        )
        return [reservation_of(row) for row in rows]

    async def mark_ticket(self, ticket_id: UUID, used_at: datetime | None, version: int) -> None:
        """Stores the customer's own mark on a ticket."""
        await self._connection.execute(
            """
            WITH marked AS (
                UPDATE ticket SET used_at = $2 WHERE id = $1 RETURNING reservation_id
            )
            UPDATE reservation SET version = $3 FROM marked WHERE id = reservation_id
            """,
            ticket_id,
            used_at,
            version,
        )

    async def live_entries(
        self, event_id: UUID, customers: Collection[UUID]
    ) -> Mapping[UUID, Entry]:
        """Returns the entries with which customers wait for an event, by customer."""
        rows = await self._connection.fetch(
            f"""
            SELECT {ENTRY_COLUMNS} FROM {ENTRIES}
            WHERE entry.event_id = $1 AND entry.customer_id = ANY($2::uuid[])
                AND entry.status IN ('WAITING', 'OFFERED')
            """,  # noqa: S608 - the names of columns
            event_id,
            list(customers),
        )
        return {row["customer_id"]: entry_of(row) for row in rows}

    async def waiting(self, event_id: UUID, after_place: int, limit: int) -> Sequence[Entry]:
        """Returns who waits for an event without an offer, in the order of their places."""
        rows = await self._connection.fetch(
            f"""
            SELECT {ENTRY_COLUMNS} FROM {ENTRIES}
            WHERE entry.event_id = $1 AND entry.status IN ('WAITING', 'OFFERED')
                AND entry.status = 'WAITING' AND entry.place > $2
            ORDER BY entry.place LIMIT $3
            """,  # noqa: S608 - the names of columns
            event_id,
            after_place,
            limit,
        )
        return [entry_of(row) for row in rows]

    async def add_entries(self, entries: Sequence[Entry]) -> None:
        """Stores new entries."""
        await self._connection.execute(
            """
            INSERT INTO waitlist_entry (
                id, event_id, customer_id, status, wanted, least, place, joined_at, skips, pooled
            )
            SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::smallint[],
                                 $6::smallint[], $7::bigint[], $8::timestamptz[], $9::smallint[],
                                 $10::smallint[])
            """,
            [entry.id for entry in entries],
            [entry.event_id for entry in entries],
            [entry.customer_id for entry in entries],
            [entry.status.value for entry in entries],
            [entry.wanted for entry in entries],
            [entry.least for entry in entries],
            [entry.place for entry in entries],
            [entry.joined_at for entry in entries],
            [entry.skips for entry in entries],
            [entry.pooled for entry in entries],
        )

    async def save_entries(self, entries: Collection[Entry]) -> None:
        """Stores entries as they are now, but not their offers."""
        if not entries:
            return
        await self._connection.execute(
            """
            UPDATE waitlist_entry SET
                status = new.status, wanted = new.wanted, least = new.least, place = new.place,
                skips = new.skips, pooled = new.pooled
            FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::smallint[], $5::bigint[],
                        $6::integer[], $7::smallint[])
                AS new (id, status, wanted, least, place, skips, pooled)
            WHERE waitlist_entry.id = new.id
            """,
            [entry.id for entry in entries],
            [entry.status.value for entry in entries],
            [entry.wanted for entry in entries],
            [entry.least for entry in entries],
            [entry.place for entry in entries],
            [entry.skips for entry in entries],
            [entry.pooled for entry in entries],
        )

    async def save_draw(self, event_id: UUID, order: Sequence[UUID]) -> None:
        """Stores the drawn order of entries, which is the order of their places, from 1."""
        await self._connection.execute(
            """
            UPDATE waitlist_entry SET drawn_as = new.number, place = new.number
            FROM unnest($2::uuid[]) WITH ORDINALITY AS new (id, number)
            WHERE waitlist_entry.id = new.id AND event_id = $1
            """,
            event_id,
            list(order),
        )

    async def add_offers(self, entries: Collection[Entry]) -> None:
        """Stores the new offers of entries."""
        offers = [(entry, entry.open_offer()) for entry in entries]
        await self._connection.executemany(
            """
            INSERT INTO offer (
                id, entry_id, event_id, status, tickets, made_at, warn_at, expires_at
            ) VALUES ($1, $2, $3, 'OPEN', $4, $5, $6, $7)
            """,
            [
                (
                    offer.id,
                    entry.id,
                    entry.event_id,
                    offer.tickets,
                    offer.made_at,
                    offer.warn_at,
                    offer.expires_at,
                )
                for entry, offer in offers
            ],
        )

    async def save_offer(self, offer: Offer) -> None:
        """Stores when an offer ends, and when it was told."""
        await self._connection.execute(
            "UPDATE offer SET warn_at = $2, expires_at = $3, told_at = $4 WHERE id = $1",
            offer.id,
            offer.warn_at,
            offer.expires_at,
            offer.told_at,
        )

    async def end_offers(
        self, offers: Collection[Offer], status: waiting_list.Status, now: datetime
    ) -> None:
        """Stores how offers ended."""
        await self._connection.execute(
            """
            UPDATE offer SET status = $2, ended_at = $3
            WHERE id = ANY($1::uuid[]) AND status = 'OPEN'
            """,
            [offer.id for offer in offers],
            status.value,
            now,
        )

    async def offered(self, event_id: UUID) -> Sequence[Entry]:
        """Returns the entries of an event that have an open offer, by their places."""
        rows = await self._connection.fetch(
            f"""
            SELECT {ENTRY_COLUMNS} FROM {ENTRIES}
            WHERE offer.event_id = $1 AND offer.status = 'OPEN' ORDER BY entry.place
            """,  # noqa: S608 - the names of columns
            event_id,
        )
        return [entry_of(row) for row in rows]

    async def unwarned(self, event_id: UUID, now: datetime) -> Sequence[Entry]:
        """Returns those whose offer shall be brought to mind, and marks that it was."""
        marked = await self._connection.fetch(
            """
            UPDATE offer SET warned = true
            WHERE event_id = $1 AND status = 'OPEN' AND NOT warned
                AND told_at IS NOT NULL AND warn_at <= $2
            RETURNING id
            """,
            event_id,
            now,
        )
        ids = {row["id"] for row in marked}
        if not ids:
            return []
        offered = await self.offered(event_id)
        return [entry for entry in offered if entry.open_offer().id in ids]

    async def find_guest(self, event_id: UUID, guest: Guest) -> Found | None:
        """Returns whose ticket or reservation it is."""
        token = token_of(guest.ticket)
        row = await self._connection.fetchrow(
            """
            WITH shown AS (
                SELECT id AS ticket_id, reservation_id, status AS ticket_status, EXISTS (
                    SELECT FROM door_record
                    WHERE reservation_id = ticket.reservation_id AND ticket_id = ticket.id
                        AND kind = 'ADMIT'
                ) AS was_shown
                FROM ticket WHERE event_id = $1 AND (id = $3 OR code = $4)
            )
            SELECT reservation.*, ticket_id, ticket_status, was_shown
            FROM reservation LEFT JOIN shown ON reservation_id = reservation.id
            WHERE event_id = $1
                AND reservation.id = coalesce($2, (SELECT reservation_id FROM shown))
            """,
            event_id,
            guest.reservation_id,
            ticket_id_of(token) if token else None,
            code_of(guest.ticket),
        )
        if row is None:
            return None
        is_released = row["ticket_status"] == "RELEASED"
        return Found(reservation_of(row), row["ticket_id"], is_released, bool(row["was_shown"]))

    async def known_records(
        self, event_id: UUID, device: str, nonces: Collection[str]
    ) -> Mapping[str, Record]:
        """Returns what a device has recorded before, by nonce."""
        rows = await self._connection.fetch(
            """
            SELECT * FROM door_record
            WHERE event_id = $1 AND device = $2 AND nonce = ANY($3::text[])
            """,
            event_id,
            device,
            list(nonces),
        )
        return {
            row["nonce"]: Record(
                kind=Kind(row["kind"]),
                reservation_id=row["reservation_id"],
                ticket_id=row["ticket_id"],
                shown=row["shown"],
                guests=row["guests"],
                device=row["device"],
                nonce=row["nonce"],
                happened_at=row["happened_at"],
                staff_account_id=row["staff_account_id"],
                conflict=row["conflict"],
            )
            for row in rows
        }

    async def add_records(
        self, event_id: UUID, records: Sequence[Record], version: int, now: datetime
    ) -> None:
        """Stores what happened at the door."""
        await self._connection.executemany(
            """
            INSERT INTO door_record (
                event_id, reservation_id, kind, ticket_id, shown, guests, device, nonce,
                happened_at, recorded_at, staff_account_id, conflict
            ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            """,
            [
                (
                    event_id,
                    record.reservation_id,
                    record.kind.value,
                    record.ticket_id,
                    record.shown,
                    record.guests,
                    record.device,
                    record.nonce,
                    record.happened_at,
                    now,
                    record.staff_account_id,
                    record.conflict,
                )
                for record in records
            ],
        )
        await self._connection.execute(
            "UPDATE reservation SET version = $2 WHERE id = ANY($1::uuid[])",
            [record.reservation_id for record in records if record.reservation_id],
            version,
        )

    async def remember_customer(self, customer_id: UUID, number: str) -> None:
        """Stores a customer's number, and that the name may be another now, unless erased."""
        await self._connection.execute(
            """
            INSERT INTO customer (id, number, name, revision, named_revision)
            VALUES ($1, $2, '', 1, 0)
            ON CONFLICT (id) DO UPDATE SET
                number = excluded.number, revision = customer.revision + 1
            WHERE customer.number IS NOT NULL
            """,
            customer_id,
            number,
        )

    async def erase_customer(self, customer_id: UUID) -> None:
        """Forgets a customer's number and name, for good."""
        revision = await self._connection.fetchval(
            """
            INSERT INTO customer (id, number, name, revision, named_revision)
            VALUES ($1, NULL, '', 1, 0)
            ON CONFLICT (id) DO UPDATE SET number = NULL, revision = customer.revision + 1
            RETURNING revision
            """,
            customer_id,
        )
        await self.name_customers({}, {customer_id: revision})

    async def unnamed_customers(self, limit: int) -> Mapping[UUID, int]:
        """Returns customers whose name may be another now, each with its revision."""
        rows = await self._connection.fetch(
            """
            SELECT id, revision FROM customer WHERE named_revision < revision
            ORDER BY id LIMIT $1
            """,
            limit,
        )
        return {row["id"]: row["revision"] for row in rows}

    async def name_customers(
        self, names: Mapping[UUID, str], revisions: Mapping[UUID, int]
    ) -> None:
        """Stores names as they were at the revisions; who has none has no name."""
        await self._connection.execute(
            """
            WITH named AS (
                UPDATE customer SET name = new.name, named_revision = new.revision
                FROM unnest($1::uuid[], $2::text[], $3::integer[]) AS new (id, name, revision)
                    JOIN customer before USING (id)
                WHERE customer.id = new.id AND customer.named_revision < new.revision
                RETURNING customer.id, before.name <> new.name AS is_renamed
            ), guest AS (
                SELECT reservation.id, event_id
                FROM reservation JOIN named ON named.id = customer_id AND is_renamed
            ), changed AS (
                UPDATE inventory SET version = version + 1
                WHERE event_id IN (SELECT event_id FROM guest)
                RETURNING event_id, version
            )
            UPDATE reservation SET version = changed.version
            FROM guest JOIN changed USING (event_id) WHERE reservation.id = guest.id
            """,
            list(revisions),
            [names.get(customer_id, "") for customer_id in revisions],
            list(revisions.values()),
        )


def _event_row(event: Event) -> EventRow:
    ballot = event.ballot
    return EventRow(
        id=event.id,
        title=event.title,
        text=event.text,
        venue=event.venue,
        starts_at=event.starts_at,
        sales_open_at=event.sales_open_at,
        sales_close_at=event.sales_close_at,
        waiting_list_closes_at=event.waiting_list_closes_at,
        max_per_customer=event.max_per_customer,
        status=event.status.value,
        published_at=event.published_at,
        cancel_reason=event.cancel_reason,
        ballot_closes_at=ballot and ballot.closes_at,
        ballot_seed=ballot and ballot.seed,
        ballot_drawn_at=ballot and ballot.drawn_at,
    )


class PostgresStores:
    """Opens transactions on a database, each with its store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def __call__(self) -> AsyncGenerator[PostgresStore]:
        """Opens a transaction that is committed at the end, or rolled back by an exception."""
        async with self._database.transaction() as transaction:
            yield PostgresStore(transaction)
