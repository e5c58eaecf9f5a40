"""The lines of a file that comes in pieces, however they are cut."""

from collections.abc import Iterator
from typing import Final

from services.metering.domain.problems import BadFile, Refused

LARGEST_FILE: Final = 256 * 1024 * 1024
"""In bytes; some two million hours, or 200 years of them."""

LONGEST_LINE: Final = 4096
"""In bytes; ten times what any of our files has."""

_BOM = b"\xef\xbb\xbf"


def first_sign(data: bytes) -> bytes:
    """Returns the first sign of a file that is neither a mark nor a blank."""
    return data.removeprefix(_BOM).lstrip()[:1]


class Lines:
    """A file of lines: UTF-8 with or without BOM, lines ending in LF or CRLF."""

    def __init__(self) -> None:
        self._size = FileSize()
        self._rest = b""
        self._number = 0

    def feed(self, data: bytes) -> Iterator[tuple[int, str | Refused]]:
        """Yields the next lines with their numbers, from 1; or why one cannot be read.

        Raises:
            BadFile: If reading on is no use: the file or a line is too long.
        """
        self._size.add(len(data))
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            yield self._next(line)
        if len(self._rest) > LONGEST_LINE:
            raise BadFile.of(self._too_long().at_line(self._number + 1))

    def end(self) -> Iterator[tuple[int, str | Refused]]:
        """Yields the last line, if it has no end."""
        if self._rest:
            yield self._next(self._rest)
            self._rest = b""

    def _next(self, data: bytes) -> tuple[int, str | Refused]:
        self._number += 1
        if len(data) > LONGEST_LINE:
            return self._number, self._too_long()
        if self._number == 1:
            data = data.removeprefix(_BOM)
        try:
            return self._number, data.removesuffix(b"\r").decode()
        except UnicodeDecodeError:
            return self._number, Refused("LINE_NOT_UTF8")

    @staticmethod
    def _too_long() -> Refused:
        return Refused("LINE_TOO_LONG", limit=LONGEST_LINE)


class FileSize:
    """How long a file is so far."""

    def __init__(self) -> None:
        self._bytes = 0

    def add(self, size: int) -> None:
        """Counts further bytes.

        Raises:
            BadFile: If there are too many.
        """
        self._bytes += size
        if self._bytes > LARGEST_FILE:
            raise BadFile.of(Refused("FILE_TOO_LARGE", limit=LARGEST_FILE).at("file"))
