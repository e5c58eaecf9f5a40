"""Reads one row of rates: checks every word of it, and refuses what it does not know."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Final, TypeVar, cast

from services.metering.domain.calendar import END_DATE, FIRST_DATE
from services.metering.domain.prices import PRICE_DECIMALS
from services.metering.domain.pricing.rates import (
    WEEKDAYS,
    Band,
    Energy,
    GridCapacity,
    GridCompany,
    GridEnergy,
    Norgespris,
    Premises,
    Product,
    Settlement,
    Step,
    Stromstotte,
    Zone,
)
from services.metering.domain.problems import Refused

MAX_ORE: Final = 1000
"""The highest rate in øre/kWh, and little enough that the cost of 40 years of the largest hours
fits in 64 bits beside the highest spot price."""
MAX_KR: Final = 10_000_000
"""The highest fee in kr."""
MAX_KW: Final = 1_000_000
MAX_KWH: Final = 1_000_000_000
MAX_DAYS: Final = 28
"""The most days of a month whose highest hours count; the shortest month has them."""

_ORE_DECIMALS = PRICE_DECIMALS - 2
_CLOCK_HOURS = re.compile(r"([01][0-9]|2[0-4])-([01][0-9]|2[0-4])")
_LAST_OF_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MONTH_AND_DAY = re.compile(r"([0-9]{2})-([0-9]{2})")

Choice = TypeVar("Choice", bound=Enum)
Item = TypeVar("Item")


class Fields:
    """The fields of a row, which are taken out one by one.

    Args:
        values: The fields by name.
    """

    def __init__(self, values: Mapping[str, object]) -> None:
        self._left = dict(values)

    def take(self, name: str) -> object:
        """Takes out a field that must be there."""
        if name not in self._left:
            raise Refused("RATE_FIELD_MISSING", name=name)
        return self._left.pop(name)

    def has(self, name: str) -> bool:
        """Says whether a field is there."""
        return name in self._left

    def end(self) -> None:
        """Refuses a field that nobody has asked for."""
        for name in self._left:
            raise Refused("RATE_FIELD_UNKNOWN", name=name)

    def text(self, name: str) -> str:
        """Takes out a text."""
        return _text(name, self.take(name))

    def texts(self, name: str, choices: Sequence[str] | None = None) -> Sequence[str]:
        """Takes out a list of texts, at least one, each of the choices if there are any."""
        values = [_text(name, value) for value in self._list(name)]
        if not values or (choices is not None and not set(values) <= set(choices)):
            raise _invalid(name, ", ".join(choices or ("…",)))
        return values

    def date(self, name: str) -> date:
        """Takes out a local date."""
        value = self.take(name)
        # A moment is a date too, in Python and not here.
        if type(value) is not date:
            raise _invalid(name, "2026-01-01")
        if not FIRST_DATE <= value <= END_DATE:
            raise Refused("OUTSIDE_CALENDAR")
        return value

    def choice(self, name: str, choices: type[Choice]) -> Choice:
        """Takes out the name of one of some things."""
        value = self.take(name)
        for each in choices:
            if each.value == value:
                return each
        raise _invalid(name, ", ".join(str(each.value) for each in choices))

    def flag(self, name: str) -> bool:
        """Takes out true or false."""
        value = self.take(name)
        if not isinstance(value, bool):
            raise _invalid(name, "true, false")
        return value

    def number(self, name: str, decimals: int, most: int, least: int = 0) -> int:
        """Takes out a number and returns it times ten to the power of its decimals."""
        return _number(name, self.take(name), decimals, most, least)

    def ore(self, name: str, least: int = 0) -> int:
        """Takes out øre/kWh and returns 1e-5 kr/kWh."""
        return self.number(name, _ORE_DECIMALS, MAX_ORE, least)

    def whole(self, name: str, least: int, most: int) -> int:
        """Takes out a whole number."""
        return self.number(name, 0, most, least)

    def wholes(self, name: str, least: int, most: int) -> Sequence[int]:
        """Takes out a list of whole numbers."""
        return [_number(name, value, 0, most, least) for value in self._list(name)]

    def rows(self, name: str) -> Sequence["Fields"]:
        """Takes out a list of rows, at least one."""
        values = [mapping(name, value) for value in self._list(name)]
        if not values:
            raise _invalid(name, "{…}")
        return [Fields(value) for value in values]

    def by_premises(self, name: str) -> Mapping[Premises, int]:
        """Takes out kWh by premises, and returns Wh."""
        values = mapping(name, self.take(name))
        unknown = values.keys() - {each.value for each in Premises}
        if unknown or not values:
            raise _invalid(name, ", ".join(each.value for each in Premises))
        return {
            Premises(key): _number(name, value, 3, MAX_KWH, least=0)
            for key, value in values.items()
        }

    def optional(self, name: str, take: Callable[[str], Item]) -> Item | None:
        """Takes out a field by one of the methods above, if it is there."""
        return take(name) if self.has(name) else None

    def _list(self, name: str) -> Sequence[object]:
        value = self.take(name)
        if not isinstance(value, list):
            raise _invalid(name, "[…]")
        return cast("list[object]", value)


def mapping(name: str, value: object) -> Mapping[str, object]:
    """Returns a value that has to be a table."""
    if not isinstance(value, dict):
        raise _invalid(name, "{…}")
    return cast("dict[str, object]", value)


def zone(fields: Fields) -> Zone:
    """Reads which zone a price area lies in."""
    return fields.choice("zone", Zone)


def vat(fields: Fields) -> int:
    """Reads VAT; returns hundredths of a per cent."""
    return fields.number("percent", 2, 100)


def tax(fields: Fields) -> int:
    """Reads a tax on each kWh; returns 1e-5 kr/kWh ex. VAT."""
    return fields.ore("ore_per_kwh")


def stromstotte(fields: Fields) -> Stromstotte:
    """Reads what the state pays of high spot prices."""
    return Stromstotte(
        threshold=fields.ore("threshold_ore_per_kwh"),
        share=fields.number("percent", 2, 100),
        cap_wh=fields.by_premises("cap_kwh_per_month"),
    )


def norgespris(fields: Fields) -> Norgespris:
    """Reads the price that the state settles the spot price to."""
    return Norgespris(
        price=fields.ore("ore_per_kwh"), cap_wh=fields.by_premises("cap_kwh_per_month")
    )


def grid_company(fields: Fields) -> GridCompany:
    """Reads a grid company."""
    return GridCompany(
        also_called=fields.optional("also_called", fields.texts) or (),
        zone=zone(fields) if fields.has("zone") else None,
    )


def grid_energy(fields: Fields) -> GridEnergy:
    """Reads an energy rate of the grid."""
    bands = [_band(row) for row in fields.rows("bands")]
    for place, band in enumerate(bands, start=1):
        if band.always_holds is not (place == len(bands)):
            raise Refused("BAND_FOR_THE_REST", name=band.name)
    holidays_too = fields.optional("holidays_too", fields.texts) or ()
    return GridEnergy(bands, frozenset(_month_and_day("holidays_too", day) for day in holidays_too))


def grid_capacity(fields: Fields) -> GridCapacity:
    """Reads a capacity rate of the grid."""
    steps = [_step(row) for row in fields.rows("steps")]
    limits = [step.from_w for step in steps]
    if limits[0] != 0 or limits != sorted(set(limits)):
        raise Refused("STEPS_NOT_RISING")
    return GridCapacity(steps, fields.whole("days", 1, MAX_DAYS))


def product(fields: Fields) -> Product:
    """Reads a power product."""
    energy = fields.choice("energy", Energy)
    return Product(
        energy=energy,
        fixed_price=fields.ore("ore_per_kwh") if energy is Energy.FIXED else None,
        settlement=fields.choice("settlement", Settlement),
        markup=fields.ore("markup_ore_per_kwh", least=-MAX_ORE),
        month_ore=fields.number("monthly_fee_kr", 2, MAX_KR),
        surplus=fields.ore("surplus_ore_per_kwh", least=-MAX_ORE),
    )


def _band(fields: Fields) -> Band:
    weekdays = fields.optional("weekdays", fields.texts)
    if weekdays is None and fields.has("public_holidays"):
        raise Refused("RATE_FIELD_MISSING", name="weekdays")
    hours = fields.optional("hours", fields.text)
    months = fields.optional("months", lambda name: fields.wholes(name, 1, 12))
    band = Band(
        name=fields.text("name"),
        price=fields.ore("ore_per_kwh"),
        hours=None if hours is None else _clock_hours("hours", hours),
        weekdays=None if weekdays is None else frozenset(map(_weekday, weekdays)),
        public_holidays=fields.optional("public_holidays", fields.flag),
        months=None if months is None else frozenset(months),
    )
    fields.end()
    return band


def _step(fields: Fields) -> Step:
    step = Step(fields.number("from_kw", 3, MAX_KW), fields.number("kr_per_year", 2, MAX_KR))
    fields.end()
    return step


def _clock_hours(name: str, text: str) -> tuple[int, int]:
    match = _CLOCK_HOURS.fullmatch(text)
    hours = (int(match[1]), int(match[2])) if match else (0, 0)
    if hours[0] == hours[1] or hours[0] > 23:  # noqa: PLR2004 - the day's last hour
        raise _invalid(name, "06-22")
    return hours


def _weekday(text: str) -> int:
    if text not in WEEKDAYS:
        raise _invalid("weekdays", ", ".join(WEEKDAYS))
    return WEEKDAYS.index(text)


def _month_and_day(name: str, text: str) -> tuple[int, int]:
    match = _MONTH_AND_DAY.fullmatch(text)
    month, day = (int(match[1]), int(match[2])) if match else (0, 0)
    if not (1 <= month <= len(_LAST_OF_MONTH) and 1 <= day <= _LAST_OF_MONTH[month - 1]):
        raise _invalid(name, "12-24")
    return month, day


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise _invalid(name, '"…"')
    return value.strip()


def _number(name: str, value: object, decimals: int, most: int, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise _invalid(name, f"{least} … {most}")
    try:
        exact = Decimal(value)
    except InvalidOperation:
        raise _invalid(name, f"{least} … {most}") from None
    if not (exact.is_finite() and least <= exact <= most):
        raise _invalid(name, f"{least} … {most}")
    scaled = exact.scaleb(decimals)
    if scaled != int(scaled):
        raise Refused("RATE_TOO_FINE", name=name, decimals=decimals)
    return int(scaled)


def _invalid(name: str, expected: str) -> Refused:
    return Refused("RATE_FIELD_INVALID", name=name, expected=expected)
