"""Login with a third party: providers of OpenID Connect, flows that are under way, and links.

A link says that whoever a provider calls by a subject is the owner of an account. It is made only
by somebody who is logged in to both: what a provider says of an e-mail or a phone number links
nothing, since whoever registers an address first is not always the one it belongs to.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from services.identity.domain.sessions import Client

FLOW_LIFETIME = timedelta(minutes=10)
"""How long a person may take at the provider."""

PROVIDER_METHOD = "fed"
"""A provider vouched for the person; RFC 8176 has no word for it."""
STRONG_METHOD = "mfa"
"""The person showed two factors (RFC 8176)."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A third party that customers can log in with.

    Attributes:
        id: Its name in our URLs.
        name: Its name for people.
        issuer: Its name in tokens, and in links.
        is_strong: Whether a login there takes two factors.
    """

    id: str
    name: str
    issuer: str
    is_strong: bool

    @property
    def methods(self) -> tuple[str, ...]:
        """How a person who logged in there has shown who they are (RFC 8176)."""
        return (PROVIDER_METHOD, STRONG_METHOD) if self.is_strong else (PROVIDER_METHOD,)


@dataclass(frozen=True, slots=True)
class FlowSecret:
    """What only the one who began a flow has, and who completes it must show.

    PKCE's verifier (RFC 7636) and the nonce (OpenID Connect Core, 3.1.2.1) are derived from it, so
    that nothing is at rest with which a flow could be completed.
    """

    value: str = field(repr=False)

    @property
    def verifier(self) -> str:
        """What proves to the provider that the code is ours; 43 characters."""
        return self._derived("pkce")

    @property
    def challenge(self) -> str:
        """What the provider is told of the verifier beforehand (S256)."""
        return _base64(hashlib.sha256(self.verifier.encode()).digest())

    @property
    def nonce(self) -> str:
        """What the ID token must repeat, so that another flow's does not pass."""
        return self._derived("nonce")

    def _derived(self, purpose: str) -> str:
        return _base64(hmac.digest(self.value.encode(), purpose.encode(), "sha256"))


@dataclass(frozen=True, slots=True)
class Flow:
    """A login or a linking that is under way.

    Attributes:
        provider_id: With which provider.
        client: Where it was begun, and the provider sends the person back to.
        account_id: The account to link; None in a login.
        expires_at: When it is too late to complete it.
    """

    provider_id: str
    client: Client
    account_id: UUID | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ProviderAnswer:
    """What a provider sent a person back with.

    Attributes:
        code: The authorization code.
        issuer: Who says that it sent it (RFC 9207); empty if nobody says.
    """

    code: str = field(repr=False)
    issuer: str


@dataclass(frozen=True, slots=True)
class ProviderIdentity:
    """Whom a provider vouches for.

    Attributes:
        issuer: The provider.
        subject: The person, as the provider calls them.
        authenticated_at: When the person proved to the provider who they are.
    """

    issuer: str
    subject: str = field(repr=False)
    authenticated_at: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """An account's owner is a person whom a provider knows.

    Attributes:
        issuer: The provider.
        subject: The person, as the provider calls them.
        account_id: The account.
        linked_at: Since when.
    """

    issuer: str
    subject: str = field(repr=False)
    account_id: UUID
    linked_at: datetime


class Providers(Protocol):
    """The providers that are configured."""

    def all(self) -> tuple[Provider, ...]:
        """Returns them, in the order that people see."""
        ...

    def get(self, provider_id: str) -> Provider:
        """Returns one.

        Raises:
            NotFound: If there is none of this name.
        """
        ...

    async def authorization_url(
        self, provider_id: str, client: Client, state: str, secret: FlowSecret
    ) -> str:
        """Returns where a person goes to log in there.

        Raises:
            NotFound: If there is none of this name.
            ProviderUnavailable: If it does not answer.
        """
        ...

    async def identify(
        self, flow: Flow, secret: FlowSecret, answer: ProviderAnswer
    ) -> ProviderIdentity:
        """Exchanges a code for whom the provider vouches for.

        Raises:
            NotFound: If there is no such provider any more.
            ProviderLoginFailed: If the answer does not hold.
            ProviderUnavailable: If the provider does not answer.
        """
        ...


def hash_of(secret: str) -> bytes:
    """Returns a state or a flow secret as it is kept; 256 random bits need neither salt nor key."""
    return hashlib.sha256(secret.encode()).digest()


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
