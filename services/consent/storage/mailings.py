"""Mailings on PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import orjson

from services.consent.domain.channels import Channel
from services.consent.domain.mailings import Mailing, MailingState, Progress, Text, topic_of
from services.consent.domain.notifications import Reason
from services.consent.storage.notifications import Notifications
from services.consent.storage.tables import MailingRow

_LETTERS_LOCK: Final = 0x6D61696C  # "mail": the advisory locks of mailings, with a hash of the id

_PROGRESS = """
SELECT asked.id, told.state, told.reason, count(*)
FROM unnest($1::uuid[]) AS asked (id)
    JOIN notification AS told ON told.topic = 'mailing/' || asked.id
WHERE told.state <> 'WRITTEN'
GROUP BY 1, 2, 3
UNION ALL
SELECT asked.id, CASE m.outcome WHEN 'SENT' THEN 'SENT' ELSE 'DROPPED' END, m.outcome, count(*)
FROM unnest($1::uuid[]) AS asked (id)
    JOIN courier_message AS m ON "left"(m.permit, 36) = asked.id::text AND m.permit IS NOT NULL
WHERE m.outcome IS NOT NULL
GROUP BY 1, 2, 3
UNION ALL
SELECT asked.id, 'WAITING', NULL, count(*)
FROM unnest($1::uuid[]) AS asked (id)
    JOIN courier_message AS m ON "left"(m.permit, 36) = asked.id::text AND m.permit IS NOT NULL
WHERE m.outcome IS NULL
GROUP BY 1
"""


class Mailings(Notifications):
    """Mailings on PostgreSQL."""

    async def take_back(self, topic: str, *kinds: str) -> None:
        """Has nothing more told about a topic, neither to a customer nor by mailings about it."""
        await super().take_back(topic, *kinds)
        rows = await self._connection.fetch(
            """
            SELECT id FROM mailing
            WHERE topic = $1 AND topic <> '' AND state IN ('SCHEDULED', 'SENDING')
                AND (kind = ANY($2::text[]) OR $2 = '{}')
            ORDER BY id
            """,
            topic,
            list(kinds),
        )
        for row in rows:
            await self.lock_letters(row["id"])
            await self._connection.execute(
                "UPDATE mailing SET state = 'STOPPED', ended_at = now() WHERE id = $1", row["id"]
            )
            await self.end_letters(row["id"])
            await self.keep_progress(row["id"])

    async def put_mailing(self, mailing: Mailing) -> None:
        """Writes a mailing."""
        fields = asdict(mailing)
        await self._transaction.session.merge(MailingRow(**fields))
        await self._transaction.session.flush()

    async def mailing(self, mailing_id: UUID) -> Mailing | None:
        """Returns a mailing, None if there is none."""
        row = await self._connection.fetchrow("SELECT * FROM mailing WHERE id = $1", mailing_id)
        return _mailing(row) if row else None

    async def mailing_about(self, kind: str, topic: str) -> Mailing | None:
        """Returns the mailing that the system has made about a topic, None if it has not."""
        row = await self._connection.fetchrow(
            "SELECT * FROM mailing WHERE kind = $1 AND topic = $2 AND topic <> ''", kind, topic
        )
        return _mailing(row) if row else None

    async def mailings(self, before: UUID | None, limit: int) -> Sequence[Mailing]:
        """Returns mailings, the newest first."""
        rows = await self._connection.fetch(
            """
            SELECT * FROM mailing WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2
            """,
            before,
            limit,
        )
        return [_mailing(row) for row in rows]

    async def lock_mailing(self, mailing_id: UUID) -> Mailing | None:
        """Returns a mailing, None if there is none, and lets nobody else change it."""
        row = await self._connection.fetchrow(
            "SELECT * FROM mailing WHERE id = $1 FOR UPDATE", mailing_id
        )
        return _mailing(row) if row else None

    async def lock_letters(self, mailing_id: UUID) -> None:
        """Waits until no letter of a mailing is being handed over, and keeps it so.

        An advisory lock, since those wait in line: row locks that are shared by letter after letter
        would let whoever stops the mailing wait for the last of them.
        """
        await self._connection.execute(
            "SELECT pg_advisory_xact_lock($1, hashtext($2))", _LETTERS_LOCK, str(mailing_id)
        )

    async def lock_for_letter(self, mailing_id: UUID) -> MailingState | None:
        """Returns where a mailing is, None if there is none, while a letter is handed over."""
        await self._connection.execute(
            "SELECT pg_advisory_xact_lock_shared($1, hashtext($2))", _LETTERS_LOCK, str(mailing_id)
        )
        # A statement of its own, so that it sees what was committed while the lock was waited for.
        state = await self._connection.fetchval(
            "SELECT state FROM mailing WHERE id = $1", mailing_id
        )
        return MailingState(state) if state else None

    async def mailings_to_write(self, mailing_ids: Collection[UUID]) -> Mapping[UUID, Mailing]:
        """Returns those that are being sent."""
        rows = await self._connection.fetch(
            "SELECT * FROM mailing WHERE id = ANY($1::uuid[]) AND state = 'SENDING'",
            list(mailing_ids),
        )
        return {row["id"]: _mailing(row) for row in rows}

    async def mailings_to_tend(self, now: datetime) -> Sequence[UUID]:
        """Returns the mailings that are due, or being sent."""
        rows = await self._connection.fetch(
            """
            SELECT id FROM mailing
            WHERE state = 'SENDING' OR state = 'SCHEDULED' AND starts_at <= $1 ORDER BY id
            """,
            now,
        )
        return [row["id"] for row in rows]

    async def take_mailing(self, mailing_id: UUID) -> Mailing | None:
        """Returns a mailing, locked; None if somebody else has locked it, or there is none."""
        row = await self._connection.fetchrow(
            "SELECT * FROM mailing WHERE id = $1 FOR UPDATE SKIP LOCKED", mailing_id
        )
        return _mailing(row) if row else None

    async def audience_after(
        self, purpose: str, channels: Collection[Channel], after: UUID | None, most: int
    ) -> Sequence[UUID]:
        """Returns the next who have agreed by one of the channels, in the order of their ids."""
        rows = await self._connection.fetch(
            """
            SELECT DISTINCT customer_id FROM consent
            WHERE purpose = $1 AND decision = 'GIVEN' AND channel = ANY($2::text[])
                AND customer_id > $3
            ORDER BY customer_id LIMIT $4
            """,
            purpose,
            list(channels),
            after or UUID(int=0),
            most,
        )
        return [row["customer_id"] for row in rows]

    async def waiting_of(self, mailing_id: UUID) -> int:
        """Returns how many letters of a mailing are neither sent nor dropped."""
        waiting: int = await self._connection.fetchval(
            """
            SELECT (
                SELECT count(*) FROM notification WHERE topic = $2 AND state = 'WAITING'
            ) + (
                SELECT count(*) FROM courier_message
                WHERE "left"(permit, 36) = $1 AND permit IS NOT NULL AND outcome IS NULL
            )
            """,
            str(mailing_id),
            topic_of(mailing_id),
        )
        return waiting

    async def progress_of(self, mailing_ids: Collection[UUID]) -> Mapping[UUID, Progress]:
        """Returns how far mailings are."""
        kept = await self._connection.fetch(
            "SELECT id, progress FROM mailing WHERE id = ANY($1::uuid[]) AND progress IS NOT NULL",
            list(mailing_ids),
        )
        progress = {row["id"]: Progress(**row["progress"]) for row in kept}
        moving = [each for each in mailing_ids if each not in progress]
        rows = await self._connection.fetch(_PROGRESS, moving)
        for mailing_id in moving:
            progress[mailing_id] = _progress([row for row in rows if row["id"] == mailing_id])
        return progress

    async def keep_progress(self, mailing_id: UUID) -> None:
        """Keeps how far a mailing is, which goes no further, when its letters are forgotten."""
        progress = (await self.progress_of([mailing_id]))[mailing_id]
        await self._connection.execute(
            "UPDATE mailing SET progress = $2 WHERE id = $1",
            mailing_id,
            orjson.dumps(asdict(progress)).decode(),
        )
        await self._connection.execute(
            "DELETE FROM mailing_address WHERE mailing_id = $1", mailing_id
        )

    async def end_letters(self, mailing_id: UUID) -> None:
        """Has nothing more of a mailing written or sent, while nobody hands over one of them."""
        await self._drop(Reason.STOPPED, "topic = $2", topic_of(mailing_id))
        await self._connection.execute(
            """
            UPDATE courier_message SET outcome = 'WITHDRAWN', ended_at = now(), content = NULL
            WHERE "left"(permit, 36) = $1 AND permit IS NOT NULL AND outcome IS NULL
            """,
            str(mailing_id),
        )

    async def claim_addresses(self, mailing_id: UUID, hashes: Collection[str]) -> Collection[str]:
        """Notes that addresses get a mailing; returns those that did not get it before."""
        rows = await self._connection.fetch(
            """
            INSERT INTO mailing_address (mailing_id, hash)
            SELECT $1, hash FROM unnest($2::text[]) AS hash ORDER BY hash
            ON CONFLICT DO NOTHING RETURNING hash
            """,
            mailing_id,
            list(hashes),
        )
        return {row["hash"] for row in rows}

    async def delete_mailing(self, mailing_id: UUID) -> None:
        """Deletes a mailing, and what is known of who got it."""
        await self._connection.execute(
            "DELETE FROM notification WHERE topic = $1", topic_of(mailing_id)
        )
        await self._connection.execute("DELETE FROM mailing WHERE id = $1", mailing_id)


def _mailing(row: asyncpg.Record) -> Mailing:
    fields = {name: value for name, value in row.items() if name != "progress"}
    fields["state"] = MailingState(fields["state"])
    fields["texts"] = {language: Text(**text) for language, text in fields["texts"].items()}
    return Mailing(**fields)


def _progress(rows: Sequence[asyncpg.Record]) -> Progress:
    dropped: dict[str, int] = {}
    for row in rows:
        if row["state"] == "DROPPED":
            dropped[row["reason"]] = dropped.get(row["reason"], 0) + row["count"]
    return Progress(
        sent=sum(row["count"] for row in rows if row["state"] == "SENT"),
        waiting=sum(row["count"] for row in rows if row["state"] == "WAITING"),
        dropped=dropped,
    )
