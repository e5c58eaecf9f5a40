"""What letters about events say: looked up when they are written, so that it holds then."""

from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from kit.errors import Unavailable
from kit.keyed_hash import SecretKey
from services.consent.domain.kinds import KINDS, Class
from services.consent.domain.letters import File
from services.consent.domain.neighbours import GuestList
from services.consent.domain.notifications import Notification
from services.consent.domain.programme import Event, Reservation
from services.consent.domain.store import Store, Stores
from services.consent.handlers.details import ProgrammeDetails
from services.consent.handlers.writing import Links
from services.consent.letters import write
from services.consent.tokens import KeyedReleaseTokens, KeyedUnsubscribeTokens

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
EVENT = Event(uuid4(), "Konsert", "Kulturhuset", NOW + timedelta(days=3), capacity=50)
CUSTOMER, RESERVATION = uuid4(), uuid4()
KEYS = [SecretKey("test", bytes(32))]
PDF = File("billettar.pdf", "application/pdf", b"%PDF-")


@dataclass
class Programme:
    """What is known of events and reservations."""

    known: dict[UUID, Event] = field(default_factory=lambda: {EVENT.id: EVENT})
    tickets: int = 2

    async def events(self, event_ids: Collection[UUID]) -> Mapping[UUID, Event]:
        return {each: self.known[each] for each in event_ids if each in self.known}

    async def reservation(self, reservation_id: UUID) -> Reservation:
        return Reservation(reservation_id, EVENT.id, CUSTOMER, self.tickets, 1, NOW)

    async def reserved(self, event_ids: Collection[UUID]) -> Mapping[UUID, int]:
        return dict.fromkeys(event_ids, 34)

    @asynccontextmanager
    async def __call__(self) -> AsyncGenerator[Store]:
        yield cast("Store", self)


@dataclass
class Printer:
    """What the service of events prints."""

    pdf: File | None = PDF

    async def tickets(self, _reservation_id: UUID, _language: str, /) -> File | None:
        return self.pdf

    async def guest_list(self, _event_id: UUID, /) -> GuestList | None:
        return GuestList((PDF,), parties=3, guests=7, waiting=1)


class Register:
    """Who customers are."""

    async def names(self, customer_ids: Collection[UUID]) -> Mapping[UUID, str]:
        return {CUSTOMER: "Kari Nybø"} if CUSTOMER in customer_ids else {}


FACTS: Mapping[str, Mapping[str, Any]] = {
    "reservation-confirmed": {"tickets": 2},
    "tickets-released": {"tickets": 1, "total": 1},
    "offer-made": {"tickets": 2, "expires_at": NOW},
    "offer-expiring": {"tickets": 2, "expires_at": NOW},
    "still-coming": {"hours": 24},
    "guest-list": {"hours": 24},
    "event-published": {"sales_open_at": NOW, "unsubscribe_url": "https://example.com/av"},
    "reservation-digest": {
        "notices": [
            {
                "at": NOW.isoformat(),
                "event_id": str(EVENT.id),
                "customer_id": str(CUSTOMER),
                "what": what,
                "tickets": 2,
                "total": None if what == "waiting" else 2,
            }
            for what in ("reserved", "released", "cancelled", "waiting", "left")
        ]
    },
}
"""What is taken down of a kind, beside its event and reservation."""

ABOUT_EVENTS = sorted(kind for kind in KINDS if not kind.startswith("news"))


def _told_of(kind: str) -> Notification:
    return Notification(
        id=uuid4(),
        cause=kind,
        kind=kind,
        customer_id=None if KINDS[kind].of is Class.STAFF else CUSTOMER,
        facts={
            "event_id": str(EVENT.id),
            "reservation_id": str(RESERVATION),
            **FACTS.get(kind, {}),
        },
        due_at=NOW,
        not_after=None,
        topic="",
    )


def _details(
    programme: Programme | None = None, printer: Printer | None = None
) -> ProgrammeDetails:
    return ProgrammeDetails(
        cast("Stores", programme or Programme()),
        printer or Printer(),
        Register(),
        Links("https://example.com", KeyedUnsubscribeTokens(KEYS), KeyedReleaseTokens(KEYS)),
    )


@pytest.mark.parametrize("kind", ABOUT_EVENTS)
@pytest.mark.parametrize("language", ["nn", "nb", "en"])
async def test_every_letter_about_an_event_can_be_written_with_what_is_looked_up(
    kind: str, language: str
) -> None:
    notification = _told_of(kind)
    told = await _details().of(notification, language)
    assert told is not None

    written = write(kind, language, {**notification.facts, **told.facts}, phone="05500")

    if kind != "reservation-digest":
        assert "Konsert" in written.subject
    assert "Konsert" in written.text


async def test_a_confirmation_has_the_tickets_with_it_and_says_how_many_there_are_now() -> None:
    told = await _details(Programme(tickets=4)).of(_told_of("reservation-confirmed"), "nn")

    assert told is not None
    assert told.facts["total"] == 4
    assert told.files == (PDF,)


@pytest.mark.parametrize(
    ("kind", "programme", "printer"),
    [
        ("reservation-confirmed", Programme(tickets=0), Printer()),
        ("reservation-confirmed", Programme(), Printer(pdf=None)),
        ("still-coming", Programme(tickets=0), Printer()),
        ("event-moved", Programme(tickets=0), Printer()),
    ],
)
async def test_who_has_no_tickets_any_longer_is_not_told_of_them(
    kind: str, programme: Programme, printer: Printer
) -> None:
    assert await _details(programme, printer).of(_told_of(kind), "nn") is None


@pytest.mark.parametrize("kind", ["still-coming", "event-moved", "event-published", "guest-list"])
async def test_of_an_event_that_is_cancelled_nothing_else_is_told(kind: str) -> None:
    cancelled = Event(
        EVENT.id, EVENT.title, EVENT.venue, EVENT.starts_at, 50, cancelled_because="Stormen"
    )
    details = _details(Programme(known={EVENT.id: cancelled}))

    assert await details.of(_told_of(kind), "nn") is None
    told = await details.of(_told_of("event-cancelled"), "nn")
    assert told is not None
    assert told.facts["reason"] == "Stormen"


async def test_an_event_that_was_not_heard_of_yet_is_waited_for() -> None:
    for kind in ("offer-made", "reservation-digest"):
        with pytest.raises(Unavailable):
            await _details(Programme(known={})).of(_told_of(kind), "nn")


async def test_a_digest_names_who_did_what() -> None:
    told = await _details().of(_told_of("reservation-digest"), "nn")

    assert told is not None
    [event] = cast("list[Mapping[str, Any]]", told.facts["events"])
    assert (event["title"], event["reserved"], event["capacity"]) == ("Konsert", 34, 50)
    assert {row["name"] for row in event["rows"]} == {"Kari Nybø"}
