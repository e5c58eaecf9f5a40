"""Passkeys: adding, showing and removing them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from kit import errors
from kit.checks import check
from kit.clock import Clock
from kit.noted import note
from services.identity.domain import passkeys
from services.identity.domain.passkeys import Ceremony, Challenge, Passkey
from services.identity.domain.problems import PasskeyCopied, PasskeyRefused, TooManyPasskeys
from services.identity.domain.sessions import Visitor
from services.identity.domain.store import Store
from services.identity.domain.throttles import PASSKEY_BY_NETWORK
from services.identity.handlers.accounts import get_me
from services.identity.handlers.checks import device_error, optional_text_error, uuid_error
from services.identity.handlers.gate import Factors, Gate
from services.identity.handlers.sessions import Issuer, OpenSession, begin_session


@dataclass(frozen=True, slots=True)
class Asked:
    """A challenge, and what a device is asked with it.

    Attributes:
        challenge: The challenge.
        options_json: What the browser's WebAuthn API is called with.
    """

    challenge: Challenge
    options_json: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a device has answered.

    Attributes:
        challenge_id: Which challenge.
        credential_json: What the browser's WebAuthn API has returned.
    """

    challenge_id: str
    credential_json: str = field(repr=False)


async def ask_for_new_passkey(
    store: Store, factors: Factors, clock: Clock, account_id: UUID
) -> Asked:
    """Begins adding a passkey.

    Raises:
        TooManyPasskeys: If the account has 20.
    """
    account = await get_me(store, account_id)
    known = await store.passkeys_of(account_id)
    _refuse_too_many(known)
    challenge = _new_challenge(factors, clock, Ceremony.REGISTRATION, account_id)
    await store.add_passkey_challenge(challenge)
    options = factors.passkeys.creation_options(account_id, account.email, known, challenge.value)
    return Asked(challenge, options)


async def admit_new_passkey(gate: Gate, account_id: UUID, answer: Answer, name: str) -> Passkey:
    """Checks the passkey that a device has made.

    Raises:
        Invalid: If the challenge is no UUID, or the name is too long or cannot be printed.
        PasskeyRefused: If the challenge was answered before, is too old or another account's, or
            the passkey is not what was asked for.
    """
    check(optional_text_error("name", name, passkeys.LONGEST_NAME))
    challenge = await _take(gate, answer, Ceremony.REGISTRATION)
    if challenge.account_id != account_id:
        raise PasskeyRefused
    attested = gate.factors.passkeys.attested(answer.credential_json, challenge.value)
    return Passkey(
        id=gate.factors.ids.new_id(),
        account_id=account_id,
        credential_id=attested.credential_id,
        public_key=attested.public_key,
        sign_count=attested.sign_count,
        name=name.strip(),
        created_at=gate.clock.now(),
    )


async def add_passkey(store: Store, passkey: Passkey) -> None:
    """Adds a passkey, and tells the owner.

    Raises:
        TooManyPasskeys: If the account has 20 by now.
        PasskeyRefused: If it was added before.
    """
    account = await get_me(store, passkey.account_id)
    _refuse_too_many(await store.lock_passkeys_of(account.id))
    if not await store.add_passkey(passkey):
        raise PasskeyRefused
    await store.send(account.letter("passkey-added", name=_named(passkey)))


async def list_passkeys(store: Store, account_id: UUID) -> Sequence[Passkey]:
    """Returns the passkeys of an account, the first added first."""
    return await store.passkeys_of(account_id)


async def remove_passkey(store: Store, account_id: UUID, passkey_id: UUID) -> None:
    """Takes a passkey off an account, and tells the owner.

    Raises:
        NotFound: If the account has no such passkey: another account's is not found either.
    """
    account = await get_me(store, account_id)
    named = {passkey.id: _named(passkey) for passkey in await store.passkeys_of(account_id)}
    if not await store.remove_passkey(account_id, passkey_id):
        raise errors.NotFound
    await store.send(account.letter("passkey-removed", name=named.get(passkey_id, "")))


async def ask_for_passkey(gate: Gate, network: str) -> Asked:
    """Hands out a challenge to whoever wants to log in, or to confirm who they are.

    Raises:
        TooManyTries: If there were too many from this network.
    """
    await gate.count([gate.throttles.attempt(PASSKEY_BY_NETWORK, network)])
    challenge = _new_challenge(gate.factors, gate.clock, Ceremony.LOGIN, None)
    async with gate.stores() as store:
        await store.add_passkey_challenge(challenge)
    return Asked(challenge, gate.factors.passkeys.request_options(challenge.value))


async def prove_passkey(gate: Gate, answer: Answer) -> Passkey:
    """Finds the passkey that has signed a challenge.

    Raises:
        Invalid: If the challenge is no UUID.
        PasskeyRefused: If the challenge was answered before or is too old, or the passkey is
            unknown, or has not proven itself and its user.
        PasskeyCopied: If it was used elsewhere, as its count shows; the owner is told.
    """
    challenge = await _take(gate, answer, Ceremony.LOGIN)
    presented = gate.factors.passkeys.presented(answer.credential_json)
    async with gate.stores() as store:
        passkey = await store.lock_passkey(presented.credential_id)
        if passkey is None or passkey.account_id != presented.account_id:
            raise PasskeyRefused
        note(account=passkey.account_id)
        count = gate.factors.passkeys.proven_count(
            answer.credential_json, challenge.value, passkey.public_key
        )
        is_copy = passkeys.is_copy(passkey.sign_count, count)
        if is_copy:
            account = await get_me(store, passkey.account_id)
            when = gate.clock.now().isoformat()
            await store.send(account.letter("passkey-copied", name=_named(passkey), when=when))
        else:
            await store.use_passkey(passkey.id, count, gate.clock.now())
    # Raised after the commit: the letter is sent although the call is refused.
    if is_copy:
        raise PasskeyCopied
    return passkey


async def create_session_with_passkey(
    store: Store, issuer: Issuer, passkey: Passkey, visitor: Visitor
) -> OpenSession:
    """Begins a session for somebody whose passkey has proven itself.

    Raises:
        Invalid: If the device's name is too long or cannot be printed.
        PasskeyRefused: If the account is gone.
    """
    check(device_error(visitor.device))
    account = await store.account(passkey.account_id)
    if account is None:
        raise PasskeyRefused
    return await begin_session(store, issuer, account, visitor, passkeys.METHODS)


def _new_challenge(
    factors: Factors, clock: Clock, ceremony: Ceremony, account_id: UUID | None
) -> Challenge:
    return Challenge(
        id=factors.ids.new_id(),
        value=factors.ids.random_bytes(passkeys.CHALLENGE_BYTES),
        ceremony=ceremony,
        account_id=account_id,
        expires_at=clock.now() + passkeys.CHALLENGE_LIFETIME,
    )


async def _take(gate: Gate, answer: Answer, ceremony: Ceremony) -> Challenge:
    """Takes a challenge in a transaction of its own: it is answered once, rightly or not."""
    check(uuid_error("answer.challenge_id", answer.challenge_id))
    async with gate.stores() as store:
        challenge = await store.take_passkey_challenge(UUID(answer.challenge_id), gate.clock.now())
    if challenge is None or challenge.ceremony is not ceremony:
        raise PasskeyRefused
    return challenge


def _refuse_too_many(known: Sequence[Passkey]) -> None:
    if len(known) >= passkeys.MOST_PASSKEYS:
        raise TooManyPasskeys(limit=passkeys.MOST_PASSKEYS)


def _named(passkey: Passkey) -> str:
    return f"«{passkey.name}»" if passkey.name else f"{passkey.created_at:%Y-%m-%d}"
