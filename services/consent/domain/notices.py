"""Privacy notices: what customers are told before they decide, by version and language."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from kit.errors import FieldError, Invalid

LANGUAGES: Final = ("nn", "nb", "en")
"""The languages, the default first: whoever asks for one that a notice lacks gets that."""

LONGEST_TITLE: Final = 200
LONGEST_BODY: Final = 50_000

_SLUG = re.compile(r"[a-z]+(-[a-z]+)*")


@dataclass(frozen=True, slots=True)
class Text:
    """What a notice says in a language.

    Attributes:
        language: One of `LANGUAGES`.
        title: The title, one line.
        body: The text, in Markdown.
    """

    language: str
    title: str
    body: str

    @property
    def sha256(self) -> bytes:
        """SHA-256 over language, title and body in UTF-8, with a line feed between them.

        Neither the language nor the title has a line feed, so that no two texts read the same.
        """
        return hashlib.sha256(f"{self.language}\n{self.title}\n{self.body}".encode()).digest()


@dataclass(frozen=True, slots=True)
class Notice:
    """A version of a notice.

    Attributes:
        name: The notice: `kraftklubben`.
        version: From 1.
        is_material: Whether those who agreed to an earlier version are asked again.
        published_at: When it was published.
        texts: In the order of `LANGUAGES`, `nn` among them.
        last_material: The last version of the notice that is material, whichever this one is.
    """

    name: str
    version: int
    is_material: bool
    published_at: datetime
    texts: Sequence[Text]
    last_material: int

    def text(self, language: str) -> Text:
        """Returns the text in a language, or in the default one if there is none."""
        by_language = {text.language: text for text in self.texts}
        return by_language.get(language) or by_language[LANGUAGES[0]]

    def was_shown(self, version: int, sha256: bytes, language: str) -> bool:
        """Tells whether a text that somebody has decided on is this version's."""
        return version == self.version and any(
            text.language == language and text.sha256 == sha256 for text in self.texts
        )

    def supersedes(self, version: int) -> bool:
        """Tells whether whoever agreed to a version must be asked again."""
        return version < self.last_material


class Outcome(StrEnum):
    """What became of texts that were to be published."""

    UNCHANGED = "UNCHANGED"
    NEW_VERSION = "NEW_VERSION"
    LANGUAGE_ADDED = "LANGUAGE_ADDED"


def is_slug(text: str) -> bool:
    """Tells whether a text can be a name of a notice, a purpose or a source."""
    return _SLUG.fullmatch(text) is not None


def publish(current: Notice | None, texts: Sequence[Text]) -> tuple[Outcome, Sequence[Text]]:
    """Returns what becomes of texts, and which of them are new.

    Args:
        current: The current version, None if there is none.
        texts: The texts, each in another language.

    Raises:
        Invalid: If a new version lacks a language that it must have.
    """
    known = {text.language: text for text in current.texts} if current else {}
    given = {text.language for text in texts}
    if any(known.get(text.language, text) != text for text in texts) or current is None:
        missing = [each for each in LANGUAGES if each in (known or LANGUAGES[:1])]
        missing = [each for each in missing if each not in given]
        if missing:
            facts = {"languages": ", ".join(missing)}
            raise Invalid(FieldError("texts", "LANGUAGES_MISSING", facts))
        return Outcome.NEW_VERSION, texts
    added = [text for text in texts if text.language not in known]
    return (Outcome.LANGUAGE_ADDED if added else Outcome.UNCHANGED), added
