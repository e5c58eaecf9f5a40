"""The kinds of rates, and the terms that choose among them.

A price per kWh is a whole number of 1e-5 kr/kWh ex. VAT, which is a thousandth of an øre; VAT and
shares are hundredths of a per cent; energy is in Wh and power in W.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import cached_property
from typing import Final, Generic, TypeVar

from services.metering.domain.calendar import END_DATE, first_hour

BASIS_POINTS: Final = 10_000
"""One, in hundredths of a per cent."""

WEEKDAYS: Final = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")

Rate = TypeVar("Rate")


class Zone(Enum):
    """Where which taxes are due; the Norwegian law speaks of counties and municipalities."""

    STANDARD = "STANDARD"
    NORTH = "NORTH"
    """Nordland, Troms and Finnmark, without VAT on power to households."""
    ACTION_ZONE = "ACTION_ZONE"
    """Finnmark and the north of Troms, without consumption tax too."""


class Premises(Enum):
    """What stands at the metering point."""

    HOME = "HOME"
    CABIN = "CABIN"


class Energy(Enum):
    """How a product prices the energy itself."""

    SPOT = "SPOT"
    FIXED = "FIXED"


class Settlement(Enum):
    """Which of the state's arrangements a product goes with; the grid bill settles it."""

    STROMSTOTTE = "STROMSTOTTE"
    NORGESPRIS = "NORGESPRIS"
    NONE = "NONE"


@dataclass(frozen=True)
class Terms:
    """What decides which rates hold for an hour.

    Attributes:
        price_area: NO1 to NO5.
        grid_company: The company that owns the grid, by any of its names.
        product: The power product.
        premises: What stands at the metering point.
    """

    price_area: str
    grid_company: str
    product: str
    premises: Premises


@dataclass(frozen=True)
class RateRow:
    """One rate as it is stored: in the words of the file, and for one scope.

    Attributes:
        kind: The table of the file.
        scope: What it is the rate of: a zone, a price area, a grid company or a product; empty
            where it is the whole country's.
        from_date: The first local date.
        to_date: The local date that it ends before; None while it holds.
        data: The rest of the row, in JSON's types; a number with decimals is a text.
        source: Where it is laid down.
    """

    kind: str
    scope: str
    from_date: date
    to_date: date | None
    data: Mapping[str, object]
    source: str

    @property
    def key(self) -> tuple[str, str, date]:
        """What tells one rate from another; the rest may be corrected."""
        return self.kind, self.scope, self.from_date

    @property
    def first_hour(self) -> int:
        """The hour that it begins with."""
        return first_hour(self.from_date)

    @property
    def end_hour(self) -> int:
        """The hour that it ends before."""
        return first_hour(self.to_date or END_DATE)


@dataclass(frozen=True, eq=False)
class Timeline(Generic[Rate]):
    """The rates of one kind and scope, in order of time and never two at once.

    Attributes:
        rates: Each with the hour that it begins with and the one that it ends before.
    """

    rates: Sequence[tuple[int, int, Rate]]

    @cached_property
    def _starts(self) -> Sequence[int]:
        return [start for start, _, _ in self.rates]

    def at(self, hour: int) -> Rate | None:
        """Returns the rate that holds at an hour; None if there is none."""
        place = bisect_right(self._starts, hour) - 1
        if place < 0:
            return None
        _, end, rate = self.rates[place]
        return rate if hour < end else None


@dataclass(frozen=True)
class GridCompany:
    """A grid company.

    Attributes:
        also_called: Its other names.
        zone: Where its customers are; None if the price area says it.
    """

    also_called: Sequence[str]
    zone: Zone | None


@dataclass(frozen=True)
class Band:
    """The part of the time that an energy rate of the grid holds in.

    Attributes:
        name: What the bill calls it.
        price: In 1e-5 kr/kWh ex. VAT.
        hours: The first local clock hour, and the one that it ends before; these may lie on either
            side of midnight. None for all.
        weekdays: From 0 for Monday; None for all.
        public_holidays: Whether a public holiday is such a day whatever its weekday, or is none;
            None if it is a weekday like any other.
        months: From 1; None for all.
    """

    name: str
    price: int
    hours: tuple[int, int] | None
    weekdays: frozenset[int] | None
    public_holidays: bool | None
    months: frozenset[int] | None

    @property
    def always_holds(self) -> bool:
        """Whether it matches every hour."""
        return self.hours is None and self.weekdays is None and self.months is None


@dataclass(frozen=True)
class GridEnergy:
    """A grid company's energy rate.

    Attributes:
        bands: The first that matches an hour holds; the last one matches all.
        holidays_too: Month and day of what this company treats like public holidays.
    """

    bands: Sequence[Band]
    holidays_too: frozenset[tuple[int, int]]


@dataclass(frozen=True)
class Step:
    """A step of a capacity rate.

    Attributes:
        from_w: The lower limit in W, which belongs to the step.
        year_ore: What a year of it costs ex. VAT in øre.
    """

    from_w: int
    year_ore: int


@dataclass(frozen=True)
class GridCapacity:
    """A grid company's capacity rate.

    Attributes:
        steps: By their rising lower limits, the first of which is 0.
        days: The highest hours of how many different days count.
    """

    steps: Sequence[Step]
    days: int


@dataclass(frozen=True)
class Stromstotte:
    """What the state pays of spot prices above a threshold, hour by hour.

    Attributes:
        threshold: In 1e-5 kr/kWh ex. VAT.
        share: The state's part of what is above, in hundredths of a per cent.
        cap_wh: How much of a month's energy counts, by premises; others, and
            those with 0, get nothing.
    """

    threshold: int
    share: int
    cap_wh: Mapping[Premises, int]


@dataclass(frozen=True)
class Norgespris:
    """The price that the state settles the spot price to, in both directions.

    Attributes:
        price: In 1e-5 kr/kWh ex. VAT.
        cap_wh: How much of a month's energy counts, by premises; others, and
            those with 0, cannot have it.
    """

    price: int
    cap_wh: Mapping[Premises, int]


@dataclass(frozen=True)
class Product:
    """A power product.

    Attributes:
        energy: How it prices the energy.
        fixed_price: In 1e-5 kr/kWh ex. VAT; None unless the energy is FIXED.
        settlement: Which arrangement of the state it goes with.
        markup: In 1e-5 kr/kWh ex. VAT.
        month_ore: The monthly fee ex. VAT in øre.
        surplus: What is paid for production on top of the spot price, in 1e-5 kr/kWh; below zero
            it is taken off. Without VAT: a household is not registered for it.
    """

    energy: Energy
    fixed_price: int | None
    settlement: Settlement
    markup: int
    month_ore: int
    surplus: int
