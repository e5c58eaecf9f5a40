"""Hours for a spreadsheet or a program: a line each."""

import csv
import io
import re
from collections.abc import Iterator, Sequence

from kit.texts import Language
from services.metering.documents.words import WORDS, Words, qualities
from services.metering.domain.calendar import local_moment_of
from services.metering.domain.exports import Flow, Rows, UsageExport
from services.metering.domain.period import Resolution
from services.metering.domain.pricing import UNKNOWN

_KWH_DECIMALS = 3
_KR_DECIMALS = 8

_LINES_AT_ONCE = 1000
_SIGNS = "=+@-\uff1d\uff0b\uff20\uff0d\ufe66\ufe62\ufe6b\ufe63"
"""What a formula begins with; also wide and small, which some spreadsheets take for the same."""
_FORMULA = re.compile(rf"(^|[,;|]) *(?=[{re.escape(_SIGNS)}])")
"""Where a formula begins: with the text, or where another program may begin a new cell."""


def usage_csv(export: UsageExport, language: Language) -> bytes:
    """Returns the hours as Norwegian spreadsheets read them.

    UTF-8 with a byte order mark, semicolons, a decimal comma. A time has its offset, so that the
    two hours from 02:00 in October can be told apart. An hour without a value has a line that says
    so; there is no line of totals, so that every line is an hour and can be summed up.
    """
    words = WORDS[language]
    hours = export.consumption.rows[Resolution.HOUR]
    out = io.BytesIO()
    text = io.TextIOWrapper(out, "utf-8-sig", newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(_header(export, words))
    address = _harmless(export.address)
    for first in range(0, len(hours.start_hours), _LINES_AT_ONCE):
        writer.writerows(_lines(export, slice(first, first + _LINES_AT_ONCE), address, words))
    text.flush()
    return out.getvalue()


def _header(export: UsageExport, words: Words) -> Sequence[str]:
    used, produced = words.consumption, words.production
    header = [words.start, words.end]
    header += [used.kwh, used.quality, used.cost, words.power, words.grid]
    if export.production is not None:
        header += [produced.kwh, produced.quality, produced.cost]
    return [*header, words.address]


def _lines(export: UsageExport, part: slice, address: str, words: Words) -> Iterator[Sequence[str]]:
    used = _rows(export.consumption, part)
    columns = [
        _moments(used.start_hours.tolist()),
        _moments((used.start_hours + 1).tolist()),
        _decimals(used.wh.tolist(), _KWH_DECIMALS),
        qualities(used, words),
        *(_decimals(each.tolist(), _KR_DECIMALS) for each in (used.cost, used.power, used.grid)),
    ]
    if export.production is not None:
        produced = _rows(export.production, part)
        columns += [
            _decimals(produced.wh.tolist(), _KWH_DECIMALS),
            qualities(produced, words),
            _decimals(produced.cost.tolist(), _KR_DECIMALS),
        ]
    columns.append([address] * len(used.start_hours))
    return zip(*columns, strict=True)


def _rows(flow: Flow, part: slice) -> Rows:
    return flow.rows[Resolution.HOUR].part(part)


def _moments(hours: Sequence[int]) -> Sequence[str]:
    return [local_moment_of(hour).isoformat(timespec="minutes") for hour in hours]


def _decimals(values: Sequence[int], places: int) -> Sequence[str]:
    """Writes whole numbers with a decimal comma; an unknown one is left empty."""
    return ["" if value == UNKNOWN else _decimal(value, places) for value in values]


def _decimal(value: int, places: int) -> str:
    whole, rest = divmod(abs(value), 10**places)
    return f"{'-' if value < 0 else ''}{whole},{rest:0{places}}"


def _harmless(text: str) -> str:
    """Keeps a spreadsheet from taking a text for a formula (OWASP, CSV Injection)."""
    return _FORMULA.sub(r"\1'", "".join(sign for sign in text if sign.isprintable()))
