"""Addresses that nothing is sent to, as staff see them."""

import asyncio
from collections.abc import Sequence
from uuid import UUID, uuid4

import asyncpg
import pytest

from kit.testing import eventually
from kundeapp.consent.v1 import permissions_pb2 as pb
from services.consent.domain.contacts import email_address, phone_number
from services.consent.domain.suppression import Reason
from services.consent.handlers import suppression
from services.consent.storage import PostgresStore
from tests.integration.consent.people import FIRST_KEY, SECOND_KEY, People
from tests.integration.consent.world import Consent, House, refused

KARIS = "kari@example.no"
WHY = "Kunden ringde og vil ha nyhende att."
BOUNCE, REGISTER, MANUAL = (
    pb.Suppression.HARD_BOUNCE,
    pb.Suppression.RESERVATION_REGISTER,
    pb.Suppression.MANUAL,
)


@pytest.fixture
def people(house: House) -> People:
    return People(house)


async def add(
    consent: Consent,
    *addresses: str,
    reason: pb.Suppression.Reason.ValueType = MANUAL,
    key: str = "",
) -> int:
    answer = await consent.stub.AddSuppressions(
        pb.AddSuppressionsRequest(
            request_id=key, addresses=addresses, reason=reason, note="frå ei fil"
        ),
        metadata=consent.staff(),
    )
    return answer.added


async def remove(
    consent: Consent,
    address: str,
    reason: pb.Suppression.Reason.ValueType = MANUAL,
    why: str = WHY,
    account_id: UUID | None = None,
) -> None:
    await consent.stub.RemoveSuppression(
        pb.RemoveSuppressionRequest(address=address, reason=reason, why=why),
        metadata=consent.staff(account_id=account_id),
    )


async def reasons(consent: Consent, address: str) -> Sequence[str]:
    answer = await consent.stub.CheckSuppression(
        pb.CheckSuppressionRequest(address=address), metadata=consent.staff("CUSTOMER_SERVICE")
    )
    return [pb.Suppression.Reason.Name(each.reason) for each in answer.suppressions]


async def test_an_address_is_suppressed_and_found_however_it_is_written(consent: Consent) -> None:
    assert await add(consent, KARIS, "912 34 567") == 2
    assert await reasons(consent, KARIS.upper()) == ["MANUAL"]
    assert await reasons(consent, "+4791234567") == ["MANUAL"]
    assert await reasons(consent, "ola@example.no") == []


async def test_staff_are_told_since_when_and_where_it_comes_from(consent: Consent) -> None:
    await add(consent, "91234567", reason=REGISTER)
    answer = await consent.stub.CheckSuppression(
        pb.CheckSuppressionRequest(address="91234567"), metadata=consent.staff()
    )
    [found] = answer.suppressions
    assert (found.medium, found.reason, found.note) == (
        pb.Suppression.MOBILE,
        REGISTER,
        "frå ei fil",
    )
    assert found.since.ToDatetime() == consent.clock.now().replace(tzinfo=None)


async def test_the_same_address_is_suppressed_once_for_a_reason(consent: Consent) -> None:
    assert await add(consent, KARIS, KARIS.upper(), KARIS) == 1
    assert await add(consent, KARIS) == 0
    assert await add(consent, KARIS, reason=BOUNCE) == 1
    assert await reasons(consent, KARIS) == ["MANUAL", "HARD_BOUNCE"]


async def test_a_retry_gets_the_first_answer(consent: Consent) -> None:
    key, metadata = str(uuid4()), consent.staff()
    request = pb.AddSuppressionsRequest(request_id=key, addresses=[KARIS], reason=MANUAL)
    first = await consent.stub.AddSuppressions(request, metadata=metadata)
    assert await consent.stub.AddSuppressions(request, metadata=metadata) == first
    assert first.added == 1


async def test_all_of_a_request_is_taken_or_nothing(consent: Consent) -> None:
    with refused("INVALID_FIELDS") as refusing:
        await add(consent, KARIS, "tull", "91234567", "12")
    assert refusing.refusal.fields == [
        ("addresses[1]", "NOT_AN_ADDRESS"),
        ("addresses[3]", "NOT_AN_ADDRESS"),
    ]
    assert await reasons(consent, KARIS) == []


async def test_an_e_mail_stands_in_no_register_of_reservations(consent: Consent) -> None:
    with refused("INVALID_FIELDS") as refusing:
        await add(consent, "91234567", KARIS, reason=REGISTER)
    assert refusing.refusal.fields == [("addresses[1]", "NOT_A_NUMBER_TO_RESERVE")]


async def test_a_request_without_what_it_needs_is_refused_by_name(consent: Consent) -> None:
    with refused("INVALID_FIELDS") as nothing:
        await add(consent)
    with refused("INVALID_FIELDS") as no_reason:
        await add(consent, KARIS, reason=pb.Suppression.REASON_UNSPECIFIED)
    with refused("INVALID_FIELDS") as too_many:
        await add(consent, *(f"kari{each}@example.no" for each in range(1001)))
    with refused("INVALID_FIELDS") as why:
        await remove(consent, KARIS, why="  ")
    assert nothing.refusal.fields == [("addresses", "REQUIRED_FIELD")]
    assert no_reason.refusal.fields == [("reason", "REQUIRED_FIELD")]
    assert too_many.refusal.fields == [("addresses", "TOO_MANY_RECORDS")]
    assert why.refusal.fields == [("why", "TEXT_LENGTH")]


async def test_a_thousand_addresses_are_taken_at_once(consent: Consent) -> None:
    assert await add(consent, *(f"kari{each}@example.no" for each in range(1000))) == 1000


async def test_a_suppression_is_removed_by_its_reason_and_who_did_and_why_is_kept(
    consent: Consent,
) -> None:
    staff = uuid4()
    await add(consent, KARIS)
    await add(consent, KARIS, reason=BOUNCE)
    await remove(consent, KARIS.upper(), account_id=staff)
    assert await reasons(consent, KARIS) == ["HARD_BOUNCE"]
    [row] = await consent.sql(
        "SELECT at, staff_account_id, medium, reason, why FROM suppression_removal"
    )
    assert tuple(row) == (consent.clock.now(), staff, "EMAIL", "MANUAL", WHY)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE suppression_removal SET why = 'x'",
        "DELETE FROM suppression_removal",
        "TRUNCATE suppression_removal",
    ],
)
async def test_nobody_changes_what_was_written_down(consent: Consent, statement: str) -> None:
    await add(consent, KARIS)
    await remove(consent, KARIS)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await consent.sql(statement)


async def test_what_is_not_suppressed_cannot_be_removed(consent: Consent) -> None:
    await add(consent, KARIS)
    for address, reason in ((KARIS, BOUNCE), ("ola@example.no", MANUAL)):
        with refused("NOT_SUPPRESSED"):
            await remove(consent, address, reason)
    assert await consent.sql("SELECT FROM suppression_removal") == []


async def test_suppressed_addresses_are_counted_and_never_listed(consent: Consent) -> None:
    await add(consent, KARIS, "ola@example.no", "91234567")
    await add(consent, KARIS, reason=BOUNCE)
    answer = await consent.stub.CountSuppressions(
        pb.CountSuppressionsRequest(), metadata=consent.staff()
    )
    assert [
        (
            pb.Suppression.Medium.Name(each.medium),
            pb.Suppression.Reason.Name(each.reason),
            each.addresses,
        )
        for each in answer.counts
    ] == [("EMAIL", "HARD_BOUNCE", 1), ("EMAIL", "MANUAL", 2), ("MOBILE", "MANUAL", 1)]


@pytest.mark.parametrize("reason", Reason)
async def test_only_an_address_that_bounces_gets_nothing_at_all(
    people: People, reason: Reason
) -> None:
    address = phone_number("91234567")
    await people.suppress(address, reason)
    async with people.house.store() as store:
        dead = await suppression.is_dead(store, people.hashes, address)
        other = await suppression.is_dead(store, people.hashes, phone_number("90000000"))
    assert dead == (reason is Reason.HARD_BOUNCE)
    assert not other


async def test_a_suppression_is_found_counted_and_removed_under_every_key(people: People) -> None:
    address = email_address(KARIS)
    await people.suppress(address, Reason.HARD_BOUNCE)
    people.keys = (SECOND_KEY, FIRST_KEY)
    async with people.house.store() as store:
        assert await suppression.is_dead(store, people.hashes, address)
        [found] = await suppression.check(store, people.hashes, KARIS)
        assert found.reason is Reason.HARD_BOUNCE
    assert await people.suppress(address, Reason.HARD_BOUNCE) == 0
    async with people.house.store() as store:
        assert list((await suppression.count(store)).values()) == [1]
        assert len(await suppression.check(store, people.hashes, KARIS)) == 1
    people.keys = (SECOND_KEY,)
    async with people.house.store() as store:
        assert await suppression.is_dead(store, people.hashes, address), "it was hashed anew"
    await people.unsuppress(KARIS, Reason.HARD_BOUNCE)
    assert await people.house.sql("SELECT FROM suppressed_address") == []


async def test_two_who_suppress_the_same_address_at_once_do_so_once(people: People) -> None:
    assert await _suppress_twice_at_once(people) == [1, 0]


async def test_without_the_lock_they_would_do_so_twice(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_lock(_: PostgresStore) -> None:
        return

    monkeypatch.setattr(PostgresStore, "lock_suppressions", no_lock)
    assert await _suppress_twice_at_once(people) == [1, 1]


async def _suppress_twice_at_once(people: People) -> list[int]:
    """Begins a second time before the first one has committed."""
    address = email_address(KARIS)

    async def settled() -> bool:
        waiting = await people.house.sql(
            """
            SELECT FROM pg_stat_activity
            WHERE wait_event_type = 'Lock' AND datname = current_database()
            """
        )
        return second.done() or bool(waiting)

    async with people.house.store() as store:
        first = await suppression.suppress(store, people.desk, [address], Reason.MANUAL)
        second = asyncio.create_task(people.suppress(address))
        await eventually(settled)
    return [first, await second]
