"""What is wrong with a field, said by name."""

from kit.errors import FieldError


def line_error(name: str, text: str, longest: int) -> FieldError | None:
    """Returns what is wrong with a text of one line that is needed, or None."""
    if text.strip() and len(text) <= longest and text.isprintable():
        return None
    return FieldError(name, "TEXT_LENGTH", {"minimum": 1, "maximum": longest})
