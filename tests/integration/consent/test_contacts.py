"""How customers are reached: asked for when it may have changed, and kept as hashes only."""

import asyncio
import json
from collections.abc import Mapping
from uuid import UUID, uuid4

import pytest

from kit.errors import Unavailable
from kit.testing import eventually
from kundeapp.privacy.v1.export_pb2 import ExportMyDataRequest
from services.consent.domain.channels import Channel
from services.consent.domain.contacts import Contact, KnownContact, email_address, phone_number
from services.consent.domain.customers import Status
from services.consent.domain.permission import Permission
from services.consent.domain.suppression import Reason
from services.consent.handlers import contacts
from services.consent.storage import PostgresStore
from tests.integration.consent.people import FIRST_KEY, SECOND_KEY, People, reachable
from tests.integration.consent.world import Consent, Customer, House

EMAIL, SMS = Channel.EMAIL, Channel.SMS
OLD, NEW = "kari@example.no", "kari.fjord@example.no"
NUMBER = "+4791234567"


@pytest.fixture
async def people(house: House) -> People:
    people = People(house)
    await people.offer()
    return people


@pytest.fixture
async def kari(people: People) -> UUID:
    """A customer who has said yes to mail and SMS, and is reached by both."""
    customer_id = await people.customer(reachable(email=OLD, mobile=NUMBER))
    await people.give(customer_id, EMAIL, SMS)
    return customer_id


async def test_from_when_a_customer_comes_until_identity_is_asked_nothing_is_sent(
    people: People,
) -> None:
    customer_id = uuid4()
    people.register.known[customer_id] = reachable()
    await people.tell(customer_id)
    await people.give(customer_id, EMAIL)
    assert await people.permission(customer_id, EMAIL) is Permission.NOT_CONFIRMED
    await people.learn()
    assert await people.permission(customer_id, EMAIL) is Permission.ALLOWED


async def test_a_customer_who_acts_before_identity_has_told_of_one_is_asked_for(
    people: People,
) -> None:
    customer_id = uuid4()
    people.register.known[customer_id] = reachable()
    await people.give(customer_id, EMAIL)
    await people.learn()
    assert await people.permission(customer_id, EMAIL) is Permission.ALLOWED


async def test_a_changed_e_mail_gets_nothing_until_it_is_confirmed(
    people: People, kari: UUID
) -> None:
    await people.readdress(kari, Contact(email=email_address(NEW)))
    assert await people.permission(kari, EMAIL) is Permission.NOT_CONFIRMED
    await people.learn()
    assert await people.permission(kari, EMAIL) is Permission.NOT_CONFIRMED
    await people.readdress(kari, Contact(email=email_address(NEW), is_email_confirmed=True))
    assert await people.permission(kari, EMAIL) is Permission.NOT_CONFIRMED
    await people.learn()
    assert await people.permission(kari, EMAIL) is Permission.ALLOWED


async def test_a_change_of_the_register_counts_as_one_of_the_contact(
    people: People, kari: UUID
) -> None:
    await people.tell(kari)
    assert await people.permission(kari, EMAIL) is Permission.NOT_CONFIRMED


async def test_a_recycled_number_gets_nothing_from_its_last_owners_yes(
    people: People, kari: UUID
) -> None:
    """The number is another's now, who has confirmed it and has agreed to nothing."""
    await people.readdress(kari, Contact(mobile=phone_number(NUMBER)))
    heir = await people.customer(reachable(email="ola@example.no", mobile=NUMBER))
    await people.learn()
    assert await people.permission(kari, SMS) is Permission.NOT_CONFIRMED
    assert await people.permission(heir, SMS) is Permission.NO_DECISION
    async with people.house.store() as store:
        asked = await people.locked_permission(store, kari, SMS, NUMBER)
        assert asked is Permission.NOT_CONFIRMED


async def test_the_suppression_of_an_old_address_stays_with_the_address(
    people: People, kari: UUID
) -> None:
    await people.suppress(email_address(OLD), Reason.HARD_BOUNCE)
    await people.readdress(kari, reachable(email=NEW))
    await people.learn()
    assert await people.permission(kari, EMAIL) is Permission.ALLOWED
    await people.readdress(kari, reachable(email=OLD))
    await people.learn()
    assert await people.permission(kari, EMAIL) is Permission.SUPPRESSED


async def test_who_is_erased_and_imported_again_is_still_suppressed(
    people: People, kari: UUID
) -> None:
    await people.suppress(email_address(OLD), Reason.COMPLAINT)
    await people.suppress(phone_number(NUMBER), Reason.RESERVATION_REGISTER)
    await people.erase(kari)
    again = await people.customer(reachable(email=OLD.upper(), mobile=NUMBER))
    await people.give(again, EMAIL, SMS)
    assert await people.permission(again, EMAIL) is Permission.SUPPRESSED
    assert await people.permission(again, SMS) is Permission.SUPPRESSED


async def test_of_an_erased_customer_nothing_but_the_id_is_left(people: People, kari: UUID) -> None:
    [before] = await people.house.sql("SELECT * FROM customer WHERE id = $1", kari)
    assert before["email_hash"]
    assert before["account_id"]
    await people.erase(kari)
    [after] = await people.house.sql("SELECT * FROM customer WHERE id = $1", kari)
    assert {name: value for name, value in after.items() if value} == {
        "id": kari,
        "status": Status.ERASED,
        "contact_version": before["contact_version"] + 1,
    }


async def test_its_owner_is_told_what_is_known_of_an_address_and_not_which_it_is(
    people: People, kari: UUID, consent: Consent
) -> None:
    await people.suppress(email_address(OLD), Reason.COMPLAINT)
    owner = Customer(kari, people.register.known[kari].account_id or uuid4())
    sections, token = dict[str, list[object]](), ""
    while "contacts" not in sections:
        answer = await consent.stub.ExportMyData(
            ExportMyDataRequest(page_token=token), metadata=consent.metadata(owner)
        )
        sections |= json.loads(answer.sections_json)
        token = answer.next_page_token
    assert sections["contacts"] == [
        {
            "customerId": str(kari),
            "status": "ACTIVE",
            "accountId": str(owner.account_id),
            "language": "nn",
            "hasEmail": True,
            "isEmailConfirmed": True,
            "hasMobile": True,
            "isMobileConfirmed": True,
            "suppressions": ["EMAIL/COMPLAINT"],
        }
    ]


async def test_an_erased_customer_is_not_asked_for_whatever_is_told_later(
    people: People, kari: UUID
) -> None:
    await people.erase(kari)
    people.register.asked.clear()
    await people.tell(kari)
    await people.readdress(kari, reachable())
    await people.learn()
    assert people.register.asked == []


async def test_an_answer_that_comes_after_the_erasure_is_not_written(
    people: People, kari: UUID
) -> None:
    await people.tell(kari)
    people.register.meanwhile = lambda: people.erase(kari)
    await people.learn()
    [row] = await people.house.sql("SELECT email_hash, ask_at FROM customer WHERE id = $1", kari)
    assert tuple(row) == (None, None)


async def test_of_whom_identity_knows_nothing_there_is_no_address(
    people: People, kari: UUID
) -> None:
    people.register.known.clear()
    await people.tell(kari)
    await people.learn()
    assert await people.permission(kari, EMAIL) is Permission.NO_ADDRESS


async def test_while_identity_is_down_nothing_is_sent_and_it_is_asked_again(
    people: People, kari: UUID
) -> None:
    await people.readdress(kari, reachable(email=NEW))
    people.register.is_up = False
    for _ in range(2):
        with pytest.raises(Unavailable):
            await people.learn()
        assert await people.permission(kari, EMAIL) is Permission.NOT_CONFIRMED
    people.register.is_up = True
    await people.learn()
    assert await people.permission(kari, EMAIL) is Permission.ALLOWED


async def test_who_is_known_is_not_asked_for(people: People, kari: UUID) -> None:
    people.register.asked.clear()
    assert await people.permission(kari, EMAIL) is Permission.ALLOWED
    assert not await people.learn()
    assert people.register.asked == []


async def test_what_changes_while_identity_is_asked_is_asked_for_again(
    people: People, kari: UUID
) -> None:
    assert await _change_while_asked(people, kari) == [Permission.NOT_CONFIRMED]
    people.register.meanwhile = None
    await people.learn()
    assert await people.permission(kari, EMAIL) is Permission.NO_ADDRESS


async def test_without_the_version_an_old_answer_would_count(
    people: People, kari: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = PostgresStore.put_contacts

    async def put_regardless(
        store: PostgresStore, learned: Mapping[UUID, KnownContact], _: Mapping[UUID, int]
    ) -> None:
        rows = await people.house.sql("SELECT id, contact_version FROM customer")
        await put(store, learned, {row["id"]: row["contact_version"] for row in rows})

    monkeypatch.setattr(PostgresStore, "put_contacts", put_regardless)
    assert await _change_while_asked(people, kari) == [Permission.ALLOWED]


async def _change_while_asked(people: People, kari: UUID) -> list[Permission]:
    """Takes the e-mail away while identity is on its way to say that it is there."""
    await people.tell(kari)
    people.register.meanwhile = lambda: people.readdress(kari, Contact())
    await people.learn()
    return [await people.permission(kari, EMAIL)]


async def test_replicas_share_the_work(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """None asks for whom another one is asking, and none waits for another."""
    monkeypatch.setattr(contacts, "_ASKED_AT_ONCE", 2)
    ids = {uuid4() for _ in range(4)}
    for customer_id in ids:
        await people.tell(customer_id)
    both = asyncio.Barrier(2)
    people.register.meanwhile = both.wait
    assert await asyncio.gather(people.learn(), people.learn()) == [True, True]
    first, second = people.register.asked
    assert set(first) | set(second) == ids
    assert not set(first) & set(second)


async def test_a_hand_over_under_way_keeps_nobody_else_from_being_learned(
    people: People, kari: UUID
) -> None:
    await people.tell(kari)
    other = uuid4()
    people.register.known[other] = reachable()
    await people.tell(other)
    async with people.house.store() as store:
        await people.locked_permission(store, kari, EMAIL, OLD)
        people.register.asked.clear()
        await people.learn()
        assert people.register.asked == [{other}]
    await people.learn()
    assert people.register.asked == [{other}, {kari}]


async def test_without_a_lease_they_would_ask_for_the_same(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contacts, "LEASE", -contacts.LEASE)
    monkeypatch.setattr(contacts, "_ASKED_AT_ONCE", 2)
    for _ in range(2):
        await people.tell(uuid4())
    both = asyncio.Barrier(2)
    people.register.meanwhile = both.wait
    first = asyncio.create_task(people.learn())
    await eventually(lambda: people.register.asked)
    await people.learn()
    await first
    assert people.register.asked[0] == people.register.asked[1]


async def test_a_suppression_under_an_older_key_holds_for_an_address_learned_under_a_newer(
    people: People,
) -> None:
    await people.suppress(email_address(OLD))
    people.keys = (SECOND_KEY, FIRST_KEY)
    customer_id = await people.customer(reachable(email=OLD))
    await people.give(customer_id, EMAIL)
    assert await people.permission(customer_id, EMAIL) is Permission.SUPPRESSED


async def test_a_suppression_under_a_newer_key_holds_for_an_address_learned_under_an_older(
    people: People, kari: UUID
) -> None:
    people.keys = (SECOND_KEY, FIRST_KEY)
    await people.suppress(email_address(OLD))
    assert await people.permission(kari, EMAIL) is Permission.SUPPRESSED


async def test_what_was_learned_under_a_key_that_is_gone_is_asked_for_anew(
    people: People, kari: UUID
) -> None:
    people.keys = (SECOND_KEY,)
    await contacts.mark_unreadable(people.stores, people.hashes)
    assert await people.permission(kari, EMAIL) is Permission.NOT_CONFIRMED
    await people.learn()
    assert await people.permission(kari, EMAIL) is Permission.ALLOWED
    await contacts.mark_unreadable(people.stores, people.hashes)
    assert await people.permission(kari, EMAIL) is Permission.ALLOWED


async def test_a_key_that_is_only_no_longer_the_current_one_takes_nobody_out(
    people: People, kari: UUID
) -> None:
    people.keys = (SECOND_KEY, FIRST_KEY)
    await contacts.mark_unreadable(people.stores, people.hashes)
    assert await people.permission(kari, EMAIL) is Permission.ALLOWED
