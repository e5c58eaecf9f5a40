"""Notices and purposes, on PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import asyncpg

from services.consent.domain.channels import Channel
from services.consent.domain.notices import LANGUAGES, Notice, Text
from services.consent.domain.purposes import Purpose
from services.consent.storage.part import Part

_NOTICES_LOCK = 0x6E6F7469636573  # "notices": the advisory lock of whoever publishes


class Notices(Part):
    """Notices and purposes, on PostgreSQL."""

    async def lock_notices(self) -> None:
        """Keeps others from publishing notices and purposes until the transaction is over."""
        await self._connection.execute("SELECT pg_advisory_xact_lock($1)", _NOTICES_LOCK)

    async def notices(self, names: Collection[str]) -> Mapping[str, Notice]:
        """Returns the current versions of those notices that there are."""
        rows = await self._connection.fetch(
            """
            SELECT * FROM (
                SELECT DISTINCT ON (notice) * FROM notice_version WHERE notice = ANY($1::text[])
                ORDER BY notice, version DESC
            ) AS current JOIN notice_text USING (notice, version)
            """,
            names,
        )
        material = await self._last_material(names)
        found = {row["notice"]: row for row in rows}
        return {
            name: _notice(row, [each for each in rows if each["notice"] == name], material[name])
            for name, row in found.items()
        }

    async def notice(self, name: str, version: int) -> Notice | None:
        """Returns a version of a notice, None if there is none."""
        rows = await self._connection.fetch(
            """
            SELECT * FROM notice_version JOIN notice_text USING (notice, version)
            WHERE notice = $1 AND version = $2
            """,
            name,
            version,
        )
        if not rows:
            return None
        return _notice(rows[0], rows, (await self._last_material([name]))[name])

    async def add_notice_version(
        self, name: str, version: int, published_at: datetime, *, is_material: bool
    ) -> None:
        """Stores a version without texts."""
        await self._connection.execute(
            """
            INSERT INTO notice_version (notice, version, is_material, published_at)
            VALUES ($1, $2, $3, $4)
            """,
            name,
            version,
            is_material,
            published_at,
        )

    async def add_notice_texts(self, name: str, version: int, texts: Sequence[Text]) -> None:
        """Stores texts of a version."""
        await self._connection.executemany(
            """
            INSERT INTO notice_text (notice, version, language, title, body, sha256)
            VALUES ($1, $2, $3, $4, $5, $6)
            """,
            [(name, version, text.language, text.title, text.body, text.sha256) for text in texts],
        )

    async def purposes(self) -> Sequence[Purpose]:
        """Returns all purposes, in the order in which they are shown."""
        rows = await self._connection.fetch("SELECT * FROM purpose ORDER BY rank, id")
        return [
            Purpose(
                id=row["id"],
                rank=row["rank"],
                notice=row["notice"],
                channels=[Channel(channel) for channel in row["channels"]],
                names={language: row[f"name_{language}"] for language in LANGUAGES},
            )
            for row in rows
        ]

    async def put_purpose(self, purpose: Purpose) -> None:
        """Stores a purpose in place of the one that has its id."""
        await self._connection.execute(
            """
            INSERT INTO purpose (id, rank, notice, channels, name_nn, name_nb, name_en)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (id) DO UPDATE SET
                rank = excluded.rank, notice = excluded.notice, channels = excluded.channels,
                name_nn = excluded.name_nn, name_nb = excluded.name_nb, name_en = excluded.name_en
            """,
            purpose.id,
            purpose.rank,
            purpose.notice,
            purpose.channels,
            *(purpose.names[language] for language in LANGUAGES),
        )

    async def _last_material(self, names: Collection[str]) -> Mapping[str, int]:
        rows = await self._connection.fetch(
            """
            SELECT notice, max(version) AS version FROM notice_version
            WHERE notice = ANY($1::text[]) AND is_material GROUP BY notice
            """,
            names,
        )
        return {row["notice"]: row["version"] for row in rows}


def _notice(row: asyncpg.Record, texts: Sequence[asyncpg.Record], last_material: int) -> Notice:
    by_language = {text["language"]: text for text in texts}
    return Notice(
        name=row["notice"],
        version=row["version"],
        is_material=row["is_material"],
        published_at=row["published_at"],
        texts=[
            Text(language, by_language[language]["title"], by_language[language]["body"])
            for language in LANGUAGES
            if language in by_language
        ],
        last_material=last_material,
    )
