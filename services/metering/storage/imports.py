"""How far imports of readings have come."""

from typing import Final

import numpy as np

from services.metering.domain.batches import SeriesKey
from services.metering.domain.outcomes import Outcomes, Spans
from services.metering.domain.readings import Direction
from services.metering.storage.part import StorePart

_NOTE_OUTCOMES: Final = """
INSERT INTO reading_import_series AS noted (
    import_id, gsrn, direction, created, changed, unchanged, refused, wh,
    first_hour, end_hour, created_first, created_end, changed_first, changed_end
)
SELECT $1, * FROM unnest(
    $2::text[], $3::smallint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
    $8::bigint[], $9::integer[], $10::integer[], $11::integer[], $12::integer[], $13::integer[],
    $14::integer[]
)
ON CONFLICT (import_id, gsrn, direction) DO UPDATE SET
    created = noted.created + excluded.created,
    changed = noted.changed + excluded.changed,
    unchanged = noted.unchanged + excluded.unchanged,
    refused = noted.refused + excluded.refused,
    wh = noted.wh + excluded.wh,
    first_hour = least(noted.first_hour, excluded.first_hour),
    end_hour = greatest(noted.end_hour, excluded.end_hour),
    created_first = least(noted.created_first, excluded.created_first),
    created_end = greatest(noted.created_end, excluded.created_end),
    changed_first = least(noted.changed_first, excluded.changed_first),
    changed_end = greatest(noted.changed_end, excluded.changed_end)
"""


class StoredImports(StorePart):
    """Imports of readings that have begun and not ended."""

    async def begin_import(self, key: bytes) -> int:
        """Returns how many batches of an import are stored, and notes that it has begun."""
        return await self._connection.fetchval(
            """
            INSERT INTO reading_import AS begun (key) VALUES ($1)
            ON CONFLICT (key) DO UPDATE SET key = excluded.key
            RETURNING batches
            """,
            key,
        )

    async def lock_import(self, key: bytes) -> int | None:
        """Returns how many batches of an import are stored, or None if it has ended."""
        return await self._connection.fetchval(
            "SELECT batches FROM reading_import WHERE key = $1 FOR UPDATE", key
        )

    async def note_batch(self, key: bytes, outcomes: Outcomes) -> None:
        """Notes that one more batch of a locked import is stored, and what became of it."""
        import_id = await self._connection.fetchval(
            "UPDATE reading_import SET batches = batches + 1 WHERE key = $1 RETURNING id", key
        )
        await self._connection.execute(
            _NOTE_OUTCOMES,
            import_id,
            [each.gsrn for each in outcomes.keys],
            [each.direction for each in outcomes.keys],
            outcomes.created.tolist(),
            outcomes.changed.tolist(),
            outcomes.unchanged.tolist(),
            outcomes.refused.tolist(),
            outcomes.wh.tolist(),
            outcomes.stored.first_hours.tolist(),
            outcomes.stored.end_hours.tolist(),
            outcomes.created_in.first_hours.tolist(),
            outcomes.created_in.end_hours.tolist(),
            outcomes.changed_in.first_hours.tolist(),
            outcomes.changed_in.end_hours.tolist(),
        )

    async def end_import(self, key: bytes) -> Outcomes:
        """Returns what became of all batches of a locked import, and forgets it."""
        rows = await self._connection.fetch(
            """
            SELECT noted.* FROM reading_import
            JOIN reading_import_series AS noted ON noted.import_id = reading_import.id
            WHERE key = $1 ORDER BY gsrn, direction
            """,
            key,
        )
        await self._connection.execute("DELETE FROM reading_import WHERE key = $1", key)

        def column(name: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
            return np.array([row[name] for row in rows], np.int64)

        return Outcomes(
            keys=[SeriesKey(row["gsrn"], Direction(row["direction"])) for row in rows],
            created=column("created"),
            changed=column("changed"),
            unchanged=column("unchanged"),
            refused=column("refused"),
            wh=column("wh"),
            stored=Spans(column("first_hour"), column("end_hour")),
            created_in=Spans(column("created_first"), column("created_end")),
            changed_in=Spans(column("changed_first"), column("changed_end")),
        )
