"""What the use cases ask of the world around them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.identity.domain.accounts import (
    Account,
    AccountClosed,
    AccountRegistered,
    CustomerLinked,
)
from services.identity.domain.customers import (
    CustomerChanged,
    CustomerContactChanged,
    CustomerCreated,
    CustomerErased,
)
from services.identity.domain.letters import Letter
from services.identity.domain.passkeys import Attested, Passkey, Presented
from services.identity.domain.sessions import Session, SessionEnded
from services.identity.domain.store.accounts import AccountStore
from services.identity.domain.store.audit import AuditStore
from services.identity.domain.store.challenges import ChallengeStore
from services.identity.domain.store.customers import CustomerStore
from services.identity.domain.store.devices import DeviceStore
from services.identity.domain.store.federation import FederationStore
from services.identity.domain.store.passkeys import PasskeyStore
from services.identity.domain.store.second_factors import SecondFactorStore
from services.identity.domain.store.sessions import SessionStore
from services.identity.domain.store.throttles import ThrottleStore

Event = (
    CustomerCreated
    | CustomerChanged
    | CustomerErased
    | CustomerContactChanged
    | AccountRegistered
    | AccountClosed
    | CustomerLinked
    | SessionEnded
)


class Store(
    CustomerStore,
    AccountStore,
    SessionStore,
    DeviceStore,
    ChallengeStore,
    ThrottleStore,
    SecondFactorStore,
    PasskeyStore,
    FederationStore,
    AuditStore,
    Protocol,
):
    """All that is kept, within one transaction."""

    async def forget_old(self, now: datetime, *, before: datetime) -> None:
        """Forgets tries, codes and devices that no longer count, and sessions that are long over.

        Args:
            now: The present moment.
            before: Sessions that ended before this moment are forgotten.
        """
        ...

    def publish(self, *events: Event) -> None:
        """Publishes events, if and when the transaction commits."""
        ...

    async def send(self, *letters: Letter, wanted: bool = True) -> None:
        """Has letters sent, if and when the transaction commits.

        Args:
            letters: The letters.
            wanted: Whether they are sent at all; it takes as long if they are not.

        Raises:
            CannotBeSent: If no letters go by a channel.
        """
        ...


class Stores(Protocol):
    """Opens transactions: committed at the end, rolled back by an exception."""

    def __call__(self) -> AbstractAsyncContextManager[Store]:
        """Opens one."""
        ...


class PasswordHashes(Protocol):
    """Hashes passwords, which takes long on purpose: never within a transaction."""

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Waits for a turn, in which passwords are hashed; one within another is the same turn.

        Whoever counts a try takes it before, so that nobody who is turned away has used up any.

        Raises:
            Overloaded: If it would have to be waited for too long.
        """
        ...

    async def hash(self, password: str) -> str:
        """Returns a password as it is kept.

        Raises:
            Overloaded: If it has no turn, and would have to wait for one too long.
        """
        ...

    async def matches(self, kept: str | None, password: str) -> bool:
        """Tells whether it is the right password; a missing one takes as long as a wrong one.

        Raises:
            Overloaded: If it has no turn, and would have to wait for one too long.
        """
        ...

    def is_current(self, kept: str) -> bool:
        """Tells whether a password would be hashed in the same way today."""
        ...


class Seal(Protocol):
    """Keeps secrets that have to be read again."""

    def close(self, text: str) -> str:
        """Returns a text, sealed under a key that stands outside the database."""
        ...

    def open(self, sealed: str) -> str:
        """Returns a text that was sealed."""
        ...


class PasskeyCeremonies(Protocol):
    """Says what devices are asked, and checks what they answer."""

    def creation_options(
        self, account_id: UUID, email: str, known: Sequence[Passkey], challenge: bytes
    ) -> str:
        """Returns what a device is asked to make a passkey with, as JSON."""
        ...

    def request_options(self, challenge: bytes) -> str:
        """Returns what a device is asked to show a passkey with, as JSON."""
        ...

    def attested(self, credential_json: str, challenge: bytes) -> Attested:
        """Returns the passkey that a device has made.

        Raises:
            PasskeyRefused: If it is not what was asked for.
        """
        ...

    def presented(self, credential_json: str) -> Presented:
        """Returns whom a passkey says it is of, before it is proven.

        Raises:
            PasskeyRefused: If it does not say so.
        """
        ...

    def proven_count(self, credential_json: str, challenge: bytes, public_key: bytes) -> int:
        """Returns how often a passkey was used, once it has proven itself.

        Raises:
            PasskeyRefused: If it has not.
        """
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
