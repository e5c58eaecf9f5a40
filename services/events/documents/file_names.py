"""Names of files that go with letters, in letters that every mail program keeps."""

import re
import unicodedata
from collections.abc import Mapping

from kit.texts import Language
from services.events.documents.dates import sortable_date
from services.events.domain.event import Event
from services.events.domain.guest_list import GuestList

_TICKETS: Mapping[Language, str] = {"nn": "billettar", "nb": "billetter", "en": "tickets"}
_SPELLED = str.maketrans({"æ": "ae", "ø": "o", "å": "a", "ð": "d", "đ": "d", "ł": "l", "þ": "th"})
"""What letters are spelled with that are not another letter with a mark."""
_MOST_OF_A_TITLE = 50


def tickets_file_name(event: Event, language: Language) -> str:
    """Returns what tickets are called: billettar-haustkonsert-2026-12-05.pdf."""
    return f"{_stem(_TICKETS[language], event.title)}-{sortable_date(event.starts_at)}.pdf"


def guest_list_file_name(guest_list: GuestList, extension: str) -> str:
    """Returns what a list is called: gjesteliste-haustkonsert-2026-12-05-v12.pdf."""
    stem = _stem("gjesteliste", guest_list.title)
    day = sortable_date(guest_list.starts_at)
    return f"{stem}-{day}-v{guest_list.version}.{extension}"


def _stem(word: str, title: str) -> str:
    folded = unicodedata.normalize("NFKD", title.casefold().translate(_SPELLED))
    plain = re.sub(r"[^a-z0-9]+", "-", folded.encode("ascii", "ignore").decode())
    short = plain[:_MOST_OF_A_TITLE].strip("-")
    return f"{word}-{short}" if short else word
