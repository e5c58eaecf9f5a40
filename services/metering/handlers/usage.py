"""What customers used, and what it costs."""

from collections.abc import Collection
from uuid import UUID

from kit.errors import NotFound
from services.metering.domain.gsrn import check_gsrn
from services.metering.domain.price_list import PriceList
from services.metering.domain.problems import Refused
from services.metering.domain.readings import Direction
from services.metering.domain.store import Reader
from services.metering.domain.usage import Period, Resolution, Usage, parse_period, usage_of


async def get_usage(
    reader: Reader,
    price_list: PriceList,
    *,
    customers: Collection[UUID],
    gsrn: str,
    resolution: Resolution,
    from_date: str,
    to_date: str,
) -> tuple[Period, Usage]:
    """Shows customers what they used at a metering point, and what it costs.

    Raises:
        Invalid: If the dates make no range, or one that is too long.
        NotFound: If they held no such point in the range. What is no number of a point gets the
            same answer, so that nothing is learnt by guessing.
    """
    period = parse_period(from_date, to_date, resolution)
    try:
        point = check_gsrn(gsrn)
    except Refused:
        raise NotFound from None
    held = await reader.held(point, customers, Direction.CONSUMPTION, period)
    if held is None:
        raise NotFound
    return period, usage_of(held, period, resolution, price_list)
