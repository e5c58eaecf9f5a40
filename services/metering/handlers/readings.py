"""Readings of metering points."""

from kit.errors import Invalid, NotFound
from services.metering.domain.gsrn import check_gsrn
from services.metering.domain.layout import Layout
from services.metering.domain.problems import Refused
from services.metering.domain.readings import Direction, Readings, ReadingsImported, merge
from services.metering.domain.store import Store
from services.metering.handlers.imported import Imported


async def import_readings(store: Store, *, gsrn: str, readings: Readings) -> Imported:
    """Takes the readings of a metering point, all or none.

    Raises:
        NotFound: If there is no such point.
    """
    point = await store.lock_point(gsrn)
    if point is None:
        raise NotFound
    layout = Layout.of(readings.hours)
    merged = merge(await store.blocks(point, Direction.CONSUMPTION, layout), readings)
    await store.save_blocks(point, Direction.CONSUMPTION, merged.written, merged.replaced)
    event = ReadingsImported.of(gsrn, merged)
    if event is not None:
        store.publish(event)
    return Imported(merged.created, merged.changed, merged.unchanged)


def require_gsrn(text: str) -> str:
    """Returns the number of a point that a member of staff asks for.

    Raises:
        Invalid: If it can be none; staff are told what is wrong with it.
    """
    try:
        return check_gsrn(text)
    except Refused as refused:
        raise Invalid(refused.at("gsrn")) from None
