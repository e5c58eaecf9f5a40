"""Accounts on PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select, update

from services.identity.domain import contact
from services.identity.domain.accounts import UNDO_WITHIN, Account, Credentials, EmailChange, Role
from services.identity.domain.reach import AccountContact
from services.identity.storage.customers import CUSTOMER_COLUMNS, customer_of
from services.identity.storage.part import Part
from services.identity.storage.tables import AccountRow

_MOBILE_LOCK = 0x6D6F6269  # "mobi": the advisory locks of mobile numbers


class Accounts(Part):
    """Accounts on PostgreSQL."""

    async def add_account(
        self,
        account_id: UUID,
        email: str,
        password_hash: str,
        *,
        language: str,
        roles: frozenset[Role] = frozenset(),
    ) -> bool:
        """Opens an account; returns False if the e-mail is another's."""
        added = await self._session.exec(
            insert(AccountRow)
            .values(
                id=account_id,
                email=email,
                email_key=contact.email_key(email),
                password_hash=password_hash,
                password_version=1,
                roles=sorted(roles),
                language=language,
                mobile="",
            )
            .on_conflict_do_nothing(index_elements=["email_key"])
        )
        return added.rowcount == 1

    async def account(self, account_id: UUID) -> Account | None:
        """Returns an account, or None if there is none."""
        row = await self._session.get(AccountRow, account_id)
        if row is None:
            return None
        customers = await self._connection.fetch(
            f"SELECT {CUSTOMER_COLUMNS} FROM customer WHERE account_id = $1 ORDER BY number",  # noqa: S608 - the names of columns
            account_id,
        )
        return Account(
            id=row.id,
            email=row.email,
            roles=frozenset(Role(role) for role in row.roles),
            customers=tuple(customer_of(customer) for customer in customers),
            language=row.language,
            mobile=row.mobile,
        )

    async def credentials(self, email: str) -> Credentials | None:
        """Returns what a login with this e-mail is checked against, or None."""
        return await self._credentials(col(AccountRow.email_key) == contact.email_key(email))

    async def has_account(self, email: str) -> bool:
        """Tells whether an account uses this e-mail, in the same time."""
        return await self._connection.fetchval(
            "SELECT EXISTS (SELECT FROM account WHERE email_key = $1)", contact.email_key(email)
        )

    async def credentials_of(self, account_id: UUID) -> Credentials | None:
        """Returns what the password of an account is checked against, or None."""
        return await self._credentials(col(AccountRow.id) == account_id)

    async def email_is_taken(
        self, email: str, now: datetime, *, but_by: UUID | None = None
    ) -> bool:
        """Tells whether an e-mail is another account's, or was and can be again by an undo."""
        return await self._connection.fetchval(
            """
            SELECT EXISTS (
                SELECT FROM account WHERE email_key = $1 AND id IS DISTINCT FROM $3
            ) OR EXISTS (
                SELECT FROM email_change
                WHERE old_email_key = $1 AND until > $2 AND account_id IS DISTINCT FROM $3
            )
            """,
            contact.email_key(email),
            now,
            but_by,
        )

    async def change_email(self, account_id: UUID, email: str) -> bool:
        """Replaces the e-mail of an account, locked; returns False if it is another's."""
        await self.lock_accounts([account_id])
        try:
            async with self._connection.transaction():
                await self._connection.execute(
                    "UPDATE account SET email = $2, email_key = $3 WHERE id = $1",
                    account_id,
                    email,
                    contact.email_key(email),
                )
        except asyncpg.UniqueViolationError:
            return False
        return True

    async def add_email_change(self, change: EmailChange, undo_token: bytes) -> None:
        """Writes down how a change of an e-mail can be undone."""
        await self._connection.execute(
            """
            INSERT INTO email_change
                (undo_token, account_id, old_email, old_email_key, changed_at, until)
            VALUES ($1, $2, $3, $4, $5, $6)
            """,
            undo_token,
            change.account_id,
            change.old_email,
            contact.email_key(change.old_email),
            change.changed_at,
            change.changed_at + UNDO_WITHIN,
        )

    async def take_email_change(self, undo_token: bytes, now: datetime) -> EmailChange | None:
        """Returns the change that a token undoes, once, and forgets it and all later ones."""
        row = await self._connection.fetchrow(
            """
            DELETE FROM email_change WHERE undo_token = $1 AND until > $2
            RETURNING account_id, old_email, changed_at
            """,
            undo_token,
            now,
        )
        if row is None:
            return None
        change = EmailChange(**row)
        await self._connection.execute(
            "DELETE FROM email_change WHERE account_id = $1 AND changed_at >= $2",
            change.account_id,
            change.changed_at,
        )
        return change

    async def lock_mobile(self, mobile: str, account_id: UUID) -> UUID | None:
        """Locks a mobile number for an account, and returns who else has confirmed it, or None.

        The number is locked first, for whoever confirms it at the same time may have no row yet
        that says so. The accounts are locked in order, so that two can exchange their numbers.
        """
        await self._connection.execute(
            "SELECT pg_advisory_xact_lock($1, hashtext($2))", _MOBILE_LOCK, mobile
        )
        rows = await self._connection.fetch(
            """
            SELECT id FROM account WHERE id = $1 OR (mobile = $2 AND mobile <> '')
            ORDER BY id FOR UPDATE
            """,
            account_id,
            mobile,
        )
        return next((row["id"] for row in rows if row["id"] != account_id), None)

    async def change_mobile(self, account_id: UUID, mobile: str) -> None:
        """Replaces the mobile number of an account."""
        await self._connection.execute(
            "UPDATE account SET mobile = $2 WHERE id = $1", account_id, mobile
        )

    async def change_language(self, account_id: UUID, language: str) -> None:
        """Replaces the language that the owner of an account reads."""
        await self._connection.execute(
            "UPDATE account SET language = $2 WHERE id = $1", account_id, language
        )

    async def forget_password(self, account_id: UUID) -> None:
        """Lets no password of an account be right until a new one is chosen."""
        await self._connection.execute(
            """
            UPDATE account SET password_hash = NULL, password_version = password_version + 1
            WHERE id = $1
            """,
            account_id,
        )

    async def staff_contacts(self, role: Role) -> Sequence[AccountContact]:
        """Returns how the staff with a role are reached, by their accounts' ids."""
        rows = await self._connection.fetch(
            """
            SELECT id AS account_id, email, mobile, language FROM account
            WHERE roles <> '{}' AND $1 = ANY(roles) ORDER BY id
            """,
            role,
        )
        return [AccountContact(**row) for row in rows]

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

    async def lock_accounts(self, account_ids: Sequence[UUID]) -> None:
        """Keeps everyone else from logging in to accounts, and from attaching customers to them."""
        await self._connection.execute(
            "SELECT FROM account WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE", account_ids
        )

    async def accounts_of_nobody(self, account_ids: Sequence[UUID]) -> Sequence[UUID]:
        """Returns those of locked accounts that stand for no customer and belong to no staff."""
        rows = await self._connection.fetch(
            """
            SELECT id FROM account WHERE id = ANY($1::uuid[]) AND roles = '{}'
                AND NOT EXISTS (SELECT FROM customer WHERE account_id = account.id)
            """,
            account_ids,
        )
        return [row["id"] for row in rows]

    async def delete_account(self, account_id: UUID) -> None:
        """Deletes an account with all that hangs on it; its ended sessions lose their devices."""
        await self._connection.execute(
            """
            WITH bare AS (UPDATE session SET device = '' WHERE account_id = $1 RETURNING id)
            DELETE FROM refresh_token WHERE session_id IN (SELECT id FROM bare)
            """,
            account_id,
        )
        await self._connection.execute("DELETE FROM account WHERE id = $1", account_id)

    async def email_changes_of(self, account_id: UUID) -> Sequence[EmailChange]:
        """Returns the changes of an account's e-mail that can be undone still."""
        rows = await self._connection.fetch(
            """
            SELECT account_id, old_email, changed_at FROM email_change WHERE account_id = $1
            ORDER BY changed_at
            """,
            account_id,
        )
        return [EmailChange(**dict(row)) for row in rows]

    async def _credentials(self, which: sa.ColumnElement[bool]) -> Credentials | None:
        found = await self._session.exec(
            select(AccountRow.id, AccountRow.password_hash, AccountRow.password_version).where(
                which
            )
        )
        row = found.first()
        return row and Credentials(*row)
