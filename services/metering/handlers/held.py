"""Metering points as customers ask for them: no answer without a right to it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kit.errors import NotFound
from services.metering.domain.calendar import hour_of
from services.metering.domain.gsrn import check_gsrn
from services.metering.domain.held import HeldHours, PricedUse
from services.metering.domain.period import Period
from services.metering.domain.pricing import RateBook
from services.metering.domain.problems import Refused
from services.metering.domain.readings import Direction
from services.metering.domain.store import Reader
from services.metering.handlers.rates import RateBooks


@dataclass(frozen=True, eq=False)
class Found:
    """What customers may see.

    Attributes:
        hours: Their hours, whole months.
        book: The rates that hold now.
        direction: Which way the energy went.
    """

    hours: HeldHours
    book: RateBook
    direction: Direction

    @property
    def priced(self) -> PricedUse:
        """The hours with what they cost."""
        return self.hours.priced(self.book, self.direction)


@dataclass(frozen=True)
class Point:
    """A metering point that somebody asks for.

    Attributes:
        reader: Where it is looked up.
        rate_books: The rates.
        customers: On whose behalf it is asked.
        gsrn: What they call it.
        now: When.
    """

    reader: Reader
    rate_books: RateBooks
    customers: Collection[UUID]
    gsrn: str
    now: datetime

    async def hours(
        self, direction: Direction, period: Period, *, learnt_from: Period | None = None
    ) -> Found:
        """Returns the whole months around a period.

        Args:
            direction: Which way the energy went.
            period: In which they must hold the point.
            learnt_from: An earlier period from which on hours are read as well.

        Raises:
            NotFound: If they hold no such point at any time in the period. What is no number of a
                point gets the same answer, so that nothing is learnt by guessing.
        """
        found = await self.hours_if_held(direction, period, learnt_from=learnt_from)
        if found is None:
            raise NotFound
        return found

    async def hours_if_held(
        self, direction: Direction, period: Period, *, learnt_from: Period | None = None
    ) -> Found | None:
        """Returns the same as `hours`, None if they hold no such point in the period."""
        try:
            point = check_gsrn(self.gsrn)
        except Refused:
            return None
        months = period.months
        if learnt_from is not None:
            months = Period(learnt_from.from_date, months.to_date)
        held = await self.reader.held(point, self.customers, direction, months)
        if held is None or not held.holds_in(period):
            return None
        book = await self.rate_books.at(held.rates_revision, self.reader)
        return Found(HeldHours.of(held, months, hour_of(self.now)), book, direction)
