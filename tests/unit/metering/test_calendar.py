from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from services.metering.domain import calendar
from services.metering.domain.layout import Layout
from services.metering.domain.problems import Refused

OSLO = ZoneInfo("Europe/Oslo")


def hours_in(day: date) -> int:
    number = calendar.day_of(day)
    return int(calendar.DAY_STARTS[number + 1] - calendar.DAY_STARTS[number])


def test_a_day_has_23_24_or_25_hours() -> None:
    assert hours_in(date(2026, 3, 29)) == 23
    assert hours_in(date(2026, 6, 1)) == 24
    assert hours_in(date(2026, 10, 25)) == 25


def test_march_has_743_hours_and_october_745() -> None:
    months = dict(zip(calendar.MONTH_STARTS[:-1].tolist(), np.diff(calendar.MONTH_STARTS).tolist()))  # noqa: B905 - as many starts as lengths
    assert months[calendar.first_hour(date(2026, 3, 1))] == 743
    assert months[calendar.first_hour(date(2026, 10, 1))] == 745


def test_a_year_starts_with_its_first_month_and_day() -> None:
    for year in (1970, 1980, 2026, 2099):
        start = calendar.first_hour(date(year, 1, 1))
        assert start in calendar.YEAR_STARTS
        assert start in calendar.MONTH_STARTS


def test_each_hour_of_two_years_lies_in_the_day_that_clocks_show() -> None:
    start = calendar.hour_of(datetime(2025, 12, 1, tzinfo=UTC))
    hours = np.arange(start, start + 2 * 366 * 24)
    days = calendar.days_of(hours)
    for hour, day in zip(hours.tolist(), days.tolist(), strict=True):
        shown = datetime.fromtimestamp(hour * 3600, OSLO).date()
        assert calendar.date_of(day) == shown


def test_a_layout_lays_days_end_to_end_and_skips_gaps() -> None:
    days = [date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 25)]
    layout = Layout(np.array([calendar.day_of(day) for day in days]))
    assert layout.lengths.tolist() == [24, 23, 25]
    assert layout.size == 72
    assert layout.positions(layout.hours).tolist() == list(range(72))
    local = [calendar.local_moment_of(hour) for hour in layout.hours.tolist()]
    assert [moment.date() for moment in local] == [days[0]] * 24 + [days[1]] * 23 + [days[2]] * 25
    twos = [moment for moment in local[-25:] if moment.hour == 2]
    assert [moment.utcoffset() for moment in twos] == [timedelta(hours=2), timedelta(hours=1)]


def test_a_date_outside_of_the_calendar_becomes_its_nearest_end() -> None:
    assert calendar.first_hour(date(1, 1, 1)) == calendar.DAY_STARTS[0]
    assert calendar.first_hour(date(9999, 12, 31)) == calendar.DAY_STARTS[-1]


@pytest.mark.parametrize(
    "text", ["", "2026-4-6", "20260406", "2026-02-29", "2026-W15-1", " 2026-04-06"]
)
def test_only_iso_dates_that_exist_are_read(text: str) -> None:
    with pytest.raises(Refused, match="NOT_A_DATE"):
        calendar.parse_date(text)
