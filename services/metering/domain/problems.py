"""What metering refuses."""

from collections.abc import Sequence

from kit import errors

SHOWN_LINES = 20


class Refused(Exception):  # noqa: N818 - says what happens to the value
    """One value is wrong; whoever knows its field or line turns this into a field error.

    Attributes:
        reason: A name of `kundeapp.errors.v1.Reason`.
        facts: What the text's placeholders stand for.
    """

    def __init__(self, reason: str, **facts: str | int) -> None:
        super().__init__(reason, facts)
        self.reason = reason
        self.facts = facts

    def at(self, field: str) -> errors.FieldError:
        """Names the field that holds the value."""
        return errors.FieldError(field, self.reason, self.facts)

    def at_line(self, line: int) -> errors.FieldError:
        """Names the line of a file that holds the value; the first line is 1."""
        return self.at(f"line {line}")


class BadFile(errors.Invalid):
    """A file was refused whole; each of the first bad lines is named with its reason."""

    reason = "BAD_FILE"

    def __init__(self, lines: Sequence[errors.FieldError], bad_lines: int) -> None:
        super().__init__(*lines[:SHOWN_LINES], badLines=bad_lines)

    @staticmethod
    def of(problem: errors.FieldError) -> "BadFile":
        """Refuses a file for one problem, after which reading on is no use."""
        return BadFile([problem], bad_lines=1)


class ImportEnded(errors.FailedPrecondition):
    """Somebody else imported the same file at the same time, and is done."""

    reason = "IMPORT_ENDED"


class FileChanged(errors.FailedPrecondition):
    """The file is not the one that was announced: it changed while it was sent."""

    reason = "FILE_CHANGED"
