"""Proving once more who one is, for what a stolen token must not do."""

from datetime import timedelta
from typing import Any

import pytest

from kundeapp.identity.v1 import identity_service_pb2 as pb
from kundeapp.identity.v1 import second_factors_pb2 as factors_pb
from tests.authenticator import Authenticator
from tests.integration.identity.test_passkeys import ORIGIN, add, challenge
from tests.integration.identity.test_second_factors import begin, set_up, wrong
from tests.integration.identity.world import PASSWORD, Identity, refused

LONG = timedelta(hours=1)


@pytest.fixture(autouse=True)
async def _account(identity: Identity) -> None:
    await identity.customer("100001")
    await identity.register("100001")


async def confirm(identity: Identity, session: pb.Session, **shown: Any) -> pb.Session:
    request = factors_pb.ConfirmCurrentSessionRequest(**shown)
    return await identity.call("ConfirmCurrentSession", request, session=session)


async def answer(identity: Identity, device: Authenticator) -> factors_pb.PasskeyAnswer:
    asked = await challenge(identity)
    credential = device.get(asked.options_json)
    return factors_pb.PasskeyAnswer(challenge_id=asked.challenge_id, credential_json=credential)


async def test_the_password_makes_an_old_session_good_for_sensitive_changes(
    identity: Identity,
) -> None:
    session = await identity.log_in()
    identity.clock.advance(LONG)
    with refused("REAUTHENTICATION_NEEDED"):
        await begin(identity, session)

    confirmed = await confirm(identity, session, password=PASSWORD)

    assert confirmed.id == session.id
    assert confirmed.refresh_token == ""
    assert identity.caller(confirmed).authenticated_at == identity.clock.now()
    assert await begin(identity, confirmed)


async def test_the_next_access_token_says_so_too_and_the_refresh_token_goes_on(
    identity: Identity,
) -> None:
    session = await identity.log_in()
    identity.clock.advance(LONG)
    await confirm(identity, session, password=PASSWORD)

    refreshed = await identity.refresh(session.refresh_token)
    assert identity.caller(refreshed).authenticated_at == identity.clock.now()


async def test_with_an_app_its_code_is_needed_as_well(identity: Identity) -> None:
    app, _ = await set_up(identity)
    session = await identity.log_in(second_factor=app.code(identity.clock.now()))
    identity.clock.advance(LONG)

    with refused("SECOND_FACTOR_NEEDED"):
        await confirm(identity, session, password=PASSWORD)
    with refused("WRONG_SECOND_FACTOR"):
        code = wrong(app, identity.clock.now())
        await confirm(identity, session, password=PASSWORD, second_factor=code)
    code = app.code(identity.clock.now())
    confirmed = await confirm(identity, session, password=PASSWORD, second_factor=code)
    assert identity.caller(confirmed).methods == ("pwd", "otp", "mfa")


async def test_a_passkey_is_enough(identity: Identity) -> None:
    device = Authenticator(ORIGIN)
    session = await identity.log_in()
    await add(identity, session, device)
    identity.clock.advance(LONG)

    confirmed = await confirm(identity, session, passkey=await answer(identity, device))

    assert identity.caller(confirmed).methods == ("pop", "user", "mfa")
    assert identity.caller(confirmed).authenticated_at == identity.clock.now()


async def test_another_account_s_passkey_confirms_nothing(identity: Identity) -> None:
    device = Authenticator(ORIGIN)
    await add(identity, await identity.log_in(), device)
    await identity.customer("100002")
    await identity.register("100002", email="ola@example.no")
    stranger = await identity.log_in("ola@example.no")

    with refused("PASSKEY_REFUSED"):
        await confirm(identity, stranger, passkey=await answer(identity, device))


async def test_a_wrong_password_confirms_nothing_and_ten_of_them_stop_further_ones(
    identity: Identity,
) -> None:
    session = await identity.log_in()

    with refused("INVALID_FIELDS"):
        await confirm(identity, session)
    for _ in range(10):
        with refused("WRONG_CREDENTIALS"):
            await confirm(identity, session, password="feil tilfeldige ord")
    with refused("TOO_MANY_REQUESTS"):
        await confirm(identity, session, password=PASSWORD)


async def test_a_session_that_is_over_is_not_confirmed(identity: Identity) -> None:
    session = await identity.log_in()
    await identity.log_out(session)

    with refused("SESSION_ENDED"):
        await confirm(identity, session, password=PASSWORD)


async def test_a_retry_gets_the_first_answer_although_the_code_is_used_up(
    identity: Identity,
) -> None:
    app, _ = await set_up(identity)
    session = await identity.log_in(second_factor=app.code(identity.clock.now()))
    shown = {"password": PASSWORD, "second_factor": app.code(identity.clock.now())}

    first = await confirm(identity, session, request_id="once", **shown)
    assert await confirm(identity, session, request_id="once", **shown) == first


async def test_nobody_confirms_without_a_session(identity: Identity) -> None:
    with refused("UNAUTHENTICATED"):
        await identity.call(
            "ConfirmCurrentSession", factors_pb.ConfirmCurrentSessionRequest(password=PASSWORD)
        )
