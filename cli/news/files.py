"""The files that news are written in."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.outcome import CommandError, Exit
from kundeapp.consent.v1 import mailings_pb2 as pb


@dataclass(frozen=True)
class News:
    """What a file has to be sent.

    Attributes:
        purpose: What customers must have agreed to.
        texts: What is said, in one language or more.
    """

    purpose: str
    texts: pb.MailingTexts


def read_news(file: Path) -> News:
    """Reads news from a TOML file: `purpose`, and a table for each language with subject and body.

    Raises:
        CommandError: It is not such a file.
    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        purpose: str = content.pop("purpose")
        return News(purpose, pb.MailingTexts(**{name: _text(content[name]) for name in content}))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        message = f"{file} cannot be read as news: {error!r}"
        raise CommandError(Exit.USAGE, "BAD_FILE", message) from error


def _text(text: dict[str, Any]) -> pb.MailingText:
    if text.keys() != {"subject", "body"}:
        raise ValueError("each language has subject and body")
    return pb.MailingText(subject=text["subject"], body=text["body"])
