"""May we send? Every part of the answer has to be a yes; the first no is the reason."""

from enum import StrEnum


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
