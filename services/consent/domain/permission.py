"""May we send? Every part of the answer has to be a yes; the first no is the reason."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.consent.domain.channels import Channel
from services.consent.domain.customers import Status
from services.consent.domain.ledger import Decision


class Permission(StrEnum):
    """Whether a customer may be written to for a purpose by a channel, and if not, why."""

    ALLOWED = "ALLOWED"
    UNKNOWN_PURPOSE = "UNKNOWN_PURPOSE"
    """There is no such purpose, or it does not have this channel."""
    NOT_A_CUSTOMER = "NOT_A_CUSTOMER"
    """Unknown, moved, deceased or erased."""
    NO_DECISION = "NO_DECISION"
    """The customer was never asked, or never answered. No row is a no."""
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    NOTICE_SUPERSEDED = "NOTICE_SUPERSEDED"
    """The notice has changed materially since the customer agreed."""
    NO_ADDRESS = "NO_ADDRESS"
    NOT_CONFIRMED = "NOT_CONFIRMED"
    """There is an address, but its owner has not confirmed it; or it has changed and is asked for
    anew at this moment."""
    SUPPRESSED = "SUPPRESSED"
    """The address bounces, has complained, or is reserved against marketing."""


_NO: Final = {
    None: Permission.NO_DECISION,
    Decision.WITHDRAWN: Permission.WITHDRAWN,
    Decision.EXPIRED: Permission.EXPIRED,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """All that a permission depends on, of one customer, purpose and channel.

    Attributes:
        channel: The channel. Mail goes to the e-mail address, SMS and calls to the mobile number,
            notifications to the account.
        is_offered: Whether there is such a purpose, and it has the channel.
        status: Where the customer is in the register, None if nobody is known by the id.
        decision: What was decided last, None if nothing was.
        is_superseded: Whether the notice has changed materially since.
        is_current: Whether what is known of the address is what identity knows.
        has_address: Whether there is an address.
        is_confirmed: Whether its owner has confirmed it.
        is_suppressed: Whether nothing is to be sent to the address, whoever's it is.
    """

    channel: Channel
    is_offered: bool
    status: Status | None
    decision: Decision | None
    is_superseded: bool
    is_current: bool
    has_address: bool
    is_confirmed: bool
    is_suppressed: bool


def permission_of(standing: Standing) -> Permission:
    """Answers whether a customer may be written to (markedsføringsloven §§ 12, 15; GDPR art. 7)."""
    if not standing.is_offered:
        return Permission.UNKNOWN_PURPOSE
    if standing.status is not Status.ACTIVE:
        return Permission.NOT_A_CUSTOMER
    if standing.decision is not Decision.GIVEN:
        return _NO[standing.decision]
    if standing.is_superseded:
        return Permission.NOTICE_SUPERSEDED
    return _reachable(standing)


def _reachable(standing: Standing) -> Permission:
    if standing.channel is Channel.POST:
        # The suite knows no postal address: whoever sends the letters does.
        return Permission.ALLOWED
    if not standing.is_current:
        return Permission.NOT_CONFIRMED
    if not standing.has_address:
        return Permission.NO_ADDRESS
    if not standing.is_confirmed:
        return Permission.NOT_CONFIRMED
    if standing.is_suppressed:
        return Permission.SUPPRESSED
    return Permission.ALLOWED
