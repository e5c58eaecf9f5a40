"""The second factor: setting it up, and showing it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from kit.checks import check, required
from kit.clock import Clock
from services.identity.domain import second_factor
from services.identity.domain.accounts import Account
from services.identity.domain.problems import (
    NoTotp,
    SecondFactorMandatory,
    SecondFactorNeeded,
    SecondFactorNotSetUp,
    TooManyTries,
    TotpSetupOver,
    WrongSecondFactor,
)
from services.identity.domain.second_factor import SealedTotp, SecondFactors, Totp
from services.identity.domain.store import Store
from services.identity.domain.throttles import (
    SECOND_FACTOR_BY_ACCOUNT,
    SECOND_FACTOR_BY_DAY,
    SECOND_FACTOR_TOLD,
)
from services.identity.handlers.accounts import get_me
from services.identity.handlers.gate import Factors, Gate
from services.identity.handlers.sessions import Proof


@dataclass(frozen=True, slots=True)
class NewTotp:
    """A secret on its way to an authenticator app.

    Attributes:
        secret: The secret, in base32.
        uri: The same as an `otpauth` URI.
        expires_at: Until when its first code is taken.
    """

    secret: str = field(repr=False)
    uri: str = field(repr=False)
    expires_at: datetime


async def prove_second_factor(gate: Gate, proof: Proof, shown: str) -> Proof:
    """Asks who has shown the password for a second factor, if the account has one.

    Args:
        gate: What it is checked with.
        proof: That the password was shown.
        shown: A code of the authenticator app or a recovery code; empty if none is shown.

    Raises:
        SecondFactorNotSetUp: If it is a member of staff without one.
        SecondFactorNeeded: If none is shown.
        TooManyTries: If codes were wrong too often.
        WrongSecondFactor: If the code is wrong, or was used before.
    """
    async with gate.stores() as store:
        # The password was right, so these tries are nobody's guesses.
        await store.give_back(proof.tries)
        account = await get_me(store, proof.credentials.account_id)
        factors = await store.second_factors(account.id)
    proof = replace(proof, tries=())
    if not factors.totp and not account.roles:
        return proof
    if not factors.totp:
        raise SecondFactorNotSetUp
    if not shown.strip():
        raise SecondFactorNeeded(methods=factors.methods)
    await _show(gate, account, shown)
    return replace(proof, methods=(*proof.methods, *second_factor.METHODS))


async def _show(gate: Gate, account: Account, shown: str) -> None:
    tries = [
        gate.throttles.attempt(throttle, str(account.id))
        for throttle in (SECOND_FACTOR_BY_ACCOUNT, SECOND_FACTOR_BY_DAY)
    ]
    try:
        await gate.count(tries)
    except TooManyTries:
        await _tell_of_guesses(gate, account)
        raise
    async with gate.stores() as store:
        is_right = await _accept(store, gate.factors, gate.clock, account, shown)
        if is_right:
            await store.give_back(tries)
    if not is_right:
        raise WrongSecondFactor


async def _tell_of_guesses(gate: Gate, account: Account) -> None:
    """Tells the owner, once a day, that somebody knows the password and guesses codes."""
    now = gate.clock.now()
    told = gate.throttles.attempt(SECOND_FACTOR_TOLD, str(account.id))
    async with gate.stores() as store:
        if await store.count_tries([told], now) is None:
            await store.send(account.letter("second-factor-guessed", when=now.isoformat()))


async def _accept(
    store: Store, factors: Factors, clock: Clock, account: Account, shown: str
) -> bool:
    """Uses up a code; tells whether it was right."""
    if not second_factor.is_code(shown):
        hashes = factors.recovery_codes.hashes_of(account.id, shown)
        is_right = await store.use_recovery_code(account.id, hashes)
        if is_right:
            left = (await store.second_factors(account.id)).recovery_codes
            when = clock.now().isoformat()
            await store.send(account.letter("recovery-code-used", when=when, left=str(left)))
        return is_right
    sealed = await store.totp(account.id)
    if sealed is None:
        return False
    secret = factors.seal.open(sealed.secret)
    step = second_factor.step_of(Totp(secret, sealed.last_step), shown, clock.now())
    if step is None:
        return False
    # Sealed anew at each use, so that a key that was renewed goes out of use.
    return await store.use_totp(account.id, SealedTotp(factors.seal.close(secret), step))


async def list_second_factors(store: Store, account_id: UUID) -> SecondFactors:
    """Returns which second factors an account has."""
    return await store.second_factors(account_id)


async def begin_totp(store: Store, factors: Factors, clock: Clock, account_id: UUID) -> NewTotp:
    """Hands out a secret for an authenticator app; it changes nothing until it is confirmed."""
    account = await get_me(store, account_id)
    secret = second_factor.new_secret(factors.ids)
    expires_at = clock.now() + second_factor.SETUP_TIME
    await store.begin_totp(account_id, factors.seal.close(secret), expires_at)
    return NewTotp(secret, second_factor.uri_of(secret, account.email), expires_at)


async def confirm_totp(
    store: Store, factors: Factors, clock: Clock, account_id: UUID, code: str
) -> Sequence[str]:
    """Sets up the authenticator app that shows this code; returns recovery codes.

    Raises:
        Invalid: If the code is missing.
        TotpSetupOver: If nothing was begun, or it was too long ago.
        WrongSecondFactor: If the code is wrong; another one may be tried.
    """
    check(required("code", code))
    account = await get_me(store, account_id)
    sealed = await store.lock_begun_totp(account_id, clock.now())
    if sealed is None:
        raise TotpSetupOver
    step = second_factor.step_of(Totp(factors.seal.open(sealed)), code, clock.now())
    if step is None:
        raise WrongSecondFactor
    await store.put_totp(account_id, SealedTotp(sealed, step), clock.now())
    await store.send(account.letter("second-factor-on"))
    return await _new_recovery_codes(store, factors, account_id)


async def renew_recovery_codes(store: Store, factors: Factors, account_id: UUID) -> Sequence[str]:
    """Makes ten new recovery codes in place of the old ones.

    Raises:
        NoTotp: If there is no authenticator app that they could stand in for.
    """
    if await store.totp(account_id) is None:
        raise NoTotp
    return await _new_recovery_codes(store, factors, account_id)


async def _new_recovery_codes(store: Store, factors: Factors, account_id: UUID) -> Sequence[str]:
    codes = factors.recovery_codes.new()
    hashes = [factors.recovery_codes.hash_of(account_id, code) for code in codes]
    await store.replace_recovery_codes(account_id, hashes)
    return codes


async def remove_totp(store: Store, account_id: UUID) -> None:
    """Takes the authenticator app and the recovery codes off an account.

    Raises:
        SecondFactorMandatory: If it is a member of staff.
        NoTotp: If there is none.
    """
    account = await get_me(store, account_id)
    if account.roles:
        raise SecondFactorMandatory
    if await store.totp(account_id) is None:
        raise NoTotp
    await store.remove_totp(account_id)
    await store.send(account.letter("second-factor-off"))


async def remove_second_factors(store: Store, account_id: UUID) -> None:
    """Takes everything but the password off an account whose owner has lost it all.

    Whoever calls this has made sure who the owner is.

    Raises:
        Unauthenticated: If the account is gone.
    """
    account = await get_me(store, account_id)
    await store.remove_totp(account_id)
    await store.remove_passkeys(account_id)
    await store.send(account.letter("second-factor-off"))


async def hand_out_totp(store: Store, factors: Factors, account: Account, now: datetime) -> str:
    """Gives a member of staff a new authenticator app in place of all second factors.

    Returns:
        The secret, in base32.
    """
    secret = second_factor.new_secret(factors.ids)
    await store.remove_totp(account.id)
    await store.remove_passkeys(account.id)
    await store.put_totp(account.id, SealedTotp(factors.seal.close(secret)), now)
    return secret
