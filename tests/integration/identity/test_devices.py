"""Where somebody is logged in, logging devices out, and changing the password."""

from collections.abc import Sequence
from datetime import UTC, timedelta

import pytest

from kundeapp.identity.v1 import identity_service_pb2 as pb
from tests.integration.identity.world import EMAIL, PASSWORD, Identity, refused

NEW_PASSWORD = "heilt andre tilfeldige ord"


@pytest.fixture(autouse=True)
async def _account(identity: Identity) -> None:
    await identity.customer("100001")
    await identity.register("100001", email=EMAIL)


async def log_in(identity: Identity, device: str) -> pb.Session:
    request = pb.CreateSessionRequest(email=EMAIL, password=PASSWORD, device=device)
    return await identity.call("CreateSession", request)


async def logins(
    identity: Identity, session: pb.Session
) -> Sequence[pb.ListMySessionsResponse.Login]:
    answer: pb.ListMySessionsResponse = await identity.call(
        "ListMySessions", pb.ListMySessionsRequest(), session=session
    )
    return answer.sessions


async def ended_sessions(identity: Identity) -> Sequence[str]:
    request = pb.ListEndedSessionsRequest()
    request.after.FromDatetime(identity.clock.now() - timedelta(minutes=5))
    answer: pb.ListEndedSessionsResponse = await identity.call("ListEndedSessions", request)
    return [each.session_id for each in answer.sessions]


async def test_the_devices_are_listed_with_their_last_use(identity: Identity) -> None:
    phone = await log_in(identity, "Pixel 9")
    identity.clock.advance(timedelta(minutes=5))
    browser = await log_in(identity, "Firefox på Linux")
    identity.clock.advance(timedelta(minutes=5))
    await identity.refresh(phone.refresh_token)

    first, second = await logins(identity, browser)

    assert (first.id, first.device, first.current) == (phone.id, "Pixel 9", False)
    assert first.last_used_at.ToDatetime(UTC) == identity.clock.now()
    assert first.created_at.ToDatetime(UTC) == identity.clock.now() - timedelta(minutes=10)
    assert (second.id, second.device, second.current) == (browser.id, "Firefox på Linux", True)


@pytest.mark.parametrize("device", ["x" * 101, "a\nb"])
async def test_a_device_has_a_name_that_can_be_shown(identity: Identity, device: str) -> None:
    with refused("INVALID_FIELDS") as refusal:
        await log_in(identity, device)
    assert refusal.fields == [("device", "TEXT_LENGTH")]


async def test_a_device_that_is_logged_out_stays_out(identity: Identity) -> None:
    phone, browser = await log_in(identity, "phone"), await log_in(identity, "browser")

    for _ in range(2):
        request = pb.EndSessionRequest(session_id=phone.id, request_id="once")
        await identity.call("EndSession", request, session=browser)

    assert [each.id for each in await logins(identity, browser)] == [browser.id]
    assert await ended_sessions(identity) == [phone.id]
    with refused("SESSION_ENDED"):
        await identity.refresh(phone.refresh_token)


async def test_nobody_logs_another_account_out(identity: Identity) -> None:
    await identity.customer("100002")
    await identity.register("100002", email="ola@example.no")
    hers = await log_in(identity, "phone")
    request = pb.CreateSessionRequest(email="ola@example.no", password=PASSWORD)
    his: pb.Session = await identity.call("CreateSession", request)

    with refused("NOT_FOUND") as theirs:
        request = pb.EndSessionRequest(session_id=hers.id)
        await identity.call("EndSession", request, session=his)
    with refused("NOT_FOUND") as missing:
        request = pb.EndSessionRequest(session_id="no session")
        await identity.call("EndSession", request, session=his)

    assert theirs.answer == missing.answer
    assert len(await logins(identity, hers)) == 1


@pytest.mark.parametrize("keep", [True, False])
async def test_all_devices_are_logged_out_or_all_but_this_one(
    identity: Identity, *, keep: bool
) -> None:
    this, *others = [await log_in(identity, f"device {number}") for number in range(3)]

    answer: pb.EndAllSessionsResponse = await identity.call(
        "EndAllSessions", pb.EndAllSessionsRequest(keep_current=keep), session=this
    )

    assert answer.ended == (2 if keep else 3)
    ended = {each.id for each in others}
    if not keep:
        ended.add(this.id)
    assert set(await ended_sessions(identity)) == ended


async def test_a_changed_password_logs_the_other_devices_out(identity: Identity) -> None:
    this, other = await log_in(identity, "this"), await log_in(identity, "other")
    request = pb.ChangePasswordRequest(
        request_id="once", current_password=PASSWORD, new_password=NEW_PASSWORD
    )

    for _ in range(2):  # a retry changes nothing, and is told the same
        await identity.call("ChangePassword", request, session=this)

    with refused("WRONG_CREDENTIALS"):
        await log_in(identity, "old password")
    login = pb.CreateSessionRequest(email=EMAIL, password=NEW_PASSWORD)
    await identity.call("CreateSession", login)
    await identity.refresh(this.refresh_token)
    with refused("SESSION_ENDED"):
        await identity.refresh(other.refresh_token)


async def test_whoever_does_not_know_the_password_does_not_change_it(identity: Identity) -> None:
    session = await log_in(identity, "phone")
    request = pb.ChangePasswordRequest(
        current_password="noko heilt anna her", new_password=NEW_PASSWORD
    )
    with refused("WRONG_CREDENTIALS"):
        await identity.call("ChangePassword", request, session=session)
    await log_in(identity, "still")


@pytest.mark.parametrize(
    ("password", "reason"),
    [("kort", "PASSWORD_TOO_SHORT"), ("leavemealone", "PASSWORD_TOO_COMMON")],
)
async def test_a_new_password_obeys_the_rules(
    identity: Identity, password: str, reason: str
) -> None:
    session = await log_in(identity, "phone")
    request = pb.ChangePasswordRequest(current_password=PASSWORD, new_password=password)
    with refused("INVALID_FIELDS") as refusal:
        await identity.call("ChangePassword", request, session=session)
    assert refusal.fields == [("new_password", reason)]
