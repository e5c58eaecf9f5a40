"""Forms that stand for an empty body, as `kundeapp.web.v1.form` declares them."""

from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Final
from urllib.parse import parse_qsl

from gateway import problems
from kit.errors import Malformed

URLENCODED: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
MEDIA_TYPES: Final = (URLENCODED, MULTIPART)

LARGEST: Final = 4096
"""How large a form with one short field may be, in bytes, with all that stands around it."""


def is_form(media_type: str) -> bool:
    """Tells whether a Content-Type is a form's."""
    return _kind(media_type) in MEDIA_TYPES


def refuse_other(content: bytes, media_type: str, field: str, value: str) -> None:
    """Refuses a form unless it has one field, and that as it is declared.

    Args:
        content: The body.
        media_type: Its Content-Type, which is a form's.
        field: The name of the field.
        value: Its value.

    Raises:
        Malformed: If it is another form, or none at all; it says what to send.
        PayloadTooLarge: If it is larger than `LARGEST`.
    """
    if len(content) > LARGEST:
        raise problems.PayloadTooLarge(limit=LARGEST)
    read = _urlencoded if _kind(media_type) == URLENCODED else _multipart
    try:
        fields = read(content, media_type)
    except ValueError:
        fields = None
    if fields != [(field, value)]:
        raise Malformed(detail=f"this takes a form with the one field {field}={value}")


def _kind(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _urlencoded(content: bytes, _media_type: str) -> list[tuple[str, str]]:
    text = content.decode("ascii").strip()
    return parse_qsl(text, strict_parsing=True, errors="strict")


def _multipart(content: bytes, media_type: str) -> list[tuple[str, str]]:
    """Returns the fields of a form (RFC 7578).

    Raises:
        ValueError: If it is none, or does not end.
    """
    head = f"Content-Type: {media_type}\r\n\r\n".encode("latin-1")
    form = BytesParser(policy=HTTP).parsebytes(head + content)
    if not form.is_multipart() or form.defects:
        raise ValueError("it has no parts, or no end")
    return [_part(part) for part in form.iter_parts()]


def _part(part: Message) -> tuple[str, str]:
    name = part.get_param("name", header="content-disposition")
    content = part.get_payload(decode=True)
    return str(name), content.decode().strip() if isinstance(content, bytes) else ""
