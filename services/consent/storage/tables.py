"""The tables of consent."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

_INDEX_NAMES = {"ix": "%(table_name)s_%(column_0_name)s"}


class Table(SQLModel, registry=registry(metadata=sa.MetaData(naming_convention=_INDEX_NAMES))):
    """The base of consent's tables, which share no metadata with other services'."""


class CustomerRow(Table, table=True):
    """What is known of a customer, whose row is the lock of all that is decided about one."""

    __table_args__ = (
        sa.Index("customer_ask_at", "ask_at", postgresql_where=sa.text("ask_at IS NOT NULL")),
    )

    __tablename__ = "customer"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    id: UUID = Field(primary_key=True)
    number: str | None = Field(sa_type=sa.Text, unique=True)
    status: str = Field(sa_type=sa.Text)
    account_id: UUID | None
    language: str = Field(sa_type=sa.Text)
    email_hash: str | None = Field(sa_type=sa.Text)
    is_email_confirmed: bool
    mobile_hash: str | None = Field(sa_type=sa.Text)
    is_mobile_confirmed: bool
    contact_version: int
    ask_at: datetime | None = Field(sa_type=sa.DateTime(timezone=True))


class PurposeRow(Table, table=True):
    """What customers are asked for."""

    __tablename__ = "purpose"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    id: str = Field(sa_type=sa.Text, primary_key=True)
    rank: int = Field(sa_type=sa.SmallInteger)
    notice: str = Field(sa_type=sa.Text)
    channels: list[str] = Field(sa_type=ARRAY(sa.Text))
    name_nn: str = Field(sa_type=sa.Text)
    name_nb: str = Field(sa_type=sa.Text)
    name_en: str = Field(sa_type=sa.Text)


class NoticeVersionRow(Table, table=True):
    """A version of a privacy notice."""

    __tablename__ = "notice_version"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    notice: str = Field(sa_type=sa.Text, primary_key=True)
    version: int = Field(primary_key=True)
    is_material: bool
    published_at: datetime = Field(sa_type=sa.DateTime(timezone=True))


class NoticeTextRow(Table, table=True):
    """The text of a version in one language."""

    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["notice", "version"], ["notice_version.notice", "notice_version.version"]
        ),
    )

    __tablename__ = "notice_text"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    notice: str = Field(sa_type=sa.Text, primary_key=True)
    version: int = Field(primary_key=True)
    language: str = Field(sa_type=sa.Text, primary_key=True)
    title: str = Field(sa_type=sa.Text)
    body: str = Field(sa_type=sa.Text)
    sha256: bytes


class LedgerRow(Table, table=True):
    """A decision of a customer, for ever."""

    __table_args__ = (
        sa.UniqueConstraint("customer_id", "seq"),
        sa.Index(
            "ledger_purpose",
            "purpose",
            "channel",
            "customer_id",
            sa.text("position DESC"),
            postgresql_include=["decision", "notice_version"],
        ),
    )

    __tablename__ = "ledger"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    position: int = Field(sa_type=sa.BigInteger, primary_key=True)
    customer_id: UUID
    seq: int
    purpose: str = Field(sa_type=sa.Text)
    channel: str = Field(sa_type=sa.Text)
    decision: str = Field(sa_type=sa.Text)
    notice_version: int
    notice_sha256: bytes
    language: str = Field(sa_type=sa.Text)
    actor: str = Field(sa_type=sa.Text)
    actor_id: UUID | None
    source: str = Field(sa_type=sa.Text)
    evidence: str = Field(sa_type=sa.Text)
    happened_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    recorded_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    previous_hash: bytes
    hash: bytes


class LedgerAnchorRow(Table, table=True):
    """What the ledger was, up to a position, at a moment."""

    __tablename__ = "ledger_anchor"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    position: int = Field(sa_type=sa.BigInteger, primary_key=True)
    digest: bytes
    anchored_at: datetime = Field(sa_type=sa.DateTime(timezone=True))


class ConsentRow(Table, table=True):
    """What holds of a customer now: the last row of the ledger for a purpose and channel."""

    __tablename__ = "consent"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    customer_id: UUID = Field(primary_key=True, foreign_key="customer.id")
    purpose: str = Field(sa_type=sa.Text, primary_key=True)
    channel: str = Field(sa_type=sa.Text, primary_key=True)
    decision: str = Field(sa_type=sa.Text)
    notice_version: int
    position: int = Field(sa_type=sa.BigInteger)
    decided_at: datetime = Field(sa_type=sa.DateTime(timezone=True))


class SuppressionRow(Table, table=True):
    """That nothing is sent to an address."""

    __tablename__ = "suppression"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    id: UUID = Field(primary_key=True)
    medium: str = Field(sa_type=sa.Text)
    reason: str = Field(sa_type=sa.Text)
    since: datetime = Field(sa_type=sa.DateTime(timezone=True))
    note: str = Field(sa_type=sa.Text)


class SuppressedAddressRow(Table, table=True):
    """The hash of such an address under one of the keys."""

    __tablename__ = "suppressed_address"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    hash: str = Field(sa_type=sa.Text, primary_key=True)
    suppression_id: UUID = Field(
        primary_key=True, foreign_key="suppression.id", ondelete="CASCADE", index=True
    )


class SuppressionRemovalRow(Table, table=True):
    """That an address is written to again, for ever."""

    __tablename__ = "suppression_removal"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    id: UUID = Field(primary_key=True)
    at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    staff_account_id: UUID
    medium: str = Field(sa_type=sa.Text)
    reason: str = Field(sa_type=sa.Text)
    address_hash: str = Field(sa_type=sa.Text)
    why: str = Field(sa_type=sa.Text)
