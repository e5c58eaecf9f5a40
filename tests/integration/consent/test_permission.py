"""May we send? As the database tells it, in every order of things, and in the moment of sending."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from kit.testing import eventually
from services.consent.domain.channels import Channel
from services.consent.domain.contacts import Contact, KnownContact, email_address, phone_number
from services.consent.domain.customers import Status
from services.consent.domain.ledger import Actor, By, Change, Decision
from services.consent.domain.permission import Permission
from services.consent.domain.suppression import Reason
from services.consent.handlers import permission
from services.consent.storage import PostgresStore
from tests.integration.consent.people import FIRST_KEY, SECOND_KEY, People, reachable
from tests.integration.consent.world import House

EMAIL, SMS, PHONE, PUSH, POST = Channel
KARIS, OLAS = "kari@example.no", "ola@example.no"


@pytest.fixture
async def people(house: House) -> People:
    people = People(house)
    await people.offer()
    return people


@pytest.fixture
async def kari(people: People) -> UUID:
    """A customer who has said yes to everything."""
    customer_id = await people.customer()
    await people.give(customer_id, *Channel)
    return customer_id


async def allowed(people: People, customer_id: UUID) -> set[Channel]:
    return {
        channel
        for channel in Channel
        if await people.permission(customer_id, channel) is Permission.ALLOWED
    }


async def test_who_has_agreed_is_written_to_by_every_channel(people: People, kari: UUID) -> None:
    assert await allowed(people, kari) == set(Channel)


async def test_an_unknown_purpose_and_one_without_the_channel_allow_nothing(
    people: People, kari: UUID
) -> None:
    people.purpose = "nothing"
    assert await people.permission(kari, EMAIL) is Permission.UNKNOWN_PURPOSE
    people.purpose = "mail-only"
    await people.offer(EMAIL)
    await people.give(kari, EMAIL, SMS)
    assert await people.permission(kari, EMAIL) is Permission.ALLOWED
    assert await people.permission(kari, SMS) is Permission.UNKNOWN_PURPOSE


async def test_one_purpose_says_nothing_about_another(people: People, kari: UUID) -> None:
    people.purpose = "power-saving"
    await people.offer()
    assert await people.permission(kari, EMAIL) is Permission.NO_DECISION


async def test_an_id_that_nobody_has_is_no_customer(people: People) -> None:
    assert await people.permission(uuid4(), EMAIL) is Permission.NOT_A_CUSTOMER


@pytest.mark.parametrize("status", [Status.MOVED, Status.DECEASED])
async def test_who_has_moved_or_died_is_no_customer(
    people: People, kari: UUID, status: Status
) -> None:
    await people.tell(kari, status)
    assert await allowed(people, kari) == set()
    assert await people.permission(kari, EMAIL) is Permission.NOT_A_CUSTOMER


async def test_who_was_erased_is_no_customer(people: People, kari: UUID) -> None:
    await people.erase(kari)
    assert await people.permission(kari, POST) is Permission.NOT_A_CUSTOMER


async def test_who_was_never_asked_is_written_to_by_no_channel(people: People) -> None:
    silent = await people.customer()
    assert await people.permission(silent, EMAIL) is Permission.NO_DECISION
    assert await allowed(people, silent) == set()


async def test_who_has_withdrawn_is_not_written_to_by_that_channel(
    people: People, kari: UUID
) -> None:
    await people.withdraw(kari, EMAIL)
    assert await people.permission(kari, EMAIL) is Permission.WITHDRAWN
    assert await allowed(people, kari) == {SMS, PHONE, PUSH, POST}


async def test_a_yes_that_has_ended_by_itself_allows_nothing(people: People, kari: UUID) -> None:
    by = By(Actor.SYSTEM, "TEST")
    await people.house.record(Change(kari, people.purpose, EMAIL, Decision.EXPIRED, by))
    assert await people.permission(kari, EMAIL) is Permission.EXPIRED


async def test_a_material_change_of_the_notice_takes_the_old_yes_out_and_a_typo_does_not(
    people: People, kari: UUID
) -> None:
    await people.publish(is_material=False)
    assert await allowed(people, kari) == set(Channel)
    await people.publish(is_material=True)
    await people.publish(is_material=False)
    assert await people.permission(kari, EMAIL) is Permission.NOTICE_SUPERSEDED
    assert await allowed(people, kari) == set()
    await people.give(kari, EMAIL)
    assert await allowed(people, kari) == {EMAIL}


async def test_a_change_of_another_notice_takes_nobody_out(people: People, kari: UUID) -> None:
    people.notice = "privacy"
    await people.publish(is_material=True)
    await people.publish(is_material=True)
    assert await allowed(people, kari) == set(Channel)


async def test_mail_needs_an_e_mail_sms_and_calls_a_number_notifications_an_account(
    people: People, kari: UUID
) -> None:
    everything = people.register.known[kari]
    for contact, expected in (
        (Contact(email=everything.email, is_email_confirmed=True), {EMAIL, POST}),
        (Contact(mobile=everything.mobile, is_mobile_confirmed=True), {SMS, PHONE, POST}),
        (Contact(account_id=everything.account_id), {PUSH, POST}),
        (Contact(), {POST}),
    ):
        await people.readdress(kari, contact)
        await people.learn()
        assert await allowed(people, kari) == expected
    assert await people.permission(kari, EMAIL) is Permission.NO_ADDRESS


async def test_an_address_that_its_owner_has_not_confirmed_is_not_written_to(
    people: People, kari: UUID
) -> None:
    everything = people.register.known[kari]
    await people.readdress(kari, Contact(email=everything.email, mobile=everything.mobile))
    await people.learn()
    for channel in (EMAIL, SMS, PHONE):
        assert await people.permission(kari, channel) is Permission.NOT_CONFIRMED


@pytest.mark.parametrize("reason", [Reason.HARD_BOUNCE, Reason.COMPLAINT, Reason.MANUAL])
async def test_a_suppressed_e_mail_is_not_written_to_and_nothing_else_is_lost(
    people: People, kari: UUID, reason: Reason
) -> None:
    await people.suppress(email_address(KARIS), reason)
    assert await people.permission(kari, EMAIL) is Permission.SUPPRESSED
    assert await allowed(people, kari) == {SMS, PHONE, PUSH, POST}


@pytest.mark.parametrize("reason", Reason)
async def test_a_number_in_the_register_of_reservations_gets_neither_sms_nor_calls(
    people: People, kari: UUID, reason: Reason
) -> None:
    await people.suppress(phone_number("91234567"), reason)
    assert await people.permission(kari, PHONE) is Permission.SUPPRESSED
    assert await allowed(people, kari) == {EMAIL, PUSH, POST}


async def test_who_is_reached_at_the_same_address_is_suppressed_too(
    people: People, kari: UUID
) -> None:
    other = await people.customer(reachable(email=KARIS.upper(), mobile="+4790000000"))
    await people.give(other, EMAIL, SMS)
    await people.suppress(email_address(KARIS))
    assert await people.permission(kari, EMAIL) is Permission.SUPPRESSED
    assert await allowed(people, other) == {SMS}


async def test_many_are_asked_for_at_once(people: People, kari: UUID) -> None:
    other, nobody = await people.customer(), uuid4()
    async with people.house.store() as store:
        found = await permission.permissions(
            store, people.purpose, [kari, other, nobody], [EMAIL, POST]
        )
    assert found == {
        kari: {EMAIL: Permission.ALLOWED, POST: Permission.ALLOWED},
        other: {EMAIL: Permission.NO_DECISION, POST: Permission.NO_DECISION},
        nobody: {EMAIL: Permission.NOT_A_CUSTOMER, POST: Permission.NOT_A_CUSTOMER},
    }


async def test_in_the_moment_of_sending_the_address_must_be_the_customers_still(
    people: People, kari: UUID
) -> None:
    account = people.register.known[kari].account_id
    ways = {EMAIL: KARIS, SMS: "+4791234567", PHONE: "912 34 567", PUSH: str(account), POST: ""}
    async with people.house.store() as store:
        for channel, recipient in ways.items():
            asked = people.locked_permission(store, kari, channel, recipient)
            assert await asked is Permission.ALLOWED, channel
        for channel, recipient in {
            EMAIL: OLAS,
            SMS: "+4790000000",
            PHONE: "+4790000000",
            PUSH: str(uuid4()),
        }.items():
            asked = people.locked_permission(store, kari, channel, recipient)
            assert await asked is Permission.NOT_CONFIRMED, channel


async def test_an_address_that_is_hashed_under_an_older_key_is_the_customers_still(
    people: People, kari: UUID
) -> None:
    people.keys = (SECOND_KEY, FIRST_KEY)
    async with people.house.store() as store:
        asked = await people.locked_permission(store, kari, EMAIL, KARIS)
    assert asked is Permission.ALLOWED


async def test_in_the_moment_of_sending_every_other_reason_is_told_as_well(
    people: People, kari: UUID
) -> None:
    await people.withdraw(kari, EMAIL)
    async with people.house.store() as store:
        asked = await people.locked_permission(store, kari, EMAIL, KARIS)
        assert asked is Permission.WITHDRAWN
        asked = await people.locked_permission(store, uuid4(), EMAIL, KARIS)
        assert asked is Permission.NOT_A_CUSTOMER


CHANGES: dict[str, Callable[[People, UUID], Awaitable[object]]] = {
    "withdraws": lambda people, customer_id: people.withdraw(customer_id, EMAIL),
    "erases": lambda people, customer_id: people.erase(customer_id),
    "marks": lambda people, customer_id: people.readdress(customer_id, Contact()),
    "learns": lambda people, _: people.learn(),
}
WHOEVER = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)


@WHOEVER
async def test_whoever_withdraws_or_erases_or_learns_waits_for_a_hand_over_under_way(
    people: People, kari: UUID, change: Callable[[People, UUID], Awaitable[object]]
) -> None:
    changing = await _change_during_a_hand_over(people, kari, change)
    assert changing is not None, "it was done while the message was on its way"
    await changing
    async with people.house.store() as store:
        asked = await people.locked_permission(store, kari, EMAIL, KARIS)
    assert asked is not Permission.ALLOWED


@WHOEVER
async def test_without_the_lock_they_would_not_wait(
    people: People,
    kari: UUID,
    change: Callable[[People, UUID], Awaitable[object]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(PostgresStore, "lock_contact", _read_contact)
    assert await _change_during_a_hand_over(people, kari, change) is None


async def test_a_hand_over_waits_for_a_withdrawal_under_way_and_sees_it(
    people: People, kari: UUID
) -> None:
    assert await _hand_over_during_a_withdrawal(people, kari) is Permission.WITHDRAWN


async def test_without_the_lock_a_hand_over_would_not_see_it(
    people: People, kari: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PostgresStore, "lock_contact", _read_contact)
    assert await _hand_over_during_a_withdrawal(people, kari) is Permission.ALLOWED


async def _hand_over_during_a_withdrawal(people: People, kari: UUID) -> Permission:
    async def hand_over() -> Permission:
        async with people.house.store() as store:
            return await people.locked_permission(store, kari, EMAIL, KARIS)

    async with people.house.store() as store:
        await people.house.record_in(store, people.said(Decision.WITHDRAWN, kari, EMAIL))
        handing_over = asyncio.create_task(hand_over())
        await _waits(people, handing_over)
    return await handing_over


async def test_hand_overs_to_the_same_customer_go_one_after_the_other(
    people: People, kari: UUID
) -> None:
    """So that none passes a withdrawal that waits for another one."""
    assert await _waits_for_a_hand_over(people, kari)


async def test_without_the_lock_they_would_not(
    people: People, kari: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PostgresStore, "lock_contact", _read_contact)
    assert not await _waits_for_a_hand_over(people, kari)


async def _waits_for_a_hand_over(people: People, kari: UUID) -> bool:
    async def hand_over() -> Permission:
        async with people.house.store() as store:
            return await people.locked_permission(store, kari, EMAIL, KARIS)

    async with people.house.store() as store:
        await people.locked_permission(store, kari, EMAIL, KARIS)
        second = asyncio.create_task(hand_over())
        waited = await _waits(people, second)
    assert await second is Permission.ALLOWED
    return waited


async def _change_during_a_hand_over(
    people: People, kari: UUID, change: Callable[[People, UUID], Awaitable[object]]
) -> "asyncio.Task[object] | None":
    """Begins a change during a hand-over; returns it if it waited, None if it did not."""
    if change is CHANGES["learns"]:
        # Has been taken to be asked for before the hand-over, with an answer that is another.
        people.register.known[kari] = Contact()
        taken = asyncio.Event()
        people.register.meanwhile = taken.wait
        await people.house.sql("UPDATE customer SET ask_at = '-infinity'")
        changing = asyncio.ensure_future(change(people, kari))
        await eventually(lambda: people.register.asked[1:])
        await people.house.sql("UPDATE customer SET ask_at = NULL")
        async with people.house.store() as store:
            asked = await people.locked_permission(store, kari, EMAIL, KARIS)
            assert asked is Permission.ALLOWED
            taken.set()
            waited = await _waits(people, changing)
    else:
        async with people.house.store() as store:
            asked = await people.locked_permission(store, kari, EMAIL, KARIS)
            assert asked is Permission.ALLOWED
            changing = asyncio.ensure_future(change(people, kari))
            waited = await _waits(people, changing)
    if not waited:
        await changing
        return None
    return changing


async def _waits(people: People, changing: "asyncio.Future[Any]") -> bool:
    """Waits until a change is done, or waits for a lock itself; returns whether it waits."""

    async def is_waiting() -> list[asyncpg.Record]:
        return await people.house.sql(
            """
            SELECT FROM pg_stat_activity
            WHERE wait_event_type = 'Lock' AND datname = current_database()
            """
        )

    async def is_settled() -> bool:
        return changing.done() or bool(await is_waiting())

    await eventually(is_settled)
    return not changing.done()


async def _read_contact(store: PostgresStore, customer_id: UUID) -> KnownContact | None:
    """Reads as `lock_contact` does, without a lock."""
    [contact] = (await _rows(store, customer_id)) or [None]
    return contact


async def _rows(store: PostgresStore, customer_id: UUID) -> list[KnownContact]:
    rows = await store._connection.fetch(  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - takes a lock out of it
        """
        SELECT account_id, language, email_hash, is_email_confirmed, mobile_hash,
            is_mobile_confirmed
        FROM customer WHERE id = $1
        """,
        customer_id,
    )
    return [KnownContact(**dict(row)) for row in rows]
