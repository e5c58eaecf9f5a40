"""How long an offer is open. The night pauses its clock, so that nobody has to lie awake."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")
MORNING = time(7)
EVENING = time(22)

_LIFETIMES = (
    (timedelta(days=7), timedelta(hours=24)),
    (timedelta(hours=48), timedelta(hours=4)),
)
_SHORTEST_LIFETIME = timedelta(hours=1)
_WARNED_AFTER = 0.75
"""The share of its lifetime after which an offer that is not answered is brought to mind."""


@dataclass(frozen=True, slots=True)
class Term:
    """The time that an offer is open.

    Attributes:
        warn_at: When it is brought to mind.
        expires_at: When it ends; an answer at that moment is too late.
    """

    warn_at: datetime
    expires_at: datetime


def term_of(now: datetime, starts_at: datetime, closes_at: datetime) -> Term:
    """Returns how long an offer is open that is told now.

    Args:
        now: The moment it is told.
        starts_at: When the event starts.
        closes_at: When the waiting list closes; no offer lasts longer.
    """
    lifetime = _lifetime(starts_at - now)
    expires_at = min(after_waking(now, lifetime), closes_at)
    warn_at = after_waking(now, lifetime * _WARNED_AFTER)
    if warn_at >= expires_at:
        warn_at = now + (expires_at - now) * _WARNED_AFTER
    return Term(warn_at, expires_at)


def after_waking(start: datetime, duration: timedelta) -> datetime:
    """Returns the moment when some time has passed by day, from 7 to 22 in Europe/Oslo.

    Args:
        start: When the clock starts; in the night it stands still until the morning.
        duration: How much time of day must pass.

    Returns:
        The moment, in the zone of `start`.
    """
    zone = start.tzinfo
    while True:
        local = start.astimezone(OSLO)
        morning = datetime.combine(local.date(), MORNING, OSLO).astimezone(zone)
        evening = datetime.combine(local.date(), EVENING, OSLO).astimezone(zone)
        start = max(start, morning)
        if start + duration <= evening:
            return start + duration
        duration -= max(evening - start, timedelta(0))
        start = datetime.combine(local.date() + timedelta(days=1), MORNING, OSLO).astimezone(zone)


def _lifetime(time_left: timedelta) -> timedelta:
    for at_least, lifetime in _LIFETIMES:
        if time_left > at_least:
            return lifetime
    return _SHORTEST_LIFETIME
