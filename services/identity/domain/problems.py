"""What identity refuses, each with its reason in `kundeapp.errors.v1.Reason`."""

import math
from collections.abc import Sequence
from datetime import timedelta

from kit import errors
from kit.errors import FieldError

MOST_LINES_NAMED = 20


class WrongCredentials(errors.Unauthenticated):
    """Unknown e-mail or wrong password; which one is not told."""

    reason = "WRONG_CREDENTIALS"


class WrongCustomerNumberOrPin(errors.Unauthenticated):
    """Unknown customer number, wrong PIN or a PIN that is burnt; which one is not told."""

    reason = "WRONG_CUSTOMER_NUMBER_OR_PIN"


class PinNotEnough(errors.FailedPrecondition):
    """The PIN is right, but too short to open an account with."""

    reason = "PIN_NOT_ENOUGH"


class AccountExists(errors.Conflict):
    """The customer has registered before."""

    reason = "ACCOUNT_EXISTS"


class EmailInUse(errors.Conflict):
    """Another account uses this e-mail."""

    reason = "EMAIL_IN_USE"


class SessionHasEnded(errors.Unauthenticated):
    """The session is over, or the refresh token never was one."""

    reason = "SESSION_ENDED"


class TooManyTries(errors.TooMany):
    """Something was tried too often; `retryAfter` says in seconds when to try again."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(retryAfter=max(1, math.ceil(wait.total_seconds())))


class UnknownCustomerNumber(errors.Invalid):
    """No customer has this number; only staff are told so."""

    def __init__(self) -> None:
        super().__init__(FieldError("customer_number", "UNKNOWN_CUSTOMER_NUMBER"))


class CustomerDeceased(errors.FailedPrecondition):
    """The customer is registered as deceased."""

    reason = "CUSTOMER_DECEASED"


class StaffCannotDelete(errors.FailedPrecondition):
    """The account of a member of staff is not its owner's to delete."""

    reason = "STAFF_ACCOUNT"


class CannotBeSent(errors.FailedPrecondition):
    """No messages go by the channel that this needs."""

    reason = "CHANNEL_NOT_IN_USE"


class TooManyCustomers(errors.Invalid):
    """More customers are asked for at once than are told."""

    reason = "TOO_MANY_RECORDS"

    def __init__(self, field: str, limit: int) -> None:
        super().__init__(FieldError(field, self.reason, {"limit": limit}), limit=limit)


class BadFile(errors.Invalid):
    """A file was refused whole; each of the first bad lines is named with its reason."""

    reason = "BAD_FILE"

    def __init__(self, lines: Sequence[FieldError], bad_lines: int) -> None:
        super().__init__(*lines[:MOST_LINES_NAMED], badLines=bad_lines)
