from datetime import date

import pytest

from kit import texts
from kit.errors import Invalid
from services.metering.domain.period import Period, parse_month


def test_the_months_around_a_period_are_whole() -> None:
    assert Period(date(2026, 4, 6), date(2026, 4, 7)).months == Period.month_of(date(2026, 4, 1))
    assert Period(date(2025, 12, 31), date(2026, 1, 2)).months == Period(
        date(2025, 12, 1), date(2026, 2, 1)
    )
    april = Period(date(2026, 4, 1), date(2026, 5, 1))
    assert april.months == april


def test_a_period_after_the_calendar_is_empty_and_no_error() -> None:
    far = Period(date(9999, 12, 1), date(9999, 12, 31))
    assert far.months.first_hour == far.months.end_hour


def test_a_month_is_read() -> None:
    assert parse_month("2026-12") == Period(date(2026, 12, 1), date(2027, 1, 1))


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-00", "2026-4", "0000-01", "2026-04-01", " 2026-04"]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_month(text)
    [problem] = caught.value.fields
    assert (problem.field, problem.reason) == ("month", "NOT_A_MONTH")
    assert "{" not in texts.render(problem.reason, "nn", problem.facts)
