"""The tables of events."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

_INDEX_NAMES = {"ix": "%(table_name)s_%(column_0_name)s"}
_MOMENT = sa.DateTime(timezone=True)
_LIVE = sa.text("status IN ('WAITING', 'OFFERED')")
_OPEN = sa.text("status = 'OPEN'")


class Table(SQLModel, registry=registry(metadata=sa.MetaData(naming_convention=_INDEX_NAMES))):
    """The base of events' tables, which share no metadata with other services'."""


class EventRow(Table, table=True):
    """An event."""

    __tablename__ = "event"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    id: UUID = Field(primary_key=True)
    title: str = Field(sa_type=sa.Text)
    text: str = Field(sa_type=sa.Text)
    venue: str = Field(sa_type=sa.Text)
    starts_at: datetime = Field(sa_type=_MOMENT, index=True)
    sales_open_at: datetime = Field(sa_type=_MOMENT)
    sales_close_at: datetime = Field(sa_type=_MOMENT)
    waiting_list_closes_at: datetime = Field(sa_type=_MOMENT)
    max_per_customer: int = Field(sa_type=sa.SmallInteger)
    status: str = Field(sa_type=sa.Text)
    published_at: datetime | None = Field(default=None, sa_type=_MOMENT)
    cancel_reason: str = Field(sa_type=sa.Text)
    ballot_closes_at: datetime | None = Field(default=None, sa_type=_MOMENT)
    ballot_seed: bytes | None = None
    ballot_drawn_at: datetime | None = Field(default=None, sa_type=_MOMENT)


class InventoryRow(Table, table=True):
    """The counters of an event."""

    __tablename__ = "inventory"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    event_id: UUID = Field(primary_key=True, foreign_key="event.id")
    capacity: int
    reserved: int
    held: int
    next_place: int = Field(sa_type=sa.BigInteger)
    version: int = Field(sa_type=sa.BigInteger)


class ReservationRow(Table, table=True):
    """Tickets of one customer to one event."""

    __tablename__ = "reservation"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    __table_args__ = (sa.UniqueConstraint("event_id", "customer_id"),)

    id: UUID = Field(primary_key=True)
    event_id: UUID
    customer_id: UUID = Field(index=True)
    status: str = Field(sa_type=sa.Text)
    quantity: int = Field(sa_type=sa.SmallInteger)
    reserved_at: datetime = Field(sa_type=_MOMENT)
    version: int = Field(sa_type=sa.BigInteger)


class TicketRow(Table, table=True):
    """A ticket for one guest."""

    __tablename__ = "ticket"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    __table_args__ = (sa.UniqueConstraint("event_id", "code"),)

    id: UUID = Field(
        primary_key=True,
        sa_column_kwargs={"comment": "follows from the token: domain/tickets.py"},
    )
    reservation_id: UUID = Field(index=True)
    event_id: UUID
    token: bytes
    code: str = Field(sa_type=sa.Text)
    status: str = Field(sa_type=sa.Text)
    used_at: datetime | None = Field(default=None, sa_type=_MOMENT)


class ReservationChangeRow(Table, table=True):
    """Something that happened to a reservation."""

    __tablename__ = "reservation_change"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    event_id: UUID = Field(primary_key=True)
    sequence: int | None = Field(
        default=None, primary_key=True, sa_type=sa.BigInteger, sa_column_args=(sa.Identity(),)
    )
    reservation_id: UUID
    happened_at: datetime = Field(sa_type=_MOMENT)
    kind: str = Field(sa_type=sa.Text)
    tickets: int = Field(sa_type=sa.SmallInteger)
    staff_account_id: UUID | None = None
    reason: str = Field(sa_type=sa.Text)
    by_link: bool = False


class WaitlistEntryRow(Table, table=True):
    """A party on the waiting list."""

    __tablename__ = "waitlist_entry"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    __table_args__ = (
        sa.Index(
            "waitlist_entry_live", "event_id", "customer_id", unique=True, postgresql_where=_LIVE
        ),
        sa.Index("waitlist_entry_in_line", "event_id", "place", postgresql_where=_LIVE),
    )

    id: UUID = Field(primary_key=True)
    event_id: UUID
    customer_id: UUID = Field(index=True)
    status: str = Field(sa_type=sa.Text)
    wanted: int = Field(sa_type=sa.SmallInteger)
    least: int = Field(sa_type=sa.SmallInteger)
    place: int = Field(sa_type=sa.BigInteger)
    joined_at: datetime = Field(sa_type=_MOMENT)
    skips: int
    pooled: int = Field(sa_type=sa.SmallInteger)
    drawn_as: int | None = Field(
        default=None,
        sa_column_kwargs={"comment": "its number in the drawn order of a ballot"},
    )


class OfferRow(Table, table=True):
    """Tickets that a party can have until a moment."""

    __tablename__ = "offer"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    __table_args__ = (
        sa.Index("offer_open", "entry_id", unique=True, postgresql_where=_OPEN),
        sa.Index("offer_open_event", "event_id", postgresql_where=_OPEN),
    )

    id: UUID = Field(primary_key=True)
    entry_id: UUID
    event_id: UUID
    status: str = Field(sa_type=sa.Text)
    tickets: int = Field(sa_type=sa.SmallInteger)
    made_at: datetime = Field(sa_type=_MOMENT)
    warn_at: datetime = Field(sa_type=_MOMENT)
    expires_at: datetime = Field(sa_type=_MOMENT)
    told_at: datetime | None = Field(default=None, sa_type=_MOMENT)
    warned: bool = False
    ended_at: datetime | None = Field(default=None, sa_type=_MOMENT)


class DoorRecordRow(Table, table=True):
    """Something that happened at the door."""

    __tablename__ = "door_record"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    __table_args__ = (sa.UniqueConstraint("event_id", "device", "nonce"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=sa.BigInteger)
    event_id: UUID
    reservation_id: UUID | None = Field(default=None, index=True)
    kind: str = Field(sa_type=sa.Text)
    ticket_id: UUID | None = None
    shown: str = Field(sa_type=sa.Text)
    guests: int = Field(sa_type=sa.SmallInteger)
    device: str = Field(sa_type=sa.Text)
    nonce: str = Field(sa_type=sa.Text)
    happened_at: datetime = Field(sa_type=_MOMENT)
    recorded_at: datetime = Field(sa_type=_MOMENT)
    staff_account_id: UUID
    conflict: bool


class CustomerRow(Table, table=True):
    """Who a customer is, as identity tells."""

    __tablename__ = "customer"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    __table_args__ = (
        sa.Index("customer_unnamed", "id", postgresql_where=sa.text("named_revision < revision")),
    )

    id: UUID = Field(primary_key=True)
    number: str | None = Field(
        default=None,
        sa_type=sa.Text,
        unique=True,
        sa_column_kwargs={"comment": "null once the customer is erased"},
    )
    name: str = Field(sa_type=sa.Text)
    revision: int
    named_revision: int
