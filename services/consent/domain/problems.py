"""What consent refuses, each with its reason in `kundeapp.errors.v1.Reason`."""

from collections.abc import Sequence
from typing import Final

from kit import errors
from kit.errors import FieldError

MOST_LINES_NAMED: Final = 20


class NoticeChanged(errors.FailedPrecondition):
    """A yes was given to a text that is not the current one, which `currentVersion` names."""

    reason = "NOTICE_CHANGED"

    def __init__(self, notice: str, current_version: int) -> None:
        super().__init__(notice=notice, currentVersion=current_version)


class NobodyToDecideFor(errors.FailedPrecondition):
    """The account stands for no customer, or for none who is left."""

    reason = "NOBODY_TO_DECIDE_FOR"


class BadFile(errors.Invalid):
    """A file was refused whole; each of the first bad lines is named with its reason."""

    reason = "BAD_FILE"

    def __init__(self, lines: Sequence[FieldError], bad_lines: int) -> None:
        super().__init__(*lines[:MOST_LINES_NAMED], badLines=bad_lines)
