"""What is read off the bus: envelopes and events, by every consumer, on real databases."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast
from uuid import UUID, uuid4

from google.protobuf.timestamp_pb2 import Timestamp

import services.consent.consumers
import services.events.consumers
import services.metering.consumers
from gateway.app import Request
from gateway.cookies import Cookies
from gateway.ended_sessions import EndedSessions
from gateway.live import Streams
from gateway.session import Session
from kit import dead_letters, errors
from kit.access import Caller, InternalToken
from kit.database import Database
from kit.envelope import Envelope
from kit.ids import SystemIds
from kit.inbox import TRIES, Consumer, consume
from kit.outbox import Outbox
from kit.testing import FrozenClock, Neighbours
from kundeapp.events.v1 import events_events_pb2 as told
from kundeapp.identity.v1 import identity_events_pb2 as identity
from services.consent.storage import PostgresStore as ConsentStore
from services.events.storage import PostgresStore as EventsStore
from services.metering.storage import PostgresStore as MeteringStore
from tests.fuzz.target import Target, run, text_of

CUSTOMER: Final = str(UUID(int=2))
EVENT: Final = str(UUID(int=3))
_NEW = "new"
"""Stands for an id that no event has had: what came before is not handled again."""
SETTLEMENT: Final = dead_letters.Settlement(
    datetime(2026, 3, 2, tzinfo=UTC), UUID(int=9), "the handler was mended"
)


@dataclass(frozen=True)
class Hearer:
    """A consumer and its database."""

    consumer: Consumer
    database: Database


@dataclass
class Message:
    """A message as nats-py hands it out; keeps what was answered."""

    subject: str
    data: bytes
    headers: Mapping[str, str]
    answers: list[str] = field(default_factory=list[str])
    metadata: Any = field(default_factory=lambda: SimpleNamespace(num_delivered=TRIES))

    async def ack(self) -> None:
        self.answers.append("ack")

    async def nak(self, _delay: float) -> None:
        self.answers.append("nak")

    async def term(self) -> None:
        self.answers.append("term")

    async def in_progress(self) -> None:
        self.answers.append("in progress")


class OneMessage:
    """A bus with one message, after which nothing comes any more."""

    def __init__(self, message: Message) -> None:
        self._messages = [message]

    @contextlib.asynccontextmanager
    async def pull(self, *_: object, **__: object) -> AsyncGenerator[AsyncGenerator[Message]]:
        if not self._messages:
            raise asyncio.CancelledError

        async def messages() -> AsyncGenerator[Message]:
            yield self._messages.pop()

        yield messages()


@contextlib.asynccontextmanager
async def hearers(neighbours: Neighbours) -> AsyncGenerator[Sequence[Hearer]]:
    """Opens every consumer of the suite."""
    clock, ids = FrozenClock(), SystemIds()
    consent, events = services.consent.consumers, services.events.consumers
    consumers: Mapping[str, Sequence[Consumer]] = {
        "consent": (
            consent.customers(ConsentStore, clock),
            consent.events(ConsentStore, ids, clock),
            consent.waiting_list(ConsentStore, ids, clock),
        ),
        "events": (
            events.customers(EventsStore, ids, clock),
            events.offers(EventsStore, ids, clock),
        ),
        "metering": (services.metering.consumers.customers(MeteringStore),),
    }
    async with contextlib.AsyncExitStack() as stack:
        opened: list[Hearer] = []
        for name, several in consumers.items():
            migrations = Path(str(getattr(services, name).__file__)).parent / "migrations"
            url = await neighbours.database(migrations)
            outbox = Outbox(name, ids, clock)
            database = await stack.enter_async_context(Database.open(url, outbox, connections=2))
            opened.extend(Hearer(consumer, database) for consumer in several)
        yield opened


async def hear(hearers: Sequence[Hearer], data: bytes) -> None:
    """Has everybody hear an event: each is done with it, or buries it where it can be replayed.

    Args:
        hearers: Who hears it.
        data: Its subject and headers, a line each, and after an empty line its payload.
    """
    subject, payload, headers = _received(data)
    for hearer in hearers:
        message = Message(subject, payload, headers)
        bus = cast("Any", OneMessage(message))
        with contextlib.suppress(asyncio.CancelledError):
            await consume(hearer.consumer, bus, hearer.database)
        assert message.answers in (["ack"], ["term"]), (hearer.consumer.name, message.answers)
        if message.answers == ["term"]:
            await _replay(hearer, headers)


async def _replay(hearer: Hearer, headers: Mapping[str, str]) -> None:
    """Handles a buried event once more; what was no event at all was not buried."""
    with contextlib.suppress(KeyError, ValueError, errors.NotFound, dead_letters.FailsAgain):
        key = dead_letters.Key(hearer.consumer.name, UUID(headers["ce-id"]))
        consumers = {hearer.consumer.name: hearer.consumer}
        async with hearer.database.transaction() as transaction:
            await dead_letters.replay(transaction, consumers, key, SETTLEMENT)


def kind_of(data: bytes) -> str:
    """Returns the type that an event says it has."""
    return _received(data)[2]["ce-type"]


def _received(data: bytes) -> tuple[str, bytes, Mapping[str, str]]:
    head, _, payload = data.partition(b"\n\n")
    subject, *lines = text_of(head).split("\n")
    headers = {name: value for name, _, value in (line.partition("=") for line in lines)}
    if headers.get("ce-id") == _NEW:
        headers["ce-id"] = str(uuid4())
    return subject, payload, headers


def pass_by(data: bytes) -> None:
    """Events that pass by the gateway: it forgets what it cannot read, and goes on."""
    run(_pass_by(*_received(data)))


async def _pass_by(subject: str, payload: bytes, headers: Mapping[str, str]) -> None:
    clock = FrozenClock()
    caller = Caller(account_id=UUID(int=1), customer_ids=(UUID(CUSTOMER),), session_id=UUID(int=1))
    session = Session(caller, InternalToken("", clock.now()), clock.now() + timedelta(minutes=1))
    sessions = cast("Any", SimpleNamespace(session=_answering(session)))
    streams, ended = Streams(sessions, clock), EndedSessions(_answering([]), clock)
    await streams.answer(Request("GET", "", "", {}, _answering({}), "nn", Cookies("GET", {}, "")))
    for hear in (ended.hear, streams.hear):
        # Whatever it raises, `bus.listen` logs it and goes on.
        with contextlib.suppress(Exception):
            hear(Envelope.received(subject, payload, headers))
    keeping_up = asyncio.create_task(ended.keep_up())
    for _ in range(3):
        await asyncio.sleep(0)
    assert not keeping_up.done()
    keeping_up.cancel()
    streams.stop()


def _answering(answer: Any) -> Callable[..., Awaitable[Any]]:
    async def ask(*_: object) -> Any:
        return answer

    return ask


def event(subject: str, message: Any, **headers: str) -> bytes:
    """Returns an event as these tests write it down: subject, headers, payload."""
    lines = {
        "ce-id": _NEW,
        "ce-type": message.DESCRIPTOR.full_name,
        "ce-time": "2026-03-02T12:00:00+00:00",
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        **headers,
    }
    head = "\n".join([subject, *(f"{name}={value}" for name, value in lines.items())])
    return head.encode() + b"\n\n" + message.SerializeToString()


def _seeds() -> Sequence[bytes]:
    """Returns an event of each kind that anybody hears."""
    ids: dict[str, Any] = {"customer_id": CUSTOMER, "event_id": EVENT}
    offer: dict[str, Any] = {**ids, "offer_id": str(UUID(int=4))}
    whose: dict[str, Any] = {**ids, "reservation_id": str(UUID(int=5))}
    reservation: dict[str, Any] = {**whose, "total": 2, "tickets": 1}
    published = told.EventPublished(event_id=EVENT, title="Konsert", venue="Volda", capacity=9)
    published.starts_at.seconds = published.sales_open_at.seconds = 1_790_000_000
    changed = told.EventChanged(event_id=EVENT, title="Konsert", venue="Ørsta", moved=True)
    changed.starts_at.seconds = 1_790_003_600
    offers = [
        kind(**offer, tickets=2, expires_at=Timestamp(seconds=1_780_000_000))
        for kind in (told.OfferMade, told.OfferRescheduled, told.OfferExpiring)
    ]
    entry: dict[str, Any] = {**ids, "entry_id": str(UUID(int=6))}
    number: dict[str, Any] = {"customer_id": CUSTOMER, "customer_number": "100001", "status": 1}
    customer, events = f"kundeapp.identity.customer.{CUSTOMER}", "kundeapp.events"
    return [
        event(f"{customer}.created", identity.CustomerCreated(**number)),
        event(f"{customer}.changed", identity.CustomerChanged(**number)),
        event(f"{customer}.erased", identity.CustomerErased(customer_id=CUSTOMER)),
        event(f"{customer}.contact", identity.CustomerContactChanged(customer_id=CUSTOMER)),
        event("kundeapp.identity.session.1.ended", identity.SessionEnded(session_id=EVENT)),
        event(f"{events}.event.{EVENT}.published", published),
        event(f"{events}.event.{EVENT}.changed", changed),
        event(f"{events}.event.{EVENT}.cancelled", told.EventCancelled(event_id=EVENT, reason="x")),
        event(f"{events}.reservation.1.confirmed", told.ReservationConfirmed(**reservation)),
        event(f"{events}.reservation.1.cancelled", told.ReservationCancelled(**whose)),
        event(f"{events}.tickets.1.released", told.TicketsReleased(**reservation)),
        *(event(f"{events}.offer.1.told", each) for each in offers),
        event(f"{events}.offer.1.accepted", told.OfferAccepted(**offer)),
        event(f"{events}.offer.1.declined", told.OfferDeclined(**offer)),
        event(f"{events}.offer.1.revoked", told.OfferRevoked(**offer)),
        event(f"{events}.offer.1.expired", told.OfferExpired(**offer)),
        event(f"{events}.waitlist.1.joined", told.WaitlistJoined(**entry, wanted=2)),
        event(f"{events}.waitlist.1.left", told.WaitlistLeft(**entry, closed=True)),
    ]


SEEDS: Final = _seeds()
WORDS: Final = (
    *(b"ce-time=2026-03-02T12:00:00", b"ce-time=0001-01-01T00:00:00+23:59", b"ce-id=", b"\x00"),
    *(b"kundeapp.identity.v1.CustomerCreated", b"kundeapp.events.v1.OfferMade", b".\xc2\x85."),
)
TARGETS: Final = (Target("events that pass by the gateway", pass_by, SEEDS, WORDS, inputs=15),)
