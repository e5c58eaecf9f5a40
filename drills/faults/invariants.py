"""What must hold in the whole suite whenever nothing is under way, whatever has failed before.

Each check says in words what is not so, and reads the databases, the bus and the mail server beside
the suite itself. DESIGN's chapters are those of money and energy (6), seats (7), consent (8), and
events between services (9).
"""

# nats-py leaves its keyword arguments untyped.
# pyright: reportUnknownMemberType=false

import asyncio
from collections import Counter
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Collection,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final, TypeVar

import asyncpg
import nats
from google.protobuf.message import Message
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from cli.consent.service import ConsentService
from cli.local.plan import SERVICES
from drills.faults.mail import Mail
from drills.faults.people import Journal, again
from drills.faults.suite import Suite
from kit.bus import STREAM
from kit.clock import SystemClock
from kit.ids import SystemIds
from kit.inbox import Consumer
from kit.postgres import Connection
from kundeapp.consent.v1 import consent_events_pb2 as consent_told
from kundeapp.events.v1 import events_events_pb2 as told
from kundeapp.identity.v1 import identity_events_pb2 as identity_told
from kundeapp.metering.v1 import metering_events_pb2 as metering_told
from services.consent import consumers as of_consent
from services.consent.domain.kinds import KINDS, Class
from services.consent.domain.letters import Permit
from services.consent.storage import PostgresStore as ConsentStore
from services.events import consumers as of_events
from services.events.storage import PostgresStore as EventsStore
from services.metering import consumers as of_metering
from services.metering.storage import PostgresStore as MeteringStore

if TYPE_CHECKING:
    from uuid import UUID

_Event = TypeVar("_Event", bound=Message)

CONSUMERS: Final[Mapping[str, Sequence[Consumer]]] = {
    "metering": (of_metering.customers(MeteringStore),),
    "consent": (
        of_consent.customers(ConsentStore, SystemClock()),
        of_consent.events(ConsentStore, SystemIds(), SystemClock()),
        of_consent.waiting_list(ConsentStore, SystemIds(), SystemClock()),
    ),
    "events": (
        of_events.customers(EventsStore, SystemIds(), SystemClock()),
        of_events.offers(EventsStore, SystemIds(), SystemClock()),
    ),
}
"""Who hears of events, by service."""


@dataclass
class Books:
    """All that a suite has written down.

    Attributes:
        identity: Its database; the others likewise.
        mails: What the mail server has taken.
        journal: What people were promised.
        stream: The bus.
        ledger_faults: What the service itself finds wrong with the ledger.
    """

    identity: Connection
    metering: Connection
    consent: Connection
    events: Connection
    mails: Sequence[Mail]
    journal: Journal
    stream: JetStreamContext
    ledger_faults: Sequence[str] = ()

    def of(self, service: str) -> Connection:
        """Returns the database of a service."""
        connection: Connection = getattr(self, service)
        return connection

    async def published(self, service: str, kind: type[_Event]) -> Sequence[_Event]:
        """Returns what a service has told of a kind, in order."""
        rows = await self.of(service).fetch(
            "SELECT payload FROM outbox WHERE type = $1 ORDER BY seq", kind.DESCRIPTOR.full_name
        )
        return [kind.FromString(row["payload"]) for row in rows]


Check = Callable[[Books], Awaitable[Sequence[str]]]

INVARIANTS: Final[dict[str, Check]] = {}
"""All of them, by name."""


def _invariant(check: Check) -> Check:
    INVARIANTS[check.__name__] = check
    return check


# Nothing is under way.


@_invariant
async def nothing_is_in_flight(books: Books) -> Sequence[str]:
    """All that was begun has ended: what is published, heard, learned, written and sent.

    What is looked at first leads to what is looked at next, so that nothing passes by unseen.
    """
    found = list[str]()
    for service in SERVICES:
        unsent = await books.of(service).fetchval(
            "SELECT count(*) FROM outbox WHERE sent_at IS NULL"
        )
        if unsent:
            found.append(f"{service}: {unsent} events are not published")
    for consumers in CONSUMERS.values():
        for consumer in consumers:
            known = await books.stream.consumer_info(STREAM, consumer.name)
            waiting = (known.num_pending or 0) + (known.num_ack_pending or 0)
            if waiting:
                found.append(f"{waiting} events wait for {consumer.name}")
    for service, what, query in _IN_FLIGHT:
        count = await books.of(service).fetchval(f"SELECT count(*) FROM {query}")  # noqa: S608 - ours
        if count:
            found.append(f"{service}: {count} {what}")
    return found


_SENDING = "state = 'SENDING' OR (state = 'SCHEDULED' AND starts_at <= now())"
_IN_FLIGHT: Final = (
    ("metering", "imports have not ended", "reading_import"),
    ("events", "names are not learned", "customer WHERE named_revision < revision"),
    ("events", "offers are not told of", "offer WHERE status = 'OPEN' AND told_at IS NULL"),
    ("events", "offers are over", "offer WHERE status = 'OPEN' AND expires_at <= now()"),
    ("consent", "contacts are not learned", "customer WHERE ask_at IS NOT NULL"),
    ("consent", "mailings are going out", f"mailing WHERE {_SENDING}"),
    ("consent", "things are not told to staff", "staff_notice"),
    ("consent", "letters are not written", "notification WHERE state = 'WAITING'"),
    ("consent", "messages are not sent", "courier_message WHERE outcome IS NULL"),
    ("identity", "messages are not sent", "courier_message WHERE outcome IS NULL"),
)


@_invariant
async def nothing_is_buried(books: Books) -> Sequence[str]:
    """No event was set aside that nobody has looked at."""
    return [
        f"{service}: {row['consumer']} has buried {row['type']} {row['event_id']}: {row['reason']}"
        for service in SERVICES
        for row in await books.of(service).fetch("SELECT * FROM dead_letter WHERE outcome IS NULL")
    ]


@_invariant
async def every_retry_would_be_answered(books: Books) -> Sequence[str]:
    """Where a key is kept, so is the answer."""
    return [
        f"{service}: no answer to {row['scope']}"
        for service in SERVICES
        for row in await books.of(service).fetch("SELECT * FROM idempotency WHERE answer IS NULL")
    ]


# Events between services.


@_invariant
async def every_event_is_on_the_bus_once(books: Books) -> Sequence[str]:
    """What was committed was published, and the bus has stored it once."""
    kept = Counter(await _on_the_bus(books.stream))
    found = list[str]()
    for service in SERVICES:
        rows = await books.of(service).fetch("SELECT id::text, type FROM outbox")
        found += [
            f"{service}: {row['type']} {row['id']} is on the bus {kept[row['id']]} times"
            for row in rows
            if kept[row["id"]] != 1
        ]
        for row in rows:
            del kept[row["id"]]
    return [*found, *(f"nobody has published {event}" for event in kept)]


@_invariant
async def every_event_is_heard_once(books: Books) -> Sequence[str]:
    """Each consumer has taken each event that it wants, and no other."""
    outbox = {
        service: await books.of(service).fetch("SELECT id, subject, type FROM outbox")
        for service in SERVICES
    }
    found = list[str]()
    for service, consumers in CONSUMERS.items():
        for consumer in consumers:
            wanted = {
                row["id"]: row["type"]
                for rows in outbox.values()
                for row in rows
                if _is_for(consumer, row["subject"], row["type"])
            }
            heard = {
                row["event_id"]
                for row in await books.of(service).fetch(
                    "SELECT event_id FROM inbox WHERE consumer = $1", consumer.name
                )
            }
            buried = {
                row["event_id"]
                for row in await books.of(service).fetch(
                    "SELECT event_id FROM dead_letter WHERE consumer = $1", consumer.name
                )
            }
            found += [
                f"{consumer.name} has not heard {wanted[event_id]} {event_id}"
                for event_id in wanted.keys() - heard - buried
            ]
            found += [
                f"{consumer.name} has heard {event_id}, which nobody has told"
                for event_id in heard - wanted.keys()
            ]
    return found


def _is_for(consumer: Consumer, subject: str, kind: str) -> bool:
    return consumer.effect_of(kind) is not None and any(
        _matches(pattern.split("."), subject.split(".")) for pattern in consumer.subjects
    )


def _matches(pattern: Sequence[str], subject: Sequence[str]) -> bool:
    if pattern[-1] == ">":
        return len(subject) >= len(pattern) and _matches(pattern[:-1], subject[: len(pattern) - 1])
    return len(pattern) == len(subject) and all(
        part in {"*", other} for part, other in zip(pattern, subject, strict=True)
    )


@_invariant
async def customers_are_known_alike(books: Books) -> Sequence[str]:
    """Whoever is in the register is known to every service as the register has it."""
    register = {
        row["id"]: row
        for row in await books.identity.fetch(
            "SELECT id, number, name, status, account_id, erased_at FROM customer"
        )
    }
    expected: Mapping[str, Mapping[UUID, Sequence[object]]] = {
        "metering": {key: [row["number"]] for key, row in register.items()},
        "events": {key: [row["number"], row["name"]] for key, row in register.items()},
        "consent": {
            key: [
                row["number"],
                "ERASED" if row["erased_at"] else row["status"],
                row["account_id"],
            ]
            for key, row in register.items()
        },
    }
    columns = {
        "metering": "number",
        "events": "number, name",
        "consent": "number, status, account_id",
    }
    found = list[str]()
    for service, wanted in expected.items():
        rows = await books.of(service).fetch(f"SELECT id, {columns[service]} FROM customer")  # noqa: S608 - ours
        known = {row["id"]: list(row)[1:] for row in rows}
        found += [
            f"{service} knows customer {key} as {known.get(key)}, the register as {each}"
            for key, each in wanted.items()
            if known.get(key) != each
        ]
    return found


@_invariant
async def the_register_is_told(books: Books) -> Sequence[str]:
    """Customers and accounts are told of as they come and go, each once."""
    created = Counter(
        each.customer_id
        for each in await books.published("identity", identity_told.CustomerCreated)
    )
    erased = Counter(
        each.customer_id for each in await books.published("identity", identity_told.CustomerErased)
    )
    opened = Counter(
        each.account_id
        for each in await books.published("identity", identity_told.AccountRegistered)
    )
    closed = Counter(
        each.account_id for each in await books.published("identity", identity_told.AccountClosed)
    )
    customers = await books.identity.fetch("SELECT id::text, erased_at FROM customer")
    accounts = await books.identity.fetch("SELECT id::text FROM account WHERE roles = '{}'")
    gone = {row["id"] for row in customers if row["erased_at"]}
    return [
        *_differences("told of customer", created, Counter(row["id"] for row in customers)),
        *_differences("told of the erasure of", erased, Counter(gone)),
        *_differences("told of account", opened - closed, Counter(row["id"] for row in accounts)),
        *(
            f"account {each} was closed {times} times"
            for each, times in closed.items()
            if times > 1
        ),
    ]


def _differences(what: str, found: "Counter[str]", wanted: "Counter[str]") -> Iterator[str]:
    for each in sorted(found.keys() | wanted.keys()):
        if found[each] != wanted[each]:
            yield f"{what} {each}: {found[each]}, not {wanted[each]}"


# Seats.


@_invariant
async def tickets_are_within_capacity(books: Books) -> Sequence[str]:
    """No more tickets are handed out and held than there are seats."""
    rows = await books.events.fetch(
        """
        SELECT event_id, capacity,
            (SELECT count(*) FROM ticket t WHERE t.event_id = i.event_id AND status = 'ACTIVE')
            + (SELECT coalesce(sum(tickets), 0) FROM offer o
               WHERE o.event_id = i.event_id AND status = 'OPEN') AS taken
        FROM inventory i
        """
    )
    return [
        f"event {row['event_id']}: {row['taken']} of {row['capacity']} seats"
        for row in rows
        if row["taken"] > row["capacity"]
    ]


@_invariant
async def counters_equal_their_rows(books: Books) -> Sequence[str]:
    """What an event counts as reserved and held is what its tickets, offers and pools are."""
    rows = await books.events.fetch(
        """
        SELECT event_id, reserved, held,
            (SELECT count(*) FROM ticket t WHERE t.event_id = i.event_id AND status = 'ACTIVE')
                AS tickets,
            (SELECT coalesce(sum(quantity), 0) FROM reservation r
             WHERE r.event_id = i.event_id AND status = 'ACTIVE') AS quantities,
            (SELECT coalesce(sum(tickets), 0) FROM offer o
             WHERE o.event_id = i.event_id AND status = 'OPEN')
            + (SELECT coalesce(sum(pooled), 0) FROM waitlist_entry w
               WHERE w.event_id = i.event_id AND status = 'WAITING') AS kept
        FROM inventory i
        """
    )
    found = [
        f"event {row['event_id']}: reserved {row['reserved']}, {row['tickets']} tickets, "
        f"{row['quantities']} in reservations"
        for row in rows
        if not row["reserved"] == row["tickets"] == row["quantities"]
    ]
    found += [
        f"event {row['event_id']}: held {row['held']}, {row['kept']} in offers and pools"
        for row in rows
        if row["held"] != row["kept"]
    ]
    odd = await books.events.fetch(
        """
        SELECT r.id, quantity, status FROM reservation r
        WHERE CASE status WHEN 'ACTIVE' THEN quantity ELSE 0 END <> (
            SELECT count(*) FROM ticket t WHERE t.reservation_id = r.id AND status = 'ACTIVE'
        )
        """
    )
    return [*found, *(f"reservation {row['id']} has not {row['quantity']} tickets" for row in odd)]


@_invariant
async def the_line_is_served(books: Books) -> Sequence[str]:
    """Who is offered something has one open offer, and nobody waits whose least fits."""
    odd = await books.events.fetch(
        """
        SELECT w.id, w.status, count(o.id) AS offers FROM waitlist_entry w
        LEFT JOIN offer o ON o.entry_id = w.id AND o.status = 'OPEN'
        GROUP BY w.id HAVING count(o.id) <> (w.status = 'OFFERED')::int
        """
    )
    unserved = await books.events.fetch(
        """
        SELECT w.id FROM waitlist_entry w
        JOIN event e ON e.id = w.event_id JOIN inventory i ON i.event_id = w.event_id
        WHERE w.status = 'WAITING' AND e.status = 'PUBLISHED'
            AND e.waiting_list_closes_at > now() AND capacity > reserved + held
            AND least <= capacity - reserved - held + pooled
            AND (ballot_closes_at IS NULL OR ballot_drawn_at IS NOT NULL)
        """
    )
    return [
        *(f"entry {row['id']} is {row['status']} with {row['offers']} open offers" for row in odd),
        *(f"entry {row['id']} waits though it fits" for row in unserved),
    ]


@_invariant
async def seats_are_told(books: Books) -> Sequence[str]:
    """What events has told of reservations and offers adds up to what they are."""
    told_of = Counter[str]()
    for each in await books.published("events", told.ReservationConfirmed):
        told_of[each.reservation_id] += each.tickets
    for each in await books.published("events", told.TicketsReleased):
        told_of[each.reservation_id] -= each.tickets
    for each in await books.published("events", told.ReservationCancelled):
        told_of[each.reservation_id] = 0
    rows = await books.events.fetch(
        "SELECT id::text, CASE status WHEN 'ACTIVE' THEN quantity ELSE 0 END AS n FROM reservation"
    )
    found = list(
        _differences("tickets told of", +told_of, +Counter({row["id"]: row["n"] for row in rows}))
    )
    offers = await books.events.fetch("SELECT id::text, status FROM offer")
    kinds: Mapping[str, type[Any]] = {
        "ACCEPTED": told.OfferAccepted,
        "DECLINED": told.OfferDeclined,
        "EXPIRED": told.OfferExpired,
        "REVOKED": told.OfferRevoked,
    }
    made = Counter(each.offer_id for each in await books.published("events", told.OfferMade))
    found += _differences("told of offer", made, Counter(row["id"] for row in offers))
    for status, kind in kinds.items():
        ended = Counter(each.offer_id for each in await books.published("events", kind))
        wanted = Counter(row["id"] for row in offers if row["status"] == status)
        found += _differences(f"told that {status} is offer", ended, wanted)
    return found


# Consent and outreach.


@_invariant
async def the_ledger_is_whole(books: Books) -> Sequence[str]:
    """Nobody has changed, cut or rewritten the ledger, as the service itself finds."""
    return books.ledger_faults


@_invariant
async def consents_are_what_was_decided_last(books: Books) -> Sequence[str]:
    """What holds of a customer is the last row of the ledger for it."""
    rows = await books.consent.fetch(
        """
        WITH decided AS (
            SELECT DISTINCT ON (customer_id, purpose, channel)
                customer_id, purpose, channel, decision, notice_version, position
            FROM ledger ORDER BY customer_id, purpose, channel, position DESC
        )
        SELECT customer_id, purpose, channel FROM decided
        FULL JOIN consent
            USING (customer_id, purpose, channel, decision, notice_version, position)
        WHERE decided.position IS NULL OR consent.customer_id IS NULL
        """
    )
    return [f"customer {row[0]}, {row[1]} {row[2]} is not as decided" for row in rows]


@_invariant
async def every_decision_is_told(books: Books) -> Sequence[str]:
    """Each row of the ledger was told of once."""
    kinds = {
        "GIVEN": consent_told.ConsentGiven,
        "WITHDRAWN": consent_told.ConsentWithdrawn,
        "EXPIRED": consent_told.ConsentExpired,
    }
    found = list[str]()
    for decision, kind in kinds.items():
        positions = Counter(
            str(each.ledger_position) for each in await books.published("consent", kind)
        )
        rows = await books.consent.fetch(
            "SELECT position::text FROM ledger WHERE decision = $1", decision
        )
        wanted = Counter(row["position"] for row in rows)
        found += _differences(f"told of {decision} at position", positions, wanted)
    return found


@_invariant
async def consent_follows_the_programme(books: Books) -> Sequence[str]:
    """Events and reservations are known to consent as they are, each change counted once."""
    changes = Counter[str]()
    for kind in (told.ReservationConfirmed, told.TicketsReleased, told.ReservationCancelled):
        changes.update(each.reservation_id for each in await books.published("events", kind))
    tickets = {
        row["id"]: row["n"]
        for row in await books.events.fetch(
            "SELECT id::text, CASE status WHEN 'ACTIVE' THEN quantity ELSE 0 END AS n "
            "FROM reservation"
        )
    }
    rows = await books.consent.fetch("SELECT id::text, tickets, changes FROM reservation")
    known = {row["id"]: (row["tickets"], row["changes"]) for row in rows}
    found = [
        f"reservation {each} is known with tickets and changes {known.get(each)}, "
        f"not {(n, changes[each])}"
        for each, n in tickets.items()
        if known.get(each) != (n, changes[each])
    ]
    programme = """
        SELECT id::text, title, venue, starts_at, capacity, status = 'CANCELLED' AS is_cancelled
        FROM event JOIN inventory ON event_id = id WHERE published_at IS NOT NULL
    """
    here = """
        SELECT id::text, title, venue, starts_at, capacity, cancelled_because IS NOT NULL FROM event
    """
    heard = {row[0]: tuple(row) for row in await books.consent.fetch(here)}
    found += [
        f"event {row['id']} is known as {heard.get(row['id'])}, not {tuple(row)}"
        for row in await books.events.fetch(programme)
        if heard.get(row["id"]) != tuple(row)
    ]
    return found


@_invariant
async def everybody_is_told_once(books: Books) -> Sequence[str]:
    """Each thing that happened to a customer's tickets became one letter to be written."""
    erased = await _erased(books)
    wanted = Counter(
        f"{kind} for {customer}"
        for kind, customer in await _causes(books)
        if customer not in erased
    )
    rows = await books.consent.fetch(
        "SELECT kind, customer_id::text FROM notification WHERE customer_id IS NOT NULL"
    )
    taken_down = Counter(
        f"{row['kind']} for {row['customer_id']}"
        for row in rows
        if row["kind"] in _FOLLOWS and row["customer_id"] not in erased
    )
    return list(_differences("to be told of", taken_down, wanted))


_FOLLOWS: Final[Mapping[str, Sequence[type[Any]]]] = {
    "reservation-confirmed": (told.ReservationConfirmed,),
    "tickets-released": (told.TicketsReleased,),
    "event-cancelled": (told.ReservationCancelled,),
    "offer-made": (told.OfferMade, told.OfferRescheduled),
    "offer-expired": (told.OfferExpired,),
}
"""Which letters follow from which events alone."""


async def _causes(books: Books) -> Sequence[tuple[str, str]]:
    """Returns a kind of letter and a customer for each cause."""
    found = list[tuple[str, str]]()
    for letter, kinds in _FOLLOWS.items():
        told_of: Collection[Any] = [
            each for kind in kinds for each in await books.published("events", kind)
        ]
        if letter == "offer-made":  # told of anew only if it ends at another time
            told_of = {
                (each.offer_id, each.expires_at.ToNanoseconds()): each for each in told_of
            }.values()
        found += [(letter, each.customer_id) for each in told_of]
    return found


async def _erased(books: Books) -> frozenset[str]:
    rows = await books.consent.fetch("SELECT id::text FROM customer WHERE status = 'ERASED'")
    return frozenset(row["id"] for row in rows)


@_invariant
async def every_letter_is_sent(books: Books) -> Sequence[str]:
    """What was written was handed over, and the mail server has it and nothing else."""
    rows = [
        row
        for service in ("identity", "consent")
        for row in await books.of(service).fetch(
            "SELECT id::text, purpose, outcome FROM courier_message"
        )
    ]
    taken = {mail.id for mail in books.mails}
    sent = {row["id"] for row in rows if row["outcome"] == "SENT"}
    found = [f"message {each} was sent and has not come" for each in sent - taken]
    found += [f"mail {each} was never queued" for each in taken - {row["id"] for row in rows}]
    lost = Counter(
        f"{row['purpose']} is {row['outcome']}" for row in rows if row["outcome"] in _LOST
    )
    return [*found, *(f"{times} times {what}" for what, times in lost.items())]


_LOST: Final = ("REFUSED", "EXPIRED", "LIMITED")


@_invariant
async def nobody_is_mailed_twice(books: Books) -> Sequence[str]:
    """A cause became one letter; what was handed over again, after a kill, has the same id."""
    queued = Counter[str]()
    mailings = Counter[str]()
    for row in await books.consent.fetch("SELECT purpose, permit FROM courier_message"):
        queued[row["purpose"]] += 1
        if row["permit"]:
            permit = Permit.read(row["permit"])
            mailings[f"mailing {permit.mailing_id} for customer {permit.customer_id}"] += 1
    written = Counter(
        row["kind"]
        for row in await books.consent.fetch(
            "SELECT kind FROM notification WHERE state = 'WRITTEN'"
        )
    )
    # Of somebody who was erased nothing is known here but that letters were queued.
    erased = await _erased(books)
    forgotten = Counter(kind for kind, customer in await _causes(books) if customer in erased)
    found = [
        f"{kind}: {queued[kind]} queued, {written[kind]} written"
        for kind in queued.keys() | written.keys()
        if not written[kind] <= queued[kind] <= written[kind] + forgotten[kind]
        and KINDS[kind].of is not Class.MARKETING
    ]
    return [*found, *(f"{what}: {times}" for what, times in mailings.items() if times > 1)]


@_invariant
async def nobody_is_mailed_against_their_consent(books: Books) -> Sequence[str]:
    """What needs permission came while its reader's last word was a yes."""
    arrived = {mail.id: mail for mail in books.mails}
    found = list[str]()
    for row in await books.consent.fetch(
        "SELECT id::text, permit, purpose FROM courier_message WHERE outcome = 'SENT'"
    ):
        kind = KINDS.get(row["purpose"])
        mail = arrived.get(row["id"])
        if kind is None or kind.of is not Class.MARKETING or mail is None:
            continue
        permit = Permit.read(row["permit"])
        apart = books.journal.clocks_apart
        held = await books.consent.fetchval(
            """
            SELECT true FROM ledger g
            WHERE customer_id = $1 AND purpose = $2 AND channel = $3 AND decision = 'GIVEN'
                AND recorded_at <= $4 AND NOT EXISTS (
                    SELECT FROM ledger n
                    WHERE n.customer_id = $1 AND n.purpose = $2 AND n.channel = $3
                        AND n.position > g.position AND n.recorded_at <= $5
                )
            """,
            permit.customer_id,
            permit.purpose,
            permit.channel.value,
            mail.at + apart,
            mail.at - apart,
        )
        if not held:
            found.append(f"customer {permit.customer_id} got {row['purpose']} without a yes")
    unknown = {mail.id for mail in books.mails if mail.is_marketing} - {
        str(row["id"])
        for row in await books.consent.fetch(
            "SELECT id FROM courier_message WHERE permit IS NOT NULL"
        )
    }
    return [*found, *(f"mail {each} needs permission and has no permit" for each in unknown)]


# Energy.


@_invariant
async def days_are_their_hours(books: Books) -> Sequence[str]:
    """A day's sum, highest hour and missing hours are those of its hours."""
    rows = await books.metering.fetch(
        """
        SELECT b.series_id, b.day FROM day_block b CROSS JOIN LATERAL (
            SELECT coalesce(sum(v) FILTER (WHERE v <> -2147483648), 0) AS sum_wh,
                coalesce(max(v) FILTER (WHERE v <> -2147483648), 0) AS highest_wh,
                count(*) FILTER (WHERE v = -2147483648) AS missing
            FROM generate_series(0, length(wh) / 4 - 1) AS hour,
                unpack_integer(wh, hour, 4) AS v
        ) AS hours
        WHERE (b.sum_wh, b.highest_wh, b.missing)
            IS DISTINCT FROM (hours.sum_wh, hours.highest_wh, hours.missing)
        """
    )
    return [f"day {row['day']} of series {row['series_id']} is not its hours" for row in rows]


@_invariant
async def new_hours_are_told_once(books: Books) -> Sequence[str]:
    """As many new hours were told of as there are."""
    told_of = sum(
        each.new_values
        for each in await books.published("metering", metering_told.ReadingsImported)
    )
    known = await books.metering.fetchval("SELECT count(*) FROM reading")
    return [] if told_of == known else [f"{told_of} new hours were told of, {known} are there"]


# What was promised.


@_invariant
async def promised_tickets_are_there(books: Books) -> Sequence[str]:
    """Who was answered that there are tickets has them, and nobody has others."""
    rows = await books.events.fetch(
        "SELECT event_id, customer_id, quantity FROM reservation WHERE status = 'ACTIVE'"
    )
    there = {(row["event_id"], row["customer_id"]): row["quantity"] for row in rows}
    promised = books.journal.promised_tickets
    return [
        f"customer {key[1]} has {there.get(key, 0)} tickets for event {key[0]}, "
        f"not {promised.get(key, 0)}"
        for key in there.keys() | promised.keys()
        if there.get(key) != promised.get(key)
    ]


@_invariant
async def promised_consents_are_there(books: Books) -> Sequence[str]:
    """Who was answered that a decision is taken down finds it, and no other."""
    rows = await books.consent.fetch("SELECT customer_id, purpose, channel, decision FROM consent")
    there = {(row[0], row[1], row[2]): row["decision"] == "GIVEN" for row in rows}
    promised = books.journal.promised_consents
    return [
        f"customer {key[0]}, {key[1]} {key[2]} is {there.get(key)}, not {promised.get(key)}"
        for key in there.keys() | promised.keys()
        if there.get(key) != promised.get(key)
    ]


@_invariant
async def promised_hours_are_there(books: Books) -> Sequence[str]:
    """Each hour that an operator has imported has the value that came last."""
    rows = await books.metering.fetch("SELECT gsrn, starts_at, kwh FROM reading")
    there = {
        (row["gsrn"], row["starts_at"].astimezone(UTC)): int(row["kwh"] * 1000) for row in rows
    }
    promised = {(point, at.astimezone(UTC)): wh for (point, at), wh in books.journal.hours.items()}
    return [
        f"hour {key[1]:%Y-%m-%d %H} of {key[0]} is {there.get(key)} Wh, not {promised.get(key)}"
        for key in there.keys() | promised.keys()
        if there.get(key) != promised.get(key)
    ]


async def _on_the_bus(stream: JetStreamContext) -> Sequence[str]:
    """Returns the ids of the events on the stream, as often as each is there."""
    there = (await stream.stream_info(STREAM)).state.messages
    # Without acknowledgements, or it would be handed a thousand and no more.
    config = ConsumerConfig(
        deliver_policy=DeliverPolicy.ALL, ack_policy=AckPolicy.NONE, headers_only=True
    )
    subscription = await stream.pull_subscribe("kundeapp.>", stream=STREAM, config=config)
    found = list[str]()
    while len(found) < there:
        for message in await subscription.fetch(min(there - len(found), 500), timeout=5):
            found.append((message.headers or {}).get("ce-id", "an event without an id"))
    return found


@_invariant
async def nobody_was_told_that_something_failed(books: Books) -> Sequence[str]:
    """What is out of reach is said to be; nothing else goes wrong because of it."""
    return books.journal.failures


# Looking.


@asynccontextmanager
async def opened(suite: Suite, journal: Journal) -> AsyncGenerator[Books]:
    """Opens the books of a suite."""
    async with AsyncExitStack() as stack:
        connections = dict[str, Connection]()
        for service in SERVICES:
            connections[service] = await asyncpg.connect(suite.plan.postgres.url(service))
            stack.push_async_callback(connections[service].close)
        client = await nats.connect(
            suite.plan.nats.url, max_reconnect_attempts=1, reconnect_time_wait=0, error_cb=_unheard
        )
        stack.push_async_callback(client.close)
        yield Books(
            identity=connections["identity"],
            metering=connections["metering"],
            consent=connections["consent"],
            events=connections["events"],
            mails=suite.mail.mails,
            journal=journal,
            stream=client.jetstream(),
        )


async def _unheard(_error: Exception) -> None:
    """Says nothing of an outage, which the caller hears of."""


def in_flight(suite: Suite, journal: Journal) -> Sequence[str]:
    """Returns what is under way still; looks twice, since one thing may lead back to another."""

    async def look() -> Sequence[str]:
        async with opened(suite, journal) as books:
            return await nothing_is_in_flight(books) or await nothing_is_in_flight(books)

    return asyncio.run(look())


def violations(suite: Suite, journal: Journal) -> Sequence[str]:
    """Returns what does not hold, each with the name of its check."""

    async def look() -> Sequence[str]:
        async with opened(suite, journal) as books:
            # In a process that may be starting again just now.
            check = again(lambda: ConsentService.of(suite.settings, str).verify_ledger(()))
            books.ledger_faults = [str(problem) for problem in check.problems]
            return [
                f"{name}: {fault}"
                for name, check in INVARIANTS.items()
                for fault in await check(books)
            ]

    return asyncio.run(look())
