"""A customer opens an account with customer number and PIN, once."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from kit.database import Transaction
from kit.testing import all_have_come
from kundeapp.identity.v1 import identity_service_pb2 as pb
from services.identity.domain.challenges import Challenge, Purpose
from services.identity.domain.customers import MOST_PIN_TRIES, Customer, Pin, Pins
from services.identity.domain.problems import AccountExists, WrongCustomerNumberOrPin
from services.identity.domain.store import Store
from services.identity.handlers.codes import Asker
from services.identity.handlers.registration import confirm_registration, prove_customer
from services.identity.storage import Post, PostgresStore
from tests.integration.identity.world import (
    EMAIL,
    HEADER,
    PASSWORD,
    PIN,
    Identity,
    StoresOf,
    customers_file,
    refused,
)

GUESSES = 50
AT_ONCE = 10


async def test_a_customer_opens_an_account_and_logs_in(identity: Identity) -> None:
    await identity.import_customers(HEADER + f"100001,Kari Nordmann,,,{PIN}\n")
    account = await identity.register("100001", email="Kari@Example.no")
    session = await identity.log_in("kari@example.no")

    me = await identity.me(session)
    [event] = await identity.events("AccountRegistered")
    assert me == account
    assert me.email == "Kari@Example.no"
    assert [(each.customer_number, each.name) for each in me.customers] == [
        ("100001", "Kari Nordmann")
    ]
    assert (event.account_id, event.customer_id) == (me.id, me.customers[0].id)


async def test_a_second_registration_of_the_same_customer_says_log_in(identity: Identity) -> None:
    await identity.customer("100001")
    await identity.register("100001", email="kari@example.no")

    with refused("ACCOUNT_EXISTS"):
        await identity.register("100001", email="other@example.no")


async def test_an_account_that_exists_is_named_only_after_the_right_pin(
    identity: Identity,
) -> None:
    await identity.customer("100001")
    await identity.register("100001")

    with refused("WRONG_CUSTOMER_NUMBER_OR_PIN"):
        await identity.register("100001", pin="00000000")


async def test_an_email_is_used_once_in_whatever_case_and_its_owner_alone_learns_of_it(
    identity: Identity,
) -> None:
    await identity.import_customers(customers_file(3, pin=PIN))
    await identity.register("100000", email="kari@example.no")
    free = await identity.begin_registration("100001", email="ola@example.no")
    taken = await identity.begin_registration("100002", email="KARI@example.no")

    assert taken.channel == free.channel
    assert taken.expires_at == free.expires_at
    assert len(await identity.letters("registration-code")) == 2
    [letter] = await identity.letters("registration-known")
    assert letter["To"] == "KARI@example.no"
    assert not re.search(r"\d{6}", letter.get_content())


async def test_an_email_that_is_taken_meanwhile_opens_no_account(identity: Identity) -> None:
    await identity.import_customers(customers_file(2, pin=PIN))
    first = await identity.begin_registration("100000", email="kari@example.no")
    code = await identity.code("registration-code", to="kari@example.no")
    await identity.register("100001", email="kari@example.no")

    with refused("EMAIL_IN_USE"):
        await identity.confirm(first, code)


async def test_an_unknown_number_and_a_wrong_pin_get_the_same_answer(identity: Identity) -> None:
    await identity.customer("100001")

    with refused("WRONG_CUSTOMER_NUMBER_OR_PIN") as wrong_pin:
        await identity.register("100001", pin="00000000")
    with refused("WRONG_CUSTOMER_NUMBER_OR_PIN") as unknown_number:
        await identity.register("999999", pin="00000000")

    assert wrong_pin.answer == unknown_number.answer


async def test_a_retry_with_the_same_key_gets_the_first_answer(identity: Identity) -> None:
    await identity.customer("100001")
    asked = await identity.begin_registration("100001", request_id="a-key")
    asked_again = await identity.begin_registration("100001", request_id="a-key")
    code = await identity.code("registration-code", to=EMAIL)
    first = await identity.confirm(asked, code, request_id="a-key")
    again = await identity.confirm(asked, code, request_id="a-key")

    assert asked_again == asked
    assert again == first
    assert len(await identity.letters("registration-code")) == 1
    assert len(await identity.events("AccountRegistered")) == 1


async def test_the_same_key_with_another_request_is_refused(identity: Identity) -> None:
    await identity.import_customers(customers_file(2, pin=PIN))
    await identity.begin_registration("100000", request_id="a-key", email="kari@example.no")

    with refused("IDEMPOTENCY_KEY_REUSED"):
        await identity.begin_registration("100001", request_id="a-key", email="ola@example.no")


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("customer_number", "", "REQUIRED_FIELD"),
        ("pin", "", "REQUIRED_FIELD"),
        ("pin", "1234abcd", "PIN_INVALID"),
        ("email", "", "REQUIRED_FIELD"),
        ("email", "kari", "EMAIL_INVALID"),
        ("password", "", "REQUIRED_FIELD"),
        ("password", "for kort", "PASSWORD_TOO_SHORT"),
        ("password", "x y" * 50, "PASSWORD_TOO_LONG"),
        ("password", "Kraftklubben2026", "PASSWORD_TOO_COMMON"),
        ("password", "leavemealone", "PASSWORD_TOO_COMMON"),  # has leaked
        ("password", "kari@example.no1", "PASSWORD_IS_EMAIL"),
    ],
)
async def test_a_wrong_field_is_named_before_any_try_is_counted(
    identity: Identity, field: str, value: str, reason: str
) -> None:
    await identity.customer("100001")

    with refused("INVALID_FIELDS") as refusal:
        await identity.register(**{"customer_number": "100001", field: value})

    assert refusal.fields == [(field, reason)]
    assert await identity.pin_tries("100001") == 0


async def test_a_short_pin_opens_no_account_and_says_so_only_when_it_is_right(
    identity: Identity,
) -> None:
    await identity.import_customers(HEADER + "100001,Kari,,,1234\n")

    with refused("WRONG_CUSTOMER_NUMBER_OR_PIN"):
        await identity.register("100001", pin="4321")
    with refused("PIN_NOT_ENOUGH"):
        await identity.register("100001", pin="1234")


async def test_a_short_pin_opens_an_account_with_a_code_to_the_contact_on_file_as_well(
    identity: Identity,
) -> None:
    await identity.import_customers(HEADER + "100001,Kari,,+4790000001,1234\n")
    asked = await identity.begin_registration("100001", pin="1234")
    to_email = await identity.code("registration-code", to=EMAIL)
    to_contact = await identity.code("contact-code", to="+4790000001")

    assert asked.contact_channel == pb.Verification.SMS
    with refused("WRONG_CODE"):
        await identity.confirm(asked, to_email)
    with refused("WRONG_CODE"):
        await identity.confirm(asked, to_contact, contact_code=to_email)
    account = await identity.confirm(asked, to_email, contact_code=to_contact)
    assert [each.customer_number for each in account.customers] == ["100001"]


async def test_a_short_pin_needs_one_code_where_the_email_is_the_contact_on_file(
    identity: Identity,
) -> None:
    await identity.import_customers(HEADER + "100001,Kari,Kari@example.no,,1234\n")
    account = await identity.register("100001", pin="1234", email="kari@example.no")

    assert [each.customer_number for each in account.customers] == ["100001"]


async def test_a_pin_is_burnt_after_ten_wrong_tries(identity: Identity) -> None:
    await identity.customer("100001")
    for _ in range(MOST_PIN_TRIES):
        with refused("WRONG_CUSTOMER_NUMBER_OR_PIN"):
            await identity.register("100001", pin="00000000")

    with refused("WRONG_CUSTOMER_NUMBER_OR_PIN"):
        await identity.register("100001", pin=PIN)


async def test_the_tenth_try_may_be_the_right_one(identity: Identity) -> None:
    await identity.customer("100001")
    for _ in range(MOST_PIN_TRIES - 1):
        with refused("WRONG_CUSTOMER_NUMBER_OR_PIN"):
            await identity.register("100001", pin="00000000")

    await identity.register("100001")
    assert await identity.pin_tries("100001") == 0


async def test_a_burnt_pin_burns_no_account(identity: Identity) -> None:
    await identity.customer("100001")
    await identity.register("100001", email="kari@example.no")
    for _ in range(MOST_PIN_TRIES):
        with refused("WRONG_CUSTOMER_NUMBER_OR_PIN"):
            await identity.register("100001", pin="00000000")

    assert (await identity.log_in("kari@example.no")).access_token


async def test_a_burnt_pin_stays_so_when_its_file_is_imported_again(identity: Identity) -> None:
    await identity.customer("100001")
    for _ in range(MOST_PIN_TRIES):
        with refused("WRONG_CUSTOMER_NUMBER_OR_PIN"):
            await identity.register("100001", pin="00000000")
    await identity.customer("100001")

    with refused("WRONG_CUSTOMER_NUMBER_OR_PIN"):
        await identity.register("100001")


async def test_a_new_pin_in_the_file_replaces_a_burnt_one(identity: Identity) -> None:
    await identity.customer("100001")
    for _ in range(MOST_PIN_TRIES):
        with refused("WRONG_CUSTOMER_NUMBER_OR_PIN"):
            await identity.register("100001", pin="00000000")
    await identity.customer("100001", pin="55667788")

    await identity.register("100001", pin="55667788")


async def test_of_fifty_guesses_at_once_over_grpc_ten_are_counted(identity: Identity) -> None:
    await identity.customer("100001")

    async def guess(pin: int) -> None:
        request = pb.RegisterAccountRequest(
            customer_number="100001", pin=f"{pin:08d}", email=EMAIL, password=PASSWORD
        )
        with refused("WRONG_CUSTOMER_NUMBER_OR_PIN"):
            await identity.call("RegisterAccount", request, network=f"192.0.2.{pin}")

    await asyncio.gather(*(guess(pin) for pin in range(GUESSES)))
    assert await identity.pin_tries("100001") == MOST_PIN_TRIES


class CountingPins(Pins):
    """Counts how many PINs are looked at."""

    looked_at = 0

    def matches(self, kept: Pin | None, customer_number: str, pin: str) -> bool:
        self.looked_at += kept is not None
        return super().matches(kept, customer_number, pin)


class NaiveStore(PostgresStore):
    """Reads first and writes later, as one would without thinking of the others."""

    everybody_has_read: asyncio.Barrier

    async def count_pin_try(self, customer_number: str, most: int) -> Customer | None:
        row = await self._connection.fetchrow(
            "SELECT id, pin_tries FROM customer WHERE number = $1", customer_number
        )
        assert row is not None
        await all_have_come(self.everybody_has_read)
        if row["pin_tries"] >= most:
            return None
        await self._connection.execute(
            "UPDATE customer SET pin_tries = $2 WHERE id = $1", row["id"], row["pin_tries"] + 1
        )
        return (await self.customers_by_number([customer_number]))[customer_number]

    async def lock_customer(self, customer_id: UUID) -> Customer:
        number: str = await self._connection.fetchval(
            "SELECT number FROM customer WHERE id = $1", customer_id
        )
        customer = (await self.customers_by_number([number]))[number]
        await all_have_come(self.everybody_has_read)
        return customer


@pytest.fixture
def naive_store() -> type[NaiveStore]:
    NaiveStore.everybody_has_read = asyncio.Barrier(AT_ONCE)
    return NaiveStore


async def looked_at_in_fifty_guesses(
    identity: Identity, store_of: Callable[[Transaction, Post], Store]
) -> int:
    await identity.customer("100001")
    pins = CountingPins(identity.keyed("pin"), identity.ids)
    stores = StoresOf(identity.database, store_of)

    with identity.cheap_hashes() as hashes:
        gate = replace(identity.servicer(hashes, stores).gate, pins=pins)

    async def guess(pin: int) -> None:
        asker = Asker(network=f"192.0.2.{pin}", language="nn")
        with pytest.raises(WrongCustomerNumberOrPin):
            await prove_customer(gate, asker, "100001", f"{pin:08d}")

    await asyncio.gather(*(guess(pin) for pin in range(GUESSES)))
    return pins.looked_at


async def test_of_fifty_guesses_at_once_ten_are_looked_at(identity: Identity) -> None:
    assert await looked_at_in_fifty_guesses(identity, PostgresStore) == MOST_PIN_TRIES


async def test_without_counting_under_the_lock_more_would_be_looked_at(
    identity: Identity, naive_store: type[NaiveStore]
) -> None:
    assert await looked_at_in_fifty_guesses(identity, naive_store) > MOST_PIN_TRIES


async def test_of_ten_registrations_of_one_customer_at_once_the_last_can_be_confirmed(
    identity: Identity,
) -> None:
    await identity.customer("100001")
    emails = [f"kari{number}@example.no" for number in range(AT_ONCE)]
    asked = await asyncio.gather(
        *(identity.begin_registration("100001", email=email) for email in emails)
    )
    codes = [await identity.code("registration-code", to=email) for email in emails]

    async def confirm(number: int) -> str:
        with refused("CODE_NO_LONGER_WORKS", or_none=True) as refusal:
            await identity.confirm(asked[number], codes[number])
        return refusal.reason

    outcomes = await asyncio.gather(*(confirm(number) for number in range(AT_ONCE)))
    assert sorted(outcomes) == ["", *["CODE_NO_LONGER_WORKS"] * (AT_ONCE - 1)]
    assert len(await identity.fetch("SELECT * FROM account")) == 1
    assert len(await identity.events("AccountRegistered")) == 1


async def accounts_opened_at_once(
    identity: Identity, store_of: Callable[[Transaction, Post], Store]
) -> int:
    """Opens accounts for one customer with as many right codes, all good at the same time."""
    await identity.customer("100001")
    [row] = await identity.fetch("SELECT id FROM customer")
    stores = StoresOf(identity.database, store_of)
    with identity.cheap_hashes() as hashes:
        desk = identity.servicer(hashes, stores).desk
    challenges = [
        Challenge(
            id=identity.ids.new_id(),
            purpose=Purpose.REGISTRATION,
            subject=bytes([number]),
            expires_at=identity.clock.now() + timedelta(minutes=10),
            language="nn",
            code_hash="of a code",
            contact=f"kari{number}@example.no",
            customer_id=row["id"],
            password_hash="of a password",
        )
        for number in range(AT_ONCE)
    ]
    async with stores() as store:
        for challenge in challenges:
            await store.begin_challenge(challenge, identity.clock.now())

    async def confirm(challenge: Challenge) -> bool:
        try:
            async with stores() as store:
                await confirm_registration(store, desk, challenge)
        except AccountExists:
            return False
        return True

    return sum(await asyncio.gather(*(confirm(challenge) for challenge in challenges)))


async def test_one_account_is_opened_for_a_customer(identity: Identity) -> None:
    assert await accounts_opened_at_once(identity, PostgresStore) == 1


async def test_without_the_lock_there_would_be_several(
    identity: Identity, naive_store: type[NaiveStore]
) -> None:
    assert await accounts_opened_at_once(identity, naive_store) > 1


async def test_of_two_customers_with_one_email_at_once_one_succeeds(identity: Identity) -> None:
    await identity.import_customers(customers_file(2, pin=PIN))
    emails = ("kari@example.no", "Kari@example.no")
    asked = [
        await identity.begin_registration(f"10000{at}", email=email)
        for at, email in enumerate(emails)
    ]
    codes = [await identity.code("registration-code", to=email) for email in emails]

    async def confirm(at: int) -> str:
        with refused("EMAIL_IN_USE", or_none=True) as refusal:
            await identity.confirm(asked[at], codes[at])
        return refusal.reason

    outcomes = await asyncio.gather(confirm(0), confirm(1))
    assert sorted(outcomes) == ["", "EMAIL_IN_USE"]


async def test_the_password_is_kept_under_a_pepper_and_argon2id(identity: Identity) -> None:
    await identity.customer("100001")
    await identity.register("100001", password=PASSWORD)

    [row] = await identity.fetch("SELECT password_hash FROM account")
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in row["password_hash"]
