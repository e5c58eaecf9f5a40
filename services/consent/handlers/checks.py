"""What is wrong with a field, said by name."""

from uuid import UUID

from kit.errors import FieldError, Invalid


def check(*found: FieldError | None) -> None:
    """Refuses a request whose fields are wrong; all of them are named.

    Raises:
        Invalid: If anything was found.
    """
    wrong = [error for error in found if error is not None]
    if wrong:
        raise Invalid(*wrong)


def required(name: str, value: str) -> FieldError | None:
    """Returns what is wrong with a field that is empty, or None."""
    return None if value.strip() else FieldError(name, "REQUIRED_FIELD")


def line_error(name: str, text: str, longest: int) -> FieldError | None:
    """Returns what is wrong with a text of one line that is needed, or None."""
    if text.strip() and len(text) <= longest and text.isprintable():
        return None
    return FieldError(name, "TEXT_LENGTH", {"minimum": 1, "maximum": longest})


def uuid_of(name: str, text: str) -> UUID:
    """Reads a UUID.

    Raises:
        Invalid: If it is none.
    """
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(FieldError(name, "NOT_A_UUID")) from None
