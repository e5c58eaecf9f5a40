"""Hours and prices that look like a household's and a market's, made from a seed.

Nothing here is measured. An hour's value depends on the seed and on which hour it is, never on
how many hours are made: tomorrow's demonstration agrees with today's where they overlap.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from cli.moments import OSLO

_SEED = 20260401
_ORIGIN = datetime(2020, 1, 1, tzinfo=UTC)
_WEEKEND = 5
_JULY = 7
_NOON = 12
_SPELL_HOURS = 400
_COMFORT_DEGREES = 16
_CHARGER_WH = 7_200.0
_CHARGING_NIGHTS = 0.4
_LOWEST_PRICE = -0.35
_LATITUDE = np.radians(62)
_SOLAR_NOON = 12.6
"""In winter time, at 6 to 7 degrees east."""
_USED_AT_ONCE = 0.5
"""The part of what the sun gives that the house can use itself, at most."""

Floats = npt.NDArray[np.floating[Any]]
Whole = npt.NDArray[np.int64]


class Area(Enum):
    """A price area, and how its weather and market lie: level in kr/kWh ex. VAT, mean in °C."""

    NO3 = ("NO3", 0.36, 6.0)
    NO5 = ("NO5", 0.58, 8.0)

    def __init__(self, code: str, level: float, mean_temperature: float) -> None:
        self.code = code
        self.level = level
        self.mean_temperature = mean_temperature


@dataclass(frozen=True)
class Household:
    """What a household uses.

    Attributes:
        base_wh: What is always on, in an hour.
        heating_wh_per_degree: Heating in an hour, for each degree under 16 °C.
        activity_wh: Cooking, washing and hot water in the busiest hour of an average day.
        car: Whether an electric car is charged at night.
        weekends_only: Whether it stands nearly empty on weekdays, as a cabin does.
        solar_wh: What the panels on the roof give in an hour with the sun straight above them.
    """

    base_wh: int
    heating_wh_per_degree: int
    activity_wh: int
    car: bool = False
    weekends_only: bool = False
    solar_wh: int = 0


class Hours:
    """A run of whole hours, from one local midnight to another, and what the clock shows in each.

    Attributes:
        starts: When each hour starts, in Europe/Oslo.
        labels: The same, and the end of the last hour, in the words of RFC 3339.
    """

    def __init__(self, first: date, end: date) -> None:
        start = datetime.combine(first, time(), OSLO).astimezone(UTC)
        count = (datetime.combine(end, time(), OSLO) - start) // timedelta(hours=1)
        self.starts = [
            (start + timedelta(hours=hour)).astimezone(OSLO) for hour in range(count + 1)
        ]
        self.labels = [moment.isoformat() for moment in self.starts]
        self.starts.pop()
        self.offset = (start - _ORIGIN) // timedelta(hours=1)
        self.hour_of_day = self._column(lambda moment: moment.hour)
        self.weekend = self._column(lambda moment: moment.weekday()) >= _WEEKEND
        self.day_of_year = self._column(lambda moment: moment.timetuple().tm_yday)
        self.month = self._column(lambda moment: moment.month)
        self.day = self._column(lambda moment: moment.toordinal())

    def __len__(self) -> int:
        return len(self.starts)

    def _column(self, part: Callable[[datetime], int]) -> Whole:
        return np.fromiter(map(part, self.starts), np.int64, len(self.starts))


def usage_wh(household: Household, area: Area, hours: Hours, seed: int) -> Whole:
    """Makes the energy that comes in from the grid in each hour.

    Returns:
        Wh, as many as there are hours.
    """
    own = _used_wh(household, area, hours, seed)
    return np.rint(own - _used_at_once(household, area, hours, own)).astype(np.int64)


def production_wh(household: Household, area: Area, hours: Hours, seed: int) -> Whole:
    """Makes the energy that goes out to the grid in each hour: what the house does not use itself.

    Returns:
        Wh, as many as there are hours.
    """
    own = _used_wh(household, area, hours, seed)
    surplus = _solar_wh(household, area, hours) - _used_at_once(household, area, hours, own)
    return np.rint(surplus).astype(np.int64)


def _used_wh(household: Household, area: Area, hours: Hours, seed: int) -> Floats:
    cold = np.maximum(_COMFORT_DEGREES - temperature(area, hours), 0)
    night = np.interp(hours.hour_of_day, (0, 5, 6, 22, 23), (0.85, 0.85, 1.0, 1.0, 0.85))
    presence = _presence(household, hours)
    heating = household.heating_wh_per_degree * cold * night * (0.35 + 0.65 * presence)
    liveliness = np.exp(0.45 * _noise(hours, seed) - 0.1)
    activity = household.activity_wh * _activity(hours) * liveliness * presence
    return household.base_wh + heating + activity + _charging(household, hours, seed)


def _used_at_once(household: Household, area: Area, hours: Hours, own: Floats) -> Floats:
    return np.minimum(_USED_AT_ONCE * _solar_wh(household, area, hours), own)


def _solar_wh(household: Household, area: Area, hours: Hours) -> Floats:
    """What panels give: by how high the sun stands, and less under clouds."""
    if not household.solar_wh:
        return np.zeros(len(hours))
    declination = np.radians(-23.44) * np.cos(2 * np.pi * (hours.day_of_year + 10) / 365.25)
    turned = 2 * np.pi * (hours.hour_of_day + 0.5 - _SOLAR_NOON) / 24
    height = np.sin(_LATITUDE) * np.sin(declination) + np.cos(_LATITUDE) * np.cos(
        declination
    ) * np.cos(turned)
    clear = 1 / (1 + np.exp(-1.2 * _spells(hours, seed=20 + int(area.code[-1]), length=12)))
    return household.solar_wh * np.maximum(height, 0) * (0.2 + 0.8 * clear)


def spot_prices(area: Area, hours: Hours) -> Whole:
    """Makes the spot price of each hour: dear when it is cold, below zero on some summer days.

    Returns:
        Prices ex. VAT in 1e-5 kr/kWh, as many as there are hours.
    """
    angle = 2 * np.pi * (hours.day_of_year - 20) / 365.25
    season = 1 + 0.55 * np.cos(angle)
    cold = np.maximum(-2 - temperature(area, hours), 0)
    week = np.where(hours.weekend, 0.86, 1.0)
    level = area.level * season * week * np.exp(0.30 * _spells(hours, seed=11))
    # Wind and snow melt push the price down for a day or two, most in summer.
    surplus = np.maximum(_spells(hours, seed=12, length=30) - 1.1, 0) * (1.1 - 0.6 * np.cos(angle))
    shape = np.interp(
        hours.hour_of_day,
        (0, 4, 8, 10, 14, 18, 20, 24),
        (0.84, 0.76, 1.24, 1.10, 0.86, 1.32, 1.16, 0.84),
    )
    jitter = 0.02 * _noise(hours, seed=13)
    price = level * shape + 0.035 * cold * shape - area.level * surplus + jitter
    return np.rint(100_000 * np.maximum(price, _LOWEST_PRICE)).astype(np.int64)


def temperature(area: Area, hours: Hours) -> Floats:
    """Makes the outdoor temperature of each hour in °C, with cold spells in winter."""
    angle = 2 * np.pi * (hours.day_of_year - 25) / 365.25
    winter = 0.5 + 0.5 * np.cos(angle)
    season = area.mean_temperature - 8.0 * np.cos(angle)
    day = (3.0 - 2.0 * winter) * np.cos(2 * np.pi * (hours.hour_of_day - 15) / 24)
    spells = _spells(hours, seed=int(area.code[-1]))
    # A high in winter is a cold spell; in summer it is only a fine week.
    return season + day + np.where(spells < 0, 3.0 + 3.5 * winter, 2.5) * spells


def _activity(hours: Hours) -> Floats:
    """The share of the busiest hour, by the clock: breakfast, and the evening most of all."""
    clock = (0, 5, 7, 9, 13, 16, 18, 21, 23, 24)
    weekday = np.interp(hours.hour_of_day, clock, (0.1, 0.08, 0.6, 0.3, 0.2, 0.6, 1, 0.7, 0.3, 0.1))
    weekend = np.interp(
        hours.hour_of_day, clock, (0.15, 0.08, 0.2, 0.6, 0.5, 0.7, 0.95, 0.75, 0.4, 0.15)
    )
    return np.where(hours.weekend, weekend, weekday)


def _presence(household: Household, hours: Hours) -> Floats:
    """How much of the household is at home: less in July, and for a cabin only at weekends."""
    july = hours.month == _JULY
    if household.weekends_only:
        return np.where(hours.weekend | july, 1.0, 0.05)
    return np.where(july, 0.35, 1.0)


def _charging(household: Household, hours: Hours, seed: int) -> Floats:
    """A car that charges on some nights, for one to five hours from 23:00."""
    if not household.car:
        return np.zeros(len(hours))
    # A night belongs to the day it began on.
    night = hours.day - (hours.hour_of_day < _NOON)
    since_2300 = (hours.hour_of_day + 1) % 24
    days = night - _ORIGIN.toordinal()
    dice = np.random.default_rng((_SEED, seed, 1)).random((days.max() + 1, 2))[days]
    needed = np.where(dice[:, 0] < _CHARGING_NIGHTS, 1.0 + 4.0 * dice[:, 1], 0.0)
    return _CHARGER_WH * np.clip(needed - since_2300, 0.0, 1.0)


def _spells(hours: Hours, seed: int, length: float = 70) -> Floats:
    """Weather: noise of variance 1 that remembers about `length` hours."""
    kernel = np.exp(-np.arange(_SPELL_HOURS) / length)
    kernel /= np.sqrt((kernel**2).sum())
    windows = np.lib.stride_tricks.sliding_window_view(
        _noise(hours, seed, before=_SPELL_HOURS - 1), _SPELL_HOURS
    )
    return windows @ kernel[::-1]


def _noise(hours: Hours, seed: int, before: int = 0) -> Floats:
    """White noise of variance 1, drawn from the origin on so that each hour keeps its value."""
    drawn = np.random.default_rng((_SEED, seed)).standard_normal(hours.offset + len(hours))
    return drawn[hours.offset - before :]
