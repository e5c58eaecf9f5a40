"""Reads a file of lines in pieces, refused whole if any line is bad."""

from typing import Generic, Protocol, TypeVar

from services.metering.domain.files.lines import Lines
from services.metering.domain.files.tally import Tally
from services.metering.domain.problems import BadFile, Refused

Result_co = TypeVar("Result_co", covariant=True)


class HeaderAndRows(Protocol):
    """What takes the lines of a file."""

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


class Format(HeaderAndRows, Protocol[Result_co]):
    """What a kind of file means that is taken whole."""

    def result(self) -> Result_co:
        """Returns what the file holds, once every line has been taken without a refusal."""
        ...


class FileReader(Generic[Result_co]):
    """A file that is being read: feed it with the bytes as they come, then ask for its result."""

    def __init__(self, format_: Format[Result_co]) -> None:
        self._format = format_
        self._tally = Tally()
        self._rows = Rows(format_, self._tally)

    def feed(self, data: bytes) -> None:
        """Reads the next bytes.

        Raises:
            BadFile: If reading on is no use: the header is wrong, or the file or a line too long.
        """
        self._rows.feed(data)

    def result(self) -> Result_co:
        """Returns what the file holds, once all bytes are fed.

        Raises:
            BadFile: If any line is bad, or there is none.
        """
        self._rows.end()
        if self._tally.refused:
            raise BadFile(self._tally.problems, self._tally.refused)
        return self._format.result()


class Rows:
    """The rows of a file with a header; those that are wrong are named, and the rest is taken."""

    def __init__(self, format_: HeaderAndRows, tally: Tally) -> None:
        self._format = format_
        self._tally = tally
        self._lines = Lines()

    def feed(self, data: bytes) -> None:
        """Reads the next bytes.

        Raises:
            BadFile: If reading on is no use: the header is wrong, or the file or a line too long.
        """
        for number, line in self._lines.feed(data):
            self._take(number, line)

    def end(self) -> None:
        """Reads the rest, once all bytes are fed.

        Raises:
            BadFile: If there is no row.
        """
        for number, line in self._lines.end():
            self._take(number, line)
        if self._tally.rows == 0:
            raise BadFile.of(Refused("FILE_EMPTY").at_line(1))

    def _take(self, number: int, line: str | Refused) -> None:
        is_header = number == 1
        if not is_header:
            self._tally.rows += 1
        try:
            if isinstance(line, Refused):
                raise line
            if is_header:
                self._format.header(line)
            else:
                self._format.row(number, line)
        except Refused as refused:
            if is_header:
                raise BadFile.of(refused.at_line(1)) from None
            self._tally.refuse(refused.at_line(number))


def columns_of(line: str, expected: int) -> list[str]:
    """Splits a line at its semicolons.

    Raises:
        Refused: If it has another number of columns.
    """
    columns = line.split(";")
    if len(columns) != expected:
        raise Refused("LINE_COLUMNS", expected=expected, found=len(columns))
    return columns
