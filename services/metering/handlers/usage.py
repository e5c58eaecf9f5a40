"""What customers used, and what it costs."""

from services.metering.domain.comparison import (
    ProductCost,
    YearComparison,
    compared,
    last_day_with_values,
    product_costs,
    side_of,
)
from services.metering.domain.period import Period, Resolution, parse_period
from services.metering.domain.readings import Direction
from services.metering.domain.usage import Total, Usage, total_of, usage_of
from services.metering.handlers.held import Point


async def get_usage(
    point: Point,
    *,
    resolution: Resolution,
    direction: Direction,
    by_component: bool,
    from_date: str,
    to_date: str,
) -> tuple[Period, Usage]:
    """Shows customers what they used at a metering point, or fed into the grid, and its cost.

    Raises:
        Invalid: If the dates make no range, or one that is too long.
        NotFound: If they held no such point in the range.
    """
    period = parse_period(from_date, to_date, resolution)
    found = await point.hours(direction, period)
    return period, usage_of(found.priced.within(period), resolution, by_component=by_component)


async def compare_usage(point: Point, *, from_date: str, to_date: str) -> YearComparison:
    """Puts what customers used beside the same dates a year before.

    Raises:
        Invalid: If the dates make no range, or one of more than 366 days.
        NotFound: If they held no such point in the range.
    """
    asked = parse_period(from_date, to_date, Resolution.HOUR)
    found = await point.hours(Direction.CONSUMPTION, asked)
    use = found.priced
    period = last_day_with_values(use.within(asked), asked)
    earlier = period.year_before
    before = await point.hours_if_held(Direction.CONSUMPTION, earlier)
    return compared(side_of(use, period), side_of(before and before.priced, earlier))


async def compare_products(
    point: Point, *, from_date: str, to_date: str
) -> tuple[Period, Total, list[ProductCost]]:
    """Prices what customers used with each product.

    Raises:
        Invalid: If the dates make no range, or one of more than 366 days.
        NotFound: If they held no such point in the range.
    """
    period = parse_period(from_date, to_date, Resolution.HOUR)
    found = await point.hours(Direction.CONSUMPTION, period)
    total = total_of(found.priced.within(period))
    return period, total, product_costs(found.hours, period, found.book)
