"""A move, told late: neither customer sees a trace of the other's hours."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from kundeapp.metering.v1 import metering_service_pb2 as pb
from tests.integration.metering.files import GSRN, PLAIN_RATES, contracts, elhub, hours_of, prices
from tests.integration.metering.world import Metering, buckets, refused

APRIL = ("2026-04-01", "2026-05-01")
RESOLUTIONS = ("YEAR", "MONTH", "DAY", "HOUR")
KARIS, OLAS, NOBODYS = "1,000", "0,010", "90,000"


async def house(metering: Metering) -> tuple[UUID, UUID]:
    """Makes a house that Kari holds, with an April whose hours tell who used them.

    Kari uses 1 kWh an hour until noon on the 15th, and Ola 10 Wh an hour from then on, but in the
    first six hours of the 20th nobody is at home, and something takes 90 kWh an hour.
    """
    kari, ola = await metering.customer("1001"), await metering.customer("1002")
    await metering.import_rates(PLAIN_RATES)
    await metering.import_contracts(contracts(f"{GSRN},1001,2026-01-01,"))
    before, after = hours_of("2026-04-01", days=14), hours_of("2026-04-15", days=16)
    gap = hours_of("2026-04-20")[:6]
    await metering.import_readings(GSRN, elhub([*before, *after[:12]], KARIS))
    await metering.import_readings(GSRN, elhub([h for h in after[12:] if h not in gap], OLAS))
    await metering.import_readings(GSRN, elhub(gap, NOBODYS))
    await metering.import_prices("NO5", prices(hours_of("2026-04-01", days=30)))
    return kari, ola


async def seen(metering: Metering, customer: UUID) -> tuple[int, int]:
    """Returns the energy and the hours of April that a customer sees, the same in every way."""
    totals = set[tuple[int, int]]()
    for resolution in RESOLUTIONS:
        usage = await metering.usage(customer, GSRN, resolution, *APRIL)
        shown = buckets(usage)
        total = usage.total
        assert sum(bucket.wh for bucket in shown) == total.kwh
        assert sum(bucket.cost for bucket in shown) == total.cost == total.kwh * 129_875
        assert sum(bucket.hours for bucket in shown) == total.hours
        assert total.missing_hours == total.estimated_hours == 0
        totals.add((total.kwh, total.hours))
    [same] = totals
    return same


async def test_a_move_at_noon_that_is_told_late_parts_the_hours_to_the_hour(
    metering: Metering,
) -> None:
    kari, ola = await house(metering)
    hours = 30 * 24
    assert await seen(metering, kari) == (348_000 + (hours - 348 - 6) * 10 + 540_000, hours)

    noon = "2026-04-15T12:00:00+02:00"
    await metering.import_contracts(
        contracts(
            f"{GSRN},1001,2026-01-01,{noon}",
            f"{GSRN},1002,{noon},2026-04-20",
            f"{GSRN},1002,2026-04-20T06:00:00+02:00,",
        )
    )

    assert await seen(metering, kari) == (348_000, 348)
    assert await seen(metering, ola) == ((hours - 348 - 6) * 10, hours - 348 - 6)
    [day] = buckets(await metering.usage(kari, GSRN, "DAY", "2026-04-15", "2026-04-16"))
    assert (day.wh, day.hours) == (12_000, 12)
    with refused() as answer:
        await metering.usage(kari, GSRN, "HOUR", "2026-04-16", "2026-05-01")
    assert answer.refusal.reason == "NOT_FOUND"
    with refused() as answer:
        await metering.usage(ola, GSRN, "HOUR", "2026-04-01", "2026-04-15")
    assert answer.refusal.reason == "NOT_FOUND"


async def test_hours_between_two_contracts_are_nobodys(metering: Metering) -> None:
    kari, ola = await house(metering)
    await metering.import_contracts(
        contracts(f"{GSRN},1001,2026-01-01,2026-04-15", f"{GSRN},1002,2026-04-21,")
    )
    assert await seen(metering, kari) == (14 * 24_000, 14 * 24)
    assert await seen(metering, ola) == (10 * 240, 10 * 24)


async def test_a_contract_that_never_was_takes_its_hours_along(metering: Metering) -> None:
    kari, ola = await house(metering)
    moved = contracts(f"{GSRN},1001,2026-01-01,2026-04-15", f"{GSRN},1002,2026-04-15,")
    await metering.import_contracts(moved)
    assert len((await metering.points(ola)).metering_points) == 1

    taken_back = contracts(f"{GSRN},1001,2026-01-01,", f"{GSRN},1002,2026-04-15,2026-04-15")
    report = await metering.import_contracts(taken_back)

    assert (report.rows, report.changed, report.removed) == (2, 1, 1)
    with refused() as answer:
        await metering.usage(ola, GSRN, "HOUR", *APRIL)
    assert answer.refusal.reason == "NOT_FOUND"
    assert not (await metering.points(ola)).metering_points
    assert (await seen(metering, kari))[1] == 30 * 24
    again = await metering.import_contracts(taken_back)
    assert (again.unchanged, again.removed) == (2, 0)


async def test_a_move_turns_out_to_have_been_earlier(metering: Metering) -> None:
    kari, ola = await house(metering)
    moved = contracts(f"{GSRN},1001,2026-01-01,2026-04-18", f"{GSRN},1002,2026-04-18,")
    await metering.import_contracts(moved)
    await metering.import_contracts(
        contracts(
            f"{GSRN},1001,2026-01-01,2026-04-10",
            f"{GSRN},1002,2026-04-18,2026-04-18",
            f"{GSRN},1002,2026-04-10,",
        )
    )
    assert await seen(metering, kari) == (9 * 24_000, 9 * 24)
    assert (await seen(metering, ola))[1] == 21 * 24


async def test_points_tell_the_moments_and_what_they_supply(metering: Metering) -> None:
    kari = await metering.customer("1001")
    noon = "2026-04-15T12:00:00+02:00"
    header, row = contracts(f"{GSRN},1001,{noon},2026-05-01").split(b"\n")
    await metering.import_contracts(header + b",premises\n" + row + b",CABIN")

    [point] = (await metering.points(kari)).metering_points

    assert (point.from_date, point.to_date) == ("2026-04-15", "2026-05-01")
    assert point.from_time.ToDatetime(UTC) == datetime.fromisoformat(noon)
    assert point.to_time.ToDatetime(UTC) == datetime.fromisoformat("2026-05-01T00:00:00+02:00")
    assert point.premises == pb.MeteringPoint.CABIN


async def test_a_point_is_a_home_where_nothing_else_is_said_and_lasts_without_an_end(
    metering: Metering,
) -> None:
    kari = await metering.customer("1001")
    await metering.import_contracts(contracts(f"{GSRN},1001,2026-04-15,"))
    [point] = (await metering.points(kari)).metering_points
    assert point.premises == pb.MeteringPoint.HOME
    assert not point.HasField("to_time")


@pytest.mark.parametrize(
    ("dates", "reason"),
    [
        ("2026-04-15T12:30:00+02:00,", "NOT_A_FULL_HOUR"),
        ("2026-04-15T12:00:00,", "OFFSET_MISSING"),
        ("2026-04-15T12:00:00+01:00,", "OFFSET_NOT_NORWEGIAN"),
        ("15.04.2026,", "NOT_A_DATE"),
        ("2026-04-15T12:00:00+02:00,2026-04-15", "NOT_AFTER_FROM"),
    ],
)
async def test_a_moment_that_is_none_is_refused_with_its_line(
    metering: Metering, dates: str, reason: str
) -> None:
    with refused() as answer:
        await metering.import_contracts(contracts(f"{GSRN},1001,{dates}"))
    assert answer.refusal.fields == [("line 2", reason)]
