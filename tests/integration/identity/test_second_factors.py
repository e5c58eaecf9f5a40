"""Authenticator apps and recovery codes: setting up, logging in, guessing, losing the phone."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import grpc
import pytest

from kit.database import Transaction
from kundeapp.identity.v1 import identity_service_pb2 as pb
from kundeapp.identity.v1 import second_factors_pb2 as factors_pb
from services.identity.domain.problems import WrongSecondFactor
from services.identity.domain.second_factor import SealedTotp
from services.identity.domain.sessions import Visitor
from services.identity.domain.store import Store
from services.identity.domain.throttles import SECOND_FACTOR_BY_ACCOUNT, Try
from services.identity.handlers.second_factors import prove_second_factor, remove_second_factors
from services.identity.handlers.sessions import prove_password
from services.identity.storage import Post, PostgresStore
from tests.integration.identity.test_recovery import NEW_PASSWORD, forget, reset
from tests.integration.identity.world import EMAIL, PASSWORD, App, Identity, StoresOf, refused

STEP = timedelta(seconds=30)
MOMENT = timedelta(seconds=1)
RECENT = timedelta(minutes=10)
SETUP_TIME = timedelta(minutes=15)
TRIES = 5
GUESSES = 50
STAFF = "operator@example.no"


@pytest.fixture(autouse=True)
async def _account(identity: Identity) -> None:
    await identity.customer("100001")
    await identity.register("100001")


async def begin(identity: Identity, session: pb.Session) -> App:
    begun = await identity.call("BeginTotp", factors_pb.BeginTotpRequest(), session=session)
    assert f"secret={begun.secret}" in begun.uri
    return App(begun.secret)


async def confirm(identity: Identity, session: pb.Session, app: App) -> list[str]:
    request = factors_pb.ConfirmTotpRequest(code=app.code(identity.clock.now()))
    answer = await identity.call("ConfirmTotp", request, session=session)
    return list(answer.recovery_codes)


async def set_up(identity: Identity) -> tuple[App, list[str]]:
    """Sets up an authenticator app; its codes of this moment are all to be had."""
    session = await identity.log_in()
    app = await begin(identity, session)
    codes = await confirm(identity, session, app)
    identity.clock.advance(3 * STEP)
    return app, codes


async def factors_of(identity: Identity, session: pb.Session) -> factors_pb.SecondFactors:
    request = factors_pb.GetSecondFactorsRequest()
    return await identity.call("GetSecondFactors", request, session=session)


async def log_in(identity: Identity, second_factor: str = "", **more: Any) -> pb.Session:
    return await identity.log_in(second_factor=second_factor, **more)


def wrong(app: App, now: datetime) -> str:
    """Returns a code that is right at no step anywhere near."""
    otp = App(app.secret)
    near = {otp.code(now + n * STEP) for n in range(-3, 4)}
    return next(code for code in (f"{n:06d}" for n in range(10)) if code not in near)


async def test_with_an_app_the_password_alone_logs_nobody_in(identity: Identity) -> None:
    app, _ = await set_up(identity)

    with refused("SECOND_FACTOR_NEEDED"):
        await log_in(identity)
    session = await log_in(identity, app.code(identity.clock.now()))

    assert identity.caller(session).methods == ("pwd", "otp", "mfa")


async def test_without_an_app_the_password_is_enough(identity: Identity) -> None:
    session = await log_in(identity)

    assert identity.caller(session).methods == ("pwd",)
    assert not (await factors_of(identity, session)).totp


async def test_a_wrong_password_never_asks_for_a_code_and_uses_none_up(identity: Identity) -> None:
    app, codes = await set_up(identity)
    code = app.code(identity.clock.now())

    for shown in ("", code, codes[0], "000000"):
        with refused("WRONG_CREDENTIALS"):
            await log_in(identity, shown, password="feil tilfeldige ord")
    assert await log_in(identity, code)
    assert await log_in(identity, codes[0])


async def test_it_is_told_which_methods_there_are(identity: Identity) -> None:
    await set_up(identity)

    with pytest.raises(grpc.aio.AioRpcError) as error:
        await log_in(identity)
    assert "TOTP, RECOVERY_CODE" in str(error.value.trailing_metadata())
    assert error.value.code() is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("steps", [-1, 0, 1])
async def test_a_code_logs_in_once(identity: Identity, steps: int) -> None:
    app, _ = await set_up(identity)
    code = App(app.secret).code(identity.clock.now() + (steps + 1) * STEP)

    assert await log_in(identity, code)
    with refused("WRONG_SECOND_FACTOR"):
        await log_in(identity, code)


async def test_no_code_of_an_earlier_step_is_taken_after_a_later_one(identity: Identity) -> None:
    app, _ = await set_up(identity)
    earlier, later = app.code(identity.clock.now()), app.code(identity.clock.now())

    assert await log_in(identity, later)
    with refused("WRONG_SECOND_FACTOR"):
        await log_in(identity, earlier)


async def test_the_code_that_set_the_app_up_is_used_up(identity: Identity) -> None:
    session = await identity.log_in()
    app = await begin(identity, session)
    code = App(app.secret).code(identity.clock.now())
    await confirm(identity, session, app)

    with refused("WRONG_SECOND_FACTOR"):
        await log_in(identity, code)


async def test_a_retry_gets_the_first_session_although_its_code_is_used_up(
    identity: Identity,
) -> None:
    app, _ = await set_up(identity)
    code = app.code(identity.clock.now())

    first = await log_in(identity, code, request_id="once")
    assert await log_in(identity, code, request_id="once") == first
    with refused("IDEMPOTENCY_KEY_REUSED"):
        await log_in(identity, app.code(identity.clock.now()), request_id="once")


async def test_an_app_that_was_begun_changes_nothing(identity: Identity) -> None:
    session = await identity.log_in()
    await begin(identity, session)

    assert identity.caller(await log_in(identity)).methods == ("pwd",)


async def test_an_app_that_was_begun_leaves_the_one_there_is(identity: Identity) -> None:
    app, _ = await set_up(identity)
    session = await log_in(identity, app.code(identity.clock.now()))
    other = await begin(identity, session)

    with refused("WRONG_SECOND_FACTOR"):
        await log_in(identity, other.code(identity.clock.now()))
    assert await log_in(identity, app.code(identity.clock.now()))


async def test_an_app_is_confirmed_within_15_minutes(identity: Identity) -> None:
    session = await identity.log_in()
    app = await begin(identity, session)
    identity.clock.advance(SETUP_TIME)

    with refused("TOTP_SETUP_OVER"):
        await confirm(identity, session, app)
    identity.clock.advance(-MOMENT)
    assert await confirm(identity, session, app)


async def test_a_wrong_code_confirms_nothing_and_another_try_is_free(identity: Identity) -> None:
    session = await identity.log_in()
    app = await begin(identity, session)
    request = factors_pb.ConfirmTotpRequest(code=wrong(app, identity.clock.now()))

    with refused("WRONG_SECOND_FACTOR"):
        await identity.call("ConfirmTotp", request, session=session)
    with refused("INVALID_FIELDS"):
        await identity.call("ConfirmTotp", factors_pb.ConfirmTotpRequest(), session=session)
    assert not (await factors_of(identity, session)).totp
    assert await confirm(identity, session, app)


async def test_only_the_last_app_that_was_begun_can_be_confirmed_and_once(
    identity: Identity,
) -> None:
    session = await identity.log_in()
    first, second = await begin(identity, session), await begin(identity, session)

    with refused("WRONG_SECOND_FACTOR"):
        await confirm(identity, session, first)
    await confirm(identity, session, second)
    with refused("TOTP_SETUP_OVER"):
        await confirm(identity, session, second)


async def test_another_account_cannot_confirm_it(identity: Identity) -> None:
    session = await identity.log_in()
    app = await begin(identity, session)
    await identity.customer("100002")
    await identity.register("100002", email="ola@example.no")
    stranger = await identity.log_in("ola@example.no")

    with refused("TOTP_SETUP_OVER"):
        await confirm(identity, stranger, app)


async def test_a_recovery_code_logs_in_once_and_its_owner_is_told(identity: Identity) -> None:
    _, codes = await set_up(identity)
    assert len(codes) == 10

    session = await log_in(identity, codes[3].lower().replace("-", " "))
    assert identity.caller(session).methods == ("pwd", "otp", "mfa")
    assert (await factors_of(identity, session)).recovery_codes_left == 9
    with refused("WRONG_SECOND_FACTOR"):
        await log_in(identity, codes[3])
    [letter] = await identity.letters("recovery-code-used")
    assert "9" in letter.get_content()


async def test_new_recovery_codes_replace_the_old_ones(identity: Identity) -> None:
    app, old = await set_up(identity)
    session = await log_in(identity, app.code(identity.clock.now()))

    renew = factors_pb.RenewRecoveryCodesRequest()
    new = (await identity.call("RenewRecoveryCodes", renew, session=session)).recovery_codes

    assert not set(old) & set(new)
    with refused("WRONG_SECOND_FACTOR"):
        await log_in(identity, old[0])
    assert await log_in(identity, new[0])


async def test_without_an_app_there_are_no_recovery_codes(identity: Identity) -> None:
    session = await log_in(identity)

    with refused("NO_TOTP"):
        renew = factors_pb.RenewRecoveryCodesRequest()
        await identity.call("RenewRecoveryCodes", renew, session=session)
    with refused("NO_TOTP"):
        await identity.call("RemoveTotp", factors_pb.RemoveTotpRequest(), session=session)


async def test_an_app_is_removed_with_its_recovery_codes_and_its_owner_told(
    identity: Identity,
) -> None:
    app, _ = await set_up(identity)
    session = await log_in(identity, app.code(identity.clock.now()))

    await identity.call("RemoveTotp", factors_pb.RemoveTotpRequest(), session=session)

    after = await log_in(identity)
    assert await factors_of(identity, after) == factors_pb.SecondFactors()
    assert len(await identity.letters("second-factor-on")) == 1
    assert len(await identity.letters("second-factor-off")) == 1


@pytest.mark.parametrize(
    "request_",
    [
        factors_pb.BeginTotpRequest(),
        factors_pb.RemoveTotpRequest(),
        factors_pb.RenewRecoveryCodesRequest(),
    ],
    ids=lambda request: type(request).__name__,
)
async def test_a_login_of_long_ago_changes_no_second_factor(
    identity: Identity, request_: Any
) -> None:
    app, _ = await set_up(identity)
    session = await log_in(identity, app.code(identity.clock.now()))
    rpc = type(request_).__name__.removesuffix("Request")

    identity.clock.advance(RECENT + MOMENT)
    with refused("REAUTHENTICATION_NEEDED"):
        await identity.call(rpc, request_, session=session)
    identity.clock.advance(-MOMENT)
    await identity.call(rpc, request_, session=session)


async def test_five_wrong_codes_stop_further_ones_for_15_minutes_and_the_owner_is_told(
    identity: Identity,
) -> None:
    app, codes = await set_up(identity)

    for _ in range(TRIES):
        with refused("WRONG_SECOND_FACTOR"):
            await log_in(identity, wrong(app, identity.clock.now()))
    for right in (app.code(identity.clock.now()), codes[0]):
        with refused("TOO_MANY_REQUESTS"):
            await log_in(identity, right)
    assert len(await identity.letters("second-factor-guessed")) == 1
    identity.clock.advance(timedelta(minutes=15))
    assert await log_in(identity, app.code(identity.clock.now()))


async def test_patience_gets_20_wrong_codes_a_day(identity: Identity) -> None:
    app, _ = await set_up(identity)

    for _ in range(4):
        for _ in range(TRIES):
            with refused("WRONG_SECOND_FACTOR"):
                await log_in(identity, wrong(app, identity.clock.now()))
        identity.clock.advance(timedelta(hours=1))
    with refused("TOO_MANY_REQUESTS"):
        await log_in(identity, app.code(identity.clock.now()))
    identity.clock.advance(timedelta(hours=21))
    assert await log_in(identity, app.code(identity.clock.now()))


async def test_right_codes_and_missing_ones_use_up_no_tries(identity: Identity) -> None:
    app, _ = await set_up(identity)

    for _ in range(3 * TRIES):
        with refused("SECOND_FACTOR_NEEDED"):
            await log_in(identity)
        identity.clock.advance(STEP)
        assert await log_in(identity, app.code(identity.clock.now()))


async def test_of_50_codes_guessed_at_once_exactly_5_are_looked_at(identity: Identity) -> None:
    assert await looked_at(identity, PostgresStore) == TRIES


class Meeting:
    """Lets the first who come wait for each other."""

    def __init__(self, of: int) -> None:
        self._missing = of
        self._barrier = asyncio.Barrier(of)

    async def wait(self) -> None:
        if self._missing:
            self._missing -= 1
            await self._barrier.wait()


class ForgetfulStore(PostgresStore):
    """Looks first and counts later, as one would at first."""

    def __init__(self, transaction: Transaction, post: Post, meeting: Meeting) -> None:
        super().__init__(transaction, post)
        self._meeting = meeting

    async def count_tries(self, tries: Sequence[Try], now: datetime) -> timedelta | None:
        kept = await self._connection.fetch(
            "SELECT cardinality(tries) AS tried FROM throttle WHERE key = ANY($1::bytea[])",
            [each.key for each in tries],
        )
        if any(row["tried"] >= TRIES for row in kept):
            return MOMENT
        if tries[0].throttle is SECOND_FACTOR_BY_ACCOUNT:
            await self._meeting.wait()
        return await super().count_tries([_without_a_limit(each) for each in tries], now)


def _without_a_limit(attempt: Try) -> Try:
    throttle = attempt.throttle
    return Try(type(throttle)(throttle.name, 100, throttle.within), attempt.key)


async def test_without_counting_first_more_would_be_looked_at(identity: Identity) -> None:
    meeting = Meeting(2 * TRIES)
    assert await looked_at(identity, lambda t, post: ForgetfulStore(t, post, meeting)) >= 2 * TRIES


async def looked_at(
    identity: Identity, store_of: Callable[[Transaction, Post], PostgresStore]
) -> int:
    """Guesses at once; returns how many guesses were compared with what is kept."""
    app, _ = await set_up(identity)
    guess = wrong(app, identity.clock.now())
    seen = 0

    def watching(transaction: Transaction, post: Post) -> Store:
        store = store_of(transaction, post)
        totp = store.totp

        async def watched(account_id: UUID) -> SealedTotp | None:
            nonlocal seen
            seen += 1
            return await totp(account_id)

        store.totp = watched
        return store

    with identity.cheap_hashes() as hashes:
        gate = identity.servicer(hashes, StoresOf(identity.database, watching)).gate
        proof = await prove_password(gate, Visitor(), email=EMAIL, password=PASSWORD)
        answers = await asyncio.gather(
            *(prove_second_factor(gate, proof, guess) for _ in range(GUESSES)),
            return_exceptions=True,
        )
    assert all(isinstance(answer, Exception) for answer in answers)
    assert sum(isinstance(answer, WrongSecondFactor) for answer in answers) == seen
    return seen


async def test_of_two_who_show_the_same_code_at_once_one_gets_in(identity: Identity) -> None:
    assert await let_in_at_once(identity, PostgresStore, recovery=False) == 1


async def test_of_two_who_show_the_same_recovery_code_at_once_one_gets_in(
    identity: Identity,
) -> None:
    assert await let_in_at_once(identity, PostgresStore, recovery=True) == 1


class TrustingStore(PostgresStore):
    """Believes what it has read a moment ago."""

    def __init__(self, transaction: Transaction, post: Post, meeting: Meeting) -> None:
        super().__init__(transaction, post)
        self._meeting = meeting

    async def use_totp(self, account_id: UUID, totp: SealedTotp) -> bool:
        await self._meeting.wait()
        await self._connection.execute(
            "UPDATE totp SET last_step = $2 WHERE account_id = $1", account_id, totp.last_step
        )
        return True

    async def use_recovery_code(self, account_id: UUID, hashes: Sequence[str]) -> bool:
        known = await self._connection.fetchval(
            "SELECT count(*) FROM recovery_code WHERE account_id = $1 AND hash = ANY($2::text[])",
            account_id,
            hashes,
        )
        await self._meeting.wait()
        await self._connection.execute(
            "DELETE FROM recovery_code WHERE hash = ANY($1::text[])", hashes
        )
        return bool(known)


@pytest.mark.parametrize("recovery", [False, True])
async def test_a_store_that_reads_before_it_writes_would_let_more_in(
    identity: Identity, *, recovery: bool
) -> None:
    meeting = Meeting(TRIES)
    let_in = await let_in_at_once(
        identity, lambda t, post: TrustingStore(t, post, meeting), recovery=recovery
    )
    assert let_in == TRIES


async def let_in_at_once(
    identity: Identity, store_of: Callable[[Transaction, Post], Store], *, recovery: bool
) -> int:
    app, codes = await set_up(identity)
    shown = codes[0] if recovery else app.code(identity.clock.now())
    with identity.cheap_hashes() as hashes:
        gate = identity.servicer(hashes, StoresOf(identity.database, store_of)).gate
        proof = await prove_password(gate, Visitor(), email=EMAIL, password=PASSWORD)
        answers = await asyncio.gather(
            *(prove_second_factor(gate, proof, shown) for _ in range(TRIES)),
            return_exceptions=True,
        )
    refusals = [answer for answer in answers if isinstance(answer, BaseException)]
    assert all(isinstance(refusal, WrongSecondFactor) for refusal in refusals), refusals
    return TRIES - len(refusals)


async def test_secrets_and_codes_stand_nowhere_in_the_database(identity: Identity) -> None:
    app, codes = await set_up(identity)
    session = await log_in(identity, app.code(identity.clock.now()))
    begun = await begin(identity, session)

    tables = await identity.fetch(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    for (table,) in tables:
        rows = await identity.fetch(f'SELECT t::text FROM "{table}" t')  # noqa: S608 - our own tables
        kept = "\n".join(row[0] for row in rows)
        for secret in (app.secret, begun.secret, *codes):
            assert secret not in kept, table
            assert secret.replace("-", "") not in kept, table


async def test_staff_get_an_app_with_their_account_and_no_session_without_it(
    identity: Identity,
) -> None:
    await identity.put_staff(STAFF, ["OPERATOR"])
    app = identity.apps.pop(STAFF)

    with refused("SECOND_FACTOR_NEEDED"):
        await identity.log_in(STAFF)
    session = await identity.log_in(STAFF, second_factor=app.code(identity.clock.now()))
    assert identity.caller(session).methods == ("pwd", "otp", "mfa")
    refreshed = await identity.refresh(session.refresh_token)
    assert identity.caller(refreshed).methods == ("pwd", "otp", "mfa")


async def test_staff_put_again_keep_their_app_unless_it_is_renewed(identity: Identity) -> None:
    await identity.put_staff(STAFF, ["OPERATOR"])
    first = identity.apps[STAFF]
    await identity.put_staff(STAFF, ["EVENT_STAFF", "OPERATOR"])
    assert identity.apps[STAFF] is first
    session = await identity.log_in(STAFF)

    await identity.put_staff(STAFF, ["OPERATOR"], password="", renew_second_factor=True)

    assert identity.apps[STAFF].secret != first.secret
    with refused("SESSION_ENDED"):
        await identity.refresh(session.refresh_token)
    with refused("WRONG_SECOND_FACTOR"):
        await identity.log_in(STAFF, second_factor=first.code(identity.clock.now()))
    assert await identity.log_in(STAFF)


async def test_staff_from_before_are_told_to_have_their_app_made(identity: Identity) -> None:
    await identity.put_staff(STAFF, ["OPERATOR"])
    del identity.apps[STAFF]
    await identity.execute("DELETE FROM totp")

    for shown in ("", "123456"):
        with refused("SECOND_FACTOR_NOT_SET_UP"):
            await identity.log_in(STAFF, second_factor=shown)
    with refused("WRONG_CREDENTIALS"):
        await identity.log_in(STAFF, password="feil tilfeldige ord")
    await identity.put_staff(STAFF, ["OPERATOR"], password="", renew_second_factor=True)
    assert await identity.log_in(STAFF)


async def test_staff_replace_their_app_and_cannot_be_without(identity: Identity) -> None:
    await identity.put_staff(STAFF, ["OPERATOR"])
    session = await identity.log_in(STAFF)

    with refused("SECOND_FACTOR_MANDATORY"):
        await identity.call("RemoveTotp", factors_pb.RemoveTotpRequest(), session=session)
    app = await begin(identity, session)
    await confirm(identity, session, app)
    with refused("WRONG_SECOND_FACTOR"):
        await identity.log_in(STAFF)
    assert await identity.log_in(STAFF, second_factor=app.code(identity.clock.now()))


async def test_whoever_has_lost_everything_logs_in_with_the_password_after_it_is_taken_off(
    identity: Identity,
) -> None:
    await set_up(identity)
    [row] = await identity.fetch("SELECT id FROM account WHERE email = $1", EMAIL)

    with identity.cheap_hashes() as hashes:
        async with identity.servicer(hashes).stores() as store:
            await remove_second_factors(store, row["id"])

    session = await log_in(identity)
    assert await factors_of(identity, session) == factors_pb.SecondFactors()


async def test_a_forgotten_password_is_no_way_around_an_app(identity: Identity) -> None:
    app, _ = await set_up(identity)
    asked = await forget(identity, EMAIL)
    await reset(identity, asked, await identity.code("password-code", to=EMAIL))

    with refused("SECOND_FACTOR_NEEDED"):
        await log_in(identity, password=NEW_PASSWORD)
    assert await log_in(identity, app.code(identity.clock.now()), password=NEW_PASSWORD)


async def test_a_secret_is_sealed_anew_when_a_code_of_it_is_used(
    identity: Identity,
) -> None:
    app, _ = await set_up(identity)
    [before] = await identity.fetch("SELECT secret FROM totp")

    assert await log_in(identity, app.code(identity.clock.now()))

    [after] = await identity.fetch("SELECT secret FROM totp")
    assert before["secret"] != after["secret"]
    assert app.secret not in after["secret"]
