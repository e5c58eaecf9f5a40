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


def _change(service: str, table: str, what: str, where: str = "") -> Plant:
    """Changes rows of a table; one of them where nothing else is said."""
    where = where or f"ctid = (SELECT ctid FROM {table} LIMIT 1)"
    return _sql(service, f"UPDATE {table} SET {what} WHERE {where}")


def _remove(service: str, table: str, where: str = "") -> Plant:
    """Removes rows of a table; one of them where nothing else is said."""
    where = where or f"ctid = (SELECT ctid FROM {table} LIMIT 1)"
    return _sql(service, f"DELETE FROM {table} WHERE {where}")


def _untold(service: str, event: str) -> Plant:
    """Has all events of a kind not told."""
    return _remove(service, "outbox", f"type LIKE '%{event}'")


def _told_again(service: str, event: str = "") -> Plant:
    """Has an event of a kind told once more, as another one."""
    columns = "subject, type, payload, occurred_at, sent_at"
    return _copy(service, "outbox", columns, f"type LIKE '%{event}'")


def _copy(service: str, table: str, columns: str, where: str, values: str = "") -> Plant:
    """Makes a row once more, under another id."""
    return _sql(
        service,
        f"INSERT INTO {table} (id, {columns}) SELECT gen_random_uuid(), {values or columns} "
        f"FROM {table} WHERE {where} LIMIT 1",
    )


_ANY = "true"
_ENDS = "channel, purpose, queued_at, not_after, due_at, outcome, ended_at"
_TOLD = "kind, customer_id, facts, due_at, not_after, topic, state, reason, attempts, ended_at"
_NOTHING_LEFT = (
    "erased_at = now(), number = NULL, name = '', email = '', mobile = '', pin_hash = NULL, "
    "account_id = NULL"
)
_BURIED = """
INSERT INTO dead_letter (consumer, event_id, subject, type, payload, occurred_at, reason)
VALUES ('metering-customers', gen_random_uuid(), '', '', '', now(), 'KeyError')
"""
_UNSERVED = """
UPDATE waitlist_entry SET status = 'WAITING', event_id = i.event_id, wanted = 1, least = 1
FROM inventory i JOIN event e ON e.id = i.event_id
WHERE e.status = 'PUBLISHED' AND capacity > reserved + held
    AND waitlist_entry.id = (SELECT id FROM waitlist_entry LIMIT 1)
"""
_MADE_UP = """
INSERT INTO consent
SELECT customer_id, purpose, 'SMS', decision, notice_version, position, decided_at
FROM consent LIMIT 1
"""
_STRANGE = "INSERT INTO inbox VALUES ('consent-events', gen_random_uuid())"
_OVER = "status = 'OPEN', expires_at = now(), told_at = now()"
_UNSENT = "outcome = NULL, ended_at = NULL, content = ''"
_UNWRITTEN = "state = 'WAITING', ended_at = NULL, reason = NULL"
_HOUR = "707057500000000001", datetime(2026, 1, 1, tzinfo=UTC)

PLANTED: Mapping[str, Mapping[str, Plant]] = {
    "nothing_is_in_flight": {
        "an event is not published": _change("events", "outbox", "sent_at = NULL"),
        "a letter is not written": _change("consent", "notification", _UNWRITTEN),
        "a mail is not sent": _change("identity", "courier_message", _UNSENT),
        "a contact is not learned": _change("consent", "customer", "ask_at = now()", _ANY),
        "a name is not learned": _change("events", "customer", "named_revision = 0"),
        "an offer is over": _change("events", "offer", _OVER),
    },
    "nothing_is_buried": {"an event is buried": _sql("metering", _BURIED)},
    "every_retry_would_be_answered": {
        "an answer is missing": _change("events", "idempotency", "answer = NULL"),
    },
    "every_event_is_on_the_bus_once": {
        "one never came": _told_again("events"),
        "one came from nowhere": _remove("events", "outbox"),
    },
    "every_event_is_heard_once": {
        "one was not heard": _remove("consent", "inbox"),
        "one was heard that was not told": _sql("consent", _STRANGE),
    },
    "customers_are_known_alike": {
        "another number": _change("metering", "customer", "number = '1'"),
        "another name": _change("events", "customer", "name = 'Ola'"),
        "another account": _change("consent", "customer", "account_id = gen_random_uuid()"),
        "nobody": _remove("consent", "customer"),
    },
    "the_register_is_told": {
        "a customer was told of twice": _told_again("identity", "CustomerCreated"),
        "an account was not told of": _untold("identity", "AccountRegistered"),
        "an erasure was not told of": _change("identity", "customer", _NOTHING_LEFT),
    },
    "tickets_are_within_capacity": {
        "more tickets than seats": _change("events", "inventory", "capacity = 0", _ANY),
    },
    "counters_equal_their_rows": {
        "too many are counted": _change("events", "inventory", "reserved = reserved + 1", _ANY),
        "too many are held": _change("events", "inventory", "held = held + 1", _ANY),
        "a ticket is gone": _change(
            "events",
            "ticket",
            "status = 'RELEASED'",
            "id = (SELECT id FROM ticket WHERE status = 'ACTIVE' LIMIT 1)",
        ),
        "a reservation says more": _change(
            "events", "reservation", "quantity = quantity + 1", "status = 'ACTIVE'"
        ),
    },
    "the_line_is_served": {
        "an offer is closed behind an entry": _change(
            "events",
            "waitlist_entry",
            "status = 'OFFERED'",
            "id = (SELECT id FROM waitlist_entry WHERE status = 'ACCEPTED' LIMIT 1)",
        ),
        "somebody who fits waits": _sql("events", _UNSERVED),
    },
    "seats_are_told": {
        "a reservation was told of twice": _told_again("events", "ReservationConfirmed"),
        "an offer was not told of": _untold("events", "OfferMade"),
        "an end was not told of": _untold("events", "OfferAccepted"),
    },
    "the_ledger_is_whole": {"the service finds a fault": _ledger_faults},
    "consents_are_what_was_decided_last": {
        "a consent is turned": _change("consent", "consent", "decision = 'WITHDRAWN'", _ANY),
        "a consent is made up": _sql("consent", _MADE_UP),
    },
    "every_decision_is_told": {
        "one was not told": _untold("consent", "ConsentGiven"),
        "one was told twice": _told_again("consent", "ConsentGiven"),
    },
    "consent_follows_the_programme": {
        "a change was counted twice": _change("consent", "reservation", "changes = changes + 1"),
        "other tickets": _change("consent", "reservation", "tickets = tickets + 1"),
        "another title": _change("consent", "event", "title = 'Teater'"),
    },
    "everybody_is_told_once": {
        "somebody is not told": _remove(
            "consent", "notification", "kind = 'reservation-confirmed'"
        ),
        "somebody is told twice": _copy(
            "consent",
            "notification",
            f"cause, {_TOLD}",
            "kind = 'reservation-confirmed'",
            f"cause || '/again', {_TOLD}",
        ),
    },
    "every_letter_is_sent": {
        "one has not come": _mail_lost,
        "one came from nowhere": _mail_to_a_stranger,
        "one was given up": _change("consent", "courier_message", "outcome = 'EXPIRED'"),
    },
    "nobody_is_mailed_twice": {
        "two letters for a cause": _copy(
            "consent", "courier_message", _ENDS, "purpose = 'reservation-confirmed'"
        ),
        "two letters of a mailing": _copy(
            "consent", "courier_message", f"{_ENDS}, permit", "permit IS NOT NULL"
        ),
    },
    "nobody_is_mailed_against_their_consent": {
        "the yes came later": _change(
            "consent", "ledger", "recorded_at = now() + interval '1 hour'", _ANY
        ),
        "the last word was a no": _change("consent", "ledger", "decision = 'WITHDRAWN'", _ANY),
        "a mail without a permit": _marketing_without_a_permit,
    },
    "days_are_their_hours": {
        "a sum is wrong": _change("metering", "day_block", "sum_wh = sum_wh + 1", _ANY),
        "the highest is wrong": _change(
            "metering", "day_block", "highest_wh = highest_wh + 1", _ANY
        ),
        "missing hours are hidden": _change("metering", "day_block", "missing = missing + 1", _ANY),
    },
    "new_hours_are_told_once": {
        "an import was told of twice": _told_again("metering", "ReadingsImported"),
    },
    "promised_tickets_are_there": {
        "more were promised": _promise(lambda journal: journal.tickets.update(_TWO_TICKETS)),
        "none were promised": _promise(lambda journal: journal.tickets.clear()),
    },
    "promised_consents_are_there": {
        "a decision is lost": _promise(lambda journal: journal.consents.update(_A_YES)),
        "nobody has decided": _promise(lambda journal: journal.consents.clear()),
    },
    "promised_hours_are_there": {
        "an hour is lost": _promise(lambda journal: journal.hours.update({_HOUR: 1})),
        "nobody has imported": _promise(lambda journal: journal.hours.clear()),
    },
    "nobody_was_told_that_something_failed": {
        "something did": _promise(lambda journal: journal.failures.append("GET /v1/me: 500")),
    },
}
_TWO_TICKETS = {(_NOBODY, _NOBODY): 2}
_A_YES = {(_NOBODY, "general", "EMAIL"): True}


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
            f"recorded_at + interval '{by} hours' "
            "WHERE position = (SELECT min(position) FROM ledger)",
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
