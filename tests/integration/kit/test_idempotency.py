"""A retry gets the first answer and does nothing twice, and nothing of it can be read at rest."""

import asyncio
import base64
import contextlib
from collections.abc import Mapping
from dataclasses import replace
from uuid import uuid4

import pytest

from kit import errors, idempotency
from kit.access import Caller
from kit.database import Database
from kit.idempotency import Key, KeyReused
from kit.server import Call
from kundeapp.identity.v1.identity_service_pb2 import CreateSessionRequest, Session
from tests.integration.kit.world import World

CALL = Call(Caller("gateway", uuid4()), "kundeapp.identity.v1.IdentityService.CreateSession", "nn")
REQUEST = CreateSessionRequest(
    request_id="the-key-of-a-request", email="kari@example.no", password="correct horse battery"
)
SECRET = b"a secret of the service"


async def run_once(
    database: Database,
    request: CreateSessionRequest = REQUEST,
    call: Call = CALL,
    *,
    fails: bool = False,
) -> Session:
    """Runs a mutation that leaves an effect, and answers with a token that is new each time."""
    async with database.transaction() as transaction:

        async def run() -> Session:
            await transaction.connection.execute("INSERT INTO effect (what) VALUES ('done')")
            if fails:
                raise errors.NotFound
            return Session(access_token=f"token-{uuid4()}")

        return await idempotency.once(transaction, call, request, run, Session, SECRET)


async def test_fifty_retries_at_once_run_once_and_get_one_answer(world: World) -> None:
    async with world.database(connections=20) as database:
        answers = await asyncio.gather(*(run_once(database) for _ in range(50)))
        later = await run_once(database)
    assert len({answer.SerializeToString() for answer in [*answers, later]}) == 1
    assert await world.effects() == ["done"]


async def test_without_a_key_each_call_runs(world: World) -> None:
    request = CreateSessionRequest(email=REQUEST.email, password=REQUEST.password)
    async with world.database() as database:
        first, second = await run_once(database, request), await run_once(database, request)
    assert first != second
    assert await world.effects() == ["done", "done"]
    assert await world.value("SELECT count(*) FROM idempotency") == 0


async def test_the_same_key_with_another_request_is_refused(world: World) -> None:
    other = CreateSessionRequest()
    other.CopyFrom(REQUEST)
    other.password = "another password"
    async with world.database() as database:
        answer = await run_once(database)
        with pytest.raises(KeyReused) as refused:
            await run_once(database, other)
        assert refused.value.reason == "IDEMPOTENCY_KEY_REUSED"
        assert await run_once(database) == answer
    assert await world.effects() == ["done"]


async def test_keys_of_other_callers_and_methods_have_nothing_to_do_with_it(world: World) -> None:
    calls = (
        CALL,
        replace(CALL, method="kundeapp.identity.v1.IdentityService.RegisterAccount"),
        replace(CALL, caller=Caller("gateway", uuid4())),
        replace(CALL, caller=Caller("gateway")),
    )
    async with world.database() as database:
        answers = [await run_once(database, call=call) for call in calls]
    assert len({answer.access_token for answer in answers}) == 4
    assert await world.effects() == ["done"] * 4


async def test_a_run_that_failed_leaves_nothing_and_can_be_tried_again(world: World) -> None:
    async with world.database() as database:
        with pytest.raises(errors.NotFound):
            await run_once(database, fails=True)
        assert await world.value("SELECT count(*) FROM idempotency") == 0
        assert await world.effects() == []
        await run_once(database)
    assert await world.effects() == ["done"]


async def test_a_retry_runs_when_the_first_fails_while_it_waits(world: World) -> None:
    async with world.database() as database:
        outcomes = await asyncio.gather(
            *(run_once(database, fails=number == 0) for number in range(10)),
            return_exceptions=True,
        )
    answers = {outcome.SerializeToString() for outcome in outcomes if isinstance(outcome, Session)}
    assert len(answers) == 1
    assert sum(isinstance(outcome, errors.NotFound) for outcome in outcomes) <= 1
    assert await world.effects() == ["done"]


async def test_nothing_of_request_or_answer_can_be_read_at_rest(world: World) -> None:
    async with world.database() as database:
        answer = await run_once(database)
    [row] = await world.rows("SELECT * FROM idempotency")
    stored = [value if isinstance(value, bytes) else str(value).encode() for value in row.values()]
    secrets = (REQUEST.request_id, REQUEST.email, REQUEST.password, answer.access_token)
    for secret in (secret.encode() for secret in secrets):
        for form in (secret, secret.hex().encode(), base64.b64encode(secret)):
            assert not any(form in value for value in stored)


async def test_the_answer_cannot_be_opened_without_the_secret(world: World) -> None:
    """Whoever guesses the request still cannot check the guess."""
    async with world.database() as database:
        await run_once(database)
        hashes = await world.rows("SELECT key_hash, request_hash FROM idempotency")
        async with database.transaction() as transaction:

            async def run() -> Session:
                return Session()

            await idempotency.once(transaction, CALL, REQUEST, run, Session, b"a guess")
    known = {value for row in hashes for value in row}
    others = await world.rows(
        "SELECT key_hash, request_hash FROM idempotency ORDER BY asked_at DESC LIMIT 1"
    )
    assert known.isdisjoint({value for row in others for value in row})


async def keep(world: World, answers: Mapping[Key, Session]) -> None:
    """Keeps answers in a transaction of their own."""
    async with world.database() as database, database.transaction() as transaction:
        await idempotency.keep_answers(transaction.connection, answers)


async def known(world: World, *keys: Key) -> Mapping[Key, Session | KeyReused]:
    """Asks for answers."""
    async with world.database() as database, database.reader() as connection:
        return await idempotency.known_answers(connection, keys, Session)


def key_of(
    request_id: str = REQUEST.request_id, email: str = REQUEST.email, call: Call = CALL
) -> Key:
    request = CreateSessionRequest(request_id=request_id, email=email)
    key = Key.of(call, request, SECRET)
    assert key is not None
    return key


def test_a_call_without_a_key_has_none() -> None:
    assert Key.of(CALL, CreateSessionRequest(email=REQUEST.email)) is None


def test_a_key_is_equal_to_that_of_the_retry_and_to_no_other() -> None:
    """The seal is left out of the comparison: it follows from the request."""
    others = {
        key_of(request_id="another"),
        key_of(email="ola@example.no"),
        key_of(call=replace(CALL, method="kundeapp.identity.v1.IdentityService.GetMe")),
        key_of(call=replace(CALL, caller=Caller("gateway", uuid4()))),
    }
    assert key_of() == key_of()
    assert hash(key_of()) == hash(key_of())
    assert len(others | {key_of()}) == 5


async def test_answers_that_were_kept_together_are_each_known_to_their_retry(world: World) -> None:
    answers = {key_of(f"key {number}"): Session(access_token=f"{number}") for number in range(3)}
    await keep(world, answers)
    assert await known(world, *answers) == answers
    assert await known(world, key_of("key 1")) == {key_of("key 1"): Session(access_token="1")}


async def test_of_keys_that_were_not_used_nothing_is_known(world: World) -> None:
    await keep(world, {key_of("used"): Session()})
    assert await known(world, key_of("new")) == {}
    assert await known(world) == {}
    assert list(await known(world, key_of("new"), key_of("used"))) == [key_of("used")]


async def test_of_keys_that_were_used_for_another_request_the_refusal_is_known(
    world: World,
) -> None:
    await keep(world, {key_of(): Session(access_token="kari")})
    other = key_of(email="ola@example.no")
    answers = await known(world, other, key_of())
    assert isinstance(answers[other], KeyReused)
    assert answers[key_of()] == Session(access_token="kari")


async def test_keys_of_other_callers_and_methods_are_not_known(world: World) -> None:
    await keep(world, {key_of(): Session()})
    calls = (
        replace(CALL, caller=Caller("gateway", uuid4())),
        replace(CALL, caller=Caller("gateway")),
        replace(CALL, method="kundeapp.identity.v1.IdentityService.GetMe"),
    )
    assert await known(world, *(key_of(call=call) for call in calls)) == {}


async def test_an_answer_that_was_kept_is_the_one_that_once_returns(world: World) -> None:
    key = Key.of(CALL, REQUEST, SECRET)
    assert key is not None
    await keep(world, {key: Session(access_token="kept")})
    async with world.database() as database:
        assert await run_once(database) == Session(access_token="kept")
    assert await world.effects() == []


async def test_an_answer_that_once_has_kept_is_known(world: World) -> None:
    async with world.database() as database:
        answer = await run_once(database)
    key = Key.of(CALL, REQUEST, SECRET)
    assert key is not None
    assert await known(world, key) == {key: answer}


async def test_answers_of_a_transaction_that_failed_are_not_kept(world: World) -> None:
    async with world.database() as database:
        with contextlib.suppress(errors.NotFound):
            async with database.transaction() as transaction:
                await idempotency.keep_answers(transaction.connection, {key_of(): Session()})
                raise errors.NotFound
    assert await known(world, key_of()) == {}


async def test_nothing_of_the_answers_that_were_kept_together_can_be_read_at_rest(
    world: World,
) -> None:
    await keep(world, {key_of(): Session(access_token="a very secret token")})
    [row] = await world.rows("SELECT * FROM idempotency")
    stored = b" ".join(
        value if isinstance(value, bytes) else str(value).encode() for value in row.values()
    )
    for secret in (REQUEST.request_id, REQUEST.email, "a very secret token"):
        assert secret.encode() not in stored
