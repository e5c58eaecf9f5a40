"""Bills of a month, and what they will probably be."""

from dataclasses import dataclass

from kit.errors import FieldError, Invalid, NotFound
from services.metering.domain.bill import Bill, bill_of
from services.metering.domain.calendar import hour_of
from services.metering.domain.estimate import (
    LEAST_DAYS,
    FilledMonth,
    filled,
    known_days,
    months_before,
)
from services.metering.domain.held import HeldHours
from services.metering.domain.period import Period, parse_month
from services.metering.domain.pricing import CapacityStanding, RateBook, capacity
from services.metering.domain.readings import Direction
from services.metering.handlers.held import Found, Point


@dataclass(frozen=True)
class EstimatedBill:
    """What a month will probably cost.

    Attributes:
        month: The month.
        so_far: The bill of what is known.
        bill: The bill of the whole month.
        estimated_values: How many hours of consumption have an estimated value in it.
        estimated_prices: How many hours have an estimated price in it.
        is_estimate: Whether anything in it is estimated.
    """

    month: Period
    so_far: Bill
    bill: Bill
    estimated_values: int
    estimated_prices: int
    is_estimate: bool


async def get_bill(point: Point, *, month: str) -> tuple[Period, Bill]:
    """Shows customers the bill of a month.

    Raises:
        Invalid: If there is no such month.
        NotFound: If they held no such point in the month.
    """
    period = parse_month(month)
    used = await point.hours(Direction.CONSUMPTION, period)
    produced = await point.hours_if_held(Direction.PRODUCTION, period)
    return period, _bill(period, used.hours, produced and produced.hours, used.book)


async def get_capacity(point: Point, *, month: str) -> tuple[Period, CapacityStanding]:
    """Shows customers where they stand on the capacity steps in a month.

    Raises:
        Invalid: If there is no such month.
        NotFound: If they held no such point in the month.
    """
    period = parse_month(month)
    found = await point.hours(Direction.CONSUMPTION, period)
    return period, _standing(found.book, found.hours, period)


async def estimate_bill(point: Point, *, month: str) -> EstimatedBill:
    """Tells customers what a month will probably cost.

    Raises:
        Invalid: If there is no such month, or it has not begun.
        NotFound: If they held no such point in the month.
        TooFewDays: If too little is known to learn from.
    """
    period = parse_month(month)
    if period.first_hour > hour_of(point.now):
        raise Invalid(FieldError("month", "MONTH_TO_COME"))
    earlier = months_before(period)
    used = await point.hours(Direction.CONSUMPTION, period, learnt_from=earlier)
    produced = await point.hours_if_held(Direction.PRODUCTION, period, learnt_from=earlier)
    all_used = filled(used.hours, period)
    all_produced = _filled_if_learnt(produced, period)
    return EstimatedBill(
        month=period,
        so_far=_bill(period, used.hours, produced and produced.hours, used.book),
        bill=_bill(period, all_used.hours, all_produced and all_produced.hours, used.book),
        estimated_values=all_used.filled_hours,
        estimated_prices=all_used.filled_prices,
        is_estimate=any(each.is_estimate for each in (all_used, all_produced) if each is not None),
    )


def _filled_if_learnt(produced: Found | None, period: Period) -> FilledMonth | None:
    """Fills in production as consumption, but leaves it as it is where too little is known."""
    if produced is None:
        return None
    if known_days(produced.hours) < LEAST_DAYS:
        return FilledMonth(produced.hours, filled_hours=0, filled_prices=0)
    return filled(produced.hours, period)


def _bill(month: Period, used: HeldHours, produced: HeldHours | None, book: RateBook) -> Bill:
    inside = used.within(month)
    return bill_of(
        inside.priced(book, Direction.CONSUMPTION),
        None if produced is None else produced.within(month).priced(book, Direction.PRODUCTION),
        _standing(book, inside, month),
    )


def _standing(book: RateBook, used: HeldHours, month: Period) -> CapacityStanding:
    standing = capacity(book, used.parts, month.from_date)
    if standing is None:
        raise NotFound
    return standing
