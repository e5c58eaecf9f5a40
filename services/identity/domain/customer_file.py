"""The CSV file that customers are imported from: read in pieces, refused whole.

UTF-8 with or without BOM, RFC 4180 with commas, one customer a line. Without the column `status` in
its header a file leaves the status of customers as it is. A refusal names each bad line
and what is wrong with it, and never repeats what stands there: it may be a contact or a PIN.
"""

import csv
from collections.abc import Sequence

from kit.errors import FieldError
from services.identity.domain import contact, customers
from services.identity.domain.customers import Entry, Status
from services.identity.domain.problems import MOST_LINES_NAMED, BadFile

HEADER = ("customer_number", "name", "email", "mobile", "pin")
HEADER_WITH_STATUS = (*HEADER, "status")
LARGEST_FILE = 64 * 1024 * 1024
"""In bytes; some 800,000 customers."""
LONGEST_LINE = 4096
"""In bytes; many times what a customer has."""

_BOM = b"\xef\xbb\xbf"
_LONGEST_NAME = 200


class CustomerFile:
    """A file that is being read.

    Feed it with the bytes as they come, then ask for its entries.
    """

    def __init__(self) -> None:
        self._size = 0
        self._rest = b""
        self._line = 0
        self._header: Sequence[str] = ()
        self._entries: list[Entry] = []
        self._lines_by_number: dict[str, int] = {}
        self._errors: list[FieldError] = []
        self._bad_lines: set[int] = set()

    def feed(self, data: bytes) -> None:
        """Reads the next bytes.

        Raises:
            BadFile: If reading on is no use: the file or a line is too long, or the header wrong.
        """
        self._size += len(data)
        if self._size > LARGEST_FILE:
            raise _refused("FILE_TOO_LARGE", limit=LARGEST_FILE)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._read(line)
        self._check_length(self._rest)

    def entries(self) -> Sequence[Entry]:
        """Returns the entries, once all bytes are fed.

        Raises:
            BadFile: If any line is bad, or there is none.
        """
        if self._rest:
            self._read(self._rest)
            self._rest = b""
        if not self._header or not (self._entries or self._errors):
            raise _refused("FILE_EMPTY")
        if self._errors:
            raise BadFile(self._errors, len(self._bad_lines))
        return self._entries

    def _check_length(self, line: bytes) -> None:
        """Refuses the file for a line that is too long, whether or not it has come to its end."""
        if len(line) > LONGEST_LINE:
            raise _refused("LINE_TOO_LONG", line=self._line + 1, limit=LONGEST_LINE)

    def _read(self, line: bytes) -> None:
        self._check_length(line)
        self._line += 1
        if self._line == 1:
            line = line.removeprefix(_BOM)
        if not line.strip():
            return
        row = self._row(line)
        if not self._header:
            self._read_header(row)
        elif row is not None:
            self._read_entry(row)

    def _row(self, line: bytes) -> list[str] | None:
        try:
            return next(csv.reader([line.decode().rstrip("\r")], strict=True))
        except UnicodeDecodeError:
            self._add("LINE_NOT_UTF8")
        except csv.Error:
            self._add("LINE_NOT_CSV")
        return None

    def _read_header(self, row: list[str] | None) -> None:
        header = tuple(name.strip().lower() for name in row or ())
        if header not in {HEADER, HEADER_WITH_STATUS}:
            raise _refused("FILE_HEADER", line=self._line, expected=",".join(HEADER))
        self._header = header

    def _read_entry(self, row: list[str]) -> None:
        if len(row) != len(self._header):
            self._add("LINE_COLUMNS", expected=len(self._header), found=len(row))
            return
        number, name, email, mobile, pin, *rest = (value.strip() for value in row)
        self._check_number(number)
        e164 = contact.mobile_number(mobile) if mobile else ""
        if not _is_name(name):
            self._add("NAME_INVALID")
        if email and not contact.is_email(email):
            self._add("EMAIL_INVALID")
        if e164 is None:
            self._add("MOBILE_INVALID")
        if pin and not customers.is_pin(pin):
            self._add("PIN_INVALID")
        status = self._status(rest[0]) if rest else None
        self._entries.append(Entry(number, name, email, e164 or "", pin, status))

    def _status(self, text: str) -> Status | None:
        try:
            return Status(text.upper() or Status.ACTIVE)
        except ValueError:
            self._add("NOT_A_CHOICE", choices=", ".join(Status))
            return None

    def _check_number(self, number: str) -> None:
        if not customers.is_customer_number(number):
            self._add("CUSTOMER_NUMBER_INVALID")
            return
        first = self._lines_by_number.setdefault(number, self._line)
        if first != self._line:
            self._add("CUSTOMER_NUMBER_REPEATED", line=first)

    def _add(self, reason: str, **facts: str | int) -> None:
        self._bad_lines.add(self._line)
        if len(self._errors) < MOST_LINES_NAMED:
            self._errors.append(FieldError(f"line {self._line}", reason, facts))


def _is_name(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_NAME and text.isprintable()


def _refused(reason: str, line: int = 1, **facts: str | int) -> BadFile:
    return BadFile([FieldError(f"line {line}", reason, facts)], bad_lines=1)
