"""What a customer may see of a metering point, and what it costs, hour by hour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.metering.domain.calendar import END_HOUR, Whole, day_of
from services.metering.domain.contracts import Holding
from services.metering.domain.layout import Flags, Layout
from services.metering.domain.period import Period
from services.metering.domain.prices import UNKNOWN_PRICE, PriceAmounts, PriceDays
from services.metering.domain.pricing import (
    UNKNOWN,
    Component,
    PricedPart,
    RateBook,
    price_consumption,
    price_production,
)
from services.metering.domain.pricing.parts import places
from services.metering.domain.pricing.years import Bands
from services.metering.domain.readings import (
    MISSING,
    NO_QUALITY,
    Direction,
    Qualities,
    WattHours,
    are_estimates,
)


@dataclass(frozen=True, eq=False)
class Held:
    """What customers may see of a metering point and direction in a period of whole months.

    Attributes:
        holdings: When they hold it, and on what terms; at least one, in order of time.
        layout: The days of the period for which there are readings.
        wh: The energy of each of their hours in Wh, or MISSING.
        qualities: How each of these came to be; means nothing where one is missing.
        prices: The spot prices of the period by price area.
        rates_revision: Which rate book holds now.
    """

    holdings: Sequence[Holding]
    layout: Layout
    wh: WattHours
    qualities: Qualities
    prices: Mapping[str, PriceDays]
    rates_revision: int

    def holds_in(self, period: Period) -> bool:
        """Tells whether any hour of a period is held."""
        ends = period.first_hour, period.end_hour
        return any(holding.within(*ends) is not None for holding in self.holdings)


@dataclass(frozen=True, eq=False)
class HeldHours:
    """Hours in which customers hold a metering point.

    Attributes:
        parts: The hours, cut where the terms or the customer change.
        qualities: How the value of each hour came to be; means nothing where it is missing.
        now_hour: The hour that is running, by number.
    """

    parts: Sequence[PricedPart]
    qualities: Qualities
    now_hour: int = END_HOUR

    @staticmethod
    def of(held: Held, period: Period, now_hour: int = END_HOUR) -> "HeldHours":
        """Lays out the held hours of a period; hours outside of a holding leave no trace."""
        first, end = period.first_hour, period.end_hour
        days = Layout(np.arange(day_of(period.from_date), day_of(period.to_date)))
        wh = days.spread(held.layout, held.wh, MISSING)
        qualities = days.spread(held.layout, held.qualities, NO_QUALITY)
        spot = {
            area: days.spread(known.layout, known.amounts, UNKNOWN_PRICE)
            for area, known in held.prices.items()
        }
        holdings = [part for one in held.holdings if (part := one.within(first, end)) is not None]
        cuts = [slice(part.first_hour - first, part.end_hour - first) for part in holdings]
        return HeldHours(
            parts=[
                PricedPart(
                    holding.customer_number,
                    holding.first_hour,
                    holding.terms,
                    wh[cut],
                    spot[holding.price_area][cut],
                )
                for holding, cut in zip(holdings, cuts, strict=True)
            ],
            qualities=np.concatenate([qualities[cut] for cut in cuts]),
            now_hour=now_hour,
        )

    def priced(self, book: RateBook, direction: Direction) -> "PricedUse":
        """Prices the hours; they cover whole months of what each customer holds."""
        price = price_consumption if direction is Direction.CONSUMPTION else price_production
        priced = price(book, self.parts)
        missing = priced.wh == MISSING
        return PricedUse(
            numbers=priced.hours,
            wh=np.where(missing, 0, priced.wh).astype(np.int64),
            missing=missing,
            to_come=missing & (priced.hours >= self.now_hour),
            qualities=np.where(missing, np.uint8(NO_QUALITY), self.qualities),
            lines=priced.components,
            cost=priced.total,
            bands=priced.bands,
            band_names=priced.band_names,
        )

    def with_product(self, product: str) -> "HeldHours":
        """Returns the same hours as if another product had been bought."""
        return replace(
            self,
            parts=[
                replace(part, terms=replace(part.terms, product=product)) for part in self.parts
            ],
        )

    def with_values(self, wh: WattHours, spot: PriceAmounts, qualities: Qualities) -> "HeldHours":
        """Returns the same hours with other values."""
        return replace(
            self,
            parts=[
                replace(part, wh=wh[place], spot=spot[place])
                for part, place in zip(self.parts, places(self.parts), strict=True)
            ],
            qualities=qualities,
        )

    def within(self, period: Period) -> "HeldHours":
        """Returns the hours of a period."""
        ends = period.first_hour, period.end_hour
        inside = (self.numbers >= period.first_hour) & (self.numbers < period.end_hour)
        return replace(
            self,
            parts=[cut for part in self.parts if (cut := part.within(*ends)) is not None],
            qualities=self.qualities[inside],
        )

    @property
    def numbers(self) -> Whole:
        """The hours by number."""
        return np.concatenate([part.hours for part in self.parts])

    @property
    def wh(self) -> WattHours:
        """The energy of each hour in Wh, or MISSING."""
        return np.concatenate([part.wh for part in self.parts])

    @property
    def spot(self) -> PriceAmounts:
        """The spot price of each hour ex. VAT in 1e-5 kr/kWh, or UNKNOWN_PRICE."""
        return np.concatenate([part.spot for part in self.parts])


@dataclass(frozen=True, eq=False)
class PricedUse:
    """Held hours and what they cost, in columns with one entry an hour.

    Attributes:
        numbers: The hours by number.
        wh: The energy in Wh; 0 where it is missing.
        missing: Whether the hour has no value.
        to_come: Whether it has none because it is not over.
        qualities: How its value came to be; NO_QUALITY where it is missing.
        lines: The cost by component in 1e-8 kr with VAT, or UNKNOWN.
        cost: The sum of the lines, or UNKNOWN.
        bands: The grid's energy band by its place in `band_names`, or NO_BAND.
        band_names: What bands are called.
    """

    numbers: Whole
    wh: Whole
    missing: Flags
    to_come: Flags
    qualities: Qualities
    lines: Mapping[Component, Whole]
    cost: Whole
    bands: Bands
    band_names: Sequence[str]

    @property
    def estimated(self) -> Flags:
        """Tells of each hour whether its value is an estimate."""
        return are_estimates(self.qualities)

    @property
    def unpriced(self) -> Flags:
        """Tells of each hour whether it has a value, but no cost, for lack of a price."""
        return (self.cost == UNKNOWN) & ~self.missing

    def within(self, period: Period) -> "PricedUse":
        """Returns the hours of a period."""
        return self._at(slice(*np.searchsorted(self.numbers, [period.first_hour, period.end_hour])))

    def where(self, chosen: Flags) -> "PricedUse":
        """Returns the chosen hours."""
        return self._at(chosen)

    def _at(self, places: slice | Flags) -> "PricedUse":
        return PricedUse(
            self.numbers[places],
            self.wh[places],
            self.missing[places],
            self.to_come[places],
            self.qualities[places],
            {component: line[places] for component, line in self.lines.items()},
            self.cost[places],
            self.bands[places],
            self.band_names,
        )
