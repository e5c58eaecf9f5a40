"""However long a file is, reading it takes no more memory than a batch of values."""

import itertools
import tracemalloc
from collections.abc import Callable, Iterable, Iterator

import pytest

from services.metering.domain.calendar import local_moment_of
from services.metering.domain.files.readings import open_readings_file
from services.metering.domain.files.series import BATCH_VALUES, Series
from tests.unit.metering.readings_files import ELHUB_HEADER, GSRN, REGISTERED, metered, xml_series

HOURS = 45_000
"""Five years, in three batches. What is kept of each hour is where it stood: 8 bytes."""

MOST_BYTES = 6 * 1024 * 1024
"""What a batch takes while it is gathered and handed over."""

FIRST_HOUR = 300_000
PIECE = 64 * 1024


def portal() -> Iterator[str]:
    yield ELHUB_HEADER
    ends = map(local_moment_of, range(FIRST_HOUR, FIRST_HOUR + HOURS + 1))
    for start, end in itertools.pairwise(ends):
        times = f"{start.isoformat()};{end.isoformat()}"
        yield f"\n{times};KWH 60 Forbruk;1,000;kWh;Målt;{REGISTERED}"


def old_portal() -> Iterator[str]:
    yield "Fra,Til,KWH 60 Forbruk"
    ends = map(local_moment_of, range(FIRST_HOUR, FIRST_HOUR + HOURS + 1))
    for start, end in itertools.pairwise(ends):
        yield f'\n{start:%d.%m.%Y %H:%M},{end:%d.%m.%Y %H:%M},"1,000"'


def meter() -> Iterator[str]:
    yield "start;kwh"
    for hour in range(FIRST_HOUR, FIRST_HOUR + HOURS):
        yield f"\n{local_moment_of(hour).isoformat()};1"


def elhub_json() -> Iterator[str]:
    yield f'{{"gsrn": "{GSRN}", "resolution": "PT1H", "meterValues": ['
    for hour in range(FIRST_HOUR, FIRST_HOUR + HOURS):
        comma = "," if hour > FIRST_HOUR else ""
        start = local_moment_of(hour).isoformat()
        yield f'{comma}{{"startTime": "{start}", "quantityKwh": 1.000, "quality": "MEASURED"}}'
    yield "]}"


def elhub_xml() -> Iterator[str]:
    first = local_moment_of(FIRST_HOUR)
    head, tail = xml_series(first, ["|"], HOURS).split("|")
    yield f'<m:N xmlns:m="urn:no:elhub">{head}'
    yield from metered(count=HOURS)
    yield f"{tail}</m:N>"


def pieces(texts: Iterable[str]) -> Iterator[bytes]:
    """Puts texts together into pieces as they come over the wire."""
    waiting: list[str] = []
    size = 0
    for text in texts:
        waiting.append(text)
        size += len(text)
        if size > PIECE:
            yield "".join(waiting).encode()
            waiting, size = [], 0
    yield "".join(waiting).encode()


def read(make: Callable[[], Iterator[str]], keep: Callable[[Series], None]) -> int:
    """Reads a file, and returns the most memory that it took beside the file itself."""
    received = list(pieces(make()))
    file = open_readings_file(received[0])
    values = 0
    tracemalloc.start()
    try:
        for piece in received:
            for series in file.feed(piece):
                values += len(series.readings.hours)
                assert len(series.readings.hours) <= BATCH_VALUES
                keep(series)
        for series in file.end():
            values += len(series.readings.hours)
            keep(series)
        assert (values, file.tally.refused) == (HOURS, 0), file.tally.problems
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("make", [portal, old_portal, meter, elhub_json, elhub_xml])
def test_a_long_file_takes_no_more_memory_than_a_batch(make: Callable[[], Iterator[str]]) -> None:
    assert read(make, lambda _: None) < MOST_BYTES


def test_the_bound_is_one_that_collecting_the_values_breaks() -> None:
    kept: list[tuple[int, ...]] = []

    def keep(series: Series) -> None:
        kept.extend(zip(series.readings.hours.tolist(), series.readings.wh.tolist(), strict=True))

    assert read(meter, keep) > MOST_BYTES
