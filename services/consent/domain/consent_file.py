"""The CSV file that consents given elsewhere are imported from: read in pieces, refused whole.

UTF-8 with or without BOM, RFC 4180 with commas, one decision a line. A refusal names each bad line
and what is wrong with it, and never repeats what stands there: it may be a contact.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kit.clock import parse_moment
from kit.errors import FieldError
from services.consent.domain.ledger import Decision
from services.consent.domain.notices import is_slug
from services.consent.domain.problems import MOST_LINES_NAMED, BadFile

HEADER: Final = (
    "customer_number",
    "purpose",
    "channel",
    "decision",
    "happened_at",
    "source",
    "evidence",
    "notice_version",
)
LARGEST_FILE: Final = 2 * 1024 * 1024
"""In bytes; some 20,000 decisions, which are written down in one transaction."""

LONGEST_EVIDENCE: Final = 200
LONGEST_SOURCE: Final = 40

_BOM = b"\xef\xbb\xbf"
_DECISIONS = (Decision.GIVEN, Decision.WITHDRAWN)
_VERSION = re.compile(r"\d{1,9}")
_DATE = re.compile(r"\b(\d{4}-\d{2}-\d{2}|\d{1,2}\.\d{1,2}\.\d{4})\b")
_ADDRESS = re.compile(r"\S@\S")
_EIGHT_DIGITS = re.compile(r"\d([ .()-]*\d){7}")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file.

    Attributes:
        number: Its number; the header is 1.
        customer_number: The customer.
        purpose: The purpose.
        channel: The channel; empty for a purpose without channels.
        decision: What was decided.
        happened_at: When.
        source: Where.
        evidence: Where it can be looked up.
        notice_version: The version of the notice that it was given to; 0 if none is said.
    """

    number: int
    customer_number: str
    purpose: str
    channel: str
    decision: Decision
    happened_at: datetime
    source: str
    evidence: str
    notice_version: int


class Faults:
    """What is wrong with a file."""

    def __init__(self) -> None:
        self._named = list[FieldError]()
        self._bad_lines = set[int]()

    def add(self, line: int, reason: str, **facts: str | int) -> None:
        """Notes that something is wrong with a line."""
        self._bad_lines.add(line)
        if len(self._named) < MOST_LINES_NAMED:
            self._named.append(FieldError(f"line {line}", reason, facts))

    def refuse(self) -> None:
        """Refuses the file if anything is wrong.

        Raises:
            BadFile: If so.
        """
        if self._named:
            raise BadFile(self._named, len(self._bad_lines))


class ConsentFile:
    """A file that is being read.

    Feed it with the bytes as they come, then ask for its lines.
    """

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> None:
        """Takes the next bytes.

        Raises:
            BadFile: If the file is too large.
        """
        self._data += data
        if len(self._data) > LARGEST_FILE:
            raise _refused("FILE_TOO_LARGE", limit=LARGEST_FILE)

    def lines(self) -> Sequence[Line]:
        """Returns the lines, once all bytes are fed.

        Raises:
            BadFile: If any line is bad, or there is none.
        """
        faults = Faults()
        rows = _rows(bytes(self._data.removeprefix(_BOM)), faults)
        number, header = next(rows, (1, [""]))
        if tuple(name.strip().lower() for name in header) != HEADER:
            raise _refused("FILE_HEADER", line=number, expected=",".join(HEADER))
        lines = [_line(number, row, faults) for number, row in rows]
        faults.refuse()
        if not lines:
            raise _refused("FILE_EMPTY")
        return [line for line in lines if line is not None]


def _rows(data: bytes, faults: Faults) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            yield number, next(csv.reader([line.decode().rstrip("\r")], strict=True))
        except UnicodeDecodeError:
            faults.add(number, "LINE_NOT_UTF8")
        except csv.Error:
            faults.add(number, "LINE_NOT_CSV")


def _line(number: int, row: Sequence[str], faults: Faults) -> Line | None:
    if len(row) != len(HEADER):
        faults.add(number, "LINE_COLUMNS", expected=len(HEADER), found=len(row))
        return None
    customer, purpose, channel, said, moment, source, evidence, version = map(str.strip, row)
    decision = said.upper()
    happened_at = _moment(moment)
    if decision not in _DECISIONS:
        faults.add(number, "NOT_A_CHOICE", choices=", ".join(_DECISIONS))
    if happened_at is None:
        faults.add(number, "NOT_A_MOMENT")
    if not is_slug(source) or len(source) > LONGEST_SOURCE:
        faults.add(number, "NOT_A_SLUG")
    _check_evidence(number, evidence, faults)
    if version and not _VERSION.fullmatch(version):
        faults.add(number, "OUT_OF_RANGE", minimum=1, maximum=10**9 - 1)
    if decision not in _DECISIONS or happened_at is None or not _VERSION.fullmatch(version or "0"):
        return None
    return Line(
        number,
        customer,
        purpose,
        channel.upper(),
        Decision(decision),
        happened_at,
        source,
        evidence,
        int(version or 0),
    )


def _check_evidence(number: int, evidence: str, faults: Faults) -> None:
    if not 0 < len(evidence) <= LONGEST_EVIDENCE or not evidence.isprintable():
        faults.add(number, "TEXT_LENGTH", minimum=1, maximum=LONGEST_EVIDENCE)
    elif _ADDRESS.search(evidence) or _EIGHT_DIGITS.search(_DATE.sub("", evidence)):
        faults.add(number, "PERSONAL_DATA")


def _moment(text: str) -> datetime | None:
    try:
        return parse_moment(text)
    except ValueError:
        return None


def _refused(reason: str, line: int = 1, **facts: str | int) -> BadFile:
    return BadFile([FieldError(f"line {line}", reason, facts)], bad_lines=1)
