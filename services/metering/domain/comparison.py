"""What a customer used beside other times and other products."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from services.metering.domain.bill import PART_OF, Part
from services.metering.domain.calendar import date_of, days_of
from services.metering.domain.held import HeldHours, PricedUse
from services.metering.domain.period import Period
from services.metering.domain.pricing import UNKNOWN, Component, RateBook
from services.metering.domain.readings import Direction
from services.metering.domain.usage import Total, total_of

_SETTLEMENTS: Final = frozenset({Component.STROMSTOTTE, Component.NORGESPRIS})


@dataclass(frozen=True)
class Side:
    """One of two periods that are compared.

    Attributes:
        period: Its dates.
        total: What was used; None if the customer held the point at no time in it.
    """

    period: Period
    total: Total | None


@dataclass(frozen=True)
class YearComparison:
    """A period beside the same dates a year before.

    Attributes:
        now: The period, cut after its last day with values.
        before: The same dates a year before.
        wh: How much more was used, in Wh; None where one side is unknown or was not held.
        cost: How much more it cost, in 1e-8 kr; None as for `wh`.
    """

    now: Side
    before: Side
    wh: int | None
    cost: int | None


def last_day_with_values(use: PricedUse, period: Period) -> Period:
    """Cuts a period after its last local day with values; one without any stays as it is."""
    known = use.numbers[~use.missing]
    if not len(known):
        return period
    last = date_of(int(days_of(known[-1:])[0]))
    return Period(period.from_date, last + timedelta(days=1))


def compared(now: Side, before: Side) -> YearComparison:
    """Puts two periods beside each other."""
    if now.total is None or before.total is None:
        return YearComparison(now, before, None, None)
    return YearComparison(
        now,
        before,
        wh=_difference(now.total.wh, before.total.wh),
        cost=_difference(now.total.cost, before.total.cost),
    )


def side_of(use: PricedUse | None, period: Period) -> Side:
    """Adds up what of some hours lies in a period; None where there are none."""
    if use is None or not len((inside := use.within(period)).numbers):
        return Side(period, None)
    return Side(period, total_of(inside))


@dataclass(frozen=True)
class ProductCost:
    """What some hours would have cost with a product.

    Attributes:
        product: The product.
        is_own: Whether the customer has it, or had it last.
        power: Energy, markup and monthly fee in 1e-8 kr with VAT, or UNKNOWN.
        settlement: Strømstøtte or Norgespris; below zero where the customer is paid; or UNKNOWN.
        grid: The rest of the grid's bill, or UNKNOWN.
        total: The sum of the three, or UNKNOWN.
    """

    product: str
    is_own: bool
    power: int
    settlement: int
    grid: int
    total: int


def product_costs(hours: HeldHours, period: Period, book: RateBook) -> list[ProductCost]:
    """Prices the same hours with each product of the book.

    Args:
        hours: Whole months of what the customer holds.
        period: What is compared; the customer holds some hour of it.
        book: The rates.
    """
    own = [part for part in hours.parts if part.first_hour < period.end_hour][-1].terms.product
    return [
        _product_cost(
            product,
            hours.with_product(product).priced(book, Direction.CONSUMPTION).within(period),
            is_own=product == own,
        )
        for product in book.products
    ]


def _product_cost(product: str, use: PricedUse, *, is_own: bool) -> ProductCost:
    total = total_of(use, by_component=True)

    def cost(components: Iterable[Component]) -> int:
        costs = [total.components[each] for each in components]
        return UNKNOWN if UNKNOWN in costs else sum(costs)

    rest = [each for each in use.lines if each not in _SETTLEMENTS]
    return ProductCost(
        product=product,
        is_own=is_own,
        power=cost(each for each in rest if PART_OF[each] is Part.POWER),
        settlement=cost(_SETTLEMENTS),
        grid=cost(each for each in rest if PART_OF[each] is Part.GRID),
        total=total.cost,
    )


def _difference(one: int, other: int) -> int | None:
    return None if UNKNOWN in (one, other) else one - other
