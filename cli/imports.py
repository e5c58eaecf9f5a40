"""What each import says when it is done, and where PINs go."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from cli.outcome import CommandError, Exit, Fault, Report
from kundeapp.identity.v1.identity_service_pb2 import ImportCustomersReport
from kundeapp.metering.v1.imports_pb2 import ImportReadingsReport
from kundeapp.metering.v1.metering_service_pb2 import ImportMeteringPointsReport
from kundeapp.metering.v1.prices_pb2 import ImportExchangeRatesReport, ImportPricesReport
from kundeapp.metering.v1.rates_pb2 import ImportRatesReport

_WH_A_KWH = 1000


class PinsFile:
    """The file that PINs of an import are written to; nobody else reads it, nothing is lost to it.

    It is made before the import, so that no PIN is made that cannot be kept.
    """

    def __init__(self, path: Path) -> None:
        """Makes the file.

        Raises:
            CommandError: It is there already, or cannot be made.
        """
        self.path = path
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            message = f"{path} exists already, and PINs are never written over. Name another file."
            raise CommandError(Exit.USAGE, "PINS_FILE_EXISTS", message) from error
        except OSError as error:
            message = f"{path} cannot be written: {error.strerror}"
            raise CommandError(Exit.USAGE, "PINS_FILE_NOT_WRITABLE", message) from error

    def write(self, pins: Sequence[ImportCustomersReport.NewPin]) -> None:
        """Writes the PINs."""
        with os.fdopen(self._file, "w", encoding="utf-8", newline="", closefd=False) as file:
            writer = csv.writer(file)
            writer.writerow(("customer_number", "pin"))
            writer.writerows((new.customer_number, new.pin) for new in pins)
        os.fsync(self._file)

    def close(self) -> None:
        """Closes the file, and takes it away if no PIN was written."""
        if os.fstat(self._file).st_size == 0:
            self.path.unlink(missing_ok=True)
        os.close(self._file)


def free_pins_path(customers: Path) -> Path:
    """Returns the path of a file beside a customer file that does not exist yet."""
    path = customers.with_suffix(".pins.csv")
    number = 1
    while path.exists():
        number += 1
        path = customers.with_suffix(f".pins-{number}.csv")
    return path


def customers_report(file: Path, report: ImportCustomersReport, pins: Path) -> Report:
    """Says what an import of customers did; the PINs themselves stand in their file only."""
    counts = _Counts(report)
    made = len(report.new_pins)
    where = str(pins) if made else None
    return Report(
        title=f"Customers from {file.name}",
        rows=(*counts.rows, ("PINs made", f"{made}, in {pins}" if made else "0")),
        data={**counts.data, "newPins": made, "pinsFile": where},
    )


def metering_points_report(file: Path, report: ImportMeteringPointsReport) -> Report:
    """Says what an import of metering points did."""
    counts = _Counts(report)
    return Report(
        title=f"Metering points from {file.name}",
        rows=(*counts.rows, ("taken back", f"{report.removed}")),
        data={**counts.data, "removed": report.removed},
    )


def readings_report(file: Path, report: ImportReadingsReport) -> Report:
    """Says what an import of readings did."""
    counts = _Counts(report, "as before or older")
    kwh = report.kwh / _WH_A_KWH
    resumed = (("taken up again", "yes"),) if report.resumed else ()
    return Report(
        title=f"Readings from {file.name}",
        rows=(
            *counts.rows,
            _refused_row(report),
            ("metering points", f"{report.points}"),
            ("kWh", f"{kwh:.3f}"),
            *_from_to(report.first_start, report.last_end),
            *resumed,
        ),
        data={
            **counts.data,
            **_refused(report),
            "meteringPoints": report.points,
            "kwh": kwh,
            "firstStart": report.first_start,
            "lastEnd": report.last_end,
            "resumed": report.resumed,
        },
        faults=_faults(report),
    )


def prices_report(file: Path, area: str, report: ImportPricesReport) -> Report:
    """Says what an import of prices did."""
    counts = _Counts(report, "as before or final")
    return Report(
        title=f"Prices of {area} from {file.name}",
        rows=(
            *counts.rows,
            _refused_row(report),
            *_from_to(report.first_start, report.last_end),
        ),
        data={
            "priceArea": area,
            **counts.data,
            **_refused(report),
            "firstStart": report.first_start,
            "lastEnd": report.last_end,
        },
        faults=_faults(report),
    )


def rates_report(file: Path, report: ImportRatesReport) -> Report:
    """Says what an import of rates did."""
    counts = _Counts(report)
    return Report(
        title=f"Rates from {file.name}",
        rows=(
            *counts.rows,
            ("removed", f"{report.removed}"),
            ("book that holds now", f"no. {report.revision}"),
        ),
        data={**counts.data, "removed": report.removed, "revision": report.revision},
    )


def exchange_rates_report(file: Path, report: ImportExchangeRatesReport) -> Report:
    """Says what an import of exchange rates did."""
    counts = _Counts(report)
    return Report(
        title=f"Exchange rates from {file.name}",
        rows=(
            *counts.rows,
            _refused_row(report),
            *_from_to(report.first_date, report.last_date),
        ),
        data={
            **counts.data,
            **_refused(report),
            "firstDate": report.first_date,
            "lastDate": report.last_date,
        },
        faults=_faults(report),
    )


_PartlyTaken = ImportReadingsReport | ImportPricesReport | ImportExchangeRatesReport


def _faults(report: _PartlyTaken) -> Sequence[Fault]:
    return [Fault(each.where, each.reason, each.text) for each in report.problems]


def _refused_row(report: _PartlyTaken) -> tuple[str, str]:
    """Says how many were refused, and how many reasons are told where those are fewer."""
    told = len(report.problems)
    of_them = f" (reasons below: {told})" if told < report.refused else ""
    return "refused", f"{report.refused}{of_them}"


def _from_to(first: str, last: str) -> Sequence[tuple[str, str]]:
    """Says of what time the values are; nothing if none was taken."""
    return (("from", first), ("to", last)) if first else ()


def _refused(report: _PartlyTaken) -> dict[str, object]:
    return {
        "refused": report.refused,
        "problems": [
            {"where": each.where, "code": each.reason, "message": each.text}
            for each in report.problems
        ],
    }


class _Counted(Protocol):
    """What every report of an import counts."""

    rows: int
    created: int
    changed: int
    unchanged: int


class _Counts:
    def __init__(self, report: _Counted, same: str = "as before") -> None:
        self.data = {
            "rows": report.rows,
            "created": report.created,
            "changed": report.changed,
            "unchanged": report.unchanged,
        }
        self.rows = (
            ("rows in the file", f"{report.rows}"),
            ("new", f"{report.created}"),
            ("changed", f"{report.changed}"),
            (same, f"{report.unchanged}"),
        )
