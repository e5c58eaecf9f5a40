"""The rates of a year on some terms, VAT included, hour by hour: all that no customer changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.metering.domain.calendar import MONTH_STARTS, YEAR_STARTS, Whole
from services.metering.domain.layout import Flags
from services.metering.domain.pricing.book import Conditions, RateBook
from services.metering.domain.pricing.clock import clock_year
from services.metering.domain.pricing.money import month_amount, month_shares, twelfth, with_vat
from services.metering.domain.pricing.rates import (
    BASIS_POINTS,
    Energy,
    GridCapacity,
    Norgespris,
    Settlement,
    Stromstotte,
    Terms,
)

Bands = NDArray[np.int8]

NO_BAND: Final = -1
"""Stands in for the energy band of an hour without an energy rate."""

_KEPT_YEARS = 64
"""Some 60 MB: the terms that most customers have, for the years that most of them look at."""


class Component(Enum):
    """A line of the two bills."""

    POWER = "POWER"
    """The energy, at the spot price or a fixed one."""
    MARKUP = "MARKUP"
    MONTHLY_FEE = "MONTHLY_FEE"
    GRID_ENERGY = "GRID_ENERGY"
    CAPACITY = "CAPACITY"
    CONSUMPTION_TAX = "CONSUMPTION_TAX"
    ENOVA = "ENOVA"
    STROMSTOTTE = "STROMSTOTTE"
    """What the state pays: never above zero."""
    NORGESPRIS = "NORGESPRIS"
    """What the state pays, below zero, or is paid."""
    SURPLUS = "SURPLUS"
    """What the customer is paid for production, below zero."""


CONSUMPTION: Final = tuple(each for each in Component if each is not Component.SURPLUS)
PLACE: Final[Mapping[Component, int]] = {each: place for place, each in enumerate(CONSUMPTION)}


_OF_PRODUCT = (
    Component.POWER,
    Component.MARKUP,
    Component.MONTHLY_FEE,
    Component.STROMSTOTTE,
    Component.NORGESPRIS,
)


@dataclass(frozen=True)
class CapacityStep:
    """A step of a capacity rate, VAT included.

    Attributes:
        from_w: The lower limit, which belongs to the step.
        to_w: The upper one, which does not; None on the highest step.
        month_amount: What a month of it costs, in 1e-8 kr.
    """

    from_w: int
    to_w: int | None
    month_amount: int


@dataclass(frozen=True)
class CapacityRate:
    """A capacity rate, VAT included, and the hours of one month that it holds for.

    Attributes:
        first_hour: The first of them.
        end_hour: The hour that they end before.
        month: The month by number, from 0 for January 1970.
        steps: By their rising limits.
        days: The highest hours of how many days count.
    """

    first_hour: int
    end_hour: int
    month: int
    steps: Sequence[CapacityStep]
    days: int

    def step(self, sum_wh: int, days: int) -> CapacityStep:
        """Returns the step that the mean of some days' highest hours lies in."""
        return self.steps[place_of_step(self.steps, sum_wh, days)]


@dataclass(frozen=True, eq=False)
class YearRates:
    """The rates of a local year, in columns with one entry an hour.

    Attributes:
        first_hour: The first hour of the year.
        per_kwh: The prices per kWh that do not depend on the spot price, in 1e-5 kr/kWh, by
            component; 0 in the other rows, and where a rate is unknown.
        monthly_fee: Each hour's share of the monthly fee in 1e-8 kr.
        vat_factor: One and VAT, in hundredths of a per cent.
        takes_spot: Whether the energy costs the spot price.
        threshold: Where strømstøtte begins, in 1e-5 kr/kWh ex. VAT.
        share: How much of what is above it the state pays, in hundredths of a per cent.
        stromstotte_cap_wh: How much of a month's energy it counts for; 0 where it does not apply.
        norgespris: The price settled to, in 1e-5 kr/kWh.
        norgespris_cap_wh: How much of a month's energy it counts for; 0 where it does not apply.
        unknown: By component, whether a rate is unknown.
        bands: The energy band by its place in the book's names, or NO_BAND.
        capacity: The capacity rates, month by month.
    """

    first_hour: int
    per_kwh: Whole
    monthly_fee: Whole
    vat_factor: Whole
    takes_spot: Flags
    threshold: Whole
    share: Whole
    stromstotte_cap_wh: Whole
    norgespris: Whole
    norgespris_cap_wh: Whole
    unknown: Flags
    bands: Bands
    capacity: Sequence[CapacityRate]

    @cached_property
    def has_stromstotte(self) -> bool:
        """Whether strømstøtte applies at any hour."""
        return bool(self.stromstotte_cap_wh.any())

    @cached_property
    def has_norgespris(self) -> bool:
        """Whether Norgespris applies at any hour."""
        return bool(self.norgespris_cap_wh.any())

    @cached_property
    def depends_on_spot(self) -> bool:
        """Whether any line needs the spot price at any hour."""
        return bool(self.takes_spot.any()) or self.has_stromstotte or self.has_norgespris


@lru_cache(maxsize=_KEPT_YEARS)
def year_rates(book: RateBook, terms: Terms, year: int) -> YearRates:
    """Returns the rates of a local year by number, from 0 for 1970."""
    return _Writer(book, terms, year).written()


class _Writer:
    """Writes what holds in each stretch of a year into its columns."""

    def __init__(self, book: RateBook, terms: Terms, year: int) -> None:
        self._book = book
        self._terms = terms
        self._year = year
        self._first, self._end = (int(hour) for hour in YEAR_STARTS[[year, year + 1]])
        size = self._end - self._first
        self._capacity: list[CapacityRate] = []

        def column() -> Whole:
            return np.zeros(size, np.int64)

        self._rates = YearRates(
            first_hour=self._first,
            per_kwh=np.zeros((len(CONSUMPTION), size), np.int64),
            monthly_fee=column(),
            vat_factor=np.full(size, BASIS_POINTS),
            takes_spot=np.zeros(size, np.bool_),
            threshold=column(),
            share=column(),
            stromstotte_cap_wh=column(),
            norgespris=column(),
            norgespris_cap_wh=column(),
            unknown=np.zeros((len(CONSUMPTION), size), np.bool_),
            bands=np.full(size, NO_BAND, np.int8),
            capacity=self._capacity,
        )

    def written(self) -> YearRates:
        """Returns the year."""
        months = [int(hour) for hour in MONTH_STARTS if self._first < hour < self._end]
        edges = pairwise([self._first, *months, self._end])
        for month, (first, end) in enumerate(edges, start=12 * self._year):
            for start, stop in self._book.stretches(first, end):
                self._write(month, start, stop, self._book.conditions(self._terms, start))
        return self._rates

    def _write(self, month: int, first: int, end: int, conditions: Conditions) -> None:
        hours = slice(first - self._first, end - self._first)
        vat, product = conditions.vat, conditions.product
        self._write_taxes(hours, conditions)
        self._write_grid_energy(hours, conditions)
        self._write_capacity(month, first, end, conditions)
        if product is None:
            for component in _OF_PRODUCT:
                self._unknown(component, hours)
            return
        self._per_kwh(Component.POWER, hours, product.fixed_price or 0, vat)
        self._per_kwh(Component.MARKUP, hours, product.markup, vat)
        self._write_stromstotte(hours, product.settlement, conditions.stromstotte, vat)
        self._write_norgespris(hours, product.settlement, conditions.norgespris, vat)
        if vat is None:
            self._unknown(Component.MONTHLY_FEE, hours)
            return
        self._rates.vat_factor[hours] = BASIS_POINTS + vat
        self._rates.takes_spot[hours] = product.energy is Energy.SPOT
        shares = month_shares(month_amount(product.month_ore, vat), hours_of_month(month))
        into = first - int(MONTH_STARTS[month])
        self._rates.monthly_fee[hours] = shares[into : into + end - first]

    def _write_taxes(self, hours: slice, conditions: Conditions) -> None:
        self._per_kwh(Component.CONSUMPTION_TAX, hours, conditions.consumption_tax, conditions.vat)
        self._per_kwh(Component.ENOVA, hours, conditions.enova, conditions.vat)

    def _write_grid_energy(self, hours: slice, conditions: Conditions) -> None:
        rate, vat = conditions.grid_energy, conditions.vat
        if rate is None:
            self._unknown(Component.GRID_ENERGY, hours)
            return
        places = clock_year(self._year).bands(rate)[hours]
        names = [self._book.band_names.index(band.name) for band in rate.bands]
        self._rates.bands[hours] = np.array(names)[places]
        if vat is None:
            self._unknown(Component.GRID_ENERGY, hours)
            return
        prices = np.array([with_vat(band.price, vat) for band in rate.bands])
        self._rates.per_kwh[PLACE[Component.GRID_ENERGY], hours] = prices[places]

    def _write_capacity(self, month: int, first: int, end: int, conditions: Conditions) -> None:
        rate, vat = conditions.grid_capacity, conditions.vat
        if rate is None or vat is None:
            self._unknown(Component.CAPACITY, slice(first - self._first, end - self._first))
            return
        steps = capacity_steps(rate, vat)
        self._capacity.append(CapacityRate(first, end, month, steps, rate.days))

    def _write_stromstotte(
        self, hours: slice, settlement: Settlement, rate: Stromstotte | None, vat: int | None
    ) -> None:
        if settlement is not Settlement.STROMSTOTTE:
            return
        if rate is None or vat is None:
            self._unknown(Component.STROMSTOTTE, hours)
            return
        self._rates.threshold[hours] = rate.threshold
        self._rates.share[hours] = rate.share
        self._rates.stromstotte_cap_wh[hours] = rate.cap_wh.get(self._terms.premises, 0)

    def _write_norgespris(
        self, hours: slice, settlement: Settlement, rate: Norgespris | None, vat: int | None
    ) -> None:
        if settlement is not Settlement.NORGESPRIS:
            return
        if rate is None or vat is None:
            self._unknown(Component.NORGESPRIS, hours)
            return
        self._rates.norgespris[hours] = with_vat(rate.price, vat)
        self._rates.norgespris_cap_wh[hours] = rate.cap_wh.get(self._terms.premises, 0)

    def _per_kwh(
        self, component: Component, hours: slice, price: int | None, vat: int | None
    ) -> None:
        if price is None or vat is None:
            self._unknown(component, hours)
        else:
            self._rates.per_kwh[PLACE[component], hours] = with_vat(price, vat)

    def _unknown(self, component: Component, hours: slice) -> None:
        self._rates.unknown[PLACE[component], hours] = True


def place_of_step(steps: Sequence[CapacityStep], sum_wh: int, days: int) -> int:
    """Returns the place of the step that the mean of some days' highest hours lies in.

    The sums are compared, and exactly: 5.000 kW is on the step from 5, 4.9997 kW is not.
    """
    return sum(step.from_w * days <= sum_wh for step in steps) - 1


def hours_of_month(month: int) -> int:
    """Returns how many hours a month has, by its number."""
    return int(MONTH_STARTS[month + 1] - MONTH_STARTS[month])


def capacity_steps(rate: GridCapacity, vat: int) -> Sequence[CapacityStep]:
    """Returns the steps of a capacity rate with what a month of each costs, VAT included."""
    upper = [*(step.from_w for step in rate.steps[1:]), None]
    return [
        CapacityStep(step.from_w, to_w, twelfth(step.year_ore, vat))
        for step, to_w in zip(rate.steps, upper, strict=True)
    ]
