"""Addresses that nothing is sent to, on PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from services.consent.domain.contacts import Medium
from services.consent.domain.suppression import Reason, Removal, Suppression
from services.consent.storage.part import Part


class Suppressions(Part):
    """Addresses that nothing is sent to, on PostgreSQL."""

    async def lock_suppressions(self) -> None:
        """Keeps others from adding and removing until the transaction is over."""
        await self._connection.execute("LOCK TABLE suppression IN SHARE ROW EXCLUSIVE MODE")

    async def rehash_suppressions(self, hashes: Collection[Sequence[str]]) -> None:
        """Has suppressions that are known by older hashes known by the current ones, too."""
        pairs = [(current, older) for current, *others in hashes for older in others]
        if not pairs:
            return
        await self._connection.execute(
            """
            INSERT INTO suppressed_address (hash, suppression_id)
            SELECT DISTINCT current, suppression_id
            FROM unnest($1::text[], $2::text[]) AS pair (current, older)
                JOIN suppressed_address ON hash = older
            ON CONFLICT DO NOTHING
            """,
            [current for current, _ in pairs],
            [older for _, older in pairs],
        )

    async def suppressions_of(self, hashes: Collection[str]) -> Mapping[str, Sequence[Suppression]]:
        """Returns why nothing is sent to addresses, the oldest first; of those that are known."""
        rows = await self._connection.fetch(
            """
            SELECT hash, id, medium, reason, since, note
            FROM suppressed_address JOIN suppression ON id = suppression_id
            WHERE hash = ANY($1::text[]) ORDER BY since, id
            """,
            hashes,
        )
        found = dict[str, list[Suppression]]()
        for row in rows:
            suppression = Suppression(
                row["id"], Medium(row["medium"]), Reason(row["reason"]), row["since"], row["note"]
            )
            found.setdefault(row["hash"], []).append(suppression)
        return found

    async def add_suppressions(
        self, suppressions: Sequence[tuple[Suppression, Sequence[str]]]
    ) -> None:
        """Writes suppressions, each with the hashes of its address."""
        rows = [suppression for suppression, _ in suppressions]
        await self._connection.execute(
            """
            INSERT INTO suppression (id, medium, reason, since, note)
            SELECT * FROM unnest(
                $1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[]
            )
            """,
            [row.id for row in rows],
            [row.medium for row in rows],
            [row.reason for row in rows],
            [row.since for row in rows],
            [row.note for row in rows],
        )
        named = [(each, suppression.id) for suppression, hashes in suppressions for each in hashes]
        await self._connection.execute(
            """
            INSERT INTO suppressed_address (hash, suppression_id)
            SELECT * FROM unnest($1::text[], $2::uuid[])
            """,
            [each for each, _ in named],
            [suppression_id for _, suppression_id in named],
        )

    async def remove_suppressions(self, removals: Mapping[UUID, Removal]) -> None:
        """Takes suppressions away, and writes down for ever who did and why."""
        await self._connection.execute(
            "DELETE FROM suppression WHERE id = ANY($1::uuid[])", list(removals)
        )
        rows = list(removals.values())
        await self._connection.execute(
            """
            INSERT INTO suppression_removal
                (id, at, staff_account_id, medium, reason, address_hash, why)
            SELECT * FROM unnest(
                $1::uuid[], $2::timestamptz[], $3::uuid[], $4::text[], $5::text[], $6::text[],
                $7::text[]
            )
            """,
            [row.id for row in rows],
            [row.at for row in rows],
            [row.staff_account_id for row in rows],
            [row.medium for row in rows],
            [row.reason for row in rows],
            [row.address_hash for row in rows],
            [row.why for row in rows],
        )

    async def count_suppressions(self) -> Mapping[tuple[Medium, Reason], int]:
        """Returns how many addresses of a medium are suppressed for a reason."""
        rows = await self._connection.fetch(
            "SELECT medium, reason, count(*) FROM suppression GROUP BY 1, 2 ORDER BY 1, 2"
        )
        return {(Medium(medium), Reason(reason)): count for medium, reason, count in rows}
