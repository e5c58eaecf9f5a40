"""Asking people for codes, and checking what they answer."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from kit.checks import check, required
from kit.ids import Ids
from services.identity.domain import contact
from services.identity.domain.challenges import LIFETIME, Challenge, Codes, Purpose
from services.identity.domain.letters import Address, Channel, Letter
from services.identity.domain.problems import CodeNoLongerWorks, TooManyTries, WrongCode
from services.identity.domain.store import Store
from services.identity.domain.throttles import (
    CODE_SENT_BY_NETWORK,
    CODE_SENT_TO_CONTACT,
    CODE_TRIED,
    Try,
)
from services.identity.handlers.gate import Gate

_MINUTES = str(round(LIFETIME.total_seconds() / 60))


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for a code to be sent.

    Attributes:
        network: The network that they call from; empty if it is not known.
        language: What they read: `nn`, `nb` or `en`.
        account_id: Their account if they are logged in.
    """

    network: str
    language: str
    account_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """What codes are made and checked with.

    Attributes:
        gate: What the secrets of people are checked with.
        codes: Codes at rest.
    """

    gate: Gate
    codes: Codes
    ids: Ids

    def now(self) -> datetime:
        """Returns the present moment."""
        return self.gate.clock.now()


@dataclass(frozen=True, slots=True)
class About:
    """What a challenge is about.

    Attributes:
        purpose: What a right code opens.
        subject: Whose tries are counted together.
        customer_id: The customer, None if it is about none.
        password_hash: The password that was chosen, None if none was.
    """

    purpose: Purpose
    subject: str = field(repr=False)
    customer_id: UUID | None = None
    password_hash: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Sending:
    """A code that goes to a person.

    Attributes:
        kind: The letter that it stands in.
        to: Where it goes.
        code: The code.
    """

    kind: str
    to: Address
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """A person was asked for a code.

    Attributes:
        challenge_id: What the answer is to.
        expires_at: Until when.
        channel: How the code was sent.
        contact_channel: How a second code was sent, to the contact on file; None if none was.
    """

    challenge_id: UUID
    expires_at: datetime
    channel: Channel
    contact_channel: Channel | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person answers when asked for a code.

    Attributes:
        challenge_id: What it is an answer to.
        code: The code.
        contact_code: The code that went to the contact on file; empty if none did.
        account_id: Whose challenge it must be, None for one that is nobody's.
    """

    challenge_id: str
    code: str = field(repr=False)
    contact_code: str = field(default="", repr=False)
    account_id: UUID | None = None


def email_address(email: str) -> Address:
    """Returns where mail goes."""
    return Address(Channel.EMAIL, email.strip())


async def ask(
    store: Store,
    desk: Desk,
    asker: Asker,
    about: About,
    *sendings: Sending,
    wanted: bool = True,
) -> Asked:
    """Begins a challenge, and sends its codes.

    Args:
        store: The store.
        desk: What codes are made with.
        asker: Who asks.
        about: What the challenge is about.
        sendings: Its code, and where needed a second one to the contact on file.
        wanted: Whether they are sent; it takes as long if they are not.

    Raises:
        TooManyTries: If too many codes were sent there, or asked for from here.
        CannotBeSent: If no messages go by a channel.
    """
    now = desk.now()
    challenge_id, expires_at = desk.ids.new_id(), now + LIFETIME
    first, *further = sendings
    tries = [desk.gate.throttles.attempt(CODE_SENT_TO_CONTACT, key(each.to)) for each in sendings]
    tries.append(desk.gate.throttles.attempt(CODE_SENT_BY_NETWORK, asker.network))
    # Counting comes first: it keeps others waiting who begin a challenge for the same contact.
    wait = await store.count_tries(tries, now)
    if wait is not None:
        raise TooManyTries(wait)
    hashes = [desk.codes.at_rest(challenge_id, each.code) for each in sendings]
    challenge = Challenge(
        id=challenge_id,
        purpose=about.purpose,
        subject=desk.gate.throttles.attempt(CODE_TRIED, about.subject).key,
        expires_at=expires_at,
        language=asker.language,
        code_hash=hashes[0],
        contact_code_hash=hashes[1] if further else None,
        contact=first.to.value,
        account_id=asker.account_id,
        customer_id=about.customer_id,
        password_hash=about.password_hash,
    )
    await store.begin_challenge(challenge, now)
    for each in sendings:
        facts = {"code": each.code, "minutes": _MINUTES}
        letter = Letter(each.kind, each.to, asker.language, facts, not_after=expires_at)
        await store.send(letter, wanted=wanted)
    return Asked(challenge_id, expires_at, *(each.to.channel for each in sendings))


def key(to: Address) -> str:
    """Returns what two ways of writing the same address or number have in common."""
    return contact.email_key(to.value) if to.channel is Channel.EMAIL else to.value


async def prove(desk: Desk, purpose: Purpose, answer: Answer) -> Challenge:
    """Returns the challenge whose code this is; whoever uses it ends it.

    The try is counted under the challenge's lock and stays although the call is refused, so that
    no number of parallel calls gets more tries than are allowed.

    Args:
        desk: What codes are checked with.
        purpose: What a right code opens.
        answer: What somebody answers.

    Raises:
        Invalid: If the code is missing.
        CodeNoLongerWorks: If the challenge has ended, is out of time or of tries, is somebody
            else's, or never was.
        TooManyTries: If its subject has tried too often today.
        WrongCode: If the code is wrong.
    """
    check(required("code", answer.code))
    try:
        known_id = UUID(answer.challenge_id)
    except ValueError:
        raise CodeNoLongerWorks from None
    wait = None
    async with desk.gate.stores() as store:
        challenge = await store.count_challenge_try(known_id, purpose, desk.now())
        if challenge is not None:
            wait = await store.count_tries([Try(CODE_TRIED, challenge.subject)], desk.now())
    # Raised after the commit: what was counted stays, although the call is refused.
    if challenge is None or answer.account_id not in {None, challenge.account_id}:
        raise CodeNoLongerWorks
    if wait is not None:
        raise TooManyTries(wait)
    if not desk.codes.match(challenge, answer.code.strip(), answer.contact_code.strip()):
        raise WrongCode
    return challenge


async def use(store: Store, desk: Desk, challenge: Challenge) -> None:
    """Ends a challenge whose code was right, for what it opens.

    Raises:
        CodeNoLongerWorks: If somebody else has used it by now.
    """
    if not await store.end_challenge(challenge.id, desk.now()):
        raise CodeNoLongerWorks
    await store.give_back([Try(CODE_TRIED, challenge.subject)])
