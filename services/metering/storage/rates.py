"""Rate books: every one that was loaded, its rates as rows and the file that they came from."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from kit.postgres import Connection
from services.metering.domain.pricing import RateRow
from services.metering.storage.tables import Table

_RATES_LOCK = 0x72617465  # "rate": the advisory lock of the one import of rates


class RateBookRow(Table, table=True):
    """A book; the one with the highest revision holds."""

    __tablename__ = "rate_book"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    revision: int | None = Field(default=None, primary_key=True)
    loaded_at: datetime = Field(
        sa_type=sa.DateTime(timezone=True), sa_column_kwargs={"server_default": sa.func.now()}
    )
    text: str = Field(sa_type=sa.Text, sa_column_kwargs={"comment": "the file, TOML"})


class RateTableRow(Table, table=True):
    """A rate of a book."""

    __tablename__ = "rate"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    revision: int = Field(primary_key=True, foreign_key="rate_book.revision")
    kind: str = Field(primary_key=True, sa_type=sa.Text)
    scope: str = Field(
        primary_key=True,
        sa_type=sa.Text,
        sa_column_kwargs={
            "comment": "a zone, price area, grid company or product; empty for the whole country"
        },
    )
    valid_from: date = Field(primary_key=True)
    valid_to: date | None = Field(
        default=None, sa_column_kwargs={"comment": "exclusive; null while it holds"}
    )
    data: dict[str, Any] = Field(
        sa_type=JSONB, sa_column_kwargs={"comment": "in the words of the file, ex. VAT"}
    )
    source: str = Field(sa_type=sa.Text)


async def newest(connection: Connection) -> int:
    """Returns the number of the book that holds, 0 if there is none."""
    return await connection.fetchval("SELECT coalesce(max(revision), 0) FROM rate_book")


async def read(connection: Connection, revision: int) -> Sequence[RateRow]:
    """Returns the rates of a book."""
    rows = await connection.fetch(
        """
        SELECT kind, scope, valid_from, valid_to, data::text, source FROM rate
        WHERE revision = $1 ORDER BY kind, scope, valid_from
        """,
        revision,
    )
    return [
        RateRow(
            kind=row["kind"],
            scope=row["scope"],
            from_date=row["valid_from"],
            to_date=row["valid_to"],
            data=json.loads(row["data"]),
            source=row["source"],
        )
        for row in rows
    ]


async def lock(connection: Connection) -> None:
    """Keeps other imports of rates waiting until the transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _RATES_LOCK)


async def save(connection: Connection, rows: Sequence[RateRow], text: str) -> int:
    """Stores a book, and returns its number."""
    revision = await connection.fetchval(
        "INSERT INTO rate_book (text) VALUES ($1) RETURNING revision", text
    )
    await connection.execute(
        """
        INSERT INTO rate (revision, kind, scope, valid_from, valid_to, data, source)
        SELECT $1, kind, scope, valid_from, valid_to, data::jsonb, source
        FROM unnest($2::text[], $3::text[], $4::date[], $5::date[], $6::text[], $7::text[])
            AS written (kind, scope, valid_from, valid_to, data, source)
        """,
        revision,
        [row.kind for row in rows],
        [row.scope for row in rows],
        [row.from_date for row in rows],
        [row.to_date for row in rows],
        [json.dumps(row.data, ensure_ascii=False) for row in rows],
        [row.source for row in rows],
    )
    return revision
