"""Each invariant holds in a suite that has been used, and is seen to be broken when it is."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from drills.faults import invariants
from drills.faults.invariants import INVARIANTS, Books
from drills.faults.people import Journal, People
from drills.faults.settling import settle
from drills.faults.suite import NATS
from kit.local.processes import wait_until
from tests.faults import kills

_USED = (
    "tickets_go_to_the_next_in_line",
    "news_go_to_those_who_want_them",
    "hours_are_imported_and_corrected",
    "an_event_is_cancelled",
)
_NOBODY = UUID(int=0)

Plant = Callable[[Books], Awaitable[None]]


@pytest.fixture(scope="module")
def used(everybody: People) -> People:
    """People who have done all that leaves something behind."""
    kills.run_together(_USED, everybody, lambda: None)
    return everybody


def _sql(service: str, statement: str) -> Plant:
    async def plant(books: Books) -> None:
        # Also where the database itself would refuse it.
        await books.of(service).execute("SET LOCAL session_replication_role = replica")
        done = await books.of(service).execute(statement)
        assert not done.endswith(" 0"), "nothing was planted"

    return plant


async def _mail_to_a_stranger(books: Books) -> None:
    books.mails = [*books.mails, replace(books.mails[-1], id=str(uuid4()))]


async def _mail_lost(books: Books) -> None:
    books.mails = books.mails[:-1]


async def _marketing_without_a_permit(books: Books) -> None:
    books.mails = [*books.mails, replace(books.mails[0], id=str(uuid4()), is_marketing=True)]


async def _ledger_faults(books: Books) -> None:
    books.ledger_faults = ["a row was changed"]


def _promise(change: Callable[[Journal], None]) -> Plant:
    async def plant(books: Books) -> None:
        journal = books.journal
        books.journal = replace(
            journal,
            tickets=dict(journal.tickets),
            consents=dict(journal.consents),
            hours=dict(journal.hours),
            failures=list(journal.failures),
        )
        change(books.journal)

    return plant


_ONE = "ctid = (SELECT ctid FROM {} LIMIT 1)"
_ACTIVE = "id = (SELECT id FROM reservation WHERE status = 'ACTIVE' LIMIT 1)"

PLANTED: Mapping[str, Mapping[str, Plant]] = {
    "nothing_is_in_flight": {
        "an event is not published": _sql(
            "events", f"UPDATE outbox SET sent_at = NULL WHERE {_ONE.format('outbox')}"
        ),
        "a letter is not written": _sql(
            "consent",
            "UPDATE notification SET state = 'WAITING', ended_at = NULL, reason = NULL WHERE "
            + _ONE.format("notification"),
        ),
        "a mail is not sent": _sql(
            "identity",
            "UPDATE courier_message SET outcome = NULL, ended_at = NULL, content = '' WHERE "
            + _ONE.format("courier_message"),
        ),
        "a contact is not learned": _sql("consent", "UPDATE customer SET ask_at = now()"),
        "a name is not learned": _sql("events", "UPDATE customer SET named_revision = 0"),
        "an offer is over": _sql(
            "events", "UPDATE offer SET status = 'OPEN', expires_at = now(), told_at = now()"
        ),
    },
    "nothing_is_buried": {
        "an event is buried": _sql(
            "metering",
            "INSERT INTO dead_letter (consumer, event_id, subject, type, payload, occurred_at, reason) "
            "VALUES ('metering-customers', gen_random_uuid(), '', '', '', now(), 'KeyError')",
        ),
    },
    "every_retry_would_be_answered": {
        "an answer is missing": _sql(
            "events", "UPDATE idempotency SET answer = NULL WHERE " + _ONE.format("idempotency")
        ),
    },
    "every_event_is_on_the_bus_once": {
        "one never came": _sql(
            "events",
            "INSERT INTO outbox (id, subject, type, payload, occurred_at, sent_at) "
            "SELECT gen_random_uuid(), subject, type, payload, now(), now() FROM outbox LIMIT 1",
        ),
        "one came from nowhere": _sql(
            "events", "DELETE FROM outbox WHERE " + _ONE.format("outbox")
        ),
    },
    "every_event_is_heard_once": {
        "one was not heard": _sql("consent", "DELETE FROM inbox WHERE " + _ONE.format("inbox")),
        "one was heard that was not told": _sql(
            "consent", "INSERT INTO inbox VALUES ('consent-events', gen_random_uuid())"
        ),
    },
    "customers_are_known_alike": {
        "another number": _sql(
            "metering", "UPDATE customer SET number = '1' WHERE " + _ONE.format("customer")
        ),
        "another name": _sql(
            "events", "UPDATE customer SET name = 'Ola' WHERE " + _ONE.format("customer")
        ),
        "another account": _sql(
            "consent",
            "UPDATE customer SET account_id = gen_random_uuid() WHERE " + _ONE.format("customer"),
        ),
        "nobody": _sql("consent", "DELETE FROM customer WHERE " + _ONE.format("customer")),
    },
    "the_register_is_told": {
        "a customer was told of twice": _sql(
            "identity",
            "INSERT INTO outbox (id, subject, type, payload, occurred_at, sent_at) "
            "SELECT gen_random_uuid(), subject, type, payload, now(), now() FROM outbox "
            "WHERE type LIKE '%CustomerCreated' LIMIT 1",
        ),
        "an account was not told of": _sql(
            "identity", "DELETE FROM outbox WHERE type LIKE '%AccountRegistered'"
        ),
        "an erasure was not told of": _sql(
            "identity",
            "UPDATE customer SET erased_at = now(), number = NULL, name = '', email = '', mobile = '', pin_hash = NULL, account_id = NULL WHERE "
            + _ONE.format("customer"),
        ),
    },
    "tickets_are_within_capacity": {
        "more tickets than seats": _sql("events", "UPDATE inventory SET capacity = 0"),
    },
    "counters_equal_their_rows": {
        "too many are counted": _sql("events", "UPDATE inventory SET reserved = reserved + 1"),
        "too many are held": _sql("events", "UPDATE inventory SET held = held + 1"),
        "a ticket is gone": _sql(
            "events",
            "UPDATE ticket SET status = 'RELEASED' WHERE id = (SELECT id FROM ticket WHERE status = 'ACTIVE' LIMIT 1)",
        ),
        "a reservation says more": _sql(
            "events", f"UPDATE reservation SET quantity = quantity + 1 WHERE {_ACTIVE}"
        ),
    },
    "the_line_is_served": {
        "an offer is closed behind an entry": _sql(
            "events", "UPDATE waitlist_entry SET status = 'OFFERED' WHERE status = 'ACCEPTED'"
        ),
        "somebody who fits waits": _sql(
            "events",
            "UPDATE waitlist_entry w SET status = 'WAITING', event_id = i.event_id, wanted = 1, least = 1 "
            "FROM inventory i JOIN event e ON e.id = i.event_id "
            "WHERE e.status = 'PUBLISHED' AND capacity > reserved + held",
        ),
    },
    "seats_are_told": {
        "a reservation was told of twice": _sql(
            "events",
            "INSERT INTO outbox (id, subject, type, payload, occurred_at, sent_at) "
            "SELECT gen_random_uuid(), subject, type, payload, now(), now() FROM outbox "
            "WHERE type LIKE '%ReservationConfirmed' LIMIT 1",
        ),
        "an offer was not told of": _sql(
            "events", "DELETE FROM outbox WHERE type LIKE '%OfferMade'"
        ),
        "an end was not told of": _sql(
            "events", "DELETE FROM outbox WHERE type LIKE '%OfferAccepted'"
        ),
    },
    "the_ledger_is_whole": {"the service finds a fault": _ledger_faults},
    "consents_are_what_was_decided_last": {
        "a consent is turned": _sql("consent", "UPDATE consent SET decision = 'WITHDRAWN'"),
        "a consent is made up": _sql(
            "consent",
            "INSERT INTO consent SELECT customer_id, purpose, 'SMS', decision, notice_version, position, decided_at FROM consent LIMIT 1",
        ),
    },
    "every_decision_is_told": {
        "one was not told": _sql("consent", "DELETE FROM outbox WHERE type LIKE '%ConsentGiven'"),
        "one was told twice": _sql(
            "consent",
            "INSERT INTO outbox (id, subject, type, payload, occurred_at, sent_at) "
            "SELECT gen_random_uuid(), subject, type, payload, now(), now() FROM outbox "
            "WHERE type LIKE '%ConsentGiven' LIMIT 1",
        ),
    },
    "consent_follows_the_programme": {
        "a change was counted twice": _sql(
            "consent", "UPDATE reservation SET changes = changes + 1"
        ),
        "other tickets": _sql("consent", "UPDATE reservation SET tickets = tickets + 1"),
        "another title": _sql("consent", "UPDATE event SET title = 'Teater'"),
    },
    "everybody_is_told_once": {
        "somebody is not told": _sql(
            "consent", "DELETE FROM notification WHERE kind = 'reservation-confirmed'"
        ),
        "somebody is told twice": _sql(
            "consent",
            "INSERT INTO notification SELECT gen_random_uuid(), cause || '/again', kind, customer_id, facts, due_at, not_after, topic, state, reason, attempts, leased_until, ended_at "
            "FROM notification WHERE kind = 'reservation-confirmed' LIMIT 1",
        ),
    },
    "every_letter_is_sent": {
        "one has not come": _mail_lost,
        "one came from nowhere": _mail_to_a_stranger,
        "one was given up": _sql(
            "consent",
            "UPDATE courier_message SET outcome = 'EXPIRED' WHERE "
            + _ONE.format("courier_message"),
        ),
    },
    "nobody_is_mailed_twice": {
        "two letters for a cause": _sql(
            "consent",
            "INSERT INTO courier_message (id, channel, purpose, queued_at, not_after, due_at, outcome, ended_at) "
            "SELECT gen_random_uuid(), channel, purpose, queued_at, not_after, due_at, outcome, ended_at "
            "FROM courier_message WHERE purpose = 'reservation-confirmed' LIMIT 1",
        ),
        "two letters of a mailing": _sql(
            "consent",
            "INSERT INTO courier_message (id, channel, purpose, queued_at, not_after, due_at, outcome, ended_at, permit) "
            "SELECT gen_random_uuid(), channel, purpose, queued_at, not_after, due_at, outcome, ended_at, permit "
            "FROM courier_message WHERE permit IS NOT NULL LIMIT 1",
        ),
    },
    "nobody_is_mailed_against_their_consent": {
        "the yes came later": _sql(
            "consent", "UPDATE ledger SET recorded_at = now() + interval '1 hour'"
        ),
        "the last word was a no": _sql("consent", "UPDATE ledger SET decision = 'WITHDRAWN'"),
        "a mail without a permit": _marketing_without_a_permit,
    },
    "days_are_their_hours": {
        "a sum is wrong": _sql("metering", "UPDATE day_block SET sum_wh = sum_wh + 1"),
        "the highest is wrong": _sql(
            "metering", "UPDATE day_block SET highest_wh = highest_wh + 1"
        ),
        "missing hours are hidden": _sql("metering", "UPDATE day_block SET missing = missing + 1"),
    },
    "new_hours_are_told_once": {
        "an import was told of twice": _sql(
            "metering",
            "INSERT INTO outbox (id, subject, type, payload, occurred_at, sent_at) "
            "SELECT gen_random_uuid(), subject, type, payload, now(), now() FROM outbox "
            "WHERE type LIKE '%ReadingsImported' LIMIT 1",
        ),
    },
    "promised_tickets_are_there": {
        "more were promised": _promise(
            lambda journal: journal.tickets.update({(_NOBODY, _NOBODY): 2})
        ),
        "none were promised": _promise(lambda journal: journal.tickets.clear()),
    },
    "promised_consents_are_there": {
        "a decision is lost": _promise(
            lambda journal: journal.consents.update({(_NOBODY, "general", "EMAIL"): True})
        ),
        "nobody has decided": _promise(lambda journal: journal.consents.clear()),
    },
    "promised_hours_are_there": {
        "an hour is lost": _promise(
            lambda journal: journal.hours.update(
                {("707057500000000001", datetime(2026, 1, 1, tzinfo=UTC)): 1}
            )
        ),
        "nobody has imported": _promise(lambda journal: journal.hours.clear()),
    },
    "nobody_was_told_that_something_failed": {
        "something did": _promise(lambda journal: journal.failures.append("GET /v1/me: 500")),
    },
}


def test_all_holds_where_nothing_is_planted(used: People) -> None:
    assert invariants.violations(used.suite, used.journal) == []


def test_every_invariant_has_something_planted_against_it() -> None:
    assert PLANTED.keys() == INVARIANTS.keys()


@pytest.mark.parametrize(
    ("name", "what"), [(name, what) for name, plants in PLANTED.items() for what in plants]
)
def test_what_is_planted_is_found(used: People, name: str, what: str) -> None:
    async def look() -> Sequence[str]:
        async with _in_transactions(used) as books:
            await PLANTED[name][what](books)
            return await INVARIANTS[name](books)

    assert asyncio.run(look())


def test_what_a_consumer_has_not_heard_is_in_flight(people: People) -> None:
    suite = people.suite
    suite.wires.silence(suite.wires.between("consent", NATS))
    people.event(1, datetime(2027, 6, 1, tzinfo=UTC))

    assert wait_until(
        lambda: any(
            "consent-events" in each for each in invariants.in_flight(suite, people.journal)
        ),
        30,
    )

    suite.mend()
    settle(people)


def test_a_row_of_the_ledger_that_was_changed_is_found(used: People) -> None:
    def change(by: int) -> None:
        used.suite.plan.postgres.run_sql(
            "SET session_replication_role = replica; UPDATE ledger SET recorded_at = "
            f"recorded_at + interval '{by} hours' WHERE position = (SELECT min(position) FROM ledger)",
            "consent",
        )

    change(1)
    try:
        found = invariants.violations(used.suite, used.journal)
    finally:
        change(-1)
    assert any(each.startswith("the_ledger_is_whole") for each in found)
    assert invariants.violations(used.suite, used.journal) == []


@asynccontextmanager
async def _in_transactions(people: People) -> AsyncGenerator[Books]:
    """Opens books in which nothing lasts that is planted."""
    async with invariants.opened(people.suite, people.journal) as books:
        connections = [books.identity, books.metering, books.consent, books.events]
        begun = [connection.transaction() for connection in connections]
        for transaction in begun:
            await transaction.start()
        try:
            yield books
        finally:
            for transaction in begun:
                await transaction.rollback()
