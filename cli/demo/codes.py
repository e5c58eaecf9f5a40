"""Codes that identity sends, as they lie in the local mailbox."""

import re
from pathlib import Path

from cli.local import mailbox
from cli.outcome import CommandError, Exit
from kit.local.processes import wait_until

_SECONDS = 30.0
_CODE = re.compile(r"\b\d{6}\b")


def code_for(folder: Path, recipient: str, *, after: str) -> str:
    """Returns the code in the newest message to somebody, once it is there.

    Args:
        folder: The mailbox.
        recipient: Whom it is for.
        after: The name of the newest message before, empty if there was none.

    Raises:
        CommandError: It does not come.
    """
    found: list[str] = []

    def has_come() -> bool:
        for letter in mailbox.letters(folder):
            if letter.name > after and letter.recipient == recipient:
                found.extend(_CODE.findall(letter.text))
        return bool(found)

    if not wait_until(has_come, _SECONDS):
        message = f"No code for {recipient} has come to {folder}."
        raise CommandError(Exit.UNREACHABLE, "NO_CODE", message)
    return found[0]


def newest(folder: Path) -> str:
    """Returns the name of the newest message, empty if there is none."""
    return next((letter.name for letter in mailbox.letters(folder)), "")
