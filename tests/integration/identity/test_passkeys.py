"""Passkeys: adding, logging in, removing, and what is done with them that should not be."""

import asyncio
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from kit.database import Transaction
from kundeapp.identity.v1 import identity_service_pb2 as pb
from kundeapp.identity.v1 import second_factors_pb2 as factors_pb
from services.identity.domain.passkeys import Ceremony, Challenge
from services.identity.domain.problems import PasskeyRefused
from services.identity.domain.store import Store
from services.identity.handlers.passkeys import Answer, prove_passkey
from services.identity.storage import Post, PostgresStore
from tests.authenticator import Algorithm, Authenticator
from tests.integration.identity.world import EMAIL, Identity, StoresOf, refused

ORIGIN = "http://localhost:8080"
OTHER_EMAIL = "ola@example.no"
MOMENT = timedelta(seconds=1)
LIFETIME = timedelta(minutes=5)
RECENT = timedelta(minutes=10)
AT_ONCE = 5
MOST = 20


@pytest.fixture
async def session(identity: Identity) -> pb.Session:
    await identity.customer("100001")
    await identity.register("100001")
    return await identity.log_in()


@pytest.fixture
def device() -> Authenticator:
    return Authenticator(ORIGIN)


async def begin(identity: Identity, session: pb.Session) -> factors_pb.PasskeyChallenge:
    request = factors_pb.BeginPasskeyRequest()
    return await identity.call("BeginPasskey", request, session=session)


async def confirm(
    identity: Identity,
    session: pb.Session,
    asked: factors_pb.PasskeyChallenge,
    credential: str,
    **more: Any,
) -> factors_pb.Passkey:
    answer = factors_pb.PasskeyAnswer(challenge_id=asked.challenge_id, credential_json=credential)
    request = factors_pb.ConfirmPasskeyRequest(answer=answer, **more)
    return await identity.call("ConfirmPasskey", request, session=session)


async def add(
    identity: Identity, session: pb.Session, device: Authenticator, name: str = "Pixel 9"
) -> factors_pb.Passkey:
    asked = await begin(identity, session)
    return await confirm(identity, session, asked, device.create(asked.options_json), name=name)


async def challenge(identity: Identity) -> factors_pb.PasskeyChallenge:
    return await identity.call("CreatePasskeyChallenge", factors_pb.CreatePasskeyChallengeRequest())


async def show(identity: Identity, challenge_id: str, credential: str, **more: Any) -> pb.Session:
    answer = factors_pb.PasskeyAnswer(challenge_id=challenge_id, credential_json=credential)
    request = pb.CreateSessionWithPasskeyRequest(answer=answer, **more)
    return await identity.call("CreateSessionWithPasskey", request)


async def log_in(identity: Identity, device: Authenticator) -> pb.Session:
    asked = await challenge(identity)
    return await show(identity, asked.challenge_id, device.get(asked.options_json))


async def passkeys(identity: Identity, session: pb.Session) -> list[factors_pb.Passkey]:
    answer = await identity.call(
        "ListMyPasskeys", factors_pb.ListMyPasskeysRequest(), session=session
    )
    return list(answer.passkeys)


@pytest.mark.parametrize("algorithm", Algorithm)
async def test_a_passkey_logs_in_without_a_password_and_counts_as_both_factors(
    identity: Identity, session: pb.Session, algorithm: Algorithm
) -> None:
    device = Authenticator(ORIGIN, algorithm)
    await add(identity, session, device)

    asked = await challenge(identity)
    credential = device.get(asked.options_json)
    opened = await show(identity, asked.challenge_id, credential, device="Pixel 9", client=pb.WEB)

    caller = identity.caller(opened)
    assert caller.account_id == identity.caller(session).account_id
    assert caller.methods == ("pop", "user", "mfa")
    assert opened.client == pb.WEB
    assert await identity.refresh(opened.refresh_token)


async def test_its_owner_sees_it_and_is_told_of_it(
    identity: Identity, session: pb.Session, device: Authenticator
) -> None:
    added = await add(identity, session, device, "Pixel 9")
    await log_in(identity, device)

    [known] = await passkeys(identity, session)
    assert (known.id, known.name, known.created_at) == (added.id, "Pixel 9", added.created_at)
    assert known.HasField("last_used_at")
    assert not added.HasField("last_used_at")
    [letter] = await identity.letters("passkey-added")
    assert letter["to"] == EMAIL
    assert "«Pixel 9»" in letter.get_content()


async def test_a_passkey_that_was_removed_logs_nobody_in_and_its_owner_is_told(
    identity: Identity, session: pb.Session, device: Authenticator
) -> None:
    added = await add(identity, session, device)
    request = factors_pb.RemovePasskeyRequest(passkey_id=added.id)

    await identity.call("RemovePasskey", request, session=session)

    with refused("PASSKEY_REFUSED"):
        await log_in(identity, device)
    with refused("NOT_FOUND"):
        await identity.call("RemovePasskey", request, session=session)
    assert await passkeys(identity, session) == []
    assert len(await identity.letters("passkey-removed")) == 1


async def test_nobody_removes_or_sees_another_account_s_passkey(
    identity: Identity, session: pb.Session, device: Authenticator
) -> None:
    added = await add(identity, session, device)
    stranger = await another(identity)

    for passkey_id in (added.id, str(uuid4()), "no id"):
        with refused("NOT_FOUND"):
            request = factors_pb.RemovePasskeyRequest(passkey_id=passkey_id)
            await identity.call("RemovePasskey", request, session=stranger)
    assert await passkeys(identity, stranger) == []
    assert await log_in(identity, device)


async def test_a_login_of_long_ago_neither_adds_nor_removes_a_passkey(
    identity: Identity, session: pb.Session, device: Authenticator
) -> None:
    added = await add(identity, session, device)
    identity.clock.advance(RECENT)
    asked = await begin(identity, session)
    identity.clock.advance(MOMENT)

    with refused("REAUTHENTICATION_NEEDED"):
        await begin(identity, session)
    with refused("REAUTHENTICATION_NEEDED"):
        await confirm(identity, session, asked, device.create(asked.options_json))
    with refused("REAUTHENTICATION_NEEDED"):
        request = factors_pb.RemovePasskeyRequest(passkey_id=added.id)
        await identity.call("RemovePasskey", request, session=session)
    assert len(await passkeys(identity, session)) == 1


async def test_a_challenge_is_answered_once_also_wrongly(
    identity: Identity, session: pb.Session, device: Authenticator
) -> None:
    await add(identity, session, device)
    asked = await challenge(identity)
    credential = device.get(asked.options_json)
    assert await show(identity, asked.challenge_id, credential)
    with refused("PASSKEY_REFUSED"):
        await show(identity, asked.challenge_id, credential)

    asked = await challenge(identity)
    with refused("PASSKEY_REFUSED"):
        await show(identity, asked.challenge_id, "{}")
    with refused("PASSKEY_REFUSED"):
        await show(identity, asked.challenge_id, device.get(asked.options_json))


async def test_a_challenge_for_adding_is_answered_once_also_wrongly(
    identity: Identity, session: pb.Session, device: Authenticator
) -> None:
    asked = await begin(identity, session)
    with refused("PASSKEY_REFUSED"):
        await confirm(identity, session, asked, "{}")
    with refused("PASSKEY_REFUSED"):
        await confirm(identity, session, asked, device.create(asked.options_json))
    assert await passkeys(identity, session) == []


async def test_a_challenge_lives_five_minutes(
    identity: Identity, session: pb.Session, device: Authenticator
) -> None:
    await add(identity, session, device)
    for age, reason in ((LIFETIME - MOMENT, ""), (LIFETIME, "PASSKEY_REFUSED")):
        asked = await challenge(identity)
        identity.clock.advance(age)
        with refused(reason):
            await show(identity, asked.challenge_id, device.get(asked.options_json))


async def test_challenges_that_are_too_old_are_forgotten(identity: Identity) -> None:
    for _ in range(3):
        await challenge(identity)
    identity.clock.advance(LIFETIME)
    last = await challenge(identity)
    with identity.cheap_hashes() as hashes:
        async with identity.servicer(hashes).stores() as store:
            now = identity.clock.now()
            await store.forget_old(now, before=now)

    rows = await identity.fetch("SELECT id FROM passkey_challenge")
    assert [str(row["id"]) for row in rows] == [last.challenge_id]


async def test_a_challenge_for_one_thing_is_none_for_the_other(
    identity: Identity, session: pb.Session, device: Authenticator
) -> None:
    await add(identity, session, device)
    for_adding, for_login = await begin(identity, session), await challenge(identity)

    with refused("PASSKEY_REFUSED"):
        await show(identity, for_adding.challenge_id, device.get(for_adding.options_json))
    options = json.loads((await begin(identity, session)).options_json)
    options["challenge"] = json.loads(for_login.options_json)["challenge"]
    with refused("PASSKEY_REFUSED"):
        await confirm(identity, session, for_login, device.create(json.dumps(options)))


@pytest.mark.parametrize("challenge_id", ["", "no id"])
async def test_a_challenge_is_named_by_its_id(identity: Identity, challenge_id: str) -> None:
    with refused("INVALID_FIELDS") as refusal:
        await show(identity, challenge_id, "{}")
    assert refusal.fields == [("answer.challenge_id", "NOT_A_UUID")]


async def test_another_account_s_challenge_adds_no_passkey(
    identity: Identity, session: pb.Session, device: Authenticator
) -> None:
    stranger = await another(identity)
    asked = await begin(identity, session)

    with refused("PASSKEY_REFUSED"):
        await confirm(identity, stranger, asked, device.create(asked.options_json))


async def test_a_passkey_does_not_log_in_to_an_account_that_it_is_not_of(
    identity: Identity, session: pb.Session, device: Authenticator
) -> None:
    await add(identity, session, device)
    stranger = await another(identity)
    account = identity.caller(stranger).account_id
    assert account is not None
    device.credentials[0].user_handle = account.bytes

    with refused("PASSKEY_REFUSED"):
        await log_in(identity, device)


async def test_a_passkey_is_added_once(
    identity: Identity, session: pb.Session, device: Authenticator
) -> None:
    """A device that shows the id of another one's passkey takes nothing over."""
    await add(identity, session, device)
    stranger = await another(identity)
    asked = await begin(identity, stranger)
    thief = Authenticator(ORIGIN)
    made = thief.create(asked.options_json, credential_id=device.credentials[0].id)

    with refused("PASSKEY_REFUSED"):
        await confirm(identity, stranger, asked, made)
    opened = await log_in(identity, device)
    assert identity.caller(opened).account_id == identity.caller(session).account_id


@pytest.mark.parametrize(
    "bad",
    [
        Authenticator("https://kundeapp.example.com"),
        Authenticator(ORIGIN, verifies_user=False),
        Authenticator(ORIGIN, cross_origin=True),
    ],
    ids=["another origin", "user not verified", "in another's page"],
)
async def test_a_wrong_page_or_a_user_who_is_not_verified_is_refused(
    identity: Identity, session: pb.Session, device: Authenticator, bad: Authenticator
) -> None:
    await add(identity, session, device)
    bad.credentials, bad.sign_count = device.credentials, 100

    with refused("PASSKEY_REFUSED"):
        await log_in(identity, bad)
    asked = await begin(identity, session)
    with refused("PASSKEY_REFUSED"):
        await confirm(identity, session, asked, bad.create(asked.options_json))
    assert len(await passkeys(identity, session)) == 1


async def test_a_device_that_was_never_added_is_refused(
    identity: Identity, session: pb.Session, device: Authenticator
) -> None:
    device.create((await begin(identity, session)).options_json)

    with refused("PASSKEY_REFUSED"):
        await log_in(identity, device)


async def test_a_copy_of_a_passkey_is_refused_and_its_owner_told(
    identity: Identity, session: pb.Session, device: Authenticator
) -> None:
    await add(identity, session, device)
    await log_in(identity, device)
    device.sign_count = 1  # as a copy that was made before the last login

    with refused("PASSKEY_COPIED"):
        await log_in(identity, device)
    [letter] = await identity.letters("passkey-copied")
    assert "«Pixel 9»" in letter.get_content()


async def test_a_forgery_with_a_low_count_frightens_nobody(
    identity: Identity, session: pb.Session, device: Authenticator
) -> None:
    await add(identity, session, device)
    await log_in(identity, device)
    asked = await challenge(identity)
    forger = Authenticator(ORIGIN, sign_count=0)
    forger.create((await begin(identity, session)).options_json)
    known = device.credentials[0]
    forger.credentials[0].id, forger.credentials[0].user_handle = known.id, known.user_handle
    forger.sign_count = 0

    with refused("PASSKEY_REFUSED"):
        await show(identity, asked.challenge_id, forger.get(asked.options_json))
    assert await identity.letters("passkey-copied") == []


async def test_a_passkey_that_does_not_count_logs_in_again_and_again(
    identity: Identity, session: pb.Session
) -> None:
    device = Authenticator(ORIGIN, sign_count=None)
    await add(identity, session, device)

    for _ in range(3):
        assert await log_in(identity, device)


async def test_retries_get_the_first_answer_although_the_challenge_is_used_up(
    identity: Identity, session: pb.Session, device: Authenticator
) -> None:
    asked = await begin(identity, session)
    made = device.create(asked.options_json)
    first = await confirm(identity, session, asked, made, request_id="add")
    assert await confirm(identity, session, asked, made, request_id="add") == first

    asked = await challenge(identity)
    credential = device.get(asked.options_json)
    opened = await show(identity, asked.challenge_id, credential, request_id="log in")
    again = await show(identity, asked.challenge_id, credential, request_id="log in")
    assert opened == again
    assert len(await passkeys(identity, session)) == 1


async def test_an_account_has_at_most_20_passkeys(
    identity: Identity, session: pb.Session, device: Authenticator
) -> None:
    for _ in range(MOST - 1):
        await add(identity, session, device)
    asked = [await begin(identity, session) for _ in range(2)]
    made = [device.create(each.options_json) for each in asked]

    await confirm(identity, session, asked[0], made[0])
    with refused("TOO_MANY_PASSKEYS"):
        await confirm(identity, session, asked[1], made[1])
    with refused("TOO_MANY_PASSKEYS"):
        await begin(identity, session)


async def test_a_name_is_at_most_100_characters(
    identity: Identity, session: pb.Session, device: Authenticator
) -> None:
    for name in ("x" * 101, "a\nb"):
        with refused("INVALID_FIELDS") as refusal:
            await add(identity, session, device, name)
        assert refusal.fields == [("name", "TEXT_LENGTH")]
    assert (await add(identity, session, device, "x" * 100)).name == "x" * 100


async def test_of_a_hundred_challenges_for_one_network_no_more_are_made(
    identity: Identity,
) -> None:
    for _ in range(100):
        await challenge(identity)
    with refused("TOO_MANY_REQUESTS"):
        await challenge(identity)


async def test_of_five_answers_to_a_challenge_at_once_one_is_taken(
    identity: Identity, session: pb.Session, device: Authenticator
) -> None:
    await add(identity, session, device)
    assert await taken_at_once(identity, device, PostgresStore) == 1


class KeepingStore(PostgresStore):
    """Forgets a challenge only after it has been read."""

    async def take_passkey_challenge(self, challenge_id: UUID, now: datetime) -> Challenge | None:
        row = await self._connection.fetchrow(
            "SELECT * FROM passkey_challenge WHERE id = $1 AND expires_at > $2", challenge_id, now
        )
        if row is None:
            return None
        ceremony = Ceremony(row["ceremony"])
        return Challenge(row["id"], row["value"], ceremony, row["account_id"], row["expires_at"])


async def test_a_challenge_that_is_only_read_would_be_taken_more_often(
    identity: Identity, session: pb.Session
) -> None:
    device = Authenticator(ORIGIN, sign_count=None)
    await add(identity, session, device)
    assert await taken_at_once(identity, device, KeepingStore) > 1


async def taken_at_once(
    identity: Identity, device: Authenticator, store_of: Callable[[Transaction, Post], Store]
) -> int:
    """Gives different answers to one challenge, each of them good."""
    asked = await challenge(identity)
    answers = [Answer(asked.challenge_id, device.get(asked.options_json)) for _ in range(AT_ONCE)]
    with identity.cheap_hashes() as hashes:
        gate = identity.servicer(hashes, StoresOf(identity.database, store_of)).gate
        outcomes = await asyncio.gather(
            *(prove_passkey(gate, answer) for answer in answers), return_exceptions=True
        )
    refusals = [each for each in outcomes if isinstance(each, BaseException)]
    assert all(isinstance(refusal, PasskeyRefused) for refusal in refusals), refusals
    return AT_ONCE - len(refusals)


async def another(identity: Identity) -> pb.Session:
    """Returns the session of another customer."""
    await identity.customer("100002")
    await identity.register("100002", email=OTHER_EMAIL)
    return await identity.log_in(OTHER_EMAIL)
