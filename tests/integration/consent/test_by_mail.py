"""Letters as a real mail server gets them, and what it says of them."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from kit.courier import Channel as Way
from kit.courier import Transport, open_transports
from kit.testing import eventually
from services.consent.domain.channels import Channel
from services.consent.domain.notifications import Notification
from tests.integration.consent.press import PURPOSE, URL, Press, reader
from tests.integration.consent.world import NOW, House
from tests.integration.kit.post import MailServer, settings

FACTS = {
    "title": "Haustkonsert",
    "venue": "Kulturhuset",
    "starts_at": "2026-12-05T18:00:00+00:00",
    "tickets": 2,
    "expires_at": "2026-12-01T19:30:00+00:00",
    "url": f"{URL}/kraftklubben/1",
}


@pytest.fixture
async def press(house: House) -> Press:
    press = Press(house, channels={Channel.EMAIL})
    await press.offer()
    return press


@pytest.fixture
async def mail() -> AsyncGenerator[MailServer]:
    server = MailServer()
    async with server.running():
        yield server


@pytest.fixture
async def smtp(press: Press, mail: MailServer) -> AsyncGenerator[Transport]:
    async with open_transports(settings(mail), press.house.clock) as transports:
        yield transports[Way.EMAIL]


def offer(customer_id: UUID, cause: str = "offer-made/1") -> Notification:
    return Notification(
        id=uuid4(),
        cause=cause,
        kind="offer-made",
        customer_id=customer_id,
        facts=FACTS,
        due_at=NOW,
        not_after=None,
        topic="offer/1",
    )


async def deliver(press: Press, smtp: Transport) -> None:
    await press.tend()
    await press.write()
    async with press.delivering(smtp):
        await eventually(press.all_is_delivered)


async def test_a_mailing_arrives_with_a_button_and_a_link_to_take_leave(
    press: Press, mail: MailServer, smtp: Transport
) -> None:
    kari, ola = await press.readers(2)
    await press.send_news()
    await press.tend()
    await press.write()
    await press.withdraw(ola)
    await deliver(press, smtp)

    [news] = mail.mails
    assert news["To"] == "reader-0@example.no"
    assert news["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = str(news["List-Unsubscribe"])
    assert url.startswith(f"<{URL}/v1/unsubscribe/")
    assert f"List-Unsubscribe: {url}".encode() in mail.raw[0]
    token = url.removesuffix(">").rpartition("/")[2]
    for part in ("plain", "html"):
        body = news.get_body((part,))
        assert body is not None
        assert f"{URL}/avmelding/{token}" in body.get_content()

    await press.follow(token)
    rows = await press.house.sql("SELECT customer_id, purpose, source FROM ledger ORDER BY 1")
    assert [tuple(row) for row in rows if row["source"] == "UNSUBSCRIBE"] == [
        (kari, PURPOSE, "UNSUBSCRIBE")
    ]
    await press.send_news()
    await deliver(press, smtp)
    assert len(mail.mails) == 1


async def test_an_offer_that_is_heard_of_five_times_is_one_mail_without_a_way_to_leave(
    press: Press, mail: MailServer, smtp: Transport
) -> None:
    [kari] = await press.people(reader())
    for _ in range(5):
        await press.notify(offer(kari))
        await deliver(press, smtp)

    [letter] = mail.mails
    assert letter["To"] == "kari@example.no"
    assert letter["List-Unsubscribe"] is None


async def test_an_address_that_the_mail_server_calls_dead_gets_nothing_any_longer(
    press: Press, mail: MailServer, smtp: Transport
) -> None:
    [kari] = await press.people(reader(), agree=[Channel.EMAIL])
    mail.answers_to["RCPT"] = ["550 5.1.1 nobody of this name"]
    await press.notify(offer(kari))
    await deliver(press, smtp)
    assert mail.mails == []

    await press.notify(offer(kari, "offer-made/2"))
    await press.send_news()
    await deliver(press, smtp)

    assert mail.mails == []
    told = await press.told()
    assert told["DROPPED", "NOT_REACHABLE"] == 1
    assert told["DROPPED", "SUPPRESSED"] == 1


async def test_a_mail_server_that_is_away_delays_a_letter_and_does_not_double_it(
    press: Press, mail: MailServer, smtp: Transport
) -> None:
    [kari] = await press.people(reader())
    mail.answers_to["MAIL"] = ["451 4.3.0 later"]
    await press.notify(offer(kari))
    await press.write()
    async with press.delivering(smtp):
        await eventually(
            lambda: press.house.sql(
                "SELECT FROM courier_message WHERE attempts = 1 AND due_at < $1",
                press.house.clock.now() + timedelta(seconds=30),
            )
        )
        press.house.clock.advance(timedelta(seconds=10))
        await eventually(press.all_is_delivered)

    assert len(mail.mails) == 1
