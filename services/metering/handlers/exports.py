"""The hours of a metering point, for a file."""

from dataclasses import dataclass

from services.metering.domain.exports import UsageExport, flow_of, parse_export_period
from services.metering.domain.period import Period
from services.metering.domain.readings import Direction
from services.metering.handlers.held import Found, Point


@dataclass(frozen=True, eq=False)
class HeldExport:
    """What goes into a file, before it is priced.

    Attributes:
        gsrn: The metering point.
        address: Where it is.
        period: What was asked for.
        used: What was used.
        produced: What was fed into the grid.
    """

    gsrn: str
    address: str
    period: Period
    used: Found
    produced: Found

    def priced(self) -> UsageExport:
        """Prices the hours and adds them up; takes some tens of milliseconds for three years."""
        consumption, production = (
            flow_of(found.priced.within(self.period)) for found in (self.used, self.produced)
        )
        return UsageExport(
            gsrn=self.gsrn,
            address=self.address,
            consumption=consumption,
            production=production if production.is_known else None,
        )


async def find_export(point: Point, *, from_date: str, to_date: str) -> HeldExport:
    """Finds what customers may take with them of a metering point.

    Raises:
        Invalid: If the dates make no range, or one that is too long.
        NotFound: If they held no such point in the range.
    """
    period = parse_export_period(from_date, to_date)
    used = await point.hours(Direction.CONSUMPTION, period)
    produced = await point.hours(Direction.PRODUCTION, period)
    address = await point.reader.address(point.gsrn, point.customers, period)
    return HeldExport(point.gsrn, address, period, used, produced)
