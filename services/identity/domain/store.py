"""What the use cases ask of the world around them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.identity.domain.accounts import Account, AccountRegistered, Credentials, Role
from services.identity.domain.customers import Customer, CustomerChanged, CustomerCreated
from services.identity.domain.sessions import Login, RefreshToken, Session, SessionEnded

Event = CustomerCreated | CustomerChanged | AccountRegistered | SessionEnded


class Store(Protocol):
    """The register, the accounts and the sessions, within one transaction."""

    def publish(self, *events: Event) -> None:
        """Publishes events, if and when the transaction commits."""
        ...

    async def count_pin_try(self, customer_number: str, most: int) -> Customer | None:
        """Counts a try at a customer's PIN, before it is known whether it is right.

        Nobody else counts a try at the same PIN until this transaction is over.

        Args:
            customer_number: The customer.
            most: How many tries are allowed since the last right one.

        Returns:
            The customer, or None if there is none or the tries are used up; both take as long.
        """
        ...

    async def forgive_pin_tries(self, customer_id: UUID) -> None:
        """Starts counting again, after a right PIN."""
        ...

    async def begin_intake(self) -> None:
        """Waits until no other import is under way, and keeps others waiting."""
        ...

    async def customers_by_number(self, numbers: Sequence[str]) -> Mapping[str, Customer]:
        """Returns those of the customers that are in the register."""
        ...

    async def customers_by_id(self, customer_ids: Sequence[UUID]) -> Sequence[Customer]:
        """Returns those of the customers that are in the register, in no order."""
        ...

    async def add_customers(self, customers: Sequence[Customer]) -> None:
        """Takes customers into the register."""
        ...

    async def change_customers(self, customers: Sequence[Customer]) -> None:
        """Writes name, contact and PIN of customers; a new PIN has all its tries."""
        ...

    async def lock_customer(self, customer_id: UUID) -> Customer:
        """Returns a customer whom nobody else changes until this transaction is over."""
        ...

    async def add_account(
        self, account_id: UUID, email: str, password_hash: str, roles: frozenset[Role]
    ) -> bool:
        """Opens an account; returns False if another uses the e-mail."""
        ...

    async def attach_customer(self, account_id: UUID, customer_id: UUID) -> None:
        """Lets an account stand for a customer."""
        ...

    async def account(self, account_id: UUID) -> Account | None:
        """Returns an account, or None if there is none."""
        ...

    async def credentials(self, email: str) -> Credentials | None:
        """Returns what a login with this e-mail is checked against, or None."""
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

    async def add_session(self, session: Session, device: str) -> None:
        """Begins a session.

        Args:
            session: The session.
            device: What its device is called.
        """
        ...

    async def logins_of(self, account_id: UUID, now: datetime) -> Sequence[Login]:
        """Returns the sessions of an account that are not over, the last used first."""
        ...

    async def sessions_ended(self, after: datetime, until: datetime) -> Sequence[Session]:
        """Returns the sessions that ended in a time, by when they did."""
        ...

    async def add_refresh_token(self, session_id: UUID, token: bytes) -> None:
        """Hands out a refresh token, by its hash."""
        ...

    async def lock_session_of(self, token: bytes) -> tuple[Session, RefreshToken] | None:
        """Returns a refresh token and its session, which wait for this transaction from now on.

        Args:
            token: The hash of the token.

        Returns:
            The session and the token as they are once nobody else changes them, or None.
        """
        ...

    async def use_refresh_token(self, token: bytes, successor: bytes, now: datetime) -> None:
        """Writes down that a token was exchanged, and for which, by their hashes."""
        ...

    async def end_session(self, session_id: UUID, now: datetime) -> Session | None:
        """Ends a session and forgets its tokens; returns None if it was over already."""
        ...

    async def end_sessions_of(
        self, account_id: UUID, now: datetime, *, keep: UUID | None = None
    ) -> Sequence[Session]:
        """Ends all sessions of an account but one; returns those that were not over.

        Args:
            account_id: The account.
            now: The present moment.
            keep: The session that stays, None for none.
        """
        ...


class Stores(Protocol):
    """Opens transactions: committed at the end, rolled back by an exception."""

    def __call__(self) -> AbstractAsyncContextManager[Store]:
        """Opens one."""
        ...


class PasswordHashes(Protocol):
    """Hashes passwords, which takes long on purpose: never within a transaction."""

    async def hash(self, password: str) -> str:
        """Returns a password as it is kept.

        Raises:
            Unavailable: If too many are waiting.
        """
        ...

    async def matches(self, kept: str | None, password: str) -> bool:
        """Tells whether it is the right password; a missing one takes as long as a wrong one.

        Raises:
            Unavailable: If too many are waiting.
        """
        ...

    def is_current(self, kept: str) -> bool:
        """Tells whether a password would be hashed in the same way today."""
        ...


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token that says who calls.

    Attributes:
        value: The token.
        expires_at: When it stops working.
    """

    value: str
    expires_at: datetime


class AccessTokens(Protocol):
    """Signs access tokens."""

    def issue(self, session: Session, account: Account, now: datetime) -> AccessToken:
        """Returns a token for the account in its session."""
        ...


Pieces = AsyncIterator[bytes]
"""A file on its way."""
