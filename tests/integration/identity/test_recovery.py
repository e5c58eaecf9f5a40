"""A lost customer number or PIN, and a forgotten password."""

from collections.abc import Sequence

import pytest

from kundeapp.identity.v1 import identity_service_pb2 as pb
from tests.integration.identity.world import EMAIL, HEADER, PASSWORD, PIN, Identity, refused

NEW_PASSWORD = "heilt andre tilfeldige ord"
MOBILE = "+4790000001"


async def recover(identity: Identity, contact: str, network: str = "192.0.2.1") -> pb.Verification:
    request = pb.RecoverCustomerRequest(contact=contact)
    return await identity.call("RecoverCustomer", request, network=network)


async def confirm(
    identity: Identity, asked: pb.Verification, code: str, request_id: str = ""
) -> Sequence[pb.ConfirmCustomerRecoveryResponse.Recovered]:
    request = pb.ConfirmCustomerRecoveryRequest(
        request_id=request_id, verification_id=asked.id, code=code
    )
    answer: pb.ConfirmCustomerRecoveryResponse = await identity.call(
        "ConfirmCustomerRecovery", request
    )
    return answer.customers


async def forget(identity: Identity, email: str) -> pb.Verification:
    return await identity.call("ForgetPassword", pb.ForgetPasswordRequest(email=email))


async def reset(
    identity: Identity,
    asked: pb.Verification,
    code: str,
    password: str = NEW_PASSWORD,
    request_id: str = "",
) -> None:
    request = pb.ResetPasswordRequest(
        request_id=request_id, verification_id=asked.id, code=code, new_password=password
    )
    await identity.call("ResetPassword", request)


async def test_a_contact_on_file_tells_its_customer_numbers_with_fresh_pins(
    identity: Identity,
) -> None:
    await identity.import_customers(
        HEADER
        + f"100001,Kari,Kari@Example.no,{MOBILE},{PIN}\n"
        + f"100002,Kari og Ola,kari@example.no,,{PIN}\n"
        + f"100003,Ola,ola@example.no,,{PIN}\n"
    )
    asked = await recover(identity, " KARI@example.no ")
    code = await identity.code("customer-number-code", to="KARI@example.no")
    first, second = await confirm(identity, asked, code)

    assert [first.customer_number, second.customer_number] == ["100001", "100002"]
    assert not first.has_account
    account = await identity.register("100001", pin=first.pin)
    assert [each.name for each in account.customers] == ["Kari"]
    with refused("WRONG_CUSTOMER_NUMBER_OR_PIN"):
        await identity.begin_registration("100002", pin=PIN)


async def test_a_mobile_number_on_file_does_it_too_and_the_email_is_told(
    identity: Identity,
) -> None:
    await identity.import_customers(HEADER + f"100001,Kari,kari@example.no,{MOBILE},{PIN}\n")
    asked = await recover(identity, "900 00 001")
    [found] = await confirm(identity, asked, await identity.code("customer-number-code", to=MOBILE))

    assert found.customer_number == "100001"
    [letter] = await identity.letters("pin-renewed")
    assert letter["To"] == "kari@example.no"
    assert found.pin not in letter.get_content()


async def test_a_customer_with_an_account_is_told_so(identity: Identity) -> None:
    await identity.import_customers(HEADER + f"100001,Kari,kari@example.no,,{PIN}\n")
    await identity.register("100001")
    asked = await recover(identity, "kari@example.no")
    [found] = await confirm(
        identity, asked, await identity.code("customer-number-code", to="kari@example.no")
    )

    assert found.has_account


async def test_a_contact_that_is_nobodys_gets_the_same_answer_and_no_letter(
    identity: Identity,
) -> None:
    await identity.import_customers(HEADER + f"100001,Kari,kari@example.no,,{PIN}\n")
    known = await recover(identity, "kari@example.no")
    unknown = await recover(identity, "nobody@example.no")

    known.ClearField("id")
    unknown.ClearField("id")
    assert known.SerializeToString() == unknown.SerializeToString()
    assert len(await identity.letters("customer-number-code")) == 1
    queued = await identity.fetch("SELECT outcome FROM courier_message ORDER BY id")
    assert [row["outcome"] for row in queued] == ["SENT", "UNWANTED"]


async def test_a_code_for_nobody_is_checked_like_any_other(identity: Identity) -> None:
    asked = await recover(identity, "nobody@example.no")
    for _ in range(5):
        with refused("WRONG_CODE"):
            await confirm(identity, asked, "000000")

    with refused("CODE_NO_LONGER_WORKS"):
        await confirm(identity, asked, "000000")


@pytest.mark.parametrize("contact", ["kari", "12345678", "+47 22 22 22 22", "kari@"])
async def test_what_is_no_contact_is_refused(identity: Identity, contact: str) -> None:
    with refused("INVALID_FIELDS") as refusal:
        await recover(identity, contact)

    assert refusal.fields == [("contact", "CONTACT_INVALID")]


async def test_a_retry_of_the_confirmation_shows_the_same_pins(identity: Identity) -> None:
    await identity.import_customers(HEADER + f"100001,Kari,kari@example.no,,{PIN}\n")
    asked = await recover(identity, "kari@example.no")
    code = await identity.code("customer-number-code", to="kari@example.no")

    first = await confirm(identity, asked, code, request_id="a-key")
    assert await confirm(identity, asked, code, request_id="a-key") == first


async def test_a_forgotten_password_is_replaced_and_every_session_ends(identity: Identity) -> None:
    await identity.customer("100001")
    await identity.register("100001")
    session = await identity.log_in()
    asked = await forget(identity, EMAIL.upper())
    await reset(identity, asked, await identity.code("password-code", to=EMAIL.upper()))

    with refused("SESSION_ENDED"):
        await identity.refresh(session.refresh_token)
    with refused("WRONG_CREDENTIALS"):
        await identity.log_in(password=PASSWORD)
    assert await identity.log_in(password=NEW_PASSWORD)
    [letter] = await identity.letters("password-changed")
    assert letter["To"] == EMAIL
    assert "https://kundeapp.example.no " in letter.get_content()


async def test_an_email_without_an_account_gets_the_same_answer_and_no_letter(
    identity: Identity,
) -> None:
    await identity.customer("100001")
    await identity.register("100001")
    known = await forget(identity, EMAIL)
    unknown = await forget(identity, "nobody@example.no")

    known.ClearField("id")
    unknown.ClearField("id")
    assert known.SerializeToString() == unknown.SerializeToString()
    assert len(await identity.letters("password-code")) == 1


async def test_a_password_that_is_refused_leaves_the_code_for_another_one(
    identity: Identity,
) -> None:
    await identity.customer("100001")
    await identity.register("100001")
    asked = await forget(identity, EMAIL)
    code = await identity.code("password-code", to=EMAIL)
    with refused("INVALID_FIELDS") as refusal:
        await reset(identity, asked, code, password="for kort")

    assert refusal.fields == [("new_password", "PASSWORD_TOO_SHORT")]
    await reset(identity, asked, code)


async def test_a_retry_of_the_reset_gets_the_first_answer(identity: Identity) -> None:
    await identity.customer("100001")
    await identity.register("100001")
    asked = await forget(identity, EMAIL)
    code = await identity.code("password-code", to=EMAIL)
    await reset(identity, asked, code, request_id="a-key")
    await reset(identity, asked, code, request_id="a-key")

    assert len(await identity.letters("password-changed")) == 1
    with refused("CODE_NO_LONGER_WORKS"):
        await reset(identity, asked, code, request_id="another-key")


async def test_no_more_codes_go_to_a_contact_than_five_in_an_hour_known_or_not(
    identity: Identity,
) -> None:
    await identity.customer("100001")
    await identity.register("100001", email="kari@example.no")
    answers: list[bytes] = []
    for email in ("kari@example.no", "nobody@example.no"):
        allowed = 0
        with refused("TOO_MANY_REQUESTS") as refusal:
            while allowed < 10:
                await forget(identity, email)
                allowed += 1
        answers.append(refusal.answer)
        # Registering took one of the first one's.
        assert allowed == (4 if email == "kari@example.no" else 5)

    assert answers[0] == answers[1]


async def test_a_letter_is_in_the_language_of_the_request(identity: Identity) -> None:
    await identity.customer("100001")
    await identity.register("100001")
    request = pb.ForgetPasswordRequest(email=EMAIL)
    await identity.call("ForgetPassword", request, language="en")

    [letter] = await identity.letters("password-code")
    assert letter["Subject"] == "Your code for choosing a new password"
