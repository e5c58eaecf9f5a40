"""What a customer sees of a household's real hours."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import grpc
import pytest

from kundeapp.metering.v1 import metering_service_pb2 as pb
from kundeapp.metering.v1.usage_pb2 import Usage
from tests.integration.metering.files import (
    GSRN,
    OTHER_GSRN,
    RATES,
    UNKNOWN_GSRN,
    contracts,
    elhub,
    hours_of,
    needs_data,
    prices,
    real,
)
from tests.integration.metering.world import Bucket, Metering, buckets, refused

APRIL = ("2026-04-01", "2026-05-01")
UNKNOWN = -(2**63)


async def household(metering: Metering) -> UUID:
    """Imports the household's real hours and prices of March and April."""
    customer = await metering.customer("1001")
    await metering.import_rates(RATES)
    await metering.import_contracts(contracts(f"{GSRN},1001,2026-03-01,"))
    await metering.import_readings(GSRN, real("household_no5_2026-03.csv"))
    await metering.import_readings(GSRN, real("elhub_2026-04.csv"))
    for month in ("03", "04"):
        await metering.import_prices("NO5", real(f"household_no5_2026-{month}.csv"))
    return customer


def at(shown: list[Bucket], moment: str) -> Bucket:
    start = datetime.fromisoformat(moment)
    [bucket] = [bucket for bucket in shown if bucket.start == start]
    return bucket


@needs_data
async def test_april_is_the_same_as_hours_days_and_a_month(metering: Metering) -> None:
    customer = await household(metering)
    usages = {
        resolution: await metering.usage(customer, GSRN, resolution, *APRIL)
        for resolution in ("YEAR", "MONTH", "DAY", "HOUR")
    }
    shown = {resolution: buckets(usage) for resolution, usage in usages.items()}
    assert {name: len(each) for name, each in shown.items()} == {
        "YEAR": 1,
        "MONTH": 1,
        "DAY": 30,
        "HOUR": 720,
    }
    [month] = shown["MONTH"]
    assert month.start == datetime(2026, 3, 31, 22, tzinfo=UTC)
    assert (month.wh, month.hours, month.missing, month.estimated) == (1_381_827, 720, 0, 0)
    for each in shown.values():
        assert sum(bucket.wh for bucket in each) == 1_381_827
        assert sum(bucket.cost for bucket in each) == month.cost
    for usage in usages.values():
        assert (usage.total.kwh, usage.total.cost) == (1_381_827, month.cost)
        assert (usage.total.hours, usage.total.missing_hours) == (720, 0)


@needs_data
async def test_the_highest_hour_of_april_is_where_the_bill_says(metering: Metering) -> None:
    customer = await household(metering)
    hours = buckets(await metering.usage(customer, GSRN, "HOUR", "2026-04-06", "2026-04-07"))
    assert len(hours) == 24
    assert at(hours, "2026-04-06T13:00:00+02:00").wh == 5939


@needs_data
async def test_march_has_743_hours_and_a_day_of_23(metering: Metering) -> None:
    customer = await household(metering)
    usage = await metering.usage(customer, GSRN, "DAY", "2026-03-01", "2026-04-01")
    assert usage.total.hours == 743
    assert usage.total.missing_hours == 0
    days = buckets(usage)
    assert len(days) == 31
    assert at(days, "2026-03-29T00:00:00+01:00").hours == 23


async def test_a_day_of_25_hours_tells_its_two_hours_at_two_oclock_apart(
    metering: Metering,
) -> None:
    customer = await metering.customer("1001")
    await metering.import_contracts(contracts(f"{GSRN},1001,2026-01-01,"))
    hours = hours_of("2026-10-25")
    await metering.import_readings(GSRN, elhub(hours[:3], kwh="1,500"))
    await metering.import_readings(GSRN, elhub(hours[3:], kwh="2,500"))
    shown = buckets(await metering.usage(customer, GSRN, "HOUR", "2026-10-25", "2026-10-26"))
    assert len(shown) == 25
    assert at(shown, "2026-10-25T02:00:00+02:00").wh == 1500
    assert at(shown, "2026-10-25T02:00:00+01:00").wh == 2500
    [day] = buckets(await metering.usage(customer, GSRN, "DAY", "2026-10-25", "2026-10-26"))
    assert (day.hours, day.wh) == (25, 3 * 1500 + 22 * 2500)


async def test_hours_tell_on_request_how_their_values_came_to_be(metering: Metering) -> None:
    customer = await metering.customer("1001")
    await metering.import_contracts(contracts(f"{GSRN},1001,2026-01-01,"))
    hours = hours_of("2026-04-06", 2)
    await metering.import_readings(GSRN, elhub(hours[:1]))
    await metering.import_readings(GSRN, elhub(hours[1:3], quality="Beregnet"))
    await metering.import_readings(GSRN, elhub(hours[3:4], quality="Midlertidig"))
    await metering.import_readings(GSRN, elhub(hours[24:]))
    ends = "2026-04-06", "2026-04-08"
    full = await metering.usage(customer, GSRN, "HOUR", *ends, view="FULL")
    names = [Usage.Quality.Name(quality) for quality in full.qualities]
    day = ["MEASURED", "CALCULATED", "CALCULATED", "TEMPORARY", *["QUALITY_UNSPECIFIED"] * 20]
    assert names == [*day, *["MEASURED"] * 24]
    assert full.total.estimated_hours == 1
    for resolution, view in (("HOUR", "BASIC"), ("DAY", "FULL")):
        usage = await metering.usage(customer, GSRN, resolution, *ends, view=view)
        assert not usage.qualities


def sixth_of_april(month_kr: int) -> int:
    """Returns the part of a monthly amount that 6 April bears, in 1e-8 kr."""
    month = month_kr * 10**8
    return month * 144 // 720 - month * 120 // 720


async def test_the_cost_of_a_day_is_all_that_both_bills_have(metering: Metering) -> None:
    customer = await metering.customer("1001")
    await metering.import_rates(RATES)
    await metering.import_contracts(contracts(f"{GSRN},1001,2026-01-01,"))
    await metering.import_readings(GSRN, elhub(hours_of("2026-04-06"), kwh="2,001"))
    await metering.import_prices("NO5", prices(hours_of("2026-04-06"), "0.99069"))
    [day] = buckets(await metering.usage(customer, GSRN, "DAY", "2026-04-06", "2026-04-07"))
    # Spot 99.069 øre and markup 3.90 with VAT; night, since it is Easter Monday; consumption tax,
    # Enova, and 90 % back of what is above 77 øre.
    per_kwh = 123_836 + 4_875 + 13_125 + 8_913 + 1_250 - 24_828
    # The fee is 49 kr a month; the only peak known is 2.001 kW, on the step of 250 kr.
    assert day.cost == 24 * 2001 * per_kwh + sixth_of_april(49) + sixth_of_april(250)


async def test_a_day_costs_the_same_whether_asked_for_alone_or_with_its_month(
    metering: Metering,
) -> None:
    customer = await metering.customer("1001")
    await metering.import_rates(RATES)
    await metering.import_contracts(contracts(f"{GSRN},1001,2026-01-01,"))
    await metering.import_readings(GSRN, elhub(hours_of("2026-04-01", days=3), kwh="9,000"))
    await metering.import_readings(GSRN, elhub(hours_of("2026-04-04", days=27)))
    await metering.import_prices("NO5", prices(hours_of("2026-04-01", days=30)))
    month = buckets(await metering.usage(customer, GSRN, "DAY", *APRIL))
    [alone] = buckets(await metering.usage(customer, GSRN, "DAY", "2026-04-20", "2026-04-21"))
    assert alone == month[19]
    # Its share is one of 415 kr, which the peaks of other days lead to.
    assert alone.cost > 24 * 1000 * 127_288 + 415 * 10**8 // 30


async def test_without_rates_no_cost_is_known(metering: Metering) -> None:
    customer = await metering.customer("1001")
    await metering.import_contracts(contracts(f"{GSRN},1001,2026-01-01,"))
    await metering.import_readings(GSRN, elhub(hours_of("2026-04-06")))
    await metering.import_prices("NO5", prices(hours_of("2026-04-06")))
    usage = await metering.usage(customer, GSRN, "DAY", "2026-04-06", "2026-04-07")
    assert usage.total.kwh == 24_000
    assert not usage.total.HasField("cost")


async def test_an_hour_without_a_price_or_a_value_is_unknown_and_not_zero(
    metering: Metering,
) -> None:
    customer = await metering.customer("1001")
    await metering.import_rates(RATES)
    await metering.import_contracts(contracts(f"{GSRN},1001,2026-01-01,"))
    hours = hours_of("2026-04-06", days=2)
    await metering.import_readings(GSRN, elhub(hours[:40], quality="Estimert"))
    await metering.import_prices("NO5", prices(hours[:30]))
    usage = await metering.usage(customer, GSRN, "DAY", "2026-04-06", "2026-04-09")
    shown = buckets(usage)
    assert [day.wh for day in shown] == [24_000, 16_000, UNKNOWN]
    assert [day.cost == UNKNOWN for day in shown] == [False, True, True]
    assert [day.missing for day in shown] == [0, 8, 24]
    assert [day.estimated for day in shown] == [24, 16, 0]
    assert usage.total.kwh == 40_000
    assert not usage.total.HasField("cost")


async def test_a_price_that_comes_later_completes_the_cost(metering: Metering) -> None:
    customer = await metering.customer("1001")
    await metering.import_rates(RATES)
    await metering.import_contracts(contracts(f"{GSRN},1001,2026-01-01,"))
    await metering.import_readings(GSRN, elhub(hours_of("2026-04-06")))
    before = await metering.usage(customer, GSRN, "DAY", "2026-04-06", "2026-04-07")
    await metering.import_prices("NO5", prices(hours_of("2026-04-06")))
    after = await metering.usage(customer, GSRN, "DAY", "2026-04-06", "2026-04-07")
    assert not before.total.HasField("cost")
    per_kwh = 125_000 + 4_875 + 13_125 + 8_913 + 1_250 - 25_875
    assert after.total.cost == 24 * 1000 * per_kwh + sixth_of_april(49) + sixth_of_april(155)


async def test_a_contract_that_starts_later_hides_the_hours_before_it(metering: Metering) -> None:
    customer = await metering.customer("1002")
    await metering.import_contracts(
        contracts(f"{GSRN},1001,2026-01-01,2026-04-15", f"{GSRN},1002,2026-04-15,")
    )
    await metering.import_readings(GSRN, elhub(hours_of("2026-04-01", days=30)))
    await metering.import_prices("NO5", prices(hours_of("2026-04-01", days=30)))
    start = datetime.fromisoformat("2026-04-15T00:00:00+02:00")
    for resolution, count in (("MONTH", 1), ("DAY", 16), ("HOUR", 16 * 24)):
        usage = await metering.usage(customer, GSRN, resolution, *APRIL)
        shown = buckets(usage)
        assert len(shown) == count
        assert shown[0].start == start
        assert usage.total.kwh == 16 * 24_000
        assert usage.total.hours == 16 * 24


async def test_a_customer_who_moves_out_and_in_again_sees_both_times(metering: Metering) -> None:
    customer = await metering.customer("1001")
    await metering.import_contracts(
        contracts(
            f"{GSRN},1001,2026-04-01,2026-04-03",
            f"{GSRN},1002,2026-04-03,2026-04-05",
            f"{GSRN},1001,2026-04-05,",
        )
    )
    await metering.import_readings(GSRN, elhub(hours_of("2026-04-01", days=6)))
    days = buckets(await metering.usage(customer, GSRN, "DAY", "2026-04-01", "2026-04-07"))
    starts = [day.start + timedelta(hours=2) for day in days]
    assert [start.day for start in starts] == [1, 2, 5, 6]


async def test_what_is_not_the_callers_gets_one_answer_byte_for_byte(metering: Metering) -> None:
    owner, stranger = await metering.customer("1001"), await metering.customer("1002")
    await metering.import_contracts(
        contracts(f"{GSRN},1001,2026-04-01,2026-04-15", f"{OTHER_GSRN},1002,2026-04-01,")
    )
    await metering.import_readings(GSRN, elhub(hours_of("2026-04-01", days=30)))
    asked = [
        (stranger, GSRN, *APRIL),
        (owner, UNKNOWN_GSRN, *APRIL),
        (owner, "707057500000000002", *APRIL),
        (owner, "no number", *APRIL),
        (owner, "", *APRIL),
        (owner, GSRN, "2026-03-01", "2026-04-01"),
        (owner, GSRN, "2026-04-15", "2026-05-01"),
        (owner, GSRN, "2110-01-01", "2111-01-01"),
    ]
    answers = set[bytes]()
    for customer, gsrn, *dates in asked:
        with refused() as answer:
            await metering.usage(customer, gsrn, "DAY", *dates)
        assert answer.refusal.code is grpc.StatusCode.NOT_FOUND
        answers.add(answer.refusal.details)
    assert len(answers) == 1


@pytest.mark.parametrize(
    ("resolution", "dates", "fields"),
    [
        ("DAY", ("6.4.2026", ""), [("from_date", "NOT_A_DATE"), ("to_date", "NOT_A_DATE")]),
        ("DAY", ("2026-04-07", "2026-04-06"), [("to_date", "NOT_AFTER_FROM")]),
        ("HOUR", ("2026-01-01", "2027-01-03"), [("to_date", "RANGE_OF_DAYS")]),
        ("MONTH", ("1980-01-01", "2026-01-01"), [("to_date", "RANGE_OF_YEARS")]),
        ("RESOLUTION_UNSPECIFIED", APRIL, [("resolution", "NOT_A_CHOICE")]),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused_by_field(
    metering: Metering, resolution: str, dates: tuple[str, str], fields: list[tuple[str, str]]
) -> None:
    customer = await metering.customer("1001")
    with refused() as answer:
        await metering.usage(customer, GSRN, resolution, *dates)
    assert answer.refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert answer.refusal.fields == fields


async def test_points_are_listed_in_pages_and_only_the_callers_own(metering: Metering) -> None:
    customer = await metering.customer("1001")
    await metering.import_contracts(
        contracts(
            f"{OTHER_GSRN},1001,2024-01-01,",
            f"{GSRN},1002,2024-01-01,2025-01-01",
            f"{GSRN},1001,2025-01-01,2026-01-01",
            f"{GSRN},1001,2026-02-01,",
        )
    )
    everything = (await metering.points(customer)).metering_points
    assert [(point.gsrn, point.from_date, point.to_date) for point in everything] == [
        (GSRN, "2025-01-01", "2026-01-01"),
        (GSRN, "2026-02-01", ""),
        (OTHER_GSRN, "2024-01-01", ""),
    ]
    assert everything[0].address == "Storgata 1, 5003 Bergen"

    paged, token = list[pb.MeteringPoint](), ""
    for _ in everything:
        page = await metering.points(customer, page_size=1, page_token=token)
        paged += page.metering_points
        token = page.next_page_token
    assert paged == list(everything)
    assert token == ""


async def test_a_page_token_that_nobody_gave_is_refused(metering: Metering) -> None:
    customer = await metering.customer("1001")
    for token in ("x", "æ", "MTIz"):
        with refused() as answer:
            await metering.points(customer, page_token=token)
        assert answer.refusal.fields == [("page_token", "NOT_A_PAGE_TOKEN")]
