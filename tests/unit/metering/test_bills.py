"""Real bills of a household in BKK's area, line by line.

The figures are those of fredrik-lindseth/Stromkalkulator (MIT), docs/fakturaer: spot with
strømstøtte until December 2025, Norgespris since. BKK rounds in ways that it does not tell, so a
line may be two øre off: the tax for October to December 2025 is 15.6625 øre with VAT and stands on
the bill as 15.662, where 35.9625 stands as 35.963.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from services.metering.domain.calendar import first_hour, hour_of
from services.metering.domain.files.csv_prices import CsvPrices
from services.metering.domain.files.csv_readings import CsvReadings
from services.metering.domain.pricing import (
    Component,
    Premises,
    PricedHours,
    PricedPart,
    Terms,
    capacity,
    parse_rate_book,
    price_consumption,
)
from services.metering.domain.quotes import in_kroner
from services.metering.domain.readings import Readings
from tests.unit.metering import rates

BOOK = parse_rate_book(rates.SHIPPED)
OSLO = ZoneInfo("Europe/Oslo")
DATA = Path(__file__).parents[4] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"needs the real data in {DATA}")


@dataclass(frozen=True)
class Bill:
    """The grid's lines of a bill, in kWh, kr and kW."""

    month: str
    day: tuple[str, str]
    night: tuple[str, str]
    capacity: int
    tax: tuple[str, str]
    enova: str
    grid: str
    peaks: tuple[tuple[str, str], ...]

    @property
    def start(self) -> date:
        return date.fromisoformat(f"{self.month}-01")

    @property
    def end(self) -> date:
        return (self.start + timedelta(days=31)).replace(day=1)

    @property
    def terms(self) -> Terms:
        product = "SPOT" if self.month < "2026" else "NORGESPRIS"
        return Terms("NO5", "BKK", product, Premises.HOME)

    def peak_hours(self) -> list[tuple[int, int]]:
        """Returns the highest hours by number, with their Wh."""
        return [
            (hour_of(moment(f"{self.month}-{when}")), int(1000 * Decimal(kw)))
            for when, kw in self.peaks
        ]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OSLO)


BILLS = [
    Bill(
        month="2025-10",
        day=("707.09", "254.29"),
        night=("536.117", "127.26"),
        capacity=415,
        tax=("1243.207", "194.72"),
        enova="15.54",
        grid="1006.81",
        peaks=(("12T17", "5.714"), ("18T16", "5.475"), ("10T14", "5.238")),
    ),
    Bill(
        month="2025-11",
        day=("709.157", "255.03"),
        night=("765.349", "181.68"),
        capacity=415,
        tax=("1474.506", "230.94"),
        enova="18.43",
        grid="1101.08",
        peaks=(("09T15", "6.776"), ("22T12", "5.451"), ("16T15", "5.434")),
    ),
    Bill(
        month="2025-12",
        day=("667.422", "240.03"),
        night=("887.299", "210.63"),
        capacity=415,
        tax=("1554.721", "243.50"),
        enova="19.43",
        grid="1128.59",
        peaks=(("31T16", "6.233"), ("06T10", "5.656"), ("30T12", "5.572")),
    ),
    Bill(
        month="2026-02",
        day=("893.615", "321.36"),
        night=("780.171", "102.40"),
        capacity=415,
        tax=("1673.786", "149.17"),
        enova="20.93",
        grid="1008.86",
        peaks=(("06T08", "5.909"), ("10T16", "5.733"), ("03T09", "5.477")),
    ),
    Bill(
        month="2026-03",
        day=("831.768", "299.13"),
        night=("721.449", "94.69"),
        capacity=250,
        tax=("1553.217", "138.43"),
        enova="19.41",
        grid="801.66",
        peaks=(("25T16", "4.798"), ("06T17", "4.557"), ("26T19", "4.534")),
    ),
    Bill(
        month="2026-04",
        day=("620.83", "223.26"),
        night=("761.00", "99.88"),
        capacity=250,
        tax=("1381.83", "123.16"),
        enova="17.28",
        grid="713.58",
        peaks=(("06T13", "5.939"), ("04T16", "4.779"), ("11T11", "4.262")),
    ),
    Bill(
        month="2026-05",
        day=("518.142", "186.34"),
        night=("661.161", "86.77"),
        capacity=250,
        tax=("1179.303", "105.10"),
        enova="14.74",
        grid="642.95",
        peaks=(("14T12", "5.167"), ("29T12", "4.553"), ("30T11", "4.357")),
    ),
    Bill(
        month="2026-06",
        day=("590.646", "212.41"),
        night=("442.982", "58.14"),
        capacity=250,
        tax=("1033.628", "92.11"),
        enova="12.93",
        grid="625.59",
        peaks=(("28T12", "5.227"), ("24T09", "4.933"), ("27T11", "4.227")),
    ),
    Bill(
        month="2026-07",
        day=("514.414", "185.00"),
        night=("424.349", "55.70"),
        capacity=250,
        tax=("938.763", "83.67"),
        enova="11.73",
        grid="586.10",
        peaks=(("13T17", "5.004"), ("11T16", "4.581"), ("27T17", "4.561")),
    ),
    Bill(
        month="2026-08",
        day=("475.519", "171.01"),
        night=("489.448", "64.24"),
        capacity=250,
        tax=("964.967", "86.00"),
        enova="12.06",
        grid="583.31",
        peaks=(("23T12", "4.790"), ("02T16", "4.299"), ("05T17", "4.111")),
    ),
    Bill(
        month="2026-09",
        day=("557.794", "200.60"),
        night=("426.997", "56.04"),
        capacity=250,
        tax=("984.791", "87.76"),
        enova="12.31",
        grid="606.71",
        peaks=(("16T16", "5.126"), ("27T17", "4.355"), ("05T16", "4.275")),
    ),
]
BY_MONTH = {bill.month: bill for bill in BILLS}
ORE = 10**6

every_bill = pytest.mark.parametrize("bill", BILLS, ids=lambda bill: bill.month)


def within(found: int | Decimal, on_bill: str, ore: int) -> bool:
    """Tells whether 1e-8 kr are as on the bill, within some øre."""
    return abs(Decimal(found) - Decimal(on_bill) * 100 * ORE) <= ore * ORE


@every_bill
def test_each_line_of_a_bill_is_its_energy_times_our_rate(bill: Bill) -> None:
    # A kWh each hour of the month; the rates are the same at all of them, but for the bands.
    size = first_hour(bill.end) - first_hour(bill.start)
    wh, spot = np.full(size, 1000, np.int32), np.zeros(size, np.int32)
    priced = price_consumption(
        BOOK, [PricedPart("it", first_hour(bill.start), bill.terms, wh, spot)]
    )
    bands = {
        priced.band_names[band]: Decimal(int(price))
        for band, price in zip(
            priced.bands.tolist(), priced.components[Component.GRID_ENERGY], strict=True
        )
    }
    tax = Decimal(int(priced.components[Component.CONSUMPTION_TAX][0]))
    enova = Decimal(int(priced.components[Component.ENOVA][0]))
    lines = [
        (bands["day"] * Decimal(bill.day[0]), bill.day[1]),
        (bands["night"] * Decimal(bill.night[0]), bill.night[1]),
        (tax * Decimal(bill.tax[0]), bill.tax[1]),
        (enova * Decimal(bill.tax[0]), bill.enova),
    ]
    for found, on_bill in lines:
        assert within(found, on_bill, ore=2)
    total = sum((found for found, _ in lines), Decimal(bill.capacity * 100 * ORE))
    assert within(total, bill.grid, ore=3)


@every_bill
def test_the_peaks_of_a_bill_lead_to_its_capacity_step(bill: Bill) -> None:
    first = first_hour(bill.start)
    wh = np.full(first_hour(bill.end) - first, 500, np.int32)
    for hour, highest in bill.peak_hours():
        wh[hour - first] = highest
    part = PricedPart("it", first, bill.terms, wh, np.zeros(len(wh), np.int32))
    standing = capacity(BOOK, [part], bill.start)
    assert standing is not None
    assert [(peak.hour, peak.wh) for peak in standing.peaks] == bill.peak_hours()
    line = price_consumption(BOOK, [part]).components[Component.CAPACITY]
    assert line.sum() == bill.capacity * 100 * ORE


# Whole months of hours


def read(name: str) -> Readings:
    file = CsvReadings()
    [series] = [*file.feed((DATA / name).read_bytes()), *file.end()]
    return series.readings


def month(bill: Bill, readings: str, prices: str) -> PricedPart:
    """Returns a month of real hours, whole."""
    first, end = first_hour(bill.start), first_hour(bill.end)
    energy = read(readings)
    file = CsvPrices()
    file.feed((DATA / prices).read_bytes())
    spot = in_kroner(file.end(), (), file.tally)
    inside = (energy.hours >= first) & (energy.hours < end)
    priced = (spot.hours >= first) & (spot.hours < end)
    assert energy.hours[inside].tolist() == list(range(first, end))
    assert spot.hours[priced].tolist() == list(range(first, end))
    return PricedPart("it", first, bill.terms, energy.wh[inside], spot.amounts[priced])


def kwh(priced: PricedHours, band: str) -> Decimal:
    chosen = priced.bands == priced.band_names.index(band)
    return Decimal(int(priced.wh[chosen].sum())) / 1000


def grid_lines(priced: PricedHours, bill: Bill) -> list[tuple[int, str]]:
    """Returns each line of the grid's bill in 1e-8 kr, and as it stands there."""
    energy = priced.components[Component.GRID_ENERGY]
    names = np.array(priced.band_names)[priced.bands]
    return [
        (int(energy[names == "day"].sum()), bill.day[1]),
        (int(energy[names == "night"].sum()), bill.night[1]),
        (int(priced.components[Component.CONSUMPTION_TAX].sum()), bill.tax[1]),
        (int(priced.components[Component.ENOVA].sum()), bill.enova),
        (int(priced.components[Component.CAPACITY].sum()), f"{bill.capacity}.00"),
    ]


@needs_data
def test_the_hours_of_april_make_the_bill_of_april() -> None:
    bill = BY_MONTH["2026-04"]
    part = month(bill, "elhub_2026-04.csv", "household_no5_2026-04.csv")
    priced = price_consumption(BOOK, [part])
    hundredth = Decimal("0.01")
    assert kwh(priced, "day").quantize(hundredth) == Decimal(bill.day[0])
    assert kwh(priced, "night").quantize(hundredth) == Decimal(bill.night[0])
    for found, on_bill in grid_lines(priced, bill):
        assert within(found, on_bill, ore=2)
    standing = capacity(BOOK, [part], bill.start)
    assert standing is not None
    assert [(peak.hour, peak.wh) for peak in standing.peaks] == bill.peak_hours()
    # The spot prices are preliminary ones; the bill was made from the final ones.
    settled = int(priced.components[Component.NORGESPRIS].sum())
    assert within(settled, "-1427.89", ore=300)


@needs_data
def test_the_hours_of_march_make_the_bill_of_march_but_for_the_meter_readers_wh() -> None:
    bill = BY_MONTH["2026-03"]
    name = "household_no5_2026-03.csv"
    part = month(bill, name, name)
    priced = price_consumption(BOOK, [part])
    for found, on_bill in grid_lines(priced, bill):
        assert within(found, on_bill, ore=60)
    standing = capacity(BOOK, [part], bill.start)
    assert standing is not None
    for peak, (hour, wh) in zip(standing.peaks, bill.peak_hours(), strict=True):
        assert peak.hour == hour
        assert abs(peak.wh - wh) <= 10
    settled = int(priced.components[Component.NORGESPRIS].sum())
    assert within(settled, "-1550.68", ore=300)
