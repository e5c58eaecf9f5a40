"""How a command ends: its exit status, and what it says to a person or to a program."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDTH_OF_A_FILE = 500

JsonObject = Mapping[str, Any]


class Exit(IntEnum):
    """The exit statuses, as README documents them."""

    OK = 0
    REFUSED = 1
    USAGE = 2
    UNREACHABLE = 3
    NOT_ALLOWED = 4


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        where: A field of the request, or a line of the file: `line 17`.
        code: The reason, a name of `kundeapp.errors.v1.Reason`.
        message: The same for a person.
    """

    where: str
    code: str
    message: str


class CommandError(Exception):
    """A command did not do what it was asked."""

    def __init__(self, status: Exit, code: str, message: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.faults = faults


@dataclass(frozen=True)
class Report:
    """What a command did.

    Attributes:
        title: In a few words.
        rows: Each fact, for a person: what it is, and its value; or the rows of a list.
        data: The same for a program.
        columns: The headings of a list; none if the rows are facts.
        picture: What a person sees below them, such as a QR code.
        faults: What was refused while the rest was done; the data name them as well.
    """

    title: str
    rows: Sequence[Sequence[str]]
    data: JsonObject
    columns: Sequence[str] = ()
    picture: str = ""
    faults: Sequence[Fault] = ()


class Output:
    """Prints the outcome: a table for a person, or with `--json` one JSON object and nothing else.

    Results go to the standard output, all else to the standard error.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.out = Console(width=_width(sys.stdout))
        self.err = Console(width=_width(sys.stderr), stderr=True, quiet=as_json)

    def report(self, report: Report) -> None:
        """Prints what was done."""
        if self.as_json:
            self._print_json(report.data)
            return
        self.out.print(report.title, markup=False)
        if report.rows:
            self.out.print(_table(report))
        if report.picture:
            # A camera wants light on dark the same in every terminal.
            picture = Text(f"\n{report.picture}", style="#ffffff on #000000", no_wrap=True)
            self.out.print(picture, crop=False, overflow="ignore")
        self._print_faults(report.faults)

    def error(self, error: CommandError) -> None:
        """Prints why not."""
        if self.as_json:
            faults = [
                {"field": fault.where, "code": fault.code, "message": fault.message}
                for fault in error.faults
            ]
            data = {"code": error.code, "message": error.message, "errors": faults}
            self._print_json({"error": data})
            return
        self.err.print(error.message, style="red", markup=False)
        self._print_faults(error.faults)

    def _print_faults(self, faults: Sequence[Fault]) -> None:
        if faults:
            table = Table("Where", "Why", box=None)
            for fault in faults:
                table.add_row(Text(fault.where), Text(fault.message))
            self.err.print(table)

    def _print_json(self, data: JsonObject) -> None:
        self.out.out(json.dumps(data, ensure_ascii=False), highlight=False)


def _table(report: Report) -> Table:
    if report.columns:
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=True)
        for place, name in enumerate(report.columns):
            # What is one word, such as an id, stays whole so that it can be copied.
            is_one_word = all(" " not in row[place] for row in report.rows)
            table.add_column(name, no_wrap=is_one_word)
    else:
        table = Table.grid(padding=(0, 2), pad_edge=True)
    for row in report.rows:
        table.add_row(*(Text(value, overflow="fold") for value in row))
    return table


def _width(stream: TextIO) -> int | None:
    """A terminal's own width; in a file or a pipe, lines stay whole."""
    return None if stream.isatty() else _WIDTH_OF_A_FILE
