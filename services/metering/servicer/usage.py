"""What customers used, and what it costs."""

from kit.errors import FieldError, Invalid
from kit.server import Call
from kundeapp.metering.v1 import metering_service_pb2 as pb
from services.metering.domain.calendar import TIME_ZONE
from services.metering.domain.usage import UNKNOWN, Period, Resolution, Usage
from services.metering.handlers import usage
from services.metering.servicer.part import Part

_SECONDS_PER_HOUR = 3600


class UsageViews(Part):
    """Shows consumption and cost."""

    async def GetUsage(self, request: pb.GetUsageRequest, call: Call) -> pb.Usage:
        """Shows what the caller used and what it costs."""
        async with self.database.reader() as connection:
            period, used = await usage.get_usage(
                self.reader_of(connection),
                self.rate_books,
                customers=call.caller.customer_ids,
                gsrn=request.gsrn,
                resolution=_resolution(request.resolution),
                from_date=request.from_date,
                to_date=request.to_date,
            )
        return _usage(request, period, used)


def _resolution(number: pb.Usage.Resolution.ValueType) -> Resolution:
    try:
        return Resolution(pb.Usage.Resolution.Name(number))
    except ValueError:
        choices = ", ".join(resolution.value for resolution in Resolution)
        raise Invalid(FieldError("resolution", "NOT_A_CHOICE", {"choices": choices})) from None


def _usage(request: pb.GetUsageRequest, period: Period, used: Usage) -> pb.Usage:
    total = used.total
    return pb.Usage(
        metering_point=request.gsrn,
        resolution=request.resolution,
        time_zone=TIME_ZONE,
        from_date=period.from_date.isoformat(),
        to_date=period.to_date.isoformat(),
        start=(used.start_hours * _SECONDS_PER_HOUR).astype("<i8").tobytes(),
        kwh=used.wh.astype("<i8").tobytes(),
        cost=used.cost.astype("<i8").tobytes(),
        hours=used.hours.astype("<i4").tobytes(),
        missing_hours=used.missing_hours.astype("<i4").tobytes(),
        estimated_hours=used.estimated_hours.astype("<i4").tobytes(),
        total=pb.Usage.Total(
            kwh=None if total.wh == UNKNOWN else total.wh,
            cost=None if total.cost == UNKNOWN else total.cost,
            hours=total.hours,
            missing_hours=total.missing_hours,
            estimated_hours=total.estimated_hours,
        ),
    )
