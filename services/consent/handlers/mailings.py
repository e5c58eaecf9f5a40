"""Mailings: written and sent by staff, or announced by the system."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.clock import Clock
from kit.errors import FieldError, Invalid, NotFound
from kit.ids import Ids
from services.consent.domain import mailings as rules
from services.consent.domain.kinds import KINDS
from services.consent.domain.letters import Words
from services.consent.domain.mailings import (
    BATCH,
    MOST_WAITING,
    NEWS,
    TEST,
    Mailing,
    MailingChanged,
    MailingState,
    NotInThisState,
    Progress,
    Reach,
    Text,
)
from services.consent.domain.notifications import Notification
from services.consent.domain.permission import permission_of
from services.consent.domain.store import Store, Stores
from services.consent.handlers.writing import Writer

USUAL_PAGE = 50
LARGEST_PAGE = 200

_EDITABLE = frozenset({MailingState.DRAFT, MailingState.SCHEDULED})
_STOPPABLE = frozenset({MailingState.SCHEDULED, MailingState.SENDING})
_DELETABLE = frozenset({MailingState.DRAFT, MailingState.SENT, MailingState.STOPPED})


@dataclass(frozen=True, slots=True)
class Newsroom:
    """What mailings are made with.

    Attributes:
        writer: Writes their letters.
        ids: Makes identifiers.
        clock: Tells the time.
    """

    writer: Writer
    ids: Ids
    clock: Clock


@dataclass(frozen=True, slots=True)
class Preview:
    """What a mailing says, and who would get it now."""

    words: Words
    reach: Reach


async def create(
    store: Store, newsroom: Newsroom, purpose: str, texts: Mapping[str, Text], by: UUID
) -> Mailing:
    """Writes a draft.

    Raises:
        Invalid: If the purpose is none that news are sent for, or a text is wrong.
    """
    await _check_purpose(store, purpose)
    now = newsroom.clock.now()
    mailing = Mailing(
        id=newsroom.ids.new_id(),
        kind=NEWS,
        purpose=purpose,
        texts=rules.check_texts(texts),
        facts={},
        topic="",
        not_after=None,
        state=MailingState.DRAFT,
        version=1,
        created_at=now,
        created_by=by,
        changed_at=now,
        changed_by=by,
    )
    await store.put_mailing(mailing)
    return mailing


async def update(  # noqa: PLR0917 - as the request has them
    store: Store,
    newsroom: Newsroom,
    mailing_id: UUID,
    version: int,
    purpose: str | None,
    texts: Mapping[str, Text] | None,
    by: UUID,
) -> Mailing:
    """Changes what is given of a draft, or of what is scheduled.

    Raises:
        Invalid: If the purpose is none that news are sent for, or a text is wrong.
        NotFound: If there is no such mailing.
        MailingChanged: If it has another version.
        NotInThisState: If it is too late.
    """
    mailing = await _locked(store, mailing_id, version, _EDITABLE)
    if purpose is not None:
        await _check_purpose(store, purpose)
        mailing = replace(mailing, purpose=purpose)
    if texts is not None:
        mailing = replace(mailing, texts=rules.check_texts(texts))
    return await _put(store, replace(mailing, changed_at=newsroom.clock.now(), changed_by=by))


async def get(store: Store, mailing_id: UUID) -> tuple[Mailing, Progress]:
    """Returns a mailing, and how far it is.

    Raises:
        NotFound: If there is no such mailing.
    """
    mailing = await store.mailing(mailing_id)
    if mailing is None:
        raise NotFound
    return mailing, (await store.progress_of([mailing_id]))[mailing_id]


async def list_newest_first(
    store: Store, page_size: int, page_token: str
) -> tuple[Sequence[tuple[Mailing, Progress]], str]:
    """Returns a page of mailings, the newest first, and how far they are, and the next token.

    Raises:
        Invalid: If the size is negative, or the token came from no page.
    """
    if page_size < 0:
        facts = {"minimum": 0, "maximum": LARGEST_PAGE}
        raise Invalid(FieldError("page_size", "OUT_OF_RANGE", facts))
    size = min(page_size or USUAL_PAGE, LARGEST_PAGE)
    try:
        before = UUID(page_token) if page_token else None
    except ValueError:
        raise Invalid(FieldError("page_token", "NOT_A_PAGE_TOKEN")) from None
    found = await store.mailings(before, size + 1)
    page = found[:size]
    progress = await store.progress_of([mailing.id for mailing in page])
    following = str(page[-1].id) if len(found) > size else ""
    return [(mailing, progress[mailing.id]) for mailing in page], following


async def preview(store: Store, newsroom: Newsroom, mailing_id: UUID, language: str) -> Preview:
    """Returns what a mailing says in a language, and who would get it if it were sent now.

    Raises:
        NotFound: If there is no such mailing.
    """
    mailing, _ = await get(store, mailing_id)
    ways = newsroom.writer.ways(mailing.of_kind)
    groups = [
        ({each.channel: permission_of(each) for each in standings}, customers)
        for standings, customers in await store.count_reach(mailing.purpose, ways)
    ]
    words = newsroom.writer.words_of(mailing, language, newsroom.writer.links.example)
    return Preview(words, rules.reach(groups, ways))


async def send_test(
    store: Store, newsroom: Newsroom, mailing_id: UUID, language: str, account_id: UUID
) -> None:
    """Mails a mailing to a member of staff.

    Raises:
        NotFound: If there is no such mailing, or staff have not written it.
    """
    mailing, _ = await get(store, mailing_id)
    if not mailing.texts:
        raise NotFound
    text = mailing.text(language)
    test_id = newsroom.ids.new_id()
    await store.notify(
        Notification(
            id=test_id,
            cause=f"{TEST}/{test_id}",
            kind=TEST,
            customer_id=None,
            facts={
                "account_id": str(account_id),
                "language": language,
                "subject": text.subject,
                "body": text.body,
                "url": newsroom.writer.links.club,
            },
            due_at=newsroom.clock.now(),
            not_after=None,
            topic=f"{TEST}/{mailing_id}",
        )
    )


async def schedule(  # noqa: PLR0917 - as the request has them
    store: Store,
    newsroom: Newsroom,
    mailing_id: UUID,
    version: int,
    send_at: datetime | None,
    by: UUID,
) -> Mailing:
    """Has a mailing sent at a time, or now; in the morning if that is in quiet hours.

    Raises:
        Invalid: If the time has passed.
        NotFound: If there is no such mailing.
        MailingChanged: If it has another version.
        NotInThisState: If it was sent or stopped, or is being sent.
    """
    mailing = await _locked(store, mailing_id, version, _EDITABLE)
    now = newsroom.clock.now()
    if send_at is not None and send_at < now:
        raise Invalid(FieldError("send_at", "MAILING_IN_THE_PAST"))
    return await _put(store, mailing.scheduled(send_at or now, by, newsroom.writer.quiet))


async def unschedule(store: Store, mailing_id: UUID, version: int) -> Mailing:
    """Makes a draft of a mailing that is scheduled.

    Raises:
        NotFound: If there is no such mailing.
        MailingChanged: If it has another version.
        NotInThisState: If it is not scheduled.
    """
    mailing = await _locked(store, mailing_id, version, {MailingState.SCHEDULED})
    return await _put(store, mailing.unscheduled())


async def stop(store: Store, newsroom: Newsroom, mailing_id: UUID, by: UUID) -> Mailing:
    """Stops a mailing: nothing more of it goes out once this is committed.

    A letter that is being handed over is waited for.

    Raises:
        NotFound: If there is no such mailing.
        NotInThisState: If it is a draft, or has ended.
    """
    await store.lock_letters(mailing_id)
    mailing = await _locked(store, mailing_id, None, _STOPPABLE)
    now = newsroom.clock.now()
    stopped = await _put(
        store, replace(mailing, state=MailingState.STOPPED, ended_at=now, stopped_by=by)
    )
    await store.end_letters(mailing_id)
    await store.keep_progress(mailing_id)
    return stopped


async def delete(store: Store, mailing_id: UUID, version: int) -> None:
    """Deletes a mailing, and what is known of who got it.

    Raises:
        NotFound: If there is no such mailing.
        MailingChanged: If it has another version.
        NotInThisState: If it is scheduled, or being sent.
    """
    await _locked(store, mailing_id, version, _DELETABLE)
    await store.delete_mailing(mailing_id)


async def announce(  # noqa: PLR0917 - what makes a mailing
    store: Store,
    ids: Ids,
    clock: Clock,
    kind: str,
    facts: Mapping[str, Any],
    topic: str,
    not_after: datetime | None = None,
) -> None:
    """Sends marketing on behalf of the system to all who have agreed to it, once about a topic.

    Args:
        store: The store.
        ids: Makes identifiers.
        clock: Tells the time.
        kind: A kind of marketing.
        facts: What each notification is told with.
        topic: What it is about; taking that back stops the mailing.
        not_after: From when on it is worthless, None for never.
    """
    if await store.mailing_about(kind, topic) is not None:
        return
    now = clock.now()
    await store.put_mailing(
        Mailing(
            id=ids.new_id(),
            kind=kind,
            purpose=KINDS[kind].purpose,
            texts={},
            facts=facts,
            topic=topic,
            not_after=not_after,
            state=MailingState.SENDING,
            version=1,
            created_at=now,
            created_by=None,
            changed_at=now,
            changed_by=None,
            send_at=now,
            starts_at=now,
        )
    )


async def tend_all(stores: Stores, newsroom: Newsroom) -> bool:
    """Goes a batch further with each mailing that is due or being sent.

    A row lock keeps two processes from doing the same; one that is killed leaves the mailing where
    its last commit was.

    Returns:
        Whether there is more to do at once.
    """
    async with stores() as store:
        due = await store.mailings_to_tend(newsroom.clock.now())
    more = False
    for mailing_id in due:
        async with stores() as store:
            more |= await _tend(store, newsroom, mailing_id)
    return more


async def _tend(store: Store, newsroom: Newsroom, mailing_id: UUID) -> bool:
    mailing = await store.take_mailing(mailing_id)
    now = newsroom.clock.now()
    if mailing is None or mailing.starts_at is None or mailing.starts_at > now:
        return False
    if mailing.state not in _STOPPABLE:
        return False
    mailing = replace(mailing, state=MailingState.SENDING)
    waiting = await store.waiting_of(mailing_id)
    if mailing.is_through and not waiting:
        await store.put_mailing(replace(mailing, state=MailingState.SENT, ended_at=now))
        await store.keep_progress(mailing_id)
        return False
    if mailing.is_through or waiting >= MOST_WAITING:
        return False
    ways = newsroom.writer.ways(mailing.of_kind)
    customers = await store.audience_after(mailing.purpose, ways, mailing.after, BATCH)
    await store.notify(*(_notification(newsroom, mailing, each, now) for each in customers))
    await store.put_mailing(
        replace(
            mailing,
            after=customers[-1] if customers else mailing.after,
            is_through=len(customers) < BATCH,
        )
    )
    return True


def _notification(
    newsroom: Newsroom, mailing: Mailing, customer_id: UUID, now: datetime
) -> Notification:
    return Notification(
        id=newsroom.ids.new_id(),
        cause=f"{mailing.notification_topic}/{customer_id}",
        kind=mailing.kind,
        customer_id=customer_id,
        facts=mailing.facts,
        due_at=now,
        not_after=mailing.not_after,
        topic=mailing.notification_topic,
    )


async def _locked(
    store: Store, mailing_id: UUID, version: int | None, states: Collection[MailingState]
) -> Mailing:
    mailing = await store.lock_mailing(mailing_id)
    if mailing is None:
        raise NotFound
    if version is not None and version != mailing.version:
        raise MailingChanged(mailing.version)
    if mailing.state not in states:
        raise NotInThisState(mailing.state)
    return mailing


async def _put(store: Store, mailing: Mailing) -> Mailing:
    changed = replace(mailing, version=mailing.version + 1)
    await store.put_mailing(changed)
    return changed


async def _check_purpose(store: Store, purpose: str) -> None:
    if not any(each.id == purpose and each.channels for each in await store.purposes()):
        raise Invalid(FieldError("purpose", "PURPOSE_NOT_FOR_NEWS"))
