"""The demonstration as CSV files, in the formats that the imports take from anyone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

from cli.demo.people import CUSTOMERS, Customer, Point
from cli.demo.series import Area, Hours, Whole, production_wh, spot_prices, usage_wh
from cli.moments import OSLO

_YEARS = 2
_OUT_OF_REACH_FROM = 17


@dataclass(frozen=True)
class DemoFiles:
    """Where the files are.

    Attributes:
        customers: Customers with their PINs.
        metering_points: Metering points and contracts.
        readings: The hours of each metering point.
        production: What went out to the grid, of the points with panels on the roof.
        prices: The spot prices of each price area.
    """

    customers: Path
    metering_points: Path
    readings: dict[str, Path]
    production: dict[str, Path]
    prices: dict[str, Path]


def write_demo(folder: Path, today: date, *, with_tomorrow: bool = False) -> DemoFiles:
    """Writes the files; those of the same day are the same.

    Args:
        folder: Where to; it is made.
        today: The first local date without hours. There are two years before it.
        with_tomorrow: Whether tomorrow's spot prices are known, as they are from 13:00 on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    first = _first_of_month(today, 12 * _YEARS)
    hours = Hours(first, today)
    priced = Hours(first, today + timedelta(days=2 if with_tomorrow else 1))
    points = [point for customer in CUSTOMERS for point in customer.points]
    with_panels = [point for point in points if point.household.solar_wh]
    files = DemoFiles(
        customers=folder / "customers.csv",
        metering_points=folder / "metering-points.csv",
        readings={point.gsrn: folder / f"readings-{point.gsrn}.csv" for point in points},
        production={point.gsrn: folder / f"production-{point.gsrn}.csv" for point in with_panels},
        prices={area.code: folder / f"prices-{area.code}.csv" for area in Area},
    )
    _write(files.customers, "customer_number,name,email,mobile,pin", map(_customer_row, CUSTOMERS))
    contracts = (
        _contract_row(customer, point, today) for customer in CUSTOMERS for point in customer.points
    )
    header = "gsrn,customer_number,from,to,price_area,grid_company,product,address,premises"
    _write(files.metering_points, header, contracts)
    for serial, point in enumerate(points, start=100):
        used = usage_wh(point.household, point.area, hours, seed=serial)
        _write_readings(files.readings[point.gsrn], "Forbruk", used, hours)
        if point.gsrn in files.production:
            produced = production_wh(point.household, point.area, hours, seed=serial)
            _write_readings(files.production[point.gsrn], "Produksjon", produced, hours)
    for area in Area:
        _write_prices(files.prices[area.code], area, priced)
    return files


def _write_readings(path: Path, meter: str, wh: Whole, hours: Hours) -> None:
    """Writes hours as Elhub's customer portal exports them: a comma in the number, and a BOM."""
    rows = (
        f"{start};{end};KWH 60 {meter};{wh // 1000},{wh % 1000:03d};kWh;{quality};{registered}"
        for (start, end), wh, quality, registered in zip(
            pairwise(hours.labels),
            wh.tolist(),
            _qualities(hours),
            map(_registered, hours.starts),
            strict=True,
        )
    )
    header = "Fra;Til;Målenavn;Volum;Enhet;Kvalitet;Registreringstidspunkt"
    _write(path, f"\ufeff{header}", rows)


def _qualities(hours: Hours) -> Iterator[str]:
    """The meter could not be reached yesterday afternoon; all before is measured."""
    yesterday = hours.day.max()
    late = (hours.day == yesterday) & (hours.hour_of_day >= _OUT_OF_REACH_FROM)
    return ("Estimert" if each else "Målt" for each in late.tolist())


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
    terms = (point.grid_company, point.product, f'"{point.address}"', point.premises)
    return ",".join((*fixed, *terms))


def _first_of_month(today: date, months_ago: int) -> date:
    months = 12 * today.year + today.month - 1 - months_ago
    return date(months // 12, months % 12 + 1, 1)


def _write(path: Path, header: str, rows: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in (header, *rows))
