"""Reads a file of lines in pieces, however they are cut, and gathers what is wrong with it."""

from array import array
from typing import Final, Generic, Protocol, TypeVar

import numpy as np

from kit.errors import FieldError
from services.metering.domain.calendar import Whole
from services.metering.domain.problems import SHOWN_LINES, BadFile, Refused

LARGEST_FILE: Final = 256 * 1024 * 1024
"""In bytes; some two million hours, or 200 years of them."""

LONGEST_LINE: Final = 4096
"""In bytes; ten times what any of our files has."""

_BOM = b"\xef\xbb\xbf"

Result_co = TypeVar("Result_co", covariant=True)


class Format(Protocol[Result_co]):
    """What a kind of file means."""

    def header(self, line: str) -> None:
        """Takes the first line.

        Raises:
            Refused: If it is none of this format's.
        """
        ...

    def row(self, number: int, line: str) -> None:
        """Takes a further line and its number, from 2.

        Raises:
            Refused: If it is wrong. Another line may follow.
        """
        ...

    def result(self) -> Result_co:
        """Returns what the file holds, once every line has been taken without a refusal.

        Raises:
            BadFile: If lines do not go together.
        """
        ...


class FileReader(Generic[Result_co]):
    """A file that is being read: UTF-8 with or without BOM, lines ending in LF or CRLF.

    Feed it with the bytes as they come, then ask for its result.

    Attributes:
        bad_lines: How many lines are bad so far.
        problems: Why, for the first of them.
    """

    def __init__(self, format_: Format[Result_co]) -> None:
        self._format = format_
        self._size = 0
        self._rest = b""
        self._line = 0
        self.problems = list[FieldError]()
        self.bad_lines = 0

    @property
    def rows(self) -> int:
        """How many lines there are so far, without the header."""
        return max(self._line - 1, 0)

    def feed(self, data: bytes) -> None:
        """Reads the next bytes.

        Raises:
            BadFile: If reading on is no use: the header is wrong, or the file or a line too long.
        """
        self._size += len(data)
        if self._size > LARGEST_FILE:
            raise _refused(Refused("FILE_TOO_LARGE", limit=LARGEST_FILE), self._line + 1)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._read(line)
        if len(self._rest) > LONGEST_LINE:
            raise _refused(Refused("LINE_TOO_LONG", limit=LONGEST_LINE), self._line + 1)

    def end(self) -> Result_co:
        """Returns what the good lines hold, once all bytes are fed.

        Raises:
            BadFile: If there is no line.
        """
        self._finish()
        return self._format.result()

    def result(self) -> Result_co:
        """Returns what the file holds, once all bytes are fed.

        Raises:
            BadFile: If any line is bad, or there is none.
        """
        self._finish()
        if self.bad_lines:
            raise BadFile(self.problems, self.bad_lines)
        return self._format.result()

    def _finish(self) -> None:
        if self._rest:
            self._read(self._rest)
            self._rest = b""
        if self._line < 2:  # noqa: PLR2004 - a header and a line
            raise _refused(Refused("FILE_EMPTY"), 1)

    def _read(self, data: bytes) -> None:
        self._line += 1
        try:
            line = self._decoded(data)
            if self._line == 1:
                self._format.header(line)
            else:
                self._format.row(self._line, line)
        except Refused as refused:
            if self._line == 1:
                raise _refused(refused, 1) from None
            self.bad_lines += 1
            if len(self.problems) < SHOWN_LINES:
                self.problems.append(refused.at_line(self._line))

    def _decoded(self, data: bytes) -> str:
        if len(data) > LONGEST_LINE:
            raise Refused("LINE_TOO_LONG", limit=LONGEST_LINE)
        if self._line == 1:
            data = data.removeprefix(_BOM)
        try:
            return data.removesuffix(b"\r").decode()
        except UnicodeDecodeError:
            raise Refused("LINE_NOT_UTF8") from None


def columns_of(line: str, expected: int) -> list[str]:
    """Splits a line at its semicolons.

    Raises:
        Refused: If it has another number of columns.
    """
    columns = line.split(";")
    if len(columns) != expected:
        raise Refused("LINE_COLUMNS", expected=expected, found=len(columns))
    return columns


class HourIndex:
    """The hours of a file's rows, in an array and not an object each."""

    def __init__(self) -> None:
        self._lines = array("i")
        self._hours = array("q")

    def add(self, line: int, hour: int) -> None:
        """Takes the hour of a row."""
        self._lines.append(line)
        self._hours.append(hour)

    def in_order(self) -> tuple[Whole, Whole]:
        """Returns the hours, rising, and which row each of them is, from 0.

        Raises:
            BadFile: If two rows are about the same hour.
        """
        hours = np.array(self._hours, np.int64)
        order = np.argsort(hours, kind="stable")
        hours = hours[order]
        repeated = np.flatnonzero(hours[1:] == hours[:-1])
        if len(repeated):
            rows: list[int] = order.tolist()
            pairs = sorted(
                (self._lines[rows[at + 1]], self._lines[rows[at]]) for at in repeated.tolist()
            )
            problems = [Refused("HOUR_REPEATED", line=first).at_line(line) for line, first in pairs]
            raise BadFile(problems, len(problems))
        return hours, order


def _refused(refused: Refused, line: int) -> BadFile:
    return BadFile([refused.at_line(line)], bad_lines=1)
