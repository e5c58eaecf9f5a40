"""The tables of identity, and every query on them."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel, col, delete, select, update

from kit.database import Database, Transaction
from services.identity.domain import contact
from services.identity.domain.accounts import Account, Credentials, Role
from services.identity.domain.customers import Customer, Pin
from services.identity.domain.sessions import Login, RefreshToken, Session
from services.identity.domain.store import Event

_INTAKE_LOCK = 0x696E74616B65  # "intake": the advisory lock of the one import under way


_INDEX_NAMES = {"ix": "%(table_name)s_%(column_0_name)s"}


class Table(SQLModel, registry=registry(metadata=sa.MetaData(naming_convention=_INDEX_NAMES))):
    """The base of identity's tables, which share no metadata with other services'."""


class AccountRow(Table, table=True):
    """A login."""

    __tablename__ = "account"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    id: UUID = Field(primary_key=True)
    email: str = Field(sa_type=sa.Text)
    email_key: str = Field(sa_type=sa.Text, unique=True)
    password_hash: str = Field(sa_type=sa.Text)
    password_version: int = 1
    roles: list[str] = Field(sa_type=ARRAY(sa.Text))


class CustomerRow(Table, table=True):
    """A customer of the company."""

    __tablename__ = "customer"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    id: UUID = Field(primary_key=True)
    number: str = Field(sa_type=sa.Text, unique=True)
    name: str = Field(sa_type=sa.Text)
    email: str = Field(sa_type=sa.Text)
    mobile: str = Field(sa_type=sa.Text)
    pin_hash: str | None = Field(sa_type=sa.Text)
    pin_is_short: bool
    pin_tries: int = Field(sa_type=sa.SmallInteger)
    account_id: UUID | None = Field(foreign_key="account.id", index=True)


class PinDecoyRow(Table, table=True):
    """A row to write to where there is no customer."""

    __tablename__ = "pin_decoy"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    slot: int = Field(primary_key=True)
    tries: int = Field(sa_type=sa.BigInteger)


class SessionRow(Table, table=True):
    """A login that lasts."""

    __tablename__ = "session"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    id: UUID = Field(primary_key=True)
    account_id: UUID = Field(foreign_key="account.id", index=True)
    authenticated_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    methods: list[str] = Field(sa_type=ARRAY(sa.Text))
    expires_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    device: str = Field(sa_type=sa.Text)
    created_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    last_used_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    ended_at: datetime | None = Field(default=None, index=True, sa_type=sa.DateTime(timezone=True))


class RefreshTokenRow(Table, table=True):
    """A refresh token, by its hash."""

    __tablename__ = "refresh_token"  # pyright: ignore[reportAssignmentType] - SQLModel types it as a method

    hash: bytes = Field(primary_key=True)
    session_id: UUID = Field(foreign_key="session.id", index=True)
    used_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))
    successor: bytes | None = None


_DECOYS = 1024
_CUSTOMER_COLUMNS = "id, number, name, email, mobile, pin_hash, pin_is_short, account_id"


class PostgresStore:
    """A `Store` on PostgreSQL, within one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._session = transaction.session
        self._connection = transaction.connection

    def publish(self, *events: Event) -> None:
        """Publishes events, if and when the transaction commits."""
        self._transaction.publish(*events)

    async def count_pin_try(self, customer_number: str, most: int) -> Customer | None:
        """Counts a try at a customer's PIN; the row stays locked until the commit.

        Where there is nothing to count, a row that means nothing is counted up instead, the same
        one each time for the same number: locks and writes do not tell who is a customer.
        """
        row = await self._connection.fetchrow(
            f"""
            WITH tried AS (
                UPDATE customer SET pin_tries = pin_tries + 1 WHERE number = $1 AND pin_tries < $2
                RETURNING {_CUSTOMER_COLUMNS}
            ), decoy AS (
                UPDATE pin_decoy SET tries = tries + 1
                WHERE slot = hashtext($1) & {_DECOYS - 1} AND NOT EXISTS (SELECT FROM tried)
            )
            SELECT * FROM tried
            """,  # noqa: S608 - the names of columns, and a constant
            customer_number,
            most,
        )
        return _customer(row) if row else None

    async def forgive_pin_tries(self, customer_id: UUID) -> None:
        """Starts counting again, after a right PIN."""
        await self._connection.execute(
            "UPDATE customer SET pin_tries = 0 WHERE id = $1", customer_id
        )

    async def begin_intake(self) -> None:
        """Waits until no other import is under way, and keeps others waiting."""
        await self._connection.execute("SELECT pg_advisory_xact_lock($1)", _INTAKE_LOCK)

    async def customers_by_number(self, numbers: Sequence[str]) -> Mapping[str, Customer]:
        """Returns those of the customers that are in the register."""
        rows = await self._connection.fetch(
            f"SELECT {_CUSTOMER_COLUMNS} FROM customer WHERE number = ANY($1::text[])",  # noqa: S608 - the names of columns
            numbers,
        )
        return {row["number"]: _customer(row) for row in rows}

    async def customers_by_id(self, customer_ids: Sequence[UUID]) -> Sequence[Customer]:
        """Returns those of the customers that are in the register, in no order."""
        rows = await self._connection.fetch(
            f"SELECT {_CUSTOMER_COLUMNS} FROM customer WHERE id = ANY($1::uuid[])",  # noqa: S608 - the names of columns
            customer_ids,
        )
        return [_customer(row) for row in rows]

    async def add_customers(self, customers: Sequence[Customer]) -> None:
        """Takes customers into the register."""
        await self._connection.copy_records_to_table(
            "customer",
            columns=(
                "id",
                "number",
                "name",
                "email",
                "mobile",
                "pin_hash",
                "pin_is_short",
                "pin_tries",
            ),
            records=[
                (
                    customer.id,
                    customer.number,
                    customer.name,
                    customer.email,
                    customer.mobile,
                    customer.pin and customer.pin.hash,
                    customer.pin is not None and customer.pin.is_short,
                    0,
                )
                for customer in customers
            ],
        )

    async def change_customers(self, customers: Sequence[Customer]) -> None:
        """Writes name, contact and PIN of customers; a new PIN has all its tries."""
        await self._connection.execute(
            """
            UPDATE customer SET
                name = new.name,
                email = new.email,
                mobile = new.mobile,
                pin_tries = CASE
                    WHEN customer.pin_hash IS DISTINCT FROM new.pin_hash THEN 0
                    ELSE customer.pin_tries
                END,
                pin_hash = new.pin_hash,
                pin_is_short = new.pin_is_short
            FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[])
                AS new (id, name, email, mobile, pin_hash, pin_is_short)
            WHERE customer.id = new.id
            """,
            [customer.id for customer in customers],
            [customer.name for customer in customers],
            [customer.email for customer in customers],
            [customer.mobile for customer in customers],
            [customer.pin and customer.pin.hash for customer in customers],
            [customer.pin is not None and customer.pin.is_short for customer in customers],
        )

    async def lock_customer(self, customer_id: UUID) -> Customer:
        """Returns a customer whom nobody else changes until the commit."""
        row = await self._connection.fetchrow(
            f"SELECT {_CUSTOMER_COLUMNS} FROM customer WHERE id = $1 FOR UPDATE",  # noqa: S608 - the names of columns
            customer_id,
        )
        if row is None:
            raise LookupError(f"customer {customer_id} is gone")
        return _customer(row)

    async def add_account(
        self, account_id: UUID, email: str, password_hash: str, roles: frozenset[Role]
    ) -> bool:
        """Opens an account; returns False if another uses the e-mail."""
        added = await self._session.exec(
            insert(AccountRow)
            .values(
                id=account_id,
                email=email,
                email_key=contact.email_key(email),
                password_hash=password_hash,
                password_version=1,
                roles=sorted(roles),
            )
            .on_conflict_do_nothing(index_elements=["email_key"])
        )
        return added.rowcount == 1

    async def attach_customer(self, account_id: UUID, customer_id: UUID) -> None:
        """Lets an account stand for a customer."""
        await self._session.exec(
            update(CustomerRow)
            .where(col(CustomerRow.id) == customer_id)
            .values(account_id=account_id)
        )

    async def account(self, account_id: UUID) -> Account | None:
        """Returns an account, or None if there is none."""
        row = await self._session.get(AccountRow, account_id)
        if row is None:
            return None
        customers = await self._connection.fetch(
            f"SELECT {_CUSTOMER_COLUMNS} FROM customer WHERE account_id = $1 ORDER BY number",  # noqa: S608 - the names of columns
            account_id,
        )
        return Account(
            id=row.id,
            email=row.email,
            roles=frozenset(Role(role) for role in row.roles),
            customers=tuple(_customer(customer) for customer in customers),
        )

    async def credentials(self, email: str) -> Credentials | None:
        """Returns what a login with this e-mail is checked against, or None."""
        found = await self._session.exec(
            select(AccountRow.id, AccountRow.password_hash, AccountRow.password_version).where(
                col(AccountRow.email_key) == contact.email_key(email)
            )
        )
        row = found.first()
        return row and Credentials(*row)

    async def change_roles(self, account_id: UUID, roles: frozenset[Role]) -> None:
        """Replaces the roles of an account."""
        await self._session.exec(
            update(AccountRow).where(col(AccountRow.id) == account_id).values(roles=sorted(roles))
        )

    async def change_password(self, account_id: UUID, password_hash: str) -> None:
        """Replaces the password of an account."""
        await self._session.exec(
            update(AccountRow)
            .where(col(AccountRow.id) == account_id)
            .values(
                password_hash=password_hash,
                password_version=col(AccountRow.password_version) + 1,
            )
        )

    async def renew_password_hash(self, account_id: UUID, password_hash: str) -> None:
        """Replaces the hash of a password that stays the same."""
        await self._session.exec(
            update(AccountRow)
            .where(col(AccountRow.id) == account_id)
            .values(password_hash=password_hash)
        )

    async def hold_credentials(self, credentials: Credentials) -> bool:
        """Keeps a password from being changed until the commit; False if it was already."""
        held = await self._session.exec(
            select(AccountRow.id)
            .where(
                col(AccountRow.id) == credentials.account_id,
                col(AccountRow.password_version) == credentials.password_version,
            )
            .with_for_update(key_share=True)
        )
        return held.first() is not None

    async def add_session(self, session: Session, device: str) -> None:
        """Begins a session."""
        self._session.add(
            SessionRow(
                id=session.id,
                account_id=session.account_id,
                authenticated_at=session.authenticated_at,
                methods=list(session.methods),
                expires_at=session.expires_at,
                device=device,
                created_at=session.authenticated_at,
                last_used_at=session.authenticated_at,
            )
        )
        await self._session.flush()

    async def logins_of(self, account_id: UUID, now: datetime) -> Sequence[Login]:
        """Returns the sessions of an account that are not over, the last used first."""
        rows = await self._session.exec(
            select(SessionRow)
            .where(
                col(SessionRow.account_id) == account_id,
                col(SessionRow.ended_at).is_(None),
                col(SessionRow.expires_at) > now,
            )
            .order_by(col(SessionRow.last_used_at).desc(), col(SessionRow.id).desc())
        )
        return [Login(_session(row), row.device, row.created_at, row.last_used_at) for row in rows]

    async def sessions_ended(self, after: datetime, until: datetime) -> Sequence[Session]:
        """Returns the sessions that ended in a time, by when they did."""
        rows = await self._session.exec(
            select(SessionRow)
            .where(col(SessionRow.ended_at) > after, col(SessionRow.ended_at) <= until)
            .order_by(col(SessionRow.ended_at))
        )
        return [_session(row) for row in rows]

    async def add_refresh_token(self, session_id: UUID, token: bytes) -> None:
        """Hands out a refresh token, by its hash."""
        self._session.add(RefreshTokenRow(hash=token, session_id=session_id))
        await self._session.flush()

    async def lock_session_of(self, token: bytes) -> tuple[Session, RefreshToken] | None:
        """Returns a refresh token and its session, which wait for this transaction from now on.

        The session is locked first and the token read after: what a transaction that held the lock
        before us did to the token is seen only by a statement that begins once we hold it.
        """
        found = await self._session.exec(
            select(RefreshTokenRow.session_id).where(col(RefreshTokenRow.hash) == token)
        )
        locked = await self._session.exec(
            select(SessionRow).where(col(SessionRow.id) == found.first()).with_for_update()
        )
        session = locked.first()
        kept = await self._session.get(RefreshTokenRow, token)
        if session is None or kept is None:
            return None
        next_used = await self._session.exec(
            select(RefreshTokenRow.used_at).where(col(RefreshTokenRow.hash) == kept.successor)
        )
        return _session(session), RefreshToken(
            hash=kept.hash,
            session_id=kept.session_id,
            used_at=kept.used_at,
            successor=kept.successor,
            successor_is_used=next_used.first() is not None,
        )

    async def use_refresh_token(self, token: bytes, successor: bytes, now: datetime) -> None:
        """Writes down that a token was exchanged, and for which, by their hashes."""
        used = await self._session.get_one(RefreshTokenRow, token)
        used.used_at, used.successor = now, successor
        self._session.add(RefreshTokenRow(hash=successor, session_id=used.session_id))
        session = await self._session.get_one(SessionRow, used.session_id)
        session.last_used_at = now
        await self._session.flush()

    async def end_session(self, session_id: UUID, now: datetime) -> Session | None:
        """Ends a session and forgets its tokens; returns None if it was over already."""
        ended = await self._end(col(SessionRow.id) == session_id, now)
        return ended[0] if ended else None

    async def end_sessions_of(
        self, account_id: UUID, now: datetime, *, keep: UUID | None = None
    ) -> Sequence[Session]:
        """Ends all sessions of an account but one; returns those that were not over."""
        which = col(SessionRow.account_id) == account_id
        if keep is not None:
            which &= col(SessionRow.id) != keep
        return await self._end(which, now)

    async def _end(self, which: sa.ColumnElement[bool], now: datetime) -> Sequence[Session]:
        rows = await self._session.exec(
            select(SessionRow)
            .where(which, col(SessionRow.ended_at).is_(None), col(SessionRow.expires_at) > now)
            .with_for_update()
        )
        ended = rows.all()
        for row in ended:
            row.ended_at = now
        await self._session.flush()
        await self._session.exec(
            delete(RefreshTokenRow).where(
                col(RefreshTokenRow.session_id).in_([row.id for row in ended])
            )
        )
        return [_session(row) for row in ended]


class PostgresStores:
    """Opens transactions on a database, each with its store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def __call__(self) -> AsyncGenerator[PostgresStore]:
        """Opens a transaction that is committed at the end, or rolled back by an exception."""
        async with self._database.transaction() as transaction:
            yield PostgresStore(transaction)


def _customer(row: asyncpg.Record) -> Customer:
    pin_hash: str | None = row["pin_hash"]
    return Customer(
        id=row["id"],
        number=row["number"],
        name=row["name"],
        email=row["email"],
        mobile=row["mobile"],
        pin=Pin(pin_hash, row["pin_is_short"]) if pin_hash else None,
        account_id=row["account_id"],
    )


def _session(row: SessionRow) -> Session:
    return Session(
        id=row.id,
        account_id=row.account_id,
        authenticated_at=row.authenticated_at,
        methods=tuple(row.methods),
        expires_at=row.expires_at,
        ended_at=row.ended_at,
    )
