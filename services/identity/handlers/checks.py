"""What is wrong with a field, said by name."""

from uuid import UUID

from kit.checks import required
from kit.errors import FieldError
from services.identity.domain import contact, sessions
from services.identity.domain.accounts import LANGUAGES, Role


def device_error(device: str) -> FieldError | None:
    """Returns what is wrong with the name of a device, or None."""
    return optional_text_error("device", device, sessions.LONGEST_DEVICE)


def optional_text_error(name: str, text: str, longest: int) -> FieldError | None:
    """Returns what is wrong with a text of one line that may be left out, or None."""
    if len(text) <= longest and text.isprintable():
        return None
    return FieldError(name, "TEXT_LENGTH", {"minimum": 0, "maximum": longest})


def text_error(name: str, text: str, longest: int) -> FieldError | None:
    """Returns what is wrong with a text of one line, or None."""
    if len(text) <= longest and text.isprintable():
        return None
    return FieldError(name, "TEXT_LENGTH", {"minimum": 1, "maximum": longest})


def valid(name: str, reason: str, *, is_valid: bool) -> FieldError | None:
    """Returns what is wrong with a field that is not valid, or None."""
    return None if is_valid else FieldError(name, reason)


def uuid_error(name: str, text: str) -> FieldError | None:
    """Returns what is wrong with a text that should be a UUID, or None."""
    try:
        UUID(text)
    except ValueError:
        return FieldError(name, "NOT_A_UUID")
    return None


def email_error(email: str, name: str = "email") -> FieldError | None:
    """Returns what is wrong with an e-mail address, or None."""
    is_valid = contact.is_email(email.strip())
    return required(name, email) or valid(name, "EMAIL_INVALID", is_valid=is_valid)


def language_error(name: str, language: str) -> FieldError | None:
    """Returns what is wrong with the language that somebody reads, or None."""
    is_valid = language in LANGUAGES
    return required(name, language) or valid(name, "NOT_A_LANGUAGE", is_valid=is_valid)


def role_errors(roles: frozenset[str]) -> list[FieldError]:
    """Returns what is wrong with the duties of a member of staff."""
    if not roles:
        return [FieldError("roles", "REQUIRED_FIELD")]
    is_known = all(role in Role.__members__ for role in roles)
    return [] if is_known else [FieldError("roles", "ROLE_INVALID")]
