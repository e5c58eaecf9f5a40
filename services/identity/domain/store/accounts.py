"""What the use cases ask of the store: the accounts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.identity.domain.accounts import Account, Credentials, EmailChange, Role
from services.identity.domain.reach import AccountContact


class AccountStore(Protocol):
    """The accounts."""

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
        ...

    async def account(self, account_id: UUID) -> Account | None:
        """Returns an account, or None if there is none."""
        ...

    async def credentials(self, email: str) -> Credentials | None:
        """Returns what a login with this e-mail is checked against, or None."""
        ...

    async def has_account(self, email: str) -> bool:
        """Tells whether an account uses this e-mail, in the same time."""
        ...

    async def credentials_of(self, account_id: UUID) -> Credentials | None:
        """Returns what the password of an account is checked against, or None."""
        ...

    async def email_is_taken(
        self, email: str, now: datetime, *, but_by: UUID | None = None
    ) -> bool:
        """Tells whether an e-mail is another account's, or was and can be again by an undo.

        Args:
            email: The address.
            now: The present moment.
            but_by: The account that may have it, None for none.
        """
        ...

    async def change_email(self, account_id: UUID, email: str) -> bool:
        """Replaces the e-mail of an account; returns False if it is another's.

        Nobody attaches a customer to the account from now on until the commit.
        """
        ...

    async def add_email_change(self, change: EmailChange, undo_token: bytes) -> None:
        """Writes down how a change of an e-mail can be undone.

        Args:
            change: The change.
            undo_token: The hash of the token that undoes it.
        """
        ...

    async def take_email_change(self, undo_token: bytes, now: datetime) -> EmailChange | None:
        """Returns the change that a token undoes, once, and forgets it and all later ones."""
        ...

    async def lock_mobile(self, mobile: str, account_id: UUID) -> UUID | None:
        """Locks a mobile number for an account, and returns who else has confirmed it, or None.

        Until the commit nobody else confirms the number, changes either account, or attaches a
        customer to one.

        Args:
            mobile: The number, in E.164.
            account_id: The account that confirms it.
        """
        ...

    async def change_mobile(self, account_id: UUID, mobile: str) -> None:
        """Replaces the mobile number of an account."""
        ...

    async def change_language(self, account_id: UUID, language: str) -> None:
        """Replaces the language that the owner of an account reads."""
        ...

    async def forget_password(self, account_id: UUID) -> None:
        """Lets no password of an account be right until a new one is chosen."""
        ...

    async def staff_contacts(self, role: Role) -> Sequence[AccountContact]:
        """Returns how the staff with a role are reached, by their accounts' ids."""
        ...

    async def change_roles(self, account_id: UUID, roles: frozenset[Role]) -> None:
        """Replaces the roles of an account."""
        ...

    async def change_password(self, account_id: UUID, password_hash: str) -> None:
        """Replaces the password of an account."""
        ...

    async def renew_password_hash(self, account_id: UUID, password_hash: str) -> None:
        """Replaces the hash of a password that stays the same."""
        ...

    async def hold_credentials(self, credentials: Credentials) -> bool:
        """Keeps a password from being changed until this transaction is over.

        Returns:
            False if it was changed since the credentials were read, or the account is gone.
        """
        ...

    async def lock_accounts(self, account_ids: Sequence[UUID]) -> None:
        """Keeps everyone else from logging in to accounts, and from attaching customers to them."""
        ...

    async def accounts_of_nobody(self, account_ids: Sequence[UUID]) -> Sequence[UUID]:
        """Returns those of locked accounts that stand for no customer and belong to no staff."""
        ...

    async def delete_account(self, account_id: UUID) -> None:
        """Deletes an account with all that hangs on it; its ended sessions lose their devices."""
        ...

    async def email_changes_of(self, account_id: UUID) -> Sequence[EmailChange]:
        """Returns the changes of an account's e-mail that can be undone still."""
        ...
