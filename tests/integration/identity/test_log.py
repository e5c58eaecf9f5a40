"""Every try to get in stands in the log: whose it was and how they showed it, by ids alone."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from kit.testing import logged_by
from kundeapp.identity.v1 import identity_service_pb2 as pb
from tests.integration.identity.test_recovery import NEW_PASSWORD, forget, reset
from tests.integration.identity.test_second_factors import set_up
from tests.integration.identity.world import EMAIL, PASSWORD, Identity, refused


@pytest.fixture(autouse=True)
async def account(identity: Identity) -> pb.Account:
    await identity.customer("100001")
    return await identity.register("100001")


def lines_of(logs: Sequence[Mapping[str, Any]], rpc: str) -> list[Mapping[str, Any]]:
    """Returns what the lines of an RPC say, but for how long it took."""
    return [
        {name: said for name, said in line.items() if name not in {"event", "ms", "log_level"}}
        for line in logs
        if line["event"] == "rpc" and line["method"].endswith(f".{rpc}")
    ]


METHOD = "kundeapp.identity.v1.IdentityService.CreateSession"
REFUSED = {"method": METHOD, "code": "UNAUTHENTICATED", "workload": "gateway"}


async def test_a_login_says_who_came_in_and_by_which_factors(
    identity: Identity, account: pb.Account
) -> None:
    app, _ = await set_up(identity)
    with logged_by("kit.server") as logs:
        session = await identity.log_in(second_factor=app.code(identity.clock.now()))

    assert lines_of(logs, "CreateSession") == [
        {
            "method": METHOD,
            "code": "OK",
            "workload": "gateway",
            "account": account.id,
            "session": session.id,
            "methods": "pwd otp mfa",
        }
    ]


async def test_a_refused_login_says_whose_account_it_was_tried_on_and_why(
    identity: Identity, account: pb.Account
) -> None:
    await set_up(identity)
    with logged_by("kit.server") as logs:
        with refused("WRONG_CREDENTIALS"):
            await identity.log_in(password="feil tilfeldige ord")
        with refused("SECOND_FACTOR_NEEDED"):
            await identity.log_in()
        with refused("WRONG_SECOND_FACTOR"):
            await identity.log_in(second_factor="000000")
        with refused("WRONG_CREDENTIALS"):
            await identity.log_in("ukjend@example.no")

    assert lines_of(logs, "CreateSession") == [
        {**REFUSED, "account": account.id, "reason": "WRONG_CREDENTIALS"},
        {**REFUSED, "account": account.id, "reason": "SECOND_FACTOR_NEEDED"},
        {**REFUSED, "account": account.id, "reason": "WRONG_SECOND_FACTOR"},
        {**REFUSED, "reason": "WRONG_CREDENTIALS"},
    ]


async def test_a_reused_refresh_token_says_so(identity: Identity, account: pb.Account) -> None:
    session = await identity.log_in()
    await identity.refresh(session.refresh_token)
    identity.clock.advance(timedelta(seconds=31))
    with logged_by("kit.server") as logs, refused("SESSION_ENDED"):
        await identity.refresh(session.refresh_token)

    [line] = lines_of(logs, "RefreshSession")
    assert (line["account"], line["session"]) == (account.id, session.id)
    assert (line["reused"], line["reason"]) == ("True", "SESSION_ENDED")


async def test_what_an_owner_changes_says_whose_it_was(
    identity: Identity, account: pb.Account
) -> None:
    session = await identity.log_in()
    change = pb.ChangePasswordRequest(current_password=PASSWORD, new_password=NEW_PASSWORD)
    with logged_by("kit.server") as logs:
        await identity.call("ChangePassword", change, session=session)

    [line] = lines_of(logs, "ChangePassword")
    assert (line["account"], line["session"], line["code"]) == (account.id, session.id, "OK")


async def test_a_reset_says_whose_it_was(identity: Identity, account: pb.Account) -> None:
    asked = await forget(identity, EMAIL)
    code = await identity.code("password-code", to=EMAIL)
    with logged_by("kit.server") as logs:
        await reset(identity, asked, code)

    [line] = lines_of(logs, "ResetPassword")
    assert line["account"] == account.id


async def test_what_somebody_may_not_do_says_who_tried(identity: Identity) -> None:
    session = await identity.log_in()
    request = pb.LookUpCustomerRequest(customer_number="100001", reason="berre ser")
    with logged_by("kit.server") as logs, refused("PERMISSION_DENIED"):
        await identity.call("LookUpCustomer", request, session=session)

    [line] = lines_of(logs, "LookUpCustomer")
    assert (line["code"], line["reason"]) == ("PERMISSION_DENIED", "PERMISSION_DENIED")
    assert (line["account"], line["session"]) == (
        str(identity.caller(session).account_id),
        session.id,
    )
