"""A question is one round trip, and rates are read again only once others were loaded."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, cast
from uuid import UUID, uuid4

import numpy as np
import pytest

from kit.errors import NotFound
from services.metering.domain.held import Held
from services.metering.domain.layout import Layout
from services.metering.domain.period import Period, Resolution
from services.metering.domain.prices import PriceDays
from services.metering.domain.pricing import UNKNOWN, RateRow, parse_rate_book
from services.metering.domain.readings import Direction
from services.metering.domain.usage import Usage
from services.metering.handlers.held import Point
from services.metering.handlers.rates import RateBooks
from services.metering.handlers.usage import get_usage
from tests.unit.metering import rates
from tests.unit.metering.series import holding

if TYPE_CHECKING:
    from services.metering.domain.store import Reader

GSRN = "707057500000000001"
MAY = Period.month_of(date(2026, 5, 1))
BOOK = parse_rate_book(rates.SHIPPED)
NOW = datetime(2026, 5, 5, 10, 30, tzinfo=UTC)  # half past twelve by Norwegian clocks


class Answers:
    """Answers with a May without readings, and notes what it is asked."""

    def __init__(self) -> None:
        self.revision = 1
        self.asked: list[str] = []

    async def held(
        self, gsrn: str, customers: Collection[UUID], direction: Direction, period: Period
    ) -> Held | None:
        self.asked.append(f"{gsrn} {len(customers)} {direction.name} {period.from_date}")
        return Held(
            holdings=[holding(MAY.first_hour + 24, MAY.end_hour)],
            layout=Layout(np.zeros(0, np.int64)),
            wh=np.zeros(0, np.int32),
            qualities=np.zeros(0, np.uint8),
            prices={"NO3": PriceDays.empty(Layout(np.zeros(0, np.int64)))},
            rates_revision=self.revision,
        )

    async def rates(self, revision: int) -> Sequence[RateRow]:
        self.asked.append(f"rates {revision}")
        return BOOK.rows


def ask(reader: Answers, books: RateBooks, first: str = "2026-05-05", gsrn: str = GSRN) -> Usage:
    point = Point(cast("Reader", reader), books, (uuid4(),), gsrn, NOW)
    _, usage = asyncio.run(
        get_usage(
            point,
            resolution=Resolution.DAY,
            direction=Direction.CONSUMPTION,
            by_component=False,
            from_date=first,
            to_date=f"{first[:-1]}{int(first[-1]) + 1}",
        )
    )
    return usage


def test_hours_that_are_not_over_are_not_missing_yet() -> None:
    days = [ask(Answers(), RateBooks(), f"2026-05-0{day}").total for day in (4, 5, 6)]
    assert [day.missing_hours for day in days] == [24, 12, 0]
    assert [day.hours for day in days] == [24, 24, 24]
    assert {day.wh for day in days} == {day.cost for day in days} == {UNKNOWN}


def test_a_question_is_one_round_trip_and_of_whole_months() -> None:
    reader, books = Answers(), RateBooks()
    ask(reader, books)
    reader.asked.clear()
    usage = ask(reader, books)
    assert reader.asked == [f"{GSRN} 1 CONSUMPTION 2026-05-01"]
    assert usage.total.cost == UNKNOWN


def test_rates_are_read_again_once_others_were_loaded() -> None:
    reader, books = Answers(), RateBooks()
    for revision in (1, 1, 2, 2):
        reader.revision = revision
        ask(reader, books)
    assert [asked for asked in reader.asked if asked.startswith("rates")] == ["rates 1", "rates 2"]


def test_a_point_that_is_held_in_the_month_but_not_in_the_range_is_not_found() -> None:
    with pytest.raises(NotFound):
        ask(Answers(), RateBooks(), first="2026-05-01")


def test_what_is_no_number_of_a_point_is_not_even_asked_for() -> None:
    reader = Answers()
    with pytest.raises(NotFound):
        ask(reader, RateBooks(), gsrn="no number")
    assert reader.asked == []
