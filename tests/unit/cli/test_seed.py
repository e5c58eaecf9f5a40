"""What a test under load finds in a suite that was seeded."""

import csv
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from cli.seed import Seed, pin_of, sow
from cli.services import Progress, Services
from kundeapp.identity.v1.identity_service_pb2 import ImportCustomersReport
from kundeapp.metering.v1.imports_pb2 import WriteReadingsReport, WriteReadingsRequest
from kundeapp.metering.v1.metering_service_pb2 import ImportMeteringPointsReport

SEED = Seed(customers=50, days=30, today=date(2026, 12, 1))


class Taken(Services):
    """Takes everything, and remembers the hours."""

    def __init__(self) -> None:
        self.series: list[WriteReadingsRequest.Series] = []
        self.most_values = 0

    def import_customers(self, file: Path, progress: Progress) -> ImportCustomersReport:
        del progress
        return ImportCustomersReport(rows=len(rows_of(file)))

    def import_metering_points(self, file: Path, progress: Progress) -> ImportMeteringPointsReport:
        del progress
        return ImportMeteringPointsReport(rows=len(rows_of(file)))

    def write_readings(self, messages: Iterator[WriteReadingsRequest]) -> WriteReadingsReport:
        for message in messages:
            self.series += message.series
            values = sum(len(each.wh) // 4 for each in message.series)
            self.most_values = max(self.most_values, values)
        return WriteReadingsReport(values=sum(len(each.wh) // 4 for each in self.series))


def rows_of(file: Path) -> Sequence[dict[str, str]]:
    with file.open(newline="") as opened:
        return [*csv.DictReader(opened)]


@pytest.fixture
def taken(tmp_path: Path) -> Taken:
    taken = Taken()
    report = sow(SEED, taken, tmp_path)
    assert report.data["hours"]["count"] == SEED.customers * SEED.days * 24
    return taken


def test_every_customer_has_a_point_of_their_own_with_hours(taken: Taken, tmp_path: Path) -> None:
    customers = rows_of(tmp_path / "seed-customers.csv")
    points = rows_of(tmp_path / "seed-points.csv")

    assert len({each["customer_number"] for each in customers}) == SEED.customers
    assert [each["customer_number"] for each in points] == [
        each["customer_number"] for each in customers
    ]
    assert [each.gsrn for each in taken.series] == [each["gsrn"] for each in points]
    assert len({each["gsrn"] for each in points}) == SEED.customers


def test_pins_are_of_eight_digits_and_hardly_ever_the_same() -> None:
    pins = [pin_of(serial) for serial in range(10_000)]
    assert {len(pin) for pin in pins} == {8}
    assert len(set(pins)) == len(pins)


def test_hours_look_like_those_of_different_households(taken: Taken) -> None:
    first, second = (np.frombuffer(each.wh, "<i4") for each in taken.series[:2])
    assert first.min() > 0
    assert first.std() > 0
    assert not np.array_equal(first, second)


def test_messages_are_bounded(taken: Taken) -> None:
    assert 0 < taken.most_values <= 20_000


def test_the_same_seed_is_the_same_again(taken: Taken, tmp_path: Path) -> None:
    again, folder = Taken(), tmp_path / "again"
    folder.mkdir()
    sow(SEED, again, folder)
    assert again.series == taken.series
    for name in ("seed-customers.csv", "seed-points.csv"):
        assert (folder / name).read_bytes() == (tmp_path / name).read_bytes()
