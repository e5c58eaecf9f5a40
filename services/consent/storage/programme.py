"""Events and reservations as they were told of, on PostgreSQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from services.consent.domain.programme import Change, Event, Reservation, StaffNotice, Stage
from services.consent.storage.part import Part


class Programme(Part):
    """Events and reservations as they were told of, on PostgreSQL."""

    async def put_event(self, event: Event) -> None:
        """Writes an event."""
        await self._connection.execute(
            """
            INSERT INTO event (id, title, venue, starts_at, capacity, moves, cancelled_because)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (id) DO UPDATE SET
                title = excluded.title, venue = excluded.venue, starts_at = excluded.starts_at,
                capacity = excluded.capacity, moves = excluded.moves,
                cancelled_because = excluded.cancelled_because
            """,
            event.id,
            event.title,
            event.venue,
            event.starts_at,
            event.capacity,
            event.moves,
            event.cancelled_because,
        )

    async def start_anew(self, event_id: UUID) -> None:
        """Has guest lists sent and guests asked once more, for an event at another time."""
        await self._connection.execute("UPDATE event SET guest_lists = 0 WHERE id = $1", event_id)
        await self._connection.execute(
            "UPDATE reservation SET reminders = 0 WHERE event_id = $1", event_id
        )

    async def events(self, event_ids: Sequence[UUID]) -> Mapping[UUID, Event]:
        """Returns those of the events that are known."""
        rows = await self._connection.fetch(
            "SELECT * FROM event WHERE id = ANY($1::uuid[])", list(event_ids)
        )
        return {row["id"]: _event(row) for row in rows}

    async def put_reservation(self, reservation: Reservation) -> None:
        """Writes a reservation."""
        await self._connection.execute(
            """
            INSERT INTO reservation (id, event_id, customer_id, tickets, changes, since)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (id) DO UPDATE SET tickets = excluded.tickets,
                changes = excluded.changes, since = excluded.since
            """,
            reservation.id,
            reservation.event_id,
            reservation.customer_id,
            reservation.tickets,
            reservation.changes,
            reservation.since,
        )

    async def reservation(self, reservation_id: UUID) -> Reservation | None:
        """Returns a reservation if it is known."""
        row = await self._connection.fetchrow(
            "SELECT * FROM reservation WHERE id = $1", reservation_id
        )
        return _reservation(row) if row else None

    async def reservations_of(self, event_id: UUID) -> Sequence[Reservation]:
        """Returns the reservations of an event that have tickets."""
        rows = await self._connection.fetch(
            "SELECT * FROM reservation WHERE event_id = $1 AND tickets > 0 ORDER BY id",
            event_id,
        )
        return [_reservation(row) for row in rows]

    async def take_reminders(
        self, stage: Stage, now: datetime, most: int
    ) -> Sequence[tuple[Reservation, Event]]:
        """Returns whom it is time to ask, each of whom nobody else is handed from now on."""
        rows = await self._connection.fetch(
            """
            WITH due AS (
                SELECT r.id FROM reservation r JOIN event e ON e.id = r.event_id
                WHERE r.tickets > 0 AND r.reminders < $1 AND e.cancelled_because IS NULL
                    AND e.starts_at > $2::timestamptz + $4
                    AND e.starts_at <= $2::timestamptz + $3
                    AND r.since < e.starts_at - $3::interval
                ORDER BY r.id LIMIT $5 FOR UPDATE OF r SKIP LOCKED
            )
            UPDATE reservation r SET reminders = $1 FROM due WHERE r.id = due.id
            RETURNING r.*
            """,
            stage.rank,
            now,
            stage.before,
            stage.until,
            most,
        )
        reservations = [_reservation(row) for row in rows]
        events = await self.events([each.event_id for each in reservations])
        return [(each, events[each.event_id]) for each in reservations]

    async def take_guest_lists(self, stage: Stage, now: datetime) -> Sequence[Event]:
        """Returns the events whose guest list is due, each handed out this once."""
        rows = await self._connection.fetch(
            """
            UPDATE event SET guest_lists = $1
            WHERE guest_lists < $1 AND cancelled_because IS NULL
                AND starts_at > $2::timestamptz + $4 AND starts_at <= $2::timestamptz + $3
            RETURNING *
            """,
            stage.rank,
            now,
            stage.before,
            stage.until,
        )
        return [_event(row) for row in rows]

    async def add_notice(self, notice: StaffNotice) -> None:
        """Writes down something that staff are to be told."""
        await self._connection.execute(
            """
            INSERT INTO staff_notice (id, at, event_id, customer_id, what, tickets, total)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            notice.id,
            notice.at,
            notice.event_id,
            notice.customer_id,
            notice.what,
            notice.tickets,
            notice.total,
        )

    async def take_notices(self, most: int) -> Sequence[StaffNotice]:
        """Returns what staff are to be told, the oldest first, each handed out this once."""
        rows = await self._connection.fetch(
            """
            WITH taken AS (
                SELECT id FROM staff_notice ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
            )
            DELETE FROM staff_notice n USING taken WHERE n.id = taken.id RETURNING n.*
            """,
            most,
        )
        return sorted((_notice(row) for row in rows), key=lambda notice: notice.id)

    async def oldest_notice_at(self) -> datetime | None:
        """Returns since when staff are to be told something, None if there is nothing to tell."""
        return await self._connection.fetchval("SELECT min(at) FROM staff_notice")

    async def reserved(self, event_ids: Sequence[UUID]) -> Mapping[UUID, int]:
        """Returns how many tickets of events are reserved."""
        rows = await self._connection.fetch(
            """
            SELECT event_id, sum(tickets)::integer AS tickets FROM reservation
            WHERE event_id = ANY($1::uuid[]) AND tickets > 0 GROUP BY event_id
            """,
            list(event_ids),
        )
        return {row["event_id"]: row["tickets"] for row in rows}


def _event(row: asyncpg.Record) -> Event:
    return Event(
        id=row["id"],
        title=row["title"],
        venue=row["venue"],
        starts_at=row["starts_at"],
        capacity=row["capacity"],
        moves=row["moves"],
        cancelled_because=row["cancelled_because"],
    )


def _reservation(row: asyncpg.Record) -> Reservation:
    return Reservation(
        id=row["id"],
        event_id=row["event_id"],
        customer_id=row["customer_id"],
        tickets=row["tickets"],
        changes=row["changes"],
        since=row["since"],
    )


def _notice(row: asyncpg.Record) -> StaffNotice:
    return StaffNotice(
        id=row["id"],
        at=row["at"],
        event_id=row["event_id"],
        customer_id=row["customer_id"],
        what=Change(row["what"]),
        tickets=row["tickets"],
        total=row["total"],
    )
