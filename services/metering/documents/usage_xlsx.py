"""Usage as a workbook: a sheet each for months, days and hours."""

# XlsxWriter tells some of its types only.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from kit.texts import Language
from services.metering.documents.words import WORDS, FlowWords, Words, qualities
from services.metering.domain.calendar import Whole, local_moment_of
from services.metering.domain.exports import Flow, Rows, UsageExport
from services.metering.domain.period import Resolution
from services.metering.domain.pricing import UNKNOWN

_ROWS_AT_ONCE = 1000
_HEADER_ROW = 1
_FIRST_ROW = 2
_HEADER_HEIGHT = 45
_A4 = 9
_WH_PER_KWH = 10**3
_COST_PER_KR = 10**8
_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - a workbook knows no zones

Cells = Sequence[str | float | None]


@dataclass(frozen=True)
class _Column:
    """A column of a sheet.

    Attributes:
        heading: What it is called.
        width: How wide it is, in digits.
        format: How its cells look.
        heading_format: How its heading looks.
    """

    heading: str
    width: float
    format: Format
    heading_format: Format


class _Formats:
    """How cells look."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self.title: Final = book.add_format({"bold": True, "font_size": 12})
        header = {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}
        self.left: Final = book.add_format({**header, "align": "left", "indent": 1})
        self.right: Final = book.add_format({**header, "align": "right"})
        self.text: Final = book.add_format({"align": "left", "indent": 1})
        self.moment: Final = book.add_format(
            {"num_format": "dd.mm.yyyy hh:mm", "align": "left", "indent": 1}
        )
        self.day: Final = book.add_format(
            {"num_format": "dd.mm.yyyy", "align": "left", "indent": 1}
        )
        self.month: Final = book.add_format({"num_format": "mm.yyyy", "align": "left", "indent": 1})
        self.count: Final = book.add_format({"num_format": "0"})
        self.kwh: Final = book.add_format({"num_format": "#,##0.000"})
        self.kr: Final = book.add_format({"num_format": "#,##0.00"})


def usage_xlsx(export: UsageExport, language: Language) -> bytes:
    """Returns a workbook whose numbers are numbers, and whose times are those of Norwegian clocks.

    Rows go to disk as they are made, so that memory does not grow with them. Every cell is a value,
    also the totals: there is no formula, and no text is taken for one.
    """
    words = WORDS[language]
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
        formats = _Formats(book)
        for resolution, name in (
            (Resolution.MONTH, words.months_sheet),
            (Resolution.DAY, words.days_sheet),
            (Resolution.HOUR, words.hours_sheet),
        ):
            _write(book.add_worksheet(name), export, resolution, words, formats)
    return out.getvalue()


def _write(
    sheet: Worksheet, export: UsageExport, resolution: Resolution, words: Words, formats: _Formats
) -> None:
    columns = _columns(export, resolution, words, formats)
    sheet.freeze_panes(_FIRST_ROW, 1)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0, _HEADER_ROW)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width)
    title = f"{sheet.get_name()}, {export.address}, {words.metering_point} {export.gsrn}"
    sheet.write_string(0, 0, title, formats.title)
    sheet.set_row(_HEADER_ROW, _HEADER_HEIGHT)
    for place, column in enumerate(columns):
        sheet.write_string(_HEADER_ROW, place, column.heading, column.heading_format)
    row = _FIRST_ROW
    for cells in _all_cells(export, resolution, words):
        _write_row(sheet, row, cells, columns)
        row += 1
    if resolution is Resolution.MONTH:
        _write_row(sheet, row, _total(export, words), columns)


def _write_row(sheet: Worksheet, row: int, cells: Cells, columns: Sequence[_Column]) -> None:
    for place, (cell, column) in enumerate(zip(cells, columns, strict=True)):
        if isinstance(cell, str):
            sheet.write_string(row, place, cell, column.format)
        elif cell is not None:
            sheet.write_number(row, place, cell, column.format)


def _columns(
    export: UsageExport, resolution: Resolution, words: Words, formats: _Formats
) -> Sequence[_Column]:
    def text(heading: str, width: float, look: Format) -> _Column:
        return _Column(heading, width, look, formats.left)

    def number(heading: str, look: Format) -> _Column:
        return _Column(heading, 16, look, formats.right)

    def flow(names: FlowWords) -> list[_Column]:
        kwh, cost = number(names.kwh, formats.kwh), number(names.cost, formats.kr)
        if resolution is Resolution.HOUR:
            return [kwh, text(names.quality, 15, formats.text), cost]
        missing, estimated = (
            number(heading, formats.count) for heading in (names.missing, names.estimated)
        )
        return [kwh, missing, estimated, cost]

    starts = {
        Resolution.MONTH: [text(words.month, 12, formats.month)],
        Resolution.DAY: [text(words.day, 12, formats.day)],
        Resolution.HOUR: [
            text(words.start, 18, formats.moment),
            text(words.utc, 9, formats.text),
            text(words.end, 18, formats.moment),
        ],
    }
    parts = [number(words.power, formats.kr), number(words.grid, formats.kr)]
    columns = [*starts[resolution], *flow(words.consumption), *parts]
    return columns if export.production is None else [*columns, *flow(words.production)]


def _all_cells(export: UsageExport, resolution: Resolution, words: Words) -> Iterator[Cells]:
    """Yields the rows, some at a time, so that they are never all objects at once."""
    count = len(export.consumption.rows[resolution].start_hours)
    for first in range(0, count, _ROWS_AT_ONCE):
        part = slice(first, first + _ROWS_AT_ONCE)

        def rows(flow: Flow, part: slice = part) -> Rows:
            return flow.rows[resolution].part(part)

        used = rows(export.consumption)
        columns = [*_times(used, resolution), *_flow(used, resolution, words), *_parts(used)]
        if export.production is not None:
            columns += _flow(rows(export.production), resolution, words)
        yield from zip(*columns, strict=True)


def _total(export: UsageExport, words: Words) -> Cells:
    used = export.consumption.total
    columns: list[Cells] = [
        [words.total],
        *_flow(used, Resolution.MONTH, words),
        *_parts(used),
    ]
    if export.production is not None:
        columns += _flow(export.production.total, Resolution.MONTH, words)
    return [cell for column in columns for cell in column]


def _times(rows: Rows, resolution: Resolution) -> list[Cells]:
    moments = [local_moment_of(hour) for hour in rows.start_hours.tolist()]
    if resolution is Resolution.MONTH:
        return [[_serial(moment.replace(day=1, hour=0)) for moment in moments]]
    if resolution is Resolution.DAY:
        return [[_serial(moment.replace(hour=0)) for moment in moments]]
    ends = [local_moment_of(hour) for hour in (rows.start_hours + 1).tolist()]
    return [
        [_serial(moment) for moment in moments],
        [moment.isoformat()[-len("+01:00") :] for moment in moments],
        [_serial(moment) for moment in ends],
    ]


def _serial(moment: datetime) -> float:
    """Returns a moment as workbooks count: in days, by the clock on the wall."""
    return (moment.replace(tzinfo=None) - _DAY_ZERO) / timedelta(days=1)


def _flow(rows: Rows, resolution: Resolution, words: Words) -> list[Cells]:
    kwh, cost = _numbers(rows.wh, _WH_PER_KWH), _numbers(rows.cost, _COST_PER_KR)
    if resolution is Resolution.HOUR:
        return [kwh, qualities(rows, words), cost]
    return [kwh, rows.missing_hours.tolist(), rows.estimated_hours.tolist(), cost]


def _parts(rows: Rows) -> list[Cells]:
    return [_numbers(rows.power, _COST_PER_KR), _numbers(rows.grid, _COST_PER_KR)]


def _numbers(values: Whole, scale: int) -> Cells:
    """Returns whole numbers in kWh or kr, each the number nearest to it that a workbook holds."""
    return [None if value == UNKNOWN else value / scale for value in values.tolist()]
