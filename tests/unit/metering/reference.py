"""What power costs, worked out anew from the rules: hour by hour, in exact fractions.

It shares nothing with the engine: it reads the file of rates itself, asks `zoneinfo` for each hour,
and computes Easter. Slow, and meant to be.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache, cached_property
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WEEKDAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]

Row = Mapping[str, Any]
Lines = dict[str, int | None]


@dataclass(frozen=True)
class Hour:
    """An hour of a metering point, in whole Wh and 1e-5 kr/kWh; None is unknown."""

    number: int
    customer: str
    price_area: str
    grid_company: str
    product: str
    premises: str
    wh: int | None
    spot: int | None

    @cached_property
    def moment(self) -> datetime:
        return (EPOCH + timedelta(hours=self.number)).astimezone(OSLO)

    @cached_property
    def day(self) -> date:
        return self.moment.date()

    @cached_property
    def month(self) -> tuple[int, int]:
        return self.day.year, self.day.month


def half_away(amount: Fraction) -> int:
    whole = (abs(amount) + Fraction(1, 2)).__floor__()
    return -whole if amount < 0 else whole


def easter(year: int) -> date:
    """Returns Easter Sunday (Butcher, The Ecclesiastical Calendar, 1876)."""
    century, rest = divmod(year, 100)
    golden = year % 19
    skipped, leap = divmod(century, 4)
    moon = (19 * golden + century - skipped - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * leap + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


@cache
def public_holidays(year: int) -> set[date]:
    fixed = {date(year, *day) for day in [(1, 1), (5, 1), (5, 17), (12, 25), (12, 26)]}
    movable = [-3, -2, 0, 1, 39, 49, 50]
    return fixed | {easter(year) + timedelta(days=days) for days in movable}


@cache
def month_start(year: int, month: int) -> int:
    """Returns the number of the hour that a month begins with."""
    years, months = divmod(12 * year + month - 1, 12)
    first = datetime(years, months + 1, 1, tzinfo=OSLO)
    return int(first.timestamp()) // 3600


class Reference:
    """The rules, on one file of rates."""

    def __init__(self, rates: str) -> None:
        self.tables: Mapping[str, Sequence[Row]] = tomllib.loads(rates, parse_float=Decimal)

    def consumption(self, hours: Sequence[Hour]) -> list[Lines]:
        months: dict[object, list[Hour]] = {}
        for hour in hours:
            months.setdefault((hour.customer, hour.month), []).append(hour)
        return [
            {} if hour.wh is None else self.lines(hour, months[hour.customer, hour.month])
            for hour in hours
        ]

    def production(self, hours: Sequence[Hour]) -> list[int | None]:
        return [self.surplus(hour) for hour in hours]

    def surplus(self, hour: Hour) -> int | None:
        product = self.row("product", hour, name=hour.product)
        if product is None or hour.spot is None or hour.wh is None:
            return None
        return -hour.wh * (hour.spot + int(1000 * product["surplus_ore_per_kwh"]))

    def lines(self, hour: Hour, month: Sequence[Hour]) -> Lines:
        """Returns the lines of an hour; `month` is all that its customer held in that month."""
        wh = hour.wh or 0
        lines: Lines = {
            "POWER": times(wh, self.power(hour)),
            "MARKUP": times(wh, self.per_kwh(hour, "product", "markup_ore_per_kwh")),
            "MONTHLY_FEE": self.monthly_fee(hour),
            "GRID_ENERGY": times(wh, self.grid_energy(hour)),
            "CAPACITY": self.capacity(hour, month),
            "CONSUMPTION_TAX": times(wh, self.per_kwh(hour, "consumption_tax", "ore_per_kwh")),
            "ENOVA": times(wh, self.per_kwh(hour, "enova", "ore_per_kwh")),
            "STROMSTOTTE": self.stromstotte(hour, month),
            "NORGESPRIS": self.norgespris(hour, month),
        }
        known = [line for line in lines.values() if line is not None]
        lines["total"] = sum(known) if len(known) == len(lines) else None
        return lines

    # The book

    def row(self, table: str, hour: Hour, **scope: str) -> Row | None:
        rows = [
            row
            for row in self.tables.get(table, ())
            if row["from"] <= hour.day
            and ("to" not in row or hour.day < row["to"])
            and all(value == row[field] or value in row[field] for field, value in scope.items())
        ]
        assert len(rows) <= 1
        return rows[0] if rows else None

    def company(self, hour: Hour) -> str:
        for row in self.tables["grid_company"]:
            names = [row["name"], *row.get("also_called", [])]
            if hour.grid_company.lower() in [name.lower() for name in names]:
                return str(row["name"])
        return "unknown"

    def zone(self, hour: Hour) -> str:
        company = self.row("grid_company", hour, name=self.company(hour))
        if company is not None and "zone" in company:
            return str(company["zone"])
        row = self.row("zone", hour, price_areas=hour.price_area)
        return "nowhere" if row is None else str(row["zone"])

    def rate(self, table: str, hour: Hour) -> Row | None:
        match table:
            case "product":
                return self.row(table, hour, name=hour.product)
            case "grid_energy" | "grid_capacity":
                return self.row(table, hour, company=self.company(hour))
            case "stromstotte" | "norgespris":
                return self.row(table, hour)
            case _:
                return self.row(table, hour, zones=self.zone(hour))

    def with_vat(self, hour: Hour) -> Fraction | None:
        row = self.rate("vat", hour)
        return None if row is None else 1 + Fraction(row["percent"]) / 100

    # Prices per kWh, with VAT, in 1e-5 kr

    def per_kwh(self, hour: Hour, table: str, field: str) -> int | None:
        row, vat = self.rate(table, hour), self.with_vat(hour)
        if row is None or vat is None:
            return None
        return half_away(Fraction(row[field]) * 1000 * vat)

    def spot(self, hour: Hour) -> int | None:
        vat = self.with_vat(hour)
        return None if hour.spot is None or vat is None else half_away(hour.spot * vat)

    def power(self, hour: Hour) -> int | None:
        product = self.rate("product", hour)
        if product is None:
            return None
        if product["energy"] == "SPOT":
            return self.spot(hour)
        return self.per_kwh(hour, "product", "ore_per_kwh")

    def band(self, hour: Hour) -> Row | None:
        rate = self.rate("grid_energy", hour)
        if rate is None:
            return None
        return next(band for band in rate["bands"] if holds(band, hour, rate))

    def grid_energy(self, hour: Hour) -> int | None:
        band, vat = self.band(hour), self.with_vat(hour)
        if band is None or vat is None:
            return None
        return half_away(Fraction(band["ore_per_kwh"]) * 1000 * vat)

    # What is paid by the month, shared over its hours, in 1e-8 kr

    def monthly_fee(self, hour: Hour) -> int | None:
        product = self.rate("product", hour)
        return None if product is None else self.share(hour, Fraction(product["monthly_fee_kr"]))

    def capacity(self, hour: Hour, month: Sequence[Hour]) -> int | None:
        rate = self.rate("grid_capacity", hour)
        if rate is None:
            return None
        peaks = self.peaks(month)[: rate["days"]]
        mean_kw = Fraction(sum(wh for wh, _ in peaks), 1000 * len(peaks))
        step = [each for each in rate["steps"] if each["from_kw"] <= mean_kw][-1]
        return self.share(hour, Fraction(step["kr_per_year"]) / 12)

    def peaks(self, month: Sequence[Hour]) -> list[tuple[int, int]]:
        """Returns the highest hour of each day of a month, the highest first, and its number."""
        known = [each for each in month if each.wh is not None]
        days = [list(of_day) for _, of_day in groupby(known, lambda each: each.day)]
        highest = [max(of_day, key=lambda each: (each.wh or 0, -each.number)) for of_day in days]
        highest.sort(key=lambda each: (-(each.wh or 0), each.number))
        return [(each.wh or 0, each.number) for each in highest]

    def share(self, hour: Hour, kr_ex_vat: Fraction) -> int | None:
        vat = self.with_vat(hour)
        if vat is None:
            return None
        amount = half_away(kr_ex_vat * 100 * vat) * 10**6
        year, month = hour.month
        first, end = month_start(year, month), month_start(year, month + 1)
        before, after = hour.number - first, hour.number - first + 1
        return after * amount // (end - first) - before * amount // (end - first)

    # The state's arrangements

    def stromstotte(self, hour: Hour, month: Sequence[Hour]) -> int | None:
        def paid(rate: Row, vat: Fraction, spot: int) -> int:
            above = max(spot - Fraction(rate["threshold_ore_per_kwh"]) * 1000, Fraction(0))
            return -half_away(above * Fraction(rate["percent"]) / 100 * vat)

        return self.settled("stromstotte", hour, month, paid)

    def norgespris(self, hour: Hour, month: Sequence[Hour]) -> int | None:
        def paid(rate: Row, vat: Fraction, spot: int) -> int:
            price = half_away(Fraction(rate["ore_per_kwh"]) * 1000 * vat)
            return price - half_away(spot * vat)

        return self.settled("norgespris", hour, month, paid)

    def settled(
        self,
        table: str,
        hour: Hour,
        month: Sequence[Hour],
        paid: Callable[[Row, Fraction, int], int],
    ) -> int | None:
        product = self.rate("product", hour)
        if product is None:
            return None
        if product["settlement"] != table.upper():
            return 0
        rate, vat = self.rate(table, hour), self.with_vat(hour)
        if rate is None or vat is None:
            return None
        if hour.premises not in rate["cap_kwh_per_month"]:
            return 0
        if hour.spot is None:
            return None
        cap_wh = int(rate["cap_kwh_per_month"][hour.premises] * 1000)
        before = sum(each.wh or 0 for each in month if each.number < hour.number)
        fits = min(max(cap_wh - before, 0), hour.wh or 0)
        return fits * paid(rate, vat, hour.spot)


def holds(band: Row, hour: Hour, rate: Row) -> bool:
    if "hours" in band:
        first, end = (int(clock) for clock in band["hours"].split("-"))
        clocks = range(first, end) if first < end else [*range(first, 24), *range(end)]
        if hour.moment.hour not in clocks:
            return False
    if "months" in band and hour.day.month not in band["months"]:
        return False
    if "weekdays" in band:
        too = f"{hour.day:%m-%d}" in rate.get("holidays_too", [])
        if "public_holidays" in band and (too or hour.day in public_holidays(hour.day.year)):
            return bool(band["public_holidays"])
        return WEEKDAYS[hour.day.weekday()] in band["weekdays"]
    return True


def times(wh: int, price: int | None) -> int | None:
    return None if price is None else wh * price
