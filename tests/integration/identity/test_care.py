"""Customer service helps a customer who calls; each time it is written down who did it and why."""

from collections.abc import Callable

import asyncpg
import pytest
from google.protobuf.message import Message
from pyotp.totp import TOTP

from kundeapp.identity.v1 import identity_service_pb2 as pb
from kundeapp.identity.v1.second_factors_pb2 import BeginTotpRequest, ConfirmTotpRequest
from tests.integration.identity.world import EMAIL, HEADER, PIN, Identity, refused

WHY = "Kunden ringde om fakturaen."
STATUS = HEADER.rstrip() + ",status\n"


async def staff(identity: Identity, *roles: str) -> pb.Session:
    """Returns the session of a member of staff."""
    email = f"{'-'.join(roles).lower()}@example.com"
    await identity.put_staff(email, roles)
    return await identity.log_in(email)


async def look_up(
    identity: Identity, session: pb.Session, number: str, reason: str = WHY
) -> pb.CustomerRecord:
    request = pb.LookUpCustomerRequest(customer_number=number, reason=reason)
    return await identity.call("LookUpCustomer", request, session=session)


async def issue_pin(
    identity: Identity, session: pb.Session, number: str, reason: str = WHY, key: str = ""
) -> pb.IssuedPin:
    request = pb.IssuePinRequest(request_id=key, customer_number=number, reason=reason)
    return await identity.call("IssuePin", request, session=session)


async def test_a_customer_who_calls_is_shown_and_it_is_written_down_who_looked_and_why(
    identity: Identity,
) -> None:
    await identity.import_customers(
        STATUS + f"100000,Kari Nordmann,kari@fil.no,91234567,{PIN},MOVED\n"
    )
    account = await identity.register("100000")
    kim = await staff(identity, "CUSTOMER_SERVICE")

    record = await look_up(identity, kim, " 100000 ", f" {WHY} ")

    assert record == pb.CustomerRecord(
        customer=pb.Customer(
            id=account.customers[0].id,
            customer_number="100000",
            name="Kari Nordmann",
            status=pb.Customer.MOVED,
        ),
        email="kari@fil.no",
        mobile="+4791234567",
        account_email=EMAIL,
    )
    [row] = await identity.fetch("SELECT * FROM staff_action")
    assert str(row["staff_account_id"]) == str(identity.caller(kim).account_id)
    assert str(row["customer_id"]) == record.customer.id
    assert (row["at"], row["action"], row["reason"]) == (
        identity.clock.now(),
        "LookUpCustomer",
        WHY,
    )


async def test_a_new_pin_works_in_place_of_the_old_one_with_all_its_tries(
    identity: Identity,
) -> None:
    await identity.customer("100000")
    for _ in range(10):
        with refused("WRONG_CUSTOMER_NUMBER_OR_PIN"):
            await identity.register("100000", pin="00000000")
    kim = await staff(identity, "CUSTOMER_SERVICE")

    issued = await issue_pin(identity, kim, "100000")

    assert issued.customer_number == "100000"
    with refused("WRONG_CUSTOMER_NUMBER_OR_PIN"):
        await identity.register("100000", pin=PIN)
    await identity.register("100000", pin=issued.pin)
    rows = await identity.fetch("SELECT action, reason FROM staff_action")
    assert [tuple(row) for row in rows] == [("IssuePin", WHY)]
    everything = await identity.fetch("SELECT * FROM customer, staff_action, idempotency")
    assert issued.pin not in str(everything)


async def test_a_new_pin_is_told_of_at_the_contact_on_file(identity: Identity) -> None:
    await identity.import_customers(HEADER + f"100000,Kari,kari@example.no,,{PIN}\n")
    await issue_pin(identity, await staff(identity, "CUSTOMER_SERVICE"), "100000")

    [letter] = await identity.letters("pin-renewed")
    assert letter["To"] == "kari@example.no"


async def test_second_factors_are_taken_off_for_a_customer_who_has_lost_them(
    identity: Identity,
) -> None:
    await identity.customer("100000")
    await identity.register("100000")
    session = await identity.log_in()
    begun = await identity.call("BeginTotp", BeginTotpRequest(), session=session)
    code = TOTP(begun.secret).at(identity.clock.now())
    await identity.call("ConfirmTotp", ConfirmTotpRequest(code=code), session=session)
    with refused("SECOND_FACTOR_NEEDED"):
        await identity.log_in()
    kim = await staff(identity, "CUSTOMER_SERVICE")
    request = pb.ResetSecondFactorsRequest(customer_number="100000", reason=WHY)
    await identity.call("ResetSecondFactors", request, session=kim)

    with refused("SESSION_ENDED"):
        await identity.refresh(session.refresh_token)
    assert await identity.log_in()
    rows = await identity.fetch("SELECT action, reason FROM staff_action")
    assert [tuple(row) for row in rows] == [("ResetSecondFactors", WHY)]
    assert len(await identity.letters("second-factor-off")) == 1


async def test_a_customer_who_has_lost_a_device_is_logged_out_of_all_and_nobody_else_is(
    identity: Identity,
) -> None:
    await identity.customer("100000")
    await identity.customer("100002")
    await identity.register("100000")
    await identity.register("100002", email="ola@example.no")
    lost = [await identity.log_in() for _ in range(2)]
    other = await identity.log_in("ola@example.no")
    kim = await staff(identity, "CUSTOMER_SERVICE")
    request = pb.EndCustomerSessionsRequest(customer_number="100000", reason=WHY)
    answer = await identity.call("EndCustomerSessions", request, session=kim)

    assert answer.ended == len(lost)
    for session in lost:
        with refused("SESSION_ENDED"):
            await identity.refresh(session.refresh_token)
    assert {each.session_id for each in await identity.events("SessionEnded")} == {
        session.id for session in lost
    }
    assert await identity.refresh(other.refresh_token)
    assert await identity.log_in()
    rows = await identity.fetch("SELECT action, reason FROM staff_action")
    assert [tuple(row) for row in rows] == [("EndCustomerSessions", WHY)]


@pytest.mark.parametrize(
    ("rpc", "kind"),
    [
        ("ResetSecondFactors", pb.ResetSecondFactorsRequest),
        ("EndCustomerSessions", pb.EndCustomerSessionsRequest),
    ],
)
async def test_a_customer_without_an_account_has_no_second_factors_and_no_logins(
    identity: Identity, rpc: str, kind: Callable[..., Message]
) -> None:
    await identity.customer("100000")
    kim = await staff(identity, "CUSTOMER_SERVICE")
    with refused("NO_ACCOUNT"):
        await identity.call(rpc, kind(customer_number="100000", reason=WHY), session=kim)


async def test_a_retry_shows_the_same_pin_and_is_written_down_once(identity: Identity) -> None:
    await identity.customer("100000")
    kim = await staff(identity, "CUSTOMER_SERVICE")
    first = await issue_pin(identity, kim, "100000", key="key")
    assert await issue_pin(identity, kim, "100000", key="key") == first
    assert len(await identity.fetch("SELECT FROM staff_action")) == 1


async def test_the_deceased_get_no_pin(identity: Identity) -> None:
    await identity.import_customers(STATUS + "100000,Kari,,,,DECEASED\n")
    kim = await staff(identity, "CUSTOMER_SERVICE")
    with refused("CUSTOMER_DECEASED"):
        await issue_pin(identity, kim, "100000")
    assert await identity.fetch("SELECT FROM staff_action") == []
    record = await look_up(identity, kim, "100000")
    assert record.customer.status == pb.Customer.DECEASED


@pytest.mark.parametrize(
    ("number", "reason", "field", "why"),
    [
        ("", WHY, "customer_number", "REQUIRED_FIELD"),
        ("999999", WHY, "customer_number", "UNKNOWN_CUSTOMER_NUMBER"),
        ("100000", "", "reason", "REQUIRED_FIELD"),
        ("100000", " ", "reason", "REQUIRED_FIELD"),
        ("100000", "a" * 501, "reason", "TEXT_LENGTH"),
        ("100000", "a\nb", "reason", "TEXT_LENGTH"),
    ],
)
async def test_without_a_number_or_a_reason_nothing_is_shown_or_done(
    identity: Identity, number: str, reason: str, field: str, why: str
) -> None:
    await identity.customer("100000")
    before = await identity.fetch("SELECT * FROM customer")
    everyone = await staff(identity, "CUSTOMER_SERVICE", "OPERATOR")
    for rpc, request in (
        ("LookUpCustomer", pb.LookUpCustomerRequest(customer_number=number, reason=reason)),
        ("IssuePin", pb.IssuePinRequest(customer_number=number, reason=reason)),
        (
            "ResetSecondFactors",
            pb.ResetSecondFactorsRequest(customer_number=number, reason=reason),
        ),
        (
            "EndCustomerSessions",
            pb.EndCustomerSessionsRequest(customer_number=number, reason=reason),
        ),
        ("EraseCustomer", pb.EraseCustomerRequest(customer_number=number, reason=reason)),
    ):
        with refused("INVALID_FIELDS") as refusal:
            await identity.call(rpc, request, session=everyone)
        assert refusal.fields == [(field, why)]
    assert await identity.fetch("SELECT * FROM customer") == before
    assert await identity.fetch("SELECT FROM staff_action") == []


@pytest.mark.parametrize(
    "change",
    ["UPDATE staff_action SET reason = ''", "DELETE FROM staff_action", "TRUNCATE staff_action"],
)
async def test_what_is_written_down_cannot_be_changed(identity: Identity, change: str) -> None:
    await identity.customer("100000")
    await look_up(identity, await staff(identity, "CUSTOMER_SERVICE"), "100000")

    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
        await identity.execute(change)

    [row] = await identity.fetch("SELECT reason FROM staff_action")
    assert row["reason"] == WHY
