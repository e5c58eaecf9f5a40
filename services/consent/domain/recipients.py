"""Where messages go: asked of identity when they are written, and kept nowhere."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from services.consent.domain.channels import Channel


@dataclass(frozen=True, slots=True)
class Recipient:
    """How somebody is reached.

    Attributes:
        account_id: The account, None if there is none.
        language: What they read: `nn`, `nb` or `en`.
        email: The e-mail address, empty if none is known.
        is_email_confirmed: Whether its owner has confirmed it.
        mobile: The mobile number in E.164, empty if none is known.
        is_mobile_confirmed: Whether its owner has confirmed it.
    """

    account_id: UUID | None = None
    language: str = "nn"
    email: str = field(default="", repr=False)
    is_email_confirmed: bool = False
    mobile: str = field(default="", repr=False)
    is_mobile_confirmed: bool = False

    def address(self, channel: Channel, *, is_marketing: bool) -> str:
        """Returns where a message of a channel goes, empty if it cannot go that way.

        What a customer has asked for may go to the e-mail address that the company has on file;
        all else goes to addresses only whose owner has confirmed them.
        """
        match channel:
            case Channel.EMAIL:
                return self.email if self.is_email_confirmed or not is_marketing else ""
            case Channel.SMS:
                return self.mobile if self.is_mobile_confirmed else ""
            case Channel.PUSH:
                return str(self.account_id) if self.account_id else ""
            case Channel.PHONE | Channel.POST:
                return ""


class Recipients(Protocol):
    """Knows how people are reached."""

    async def customers(self, customer_ids: Collection[UUID]) -> Mapping[UUID, Recipient]:
        """Returns how those customers are reached that are known.

        Raises:
            Unavailable: If identity is out of reach.
        """
        ...

    async def event_staff(self) -> Sequence[Recipient]:
        """Returns how the staff are reached who run events.

        Raises:
            Unavailable: If identity is out of reach.
        """
        ...
