"""What the use cases ask of the store: logins with providers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.identity.domain.federation import Flow, Link, ProviderIdentity


class FederationStore(Protocol):
    """The flows that are under way, and the links."""

    async def add_flow(self, flow: Flow, state: bytes, secret: bytes, now: datetime) -> None:
        """Keeps a flow until it is completed, by the hashes of its state and secret."""
        ...

    async def take_flow(
        self, state: bytes, secret: bytes, account_id: UUID | None, now: datetime
    ) -> Flow | None:
        """Uses a flow up.

        Args:
            state: The hash of the state that the provider sent back.
            secret: The hash of the secret of whoever completes it.
            account_id: The account that completes a linking, None for a login.
            now: The present moment.

        Returns:
            The flow, or None if there is none of these, it is over, or somebody was faster.
        """
        ...

    async def add_link(self, link: Link) -> bool:
        """Links an account; returns False if person or account is linked at this issuer already."""
        ...

    async def account_linked_to(self, identity: ProviderIdentity) -> UUID | None:
        """Returns the account that is linked to a person and stays so until the commit, or None."""
        ...

    async def links_of(self, account_id: UUID) -> Mapping[str, datetime]:
        """Returns at which issuers an account is linked, and since when."""
        ...

    async def remove_link(self, account_id: UUID, issuer: str) -> bool:
        """Unlinks an account; returns False if it was not linked at this issuer."""
        ...
