"""Changing a password."""

from dataclasses import dataclass, field
from uuid import UUID

from kit.checks import check, required
from kit.clock import Clock
from services.identity.domain import passwords
from services.identity.domain.accounts import Account
from services.identity.domain.problems import WrongCredentials
from services.identity.domain.store import Store
from services.identity.handlers.accounts import get_me
from services.identity.handlers.gate import Gate
from services.identity.handlers.sessions import Proof, end_all_sessions
from services.identity.handlers.step_up import prove_password_of


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password that replaces another, shown by somebody who knows that one.

    Attributes:
        account: Whose it is.
        proof: That the other one was shown.
        password_hash: The new one as it is kept.
    """

    account: Account
    proof: Proof
    password_hash: str = field(repr=False)


async def prove_for_new_password(
    gate: Gate, account_id: UUID, *, current: str, new: str
) -> NewPassword:
    """Checks the current password and hashes the new one; no connection is held meanwhile.

    Raises:
        Invalid: If one is missing, or the new one is refused.
        TooManyTries: If the current one was wrong too often.
        WrongCredentials: If the current one is wrong.
        Overloaded: If too many passwords wait to be checked.
    """
    check(required("current_password", current), required("new_password", new))
    new = passwords.normalise(new)
    async with gate.stores() as store:
        account = await get_me(store, account_id)
    check(gate.rules.error_in(new, account.email, "new_password"))
    proof = await prove_password_of(gate, account_id, current, "current_password")
    return NewPassword(account, proof, await gate.hashes.hash(new))


async def change_password(
    store: Store, clock: Clock, new: NewPassword, session_id: UUID | None
) -> None:
    """Changes a password, ends all sessions but one, and tells the owner.

    Raises:
        WrongCredentials: If the password was changed, or the account closed, in the meantime.
    """
    if not await store.hold_credentials(new.proof.credentials):
        raise WrongCredentials
    await store.give_back(new.proof.tries)
    await store.change_password(new.account.id, new.password_hash)
    await end_all_sessions(store, clock, new.account.id, keep=session_id)
    await store.send(new.account.letter("password-changed", when=clock.now().isoformat()))
