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
    """Returns the first sign of a file that is neither a mark nor a blank, if it is near enough."""
    data = data[:LONGEST_LINE]
    return b"" if _BOM.startswith(data) else data.removeprefix(_BOM).lstrip()[:1]


class Beginning:
    """The first bytes of a file, held back until they tell which format it has.

    Attributes:
        held: The bytes so far.
    """

    def __init__(self) -> None:
        self.held = b""

    def add(self, data: bytes) -> bytes:
        """Takes the next bytes, and returns all of them once they tell; none before."""
        self.held += data
        return self.held if first_sign(self.held) or len(self.held) >= LONGEST_LINE else b""


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
        self._check_length(self._rest)

    def end(self) -> Iterator[tuple[int, str | Refused]]:
        """Yields the last line, if it has no end.

        Raises:
            BadFile: If it is too long.
        """
        if self._rest:
            yield self._next(self._rest)
            self._rest = b""

    def _next(self, data: bytes) -> tuple[int, str | Refused]:
        self._check_length(data)
        self._number += 1
        if self._number == 1:
            data = data.removeprefix(_BOM)
        try:
            return self._number, data.removesuffix(b"\r").decode()
        except UnicodeDecodeError:
            return self._number, Refused("LINE_NOT_UTF8")

    def _check_length(self, line: bytes) -> None:
        """Refuses the file for a line that is too long, whether or not it has come to its end."""
        if len(line) > LONGEST_LINE:
            problem = Refused("LINE_TOO_LONG", limit=LONGEST_LINE).at_line(self._number + 1)
            raise BadFile.of(problem)


class Blocks:
    """A file in blocks of equal size, however its pieces were cut.

    What is limited by the bytes that went by is then limited alike for the same file.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yields the blocks that the next bytes complete."""
        data = self._rest + data
        end = len(data) - len(data) % self._size
        self._rest = data[end:]
        for at in range(0, end, self._size):
            yield data[at : at + self._size]

    def end(self) -> bytes:
        """Returns the last block, which may be shorter or empty."""
        return self._rest


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
