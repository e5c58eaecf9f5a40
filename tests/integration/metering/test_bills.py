"""What customers see of a month: bills, capacity steps, comparisons and estimates."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import grpc
import numpy as np
import pytest

from kundeapp.metering.v1 import bills_pb2, direction_pb2, imports_pb2
from kundeapp.metering.v1.usage_pb2 import Usage
from tests.integration.metering.files import (
    GSRN,
    OTHER_GSRN,
    RATES,
    UNKNOWN_GSRN,
    contracts,
    hours_of,
    needs_data,
    prices,
    real,
)
from tests.integration.metering.world import Metering, buckets, refused

APRIL = ("2026-04-01", "2026-05-01")
OSLO = ZoneInfo("Europe/Oslo")
NOT_FOUND = grpc.StatusCode.NOT_FOUND

WhOf = Callable[[datetime], int]


async def write(
    metering: Metering,
    hours: Sequence[datetime],
    wh_of: WhOf,
    *,
    direction: direction_pb2.Direction.ValueType = direction_pb2.CONSUMPTION,
    registered: datetime = datetime(2026, 12, 1, tzinfo=UTC),
) -> None:
    """Writes hours that follow each other."""
    series = imports_pb2.WriteReadingsRequest.Series(
        gsrn=GSRN,
        direction=direction,
        wh=np.array([wh_of(hour) for hour in hours], "<i4").tobytes(),
        qualities=b"\x01",
    )
    series.start.FromDatetime(hours[0].astimezone(UTC))
    series.registered.FromDatetime(registered)
    report = await metering.write_readings(imports_pb2.WriteReadingsRequest(series=[series]))
    assert report.refused == 0


async def april(metering: Metering, *rows: str, wh_of: WhOf = lambda _: 1000) -> None:
    """Writes all hours and prices of April, and who holds the point."""
    await metering.import_rates(RATES)
    await metering.import_contracts(contracts(*rows))
    hours = hours_of(APRIL[0], days=30)
    await write(metering, hours, wh_of)
    await metering.import_prices("NO5", prices(hours))


def amount(bill: bills_pb2.Bill, component: Usage.Component.ValueType) -> int:
    return sum(line.amount for line in bill.lines if line.component == component)


@needs_data
async def test_the_bill_of_april_adds_up_to_the_month_and_has_its_real_peaks(
    metering: Metering,
) -> None:
    customer = await metering.customer("1001")
    await metering.import_rates(RATES)
    await metering.import_contracts(contracts(f"{GSRN},1001,2026-04-01,", product="NORGESPRIS"))
    await metering.import_readings(GSRN, real("elhub_2026-04.csv"))
    await metering.import_prices("NO5", real("household_no5_2026-04.csv"))
    bill = await metering.bill(customer, GSRN, "2026-04")
    month = await metering.usage(customer, GSRN, "MONTH", *APRIL, view="FULL")
    assert bill.total == sum(line.amount for line in bill.lines) == month.total.cost
    assert bill.total == bill.power + bill.grid
    for component in month.total.components:
        assert amount(bill, component.component) == component.cost
    assert bill.consumption.kwh == 1_381_827
    assert [peak.kwh for peak in bill.capacity.peaks] == [5939, 4779, 4262]
    assert bill.capacity.peaks[0].start == "2026-04-06T13:00:00+02:00"
    assert bill.capacity.over
    assert bill.capacity == await metering.capacity(customer, GSRN, "2026-04")
    assert [line.band for line in bill.lines if line.component == Usage.GRID_ENERGY] == [
        "day",
        "night",
    ]


async def test_every_line_of_a_full_usage_adds_up_from_hours_to_the_month(
    metering: Metering,
) -> None:
    customer = await metering.customer("1001")
    await april(metering, f"{GSRN},1001,2026-01-01,", wh_of=lambda hour: 100 * hour.hour)
    full = {
        resolution: await metering.usage(customer, GSRN, resolution, *APRIL, view="FULL")
        for resolution in ("MONTH", "DAY", "HOUR")
    }
    basic = await metering.usage(customer, GSRN, "HOUR", *APRIL)
    assert full["HOUR"].cost == basic.cost
    assert not basic.components
    assert not basic.total.components
    for usage in full.values():
        assert usage.total == full["MONTH"].total
        sums = {
            each.component: int(np.frombuffer(each.cost, "<i8").sum()) for each in usage.components
        }
        assert sums == {each.component: each.cost for each in usage.total.components}
        assert sum(sums.values()) == usage.total.cost


async def test_production_is_paid_for_and_never_netted(metering: Metering) -> None:
    customer = await metering.customer("1001")
    await april(metering, f"{GSRN},1001,2026-01-01,")
    without = await metering.bill(customer, GSRN, "2026-04")
    used = await metering.usage(customer, GSRN, "MONTH", *APRIL)
    await write(
        metering,
        hours_of("2026-04-10"),
        lambda hour: 2000 if 8 <= hour.hour < 16 else 0,
        direction=direction_pb2.PRODUCTION,
    )
    fed_in = await metering.usage(customer, GSRN, "MONTH", *APRIL, direction="PRODUCTION")
    assert fed_in.direction == direction_pb2.PRODUCTION
    assert (fed_in.total.kwh, fed_in.total.missing_hours) == (16_000, 29 * 24)
    assert fed_in.total.cost < 0
    assert await metering.usage(customer, GSRN, "MONTH", *APRIL) == used
    bill = await metering.bill(customer, GSRN, "2026-04")
    assert bill.consumption == without.consumption
    assert bill.production == fed_in.total
    assert amount(bill, Usage.SURPLUS) == fed_in.total.cost
    assert bill.total == without.total + fed_in.total.cost
    assert bill.grid == without.grid


async def everything_seen(metering: Metering, customer: UUID) -> list[bytes]:
    """Returns all answers about April, byte for byte."""
    answers = [
        await metering.usage(customer, GSRN, resolution, *APRIL, view="FULL")
        for resolution in ("YEAR", "MONTH", "DAY", "HOUR")
    ]
    answers += [
        await metering.bill(customer, GSRN, "2026-04"),
        await metering.capacity(customer, GSRN, "2026-04"),
        await metering.estimate(customer, GSRN, "2026-04"),
        await metering.year_before(customer, GSRN, *APRIL),
        await metering.products(customer, GSRN, *APRIL),
    ]
    return [answer.SerializeToString(deterministic=True) for answer in answers]


@pytest.mark.parametrize("moved", ["2026-04-15", "2026-04-15T12:00:00+02:00"])
async def test_whoever_moves_leaves_no_trace_in_what_the_next_one_sees_nor_the_other_way(
    metering: Metering, moved: str
) -> None:
    moment = datetime.fromisoformat(moved)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=OSLO)
    before, after = await metering.customer("1001"), await metering.customer("1002")

    def wh_of(hour: datetime) -> int:
        return 1000 if hour < moment else 2000

    rows = (f"{GSRN},1001,2026-04-01,{moved}", f"{GSRN},1002,{moved},")
    await april(metering, *rows, wh_of=wh_of)
    seen_before = await everything_seen(metering, before)
    seen_after = await everything_seen(metering, after)
    bills = [await metering.bill(each, GSRN, "2026-04") for each in (before, after)]
    held = int((moment - datetime(2026, 4, 1, tzinfo=OSLO)).total_seconds()) // 3600
    assert [bill.consumption.hours for bill in bills] == [held, 720 - held]
    assert [bill.consumption.kwh for bill in bills] == [1000 * held, 2000 * (720 - held)]
    assert [peak.kwh for peak in bills[0].capacity.peaks] == [1000] * 3
    assert [peak.kwh for peak in bills[1].capacity.peaks] == [2000] * 3
    assert bills[0].held_to == bills[1].held_from == moment.isoformat()

    later = datetime(2026, 12, 2, tzinfo=UTC)
    hours = hours_of(APRIL[0], days=30)
    await write(metering, hours[:held], lambda _: 9000, registered=later)
    assert await everything_seen(metering, after) == seen_after
    assert await everything_seen(metering, before) != seen_before

    await write(metering, hours[:held], wh_of, registered=later)
    await write(metering, hours[held:], lambda _: 9000, registered=later)
    assert await everything_seen(metering, before) == seen_before
    assert await everything_seen(metering, after) != seen_after


async def test_two_customers_of_one_account_share_neither_peaks_nor_a_step(
    metering: Metering,
) -> None:
    one, other = await metering.customer("1001"), await metering.customer("1002")

    def wh_of(hour: datetime) -> int:
        return 9000 if hour.day in (1, 2, 3) and hour.hour == 18 else 1000

    rows = (f"{GSRN},1001,2026-04-01,2026-04-15", f"{GSRN},1002,2026-04-15,")
    await april(metering, *rows, wh_of=wh_of)
    request = bills_pb2.GetBillRequest(gsrn=GSRN, month="2026-04")
    both = await metering.stub.GetBill(request, metadata=metering.metadata(one, other))
    each = [await metering.bill(customer, GSRN, "2026-04") for customer in (one, other)]
    assert both.consumption.hours == 720
    assert both.total == sum(bill.total for bill in each)
    assert amount(both, Usage.CAPACITY) == sum(amount(bill, Usage.CAPACITY) for bill in each)


async def test_a_change_of_product_in_the_month_shares_its_peaks_and_its_capacity_step(
    metering: Metering,
) -> None:
    customer = await metering.customer("1001")

    def wh_of(hour: datetime) -> int:
        return 9000 if hour.day in (1, 2, 3) and hour.hour == 18 else 1000

    await april(metering, f"{GSRN},1001,2026-04-01,", wh_of=wh_of)
    whole = await metering.bill(customer, GSRN, "2026-04")
    await metering.import_contracts(contracts(f"{GSRN},1001,2026-04-01,2026-04-15"))
    await metering.import_contracts(contracts(f"{GSRN},1001,2026-04-15,", product="NORGESPRIS"))
    changed = await metering.bill(customer, GSRN, "2026-04")
    assert [peak.kwh for peak in changed.capacity.peaks] == [9000] * 3
    assert changed.capacity == whole.capacity
    assert amount(changed, Usage.CAPACITY) == amount(whole, Usage.CAPACITY)
    assert amount(changed, Usage.NORGESPRIS) != 0
    assert abs(amount(changed, Usage.STROMSTOTTE)) < abs(amount(whole, Usage.STROMSTOTTE))
    second_half = await metering.usage(customer, GSRN, "DAY", "2026-04-20", "2026-04-21")
    alone = [
        day
        for day in buckets(await metering.usage(customer, GSRN, "DAY", *APRIL))
        if day.start == buckets(second_half)[0].start
    ]
    assert buckets(second_half) == alone


async def test_an_hour_without_a_price_makes_sums_unknown_until_it_comes_and_then_changes(
    metering: Metering,
) -> None:
    customer = await metering.customer("1001")
    await metering.import_rates(RATES)
    await metering.import_contracts(contracts(f"{GSRN},1001,2026-01-01,"))
    hours = hours_of(APRIL[0], days=30)
    await write(metering, hours, lambda _: 1000)
    await metering.import_prices("NO5", prices(hours[:-1], "-0.10000"))
    bill = await metering.bill(customer, GSRN, "2026-04")
    assert bill.consumption.unpriced_hours == 1
    assert not bill.HasField("total")
    days = await metering.usage(customer, GSRN, "DAY", *APRIL)
    assert np.frombuffer(days.unpriced_hours, "<i4").tolist() == [0] * 29 + [1]
    assert [day.cost == -(2**63) for day in buckets(days)] == [False] * 29 + [True]

    await metering.import_prices("NO5", prices(hours[-1:], "-0.10000"), provisional=True)
    known = await metering.bill(customer, GSRN, "2026-04")
    [power] = [line for line in known.lines if line.component == Usage.POWER]
    assert (power.price, power.amount) == (-12_500, -12_500 * 720_000)
    assert not known.consumption.unpriced_hours

    await metering.import_prices("NO5", prices(hours[-1:], "2.00000"))
    final = await metering.bill(customer, GSRN, "2026-04")
    assert amount(final, Usage.POWER) == power.amount + 1000 * (250_000 + 12_500)


async def test_this_month_beside_the_year_before_is_cut_after_the_last_day_with_values(
    metering: Metering,
) -> None:
    customer = await metering.customer("1001")
    await metering.import_rates(RATES)
    await metering.import_contracts(contracts(f"{GSRN},1001,2025-01-01,"))
    await write(metering, hours_of("2025-04-01", days=30), lambda _: 1000)
    await write(metering, hours_of("2026-04-01", days=10), lambda _: 1500)
    both = await metering.year_before(customer, GSRN, *APRIL)
    assert (both.now.from_date, both.now.to_date) == ("2026-04-01", "2026-04-11")
    assert (both.before.from_date, both.before.to_date) == ("2025-04-01", "2025-04-11")
    assert both.kwh_difference == 240 * 500
    assert not both.HasField("cost_difference")
    for year in ("2025", "2026"):
        await metering.import_prices("NO5", prices(hours_of(f"{year}-04-01", days=10)))
    priced = await metering.year_before(customer, GSRN, *APRIL)
    assert priced.cost_difference == priced.now.total.cost - priced.before.total.cost

    await metering.import_contracts(contracts(f"{OTHER_GSRN},1001,2026-01-01,"))
    new = await metering.year_before(customer, OTHER_GSRN, *APRIL)
    assert not new.before.HasField("total")
    assert not new.HasField("kwh_difference")


async def test_each_product_is_compared_and_the_own_one_costs_what_was_paid(
    metering: Metering,
) -> None:
    customer = await metering.customer("1001")
    await april(metering, f"{GSRN},1001,2026-01-01,")
    compared = await metering.products(customer, GSRN, *APRIL)
    usage = await metering.usage(customer, GSRN, "MONTH", *APRIL)
    assert [each.product for each in compared.products] == ["FIXED", "NORGESPRIS", "SPOT"]
    assert [each.product for each in compared.products if each.own] == ["SPOT"]
    assert compared.products[-1].total == usage.total.cost
    for each in compared.products:
        assert each.total == each.power + each.settlement + each.grid
    assert (compared.kwh, compared.hours, compared.missing_hours) == (720_000, 720, 0)


def local_today() -> date:
    return datetime.now(OSLO).date()


async def test_the_running_month_is_estimated_from_the_days_that_are_known(
    metering: Metering,
) -> None:
    customer = await metering.customer("1001")
    today = local_today()
    month = f"{today:%Y-%m}"
    start = today - timedelta(days=21)
    await metering.import_rates(RATES)
    await metering.import_contracts(contracts(f"{GSRN},1001,{start - timedelta(days=200)},"))
    with refused() as answer:
        await metering.estimate(customer, GSRN, month)
    assert (answer.refusal.code, answer.refusal.reason) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        "TOO_FEW_DAYS",
    )
    await write(
        metering,
        hours_of(start.isoformat(), days=21),
        lambda _: 1000,
        registered=datetime.now(UTC),
    )
    await metering.import_prices("NO5", prices(hours_of(start.isoformat(), days=22)))
    asked_at = datetime.now(UTC)
    estimated = await metering.estimate(customer, GSRN, month)
    assert estimated.estimate
    bill = estimated.bill
    assert bill.consumption.kwh == 1000 * bill.consumption.hours
    assert (bill.consumption.missing_hours, bill.consumption.unpriced_hours) == (0, 0)
    assert bill.consumption.estimated_hours == estimated.estimated_values
    assert estimated.so_far == await metering.bill(customer, GSRN, month)
    so_far = estimated.so_far.consumption
    known = so_far.kwh // 1000
    assert estimated.estimated_values == so_far.hours - known
    month_began = datetime.fromisoformat(estimated.so_far.held_from)
    over = {(now - month_began) // timedelta(hours=1) for now in (asked_at, datetime.now(UTC))}
    assert so_far.missing_hours in {hours - known for hours in over}
    assert bill.total > 0
    [power] = [line for line in bill.lines if line.component == Usage.POWER]
    assert power.price == 125_000


async def test_a_month_of_which_all_is_known_is_its_bill_and_no_estimate(
    metering: Metering,
) -> None:
    customer = await metering.customer("1001")
    await april(metering, f"{GSRN},1001,2026-04-01,")
    estimated = await metering.estimate(customer, GSRN, "2026-04")
    assert not estimated.estimate
    assert estimated.bill == estimated.so_far == await metering.bill(customer, GSRN, "2026-04")


async def test_months_that_are_none_and_months_to_come_are_refused(metering: Metering) -> None:
    customer = await metering.customer("1001")
    await metering.import_contracts(contracts(f"{GSRN},1001,2026-04-01,"))
    for ask in (metering.bill, metering.capacity, metering.estimate):
        with refused() as answer:
            await ask(customer, GSRN, "2026-4")
        assert answer.refusal.fields == [("month", "NOT_A_MONTH")]
    with refused() as answer:
        await metering.estimate(customer, GSRN, f"{local_today().year + 1}-12")
    assert answer.refusal.fields == [("month", "MONTH_TO_COME")]


async def test_what_is_not_the_callers_gets_one_answer_to_every_question(
    metering: Metering,
) -> None:
    owner, stranger = await metering.customer("1001"), await metering.customer("1002")
    await april(metering, f"{GSRN},1001,2026-04-01,2026-04-15", f"{OTHER_GSRN},1002,2026-01-01,")
    asked = [(stranger, GSRN), (owner, UNKNOWN_GSRN), (owner, "no number"), (owner, "")]
    answers = set[bytes]()
    for customer, gsrn in asked:
        for answer_of in (
            metering.bill(customer, gsrn, "2026-04"),
            metering.capacity(customer, gsrn, "2026-04"),
            metering.estimate(customer, gsrn, "2026-04"),
            metering.year_before(customer, gsrn, *APRIL),
            metering.products(customer, gsrn, *APRIL),
            metering.usage(customer, gsrn, "DAY", *APRIL, direction="PRODUCTION"),
        ):
            with refused() as answer:
                await answer_of
            assert answer.refusal.code is NOT_FOUND
            answers.add(answer.refusal.details)
    # The owner held it in the month, but not in these days of it.
    with refused() as answer:
        await metering.usage(owner, GSRN, "DAY", "2026-04-20", "2026-04-21")
    answers.add(answer.refusal.details)
    assert len(answers) == 1


async def test_the_spot_prices_of_today_and_tomorrow_once_they_are_published(
    metering: Metering,
) -> None:
    customer = await metering.customer("1001")
    await metering.import_rates(RATES)
    assert not (await metering.spot_prices(customer, "NO3")).days
    today = local_today()
    hours = hours_of(today.isoformat())
    await metering.import_prices("NO3", prices(hours_of((today - timedelta(days=1)).isoformat())))
    await metering.import_prices("NO3", prices(hours))
    await metering.import_prices("NO3", prices(hours[5:6], "-0.00001"))
    [day] = (await metering.spot_prices(customer, "NO3")).days
    assert day.date == today.isoformat()
    assert len(np.frombuffer(day.start, "<i8")) == len(hours)
    assert (day.lowest, day.highest) == (-1, 125_000)
    assert day.cheapest[0] == hours[5].isoformat()
    assert len(day.cheapest) == 3

    assert not any(day.provisional)

    tomorrow = today + timedelta(days=1)
    published = prices(hours_of(tomorrow.isoformat()), "0.5")
    await metering.import_prices("NO3", published, provisional=True)
    shown = await metering.spot_prices(customer, "NO3")
    assert [each.date for each in shown.days] == [today.isoformat(), tomorrow.isoformat()]
    assert all(shown.days[1].provisional)
    await metering.import_prices("NO3", published)
    assert not any((await metering.spot_prices(customer, "NO3")).days[1].provisional)
    assert not (await metering.spot_prices(customer, "NO4")).days
    with refused() as answer:
        await metering.spot_prices(customer, "SE3")
    assert answer.refusal.fields == [("price_area", "NOT_A_CHOICE")]
