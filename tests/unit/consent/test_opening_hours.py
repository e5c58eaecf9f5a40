"""When customer service answers, by the clock in Norway."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.consent.domain.opening_hours import DAYS_AHEAD, Day, Hours, Schedule, in_order

OSLO = ZoneInfo("Europe/Oslo")
OFFICE = (Hours(8 * 60, 16 * 60),)
WEEK = (OFFICE,) * 5 + ((), ())
ALWAYS = ((Hours(0, 24 * 60),),) * 7
EVE = Day((Hours(8 * 60, 12 * 60),), {"nn": "Julaftan", "nb": "Julaften", "en": "Christmas Eve"})

ORDINARY = Schedule(WEEK)
AROUND_THE_CLOCK = Schedule(ALWAYS, open_on_public_holidays=True)


def oslo(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OSLO)


def shown(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(OSLO):%Y-%m-%d %H:%M}"


class TestAnOrdinaryWeek:
    def test_is_open_from_the_minute_that_it_opens_to_the_minute_that_it_closes(self) -> None:
        for clock, is_open in (("07:59", False), ("08:00", True), ("15:59", True)):
            assert ORDINARY.at(oslo(f"2026-11-05 {clock}")).open_now == is_open
        assert not ORDINARY.at(oslo("2026-11-05 16:00")).open_now

    def test_says_in_the_morning_when_it_opens(self) -> None:
        assert shown(ORDINARY.at(oslo("2026-11-05 06:00")).opens_at) == "2026-11-05 08:00"

    def test_says_while_it_is_open_when_it_closes_and_not_when_it_opens(self) -> None:
        opening = ORDINARY.at(oslo("2026-11-05 10:00"))
        assert (shown(opening.closes_at), opening.opens_at) == ("2026-11-05 16:00", None)

    def test_opens_again_on_monday_after_friday_afternoon(self) -> None:
        opening = ORDINARY.at(oslo("2026-11-06 17:00"))
        assert (shown(opening.opens_at), opening.closes_at) == ("2026-11-09 08:00", None)

    def test_opens_after_its_break(self) -> None:
        with_break = Schedule(((Hours(480, 660), Hours(720, 960)), *WEEK[1:]))
        assert shown(with_break.at(oslo("2026-11-09 11:30")).opens_at) == "2026-11-09 12:00"


class TestAPublicHoliday:
    def test_is_closed_and_says_its_name(self) -> None:
        opening = ORDINARY.at(oslo("2026-05-14 10:00"))
        assert not opening.open_now
        assert opening.today.is_public_holiday
        assert opening.today.because == {
            "nn": "Kristi himmelfartsdag",
            "nb": "Kristi himmelfartsdag",
            "en": "Ascension Day",
        }

    def test_at_easter_means_that_the_next_opening_is_after_the_holidays(self) -> None:
        opening = ORDINARY.at(oslo("2027-03-24 18:00"))
        assert shown(opening.opens_at) == "2027-03-30 08:00"

    def test_is_like_any_other_day_for_those_who_work_on_it(self) -> None:
        schedule = Schedule(WEEK, open_on_public_holidays=True)
        opening = schedule.at(oslo("2026-05-14 10:00"))
        assert (opening.open_now, opening.today.because) == (True, None)

    def test_leaves_the_day_after_it_as_it_was(self) -> None:
        assert ORDINARY.at(oslo("2026-05-15 10:00")).open_now

    def test_begins_at_midnight_in_norway_when_it_is_still_the_day_before_in_utc(self) -> None:
        opening = ORDINARY.at(datetime(2026, 5, 13, 22, 30, tzinfo=UTC))
        assert opening.date == date(2026, 5, 14)
        assert opening.today.is_public_holiday


class TestAnOddDay:
    schedule = Schedule(
        WEEK,
        odd_days={
            date(2026, 12, 24): EVE,
            date(2026, 12, 28): Day((), EVE.because),
            date(2026, 12, 25): EVE,
        },
    )

    def test_has_its_own_hours_and_its_name(self) -> None:
        opening = self.schedule.at(oslo("2026-12-24 11:00"))
        assert shown(opening.closes_at) == "2026-12-24 12:00"
        assert (opening.today.because, opening.today.is_public_holiday) == (EVE.because, False)

    def test_may_be_closed(self) -> None:
        opening = self.schedule.at(oslo("2026-12-25 13:00"))
        assert shown(opening.opens_at) == "2026-12-29 08:00"

    def test_holds_before_a_public_holiday(self) -> None:
        assert self.schedule.at(oslo("2026-12-25 11:00")).open_now


class TestAroundTheClock:
    def test_never_closes(self) -> None:
        opening = AROUND_THE_CLOCK.at(oslo("2026-12-31 23:59"))
        assert (opening.open_now, opening.closes_at, opening.opens_at) == (True, None, None)

    def test_closes_on_a_day_that_is_closed_and_no_midnight_before(self) -> None:
        closed = {date(2026, 12, 24): Day((), EVE.because)}
        schedule = Schedule(ALWAYS, open_on_public_holidays=True, odd_days=closed)
        assert shown(schedule.at(oslo("2026-12-20 10:00")).closes_at) == "2026-12-24 00:00"
        assert shown(schedule.at(oslo("2026-12-24 10:00")).opens_at) == "2026-12-25 00:00"


def test_who_never_opens_says_no_time() -> None:
    opening = Schedule(((),) * 7).at(oslo("2026-11-05 10:00"))
    assert (opening.open_now, opening.opens_at, opening.closes_at) == (False, None, None)


class TestTheClockIsSet:
    night = Schedule(((Hours(0, 120), Hours(180, 240)),) * 7, open_on_public_holidays=True)

    def test_forward_and_the_hour_that_is_left_out_opens_nothing(self) -> None:
        only = Schedule(((Hours(120, 180),),) * 7)
        before = datetime(2026, 3, 29, 0, 59, tzinfo=UTC)
        assert shown(only.at(before).opens_at) == "2026-03-30 02:00"

    def test_forward_and_hours_around_it_are_one(self) -> None:
        opening = self.night.at(datetime(2026, 3, 29, 0, 0, tzinfo=UTC))
        assert opening.closes_at == datetime(2026, 3, 29, 2, 0, tzinfo=UTC)

    def test_back_and_the_hour_that_comes_twice_is_closed_twice(self) -> None:
        for twice in (0, 1):
            opening = self.night.at(datetime(2026, 10, 25, twice, 30, tzinfo=UTC))
            assert opening.opens_at == datetime(2026, 10, 25, 2, 0, tzinfo=UTC)

    def test_back_and_office_hours_are_where_the_clock_says(self) -> None:
        opening = ORDINARY.at(datetime(2026, 10, 25, 12, 0, tzinfo=UTC))
        assert opening.opens_at == datetime(2026, 10, 26, 7, 0, tzinfo=UTC)


class TestHours:
    @pytest.mark.parametrize(("opens", "closes"), [(600, 600), (700, 600), (-1, 60), (0, 1441)])
    def test_end_after_they_begin_on_the_same_day(self, opens: int, closes: int) -> None:
        with pytest.raises(ValueError, match="do not end after"):
            Hours(opens, closes)

    @pytest.mark.parametrize(("opens", "closes"), [(150, 600), (0, 150), (121, 179)])
    def test_begin_and_end_where_every_day_has_that_time_once(
        self, opens: int, closes: int
    ) -> None:
        with pytest.raises(ValueError, match="between 02:00 and 03:00"):
            Hours(opens, closes)

    def test_of_one_day_do_not_overlap(self) -> None:
        with pytest.raises(ValueError, match="08:00-16:00 and 15:00-17:00 overlap"):
            in_order([Hours(900, 1020), *OFFICE])
        assert in_order([Hours(960, 1020), *OFFICE]) == (*OFFICE, Hours(960, 1020))


edges = st.integers(0, 24 * 4).map(lambda quarter: quarter * 15)


@st.composite
def days(draw: st.DrawFn) -> tuple[Hours, ...]:
    """Draws the hours of a day: none, or as many as four, which may touch."""
    times = sorted(draw(st.sets(edges.filter(lambda minute: not 120 < minute < 180), max_size=8)))
    pairs = zip(times[::2], times[1::2], strict=False)
    return tuple(Hours(opens, closes) for opens, closes in pairs)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Draws a week, with odd days around the moments that are asked about."""
    week = tuple(draw(days()) for _ in range(7))
    near = st.dates(date(2026, 3, 20), date(2026, 11, 5))
    odd = draw(st.dictionaries(near, days().map(lambda hours: Day(hours, EVE.because)), max_size=4))
    return Schedule(week, draw(st.booleans()), odd)


whole_year = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1))  # noqa: DTZ001 - then in UTC
near_a_change = st.one_of(
    st.datetimes(datetime(2026, 3, 28), datetime(2026, 3, 31)),  # noqa: DTZ001 - then in UTC
    st.datetimes(datetime(2026, 10, 24), datetime(2026, 10, 27)),  # noqa: DTZ001 - then in UTC
)
moments = st.one_of(whole_year, near_a_change).map(lambda moment: moment.replace(tzinfo=UTC))


def clock_says_open(schedule: Schedule, moment: datetime) -> bool:
    """Tells by the clock on the wall alone whether the listed hours hold."""
    local = moment.astimezone(OSLO)
    minute = local.hour * 60 + local.minute
    return any(each.opens <= minute < each.closes for each in schedule.on(local.date()).hours)


class TestAlways:
    @given(schedules(), moments)
    def test_it_is_open_exactly_when_the_clock_is_within_the_listed_hours(
        self, schedule: Schedule, moment: datetime
    ) -> None:
        assert schedule.at(moment).open_now == clock_says_open(schedule, moment)

    @given(schedules(), moments)
    def test_the_next_change_is_one_and_there_is_none_before_it(
        self, schedule: Schedule, moment: datetime
    ) -> None:
        opening = schedule.at(moment)
        change = opening.closes_at if opening.open_now else opening.opens_at
        quarter = timedelta(minutes=15)
        # Changes are at whole quarters, so that one look in each quarter sees all of them.
        looks = moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0) + quarter
        end = change or moment + timedelta(days=DAYS_AHEAD - 1)
        while looks < min(end, moment + timedelta(days=20)):
            assert clock_says_open(schedule, looks) == opening.open_now
            looks += quarter
        if change is not None:
            assert change > moment
            assert clock_says_open(schedule, change) != opening.open_now
