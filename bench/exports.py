"""What it takes to write three years of hours, used and fed into the grid, as a file.

    .venv/bin/python -m bench.exports

Pricing is part of it, reading from the database is not. The time is that of a core; the memory is
the most that Python and numpy held while the file was written, the file itself included, and is
measured in a run of its own.
"""

import statistics
import time
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

import services.metering
from bench.measure import table
from services.metering.documents.green_button import green_button
from services.metering.documents.usage_csv import usage_csv
from services.metering.documents.usage_xlsx import usage_xlsx
from services.metering.domain.exports import Flow, UsageExport, flow_of
from services.metering.domain.held import HeldHours
from services.metering.domain.period import Period
from services.metering.domain.pricing import Premises, PricedPart, RateBook, Terms, parse_rate_book
from services.metering.domain.readings import Direction, Quality

REPEATS = 5
PERIOD = Period(date(2023, 9, 1), date(2026, 9, 1))

_RATES = Path(services.metering.__file__).parent / "rates.toml"
_NOW = datetime(2026, 9, 1, tzinfo=UTC)
_ESTIMATED = 0.05
_WRITERS: Mapping[str, Callable[[UsageExport], bytes]] = {
    "CSV": lambda export: usage_csv(export, "nn"),
    "XLSX": lambda export: usage_xlsx(export, "nn"),
    "Green Button": lambda export: green_button(export, "nn", _NOW),
}


@dataclass(frozen=True)
class Cost:
    """What a file costs: seconds of a core, and bytes."""

    seconds: float
    peak: int
    size: int


def measure() -> Mapping[str, Cost]:
    """Writes each kind of file."""
    book = parse_rate_book(_RATES.read_text())
    return {name: _cost(book, write) for name, write in _WRITERS.items()}


def report(found: Mapping[str, Cost]) -> str:
    """Shows the figures as a table."""
    rows = [
        (name, f"{each.seconds:.2f}", f"{each.peak / 2**20:.1f}", f"{each.size / 2**20:.1f}")
        for name, each in found.items()
    ]
    return table(("file", "CPU, s", "peak, MiB", "file, MiB"), rows)


def _cost(book: RateBook, write: Callable[[UsageExport], bytes]) -> Cost:
    taken: list[float] = []
    size = 0
    for _ in range(REPEATS):
        began = time.process_time()
        size = len(write(_export(book)))
        taken.append(time.process_time() - began)
    tracemalloc.start()
    write(_export(book))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return Cost(statistics.median(taken), peak, size)


def _export(book: RateBook) -> UsageExport:
    consumption, production = (_flow(book, direction) for direction in Direction)
    return UsageExport("707057500000000018", "Storgata 1, 5003 Bergen", consumption, production)


def _flow(book: RateBook, direction: Direction) -> Flow:
    random = np.random.default_rng(direction)
    size = PERIOD.end_hour - PERIOD.first_hour
    part = PricedPart(
        "1001",
        PERIOD.first_hour,
        Terms("NO5", "BKK", "SPOT", Premises.HOME),
        random.integers(0, 6000, size).astype(np.int32),
        random.integers(-1000, 200_000, size).astype(np.int32),
    )
    is_estimated = random.random(size) < _ESTIMATED
    qualities = np.where(is_estimated, Quality.ESTIMATED, Quality.MEASURED).astype(np.uint8)
    return flow_of(HeldHours([part], qualities).priced(book, direction))


if __name__ == "__main__":
    print(report(measure()))
