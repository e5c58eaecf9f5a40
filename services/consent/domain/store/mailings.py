"""What the use cases ask of the store: mailings."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.consent.domain.channels import Channel
from services.consent.domain.mailings import Mailing, MailingState, Progress


class MailingStore(Protocol):
    """Mailings."""

    async def put_mailing(self, mailing: Mailing) -> None:
        """Writes a mailing."""
        ...

    async def mailing(self, mailing_id: UUID) -> Mailing | None:
        """Returns a mailing, None if there is none."""
        ...

    async def mailing_about(self, kind: str, topic: str) -> Mailing | None:
        """Returns the mailing that the system has made about a topic, None if it has not."""
        ...

    async def mailings(self, before: UUID | None, limit: int) -> Sequence[Mailing]:
        """Returns mailings, the newest first.

        Args:
            before: The one that they are older than; None to begin with the newest.
            limit: How many at most.
        """
        ...

    async def lock_mailing(self, mailing_id: UUID) -> Mailing | None:
        """Returns a mailing, None if there is none, and lets nobody else change it."""
        ...

    async def lock_letters(self, mailing_id: UUID) -> None:
        """Waits until no letter of a mailing is being handed over, and keeps it so.

        It is asked for before the mailing is locked.
        """
        ...

    async def lock_for_letter(self, mailing_id: UUID) -> MailingState | None:
        """Returns where a mailing is, None if there is none, while a letter is handed over."""
        ...

    async def mailings_to_write(self, mailing_ids: Collection[UUID]) -> Mapping[UUID, Mailing]:
        """Returns those that are being sent."""
        ...

    async def mailings_to_tend(self, now: datetime) -> Sequence[UUID]:
        """Returns the mailings that are due, or being sent."""
        ...

    async def take_mailing(self, mailing_id: UUID) -> Mailing | None:
        """Returns a mailing, locked; None if somebody else has locked it, or there is none."""
        ...

    async def audience_after(
        self, purpose: str, channels: Collection[Channel], after: UUID | None, most: int
    ) -> Sequence[UUID]:
        """Returns the next who have agreed by one of the channels, in the order of their ids."""
        ...

    async def waiting_of(self, mailing_id: UUID) -> int:
        """Returns how many letters of a mailing are neither sent nor dropped."""
        ...

    async def progress_of(self, mailing_ids: Collection[UUID]) -> Mapping[UUID, Progress]:
        """Returns how far mailings are."""
        ...

    async def keep_progress(self, mailing_id: UUID) -> None:
        """Keeps how far a mailing is, which goes no further, when its letters are forgotten."""
        ...

    async def end_letters(self, mailing_id: UUID) -> None:
        """Has nothing more of a mailing written or sent, while nobody hands over one of them."""
        ...

    async def claim_addresses(self, mailing_id: UUID, hashes: Collection[str]) -> Collection[str]:
        """Notes that addresses get a mailing; returns those that did not get it before."""
        ...

    async def delete_mailing(self, mailing_id: UUID) -> None:
        """Deletes a mailing, and what is known of who got it."""
        ...
