"""The tables of identity."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

_INDEX_NAMES = {"ix": "%(table_name)s_%(column_0_name)s"}


class Table(SQLModel, registry=registry(metadata=sa.MetaData(naming_convention=_INDEX_NAMES))):
    """The base of identity's tables, which share no metadata with other services'."""


class AccountRow(Table, table=True):
    """A login."""

    __table_args__ = (
        sa.Index("account_mobile", "mobile", unique=True, postgresql_where=sa.text("mobile <> ''")),
        sa.Index("account_staff", "id", postgresql_where=sa.text("roles <> '{}'")),
    )

    __tablename__ = "account"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    id: UUID = Field(primary_key=True)
    email: str = Field(sa_type=sa.Text)
    email_key: str = Field(sa_type=sa.Text, unique=True)
    password_hash: str | None = Field(sa_type=sa.Text)
    password_version: int = 1
    roles: list[str] = Field(sa_type=ARRAY(sa.Text))
    language: str = Field(sa_type=sa.Text)
    mobile: str = Field(sa_type=sa.Text)


class CustomerRow(Table, table=True):
    """A customer of the company."""

    __table_args__ = (sa.Index("customer_email_key", sa.text("lower(NORMALIZE(email, NFKC))")),)

    __tablename__ = "customer"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    id: UUID = Field(primary_key=True)
    number: str | None = Field(default=None, sa_type=sa.Text, unique=True)
    name: str = Field(sa_type=sa.Text)
    email: str = Field(sa_type=sa.Text)
    mobile: str = Field(sa_type=sa.Text, index=True)
    pin_hash: str | None = Field(sa_type=sa.Text)
    pin_is_short: bool
    pin_tries: int = Field(sa_type=sa.SmallInteger)
    account_id: UUID | None = Field(foreign_key="account.id", index=True)
    status: str = Field(sa_type=sa.Text)
    erased_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))


class SessionRow(Table, table=True):
    """A login that lasts."""

    __tablename__ = "session"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    id: UUID = Field(primary_key=True)
    account_id: UUID = Field(index=True)
    authenticated_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    methods: list[str] = Field(sa_type=ARRAY(sa.Text))
    expires_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    device: str = Field(sa_type=sa.Text)
    created_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    last_used_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    client: str = Field(sa_type=sa.Text)
    idle_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))
    ended_at: datetime | None = Field(default=None, index=True, sa_type=sa.DateTime(timezone=True))


class RefreshTokenRow(Table, table=True):
    """A refresh token, by its hash."""

    __tablename__ = "refresh_token"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    hash: bytes = Field(primary_key=True)
    session_id: UUID = Field(foreign_key="session.id", index=True)
    used_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))
    successor: bytes | None = None


class TotpRow(Table, table=True):
    """An authenticator app, its secret sealed."""

    __tablename__ = "totp"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    account_id: UUID = Field(primary_key=True, foreign_key="account.id", ondelete="CASCADE")
    secret: str = Field(sa_type=sa.Text)
    last_step: int = Field(sa_type=sa.BigInteger)
    set_up_at: datetime = Field(sa_type=sa.DateTime(timezone=True))


class BegunTotpRow(Table, table=True):
    """An authenticator app that waits for its first code, its secret sealed."""

    __tablename__ = "begun_totp"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    account_id: UUID = Field(primary_key=True, foreign_key="account.id", ondelete="CASCADE")
    secret: str = Field(sa_type=sa.Text)
    expires_at: datetime = Field(sa_type=sa.DateTime(timezone=True))


class RecoveryCodeRow(Table, table=True):
    """A recovery code that was not used yet, by its keyed hash."""

    __tablename__ = "recovery_code"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    account_id: UUID = Field(primary_key=True, foreign_key="account.id", ondelete="CASCADE")
    hash: str = Field(primary_key=True, sa_type=sa.Text)


class PasskeyRow(Table, table=True):
    """A passkey."""

    __tablename__ = "passkey"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    id: UUID = Field(primary_key=True)
    account_id: UUID = Field(foreign_key="account.id", index=True, ondelete="CASCADE")
    credential_id: bytes = Field(unique=True)
    public_key: bytes
    sign_count: int = Field(sa_type=sa.BigInteger)
    name: str = Field(sa_type=sa.Text)
    created_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    last_used_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))


class PasskeyChallengeRow(Table, table=True):
    """What a passkey is to sign, once."""

    __tablename__ = "passkey_challenge"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    id: UUID = Field(primary_key=True)
    value: bytes
    ceremony: str = Field(sa_type=sa.Text)
    account_id: UUID | None = Field(foreign_key="account.id", index=True, ondelete="CASCADE")
    expires_at: datetime = Field(index=True, sa_type=sa.DateTime(timezone=True))
