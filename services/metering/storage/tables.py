"""The tables that are read and written row by row.

Day blocks and prices are read and written by the thousand, as columns, and have no class here:
`blocks.py` says how they are stored.
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

_INDEX_NAMES = {"ix": "%(table_name)s_%(column_0_name)s"}


class Table(SQLModel, registry=registry(metadata=sa.MetaData(naming_convention=_INDEX_NAMES))):
    """The base of metering's tables, which share no metadata with other services'."""


class MeteringPointRow(Table, table=True):
    """A metering point: a number to the world, an id to our tables, which it keeps small."""

    __tablename__ = "metering_point"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    id: int | None = Field(default=None, primary_key=True)
    gsrn: str = Field(sa_type=sa.Text, unique=True)


class ContractRow(Table, table=True):
    """One customer's hold on a metering point; `ends_at` is infinity while it lasts."""

    __tablename__ = "contract"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    __table_args__ = (sa.UniqueConstraint("metering_point_id", "customer_number", "starts_at"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=sa.BigInteger)
    metering_point_id: int = Field(foreign_key="metering_point.id")
    customer_number: str = Field(sa_type=sa.Text, index=True)
    starts_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    ends_at: datetime = Field(
        sa_type=sa.DateTime(timezone=True),
        sa_column_kwargs={"comment": "exclusive; infinity while the contract lasts"},
    )
    price_area: str = Field(sa_type=sa.Text)
    grid_company: str = Field(sa_type=sa.Text)
    product: str = Field(sa_type=sa.Text)
    premises: str = Field(sa_type=sa.Text, sa_column_kwargs={"server_default": "HOME"})
    address: str = Field(sa_type=sa.Text)


class CustomerRow(Table, table=True):
    """Which number a customer has, as identity tells."""

    __tablename__ = "customer"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    id: UUID = Field(primary_key=True)
    number: str | None = Field(
        default=None,
        sa_type=sa.Text,
        unique=True,
        sa_column_kwargs={"comment": "null once the customer is erased"},
    )
