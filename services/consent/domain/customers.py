"""What is known of customers: nothing that tells who they are."""

from enum import StrEnum


class Status(StrEnum):
    """Where a customer is in the register of identity."""

    ACTIVE = "ACTIVE"
    MOVED = "MOVED"
    DECEASED = "DECEASED"
    ERASED = "ERASED"
    """Nothing but the id is left, for good."""
