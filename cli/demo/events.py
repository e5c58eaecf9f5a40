"""The demonstration's Kraftklubben events: tickets, a waiting list, a ballot and a draft."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from time import monotonic, sleep

from cli.demo.consents import agree_to_news
from cli.demo.news import draft_news
from cli.demo.people import CUSTOMERS, EVENT_STAFF, PASSWORD
from cli.demo.staff_codes import StaffCodes
from cli.gateway import Gateway
from cli.moments import OSLO
from cli.outcome import CommandError

_PATIENCE_SECONDS = 10.0
_PAUSE_SECONDS = 0.05


@dataclass(frozen=True)
class Event:
    """An event of the demonstration.

    Attributes:
        days: How many days from today it is.
        at: When it starts, local time.
        capacity: How many guests there is room for.
        ballot_days: How many days from today the registration for its ballot closes; None if
            tickets are given out by arrival.
        is_draft: Whether only staff see it.
    """

    title: str
    text: str
    venue: str
    days: int
    at: time
    capacity: int
    ballot_days: int | None = None
    is_draft: bool = False


CONCERT = Event(
    title="Kraftklubben-konsert: Fjordklang",
    text=(
        "Storbandet Fjordklang spelar heile kvelden, og kaféen i foajeen er open frå klokka 18. "
        "Dørene til salen opnar ein halvtime før."
    ),
    venue="Ørsta kulturhus",
    days=24,
    at=time(19),
    capacity=220,
)
TOUR = Event(
    title="Omvising i kraftstasjonen",
    text=(
        "Bli med inn i fjellet og sjå turbinane på nært hald. Turen tek to timar; ta på gode sko "
        "og noko varmt, for det er åtte grader der inne heile året."
    ),
    venue="Bjørdal kraftstasjon",
    days=12,
    at=time(17, 30),
    capacity=8,
)
SWIM = Event(
    title="Familiedag i badeanlegget",
    text=(
        "Heile bassenget er vårt i fire timar. Plassane blir trekte ut mellom alle som melder seg "
        "på i tide, så det hastar ikkje å vere først."
    ),
    venue="Molde badeanlegg",
    days=45,
    at=time(11),
    capacity=60,
    ballot_days=17,
)
MARKET = Event(
    title="Matmarknad på kaia",
    text="Lokale produsentar byr på smaksprøver. Programmet er ikkje klart enno.",
    venue="Nordneskaia",
    days=70,
    at=time(12),
    capacity=500,
    is_draft=True,
)
EVENTS = (CONCERT, TOUR, SWIM, MARKET)


def load_events(gateway: Gateway, codes: StaffCodes, today: date) -> None:
    """Makes the events, lets customers have tickets and wait, and drafts news. Safe to repeat.

    The first customer wants news, and so hears of the events too.

    Args:
        gateway: Where the customers have registered, and the notices are published.
        codes: What staff log in with.
        today: The local date that the events' days are counted from.

    Raises:
        CommandError: The suite refused something, or did not answer.
    """
    staff = codes.log_in(EVENT_STAFF.email, lambda code: _log_in(gateway, EVENT_STAFF.email, code))
    draft_news(gateway, staff)
    ingrid, odd_arne, mari = (_log_in(gateway, customer.email) for customer in CUSTOMERS)
    agree_to_news(gateway, ingrid)
    paths = _make(gateway, staff, today)
    gateway.post(f"{paths[CONCERT.title]}/reservations", {"quantity": 2}, ingrid)
    # Sold out: four by the customer's own hand, and four by staff for one who called.
    gateway.post(f"{paths[TOUR.title]}/reservations", {"quantity": 4}, odd_arne)
    called = {
        "quantity": 4,
        "customerNumber": CUSTOMERS[-1].number,
        "reason": "Ringde; fekk ikkje til appen",
    }
    _reserve_by_number(gateway, f"{paths[TOUR.title]}/reservations", called, staff)
    gateway.post(f"{paths[TOUR.title]}/waitlistEntries", {"wanted": 2, "least": 1}, ingrid)
    gateway.post(f"{paths[SWIM.title]}/waitlistEntries", {"wanted": 3}, mari)


def _make(gateway: Gateway, staff: str, today: date) -> Mapping[str, str]:
    """Makes the events that are not there, and returns the path of each by its title."""
    listed = gateway.get("/v1/events?pageSize=200", staff)["events"]
    made = {event["title"]: event for event in listed}
    paths: dict[str, str] = {}
    for event in EVENTS:
        known = made.get(event.title) or gateway.post("/v1/events", _described(event, today), staff)
        paths[event.title] = f"/v1/events/{known['id']}"
        if not event.is_draft:
            gateway.post(f"{paths[event.title]}:publish", {}, staff)
    return paths


def _described(event: Event, today: date) -> Mapping[str, object]:
    described = {
        "title": event.title,
        "text": event.text,
        "venue": event.venue,
        "startsAt": _moment(today, event.days, event.at),
        "capacity": event.capacity,
    }
    if event.ballot_days is None:
        return described
    closes_at = _moment(today, event.ballot_days, time(12))
    return {**described, "mode": "BALLOT", "ballotClosesAt": closes_at}


def _moment(today: date, days: int, at: time) -> str:
    return datetime.combine(today + timedelta(days=days), at, OSLO).isoformat()


def _reserve_by_number(
    gateway: Gateway, path: str, reservation: Mapping[str, object], staff: str
) -> None:
    """Reserves by a customer number, which events hears of a moment after it was imported."""
    patience_ends_at = monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            gateway.post(path, reservation, staff)
        except CommandError as error:
            is_unknown = any(fault.code == "UNKNOWN_CUSTOMER_NUMBER" for fault in error.faults)
            if not is_unknown or monotonic() > patience_ends_at:
                raise
            sleep(_PAUSE_SECONDS)
        else:
            return


def _log_in(gateway: Gateway, email: str, code: str = "") -> str:
    login = {"email": email, "password": PASSWORD, "secondFactor": code}
    session = gateway.post("/v1/sessions", login)
    return str(session["accessToken"])
