"""Requests whose fields are wrong: all that is wrong is said at once, by name."""

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
