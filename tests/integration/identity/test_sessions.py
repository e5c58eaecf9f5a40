"""Login, access tokens, refresh tokens, logout."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from kit import access, jwt
from kit.database import Database, Transaction
from kit.errors import Overloaded, Problem
from kit.outbox import Outbox
from kit.testing import all_have_come
from services.identity.domain.passwords import normalise
from services.identity.domain.problems import WrongCredentials
from services.identity.domain.sessions import RefreshToken, Session, Visitor
from services.identity.domain.store import Store
from services.identity.domain.throttles import LOGIN_BY_ACCOUNT
from services.identity.handlers.sessions import create_session, prove_password, refresh_session
from services.identity.handlers.step_up import prove_password_of
from services.identity.hashing import Argon2Passwords
from services.identity.storage import Post, PostgresStore
from tests.integration.identity.world import EMAIL, PASSWORD, Identity, StoresOf, refused

GRACE = timedelta(seconds=30)
MOMENT = timedelta(seconds=1)
AT_ONCE = 10


@pytest.fixture(autouse=True)
async def _account(identity: Identity) -> None:
    await identity.customer("100001")
    await identity.register("100001", email=EMAIL)


async def test_a_login_gives_a_token_that_the_gateway_can_check(identity: Identity) -> None:
    session = await identity.log_in()
    keys = await identity.signing_keys()
    kind = jwt.TokenKind("at+jwt", "kundeapp-identity", "kundeapp")

    claims = jwt.verify(kind, keys, session.access_token, identity.clock.now())
    caller = access.caller_of(claims)
    me = await identity.me(session)
    assert str(caller.account_id) == me.id
    assert [str(each) for each in caller.customer_ids] == [each.id for each in me.customers]
    assert caller.roles == frozenset()
    assert str(caller.session_id) == session.id


async def test_a_wrong_password_and_an_unknown_email_get_the_same_answer(
    identity: Identity,
) -> None:
    with refused("WRONG_CREDENTIALS") as wrong_password:
        await identity.log_in(password="a wrong password")
    with refused("WRONG_CREDENTIALS") as unknown_email:
        await identity.log_in("nobody@example.no", password="a wrong password")
    with refused("WRONG_CREDENTIALS") as no_email:
        await identity.log_in("nobody", password="a wrong password")

    assert wrong_password.answer == unknown_email.answer == no_email.answer


async def test_a_password_is_right_however_its_letters_are_composed(identity: Identity) -> None:
    await identity.customer("100002")
    await identity.register("100002", email="ola@example.no", password="blåbær og kolagutt")

    decomposed = "bla\u030abær og kolagutt"
    assert normalise(decomposed) != decomposed
    assert await identity.log_in("ola@example.no", password=decomposed)


@pytest.mark.parametrize("field", ["email", "password"])
async def test_a_missing_field_is_named(identity: Identity, field: str) -> None:
    with refused("INVALID_FIELDS") as refusal:
        await identity.log_in(**{field: ""})

    assert refusal.fields == [(field, "REQUIRED_FIELD")]


async def test_a_repeated_login_with_the_same_key_gets_the_first_session(
    identity: Identity,
) -> None:
    first = await identity.log_in(request_id="a-key")
    again = await identity.log_in(request_id="a-key")

    assert again == first


async def test_a_retry_with_a_wrong_password_learns_nothing(identity: Identity) -> None:
    await identity.log_in(request_id="a-key")

    with refused("WRONG_CREDENTIALS"):
        await identity.log_in(request_id="a-key", password="a wrong password")


async def test_a_hash_of_another_cost_is_renewed_at_the_next_login(identity: Identity) -> None:
    with identity.cheap_hashes() as hashes:
        old_hash = await hashes.hash(PASSWORD)
    await identity.execute("UPDATE account SET password_hash = $1", old_hash)

    await identity.log_in()

    [row] = await identity.fetch("SELECT password_hash, password_version FROM account")
    assert "$m=19456,t=2,p=1$" in row["password_hash"]
    assert row["password_version"] == 1
    assert await identity.log_in()


async def test_a_refresh_gives_new_tokens_of_the_same_session(identity: Identity) -> None:
    session = await identity.log_in()
    refreshed = await identity.refresh(session.refresh_token)

    assert refreshed.id == session.id
    assert refreshed.expires_at == session.expires_at
    assert refreshed.refresh_token != session.refresh_token
    assert refreshed.access_token != session.access_token
    assert len(refreshed.refresh_token) == 43


async def test_a_refresh_says_what_the_account_stands_for_by_now(identity: Identity) -> None:
    staff = await identity.put_staff("operator@example.no", ["OPERATOR"])
    session = await identity.log_in(staff.email)
    await identity.put_staff("operator@example.no", ["EVENT_STAFF", "OPERATOR"], password="")
    refreshed = await identity.refresh(session.refresh_token)

    assert identity.caller(session).roles == {"OPERATOR"}
    assert identity.caller(refreshed).roles == {"EVENT_STAFF", "OPERATOR"}


async def test_whoever_loses_a_role_is_logged_out(identity: Identity) -> None:
    staff = await identity.put_staff("operator@example.no", ["EVENT_STAFF", "OPERATOR"])
    session = await identity.log_in(staff.email)
    await identity.put_staff("operator@example.no", ["EVENT_STAFF"], password="")

    with refused("SESSION_ENDED"):
        await identity.refresh(session.refresh_token)


async def test_a_lost_answer_is_given_again_within_the_grace(identity: Identity) -> None:
    session = await identity.log_in()
    first = await identity.refresh(session.refresh_token)
    identity.clock.advance(GRACE - MOMENT)
    again = await identity.refresh(session.refresh_token)

    assert again.refresh_token == first.refresh_token
    assert await identity.refresh(again.refresh_token)


async def test_two_refreshes_at_once_get_the_same_successor(identity: Identity) -> None:
    session = await identity.log_in()
    answers = await asyncio.gather(
        *(identity.refresh(session.refresh_token) for _ in range(AT_ONCE))
    )

    assert len({answer.refresh_token for answer in answers}) == 1
    live = await identity.fetch("SELECT hash FROM refresh_token WHERE used_at IS NULL")
    assert len(live) == 1


class NaiveStore(PostgresStore):
    """Reads a token without locking its session first."""

    everybody_has_read: asyncio.Barrier

    async def lock_session_of(self, token: bytes) -> tuple[Session, RefreshToken] | None:
        session = await self._connection.fetchrow(
            "SELECT id, account_id, authenticated_at, methods, expires_at FROM session"
        )
        kept = await self._connection.fetchrow("SELECT * FROM refresh_token WHERE hash = $1", token)
        assert session is not None
        assert kept is not None
        await all_have_come(self.everybody_has_read)
        return Session(**session), RefreshToken(**kept)


async def successors_handed_out_at_once(
    identity: Identity, store_of: Callable[[Transaction, Post], Store]
) -> set[str]:
    session = await identity.log_in()
    stores = StoresOf(identity.database, store_of)
    with identity.cheap_hashes() as hashes:
        issuer = identity.servicer(hashes).issuer

    async def refresh() -> str:
        opened = await refresh_session(stores, issuer, session.refresh_token)
        return opened.refresh_token

    outcomes = await asyncio.gather(*(refresh() for _ in range(AT_ONCE)), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return {str(outcome) for outcome in outcomes}


async def test_ten_refreshes_at_once_hand_out_one_successor(identity: Identity) -> None:
    assert len(await successors_handed_out_at_once(identity, PostgresStore)) == 1


async def test_without_the_lock_they_would_trip_over_each_other(identity: Identity) -> None:
    NaiveStore.everybody_has_read = asyncio.Barrier(AT_ONCE)

    with pytest.raises(IntegrityError, match="refresh_token"):
        await successors_handed_out_at_once(identity, NaiveStore)


@pytest.mark.parametrize("how", ["after the grace", "after the successor was used"])
async def test_reuse_ends_the_session_which_is_told_once_though_the_call_fails(
    identity: Identity, how: str
) -> None:
    session = await identity.log_in()
    successor = await identity.refresh(session.refresh_token)
    if how == "after the grace":
        identity.clock.advance(GRACE)
    else:
        successor = await identity.refresh(successor.refresh_token)

    for token in (session.refresh_token, session.refresh_token, successor.refresh_token):
        with refused("SESSION_ENDED"):
            await identity.refresh(token)

    [event] = await identity.events("SessionEnded")
    assert (event.session_id, event.account_id) == (session.id, (await identity.me(session)).id)
    assert await identity.fetch("SELECT hash FROM refresh_token") == []


async def test_reuse_ends_no_other_session_of_the_account(identity: Identity) -> None:
    stolen, other = await identity.log_in(), await identity.log_in()
    await identity.refresh(stolen.refresh_token)
    identity.clock.advance(GRACE)
    with refused("SESSION_ENDED"):
        await identity.refresh(stolen.refresh_token)

    assert await identity.refresh(other.refresh_token)


@pytest.mark.parametrize("token", ["x", "A" * 43, "\u00e5" * 43])
async def test_a_token_that_never_was_one_is_refused(identity: Identity, token: str) -> None:
    with refused("SESSION_ENDED"):
        await identity.refresh(token)


async def test_a_session_lasts_thirty_days_however_often_it_is_refreshed(
    identity: Identity,
) -> None:
    session = await identity.log_in()
    expires_at = session.expires_at.ToDatetime(UTC)
    identity.clock.advance(timedelta(days=15))
    session = await identity.refresh(session.refresh_token)
    identity.clock.advance(timedelta(days=15) - MOMENT)
    session = await identity.refresh(session.refresh_token)
    identity.clock.advance(MOMENT)

    assert identity.clock.now() >= expires_at
    with refused("SESSION_ENDED"):
        await identity.refresh(session.refresh_token)


async def test_a_logout_ends_the_session_and_is_told_once(identity: Identity) -> None:
    session = await identity.log_in()
    await identity.log_out(session)
    await identity.log_out(session)

    with refused("SESSION_ENDED"):
        await identity.refresh(session.refresh_token)
    [event] = await identity.events("SessionEnded")
    assert event.session_id == session.id


async def test_a_logout_leaves_other_sessions_alone(identity: Identity) -> None:
    phone, tablet = await identity.log_in(), await identity.log_in()
    await identity.log_out(phone)

    assert await identity.refresh(tablet.refresh_token)


async def test_nobody_sees_an_account_or_logs_out_without_a_token(identity: Identity) -> None:
    with refused("UNAUTHENTICATED"):
        await identity.me(None)
    with refused("UNAUTHENTICATED"):
        await identity.log_out(None)


async def test_a_password_changed_between_its_check_and_the_session_begins_none(
    identity: Identity,
) -> None:
    await identity.put_staff("operator@example.no", ["OPERATOR"])
    with identity.cheap_hashes() as hashes:
        servicer = identity.servicer(hashes)
        proof = await prove_password(
            servicer.gate, Visitor(), email="operator@example.no", password=PASSWORD
        )
    await identity.put_staff("operator@example.no", ["OPERATOR"], password="fire heilt andre ord")

    with pytest.raises(WrongCredentials):
        async with servicer.stores() as store:
            await create_session(store, servicer.issuer, proof, Visitor())


async def test_no_connection_is_held_while_a_password_is_hashed(identity: Identity) -> None:
    url, outbox = identity.settings.database_url, Outbox("identity", identity.ids, identity.clock)
    async with Database.open(url, outbox, connections=1) as database:

        class Witness(Argon2Passwords):
            async def matches(self, kept: str | None, password: str) -> bool:
                async with database.transaction():
                    return await super().matches(kept, password)

        with identity.cheap_hashes(Witness) as hashes:
            gate = identity.servicer(hashes, StoresOf(database, PostgresStore)).gate
            assert await prove_password(gate, Visitor(), email=EMAIL, password=PASSWORD)


class Busy(Argon2Passwords):
    """Hashes that have no turn left, until a test says so."""

    has_turns = False

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        if not self.has_turns:
            raise Overloaded(retryAfter=7)
        async with super().turn():
            yield


@pytest.mark.parametrize("is_logged_in", [False, True])
async def test_who_is_turned_away_has_used_up_no_try(
    identity: Identity, *, is_logged_in: bool
) -> None:
    account_id = identity.caller(await identity.log_in()).account
    with identity.cheap_hashes(Busy) as hashes:
        gate = identity.servicer(hashes).gate

        async def outcome(password: str) -> str:
            try:
                if is_logged_in:
                    await prove_password_of(gate, account_id, password)
                else:
                    await prove_password(gate, Visitor(), email=EMAIL, password=password)
            except Problem as problem:
                return problem.reason
            return "RIGHT"

        turned_away = [await outcome(PASSWORD) for _ in range(LOGIN_BY_ACCOUNT.most + 1)]
        hashes.has_turns = True
        looked_at = [await outcome("a wrong password") for _ in range(LOGIN_BY_ACCOUNT.most)]
        one_more = await outcome(PASSWORD)

    assert set(turned_away) == {"OVERLOADED"}
    assert set(looked_at) == {"WRONG_CREDENTIALS"}
    assert one_more == "TOO_MANY_REQUESTS"  # those that were looked at do count
