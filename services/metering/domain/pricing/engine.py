"""What energy costs and earns, hour by hour and line by line, exact in whole numbers.

Energy in Wh times a price in 1e-5 kr/kWh is a cost in 1e-8 kr, so hours add up to days, months and
years to the last digit. Two things are rounded, both half away from zero, and both with VAT in
them, as on the bills of the trade: each price per kWh, to 1e-5 kr/kWh, and each monthly amount, to
whole øre. docs/decisions/0017-what-power-costs.md has all the rules and why they are so.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.metering.domain.calendar import MONTH_STARTS, YEAR_STARTS, Whole
from services.metering.domain.layout import Flags
from services.metering.domain.prices import UNKNOWN_PRICE, PriceAmounts
from services.metering.domain.pricing.book import RateBook
from services.metering.domain.pricing.capacity import DayPeaks
from services.metering.domain.pricing.money import UNKNOWN, divided, month_shares
from services.metering.domain.pricing.parts import PricedPart, joined, places
from services.metering.domain.pricing.rates import BASIS_POINTS
from services.metering.domain.pricing.years import (
    CONSUMPTION,
    NO_BAND,
    PLACE,
    Bands,
    Component,
    YearRates,
    hours_of_month,
    year_rates,
)
from services.metering.domain.readings import MISSING, WattHours


@dataclass(frozen=True, eq=False)
class PricedHours:
    """Hours and what they cost, in columns with one entry an hour.

    Attributes:
        hours: The hours by number.
        wh: The energy of each in Wh, or MISSING.
        components: What each costs in 1e-8 kr with VAT, line by line. UNKNOWN where the hour has no
            value, or a price that the line needs is unknown; 0 where the line does not apply.
        total: The sum of the lines, UNKNOWN where one of them is.
        bands: The energy band of the grid by its place in `band_names`; NO_BAND where it is
            unknown, and for production.
        band_names: What bands are called.
    """

    hours: Whole
    wh: WattHours
    components: Mapping[Component, Whole]
    total: Whole
    bands: Bands
    band_names: Sequence[str]


def price_consumption(book: RateBook, parts: Sequence[PricedPart]) -> PricedHours:
    """Prices what customers used at a metering point.

    Args:
        book: The rates.
        parts: Hours of one metering point in order of time. The capacity step and the caps on
            strømstøtte and Norgespris depend on all that a customer used in a month, so the parts
            cover whole months of what each customer held; the caller cuts afterwards.
    """
    hours, wh = joined(parts)
    missing = wh == MISSING
    sheet = _Sheet.blank(np.where(missing, 0, wh).astype(np.int64))
    everywhere = list(zip(parts, places(parts), strict=True))
    for customer in dict.fromkeys(part.customer for part in parts):
        theirs = [(part, place) for part, place in everywhere if part.customer == customer]
        mine = np.r_[tuple(place for _, place in theirs)]
        peaks = DayPeaks.of(hours[mine], wh[mine])
        sheet.used_wh[mine] = _used_before(hours[mine], sheet.wh[mine])
        for part, place in theirs:
            for year, cut in _years(part):
                rates = year_rates(book, part.terms, year)
                lines = sheet.cut(slice(place.start + cut.start, place.start + cut.stop))
                _price(lines, rates, part.first_hour + cut.start, part.spot[cut], peaks)
    total = sheet.lines.sum(axis=0)
    unknown = sheet.unknown | missing
    total[unknown.any(axis=0)] = UNKNOWN
    sheet.lines[unknown] = UNKNOWN
    return PricedHours(
        hours=hours,
        wh=wh,
        components={each: sheet.lines[PLACE[each]] for each in CONSUMPTION},
        total=total,
        bands=sheet.bands,
        band_names=book.band_names,
    )


def price_production(book: RateBook, parts: Sequence[PricedPart]) -> PricedHours:
    """Prices what customers fed into the grid: the spot price and what the product adds, no VAT.

    Args:
        book: The rates.
        parts: Hours of one metering point in order of time.
    """
    hours, wh = joined(parts)
    paid = np.full(len(hours), UNKNOWN, np.int64)
    for part, place in zip(parts, places(parts), strict=True):
        end_hour = part.first_hour + len(part.wh)
        for first, end in book.stretches(part.first_hour, end_hour):
            product = book.conditions(part.terms, first).product
            if product is not None:
                cut = slice(first - part.first_hour, end - part.first_hour)
                cost = -part.wh[cut].astype(np.int64) * (part.spot[cut] + np.int64(product.surplus))
                known = (part.wh[cut] != MISSING) & (part.spot[cut] != UNKNOWN_PRICE)
                paid[place][cut] = np.where(known, cost, UNKNOWN)
    return PricedHours(
        hours=hours,
        wh=wh,
        components={Component.SURPLUS: paid},
        total=paid.copy(),
        bands=np.full(len(hours), NO_BAND, np.int8),
        band_names=book.band_names,
    )


@dataclass(frozen=True, eq=False)
class _Sheet:
    """What is being worked out, in columns with one entry an hour.

    Attributes:
        wh: The energy in Wh; 0 where it is missing.
        used_wh: What the customer has used in the month before the hour.
        lines: The cost by component in 1e-8 kr.
        unknown: By component, whether a price is unknown.
        bands: The energy band.
    """

    wh: Whole
    used_wh: Whole
    lines: Whole
    unknown: Flags
    bands: Bands

    @staticmethod
    def blank(wh: Whole) -> "_Sheet":
        shape = len(CONSUMPTION), len(wh)
        return _Sheet(
            wh,
            used_wh=np.zeros(len(wh), np.int64),
            lines=np.zeros(shape, np.int64),
            unknown=np.zeros(shape, np.bool_),
            bands=np.full(len(wh), NO_BAND, np.int8),
        )

    def cut(self, hours: slice) -> "_Sheet":
        """Returns a part of it; what is written there is written here."""
        return _Sheet(
            self.wh[hours],
            self.used_wh[hours],
            self.lines[:, hours],
            self.unknown[:, hours],
            self.bands[hours],
        )


def _price(
    sheet: _Sheet, rates: YearRates, first_hour: int, spot: PriceAmounts, peaks: DayPeaks
) -> None:
    """Prices hours of one year and part."""
    year = slice(first_hour - rates.first_hour, first_hour - rates.first_hour + len(spot))
    sheet.bands[:] = rates.bands[year]
    sheet.unknown[:] = rates.unknown[:, year]
    np.multiply(rates.per_kwh[:, year], sheet.wh, out=sheet.lines)
    sheet.lines[PLACE[Component.MONTHLY_FEE]] = rates.monthly_fee[year]
    _price_capacity(sheet, rates, first_hour, peaks)
    if rates.depends_on_spot:
        _price_spot(sheet, rates, year, spot)


def _price_spot(sheet: _Sheet, rates: YearRates, year: slice, spot: PriceAmounts) -> None:
    """Prices the lines that depend on the spot price."""
    unknown = spot == UNKNOWN_PRICE
    ex_vat = np.where(unknown, 0, spot).astype(np.int64)
    vat_factor, takes_spot = rates.vat_factor[year], rates.takes_spot[year]
    price = divided(ex_vat * vat_factor, BASIS_POINTS)
    power = PLACE[Component.POWER]
    sheet.lines[power] += np.where(takes_spot, price, 0) * sheet.wh
    sheet.unknown[power] |= takes_spot & unknown

    if rates.has_stromstotte:
        cap_wh, line = rates.stromstotte_cap_wh[year], PLACE[Component.STROMSTOTTE]
        above = np.maximum(ex_vat - rates.threshold[year], 0)
        paid = divided(above * rates.share[year] * vat_factor, BASIS_POINTS**2)
        sheet.lines[line] = -paid * _within(cap_wh, sheet)
        sheet.unknown[line] |= (cap_wh > 0) & unknown

    if rates.has_norgespris:
        cap_wh, line = rates.norgespris_cap_wh[year], PLACE[Component.NORGESPRIS]
        sheet.lines[line] = (rates.norgespris[year] - price) * _within(cap_wh, sheet)
        sheet.unknown[line] |= (cap_wh > 0) & unknown


def _within(cap_wh: Whole, sheet: _Sheet) -> Whole:
    """Returns the part of each hour's Wh that fits under a cap on the month."""
    return np.clip(cap_wh - sheet.used_wh, 0, sheet.wh)


def _price_capacity(sheet: _Sheet, rates: YearRates, first_hour: int, peaks: DayPeaks) -> None:
    """Shares out the step that each month's peaks lie in."""
    line = sheet.lines[PLACE[Component.CAPACITY]]
    end_hour = first_hour + len(line)
    for rate in rates.capacity:
        first, end = max(rate.first_hour, first_hour), min(rate.end_hour, end_hour)
        if first < end:
            step = rate.step(*peaks.highest(rate.month, rate.days))
            shares = month_shares(step.month_amount, hours_of_month(rate.month))
            month = int(MONTH_STARTS[rate.month])
            line[first - first_hour : end - first_hour] = shares[first - month : end - month]


def _used_before(hours: Whole, wh: Whole) -> Whole:
    """Returns how much was used in the same month before each hour."""
    used = np.cumsum(wh) - wh
    inside = MONTH_STARTS[slice(*np.searchsorted(MONTH_STARTS, hours[[0, -1]], side="right"))]
    starts = np.concatenate(([0], np.searchsorted(hours, inside), [len(hours)]))
    return used - np.repeat(used[np.minimum(starts[:-1], len(hours) - 1)], np.diff(starts))


def _years(part: PricedPart) -> Iterator[tuple[int, slice]]:
    """Cuts a part at each New Year; gives the year by number and the hours of the part."""
    first, end = part.first_hour, part.first_hour + len(part.wh)
    year = int(np.searchsorted(YEAR_STARTS, first, side="right")) - 1
    while first < end:
        stop = min(int(YEAR_STARTS[year + 1]), end)
        yield year, slice(first - part.first_hour, stop - part.first_hour)
        first, year = stop, year + 1
