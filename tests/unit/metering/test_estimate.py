from datetime import date, datetime

import pytest

from services.metering.domain.calendar import local_moment_of
from services.metering.domain.estimate import TooFewDays, filled, known_days, months_before
from services.metering.domain.held import HeldHours
from services.metering.domain.period import Period
from services.metering.domain.prices import UNKNOWN_PRICE
from services.metering.domain.readings import MISSING, Quality
from tests.unit.metering.months import HourOf, always, hours

APRIL = Period.month_of(date(2026, 4, 1))
JANUARY = date(2026, 1, 1)
BEGUN = datetime.fromisoformat("2026-04-16T00:00:00+02:00")
"""Half of April is known: a Thursday."""


def until_begun(value_of: HourOf) -> HourOf:
    return lambda start: value_of(start) if start < BEGUN else None


def known_until(wh: HourOf, spot: HourOf | None = None) -> HeldHours:
    return hours(JANUARY, APRIL.to_date, until_begun(wh), spot or always(100_000))


def wh_of(found: HeldHours) -> dict[str, int]:
    starts = (local_moment_of(hour).isoformat() for hour in found.numbers.tolist())
    return dict(zip(starts, found.wh.tolist(), strict=True))


def spot_of(found: HeldHours) -> dict[str, int]:
    starts = (local_moment_of(hour).isoformat() for hour in found.numbers.tolist())
    return dict(zip(starts, found.spot.tolist(), strict=True))


def test_weekdays_and_free_days_are_learnt_apart_hour_by_hour() -> None:
    def wh(start: datetime) -> int:
        return start.hour + (1000 if start.weekday() >= 5 else 0)

    # Easter of 2026 is 2 to 6 April, so those days would be learnt as free ones.
    no_easter = known_until(lambda start: None if 2 <= start.day <= 6 else wh(start))
    found = wh_of(filled(no_easter, APRIL).hours)
    assert found["2026-04-20T07:00:00+02:00"] == 7
    assert found["2026-04-25T07:00:00+02:00"] == 1007
    assert found["2026-04-26T23:00:00+02:00"] == 1023


def test_a_public_holiday_is_taken_for_a_free_day() -> None:
    may = Period.month_of(date(2026, 5, 1))
    begun = hours(
        date(2026, 3, 1),
        may.to_date,
        lambda start: (
            (1000 if start.weekday() >= 5 else 0)
            if start < datetime(2026, 5, 4, tzinfo=start.tzinfo)
            else None
        ),
        always(100_000),
    )
    found = wh_of(filled(begun, may).hours)
    assert found["2026-05-13T12:00:00+02:00"] == 0
    # Ascension Day, a Thursday; the free days learnt from are weekends, 1 May and Easter Monday.
    assert found["2026-05-14T12:00:00+02:00"] > 500


def test_only_the_last_28_days_with_values_are_learnt_from() -> None:
    def wh(start: datetime) -> int:
        # 16 April less 28 days is 19 March.
        return 500 if start >= datetime.fromisoformat("2026-03-19T00:00:00+01:00") else 99_999

    found = wh_of(filled(known_until(wh), APRIL).hours)
    assert found["2026-04-30T12:00:00+02:00"] == 500


def test_days_without_values_do_not_count_among_the_28() -> None:
    def wh(start: datetime) -> int | None:
        if start.month == 3:
            return None
        return 500 if start.month == 4 else 1500

    # 15 days of April and 13 of February: for each kind of day a mean of both.
    found = wh_of(filled(known_until(wh), APRIL).hours)
    assert 500 < found["2026-04-30T12:00:00+02:00"] < 1500


def test_what_is_known_stays_as_it_is() -> None:
    before = known_until(lambda start: start.day * 10)
    after = filled(before, APRIL).hours
    known = before.wh != MISSING
    assert (after.wh[known] == before.wh[known]).all()
    inside = after.numbers >= APRIL.first_hour
    assert (after.wh[inside] != MISSING).all()


def test_hours_that_are_filled_in_count_as_estimates() -> None:
    month = filled(known_until(always(100)), APRIL)
    assert month.is_estimate
    assert month.filled_hours == 15 * 24
    assert (month.hours.within(APRIL).qualities == Quality.ESTIMATED).sum() == 15 * 24


def test_a_month_of_which_all_is_known_is_no_estimate() -> None:
    known = hours(date(2026, 4, 28), APRIL.to_date, always(100), always(100_000))
    month = filled(known, APRIL)
    assert not month.is_estimate
    assert month.hours.wh.tolist() == known.wh.tolist()


def three_o_clock_of(days: int) -> HeldHours:
    return hours(
        APRIL.from_date,
        APRIL.to_date,
        lambda start: 100 if start.day <= days and start.hour == 3 else None,
        always(100_000),
    )


def test_six_days_are_too_few() -> None:
    with pytest.raises(TooFewDays) as caught:
        filled(three_o_clock_of(days=6), APRIL)
    assert caught.value.facts == {"days": 6, "least": 7}


def test_seven_days_are_enough_even_if_one_clock_hour_is_all_that_is_known() -> None:
    few = three_o_clock_of(days=7)
    assert known_days(few) == 7
    assert filled(few, APRIL).hours.wh.tolist() == [100] * 720


def test_an_unknown_price_takes_the_month_s_mean_at_the_same_clock_hour() -> None:
    def spot(start: datetime) -> int | None:
        if start.month < 4:
            return 999_999
        return None if start.day > 2 else -(start.hour * 10 + start.day)

    month = filled(known_until(always(100), spot), APRIL)
    assert month.filled_prices == 28 * 24
    # -71 and -72 at seven: the mean is -71.5, away from zero.
    assert spot_of(month.hours)["2026-04-20T07:00:00+02:00"] == -72


def test_without_any_price_in_the_month_prices_stay_unknown() -> None:
    month = filled(known_until(always(100), lambda start: 5 if start.month < 4 else None), APRIL)
    assert month.filled_prices == 0
    assert (month.hours.within(APRIL).spot == UNKNOWN_PRICE).all()


@pytest.mark.parametrize(("month", "count"), [(date(2026, 3, 1), 743), (date(2026, 10, 1), 745)])
def test_days_of_23_and_25_hours_are_filled_by_the_clock(month: date, count: int) -> None:
    period = Period.month_of(month)
    known = hours(
        months_before(period).from_date,
        period.to_date,
        lambda start: (
            start.hour if (start.year, start.month, start.day) < (2026, month.month, 20) else None
        ),
        always(100_000),
    )
    found = filled(known, period).hours.within(period)
    assert len(found.numbers) == count
    clock = [local_moment_of(hour).hour for hour in found.numbers.tolist()]
    assert found.wh.tolist() == clock


def test_three_months_before_are_learnt_from_also_across_a_new_year() -> None:
    assert months_before(Period.month_of(date(2026, 2, 1))).from_date == date(2025, 11, 1)
    assert months_before(Period.month_of(date(1970, 2, 1))).from_date == date(1970, 1, 1)
    assert months_before(APRIL) == Period(date(2026, 1, 1), date(2026, 5, 1))
