"""The CSV of Elhub's customer portal as it was: local times without an offset.

Its times are as clocks show them, `dd.mm.yyyy hh:mm`, and there is a column of values for each
meter, such as `KWH 60 Forbruk`, where 60 is the length of a value in minutes. Columns are separated
by commas or semicolons; with commas, values are quoted or cut at their decimal comma.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.metering.domain.calendar import END_DATE, FIRST_DATE, OSLO
from services.metering.domain.files.gathering import Value
from services.metering.domain.files.qualities import parse_word
from services.metering.domain.files.values import QUARTERS, parse_comma_wh, quarter_of
from services.metering.domain.problems import Refused
from services.metering.domain.readings import NEVER_REGISTERED, Direction, Quality

OLD_PORTAL_HEADER: Final = "Fra,Til,KWH 60 Forbruk,Kvalitet"

_FROM, _TO, _QUALITY = "Fra", "Til", "Kvalitet"
_METER = re.compile(r"KWH (15|60) (Forbruk|Produksjon)", re.IGNORECASE)
_LOCAL_TIME = re.compile(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4}) ([0-9]{2}):([0-9]{2})")
_QUARTER = timedelta(minutes=15)
_NOTHING = timedelta(0)
_MOST_TWICE = 2 * QUARTERS
"""Lines of one night whose times clocks show twice: two hours of quarters."""

_Told = tuple[int, Value | Refused]


@dataclass(frozen=True)
class _Row:
    """A line whose times are known as clocks show them.

    Attributes:
        number: The number of the line.
        local: When its values start, by clocks.
        end: When they end, by clocks.
        wh: The energy that each meter counted, in Wh.
        quality: How the values came to be.
    """

    number: int
    local: datetime
    end: datetime
    wh: Sequence[int]
    quality: Quality

    @property
    def is_shown_twice(self) -> bool:
        """Whether clocks show the time of the line twice."""
        return _forward(self.local) < _NOTHING

    def is_in_double_hour_with(self, other: "_Row") -> bool:
        """Tells whether another line is of the same night's double hour."""
        return other.is_shown_twice and other.local.date() == self.local.date()

    def start(self, fold: int, quarters: int) -> int:
        """Returns the quarter that the values start with.

        Args:
            fold: 0 for the first time that clocks show the time, 1 for the second.
            quarters: How long the values are.

        Raises:
            Refused: If clocks never show the time, or `end` is another.
        """
        if _forward(self.local) > _NOTHING:
            raise Refused("LOCAL_TIME_SKIPPED")
        start = quarter_of(self.local.replace(fold=fold))
        length = quarters * _QUARTER
        ends = {quarter_of(self.end.replace(fold=each)) for each in (0, 1)}
        if start + quarters not in ends and _clock(self.end) - _clock(self.local) != length:
            raise Refused("NOT_ONE_HOUR")
        if start % quarters:
            raise Refused("NOT_A_FULL_HOUR")
        return start


def _forward(local: datetime) -> timedelta:
    """Returns how far clocks that show this time are put forward then; less than 0 if back."""
    first, second = local.replace(fold=0).utcoffset(), local.replace(fold=1).utcoffset()
    return (second or _NOTHING) - (first or _NOTHING)


def _clock(local: datetime) -> datetime:
    """Returns what clocks show, so that a difference is one of clocks."""
    return local.replace(tzinfo=None)


class OldPortal:
    """Lines of the old portal; those of October's double hour wait until their order tells."""

    def __init__(self, columns: Sequence[str], delimiter: str) -> None:
        meters = [match for name in columns if (match := _METER.fullmatch(name)) is not None]
        self._directions = [
            Direction.PRODUCTION if match[2].casefold() == "produksjon" else Direction.CONSUMPTION
            for match in meters
        ]
        self._quarters = int(meters[0][1]) // 15
        self._has_quality = columns[-1] == _QUALITY
        self._delimiter = delimiter
        self._waiting: list[_Row] = []
        self._before: datetime | None = None

    @staticmethod
    def of(header: str) -> "OldPortal | None":
        """Returns what reads the lines under a header; None if it is no such header."""
        for delimiter in ",;":
            columns = _split(header, delimiter)
            # An empty line has no columns at all.
            meters = columns[2:-1] if columns[-1:] == [_QUALITY] else columns[2:]
            matches = [match for name in meters if (match := _METER.fullmatch(name)) is not None]
            lengths = {match[1] for match in matches}
            directions = {match[2].casefold() for match in matches}
            is_known = columns[:2] == [_FROM, _TO] and len(lengths) == 1
            if is_known and len(directions) == len(matches) == len(meters):
                return OldPortal(columns, delimiter)
        return None

    def row(self, number: int, line: str) -> Iterable[_Told]:
        """Reads a line."""
        row = self._parsed(number, line)
        told = list[_Told]()
        if self._waiting and not self._waiting[-1].is_in_double_hour_with(row):
            told.extend(self._settled(row.local))
        if not row.is_shown_twice:
            told.extend(self._values(row, fold=0))
            self._before = row.local
        elif len(self._waiting) < _MOST_TWICE:
            self._waiting.append(row)
        else:
            told.append((number, Refused("LOCAL_TIME_TWICE")))
        return told

    def end(self) -> Iterable[_Told]:
        """Tells what the lines mean that still wait."""
        return self._settled(None)

    def _parsed(self, number: int, line: str) -> _Row:
        columns = _split(line, self._delimiter)
        meters = len(self._directions)
        expected = 2 + meters + self._has_quality
        is_unquoted = self._delimiter == "," and '"' not in line
        if is_unquoted and len(columns) == expected + meters:
            columns = _joined_at_commas(columns, meters)
        if len(columns) != expected:
            raise Refused("LINE_COLUMNS", expected=expected, found=len(columns))
        start, end, *rest = columns
        quality = parse_word(rest.pop()) if self._has_quality else Quality.MEASURED
        wh = [parse_comma_wh(text) for text in rest]
        return _Row(number, _local_time(start), _local_time(end), wh, quality)

    def _settled(self, after: datetime | None) -> Iterator[_Told]:
        """Tells the lines of the double hour apart: their times are shown twice in the same order.

        Two passes over the same times, in a file that rises, are summer time and then winter time;
        in one that falls it is the other way round. Anything else could mean either.
        """
        rows, self._waiting = self._waiting, []
        half = len(rows) // 2
        times = [row.local for row in rows]
        rises = self._rises(times, after)
        is_clear = rises is not None and times[:half] == times[half:]
        for place, row in enumerate(rows):
            if is_clear:
                yield from self._values(row, fold=int((place >= half) is rises))
            else:
                yield row.number, Refused("LOCAL_TIME_TWICE")

    def _rises(self, times: Sequence[datetime], after: datetime | None) -> bool | None:
        """Tells whether times rise from the line before, or to the next; None without either."""
        if times and self._before is not None:
            return self._before < times[0]
        if times and after is not None:
            return times[-1] < after
        return None

    def _values(self, row: _Row, fold: int) -> Iterator[_Told]:
        """Tells the values of a line."""
        try:
            start = row.start(fold, self._quarters)
        except Refused as refused:
            yield row.number, refused
            return
        for direction, wh in zip(self._directions, row.wh, strict=True):
            value = Value(
                gsrn=None,
                direction=direction,
                start=start,
                quarters=self._quarters,
                wh=wh,
                quality=row.quality,
                registered=NEVER_REGISTERED,
            )
            yield row.number, value


def _split(line: str, delimiter: str) -> list[str]:
    try:
        columns = next(csv.reader([line], delimiter=delimiter, strict=True), [""])
    except csv.Error:
        raise Refused("LINE_NOT_CSV") from None
    return [column.strip() for column in columns]


def _joined_at_commas(columns: list[str], values: int) -> list[str]:
    """Puts together values that were cut at their decimal comma."""
    end = 2 + 2 * values
    halves = zip(columns[2:end:2], columns[3:end:2], strict=True)
    return [*columns[:2], *(",".join(pair) for pair in halves), *columns[end:]]


def _local_time(text: str) -> datetime:
    """Reads a time as clocks show it.

    Raises:
        Refused: If it is none.
    """
    match = _LOCAL_TIME.fullmatch(text)
    if match is None:
        raise Refused("NOT_A_LOCAL_TIME")
    day, month, year, hour, minute = (int(part) for part in match.groups())
    try:
        time = datetime(year, month, day, hour, minute, tzinfo=OSLO)
    except ValueError:
        raise Refused("NOT_A_LOCAL_TIME") from None
    if not FIRST_DATE < time.date() < END_DATE:
        raise Refused("OUTSIDE_CALENDAR")
    return time
