"""Changing a password."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from kit.clock import Clock
from services.identity.domain import passwords
from services.identity.domain.accounts import Account, Credentials
from services.identity.domain.problems import WrongCredentials
from services.identity.domain.store import Store
from services.identity.domain.throttles import PASSWORD_BY_ACCOUNT, Try
from services.identity.handlers.accounts import get_me
from services.identity.handlers.checks import check, required
from services.identity.handlers.gate import Gate
from services.identity.handlers.sessions import end_all_sessions


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password that replaces another, shown by somebody who knows that one.

    Attributes:
        account: Whose it is.
        credentials: What the other one was checked against.
        password_hash: The new one as it is kept.
        tries: What was counted before, to be given back.
    """

    account: Account
    credentials: Credentials
    password_hash: str = field(repr=False)
    tries: Sequence[Try]


async def prove_for_new_password(
    gate: Gate, account_id: UUID, *, current: str, new: str
) -> NewPassword:
    """Checks the current password and hashes the new one; no connection is held meanwhile.

    Raises:
        Invalid: If one is missing, or the new one is refused.
        TooManyTries: If the current one was wrong too often.
        WrongCredentials: If the current one is wrong.
        Unavailable: If too many passwords wait to be checked.
    """
    check(required("current_password", current), required("new_password", new))
    new = passwords.normalise(new)
    async with gate.stores() as store:
        account = await get_me(store, account_id)
        credentials = await store.credentials_of(account_id)
    check(gate.rules.error_in(new, account.email, "new_password"))
    tries = [gate.throttles.attempt(PASSWORD_BY_ACCOUNT, str(account_id))]
    await gate.count(tries)
    kept = credentials.password_hash if credentials else None
    is_right = await gate.hashes.matches(kept, passwords.normalise(current))
    if credentials is None or not is_right:
        raise WrongCredentials
    return NewPassword(account, credentials, await gate.hashes.hash(new), tries)


async def change_password(
    store: Store, clock: Clock, new: NewPassword, session_id: UUID | None
) -> None:
    """Changes a password, ends all sessions but one, and tells the owner.

    Raises:
        WrongCredentials: If the password was changed, or the account closed, in the meantime.
    """
    if not await store.hold_credentials(new.credentials):
        raise WrongCredentials
    account_id = new.credentials.account_id
    await store.give_back(new.tries)
    await store.change_password(account_id, new.password_hash)
    await end_all_sessions(store, clock, account_id, keep=session_id)
    await store.send(new.account.letter("password-changed", when=clock.now().isoformat()))
