"""Accounts of staff are made and changed from the command line."""

from datetime import timedelta

import pytest

from tests.integration.identity.world import PASSWORD, Identity, refused

EMAIL = "operator@example.no"


async def test_a_member_of_staff_logs_in_with_the_roles_given(identity: Identity) -> None:
    account = await identity.put_staff(EMAIL, ["OPERATOR", "CUSTOMER_SERVICE"])
    session = await identity.log_in(EMAIL)

    assert identity.caller(session).roles == {"OPERATOR", "CUSTOMER_SERVICE"}
    assert list(account.customers) == []
    assert await identity.me(session) == account


async def test_doing_it_again_changes_nothing_and_ends_no_session(identity: Identity) -> None:
    first = await identity.put_staff(EMAIL, ["OPERATOR"])
    session = await identity.log_in(EMAIL)
    again = await identity.put_staff(EMAIL.upper(), ["OPERATOR"])

    assert again == first
    assert await identity.refresh(session.refresh_token)


async def test_a_new_password_ends_every_session(identity: Identity) -> None:
    await identity.put_staff(EMAIL, ["OPERATOR"])
    sessions = [await identity.log_in(EMAIL) for _ in range(2)]
    await identity.put_staff(EMAIL, ["OPERATOR"], password="fire heilt andre ord")

    for session in sessions:
        with refused("SESSION_ENDED"):
            await identity.refresh(session.refresh_token)
    with refused("WRONG_CREDENTIALS"):
        await identity.log_in(EMAIL)
    identity.clock.advance(timedelta(minutes=1))  # for fresh codes
    assert await identity.log_in(EMAIL, password="fire heilt andre ord")
    ended = {event.session_id for event in await identity.events("SessionEnded")}
    assert ended == {session.id for session in sessions}


async def test_a_new_account_needs_a_password(identity: Identity) -> None:
    with refused("INVALID_FIELDS") as refusal:
        await identity.put_staff(EMAIL, ["OPERATOR"], password="")

    assert refusal.fields == [("password", "REQUIRED_FIELD")]


async def test_an_account_without_a_role_is_none_of_staff(identity: Identity) -> None:
    with refused("INVALID_FIELDS") as refusal:
        await identity.put_staff(EMAIL, [])

    assert refusal.fields == [("roles", "REQUIRED_FIELD")]


@pytest.mark.parametrize("role", [0, 99])
async def test_an_unknown_role_is_refused(identity: Identity, role: int) -> None:
    with refused("INVALID_FIELDS") as refusal:
        await identity.put_staff(EMAIL, [role])

    assert refusal.fields == [("roles", "ROLE_INVALID")]


async def test_a_customer_is_not_made_staff(identity: Identity) -> None:
    await identity.customer("100001")
    await identity.register("100001", email=EMAIL, password=PASSWORD)

    with refused("EMAIL_IN_USE"):
        await identity.put_staff(EMAIL, ["OPERATOR"])


async def test_the_gateway_makes_no_staff(identity: Identity) -> None:
    with refused("PERMISSION_DENIED"):
        await identity.put_staff(EMAIL, ["OPERATOR"], workload="gateway")


async def test_nobody_but_the_gateway_lists_signing_keys(identity: Identity) -> None:
    assert await identity.signing_keys(workload="gateway")
    with refused("PERMISSION_DENIED"):
        await identity.signing_keys(workload="cli")
