"""Writes what is due: finds out what it says and where it goes, and hands it to the courier."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, cast
from uuid import UUID

import structlog

from kit.clock import Clock
from kit.errors import Unavailable
from services.consent.domain import mailings
from services.consent.domain.channels import Channel
from services.consent.domain.contacts import AddressHashes, email_address, phone_number
from services.consent.domain.kinds import KINDS, Class, Kind
from services.consent.domain.letters import Details, File, Letter, Permit, Told, Words, Write
from services.consent.domain.mailings import Mailing
from services.consent.domain.notifications import Leased, Notification, Reason
from services.consent.domain.permission import Permission
from services.consent.domain.quiet import QuietHours
from services.consent.domain.recipients import Recipient, Recipients
from services.consent.domain.releases import ReleaseLink, ReleaseTokens
from services.consent.domain.store import Store
from services.consent.domain.suppression import DEADLY
from services.consent.domain.unsubscribing import Subscription, UnsubscribeTokens
from services.consent.handlers.permission import permissions

BATCH: Final = 100
LEASE: Final = timedelta(seconds=60)
"""Longer than writing a batch may take."""
FIRST_DELAY: Final = timedelta(seconds=5)
LONGEST_DELAY: Final = timedelta(minutes=10)
LONGEST_LATE: Final = timedelta(days=3)
"""For how long something is tried that is never worthless."""
AT_ONCE: Final = 8
"""How many letters other services are asked about at once."""

_MOMENTS: Final = ("at", "since", "until")

_log = structlog.get_logger(__name__)


class WritingStore(Store, Protocol):
    """A store that also sends."""

    async def send(self, *letters: Letter) -> None:
        """Hands letters to the courier, if and when the transaction commits."""
        ...


class WritingStores(Protocol):
    """Opens transactions in which something is sent."""

    def __call__(self) -> AbstractAsyncContextManager[WritingStore]:
        """Opens a transaction that is committed at the end, or rolled back by an exception."""
        ...


class NothingMore:
    """`Details` that has none."""

    async def of(self, _notification: Notification, _language: str, /) -> Told | None:
        """Returns nothing beside what was taken down."""
        return Told({})


@dataclass(frozen=True, slots=True)
class Links:
    """What letters link to.

    Attributes:
        public_url: Where customers find Di side, without a slash at the end.
        tokens: Makes what ends a subscription.
        release_tokens: Makes what gives tickets back.
    """

    public_url: str
    tokens: UnsubscribeTokens
    release_tokens: ReleaseTokens

    @property
    def club(self) -> str:
        """Where Kraftklubben is."""
        return f"{self.public_url}/kraftklubben"

    def event(self, event_id: UUID) -> str:
        """Returns where a customer sees an event and what they have of it."""
        return f"{self.club}/{event_id}"

    def release(self, reservation_id: UUID, customer_id: UUID, starts_at: datetime) -> str:
        """Returns where a customer gives tickets back without logging in, until the start."""
        link = ReleaseLink(reservation_id, customer_id, expires_at=starts_at)
        return f"{self.public_url}/framleis/{self.release_tokens.of(link)}"

    @property
    def example(self) -> str:
        """Where a farewell would be, in what nobody has subscribed to."""
        return f"{self.public_url}/avmelding/eksempel"

    def farewell(self, subscription: Subscription) -> str:
        """Returns where people end a subscription."""
        return f"{self.public_url}/avmelding/{self.tokens.of(subscription)}"

    def one_click(self, subscription: Subscription) -> str:
        """Returns where mail programs end a subscription by themselves (RFC 8058)."""
        return f"{self.public_url}/v1/unsubscribe/{self.tokens.of(subscription)}"


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes letters.

    Attributes:
        stores: Opens transactions.
        recipients: Knows how people are reached.
        details: Looks up what letters say.
        write: Finds their words.
        links: What they link to.
        hashes: Tells addresses that nothing arrives at.
        channels: By which channels letters can be sent at all.
        quiet: When nobody is woken.
        clock: Tells the time.
    """

    stores: WritingStores
    recipients: Recipients
    details: Details
    write: Write
    links: Links
    hashes: AddressHashes
    channels: Collection[Channel]
    quiet: QuietHours
    clock: Clock

    def ways(self, kind: Kind) -> Sequence[Channel]:
        """Returns how a kind of letter goes, the first choice first."""
        return [channel for channel in kind.channels if channel in self.channels]

    async def write_due(self) -> bool:
        """Writes some of what is due; returns whether there may be more to do at once.

        Other services are asked outside of any transaction, under a lease: whoever is killed
        meanwhile, or finds them out of reach, leaves it to be tried again.
        """
        leased = await self._lease()
        due = await self._in_time(leased)
        try:
            recipients = await self._recipients(due)
        except Unavailable:
            await self._try_later(due)
            return False
        asking = asyncio.Semaphore(AT_ONCE)
        drafts = await asyncio.gather(
            *(self._draft(each, recipients(each.notification), asking) for each in due)
        )
        await self._finish([draft for draft in drafts if draft is not None])
        return bool(leased)

    def words_of(self, mailing: Mailing, language: str, farewell: str) -> Words:
        """Returns what a mailing says.

        Args:
            mailing: The mailing.
            language: `nn`, `nb` or `en`.
            farewell: Where whoever gets it ends the subscription.
        """
        said = {"url": self.links.club, **self._said(mailing, language)}
        return self._words(mailing.kind, language, said, farewell)

    async def _lease(self) -> Sequence[Leased]:
        now = self.clock.now()
        async with self.stores() as store:
            return await store.lease_notifications(KINDS, now, now + LEASE, BATCH)

    async def _in_time(self, leased: Sequence[Leased]) -> Sequence[Leased]:
        """Returns what is to be written now, and puts away what is too late or for the morning."""
        now = self.clock.now()
        morning = self.quiet.morning_after(now)
        late = [each for each in leased if _is_late(each.notification, now)]
        early = [
            each
            for each in leased
            if morning and each not in late and not KINDS[each.notification.kind].is_urgent
        ]
        if late or early:
            async with self.stores() as store:
                ours = await store.lock_leased(late)
                await store.end_notifications(_dropped(ours, Reason.TOO_LATE), now)
                for each in early:
                    await store.lay_aside(each, morning or now, due=True)
        return [each for each in leased if each not in late and each not in early]

    async def _recipients(
        self, due: Sequence[Leased]
    ) -> Callable[[Notification], Sequence[Recipient]]:
        """Returns who is told something.

        Raises:
            Unavailable: If identity is out of reach.
        """
        notifications = [each.notification for each in due]
        customer_ids = {each.customer_id for each in notifications if each.customer_id}
        to_staff = any(KINDS[each.kind].of is Class.STAFF for each in notifications)
        customers: Mapping[UUID, Recipient] = {}
        if customer_ids:
            customers = await self.recipients.customers(customer_ids)
        staff = await self.recipients.event_staff() if to_staff else ()

        def recipients(notification: Notification) -> Sequence[Recipient]:
            if notification.customer_id is not None:
                return [customers.get(notification.customer_id, Recipient())]
            only = notification.facts.get("account_id")
            return [each for each in staff if only in {None, str(each.account_id)}]

        return recipients

    async def _draft(
        self, leased: Leased, recipients: Sequence[Recipient], asking: asyncio.Semaphore
    ) -> "_Draft | None":
        """Returns what is needed to write something, None if it has to be tried later."""
        notification = leased.notification
        is_written = KINDS[notification.kind].letter == mailings.NEWS  # by staff, all of it
        details = NothingMore() if is_written else self.details
        told: dict[str, Told | None] = {}
        try:
            for language in {each.language for each in recipients}:
                async with asking:
                    told[language] = await details.of(notification, language)
        except Exception as error:  # noqa: BLE001 - the others are written all the same
            _log.warning(
                "not written",
                id=str(notification.id),
                kind=notification.kind,
                attempt=leased.attempt,
                error=repr(error),
            )
            await self._try_later([leased])
            return None
        return _Draft(leased, recipients, told)

    async def _finish(self, drafts: Sequence["_Draft"]) -> None:
        """Hands to the courier what is still ours to write, and notes it as written."""
        if not drafts:
            return
        async with self.stores() as store:
            scene = await self._scene(store, drafts)
            held = await store.lock_leased([draft.leased for draft in drafts])
            written: dict[UUID, Sequence[Letter]] = {}
            ended: dict[UUID, str] = {}
            for draft in drafts:
                if draft.leased not in held:
                    continue
                match self._outcome(draft, scene):
                    case None:
                        await self._lay_aside(store, draft.leased)
                    case str() as reason:
                        ended[draft.notification.id] = reason
                    case letters:
                        written[draft.notification.id] = letters
            for repeated in await self._repeated(store, drafts, written):
                ended[repeated] = Reason.DUPLICATE
                del written[repeated]
            for notification_id in await self._send(store, written):
                [bad] = [each.leased for each in drafts if each.notification.id == notification_id]
                await self._lay_aside(store, bad)
                del written[notification_id]
            ended.update(dict.fromkeys(written, ""))
            await store.end_notifications(ended, self.clock.now())

    async def _send(
        self, store: WritingStore, written: Mapping[UUID, Sequence[Letter]]
    ) -> Sequence[UUID]:
        """Hands letters to the courier, and returns of what they are malformed."""
        try:
            await store.send(*(letter for letters in written.values() for letter in letters))
        except ValueError:
            # Nothing was handed over yet: one by one, so that the others go.
            malformed: list[UUID] = []
            for notification_id, letters in written.items():
                try:
                    await store.send(*letters)
                except ValueError:
                    _log.exception("not written", id=str(notification_id))
                    malformed.append(notification_id)
            return malformed
        return ()

    async def _scene(self, store: WritingStore, drafts: Sequence["_Draft"]) -> "_Scene":
        mailing_ids = {each for draft in drafts if (each := draft.mailing_id)}
        sending = await store.mailings_to_write(mailing_ids)
        asked: dict[str, set[UUID]] = {}
        for draft in drafts:
            purpose, customer_id = _purpose(draft, sending), draft.notification.customer_id
            if purpose and customer_id:
                asked.setdefault(purpose, set()).add(customer_id)
        return _Scene(
            mailings=sending,
            permissions={
                purpose: await permissions(store, purpose, customer_ids, list(self.channels))
                for purpose, customer_ids in asked.items()
            },
            dead=await self._dead(store, drafts),
        )

    async def _dead(self, store: WritingStore, drafts: Sequence["_Draft"]) -> Collection[str]:
        """Returns the e-mail addresses that nothing arrives at."""
        emails = {each.email for draft in drafts for each in draft.recipients if each.email}
        hashes = {email: self.hashes.of(email_address(email)) for email in emails}
        found = await store.suppressions_of([each for under in hashes.values() for each in under])
        deadly = {
            each_hash
            for each_hash, known in found.items()
            if any(each.reason in DEADLY for each in known)
        }
        return {email for email, under in hashes.items() if not deadly.isdisjoint(under)}

    async def _repeated(
        self,
        store: WritingStore,
        drafts: Sequence["_Draft"],
        written: Mapping[UUID, Sequence[Letter]],
    ) -> Sequence[UUID]:
        """Returns what is of a mailing and to an address that gets the same mailing already."""
        by_mailing: dict[UUID, list[tuple[UUID, str]]] = {}
        for draft in drafts:
            notification_id, mailing_id = draft.notification.id, draft.mailing_id
            if mailing_id and notification_id in written:
                [letter] = written[notification_id]
                pair = (notification_id, self._address_hash(letter))
                by_mailing.setdefault(mailing_id, []).append(pair)
        repeated: list[UUID] = []
        for mailing_id, pairs in by_mailing.items():
            new = set(await store.claim_addresses(mailing_id, {each for _, each in pairs}))
            for notification_id, address_hash in pairs:
                if address_hash not in new:
                    repeated.append(notification_id)
                new.discard(address_hash)
        return repeated

    def _address_hash(self, letter: Letter) -> str:
        match letter.channel:
            case Channel.EMAIL:
                return self.hashes.of(email_address(letter.to))[0]
            case Channel.SMS:
                return self.hashes.of(phone_number(letter.to))[0]
            case _:
                return letter.to

    def _outcome(self, draft: "_Draft", scene: "_Scene") -> Sequence[Letter] | str | None:
        """Returns the letters of something, or why there are none, or None if it cannot be told."""
        notification = draft.notification
        try:
            if KINDS[notification.kind].of is Class.MARKETING:
                return self._marketing(draft, scene)
            return self._letters(draft, scene)
        except Exception:  # noqa: BLE001 - the others are written all the same
            _log.exception("not written", id=str(notification.id), kind=notification.kind)
            return None

    def _letters(self, draft: "_Draft", scene: "_Scene") -> Sequence[Letter] | str:
        """Returns a letter for each way in which somebody can be reached."""
        if draft.told and all(told is None for told in draft.told.values()):
            return Reason.TAKEN_BACK
        notification = draft.notification
        letters: list[Letter] = []
        for recipient in draft.recipients:
            told = draft.told[recipient.language]
            if told is None:
                continue
            facts = {**notification.facts, **told.facts}
            language = str(facts.get("language", recipient.language))
            words = self._words(notification.kind, language, facts, self.links.example)
            for channel in self.ways(KINDS[notification.kind]):
                address = recipient.address(channel, is_marketing=False)
                if address and address not in scene.dead:
                    letters += _letter(notification, channel, address, words, told.files)
        return letters or Reason.NOT_REACHABLE

    def _marketing(self, draft: "_Draft", scene: "_Scene") -> Sequence[Letter] | str:
        """Returns a letter for the first way that is allowed now."""
        notification, [recipient] = draft.notification, draft.recipients
        purpose, customer_id = _purpose(draft, scene.mailings), notification.customer_id
        if not purpose or customer_id is None:
            return Reason.STOPPED
        allowed = scene.permissions[purpose][customer_id]
        ways = self.ways(KINDS[notification.kind])
        for channel in ways:
            address = recipient.address(channel, is_marketing=True)
            if allowed[channel] is not Permission.ALLOWED or not address:
                continue
            subscription = Subscription(customer_id, purpose, channel)
            words = self._marketing_words(draft, scene, subscription)
            if words is None:
                return Reason.TAKEN_BACK
            for letter in _letter(notification, channel, address, words):
                permit = Permit(draft.mailing_id, purpose, channel, customer_id)
                one_click = self.links.one_click(subscription)
                url = one_click if channel is Channel.EMAIL else ""
                return [replace(letter, permit=permit, unsubscribe_url=url)]
        refused = [allowed[each] for each in ways if allowed[each] is not Permission.ALLOWED]
        if len(refused) < len(ways):
            return Permission.NO_ADDRESS
        return mailings.nearest_to_yes(refused) if refused else Reason.NOT_REACHABLE

    def _marketing_words(
        self, draft: "_Draft", scene: "_Scene", subscription: Subscription
    ) -> Words | None:
        [recipient] = draft.recipients
        told = draft.told[recipient.language]
        if told is None:
            return None
        mailing = scene.mailings.get(draft.mailing_id) if draft.mailing_id else None
        said: Mapping[str, Any] = self._said(mailing, recipient.language) if mailing else {}
        facts = {**draft.notification.facts, **said, **told.facts}
        farewell = self.links.farewell(subscription)
        return self._words(draft.notification.kind, recipient.language, facts, farewell)

    def _said(self, mailing: Mailing, language: str) -> Mapping[str, Any]:
        if not mailing.texts:
            return mailing.facts
        text = mailing.text(language)
        return {"subject": text.subject, "body": text.body, "url": self.links.club}

    def _words(self, kind: str, language: str, facts: Mapping[str, Any], farewell: str) -> Words:
        return self.write(
            KINDS[kind].letter, language, _revived({"unsubscribe_url": farewell, **facts})
        )

    async def _try_later(self, all_leased: Sequence[Leased]) -> None:
        if all_leased:
            async with self.stores() as store:
                for leased in all_leased:
                    await self._lay_aside(store, leased)

    async def _lay_aside(self, store: WritingStore, leased: Leased) -> None:
        await store.lay_aside(leased, self.clock.now() + delay_after(leased.attempt))


@dataclass(frozen=True, slots=True)
class _Draft:
    """What is needed to write something, as far as other services are asked for it."""

    leased: Leased
    recipients: Sequence[Recipient]
    told: Mapping[str, Told | None]

    @property
    def notification(self) -> Notification:
        return self.leased.notification

    @property
    def mailing_id(self) -> UUID | None:
        return mailings.mailing_of(self.notification.topic)


@dataclass(frozen=True, slots=True)
class _Scene:
    """What the database says in the transaction in which letters are written."""

    mailings: Mapping[UUID, Mailing]
    permissions: Mapping[str, Mapping[UUID, Mapping[Channel, Permission]]]
    dead: Collection[str]


def delay_after(attempt: int) -> timedelta:
    """Returns how long to wait after a failed attempt, which is numbered from 1."""
    return min(FIRST_DELAY * 2 ** min(attempt - 1, 20), LONGEST_DELAY)


def _is_late(notification: Notification, now: datetime) -> bool:
    return now >= (notification.not_after or notification.due_at + LONGEST_LATE)


def _dropped(all_leased: Iterable[Leased], reason: Reason) -> Mapping[UUID, str]:
    return {leased.notification.id: reason.value for leased in all_leased}


def _purpose(draft: _Draft, sending: Mapping[UUID, Mailing]) -> str:
    """Returns what a customer must have agreed to; empty if nothing, or the mailing is stopped."""
    if draft.mailing_id is None:
        return KINDS[draft.notification.kind].purpose
    mailing = sending.get(draft.mailing_id)
    return mailing.purpose if mailing else ""


def _letter(
    notification: Notification,
    channel: Channel,
    address: str,
    words: Words,
    files: Sequence[File] = (),
) -> Sequence[Letter]:
    """Returns a letter, none if it does not go by this channel."""
    letter = Letter(
        kind=notification.kind,
        channel=channel,
        to=address,
        text=words.short,
        not_after=notification.not_after,
    )
    if channel is not Channel.EMAIL:
        return [letter] if words.short else []
    return [replace(letter, text=words.text, subject=words.subject, html=words.html, files=files)]


def _revived(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns facts with the moments in them as moments, which JSON does not know."""
    return {name: _fact(name, value) for name, value in facts.items()}


def _fact(name: str, value: Any) -> Any:
    match value:
        case str() if name in _MOMENTS or name.endswith("_at"):
            return datetime.fromisoformat(value)
        case list():
            return [_revived(each) for each in cast("list[Mapping[str, Any]]", value)]
        case _:
            return value
