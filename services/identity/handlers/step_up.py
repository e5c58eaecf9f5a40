"""Proving once more who one is, within a session: for what a stolen token must not do."""

from collections.abc import Sequence
from uuid import UUID

from kit.checks import check, required
from services.identity.domain import passkeys, passwords
from services.identity.domain.passkeys import Passkey
from services.identity.domain.problems import PasskeyRefused, SessionHasEnded, WrongCredentials
from services.identity.domain.store import Store
from services.identity.domain.throttles import PASSWORD_BY_ACCOUNT
from services.identity.handlers.accounts import get_me
from services.identity.handlers.gate import Gate
from services.identity.handlers.sessions import Issuer, OpenSession, Proof


async def prove_password_of(
    gate: Gate, account_id: UUID, password: str, field: str = "password"
) -> Proof:
    """Checks the password of somebody who is logged in.

    Args:
        gate: What it is checked with.
        account_id: The account.
        password: The password.
        field: The name of the field that it came in.

    Raises:
        Invalid: If it is missing.
        TooManyTries: If it was wrong too often.
        WrongCredentials: If it is wrong.
        Overloaded: If too many passwords wait to be checked; no try is counted then.
    """
    check(required(field, password))
    tries = [gate.throttles.attempt(PASSWORD_BY_ACCOUNT, str(account_id))]
    async with gate.hashes.turn():
        await gate.count(tries)
        async with gate.stores() as store:
            credentials = await store.credentials_of(account_id)
        kept = credentials.password_hash if credentials else None
        is_right = await gate.hashes.matches(kept, passwords.normalise(password))
    if credentials is None or not is_right:
        raise WrongCredentials
    return Proof(credentials, None, tries)


async def confirm_with_password(
    store: Store, issuer: Issuer, proof: Proof, session_id: UUID
) -> OpenSession:
    """Renews a session whose owner has shown the password, and a second factor if there is one.

    Raises:
        WrongCredentials: If the password was changed in the meantime.
        SessionHasEnded: If the session is over.
    """
    if not await store.hold_credentials(proof.credentials):
        raise WrongCredentials
    return await _confirm(store, issuer, session_id, proof.credentials.account_id, proof.methods)


async def confirm_with_passkey(
    store: Store, issuer: Issuer, passkey: Passkey, account_id: UUID, session_id: UUID
) -> OpenSession:
    """Renews a session whose owner has shown a passkey.

    Raises:
        PasskeyRefused: If it is another account's.
        SessionHasEnded: If the session is over.
    """
    if passkey.account_id != account_id:
        raise PasskeyRefused
    return await _confirm(store, issuer, session_id, account_id, passkeys.METHODS)


async def _confirm(
    store: Store, issuer: Issuer, session_id: UUID, account_id: UUID, methods: Sequence[str]
) -> OpenSession:
    account = await get_me(store, account_id)
    now = issuer.clock.now()
    session = await store.confirm_session(session_id, methods, now)
    if session is None:
        raise SessionHasEnded
    return OpenSession(session, issuer.tokens.issue(session, account, now), refresh_token="")
