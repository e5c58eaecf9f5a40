"""The ledger on PostgreSQL."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
import prometheus_client

from services.consent.domain.ledger import Actor, Consent, Decision, Entry, Head
from services.consent.domain.published import Event
from services.consent.storage.part import Part

_changes = prometheus_client.Counter(
    "kundeapp_consent_changes_total",
    "Decisions that were written down; no channel where a purpose as a whole was decided.",
    ["purpose", "channel", "decision"],
)
_LEDGER_LOCK = 0x6C6564676572  # "ledger": the advisory lock of whoever writes


class Ledger(Part):
    """The ledger on PostgreSQL."""

    def publish(self, *events: Event) -> None:
        """Publishes events, if and when the transaction commits."""
        self._transaction.publish(*events)

    async def consents_of(self, customers: Collection[UUID]) -> Sequence[Consent]:
        """Returns what holds of customers now, in no order."""
        rows = await self._connection.fetch(
            """
            SELECT customer_id, purpose, channel, decision, notice_version, decided_at
            FROM consent WHERE customer_id = ANY($1::uuid[])
            """,
            customers,
        )
        return [consent_of(row) for row in rows]

    async def heads(self, customers: Collection[UUID]) -> Mapping[UUID, Head]:
        """Returns where the chains of customers end, of those who have one."""
        rows = await self._connection.fetch(
            """
            SELECT customer_id, seq, hash
            FROM unnest($1::uuid[]) AS asked (id), LATERAL (
                SELECT * FROM ledger WHERE customer_id = asked.id ORDER BY seq DESC LIMIT 1
            ) AS last
            """,
            customers,
        )
        return {row["customer_id"]: Head(row["seq"], row["hash"]) for row in rows}

    async def lock_ledger(self) -> int:
        """Keeps others from writing until the transaction is over; returns the last position."""
        await self._connection.execute("SELECT pg_advisory_xact_lock($1)", _LEDGER_LOCK)
        # A statement of its own, so that it sees what was committed while this one waited.
        last: int = await self._connection.fetchval("SELECT coalesce(max(position), 0) FROM ledger")
        return last

    async def append(self, entries: Sequence[Entry]) -> None:
        """Writes rows, and what holds by them."""
        await self._connection.execute(
            """
            INSERT INTO ledger (
                position, customer_id, seq, purpose, channel, decision, notice_version,
                notice_sha256, language, actor, actor_id, source, evidence, happened_at,
                recorded_at, previous_hash, hash
            )
            SELECT * FROM unnest(
                $1::bigint[], $2::uuid[], $3::integer[], $4::text[], $5::text[], $6::text[],
                $7::integer[], $8::bytea[], $9::text[], $10::text[], $11::uuid[], $12::text[],
                $13::text[], $14::timestamptz[], $15::timestamptz[], $16::bytea[], $17::bytea[]
            )
            """,
            [entry.position for entry in entries],
            [entry.customer_id for entry in entries],
            [entry.seq for entry in entries],
            [entry.purpose for entry in entries],
            [entry.channel for entry in entries],
            [entry.decision for entry in entries],
            [entry.notice_version for entry in entries],
            [entry.notice_sha256 for entry in entries],
            [entry.language for entry in entries],
            [entry.actor for entry in entries],
            [entry.actor_id for entry in entries],
            [entry.source for entry in entries],
            [entry.evidence for entry in entries],
            [entry.happened_at for entry in entries],
            [entry.recorded_at for entry in entries],
            [entry.previous_hash for entry in entries],
            [entry.hash for entry in entries],
        )
        # Of several rows about the same, the last one holds.
        last = {(entry.customer_id, entry.purpose, entry.channel): entry for entry in entries}
        await self._put_consents(list(last.values()))
        self._transaction.after_commit(partial(_count, entries))

    async def entries_of(
        self, customers: Collection[UUID], before: int | None, limit: int
    ) -> Sequence[Entry]:
        """Returns rows of customers, the newest first."""
        rows = await self._connection.fetch(
            """
            SELECT * FROM ledger
            WHERE customer_id = ANY($1::uuid[]) AND ($2::bigint IS NULL OR position < $2)
            ORDER BY position DESC LIMIT $3
            """,
            customers,
            before,
            limit,
        )
        return [entry_of(row) for row in rows]

    async def last_entries_of(self, customers: Collection[UUID]) -> Sequence[Entry]:
        """Returns the rows that hold of customers, by customer and position."""
        rows = await self._connection.fetch(
            """
            SELECT ledger.* FROM consent JOIN ledger USING (position)
            WHERE consent.customer_id = ANY($1::uuid[])
            ORDER BY ledger.customer_id, ledger.position
            """,
            customers,
        )
        return [entry_of(row) for row in rows]

    async def _put_consents(self, entries: Sequence[Entry]) -> None:
        await self._connection.execute(
            """
            INSERT INTO consent (
                customer_id, purpose, channel, decision, notice_version, position, decided_at
            )
            SELECT * FROM unnest(
                $1::uuid[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::bigint[],
                $7::timestamptz[]
            )
            ON CONFLICT (customer_id, purpose, channel) DO UPDATE SET
                decision = excluded.decision, notice_version = excluded.notice_version,
                position = excluded.position, decided_at = excluded.decided_at
            """,
            [entry.customer_id for entry in entries],
            [entry.purpose for entry in entries],
            [entry.channel for entry in entries],
            [entry.decision for entry in entries],
            [entry.notice_version for entry in entries],
            [entry.position for entry in entries],
            [entry.happened_at for entry in entries],
        )


def _count(entries: Sequence[Entry]) -> None:
    changes = Counter((entry.purpose, entry.channel, entry.decision.value) for entry in entries)
    for change, times in changes.items():
        _changes.labels(*change).inc(times)


def consent_of(row: asyncpg.Record) -> Consent:
    """Returns what holds of a customer for a purpose and channel."""
    values: dict[str, Any] = dict(row)
    values["decision"] = Decision(values["decision"])
    return Consent(**values)


def entry_of(row: asyncpg.Record | Mapping[str, Any]) -> Entry:
    """Returns a row of the ledger."""
    values: dict[str, Any] = dict(row)
    values["decision"] = Decision(values["decision"])
    values["actor"] = Actor(values["actor"])
    return Entry(**values)
