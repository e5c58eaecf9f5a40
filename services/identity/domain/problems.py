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
    """The PIN is right, but too short without a code, and there is no contact to send one to."""

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


class NoAccount(errors.FailedPrecondition):
    """The customer has opened no account."""

    reason = "NO_ACCOUNT"


class CustomerDeceased(errors.FailedPrecondition):
    """The customer is registered as deceased."""

    reason = "CUSTOMER_DECEASED"


class StaffCannotDelete(errors.FailedPrecondition):
    """The account of a member of staff is not its owner's to delete."""

    reason = "STAFF_ACCOUNT"


class WrongCode(errors.Invalid):
    """The code is wrong; of two codes it is not told which."""

    reason = "WRONG_CODE"

    def __init__(self) -> None:
        super().__init__(FieldError("code", self.reason))


class CodeNoLongerWorks(errors.FailedPrecondition):
    """The code was used, has expired, was tried too often, or was replaced by a newer one."""

    reason = "CODE_NO_LONGER_WORKS"


class NoUndo(errors.FailedPrecondition):
    """There is no change of the e-mail that this token undoes, or no longer."""

    reason = "NOTHING_TO_UNDO"


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


class SecondFactorNeeded(errors.Unauthenticated):
    """The password is right, and a second factor is needed; the fact `methods` says which."""

    reason = "SECOND_FACTOR_NEEDED"


class WrongSecondFactor(errors.Unauthenticated):
    """The code is wrong, too old, or was used before."""

    reason = "WRONG_SECOND_FACTOR"


class SecondFactorNotSetUp(errors.Unauthenticated):
    """A member of staff has no second factor, and cannot log in."""

    reason = "SECOND_FACTOR_NOT_SET_UP"


class SecondFactorMandatory(errors.FailedPrecondition):
    """A member of staff cannot be without a second factor."""

    reason = "SECOND_FACTOR_MANDATORY"


class TotpSetupOver(errors.FailedPrecondition):
    """There is no authenticator app to be confirmed, or it was not confirmed in time."""

    reason = "TOTP_SETUP_OVER"


class NoTotp(errors.FailedPrecondition):
    """There is no authenticator app on the account."""

    reason = "NO_TOTP"


class PasskeyCopied(errors.Unauthenticated):
    """The passkey was used elsewhere, as its count shows."""

    reason = "PASSKEY_COPIED"


class TooManyPasskeys(errors.FailedPrecondition):
    """The account has as many passkeys as it can have; the fact `limit` says how many."""

    reason = "TOO_MANY_PASSKEYS"


class PasskeyRefused(errors.Unauthenticated):
    """The passkey is unknown, of another site, for another challenge, or without its user."""

    reason = "PASSKEY_REFUSED"


class ProviderUnavailable(errors.Unavailable):
    """A provider of logins does not answer as it should; others may."""

    reason = "PROVIDER_UNAVAILABLE"

    def __init__(self, provider: str) -> None:
        super().__init__(provider=provider)


class ProviderFlowEnded(errors.Unauthenticated):
    """The login is none that this browser or app began, or it is used or too old."""

    reason = "PROVIDER_FLOW_ENDED"


class ProviderLoginFailed(errors.Unauthenticated):
    """What a provider of logins answered does not hold."""

    reason = "PROVIDER_LOGIN_FAILED"

    def __init__(self, provider: str) -> None:
        super().__init__(provider=provider)


class ProviderNotLinked(errors.Unauthenticated):
    """The provider vouches for somebody whom no account is linked to."""

    reason = "PROVIDER_NOT_LINKED"

    def __init__(self, provider: str) -> None:
        super().__init__(provider=provider)


class ProviderNotEnough(errors.Unauthenticated):
    """The account needs two factors, and a login at the provider takes one."""

    reason = "PROVIDER_NOT_ENOUGH"

    def __init__(self, provider: str) -> None:
        super().__init__(provider=provider)


class ProviderLinkedElsewhere(errors.Conflict):
    """Another account is linked to this person."""

    reason = "PROVIDER_LINKED_ELSEWHERE"

    def __init__(self, provider: str) -> None:
        super().__init__(provider=provider)


class ProviderLinkedAlready(errors.Conflict):
    """The account is linked to somebody else at this provider."""

    reason = "PROVIDER_LINKED_ALREADY"

    def __init__(self, provider: str) -> None:
        super().__init__(provider=provider)
