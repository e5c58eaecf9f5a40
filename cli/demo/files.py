"""The demonstration as CSV files, in the formats that the imports take from anyone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

from cli.demo.people import CUSTOMERS, Customer, Point
from cli.demo.series import Area, Hours, spot_prices, usage_wh
from cli.moments import OSLO

_YEARS = 2


@dataclass(frozen=True)
class DemoFiles:
    """Where the files are.

    Attributes:
        customers: Customers with their PINs.
        metering_points: Metering points and contracts.
        readings: The hours of each metering point.
        prices: The spot prices of each price area.
    """

    customers: Path
    metering_points: Path
    readings: dict[str, Path]
    prices: dict[str, Path]


def write_demo(folder: Path, today: date) -> DemoFiles:
    """Writes the files; those of the same day are the same.

    Args:
        folder: Where to; it is made.
        today: The first local date without hours. There are two years before it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    first = _first_of_month(today, 12 * _YEARS)
    hours = Hours(first, today)
    points = [point for customer in CUSTOMERS for point in customer.points]
    files = DemoFiles(
        customers=folder / "customers.csv",
        metering_points=folder / "metering-points.csv",
        readings={point.gsrn: folder / f"readings-{point.gsrn}.csv" for point in points},
        prices={area.code: folder / f"prices-{area.code}.csv" for area in Area},
    )
    _write(files.customers, "customer_number,name,email,mobile,pin", map(_customer_row, CUSTOMERS))
    contracts = (
        _contract_row(customer, point, today) for customer in CUSTOMERS for point in customer.points
    )
    header = "gsrn,customer_number,from,to,price_area,grid_company,product,address"
    _write(files.metering_points, header, contracts)
    for serial, point in enumerate(points, start=100):
        _write_readings(files.readings[point.gsrn], point, hours, serial)
    for area in Area:
        _write_prices(files.prices[area.code], area, hours)
    return files


def _write_readings(path: Path, point: Point, hours: Hours, serial: int) -> None:
    """Writes hours as Elhub's customer portal exports them: a comma in the number, and a BOM."""
    energies = usage_wh(point.household, point.area, hours, seed=serial).tolist()
    rows = (
        f"{start};{end};KWH 60 Forbruk;{wh // 1000},{wh % 1000:03d};kWh;Målt;{registered}"
        for (start, end), wh, registered in zip(
            pairwise(hours.labels), energies, map(_registered, hours.starts), strict=True
        )
    )
    header = "Fra;Til;Målenavn;Volum;Enhet;Kvalitet;Registreringstidspunkt"
    _write(path, f"\ufeff{header}", rows)


def _registered(start: datetime) -> str:
    """The next morning, when the day's values come in from the meter."""
    return _morning_after(start.date())


@cache
def _morning_after(day: date) -> str:
    return datetime.combine(day + timedelta(days=1), time(6, 30), OSLO).isoformat()


def _write_prices(path: Path, area: Area, hours: Hours) -> None:
    prices = spot_prices(area, hours).tolist()
    rows = (
        f"{start};{price / 100_000:.5f}"
        for start, price in zip(hours.labels[:-1], prices, strict=True)
    )
    _write(path, "start;nok_per_kwh_ex_vat", rows)


def _customer_row(customer: Customer) -> str:
    contact = f"{customer.email},{customer.mobile}"
    return f"{customer.number},{customer.name},{contact},{customer.pin}"


def _contract_row(customer: Customer, point: Point, today: date) -> str:
    start = _first_of_month(today, point.held_months)
    fixed = (point.gsrn, customer.number, start.isoformat(), "", point.area.code)
    return ",".join((*fixed, point.grid_company, "SPOT", f'"{point.address}"'))


def _first_of_month(today: date, months_ago: int) -> date:
    months = 12 * today.year + today.month - 1 - months_ago
    return date(months // 12, months % 12 + 1, 1)


def _write(path: Path, header: str, rows: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in (header, *rows))
