"""How customers and staff are reached, and who is told when that changes."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

import services.identity.migrations
from kit import migrations
from kit.database import Transaction
from kit.testing import Neighbours, all_have_come, eventually
from kundeapp.identity.v1 import identity_service_pb2 as pb
from kundeapp.identity.v1.identity_events_pb2 import CustomerContactChanged
from services.identity.domain.challenges import LIFETIME, Challenge, Purpose
from services.identity.domain.store import Store
from services.identity.handlers import accounts, contact
from services.identity.handlers.codes import Desk
from services.identity.storage import Post, PostgresStore
from tests.integration.identity.test_care import STATUS
from tests.integration.identity.test_contact import NEW_EMAIL, link, moved, undo
from tests.integration.identity.test_end_of_customers import erase, import_as
from tests.integration.identity.world import (
    EMAIL,
    HEADER,
    PIN,
    Identity,
    StoresOf,
    customers_file,
    refused,
)

ON_FILE = f"100000,Kari Nordmann,kari@fil.no,91234567,{PIN}\n"
MOBILE, OTHER_MOBILE = "+4790000001", "+4790000002"
OLA = "ola@example.no"
AT_ONCE = 4
SUBJECTS = {
    "nn": "Mobilnummeret ditt er endra",
    "nb": "Mobilnummeret ditt er endret",
    "en": "Your mobile number was changed",
}


async def ids(identity: Identity) -> Mapping[str, str]:
    """Returns the ids of the customers in the register, by their numbers."""
    rows = await identity.fetch("SELECT number, id::text FROM customer WHERE number IS NOT NULL")
    return {row["number"]: row["id"] for row in rows}


async def confirm_mobile(identity: Identity, session: pb.Session, mobile: str) -> pb.Account:
    asked = await identity.call(
        "ChangeMobile", pb.ChangeMobileRequest(mobile=mobile), session=session
    )
    code = await identity.code("mobile-code", to=mobile)
    request = pb.ConfirmMobileRequest(verification_id=asked.id, code=code)
    return await identity.call("ConfirmMobile", request, session=session)


async def change_language(
    identity: Identity, session: pb.Session, language: str, request_id: str = ""
) -> pb.Account:
    request = pb.ChangeMyAccountRequest(request_id=request_id, language=language)
    return await identity.call("ChangeMyAccount", request, session=session)


async def reached(identity: Identity, number: str = "100000") -> pb.CustomerContacts:
    """Returns how a customer is reached."""
    known = await ids(identity)
    return (await identity.contacts([known[number]]))[known[number]]


class TestACustomer:
    async def test_without_an_account_is_reached_by_what_is_on_file_unconfirmed(
        self, identity: Identity
    ) -> None:
        await identity.import_customers(HEADER + ON_FILE)

        assert await reached(identity) == pb.CustomerContacts(
            customer_id=(await ids(identity))["100000"],
            customer_number="100000",
            name="Kari Nordmann",
            status=pb.Customer.ACTIVE,
            language="nn",
            email="kari@fil.no",
            mobile="+4791234567",
        )

    async def test_with_an_account_is_reached_by_its_email_and_the_mobile_on_file_unconfirmed(
        self, identity: Identity
    ) -> None:
        await identity.import_customers(HEADER + ON_FILE)
        account = await identity.register("100000")

        contacts = await reached(identity)

        assert (contacts.email, contacts.email_confirmed) == (EMAIL, True)
        assert (contacts.mobile, contacts.mobile_confirmed) == ("+4791234567", False)
        assert contacts.account_id == account.id

    async def test_is_reached_by_the_mobile_that_the_account_has_confirmed(
        self, identity: Identity
    ) -> None:
        await identity.import_customers(STATUS + ON_FILE.rstrip() + ",MOVED\n")
        await identity.register("100000")
        await confirm_mobile(identity, await identity.log_in(), MOBILE)

        contacts = await reached(identity)

        assert (contacts.mobile, contacts.mobile_confirmed) == (MOBILE, True)
        assert contacts.status == pb.Customer.MOVED

    async def test_is_written_to_in_the_language_of_the_account(self, identity: Identity) -> None:
        await identity.import_customers(HEADER + ON_FILE)
        request = pb.RegisterAccountRequest(
            customer_number="100000", pin=PIN, email=EMAIL, password="fire tilfeldige ord"
        )
        asked = await identity.call("RegisterAccount", request, language="en")
        await identity.confirm(asked, await identity.code("registration-code", to=EMAIL))

        assert (await reached(identity)).language == "en"

    async def test_who_is_dead_has_no_contacts(self, identity: Identity) -> None:
        await identity.import_customers(HEADER + ON_FILE)
        await identity.register("100000")
        await confirm_mobile(identity, await identity.log_in(), MOBILE)

        await import_as(identity, "DECEASED")

        assert await reached(identity) == pb.CustomerContacts(
            customer_id=(await ids(identity))["100000"],
            customer_number="100000",
            name="Kari Nordmann",
            status=pb.Customer.DECEASED,
            language="nn",
        )

    async def test_who_is_erased_or_unknown_is_left_out(self, identity: Identity) -> None:
        await identity.import_customers(HEADER + ON_FILE)
        await identity.customer("100001")
        known = await ids(identity)
        await erase(identity)

        answer = await identity.contacts([*known.values(), str(UUID(int=1)), known["100001"]])

        assert list(answer) == [known["100001"]]
        assert (answer[known["100001"]].email, answer[known["100001"]].mobile) == ("", "")


async def test_a_thousand_customers_are_told_at_once_and_no_more(identity: Identity) -> None:
    await identity.import_customers(customers_file(1000))
    known = list((await ids(identity)).values())

    assert set(await identity.contacts(known)) == set(known)
    with refused("TOO_MANY_RECORDS") as refusal:
        await identity.contacts([*known, known[0]])
    assert refusal.fields == [("customer_ids", "TOO_MANY_RECORDS")]


async def test_an_id_that_is_no_uuid_is_named(identity: Identity) -> None:
    with refused("INVALID_FIELDS") as refusal:
        await identity.contacts([str(UUID(int=1)), "100001"])
    assert refusal.fields == [("customer_ids[1]", "NOT_A_UUID")]


async def test_the_staff_with_a_role_are_reached_by_email_in_their_language(
    identity: Identity,
) -> None:
    await identity.customer("100000")
    await identity.register("100000")
    both = await identity.put_staff("both@example.com", ["EVENT_STAFF", "CUSTOMER_SERVICE"])
    host = await identity.put_staff("host@example.com", ["EVENT_STAFF"])
    await identity.put_staff("operator@example.com", ["OPERATOR"])
    await identity.execute("UPDATE account SET language = 'en' WHERE id = $1", UUID(host.id))

    told = [
        [(each.account_id, each.email, each.language) for each in staff]
        for staff in [
            await identity.staff_contacts("EVENT_STAFF"),
            await identity.staff_contacts("CUSTOMER_SERVICE"),
        ]
    ]

    assert told == [
        [(both.id, "both@example.com", "nn"), (host.id, "host@example.com", "en")],
        [(both.id, "both@example.com", "nn")],
    ]


@pytest.mark.parametrize("role", [0, 99])
async def test_nobody_holds_a_role_that_there_is_not(identity: Identity, role: int) -> None:
    with refused("INVALID_FIELDS") as refusal:
        await identity.staff_contacts(role)
    assert refusal.fields == [("role", "ROLE_INVALID")]


@pytest.mark.parametrize("workload", ["gateway", "cli", "events"])
async def test_only_the_service_that_writes_to_people_is_told_how(
    identity: Identity, workload: str
) -> None:
    with refused("PERMISSION_DENIED"):
        await identity.contacts([], workload=workload)
    with refused("PERMISSION_DENIED"):
        await identity.staff_contacts("EVENT_STAFF", workload=workload)


async def told_of(identity: Identity) -> list[str]:
    """Returns the numbers of the customers whose contacts were told to have changed, in order."""
    numbers = {each: number for number, each in (await ids(identity)).items()}
    events = await identity.events("CustomerContactChanged")
    return [numbers[event.customer_id] for event in events]


@pytest.fixture
async def household(identity: Identity) -> pb.Session:
    """Two customers with one account, whose owner is logged in."""
    await identity.import_customers(HEADER + ON_FILE)
    await identity.customer("100001")
    await identity.register("100000")
    session = await identity.log_in()
    await link(identity, session, "100001")
    return session


@pytest.mark.usefixtures("household")
class TestAChangeIsToldOf:
    async def test_when_an_account_is_registered_or_linked(self, identity: Identity) -> None:
        assert await told_of(identity) == ["100000", "100001"]

    async def test_under_the_customer_and_by_the_id_alone(self, identity: Identity) -> None:
        [first, _] = await identity.events("CustomerContactChanged")
        rows = await identity.fetch(
            "SELECT subject FROM outbox WHERE type = $1 ORDER BY seq",
            CustomerContactChanged.DESCRIPTOR.full_name,
        )
        assert rows[0]["subject"] == f"kundeapp.identity.customer.{first.customer_id}.readdressed"
        assert [each.name for each in CustomerContactChanged.DESCRIPTOR.fields] == ["customer_id"]

    async def test_once_when_linking_is_tried_again(
        self, identity: Identity, household: pb.Session
    ) -> None:
        await link(identity, household, "100001")
        assert await told_of(identity) == ["100000", "100001"]

    async def test_when_the_email_is_changed_and_when_that_is_undone(
        self, identity: Identity, household: pb.Session
    ) -> None:
        token = await moved(identity, household)
        assert await told_of(identity) == ["100000", "100001"] * 2
        assert (await reached(identity)).email == NEW_EMAIL

        await undo(identity, token)
        assert await told_of(identity) == ["100000", "100001"] * 3
        assert (await reached(identity)).email == EMAIL

    async def test_when_a_mobile_is_confirmed(
        self, identity: Identity, household: pb.Session
    ) -> None:
        await confirm_mobile(identity, household, MOBILE)
        assert await told_of(identity) == ["100000", "100001"] * 2

    async def test_when_the_language_is_changed(
        self, identity: Identity, household: pb.Session
    ) -> None:
        await change_language(identity, household, "en")
        assert await told_of(identity) == ["100000", "100001"] * 2
        assert (await reached(identity)).language == "en"

    async def test_not_when_the_language_is_the_one_that_it_was(
        self, identity: Identity, household: pb.Session
    ) -> None:
        assert (await change_language(identity, household, "nn")).language == "nn"
        assert await told_of(identity) == ["100000", "100001"]

    async def test_when_the_account_is_deleted(
        self, identity: Identity, household: pb.Session
    ) -> None:
        await identity.call("DeleteMyAccount", pb.DeleteMyAccountRequest(), session=household)
        assert sorted(await told_of(identity)) == ["100000", "100000", "100001", "100001"]
        assert (await reached(identity)).email == "kari@fil.no"

    async def test_not_when_a_code_is_wrong(
        self, identity: Identity, household: pb.Session
    ) -> None:
        request = pb.ChangeMobileRequest(mobile=MOBILE)
        asked = await identity.call("ChangeMobile", request, session=household)
        wrong = pb.ConfirmMobileRequest(verification_id=asked.id, code="no code")
        with refused("WRONG_CODE"):
            await identity.call("ConfirmMobile", wrong, session=household)
        assert await told_of(identity) == ["100000", "100001"]

    async def test_not_when_the_register_tells_of_it_itself(self, identity: Identity) -> None:
        await identity.import_customers(HEADER + "100000,Kari Nordmann,ny@fil.no,,\n")
        await import_as(identity, "DECEASED")
        numbers = await ids(identity)
        await erase(identity, "100001")

        changed = [event.customer_id for event in await identity.events("CustomerChanged")]
        erased = [event.customer_id for event in await identity.events("CustomerErased")]
        assert (changed, erased) == ([numbers["100000"]] * 2, [numbers["100001"]])
        assert len(await identity.events("AccountClosed")) == 1
        assert len(await identity.events("CustomerContactChanged")) == 2


@pytest.mark.parametrize("language", ["nn", "nb", "en"])
async def test_an_account_is_written_to_in_the_language_that_it_has_chosen(
    identity: Identity, household: pb.Session, language: str
) -> None:
    changed = await change_language(identity, household, language)

    assert changed.language == language
    assert changed == await identity.me(household)
    await confirm_mobile(identity, household, MOBILE)
    [letter] = await identity.letters("mobile-changed")
    assert letter["Subject"] == SUBJECTS[language]


@pytest.mark.parametrize(
    ("language", "reason"),
    [
        ("", "REQUIRED_FIELD"),
        ("sv", "NOT_A_LANGUAGE"),
        ("NN", "NOT_A_LANGUAGE"),
        ("nn-NO", "NOT_A_LANGUAGE"),
    ],
)
async def test_nobody_is_written_to_in_a_language_that_there_are_no_texts_in(
    identity: Identity, household: pb.Session, language: str, reason: str
) -> None:
    with refused("INVALID_FIELDS") as refusal:
        await change_language(identity, household, language)
    assert refusal.fields == [("language", reason)]
    assert (await identity.me(household)).language == "nn"


async def test_a_language_that_is_sent_again_changes_nothing_twice(
    identity: Identity, household: pb.Session
) -> None:
    first = await change_language(identity, household, "en", request_id="a")
    await change_language(identity, household, "nb", request_id="b")

    assert await change_language(identity, household, "en", request_id="a") == first
    assert (await identity.me(household)).language == "nb"
    with refused("IDEMPOTENCY_KEY_REUSED"):
        await change_language(identity, household, "nn", request_id="a")


async def test_a_number_that_somebody_else_confirms_is_lost_and_its_owner_told(
    identity: Identity, household: pb.Session
) -> None:
    await identity.import_customers(HEADER + f"100002,Ola,,,{PIN}\n100003,Per,,{MOBILE},\n")
    await identity.register("100002", email=OLA)
    ola = await identity.log_in(OLA)
    await confirm_mobile(identity, household, MOBILE)
    before = await told_of(identity)

    await confirm_mobile(identity, ola, MOBILE)

    assert (await identity.me(ola)).mobile == MOBILE
    assert (await identity.me(household)).mobile == ""
    assert sorted((await told_of(identity))[len(before) :]) == ["100000", "100001", "100002"]
    contacts = await reached(identity)
    assert (contacts.mobile, contacts.mobile_confirmed) == ("+4791234567", False)
    assert (await reached(identity, "100003")).mobile == MOBILE
    [letter] = await identity.letters("mobile-lost")
    assert letter["To"] == EMAIL
    assert MOBILE.removeprefix("+47") not in letter.get_content()


async def test_a_number_that_one_confirms_again_is_kept_and_nobody_is_told_of_a_loss(
    identity: Identity, household: pb.Session
) -> None:
    for _ in range(2):
        account = await confirm_mobile(identity, household, MOBILE)
        assert account.mobile == MOBILE
    assert await identity.letters("mobile-lost") == []


StoreOf = Callable[[Transaction, Post], Store]


class NaiveStore(PostgresStore):
    """Looks first and writes later, and locks nothing."""

    everybody_has_read: asyncio.Barrier

    async def lock_mobile(self, mobile: str, account_id: UUID) -> UUID | None:
        holder: UUID | None = await self._connection.fetchval(
            "SELECT id FROM account WHERE mobile = $1 AND id <> $2", mobile, account_id
        )
        await all_have_come(self.everybody_has_read)
        return holder

    async def lock_accounts(self, account_ids: Sequence[UUID]) -> None:
        """Does nothing."""


class UnorderedStore(PostgresStore):
    """Locks the account that confirms a number before the one that has it."""

    both_have_locked: asyncio.Barrier

    async def lock_mobile(self, mobile: str, account_id: UUID) -> UUID | None:
        await self.lock_accounts([account_id])
        await all_have_come(self.both_have_locked)
        return await super().lock_mobile(mobile, account_id)


def desk_of(identity: Identity) -> Desk:
    with identity.cheap_hashes() as hashes:
        return identity.servicer(hashes).desk


async def proven(
    identity: Identity, account_id: UUID, to: str, purpose: Purpose = Purpose.MOBILE
) -> Challenge:
    """Returns a challenge whose code was right."""
    challenge = Challenge(
        id=identity.ids.new_id(),
        purpose=purpose,
        subject=account_id.bytes,
        expires_at=identity.clock.now() + LIFETIME,
        language="nn",
        code_hash="of a code",
        contact=to,
        account_id=account_id,
    )
    async with StoresOf(identity.database, PostgresStore)() as store:
        await store.begin_challenge(challenge, identity.clock.now())
    return challenge


async def confirm_at_once(
    identity: Identity, store_of: StoreOf, numbers: Mapping[UUID, str]
) -> list[object]:
    """Confirms mobile numbers of accounts at once; returns what came of each."""
    desk, stores = desk_of(identity), StoresOf(identity.database, store_of)
    challenges = [await proven(identity, *each) for each in numbers.items()]

    async def confirm(challenge: Challenge) -> object:
        async with stores() as store:
            return await contact.confirm_mobile(store, desk, challenge)

    return await asyncio.gather(*map(confirm, challenges), return_exceptions=True)


async def mobiles(identity: Identity) -> Mapping[UUID, str]:
    return {row["id"]: row["mobile"] for row in await identity.fetch("SELECT * FROM account")}


async def race(identity: Identity, store_of: StoreOf) -> tuple[int, int]:
    """Confirms one number on several accounts at once; returns how many could, and who hold it."""
    NaiveStore.everybody_has_read = asyncio.Barrier(AT_ONCE)
    await identity.import_customers(customers_file(AT_ONCE, PIN))
    accounts = [
        UUID((await identity.register(f"{100_000 + each}", email=f"{each}@example.no")).id)
        for each in range(AT_ONCE)
    ]
    outcomes = await confirm_at_once(identity, store_of, dict.fromkeys(accounts, MOBILE))
    assert all(
        isinstance(each, asyncpg.UniqueViolationError)
        for each in outcomes
        if isinstance(each, BaseException)
    ), outcomes
    confirmed = sum(not isinstance(each, BaseException) for each in outcomes)
    return confirmed, list((await mobiles(identity)).values()).count(MOBILE)


async def test_all_who_confirm_one_number_at_once_may_and_one_holds_it_in_the_end(
    identity: Identity,
) -> None:
    assert await race(identity, PostgresStore) == (AT_ONCE, 1)
    assert len(await told_of(identity)) == AT_ONCE + AT_ONCE + (AT_ONCE - 1)


async def test_without_the_lock_the_database_lets_one_confirm_it(identity: Identity) -> None:
    assert await race(identity, NaiveStore) == (1, 1)


async def test_without_the_lock_and_the_index_several_would_hold_it(identity: Identity) -> None:
    await identity.execute("DROP INDEX account_mobile")
    assert await race(identity, NaiveStore) == (AT_ONCE, AT_ONCE)


async def exchanged(identity: Identity, store_of: StoreOf) -> bool:
    """Lets two accounts confirm each other's number at once; tells whether both could."""
    UnorderedStore.both_have_locked = asyncio.Barrier(2)
    await identity.import_customers(customers_file(2, PIN))
    one, other = [
        UUID((await identity.register(f"{100_000 + each}", email=f"{each}@example.no")).id)
        for each in range(2)
    ]
    await confirm_at_once(identity, PostgresStore, {one: MOBILE, other: OTHER_MOBILE})
    outcomes = await confirm_at_once(identity, store_of, {one: OTHER_MOBILE, other: MOBILE})
    failures = [each for each in outcomes if isinstance(each, BaseException)]
    assert all(isinstance(each.__cause__, asyncpg.DeadlockDetectedError) for each in failures)
    return await mobiles(identity) == {one: OTHER_MOBILE, other: MOBILE}


async def test_two_accounts_exchange_their_numbers_at_once(identity: Identity) -> None:
    assert await exchanged(identity, PostgresStore)


async def test_without_an_order_of_locks_they_would_stand_in_each_others_way(
    identity: Identity,
) -> None:
    assert not await exchanged(identity, UnorderedStore)


async def changing(
    identity: Identity, account_id: UUID, what: str
) -> Callable[[Store], Awaitable[object]]:
    """Returns what changes a contact of an account."""
    if what == "language":
        return lambda store: accounts.change_language(store, account_id, "en")
    # Another way of writing the e-mail changes nothing that a foreign key could hang on.
    purpose, to, confirm = {
        "mobile": (Purpose.MOBILE, MOBILE, contact.confirm_mobile),
        "e-mail": (Purpose.EMAIL, EMAIL.upper(), contact.confirm_email),
    }[what]
    challenge, desk = await proven(identity, account_id, to, purpose), desk_of(identity)
    return lambda store: confirm(store, desk, challenge)


async def told_of_while_another_is_linked(
    identity: Identity, store_of: StoreOf, what: str
) -> list[str]:
    """Changes a contact while a link commits; returns who is told of by the change."""
    NaiveStore.everybody_has_read = asyncio.Barrier(1)
    await identity.customer("100000")
    await identity.customer("100001")
    account = UUID((await identity.register("100000")).id)
    change = await changing(identity, account, what)
    further = UUID((await ids(identity))["100001"])
    before = await told_of(identity)

    async def run() -> None:
        async with StoresOf(identity.database, store_of)() as store:
            await change(store)

    async def waits_or_is_done() -> bool:
        waiting = await identity.fetch(
            "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
            "AND datname = current_database()"
        )
        return bool(waiting) or running.done()

    async with StoresOf(identity.database, PostgresStore)() as linking:
        await linking.attach_customer(account, further)
        running = asyncio.create_task(run())
        await eventually(waits_or_is_done)
    await running
    return (await told_of(identity))[len(before) :]


CHANGES = ("mobile", "e-mail", "language")


@pytest.mark.parametrize("what", CHANGES)
async def test_a_change_is_told_of_a_customer_who_is_linked_meanwhile(
    identity: Identity, what: str
) -> None:
    told = await told_of_while_another_is_linked(identity, PostgresStore, what)
    assert told == ["100000", "100001"]


@pytest.mark.parametrize("what", CHANGES)
async def test_without_the_lock_such_a_customer_would_be_forgotten(
    identity: Identity, what: str
) -> None:
    told = await told_of_while_another_is_linked(identity, NaiveStore, what)
    assert told == ["100000"]


async def test_of_accounts_that_had_confirmed_one_number_before_none_keeps_it(
    neighbours: Neighbours,
) -> None:
    folder, url = (
        Path(str(services.identity.migrations.__file__)).parent,
        await neighbours.empty_database(),
    )
    await migrations.upgrade(folder, url, "0007")
    connection = await asyncpg.connect(url)
    await connection.execute(
        """
        INSERT INTO account (id, email, email_key, password_version, roles, language, mobile)
        SELECT gen_random_uuid(), key, key, 1, '{}', 'nn', mobile
        FROM (VALUES ('a', $1), ('b', $1), ('c', $2), ('d', ''), ('e', '')) old (key, mobile)
        """,
        MOBILE,
        OTHER_MOBILE,
    )

    await migrations.upgrade(folder, url)

    rows = await connection.fetch("SELECT email, mobile FROM account ORDER BY email")
    await connection.close()
    assert [tuple(row) for row in rows] == [
        ("a", ""),
        ("b", ""),
        ("c", OTHER_MOBILE),
        ("d", ""),
        ("e", ""),
    ]
