"""What customers used, and what it costs."""

from collections.abc import Iterable

from kit.errors import FieldError, Invalid
from kit.server import Call
from kundeapp.metering.v1 import direction_pb2
from kundeapp.metering.v1 import usage_pb2 as pb
from services.metering.domain.calendar import TIME_ZONE, seconds_of
from services.metering.domain.comparison import ProductCost, Side
from services.metering.domain.period import Period, Resolution
from services.metering.domain.pricing import UNKNOWN
from services.metering.domain.readings import Direction
from services.metering.domain.usage import Total, Usage
from services.metering.handlers import usage
from services.metering.servicer.part import Part


class UsageViews(Part):
    """Shows consumption and cost."""

    async def GetUsage(self, request: pb.GetUsageRequest, call: Call) -> pb.Usage:
        """Shows what the caller used and what it costs."""
        direction = _direction(request.direction)
        is_full = _is_full(request.view)
        async with self.database.reader() as connection:
            period, used = await usage.get_usage(
                self.point(connection, request.gsrn, call),
                resolution=_resolution(request.resolution),
                direction=direction,
                by_component=is_full,
                from_date=request.from_date,
                to_date=request.to_date,
            )
        return _usage(request, direction, period, used, is_full=is_full)

    async def CompareUsage(self, request: pb.CompareUsageRequest, call: Call) -> pb.UsageComparison:
        """Compares what the caller used with the same dates a year before."""
        async with self.database.reader() as connection:
            both = await usage.compare_usage(
                self.point(connection, request.gsrn, call),
                from_date=request.from_date,
                to_date=request.to_date,
            )
        return pb.UsageComparison(
            metering_point=request.gsrn,
            now=_side(both.now),
            before=_side(both.before),
            kwh_difference=both.wh,
            cost_difference=both.cost,
        )

    async def CompareProducts(
        self, request: pb.CompareProductsRequest, call: Call
    ) -> pb.ProductComparison:
        """Shows what the caller's hours would have cost with each product."""
        async with self.database.reader() as connection:
            period, total, products = await usage.compare_products(
                self.point(connection, request.gsrn, call),
                from_date=request.from_date,
                to_date=request.to_date,
            )
        return pb.ProductComparison(
            metering_point=request.gsrn,
            from_date=period.from_date.isoformat(),
            to_date=period.to_date.isoformat(),
            kwh=known(total.wh),
            hours=total.hours,
            missing_hours=total.missing_hours,
            products=[_product(product) for product in products],
        )


def known(amount: int) -> int | None:
    """Returns an energy or a cost as an optional field takes it."""
    return None if amount == UNKNOWN else amount


def total_of(total: Total) -> pb.Usage.Total:
    """Returns a sum as it is told."""
    return pb.Usage.Total(
        kwh=known(total.wh),
        cost=known(total.cost),
        hours=total.hours,
        missing_hours=total.missing_hours,
        estimated_hours=total.estimated_hours,
        unpriced_hours=total.unpriced_hours,
        components=[
            pb.ComponentCost(component=pb.Usage.Component.Value(each.value), cost=known(cost))
            for each, cost in total.components.items()
        ],
    )


def _resolution(number: pb.Usage.Resolution.ValueType) -> Resolution:
    try:
        return Resolution(pb.Usage.Resolution.Name(number))
    except ValueError:
        raise _not_a_choice("resolution", (each.value for each in Resolution)) from None


def _direction(number: direction_pb2.Direction.ValueType) -> Direction:
    if number == direction_pb2.DIRECTION_UNSPECIFIED:
        return Direction.CONSUMPTION
    try:
        return Direction(number)
    except ValueError:
        raise _not_a_choice("direction", (each.name for each in Direction)) from None


def _is_full(number: pb.Usage.View.ValueType) -> bool:
    if number not in pb.Usage.View.values():
        raise _not_a_choice("view", ("BASIC", "FULL"))
    return number == pb.Usage.FULL


def _not_a_choice(field: str, choices: Iterable[str]) -> Invalid:
    return Invalid(FieldError(field, "NOT_A_CHOICE", {"choices": ", ".join(choices)}))


def _usage(
    request: pb.GetUsageRequest,
    direction: Direction,
    period: Period,
    used: Usage,
    *,
    is_full: bool,
) -> pb.Usage:
    buckets = used.buckets
    return pb.Usage(
        metering_point=request.gsrn,
        resolution=request.resolution,
        direction=direction_pb2.Direction.Value(direction.name),
        time_zone=TIME_ZONE,
        from_date=period.from_date.isoformat(),
        to_date=period.to_date.isoformat(),
        start=seconds_of(used.start_hours).astype("<i8").tobytes(),
        kwh=buckets.wh.astype("<i8").tobytes(),
        cost=buckets.cost.astype("<i8").tobytes(),
        hours=buckets.hours.astype("<i4").tobytes(),
        missing_hours=buckets.missing_hours.astype("<i4").tobytes(),
        estimated_hours=buckets.estimated_hours.astype("<i4").tobytes(),
        unpriced_hours=buckets.unpriced_hours.astype("<i4").tobytes(),
        components=[
            pb.Usage.ComponentCosts(
                component=pb.Usage.Component.Value(each.value), cost=costs.astype("<i8").tobytes()
            )
            for each, costs in buckets.components.items()
        ],
        total=total_of(used.total),
        qualities=buckets.qualities.tolist() if is_full else (),
    )


def _side(side: Side) -> pb.UsageComparison.Side:
    return pb.UsageComparison.Side(
        from_date=side.period.from_date.isoformat(),
        to_date=side.period.to_date.isoformat(),
        total=None if side.total is None else total_of(side.total),
    )


def _product(cost: ProductCost) -> pb.ProductComparison.Product:
    return pb.ProductComparison.Product(
        product=cost.product,
        own=cost.is_own,
        power=known(cost.power),
        settlement=known(cost.settlement),
        grid=known(cost.grid),
        total=known(cost.total),
    )
