"""What goes through several services, step by step.

A flow is a generator that is advanced three times: to where all is prepared; to where everybody who
takes part has been answered, while something fails; and to its end, with all of it mended and
quiet, where it says what must be true then.
"""

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from google.protobuf.message import Message

from drills.faults.people import Customer, People, Refused, pin_of
from drills.faults.suite import NATS
from kit.local.errors import LocalError
from kit.local.processes import wait_until
from kundeapp.consent.v1 import consent_events_pb2 as consent
from kundeapp.events.v1 import events_events_pb2 as events
from kundeapp.identity.v1 import identity_events_pb2 as identity
from kundeapp.metering.v1 import metering_events_pb2 as metering

Steps = Generator[None, None, None]
SECONDS = 60.0


@dataclass(frozen=True)
class Flow:
    """A flow.

    Attributes:
        name: What it is called.
        tells: The events that are published while something fails.
        steps: Makes a run of it.
    """

    name: str
    tells: Sequence[type[Message]]
    steps: Callable[[People], Steps]


FLOWS: dict[str, Flow] = {}
"""All flows, by name."""


def _flow(
    *tells: type[Message],
) -> Callable[[Callable[[People], Steps]], Callable[[People], Steps]]:
    def add(steps: Callable[[People], Steps]) -> Callable[[People], Steps]:
        FLOWS[steps.__name__] = Flow(steps.__name__, tells, steps)
        return steps

    return add


# The register.


@_flow(identity.CustomerCreated)
def customers_are_imported(people: People) -> Steps:
    kari, ola = people.newcomer(), people.newcomer()
    yield
    people.take_in([kari, ola])
    yield
    for each in (kari, ola):
        people.register(each)


@_flow(identity.CustomerChanged)
def a_customer_changes_name(people: People) -> Steps:
    [kari] = people.customers(1)
    yield
    people.take_in([kari], name="Kari Dal")
    yield
    assert kari.get("/v1/me")["customers"][0]["name"] == "Kari Dal"


@_flow(identity.AccountRegistered, identity.CustomerContactChanged)
def an_account_is_opened(people: People) -> Steps:
    [kari] = people.imported(1)
    yield
    people.register(kari)
    yield
    assert [each["customerNumber"] for each in kari.get("/v1/me")["customers"]] == [kari.number]


@_flow(identity.CustomerLinked)
def a_second_customer_is_linked(people: People) -> Steps:
    [kari] = people.customers(1)
    [cabin] = people.imported(1)
    yield
    asked = kari.post(
        "/v1/me/customers:link", {"customerNumber": cabin.number, "pin": pin_of(cabin)}
    )
    if asked.get("verification"):
        code = people.suite.mail.code_for(cabin.email, after=0)
        kari.post(
            "/v1/me/customers:confirmLink",
            {"verificationId": asked["verification"]["id"], "code": code},
        )
    yield
    numbers = {each["customerNumber"] for each in kari.get("/v1/me")["customers"]}
    assert numbers == {kari.number, cabin.number}


@_flow(identity.CustomerContactChanged)
def an_address_is_confirmed(people: People) -> Steps:
    [kari] = people.customers(1)
    new = f"ny.{kari.email}"
    yield
    asked = kari.post("/v1/me/email:change", {"newEmail": new})
    code = people.suite.mail.code_for(new, after=0)
    kari.post("/v1/me/email:confirm", {"verificationId": asked["id"], "code": code})
    yield
    kari.email = new
    people.log_in(kari)


@_flow(identity.SessionEnded)
def a_session_goes_on_and_ends(people: People) -> Steps:
    [kari] = people.customers(1)
    session = people.log_in(kari)
    yield
    # Whoever got no answer shows the same token again, within the half minute in which it may.
    session = kari.post("/v1/sessions:refresh", {"refreshToken": session["refreshToken"]})
    kari.token = session["accessToken"]
    _end_with(kari, "/v1/sessions/current")
    yield
    with pytest.raises(Refused):
        kari.get("/v1/me")
    people.log_in(kari)


@_flow(identity.AccountClosed, identity.SessionEnded, identity.CustomerContactChanged)
def an_account_is_closed(people: People) -> Steps:
    [kari] = people.customers(1)
    yield
    _end_with(kari, "/v1/me")
    yield
    people.register(kari)


@_flow(
    identity.CustomerErased,
    identity.AccountClosed,
    identity.SessionEnded,
    consent.ConsentExpired,
    events.TicketsReleased,
    events.OfferMade,
)
def a_customer_is_erased(people: People) -> Steps:
    kari, ola = people.customers(2)
    event = people.event(2, _in_days(30))
    kari.reserve(event, 2)
    kari.decide(is_yes=True)
    entry = ola.wait_for(event, 2)
    yield
    people.erase(kari)
    yield
    assert ola.entry(entry)["status"] == "OFFERED"
    assert _letters(ola, "for you") == 1


# Seats.


@_flow(events.ReservationConfirmed, events.AvailabilityChanged)
def tickets_are_reserved(people: People) -> Steps:
    kari, ola = people.customers(2)
    event = people.event(3, _in_days(30))
    yield
    kari.reserve(event, 2)
    ola.reserve(event, 1)
    yield
    assert (kari.tickets(event), ola.tickets(event)) == (2, 1)
    assert (_letters(kari, "2 tickets"), _letters(ola, "1 ticket")) == (1, 1)


@_flow(
    events.WaitlistJoined,
    events.TicketsReleased,
    events.OfferMade,
    events.OfferAccepted,
    events.ReservationConfirmed,
)
def tickets_go_to_the_next_in_line(people: People) -> Steps:
    kari, ola = people.customers(2)
    event = people.event(2, _in_days(30))
    reservation = kari.reserve(event, 2)
    yield
    entry = ola.wait_for(event, 1)
    kari.release(reservation, 1)
    _until(lambda: _letters(ola, "for you"))
    ola.accept(entry)
    yield
    assert (kari.tickets(event), ola.tickets(event)) == (1, 1)
    assert _letters(kari, "Given back") == 1
    assert (_letters(ola, "1 ticket for you"), _letters(ola, "1 ticket for K")) == (1, 1)


@_flow(events.WaitlistChanged, events.WaitlistLeft, events.OfferDeclined, events.OfferMade)
def an_offer_is_declined(people: People) -> Steps:
    kari, ola, mari, per = people.customers(4)
    event = people.event(1, _in_days(30))
    reservation = kari.reserve(event, 1)
    first, second, third = (each.wait_for(event, 2) for each in (ola, mari, per))
    yield
    ola.patch(f"/v1/waitlistEntries/{first['id']}", {"wanted": 1})
    mari.leave(second)
    kari.release(reservation)
    _until(lambda: ola.entry(first)["status"] == "OFFERED")
    ola.decline(first)
    yield
    assert ola.entry(first)["status"] == "DECLINED"
    assert mari.entry(second)["status"] == "LEFT"
    assert per.entry(third)["status"] == "OFFERED"


@_flow(events.OfferExpiring, events.OfferExpired, events.OfferMade)
def an_offer_expires(people: People) -> Steps:
    kari, ola, mari = people.customers(3)
    event = people.event(1, _in_days(30))
    reservation = kari.reserve(event, 1)
    first, second = ola.wait_for(event, 1), mari.wait_for(event, 1)
    kari.release(reservation)
    _until(lambda: _letters(ola, "for you"))
    yield
    _sql(people, "events", "UPDATE offer SET warn_at = now() WHERE entry_id = '{}'", first["id"])
    _until(
        lambda: _sql(
            people, "events", "SELECT 1 FROM offer WHERE entry_id = '{}' AND warned", first["id"]
        )
    )
    _sql(people, "events", "UPDATE offer SET expires_at = now() WHERE entry_id = '{}'", first["id"])
    yield
    assert ola.entry(first)["status"] == "EXPIRED"
    assert mari.entry(second)["status"] == "OFFERED"
    assert (_letters(ola, "for you"), _letters(mari, "for you")) == (1, 1)


@_flow(events.OfferMade, events.OfferRescheduled)
def an_offer_is_told_of_late(people: People) -> Steps:
    kari, ola = people.customers(2)
    event = people.event(1, _in_days(30))
    reservation = kari.reserve(event, 1)
    entry = ola.wait_for(event, 1)
    yield
    people.suite.wires.cut(people.suite.wires.between("events", NATS))
    kari.release(reservation)
    earlier = "UPDATE offer SET made_at = made_at - interval '1 hour' WHERE entry_id = '{}'"
    _sql(people, "events", earlier, entry["id"])
    people.suite.wires.mend()
    yield
    assert ola.entry(entry)["status"] == "OFFERED"


@_flow(events.WaitlistPooled, events.OfferMade, events.OfferAccepted, events.TicketsReleased)
def seats_are_pooled_for_a_large_party(people: People) -> Steps:
    kari, ola, mari = people.customers(3)
    event = people.event(6, _in_days(30))
    reservation = kari.reserve(event, 6)
    party = ola.wait_for(event, 3, least=3)
    yield
    for _ in range(3):  # passed over three times
        single = mari.wait_for(event, 1)
        kari.release(reservation, 1)
        mari.accept(single)
    for _ in range(3):
        kari.release(reservation, 1)
    yield
    assert ola.entry(party)["offer"]["tickets"] == 3


@_flow(events.EventChanged)
def an_event_is_moved(people: People) -> Steps:
    [kari] = people.customers(1)
    event = people.event(3, _in_days(30))
    kari.reserve(event, 2)
    yield
    later = _in_days(31).isoformat()
    people.staff.patch(f"/v1/events/{event}", {"startsAt": later})
    yield
    assert _letters(kari, "moved") == 1


@_flow(events.EventCancelled, events.ReservationCancelled, events.OfferRevoked, events.WaitlistLeft)
def an_event_is_cancelled(people: People) -> Steps:
    kari, ola, mari = people.customers(3)
    event = people.event(2, _in_days(30))
    reservation = kari.reserve(event, 2)
    offered, waiting = ola.wait_for(event, 1), mari.wait_for(event, 2, least=2)
    kari.release(reservation, 1)
    yield
    people.cancel(event)
    yield
    assert (ola.entry(offered)["status"], mari.entry(waiting)["status"]) == ("REVOKED", "CLOSED")
    assert _letters(kari, "cancelled") == 1


@_flow(events.BallotDrawn, events.OfferMade)
def a_ballot_is_drawn(people: People) -> Steps:
    kari, ola = people.customers(2)
    event = people.event(1, _in_days(30), mode="BALLOT", ballotClosesAt=_in_days(5).isoformat())
    entries = [(each, each.wait_for(event, 1)) for each in (kari, ola)]
    yield
    closed = "UPDATE event SET ballot_closes_at = now() WHERE id = '{}'"
    _sql(people, "events", closed, event)
    drawn = "SELECT ballot_drawn_at FROM event WHERE id = '{}'"
    _until(lambda: _sql(people, "events", drawn, event))
    yield
    statuses = sorted(person.entry(entry)["status"] for person, entry in entries)
    assert statuses == ["OFFERED", "WAITING"]


@_flow(events.GuestAdmitted, events.GuestUndone)
def guests_come_in(people: People) -> Steps:
    [kari] = people.customers(1)
    event = people.event(3, _in_days(30))
    reservation = kari.reserve(event, 2)
    door = {"reservationId": reservation["id"], "device": "door-1"}
    yield
    admit = {**door, "guests": 2, "nonce": str(uuid4())}
    people.staff.post(f"/v1/events/{event}/door:admit", admit)
    undo = {**door, "guests": 1, "nonce": str(uuid4())}
    people.staff.post(f"/v1/events/{event}/door:undo", undo)
    yield
    [party] = people.staff.get(f"/v1/events/{event}/guestList")["parties"]
    assert party["admitted"] == 1


# Consent and outreach.


@_flow(consent.ConsentGiven, events.EventPublished)
def news_go_to_those_who_want_them(people: People) -> Steps:
    kari, ola = people.customers(2)
    yield
    kari.decide(is_yes=True)
    event = people.event(3, _in_days(30))
    yield
    published = people.staff.get(f"/v1/events/{event}")
    # Others make events meanwhile, of which they hear as well.
    news = f"New in Kraftklubben: {published['title']}"
    assert (_letters(kari, news), _letters(ola, "New in")) == (1, 0)
    assert published["status"] == "PUBLISHED"


@_flow(consent.ConsentWithdrawn)
def news_stop_for_those_who_do_not(people: People) -> Steps:
    kari, ola = people.customers(2)
    for each in (kari, ola):
        each.decide(is_yes=True)
    yield
    kari.decide(is_yes=False)
    subject = f"Nytt {uuid4().hex[:6]}"
    text = {"subject": subject, "body": "Vi har fleire konsertar."}
    texts = {"nn": text, "nb": text, "en": text}
    drafted = people.staff.post("/v1/mailings", {"purpose": "kraftklubben", "texts": texts})
    people.staff.post(f"/v1/mailings/{drafted['id']}:schedule", {"version": drafted["version"]})
    yield
    assert (_letters(kari, subject), _letters(ola, subject)) == (0, 1)


@_flow(consent.LedgerAnchored)
def the_ledger_is_anchored(people: People) -> Steps:
    [kari] = people.customers(1)
    kari.decide(is_yes=True)
    yesterday = (
        "SET session_replication_role = replica; "
        "UPDATE ledger_anchor SET anchored_at = anchored_at - interval '2 days'"
    )
    _sql(people, "consent", yesterday)
    yield
    before = _anchors(people)
    people.suite.kill("consent")
    _until(lambda: _anchors(people) > before)
    yield


def _anchors(people: People) -> int:
    return int(_sql(people, "consent", "SELECT count(*) FROM ledger_anchor"))


# Energy.


@_flow(metering.ReadingsImported, metering.ReadingsCorrected)
def hours_are_imported_and_corrected(people: People) -> Steps:
    [kari] = people.customers(1)
    point = people.point(kari)
    start = datetime(2026, 3, 1, tzinfo=UTC)
    hours = {start + timedelta(hours=hour): 100 + hour for hour in range(48)}
    yield
    people.import_hours(point, hours, start + timedelta(days=3))
    corrected = {at: wh + 5 for at, wh in list(hours.items())[:10]}
    people.import_hours(point, corrected, start + timedelta(days=4))
    yield
    for resolution in ("HOUR", "DAY", "MONTH"):
        query = f"resolution={resolution}&from=2026-03-01&to=2026-04-01"
        usage = kari.get(f"/v1/meteringPoints/{point}/usage?{query}")
        wanted = sum({**hours, **corrected}.values())
        assert round(sum(each or 0 for each in usage["kwh"]) * 1000) == wanted


@_flow(metering.SpotPricesImported)
def prices_are_imported(people: People) -> Steps:
    yield
    people.import_prices("NO5")
    yield


def _end_with(customer: Customer, path: str) -> None:
    """Ends something, and with it the session in which that is asked for.

    Whoever got no answer, and asks again, is told that nobody is logged in.
    """
    try:
        customer.delete(path)
    except Refused as refused:
        if refused.code not in {"SESSION_ENDED", "UNAUTHENTICATED"}:
            raise


def _in_days(days: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)


def _letters(customer: Customer, about: str) -> int:
    """Counts the mails to somebody whose subject says something."""
    return sum(about in mail.subject for mail in customer.suite.mail.to(customer.email))


def _sql(people: People, service: str, statement: str, of: str = "") -> str:
    """Has time pass in a database, or looks into it; patient while it is being started again."""
    until = time.monotonic() + SECONDS
    while True:
        try:
            return people.suite.plan.postgres.run_sql(statement.format(of), service)
        except LocalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def _until(condition: Callable[[], object]) -> None:
    assert wait_until(lambda: bool(condition()), SECONDS), condition
