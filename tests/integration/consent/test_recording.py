"""Writing decisions down: a row, what holds now, and an event."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from kit.testing import FrozenClock, Neighbours
from services.consent.domain import ledger
from services.consent.domain.ledger import NO_HASH, Actor, By, Change, Decision, Shown
from services.consent.handlers import customers
from services.consent.handlers.verification import verify
from services.consent.storage.ledger import entry_of
from tests.integration.consent.world import MIGRATIONS, NOW, Consent, House

GIVEN, WITHDRAWN, EXPIRED = Decision.GIVEN, Decision.WITHDRAWN, Decision.EXPIRED
KARI, OLA = uuid4(), uuid4()
SHOWN = Shown(1, b"1" * 32, "nn")
HIMSELF = By(Actor.CUSTOMER, "SELF_SERVICE", uuid4())


def said(
    decision: Decision,
    customer_id: object = KARI,
    channel: str = "EMAIL",
    version: int = 1,
    happened: timedelta | None = None,
) -> Change:
    assert isinstance(customer_id, type(KARI))
    shown = Shown(version, b"1" * 32, "nn") if decision is GIVEN else ledger.NOTHING
    happened_at = None if happened is None else NOW + happened
    return Change(customer_id, "kraftklubben", channel, decision, HIMSELF, shown, happened_at)


async def test_a_decision_is_a_row_of_a_chain_and_what_holds_and_an_event(house: House) -> None:
    await house.record(said(GIVEN), said(GIVEN, OLA), said(WITHDRAWN))

    first, olas, second = await house.entries()
    assert [entry.position for entry in (first, olas, second)] == [1, 2, 3]
    assert (first.seq, first.previous_hash) == (1, NO_HASH)
    assert (olas.seq, olas.previous_hash) == (1, NO_HASH)
    assert (second.seq, second.previous_hash) == (2, first.hash)
    assert second.hash == ledger.hash_of(second)
    assert first.notice_sha256 == SHOWN.sha256
    assert await house.holds(KARI) == {("kraftklubben", "EMAIL"): WITHDRAWN}
    assert await house.holds(OLA) == {("kraftklubben", "EMAIL"): GIVEN}
    assert await house.published() == [
        ("ConsentGiven", 1),
        ("ConsentGiven", 2),
        ("ConsentWithdrawn", 3),
    ]


async def test_what_changes_nothing_is_not_written_down(house: House) -> None:
    await house.record(said(GIVEN))
    assert await house.record(said(GIVEN)) == []
    await house.record(said(WITHDRAWN))
    assert await house.record(said(WITHDRAWN), said(WITHDRAWN)) == []
    assert len(await house.entries()) == len(await house.published()) == 2


async def test_a_no_is_written_down_once_though_nothing_was_given(house: House) -> None:
    assert len(await house.record(said(WITHDRAWN))) == 1
    assert await house.record(said(WITHDRAWN)) == []


async def test_a_yes_to_a_newer_text_is_written_down_and_one_to_an_older_is_not(
    house: House,
) -> None:
    await house.record(said(GIVEN, version=1))
    assert len(await house.record(said(GIVEN, version=2))) == 1
    assert await house.record(said(GIVEN, version=1)) == []


async def test_a_withdrawal_wins_over_a_yes_from_before_it_that_is_told_of_late(
    house: House,
) -> None:
    """A device gave at 10, without a network; another one withdrew at 11."""
    await house.record(said(WITHDRAWN, happened=timedelta(hours=-1)))

    late, again = await house.record(said(GIVEN, happened=timedelta(hours=-2)))

    assert (late.decision, late.happened_at) == (GIVEN, NOW - timedelta(hours=2))
    assert (again.decision, again.happened_at) == (WITHDRAWN, NOW - timedelta(hours=1))
    assert (again.source, again.actor) == ("CONFLICT", "SYSTEM")
    assert await house.holds(KARI) == {("kraftklubben", "EMAIL"): WITHDRAWN}
    assert [name for name, _ in await house.published()] == [
        "ConsentWithdrawn",
        "ConsentGiven",
        "ConsentWithdrawn",
    ]


async def test_a_withdrawal_that_is_told_of_late_wins_over_a_later_yes(house: House) -> None:
    await house.record(said(GIVEN, happened=timedelta(hours=-1)))
    assert len(await house.record(said(WITHDRAWN, happened=timedelta(hours=-2)))) == 1
    assert await house.holds(KARI) == {("kraftklubben", "EMAIL"): WITHDRAWN}


async def test_a_yes_after_a_withdrawal_holds(house: House) -> None:
    await house.record(said(WITHDRAWN, happened=timedelta(hours=-2)))
    assert len(await house.record(said(GIVEN, happened=timedelta(hours=-1)))) == 1
    assert await house.holds(KARI) == {("kraftklubben", "EMAIL"): GIVEN}


async def test_of_two_servers_clocks_the_one_that_is_behind_makes_no_conflict(
    house: House,
) -> None:
    """What happens at this moment happens after all that is written down."""
    await house.record(said(WITHDRAWN))
    house.clock.advance(timedelta(milliseconds=-20))
    assert len(await house.record(said(GIVEN))) == 1
    assert await house.holds(KARI) == {("kraftklubben", "EMAIL"): GIVEN}


async def test_erasing_ends_what_was_given_and_nothing_is_written_down_after(house: House) -> None:
    await house.record(said(GIVEN), said(GIVEN, channel="SMS"), said(WITHDRAWN, channel="POST"))
    async with house.store() as store:
        await customers.erase_customer(store, house.clock, customer_id=KARI)

    sms = ("kraftklubben", "SMS")
    assert await house.holds(KARI) == {
        ("kraftklubben", "EMAIL"): EXPIRED,
        sms: EXPIRED,
        ("kraftklubben", "POST"): WITHDRAWN,
    }
    ends = (await house.entries())[3:]
    assert {(end.actor, end.source) for end in ends} == {("SYSTEM", "ERASURE")}
    assert [name for name, _ in await house.published()][3:] == ["ConsentExpired"] * 2

    assert await house.record(said(GIVEN), said(WITHDRAWN), said(GIVEN, OLA)) == [
        (await house.entries())[-1]
    ]
    assert len(await house.entries()) == 6
    [row] = await house.sql("SELECT number, status FROM customer WHERE id = $1", KARI)
    assert tuple(row) == (None, "ERASED")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET decision = 'GIVEN'",
        "DELETE FROM ledger",
        "TRUNCATE ledger",
        "UPDATE ledger_anchor SET position = 0",
        "UPDATE notice_text SET body = ''",
        "DELETE FROM notice_version",
    ],
)
async def test_the_database_refuses_to_change_what_is_for_ever(
    house: House, statement: str
) -> None:
    await house.record(said(GIVEN))
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
        await house.sql(statement)


async def test_nothing_is_left_of_a_decision_whose_transaction_failed(house: House) -> None:
    await house.record(said(GIVEN))

    class Dies(Exception):  # noqa: N818 - not an error of ours
        """In the middle of its work."""

    async def die() -> None:
        async with house.store() as store:
            await house.record_in(store, said(WITHDRAWN))
            raise Dies

    with pytest.raises(Dies):
        await die()
    await house.record(said(GIVEN, channel="SMS"))
    assert [entry.position for entry in await house.entries()] == [1, 2]
    assert await house.published() == [("ConsentGiven", 1), ("ConsentGiven", 2)]


async def test_a_customer_is_known_by_what_identity_told_or_by_acting_first(
    consent: Consent, house: House
) -> None:
    await house.record(said(GIVEN))
    await consent.tell_created(KARI, "100001")
    await consent.tell_created(OLA, "100002")
    rows = await house.sql("SELECT id, number FROM customer ORDER BY number")
    assert [tuple(row) for row in rows] == [(KARI, "100001"), (OLA, "100002")]

    await consent.tell_erased(KARI)
    await consent.tell_created(KARI, "100001")
    assert await house.holds(KARI) == {("kraftklubben", "EMAIL"): EXPIRED}
    rows = await house.sql("SELECT number, status FROM customer WHERE id = $1", KARI)
    assert [tuple(row) for row in rows] == [(None, "ERASED")]


async def test_what_is_read_back_has_the_hash_it_was_written_with(house: House) -> None:
    await house.record(said(GIVEN), said(WITHDRAWN, happened=timedelta(microseconds=-7)))
    rows = await house.sql("SELECT * FROM ledger")
    assert all(ledger.hash_of(entry_of(row)) == row["hash"] for row in rows)


_histories = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from((GIVEN, WITHDRAWN)),
            st.sampled_from(("EMAIL", "SMS")),
            st.integers(1, 3),
            st.one_of(st.none(), st.integers(-120, 4).map(lambda each: timedelta(minutes=each))),
        ),
        max_size=4,
    ),
    max_size=8,
)


def test_after_any_history_what_holds_is_the_fold_of_the_ledger(neighbours: Neighbours) -> None:
    """Of any decisions in any number of transactions, on one database: customers come and go."""
    url = asyncio.run(neighbours.database(MIGRATIONS))

    @hypothesis_settings(max_examples=40, deadline=None)
    @given(_histories)
    def check(history: list[list[tuple[Decision, str, int, timedelta | None]]]) -> None:
        asyncio.run(holds_as_folded(url, history))

    check()


async def holds_as_folded(
    url: str, history: list[list[tuple[Decision, str, int, timedelta | None]]]
) -> None:
    customer_id, clock = uuid4(), FrozenClock(NOW)
    async with House.on(url, clock, connections=2) as house:
        for decisions in history:
            clock.advance(timedelta(minutes=1))
            await house.record(*(said(each[0], customer_id, *each[1:]) for each in decisions))
        folded = {
            (entry.purpose, entry.channel): entry.decision
            for entry in await house.entries()
            if entry.customer_id == customer_id
        }
        assert await house.holds(customer_id) == folded
        async with house.store() as store:
            assert not (await verify(store, (), "")).findings
            assert not (await verify(store, (), "views/")).findings
