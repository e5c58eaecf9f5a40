"""A mailing reaches all who want it, once, and nobody else; and it can be stopped."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from kit.courier import Message
from kit.courier.delivery import PERMITTED_AT_ONCE
from kit.errors import Invalid, NotFound
from kit.testing import eventually
from services.consent.domain.channels import Channel
from services.consent.domain.mailings import (
    BATCH,
    MOST_WAITING,
    Mailing,
    MailingChanged,
    MailingState,
    NotInThisState,
    Text,
)
from services.consent.domain.permission import Permission
from services.consent.domain.recipients import Recipient
from services.consent.handlers import mailings
from services.consent.storage.mailings import Mailings
from tests.integration.consent.press import Press, reader
from tests.integration.consent.world import NOW, House

IN_THE_EVENING = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)


@pytest.fixture
async def press(house: House) -> Press:
    press = Press(house)
    await press.offer()
    return press


async def deliver(press: Press) -> None:
    async with press.delivering():
        await eventually(press.all_is_delivered)


async def run(press: Press) -> None:
    """Lets the routines do what they would do until nothing is left to do."""
    async with press.delivering():
        for _ in range(20):
            await press.tend()
            await press.write()
            await eventually(press.all_is_delivered)


def addresses(number: int) -> list[str]:
    return sorted(f"reader-{each}@example.no" for each in range(number))


async def test_everyone_who_wants_news_gets_them_once_and_nobody_else(press: Press) -> None:
    await press.readers(20)
    await press.people(reader("no@example.no"))
    [withdrawn] = await press.people(reader("withdrawn@example.no"), agree=[Channel.EMAIL])
    await press.withdraw(withdrawn)
    mailing = await press.send_news()
    await run(press)

    assert sorted(press.letterbox.recipients) == addresses(20)
    state, progress = await press.state(mailing)
    assert (state, progress.sent, progress.waiting, progress.dropped) == ("SENT", 20, 0, {})


async def test_a_mailing_says_to_each_what_staff_have_written_in_their_language(
    press: Press,
) -> None:
    languages = ("nn", "nb", "en")
    readers = [replace(reader(f"{each}@example.no"), language=each) for each in languages]
    await press.people(*readers, agree=[Channel.EMAIL])
    await press.send_news(nn=Text("Haust", "Kom!"), en=Text("Autumn", "Come *all*!"))
    await run(press)

    mails = {each.recipient: each for each in press.letterbox.messages}
    subjects = {address: mail.subject for address, mail in mails.items()}
    assert subjects == {
        "nn@example.no": "Haust",
        "nb@example.no": "Haust",
        "en@example.no": "Autumn",
    }
    assert "<em>all</em>" in mails["en@example.no"].html


async def test_an_address_that_two_customers_share_gets_a_mailing_once(press: Press) -> None:
    account_id = uuid4()
    shared = reader("kari@example.no", "+4790000000", account_id)
    again = replace(shared, email="Kari@Example.no")
    await press.people(shared, again, agree=[Channel.EMAIL])
    await press.people(shared, shared, agree=[Channel.PUSH])
    mailing = await press.send_news()
    await run(press)

    assert sorted(press.letterbox.recipients) == sorted(["kari@example.no", str(account_id)])
    _, progress = await press.state(mailing)
    assert (progress.sent, progress.dropped) == (2, {"DUPLICATE": 2})


async def test_who_withdraws_before_it_is_written_or_sent_does_not_get_it(press: Press) -> None:
    early, late, *_ = await press.readers(5)
    mailing = await press.send_news()
    await press.tend()
    await press.withdraw(early)
    await press.write()
    await press.withdraw(late)
    await run(press)

    assert len(press.letterbox.messages) == 3
    _, progress = await press.state(mailing)
    assert (progress.sent, progress.dropped) == (3, {"WITHDRAWN": 2})


async def test_a_mailing_goes_on_where_a_process_was_killed(
    press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    await press.readers(2 * BATCH + 10)
    mailing = await press.send_news()
    put = Mailings.put_mailing

    async def killed(self: Mailings, found: Mailing) -> None:
        await put(self, found)
        raise asyncio.CancelledError

    # Killed before the commit of the second batch, which leaves no trace.
    await mailings.tend_all(press.stores, press.newsroom())
    with monkeypatch.context() as patch:
        patch.setattr(Mailings, "put_mailing", killed)
        with pytest.raises(asyncio.CancelledError):
            await press.tend()
    assert await press.told() == {("WAITING", None): BATCH}
    await run(press)

    assert sorted(press.letterbox.recipients) == addresses(2 * BATCH + 10)
    assert (await press.state(mailing))[0] == "SENT"


async def test_five_processes_at_once_send_a_mailing_once_to_everyone(press: Press) -> None:
    await press.readers(3 * BATCH)
    mailing = await press.send_news()

    async def work() -> None:
        await press.tend()
        await press.write()

    async with press.delivering(processes=2):
        await asyncio.gather(*(work() for _ in range(5)))
        await press.tend()
        await press.write()
        await eventually(press.all_is_delivered)
    await press.tend()

    assert sorted(press.letterbox.recipients) == addresses(3 * BATCH)
    assert (await press.state(mailing))[0] == "SENT"


async def test_only_so_many_letters_wait_at_once(press: Press) -> None:
    await press.readers(MOST_WAITING + 2 * BATCH)
    mailing = await press.send_news()
    await press.tend()

    _, progress = await press.state(mailing)
    assert progress.waiting == MOST_WAITING
    await press.write()
    await press.tend()
    _, progress = await press.state(mailing)
    assert progress.waiting == MOST_WAITING


async def test_nothing_goes_out_once_a_stop_was_answered(press: Press) -> None:
    await press.readers(40)
    mailing = await press.send_news()
    stopped_at: list[int] = []

    async def stop_in_the_middle(_message: Message) -> None:
        if len(press.letterbox.messages) == 10 and not stopping:
            stopping.append(asyncio.create_task(stop()))
            await eventually(stop_waits)  # for this letter, and before all that come after it

    async def stop() -> None:
        await press.stop(mailing)
        stopped_at.append(len(press.letterbox.messages))

    async def stop_waits() -> bool:
        waiting = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        return bool(await press.house.sql(waiting))

    stopping: list[asyncio.Task[None]] = []
    await press.tend()
    await press.write()
    press.letterbox.on_arrival = stop_in_the_middle
    async with press.delivering():
        await eventually(lambda: stopped_at)
        await eventually(press.all_is_delivered)
        await press.tend()
        await press.write()

    assert 10 <= len(press.letterbox.messages) == stopped_at[0] < 40
    state, progress = await press.state(mailing)
    assert (state, progress.waiting) == ("STOPPED", 0)
    assert progress.sent + progress.dropped["WITHDRAWN"] == 40


async def test_without_its_lock_a_stop_is_answered_while_a_letter_goes_out(
    press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above."""

    async def no_lock(_self: Mailings, _mailing_id: UUID) -> None:
        """Locks nothing."""

    monkeypatch.setattr(Mailings, "lock_letters", no_lock)
    monkeypatch.setattr(Mailings, "end_letters", no_lock)
    await press.readers(1)
    mailing = await press.send_news()
    await press.tend()
    await press.write()
    handed_over, go_on = asyncio.Event(), asyncio.Event()

    async def wait(_message: Message) -> None:
        handed_over.set()
        await go_on.wait()

    press.letterbox.on_arrival = wait
    async with press.delivering():
        await handed_over.wait()
        await press.stop(mailing)
        sent_when_answered = len(press.letterbox.messages)
        go_on.set()
        await eventually(press.all_is_delivered)

    assert (sent_when_answered, len(press.letterbox.messages)) == (0, 1)


@dataclass
class Doors:
    """A transport in which each letter waits until its door is opened.

    Attributes:
        handed_over: The letters that were handed over, in order.
    """

    handed_over: list[UUID] = field(default_factory=list[UUID])
    _are_open: bool = False
    _doors: dict[UUID, asyncio.Event] = field(default_factory=dict[UUID, asyncio.Event])

    async def send(self, _message: Message, message_id: UUID) -> None:
        self.handed_over.append(message_id)
        door = self._doors.setdefault(message_id, asyncio.Event())
        if not self._are_open:
            await door.wait()

    def open(self, *message_ids: UUID) -> None:
        for message_id in message_ids:
            self._doors[message_id].set()

    def open_all(self) -> None:
        self._are_open = True
        self.open(*self._doors)


async def waiting(press: Press) -> int:
    """Returns how many wait for a lock."""
    [row] = await press.house.sql(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    return row["count"]


async def stop_with_letters_at_the_door(press: Press) -> Doors:
    """Stops a mailing while four letters are handed over; three of them then arrive.

    Returns:
        What was handed over in all.
    """
    await press.readers(40)
    mailing = await press.send_news()
    await press.tend()
    await press.write()
    doors = Doors()
    async with press.delivering(doors):
        await eventually(lambda: len(doors.handed_over) == PERMITTED_AT_ONCE)
        stopping = asyncio.create_task(press.stop(mailing))
        await eventually(lambda: waiting(press))
        # The first one in the table stays: whoever only goes through the table waits there.
        [first, *others] = await press.house.sql(
            "SELECT id FROM courier_message WHERE id = ANY($1::uuid[]) ORDER BY ctid",
            doors.handed_over,
        )
        doors.open(*(row["id"] for row in others))

        async def others_wait_or_pass() -> bool:
            return await waiting(press) > 1 or len(doors.handed_over) > PERMITTED_AT_ONCE

        await eventually(others_wait_or_pass)
        assert not stopping.done()
        doors.open_all()
        await stopping
        await eventually(press.all_is_delivered)
    assert first["id"] in doors.handed_over
    return doors


async def test_no_letter_is_handed_over_while_a_stop_waits_for_others(press: Press) -> None:
    doors = await stop_with_letters_at_the_door(press)

    assert len(doors.handed_over) == PERMITTED_AT_ONCE


async def test_without_its_lock_letters_would_pass_a_stop_that_waits(
    press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above."""

    async def no_lock(_self: Mailings, _mailing_id: UUID) -> None:
        """Locks nothing."""

    monkeypatch.setattr(Mailings, "lock_letters", no_lock)
    doors = await stop_with_letters_at_the_door(press)

    assert len(doors.handed_over) > PERMITTED_AT_ONCE


async def stop_while_it_is_tended(press: Press, monkeypatch: pytest.MonkeyPatch) -> Mailing:
    """Stops a mailing while another process goes a batch further with it."""
    await press.readers(3)
    mailing = await press.send_news()
    looking, go_on = asyncio.Event(), asyncio.Event()
    audience = Mailings.audience_after

    async def slowly(self: Mailings, *asked: Any) -> Sequence[UUID]:
        looking.set()
        await go_on.wait()
        return await audience(self, *asked)

    monkeypatch.setattr(Mailings, "audience_after", slowly)
    tending = asyncio.create_task(mailings.tend_all(press.stores, press.newsroom()))
    await looking.wait()
    stopping = asyncio.create_task(press.stop(mailing))

    async def stop_waits_or_is_through() -> bool:
        return stopping.done() or bool(await waiting(press))

    await eventually(stop_waits_or_is_through)
    go_on.set()
    await asyncio.gather(tending, stopping)
    return mailing


async def test_a_stop_is_not_lost_on_whoever_goes_on_with_the_mailing(
    press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailing = await stop_while_it_is_tended(press, monkeypatch)

    state, progress = await press.state(mailing)
    assert (state, progress.waiting, progress.dropped) == ("STOPPED", 0, {"STOPPED": 3})


async def test_without_the_lock_of_its_row_a_stop_would_be_lost(
    press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above."""
    monkeypatch.setattr(Mailings, "take_mailing", Mailings.mailing)
    mailing = await stop_while_it_is_tended(press, monkeypatch)

    assert (await press.state(mailing))[0] == "SENDING"


async def test_a_letter_of_a_stopped_mailing_is_not_sent_even_if_it_waits(
    press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forget(_self: Mailings, _mailing_id: UUID) -> None:
        """Leaves letters with the courier."""

    await press.readers(3)
    mailing = await press.send_news()
    await press.tend()
    await press.write()
    monkeypatch.setattr(Mailings, "end_letters", forget)
    await press.stop(mailing)
    await deliver(press)

    assert press.letterbox.messages == []


async def test_a_stop_drops_what_is_not_written_yet(press: Press) -> None:
    await press.readers(3)
    mailing = await press.send_news()
    await press.tend()
    await press.stop(mailing)
    await press.tend()
    await press.write()

    assert await press.told() == {("DROPPED", "STOPPED"): 3}
    assert (await press.state(mailing))[1].dropped == {"STOPPED": 3}


async def test_what_is_scheduled_goes_out_in_time_and_not_before(press: Press) -> None:
    await press.readers(1)
    mailing = await press.draft()
    await press.schedule(mailing, NOW + timedelta(hours=2))
    press.house.clock.advance(timedelta(minutes=119))
    await run(press)
    assert press.letterbox.messages == []

    press.house.clock.advance(timedelta(minutes=1))
    await run(press)
    assert len(press.letterbox.messages) == 1


async def test_a_mailing_that_is_sent_at_night_begins_in_the_morning(press: Press) -> None:
    await press.readers(1)
    press.house.clock.moment = IN_THE_EVENING
    mailing = await press.send_news()
    morning = datetime(2026, 3, 3, 6, tzinfo=UTC)
    assert (mailing.send_at, mailing.starts_at) == (IN_THE_EVENING, morning)
    await run(press)
    assert press.letterbox.messages == []

    press.house.clock.moment = morning
    await run(press)
    assert len(press.letterbox.messages) == 1


async def test_a_letter_that_has_waited_until_the_night_waits_for_the_morning(
    press: Press,
) -> None:
    await press.readers(1)
    await press.send_news()
    await press.tend()
    await press.write()
    press.house.clock.moment = IN_THE_EVENING
    async with press.delivering():
        # Tried, and put off: a lease would be longer.
        soon = IN_THE_EVENING + timedelta(seconds=30)
        put_off = "SELECT FROM courier_message WHERE attempts = 1 AND due_at BETWEEN $1 AND $2"
        await eventually(lambda: press.house.sql(put_off, IN_THE_EVENING, soon))
        assert press.letterbox.messages == []
        press.house.clock.moment = datetime(2026, 3, 3, 7, tzinfo=UTC)
        await eventually(press.all_is_delivered)
    assert len(press.letterbox.messages) == 1


async def test_staff_see_who_would_get_a_mailing_and_why_others_would_not(press: Press) -> None:
    press.channels = {Channel.EMAIL, Channel.SMS}
    await press.readers(3)
    await press.people(reader("", "+4790000000"), agree=[Channel.EMAIL, Channel.SMS])
    await press.people(reader(""), agree=[Channel.EMAIL])
    await press.people(reader("push@example.no", account_id=uuid4()), agree=[Channel.PUSH])
    [gone] = await press.people(reader("gone@example.no"), agree=[Channel.EMAIL])
    await press.withdraw(gone)
    mailing = await press.draft()
    async with press.stores() as store:
        preview = await mailings.preview(store, press.newsroom(), mailing.id, "nn")

    assert preview.reach.by_channel == {Channel.EMAIL: 3, Channel.SMS: 1}
    assert preview.reach.left_out == {
        Permission.NO_ADDRESS: 1,
        Permission.NO_DECISION: 1,
        Permission.WITHDRAWN: 1,
    }
    await press.schedule(mailing)
    await run(press)
    assert len(press.letterbox.messages) == 4


async def test_a_preview_is_what_is_sent_but_for_the_link(press: Press) -> None:
    await press.readers(1)
    mailing = await press.send_news()
    async with press.stores() as store:
        preview = await mailings.preview(store, press.newsroom(), mailing.id, "nn")
    await run(press)

    [mail] = press.letterbox.messages
    token = mail.headers["List-Unsubscribe"][1:-1].rpartition("/")[2]
    assert mail.subject == preview.words.subject
    assert mail.text.replace(token, "eksempel") == preview.words.text
    assert mail.html.replace(token, "eksempel") == preview.words.html


async def test_a_test_goes_to_whoever_asks_for_it_alone(press: Press) -> None:
    await press.readers(3)
    nina, ola = (
        Recipient(uuid4(), "nn", f"{name}@example.no", is_email_confirmed=True)
        for name in ("nina", "ola")
    )
    press.identity.staff = [nina, ola]
    mailing = await press.draft(nn=Text("Haust", "Kom!"), en=Text("Autumn", "Come!"))
    assert nina.account_id is not None
    async with press.stores() as store:
        room = press.newsroom()
        await mailings.send_test(store, room, mailing.id, "en", nina.account_id)
        await mailings.send_test(store, room, mailing.id, "nn", uuid4())
    await press.write()
    await deliver(press)

    [mail] = press.letterbox.messages
    assert (mail.recipient, mail.subject) == ("nina@example.no", "Autumn")
    assert "List-Unsubscribe" not in mail.headers


async def test_an_event_is_announced_once_and_no_more_when_it_is_cancelled(press: Press) -> None:
    await press.readers(3)
    facts = {
        "event_id": str(uuid4()),
        "title": "Haustkonsert",
        "venue": "Kulturhuset",
        "starts_at": "2026-12-05T18:00:00+00:00",
        "sales_open_at": "2026-11-02T09:00:00+00:00",
        "url": "https://kundeapp.example.no/1",
    }
    for _ in range(2):
        async with press.stores() as store:
            clock = press.house.clock
            await mailings.announce(store, press.ids, clock, "event-published", facts, "event/1")
    await press.tend()
    await press.write()
    async with press.delivering():
        await eventually(lambda: len(press.letterbox.messages) == 3)
    assert {each.purpose for each in press.letterbox.messages} == {"event-published"}

    await press.people(reader("late@example.no"), agree=[Channel.EMAIL])
    async with press.stores() as store:
        clock = press.house.clock
        await mailings.announce(store, press.ids, clock, "event-published", facts, "event/2")
    await press.tend()
    async with press.stores() as store:
        await store.take_back("event/2")
    await run(press)
    assert len(press.letterbox.messages) == 3
    async with press.stores() as store:
        found, _ = await mailings.list_newest_first(store, 0, "")
    assert [(each.title, each.state.value) for each, _ in found] == [
        ("Haustkonsert", "STOPPED"),
        ("Haustkonsert", "SENT"),
    ]


# What staff may do when.


async def changed(press: Press, mailing: Mailing, **texts: Text) -> Mailing:
    async with press.stores() as store:
        return await mailings.update(
            store, press.newsroom(), mailing.id, mailing.version, None, texts, by=uuid4()
        )


async def test_of_two_who_change_a_mailing_one_is_told_that_it_is_another_by_now(
    press: Press,
) -> None:
    mailing = await press.draft()
    await changed(press, mailing, nn=Text("Ny", "Ny"))
    with pytest.raises(MailingChanged) as refusal:
        await changed(press, mailing, nn=Text("Gamal", "Gamal"))
    assert refusal.value.facts == {"version": 2}


@pytest.mark.parametrize("state", ["SENDING", "SENT", "STOPPED"])
async def test_what_goes_out_or_has_ended_is_not_changed_or_sent_again(
    press: Press, state: str
) -> None:
    await press.readers(1)
    mailing = await press.send_news()
    await press.tend()
    if state == "SENT":
        await run(press)
    if state == "STOPPED":
        await press.stop(mailing)
    assert (await press.state(mailing))[0] == state
    async with press.stores() as store:
        found = await store.mailing(mailing.id)
    assert found is not None
    with pytest.raises(NotInThisState):
        await changed(press, found, nn=Text("Ny", "Ny"))
    with pytest.raises(NotInThisState):
        await press.schedule(found)
    if state != "SENDING":
        with pytest.raises(NotInThisState):
            await press.stop(found)


async def test_a_mailing_is_unscheduled_changed_and_deleted_as_long_as_it_waits(
    press: Press,
) -> None:
    mailing = await press.schedule(await press.draft(), NOW + timedelta(hours=1))
    with pytest.raises(NotInThisState):
        async with press.stores() as store:
            await mailings.delete(store, mailing.id, mailing.version)
    async with press.stores() as store:
        draft = await mailings.unschedule(store, mailing.id, mailing.version)
    assert (draft.state, draft.starts_at) == (MailingState.DRAFT, None)
    async with press.stores() as store:
        await mailings.delete(store, draft.id, draft.version)
    with pytest.raises(NotFound):
        await press.state(mailing)


async def test_nothing_is_sent_in_the_past_or_for_what_nobody_can_agree_to(press: Press) -> None:
    mailing = await press.draft()
    with pytest.raises(Invalid, match="MAILING_IN_THE_PAST"):
        await press.schedule(mailing, NOW - timedelta(seconds=1))
    with pytest.raises(Invalid, match="PURPOSE_NOT_FOR_NEWS"):
        async with press.stores() as store:
            await mailings.create(
                store, press.newsroom(), "privacy", {"nn": Text("A", "B")}, uuid4()
            )


async def test_who_wrote_scheduled_and_stopped_a_mailing_is_kept(press: Press) -> None:
    await press.readers(1)
    author, editor, sender, stopper = (uuid4() for _ in range(4))
    room = press.newsroom()
    async with press.stores() as store:
        texts = {"nn": Text("Haust", "Kom!")}
        mailing = await mailings.create(store, room, "kraftklubben", texts, author)
        mailing = await mailings.update(store, room, mailing.id, 1, None, texts, editor)
        mailing = await mailings.schedule(store, room, mailing.id, 2, None, sender)
        await mailings.stop(store, room, mailing.id, stopper)
        found = await store.mailing(mailing.id)

    assert found is not None
    assert (found.created_by, found.changed_by, found.scheduled_by, found.stopped_by) == (
        author,
        editor,
        sender,
        stopper,
    )
