"""What is due is written once, to whom it may go, by every way that it goes."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from kit.errors import Unavailable
from kit.testing import eventually
from services.consent.domain.channels import Channel
from services.consent.domain.contacts import email_address
from services.consent.domain.letters import File, Told
from services.consent.domain.notifications import Notification
from services.consent.domain.recipients import Recipient
from services.consent.domain.suppression import Reason
from services.consent.handlers import suppression
from services.consent.handlers.suppression import Desk
from services.consent.handlers.writing import LEASE
from services.consent.storage.notifications import Notifications
from tests.integration.consent.press import PURPOSE, URL, Press, reader
from tests.integration.consent.world import NOW, House

EVENT: Mapping[str, Any] = {
    "title": "Haustkonsert",
    "venue": "Kulturhuset",
    "starts_at": "2026-12-05T18:00:00+00:00",
    "tickets": 2,
    "expires_at": "2026-12-01T19:30:00+00:00",
    "url": f"{URL}/kraftklubben/1",
}
KARI = Recipient(
    account_id=uuid4(),
    language="nn",
    email="kari@example.no",
    mobile="+4790000000",
    is_mobile_confirmed=True,
)


def told(
    customer_id: UUID | None, kind: str = "offer-made", cause: str = "", **more: Any
) -> Notification:
    fields: dict[str, Any] = {"facts": EVENT, "not_after": None, "topic": "offer/1", **more}
    return Notification(
        id=uuid4(),
        cause=cause or str(uuid4()),
        kind=kind,
        customer_id=customer_id,
        due_at=NOW,
        **fields,
    )


@pytest.fixture
async def press(house: House) -> Press:
    press = Press(house)
    await press.offer()
    return press


async def deliver(press: Press) -> None:
    async with press.delivering():
        await eventually(press.all_is_delivered)


async def test_an_offer_goes_by_every_way_in_which_the_customer_is_reached(press: Press) -> None:
    [kari] = await press.people(KARI)
    await press.notify(told(kari))
    await press.write()
    await deliver(press)

    by_channel = {each.channel.value: each for each in press.letterbox.messages}
    assert {name: each.recipient for name, each in by_channel.items()} == {
        "EMAIL": "kari@example.no",
        "SMS": "+4790000000",
        "PUSH": str(KARI.account_id),
    }
    assert "Haustkonsert" in by_channel["EMAIL"].subject
    assert "laurdag 5. desember 2026 kl. 19.00" in by_channel["EMAIL"].text
    assert by_channel["EMAIL"].headers == {}
    assert not by_channel["EMAIL"].permit
    assert "Haustkonsert" in by_channel["SMS"].text


async def test_a_number_that_nobody_has_confirmed_gets_no_sms(press: Press) -> None:
    [kari] = await press.people(Recipient(email="kari@example.no", mobile="+4790000000"))
    await press.notify(told(kari))
    await press.write()
    await deliver(press)

    assert press.letterbox.recipients == ["kari@example.no"]


async def test_who_cannot_be_reached_is_not_written_to(press: Press) -> None:
    await press.notify(told(uuid4()))
    await press.write()

    assert await press.told() == {("DROPPED", "NOT_REACHABLE"): 1}


async def test_mail_that_has_bounced_is_not_sent_again_but_other_ways_are_used(
    press: Press,
) -> None:
    desk = Desk(press.hashes, press.ids, press.house.clock)
    [kari, ola] = await press.people(KARI, reader("ola@example.no"))
    async with press.stores() as store:
        for email, why in (
            ("Kari@Example.no", Reason.HARD_BOUNCE),
            ("ola@example.no", Reason.MANUAL),
        ):
            await suppression.suppress(store, desk, [email_address(email)], why)
    await press.notify(told(kari), told(ola))
    await press.write()
    await deliver(press)

    assert sorted(press.letterbox.recipients) == sorted(
        [str(KARI.account_id), "+4790000000", "ola@example.no"]
    )


async def test_a_cause_that_is_heard_of_five_times_is_told_once(press: Press) -> None:
    [kari] = await press.people(reader())
    for _ in range(5):
        await press.notify(told(kari, cause="offer-made/1"))
        await press.write()
    await deliver(press)

    assert press.letterbox.recipients == ["kari@example.no"]


async def test_five_processes_at_once_tell_everyone_once(press: Press) -> None:
    people = await press.people(*(reader(f"{each}@example.no") for each in range(300)))
    await press.notify(*(told(each) for each in people))
    await asyncio.gather(*(press.write() for _ in range(5)))
    await deliver(press)

    assert sorted(press.letterbox.recipients) == sorted(f"{each}@example.no" for each in range(300))


async def test_who_is_killed_between_lease_and_writing_leaves_it_to_others(press: Press) -> None:
    [kari] = await press.people(reader())
    await press.notify(told(kari))

    async def die() -> None:
        raise asyncio.CancelledError

    press.identity.meanwhile = die
    with pytest.raises(asyncio.CancelledError):
        await press.write()
    press.identity.meanwhile = None
    await press.write()
    assert await press.told() == {("WAITING", None): 1}

    press.house.clock.advance(LEASE)
    await press.write()
    await deliver(press)
    assert press.letterbox.recipients == ["kari@example.no"]


async def test_who_has_lost_the_lease_meanwhile_writes_nothing(press: Press) -> None:
    [kari] = await press.people(reader())
    await press.notify(told(kari))

    async def take_over() -> None:
        press.identity.meanwhile = None
        press.house.clock.advance(LEASE)
        await press.write()

    press.identity.meanwhile = take_over
    await press.write()
    await deliver(press)

    assert press.letterbox.recipients == ["kari@example.no"]


async def test_without_a_look_at_the_lease_it_would_be_told_twice(
    press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above."""
    [kari] = await press.people(reader())
    await press.notify(told(kari))

    async def take_over() -> None:
        press.identity.meanwhile = None
        press.house.clock.advance(LEASE)
        await press.write()

    async def trusting(_self: object, leased: Any) -> Any:
        return leased

    monkeypatch.setattr(Notifications, "lock_leased", trusting)
    press.identity.meanwhile = take_over
    await press.write()
    await deliver(press)

    assert press.letterbox.recipients == ["kari@example.no"] * 2


async def test_who_is_killed_after_writing_leaves_the_message_with_the_courier(
    press: Press,
) -> None:
    [kari] = await press.people(reader())
    await press.notify(told(kari))
    await press.write()
    assert press.letterbox.messages == []

    await press.write()
    await deliver(press)
    assert press.letterbox.recipients == ["kari@example.no"]


async def test_while_identity_is_away_it_is_tried_again_until_it_is_too_late(press: Press) -> None:
    [kari] = await press.people(reader())
    await press.notify(
        told(kari, not_after=NOW + timedelta(minutes=30)), told(kari, not_after=None)
    )
    press.identity.is_up = False
    await press.write()
    assert await press.told() == {("WAITING", None): 2}

    press.house.clock.advance(timedelta(minutes=31))
    press.identity.is_up = True
    await press.write()
    assert await press.told() == {("DROPPED", "TOO_LATE"): 1, ("WRITTEN", None): 1}


async def test_what_is_taken_back_while_it_is_looked_up_is_not_told(press: Press) -> None:
    [kari] = await press.people(reader())
    await press.notify(told(kari))

    async def take_back() -> None:
        async with press.stores() as store:
            await store.take_back("offer/1")

    press.identity.meanwhile = take_back
    await press.write()

    assert await press.told() == {("DROPPED", "TAKEN_BACK"): 1}
    assert await press.all_is_delivered()


class Lookup:
    """`Details` that fail for some, and have nothing to tell of others."""

    def __init__(self) -> None:
        self.away = True

    async def of(self, notification: Notification, language: str) -> Told | None:
        match notification.kind:
            case "tickets-released":
                return None
            case "still-coming" if self.away:
                raise Unavailable
            case "event-moved" if self.away:
                raise KeyError("a fault")
            case _:
                ticket = File(f"billett-{language}.pdf", "application/pdf", b"%PDF")
                return Told({"total": 2, "hours": 72, "release_url": URL}, (ticket,))


async def test_a_neighbour_that_is_away_delays_its_own_letters_only(press: Press) -> None:
    press.details = lookup = Lookup()
    [kari] = await press.people(reader())
    kinds = ("reservation-confirmed", "tickets-released", "still-coming", "event-moved")
    await press.notify(*(told(kari, kind) for kind in kinds))
    await press.write()
    assert await press.told() == {
        ("WRITTEN", None): 1,
        ("DROPPED", "TAKEN_BACK"): 1,
        ("WAITING", None): 2,
    }

    lookup.away = False
    press.house.clock.advance(timedelta(minutes=1))
    await press.write()
    await deliver(press)
    assert sorted(each.purpose for each in press.letterbox.messages) == [
        "event-moved",
        "reservation-confirmed",
        "still-coming",
    ]
    assert {each.attachments[0].name for each in press.letterbox.messages} == {"billett-nn.pdf"}


class Torn:
    """`Details` with a file that no mail can carry, of one kind of letter."""

    async def of(self, notification: Notification, _language: str) -> Told | None:
        if notification.kind == "offer-made":
            return Told({})
        return Told({"total": 2}, (File("billett.pdf", "no media type", b""),))


async def test_a_letter_that_cannot_be_sent_keeps_no_other_from_being_sent(press: Press) -> None:
    press.details = Torn()
    [kari] = await press.people(reader())
    await press.notify(told(kari, "reservation-confirmed"), told(kari, "offer-made"))
    await press.write()

    assert await press.told() == {("WRITTEN", None): 1, ("WAITING", None): 1}
    await deliver(press)
    assert {each.purpose for each in press.letterbox.messages} == {"offer-made"}


async def test_the_guest_list_goes_to_all_who_run_events_each_in_their_language(
    press: Press,
) -> None:
    press.identity.staff = [
        Recipient(uuid4(), "nn", "nina@example.no", is_email_confirmed=True),
        Recipient(uuid4(), "en", "eve@example.no", is_email_confirmed=True),
    ]
    facts = {**EVENT, "hours": 24, "parties": 3, "guests": 5, "waiting": 0}
    await press.notify(told(None, "guest-list", facts=facts))
    await press.write()
    await deliver(press)

    mails = {each.recipient: each for each in press.letterbox.messages}
    assert mails.keys() == {"nina@example.no", "eve@example.no"}
    assert "Gjestelista" in mails["nina@example.no"].subject
    assert "uest list" in mails["eve@example.no"].subject


async def test_what_can_wait_waits_for_the_morning_and_what_cannot_goes_at_once(
    press: Press,
) -> None:
    [kari] = await press.people(reader())
    press.house.clock.moment = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)
    moved = {**EVENT, "release_url": URL}
    await press.notify(told(kari), told(kari, "event-moved", facts=moved))
    await press.write()
    await deliver(press)
    assert [each.purpose for each in press.letterbox.messages] == ["event-moved"]

    press.house.clock.moment = datetime(2026, 3, 3, 5, 59, tzinfo=UTC)
    await press.write()
    assert await press.told() == {("WAITING", None): 1, ("WRITTEN", None): 1}
    press.house.clock.moment = datetime(2026, 3, 3, 6, 0, tzinfo=UTC)
    await press.write()
    assert await press.told() == {("WRITTEN", None): 2}


async def test_no_contact_stands_in_what_is_kept(press: Press) -> None:
    [kari] = await press.people(KARI)
    await press.notify(told(kari))
    await press.write()
    kept = await press.house.sql(
        """
        SELECT n::text AS text FROM notification n
        UNION ALL SELECT m::text FROM courier_message m
        UNION ALL SELECT a::text FROM mailing_address a
        """
    )
    assert len(kept) == 4
    assert not [row for row in kept if "kari@" in row["text"] or "90000000" in row["text"]]


async def test_marketing_goes_the_first_way_that_is_allowed(press: Press) -> None:
    account_id = uuid4()
    people = await press.people(
        *[reader(f"{each}@example.no", "+4790000000", account_id) for each in range(4)]
    )
    agreed = [
        (people[0], (Channel.EMAIL, Channel.SMS, Channel.PUSH)),
        (people[1], (Channel.SMS, Channel.PUSH)),
        (people[2], (Channel.SMS,)),
        (people[3], (Channel.PHONE,)),
    ]
    for customer_id, channels in agreed:
        for channel in channels:
            await press.house.sql(
                "INSERT INTO consent VALUES ($1, $2, $3, 'GIVEN', 1, 1, $4)",
                customer_id,
                PURPOSE,
                channel,
                NOW,
            )
    facts = {**EVENT, "sales_open_at": "2026-11-02T09:00:00+00:00"}
    await press.notify(*(told(each, "event-published", facts=facts) for each in people))
    await press.write()
    await deliver(press)

    assert sorted(press.letterbox.recipients) == sorted(
        ["0@example.no", str(account_id), "+4790000000"]
    )
    assert await press.told() == {("WRITTEN", None): 3, ("DROPPED", "NO_DECISION"): 1}
    [mail] = [each for each in press.letterbox.messages if each.subject]
    [one_click] = [
        value[1:-1] for name, value in mail.headers.items() if name == "List-Unsubscribe"
    ]
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    token = one_click.removeprefix(f"{URL}/v1/unsubscribe/")
    assert f"{URL}/avmelding/{token}" in mail.text
    subscription = press.tokens.read(token)
    assert subscription is not None
    assert (subscription.customer_id, subscription.channel) == (people[0], Channel.EMAIL)
