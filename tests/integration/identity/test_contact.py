"""Changing the e-mail and the mobile number of an account, and linking further customers."""

import re
from datetime import timedelta

import pytest
from pyotp.totp import TOTP

from kit.access import RECENT
from kundeapp.identity.v1 import identity_service_pb2 as pb
from kundeapp.identity.v1.second_factors_pb2 import BeginTotpRequest, ConfirmTotpRequest
from tests.authenticator import Authenticator
from tests.integration.identity.test_passkeys import ORIGIN, add
from tests.integration.identity.world import EMAIL, HEADER, PASSWORD, PIN, Identity, refused

NEW_EMAIL = "kari.ny@example.no"
MOBILE = "+4790000001"
NEW_PASSWORD = "heilt andre tilfeldige ord"


@pytest.fixture(autouse=True)
async def _account(identity: Identity) -> None:
    await identity.customer("100001")
    await identity.register("100001")


async def change_email(
    identity: Identity, session: pb.Session, email: str = NEW_EMAIL
) -> pb.Verification:
    request = pb.ChangeEmailRequest(new_email=email)
    return await identity.call("ChangeEmail", request, session=session)


async def confirm_email(
    identity: Identity, session: pb.Session, asked: pb.Verification, code: str
) -> pb.Account:
    request = pb.ConfirmEmailRequest(verification_id=asked.id, code=code)
    return await identity.call("ConfirmEmail", request, session=session)


async def moved(identity: Identity, session: pb.Session, email: str = NEW_EMAIL) -> str:
    """Changes the e-mail; returns the token that undoes it."""
    asked = await change_email(identity, session, email)
    await confirm_email(identity, session, asked, await identity.code("email-code", to=email))
    letter = (await identity.letters("email-changed"))[-1]
    [token] = re.findall(r"https://kundeapp.example.no/konto/angre#(\S+)", letter.get_content())
    return token


async def undo(identity: Identity, token: str) -> None:
    await identity.call("UndoEmailChange", pb.UndoEmailChangeRequest(token=token))


async def test_the_new_email_is_confirmed_and_the_old_one_told(identity: Identity) -> None:
    session = await identity.log_in()
    asked = await change_email(identity, session)
    before = await identity.me(session)
    code = await identity.code("email-code", to=NEW_EMAIL)
    account = await confirm_email(identity, session, asked, code)

    assert before.email == EMAIL
    assert account.email == NEW_EMAIL
    assert await identity.log_in(NEW_EMAIL)
    with refused("WRONG_CREDENTIALS"):
        await identity.log_in(EMAIL)
    [letter] = await identity.letters("email-changed")
    assert letter["To"] == EMAIL
    assert NEW_EMAIL not in letter.get_content()


async def test_an_email_that_is_anothers_changes_nothing_and_its_owner_alone_is_told(
    identity: Identity,
) -> None:
    await identity.customer("100002")
    await identity.register("100002", email="ola@example.no")
    session = await identity.log_in()
    taken = await change_email(identity, session, "OLA@example.no")
    free = await change_email(identity, session, NEW_EMAIL)

    assert taken.expires_at == free.expires_at
    [letter] = await identity.letters("email-known")
    assert letter["To"] == "OLA@example.no"
    assert not re.search(r"\d{6}", letter.get_content())


async def test_a_change_needs_a_recent_login(identity: Identity) -> None:
    session = await identity.log_in()
    identity.clock.advance(RECENT + timedelta(seconds=1))

    with refused("REAUTHENTICATION_NEEDED"):
        await change_email(identity, session)
    with refused("REAUTHENTICATION_NEEDED"):
        request = pb.ChangeMobileRequest(mobile=MOBILE)
        await identity.call("ChangeMobile", request, session=session)


async def test_nobody_confirms_somebody_elses_change(identity: Identity) -> None:
    await identity.customer("100002")
    await identity.register("100002", email="ola@example.no")
    kari, ola = await identity.log_in(), await identity.log_in("ola@example.no")
    asked = await change_email(identity, kari)
    code = await identity.code("email-code", to=NEW_EMAIL)

    with refused("CODE_NO_LONGER_WORKS"):
        await confirm_email(identity, ola, asked, code)


async def test_the_old_email_undoes_the_change_and_shuts_out_whoever_made_it(
    identity: Identity,
) -> None:
    thief = await identity.log_in()
    token = await moved(identity, thief)
    await undo(identity, token)

    with refused("SESSION_ENDED"):
        await identity.refresh(thief.refresh_token)
    for email in (EMAIL, NEW_EMAIL):
        with refused("WRONG_CREDENTIALS"):
            await identity.log_in(email, password=PASSWORD)
    [letter] = await identity.letters("email-restored")
    assert letter["To"] == EMAIL
    asked = await identity.call("ForgetPassword", pb.ForgetPasswordRequest(email=EMAIL))
    request = pb.ResetPasswordRequest(
        verification_id=asked.id,
        code=await identity.code("password-code", to=EMAIL),
        new_password=NEW_PASSWORD,
    )
    await identity.call("ResetPassword", request)
    me = await identity.me(await identity.log_in(EMAIL, password=NEW_PASSWORD))
    assert [each.customer_number for each in me.customers] == ["100001"]


async def test_an_undo_takes_off_what_the_thief_has_added_and_leaves_the_owners_own(
    identity: Identity,
) -> None:
    owner = await identity.log_in()
    before = (await add(identity, owner, Authenticator(ORIGIN))).id
    identity.clock.advance(timedelta(minutes=1))
    token = await moved(identity, owner)
    after = (await add(identity, owner, Authenticator(ORIGIN))).id
    begun = await identity.call("BeginTotp", BeginTotpRequest(), session=owner)
    code = TOTP(begun.secret).at(identity.clock.now())
    await identity.call("ConfirmTotp", ConfirmTotpRequest(code=code), session=owner)
    await undo(identity, token)

    assert before != after
    kept = await identity.fetch("SELECT id::text FROM passkey")
    assert [row["id"] for row in kept] == [before]
    assert await identity.fetch("SELECT FROM totp") == []
    assert await identity.fetch("SELECT FROM recovery_code") == []


async def test_an_undo_works_once_and_for_a_week(identity: Identity) -> None:
    session = await identity.log_in()
    token = await moved(identity, session)
    await undo(identity, token)
    with refused("NOTHING_TO_UNDO"):
        await undo(identity, token)
    with refused("NOTHING_TO_UNDO"):
        await undo(identity, "another token")

    asked = await identity.call("ForgetPassword", pb.ForgetPasswordRequest(email=EMAIL))
    request = pb.ResetPasswordRequest(
        verification_id=asked.id,
        code=await identity.code("password-code", to=EMAIL),
        new_password=PASSWORD,
    )
    await identity.call("ResetPassword", request)
    late = await moved(identity, await identity.log_in())
    identity.clock.advance(timedelta(days=7))
    with refused("NOTHING_TO_UNDO"):
        await undo(identity, late)


async def test_the_first_address_undoes_all_later_changes_too(identity: Identity) -> None:
    thief = await identity.log_in()
    first = await moved(identity, thief)
    identity.clock.advance(timedelta(seconds=1))
    second = await moved(identity, thief, "tjuv@example.no")
    await undo(identity, first)

    with refused("NOTHING_TO_UNDO"):
        await undo(identity, second)


async def test_an_address_that_an_undo_may_bring_back_is_nobody_elses(identity: Identity) -> None:
    await identity.customer("100002")
    await moved(identity, await identity.log_in())
    await identity.begin_registration("100002", email=EMAIL)

    assert len(await identity.letters("registration-known")) == 1


async def test_the_mobile_number_is_confirmed_and_the_old_one_told(identity: Identity) -> None:
    session = await identity.log_in()
    for mobile in (MOBILE, "+4790000002"):
        request = pb.ChangeMobileRequest(mobile=mobile)
        asked = await identity.call("ChangeMobile", request, session=session)
        code = await identity.code("mobile-code", to=mobile)
        confirmation = pb.ConfirmMobileRequest(verification_id=asked.id, code=code)
        account = await identity.call("ConfirmMobile", confirmation, session=session)
        assert account.mobile == mobile

    told = {letter["To"] for letter in await identity.letters("mobile-changed")}
    assert told == {EMAIL, MOBILE}


async def test_what_is_no_mobile_number_is_refused(identity: Identity) -> None:
    session = await identity.log_in()
    with refused("INVALID_FIELDS") as refusal:
        request = pb.ChangeMobileRequest(mobile="22 22 22 22")
        await identity.call("ChangeMobile", request, session=session)

    assert refusal.fields == [("mobile", "MOBILE_INVALID")]


async def link(
    identity: Identity, session: pb.Session, number: str, pin: str = PIN
) -> pb.LinkCustomerResponse:
    request = pb.LinkCustomerRequest(customer_number=number, pin=pin)
    return await identity.call("LinkCustomer", request, session=session)


async def test_a_further_customer_is_linked_with_number_and_pin(identity: Identity) -> None:
    await identity.customer("100002")
    session = await identity.log_in()
    linked = await link(identity, session, "100002")

    assert [each.customer_number for each in linked.account.customers] == ["100001", "100002"]
    caller = identity.caller(await identity.refresh(session.refresh_token))
    assert len(caller.customer_ids) == 2
    [event] = await identity.events("CustomerLinked")
    assert event.customer_id == linked.account.customers[1].id
    [letter] = await identity.letters("customer-linked")
    assert "100002" in letter.get_content()


async def test_linking_again_changes_nothing(identity: Identity) -> None:
    await identity.customer("100002")
    session = await identity.log_in()
    first = await link(identity, session, "100002")
    again = await link(identity, session, "100002")

    assert again.account.customers == first.account.customers
    assert len(await identity.events("CustomerLinked")) == 1


async def test_a_customer_of_another_account_is_not_linked(identity: Identity) -> None:
    await identity.customer("100002")
    await identity.register("100002", email="ola@example.no")

    with refused("ACCOUNT_EXISTS"):
        await link(identity, await identity.log_in(), "100002")
    with refused("WRONG_CUSTOMER_NUMBER_OR_PIN"):
        await link(identity, await identity.log_in(), "100002", pin="00000000")


async def test_a_short_pin_links_with_a_code_to_the_contact_on_file(identity: Identity) -> None:
    await identity.import_customers(HEADER + f"100002,Kari,,{MOBILE},1234\n")
    session = await identity.log_in()
    asked = (await link(identity, session, "100002", pin="1234")).verification
    code = await identity.code("contact-code", to=MOBILE)
    confirmation = pb.ConfirmCustomerLinkRequest(verification_id=asked.id, code=code)
    account = await identity.call("ConfirmCustomerLink", confirmation, session=session)

    assert asked.channel == pb.Verification.SMS
    assert [each.customer_number for each in account.customers] == ["100001", "100002"]
