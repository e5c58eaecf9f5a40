"""A month as its two bills show it, line by line: power, and grid."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np

from services.metering.domain.calendar import Whole
from services.metering.domain.held import PricedUse
from services.metering.domain.pricing import NO_BAND, UNKNOWN, CapacityStanding, Component
from services.metering.domain.pricing.money import rounded
from services.metering.domain.usage import Total, total_of


class Part(Enum):
    """Which of the two bills a line stands on."""

    POWER = "POWER"
    GRID = "GRID"


PART_OF: Final[Mapping[Component, Part]] = {
    Component.POWER: Part.POWER,
    Component.MARKUP: Part.POWER,
    Component.MONTHLY_FEE: Part.POWER,
    Component.SURPLUS: Part.POWER,
    Component.GRID_ENERGY: Part.GRID,
    Component.CAPACITY: Part.GRID,
    Component.CONSUMPTION_TAX: Part.GRID,
    Component.ENOVA: Part.GRID,
    Component.STROMSTOTTE: Part.GRID,
    Component.NORGESPRIS: Part.GRID,
}
"""Strømstøtte and Norgespris are settled on the bill of the grid."""

_BY_THE_MONTH = frozenset({Component.MONTHLY_FEE, Component.CAPACITY})


@dataclass(frozen=True)
class BillLine:
    """A line of a bill.

    Attributes:
        component: What it is for.
        band: The grid's energy band; None where there is none.
        wh: The energy in Wh; None for what is paid by the month.
        price: The price of every kWh in 1e-5 kr/kWh with VAT; None where it is not the same for
            all, or unknown.
        mean_price: The mean price, rounded half away from zero to 1e-5 kr/kWh; None where there is
            no energy, or the amount is unknown.
        amount: In 1e-8 kr with VAT, or UNKNOWN.
    """

    component: Component
    band: str | None
    wh: int | None
    price: int | None
    mean_price: int | None
    amount: int

    @property
    def part(self) -> Part:
        """Which bill it stands on."""
        return PART_OF[self.component]


@dataclass(frozen=True)
class Bill:
    """A month of a metering point, as far as the customer holds it.

    Attributes:
        first_hour: The first hour that is held.
        end_hour: The hour that the last one ends before.
        lines: The lines, power first; those of nothing are left out.
        power: The sum of the lines of power in 1e-8 kr, or UNKNOWN.
        grid: The sum of the lines of the grid, or UNKNOWN.
        total: The sum of all lines, or UNKNOWN.
        consumption: The sums of what was used; its cost is all lines but SURPLUS.
        production: The sums of what was fed into the grid; None if that was nothing.
        capacity: Where the customer stands on the steps of the grid's capacity rate.
    """

    first_hour: int
    end_hour: int
    lines: Sequence[BillLine]
    power: int
    grid: int
    total: int
    consumption: Total
    production: Total | None
    capacity: CapacityStanding


def bill_of(used: PricedUse, produced: PricedUse | None, capacity: CapacityStanding) -> Bill:
    """Writes the bill of a month.

    Args:
        used: The hours of the month that the customer holds, at least one.
        produced: The same hours with what was fed into the grid; None if there is no such series.
        capacity: Where the customer stands.
    """
    consumption = total_of(used)
    lines = list(_lines(used))
    production = None if produced is None else _known(total_of(produced))
    if produced is not None and production is not None:
        lines += _lines(produced)
    lines.sort(key=lambda line: line.part is Part.GRID)
    nothing = 0 if _known(consumption) else UNKNOWN

    def sum_of(parts: Collection[Part]) -> int:
        amounts = [line.amount for line in lines if line.part in parts]
        return UNKNOWN if UNKNOWN in amounts else sum(amounts) if amounts else nothing

    return Bill(
        first_hour=int(used.numbers[0]),
        end_hour=int(used.numbers[-1]) + 1,
        lines=lines,
        power=sum_of({Part.POWER}),
        grid=sum_of({Part.GRID}),
        total=sum_of(Part),
        consumption=consumption,
        production=production,
        capacity=capacity,
    )


def _known(total: Total) -> Total | None:
    """Returns a total if any of its hours is known."""
    return None if total.wh == UNKNOWN else total


def _lines(use: PricedUse) -> Iterator[BillLine]:
    known = use.where(~use.missing)
    for component, amounts in known.lines.items():
        if component is Component.GRID_ENERGY:
            for band in map(int, np.unique(known.bands)):
                name = None if band == NO_BAND else known.band_names[band]
                chosen = known.bands == band
                yield from _line(component, name, known.wh[chosen], amounts[chosen])
        else:
            yield from _line(component, None, known.wh, amounts)


def _line(component: Component, band: str | None, wh: Whole, amounts: Whole) -> Iterator[BillLine]:
    amount = UNKNOWN if (amounts == UNKNOWN).any() else int(amounts.sum())
    if not amounts.any():
        return
    if component in _BY_THE_MONTH:
        yield BillLine(component, band, None, None, None, amount)
        return
    energy = int(wh.sum())
    yield BillLine(
        component,
        band,
        energy,
        price=None if amount == UNKNOWN else _one_price(wh, amounts),
        mean_price=None if amount == UNKNOWN or energy == 0 else rounded(amount, energy),
        amount=amount,
    )


def _one_price(wh: Whole, amounts: Whole) -> int | None:
    """Returns the price of every kWh, if it is the same for all of them."""
    used = wh > 0
    if not used.any():
        return None
    price = int(amounts[used][0] // wh[used][0])
    return price if bool((wh * price == amounts).all()) else None
