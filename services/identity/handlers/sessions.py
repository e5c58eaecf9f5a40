"""Logging in, staying logged in, and logging out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from kit import errors
from kit.checks import check, required
from kit.clock import Clock
from kit.ids import Ids
from kit.noted import note
from services.identity.domain import contact, passwords, sessions
from services.identity.domain.accounts import Account, Credentials
from services.identity.domain.problems import SessionHasEnded, WrongCredentials
from services.identity.domain.sessions import (
    Lifetimes,
    Login,
    Session,
    SessionEnded,
    Successors,
    Use,
    Visitor,
)
from services.identity.domain.store import AccessToken, AccessTokens, Store, Stores
from services.identity.domain.throttles import (
    LOGIN_BY_ACCOUNT,
    LOGIN_BY_DEVICE,
    LOGIN_BY_NETWORK,
    Try,
)
from services.identity.handlers.checks import device_error
from services.identity.handlers.gate import Gate


@dataclass(frozen=True, slots=True)
class Issuer:
    """What sessions are made with.

    Attributes:
        tokens: Signs access tokens.
        successors: What follows a refresh token.
        lifetimes: How long sessions last.
    """

    tokens: AccessTokens
    successors: Successors
    lifetimes: Lifetimes
    ids: Ids
    clock: Clock


@dataclass(frozen=True, slots=True)
class Proof:
    """Somebody has shown the password.

    Attributes:
        credentials: What it was checked against.
        renewed_hash: The hash that shall replace it, None if it is as it would be made today.
        tries: What was counted before, to be given back.
        methods: How they have shown who they are (RFC 8176).
    """

    credentials: Credentials
    renewed_hash: str | None = field(repr=False)
    tries: Sequence[Try]
    methods: tuple[str, ...] = (sessions.PASSWORD_METHOD,)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session and the tokens that its owner takes along; a device that is known gets none."""

    session: Session
    access_token: AccessToken = field(repr=False)
    refresh_token: str = field(repr=False)
    device_token: str = field(default="", repr=False)


async def prove_password(gate: Gate, visitor: Visitor, *, email: str, password: str) -> Proof:
    """Finds the account whose e-mail and password these are.

    An unknown e-mail takes the same steps, and so the same time, as a wrong password. A device that
    the account knows has tries of its own, so that nobody can lock its owner out.

    Raises:
        Invalid: If one of them is missing.
        TooManyTries: If there were too many from here, or for this account.
        WrongCredentials: If they belong to no account.
        Overloaded: If too many passwords wait to be checked; no try is counted then.
    """
    check(required("email", email), required("password", password), device_error(visitor.device))
    password = passwords.normalise(password)
    async with gate.hashes.turn():
        return await _prove_password(gate, visitor, email, password)


async def _prove_password(gate: Gate, visitor: Visitor, email: str, password: str) -> Proof:
    device = sessions.hash_of(visitor.device_token)
    async with gate.stores() as store:
        credentials = await store.credentials(email)
        account_id = credentials.account_id if credentials else None
        note(account=account_id)
        if await store.knows_device(account_id, device):
            tries = [gate.throttles.attempt(LOGIN_BY_DEVICE, device.hex())]
        else:
            tries = [
                gate.throttles.attempt(LOGIN_BY_ACCOUNT, contact.email_key(email)),
                gate.throttles.attempt(LOGIN_BY_NETWORK, visitor.network),
            ]
    await gate.count(tries)
    kept = credentials.password_hash if credentials else None
    is_right = await gate.hashes.matches(kept, password)
    if credentials is None or kept is None or not is_right:
        raise WrongCredentials
    renewed = None if gate.hashes.is_current(kept) else await gate.hashes.hash(password)
    return Proof(credentials, renewed, tries)


async def create_session(
    store: Store, issuer: Issuer, proof: Proof, visitor: Visitor
) -> OpenSession:
    """Begins a session for somebody who has shown the password, and a second factor if need be.

    Raises:
        WrongCredentials: If the password was changed, or the account closed, in the meantime.
    """
    is_proven = await store.hold_credentials(proof.credentials)
    account = await store.account(proof.credentials.account_id)
    if account is None or not is_proven:
        raise WrongCredentials
    if proof.renewed_hash is not None:
        await store.renew_password_hash(account.id, proof.renewed_hash)
    await store.give_back(proof.tries)
    return await begin_session(store, issuer, account, visitor, proof.methods)


async def begin_session(
    store: Store,
    issuer: Issuer,
    account: Account,
    visitor: Visitor,
    methods: Sequence[str],
    *,
    authenticated_at: datetime | None = None,
) -> OpenSession:
    """Begins a session for the owner of an account, however they have shown that they are.

    The owner is told of a device that the account does not know, unless it is the first one.

    Args:
        store: The store.
        issuer: What it is made with.
        account: The account.
        visitor: Where its owner logs in from.
        methods: How they have shown who they are (RFC 8176).
        authenticated_at: When they have, None for just now.
    """
    now = issuer.clock.now()
    session = Session(
        id=issuer.ids.new_id(),
        account_id=account.id,
        authenticated_at=authenticated_at or now,
        methods=tuple(methods),
        expires_at=issuer.lifetimes.expiry(visitor.client, now),
        client=visitor.client,
        idle_at=issuer.lifetimes.idle_at(visitor.client, now),
    )
    refresh_token = issuer.ids.token()
    await store.add_session(session, visitor.device.strip(), now)
    await store.add_refresh_token(session.id, sessions.hash_of(refresh_token))
    note(account=account.id, session=session.id, methods=" ".join(session.methods))
    device_token = await _recognise(store, issuer, account, visitor, now)
    access_token = issuer.tokens.issue(session, account, now)
    return OpenSession(session, access_token, refresh_token, device_token)


async def _recognise(
    store: Store, issuer: Issuer, account: Account, visitor: Visitor, now: datetime
) -> str:
    """Returns what a device that is new is known by from now on; empty for one that is known."""
    known = sessions.hash_of(visitor.device_token)
    if await store.knows_device(account.id, known):
        await store.use_device(known, now)
        return ""
    if await store.has_devices(account.id):
        await store.send(account.letter("new-device", when=now.isoformat()))
    token = issuer.ids.token()
    await store.add_device(account.id, sessions.hash_of(token), now)
    return token


async def refresh_session(stores: Stores, issuer: Issuer, token: str) -> OpenSession:
    """Exchanges a refresh token.

    Raises:
        Invalid: If the token is missing.
        SessionHasEnded: If the token is none, its session is over, or it was used before and is
            not within its grace; the last ends the session, and its owner is told.
    """
    check(required("refresh_token", token))
    async with stores() as store:
        opened = await _exchange(store, issuer, token)
    # Raised after the commit: the end of a session must stay although the call is refused.
    if opened is None:
        raise SessionHasEnded
    return opened


async def _exchange(store: Store, issuer: Issuer, token: str) -> OpenSession | None:
    presented = sessions.hash_of(token)
    found = await store.lock_session_of(presented)
    now = issuer.clock.now()
    if found is None or not found[0].is_live(now):
        return None
    session, kept = found
    note(account=session.account_id, session=session.id)
    account = await store.account(session.account_id)
    if account is None:
        return None
    match sessions.use_of(kept, now):
        case Use.FIRST:
            successor = issuer.successors.of(token)
            idle_at = issuer.lifetimes.idle_at(session.client, now)
            await store.use_refresh_token(presented, sessions.hash_of(successor), now, idle_at)
        case Use.REPEATED if kept.successor is not None:
            successor = issuer.successors.again(token, kept.successor)
        case _:
            successor = None
    if successor is None:
        note(reused=True)
        await end_session(store, issuer.clock, session.id)
        await store.send(account.letter("session-reused", when=now.isoformat()))
        return None
    return OpenSession(session, issuer.tokens.issue(session, account, now), successor)


async def end_session(store: Store, clock: Clock, session_id: UUID) -> None:
    """Ends a session; one that is over stays so, and nothing is told twice."""
    ended = await store.end_session(session_id, clock.now())
    if ended is not None:
        store.publish(SessionEnded(ended.id, ended.account_id))


async def list_logins(store: Store, clock: Clock, account_id: UUID) -> Sequence[Login]:
    """Returns where an account is logged in, the last used first."""
    return await store.logins_of(account_id, clock.now())


async def list_ended_sessions(store: Store, clock: Clock, after: datetime) -> Sequence[Session]:
    """Returns the sessions that ended lately, by when they did.

    Args:
        store: The store.
        clock: Tells the time.
        after: Those that ended after this moment, and within the last hour.
    """
    now = clock.now()
    return await store.sessions_ended(max(after, now - sessions.TOLD_FOR), now)


async def end_own_session(store: Store, clock: Clock, account_id: UUID, session_id: UUID) -> None:
    """Ends a session of an account; one that is over stays so.

    Raises:
        NotFound: If it is not among those that last: another account's is not found either.
    """
    logins = await store.logins_of(account_id, clock.now())
    if session_id not in {login.session.id for login in logins}:
        raise errors.NotFound
    await end_session(store, clock, session_id)


async def end_all_sessions(
    store: Store, clock: Clock, account_id: UUID, *, keep: UUID | None = None
) -> int:
    """Ends all sessions of an account, or all but one; returns how many were ended."""
    ended = await store.end_sessions_of(account_id, clock.now(), keep=keep)
    store.publish(*(SessionEnded(session.id, session.account_id) for session in ended))
    return len(ended)
