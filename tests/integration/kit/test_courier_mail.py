"""Whatever a mail server does: a mail is sent once it takes it, and not once more."""

import asyncio
import gc
from collections.abc import AsyncGenerator, Mapping
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from kit.courier import Channel, Message, Refused, Transport, open_transports
from kit.database import Transaction
from kit.testing import Neighbours, eventually
from tests.integration.kit.post import (
    HANGS_UP,
    SILENCE,
    TAKES_AND_HANGS_UP,
    Gateway,
    MailServer,
    Writer,
    settings,
)
from tests.integration.kit.world import MIGRATIONS

RECIPIENT = "kari.elvestrand@example.com"
COMMANDS = ("MAIL", "RCPT", "DATA")


def news(recipient: str = RECIPIENT) -> Message:
    return Message(Channel.EMAIL, recipient, "news", "Konsert på laurdag.", subject="Konsert")


def sms() -> Message:
    return Message(Channel.SMS, "+4799999911", "news", "Konsert på laurdag.")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kit.courier.courier.POLL_SECONDS", 0.05)


@pytest.fixture
async def writer(neighbours: Neighbours) -> Writer:
    return Writer(await neighbours.database(MIGRATIONS))


@pytest.fixture
async def mail() -> AsyncGenerator[MailServer]:
    server = MailServer()
    async with server.running():
        yield server


@pytest.fixture
async def by_mail(mail: MailServer, writer: Writer) -> AsyncGenerator[Mapping[Channel, Transport]]:
    async with open_transports(settings(mail), writer.clock) as transports:
        yield transports


def has_it_say(mail: MailServer, command: str, *answers: str) -> None:
    if command == "DATA":
        mail.answers = list(answers)
    else:
        mail.answers_to = {command: list(answers)}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "answer",
    [
        "451 4.7.1 greylisted, come back later",
        f"452 4.2.2 <{RECIPIENT}> mailbox full",
        "421 4.3.2 shutting down",
        HANGS_UP,
        SILENCE,
    ],
)
async def test_what_is_not_taken_now_is_tried_again_and_sent_once(
    writer: Writer,
    mail: MailServer,
    by_mail: Mapping[Channel, Transport],
    monkeypatch: pytest.MonkeyPatch,
    *,
    command: str,
    answer: str,
) -> None:
    if answer == SILENCE:
        monkeypatch.setattr("kit.courier.smtp.TIMEOUT_SECONDS", 0.1)
    has_it_say(mail, command, *[answer] * 3)
    async with writer.delivering(by_mail):
        await writer.write(news())
        for tries, seconds in enumerate((5, 10, 20), start=1):
            await eventually(lambda tries=tries: writer.tried(tries))
            assert await writer.outcomes() == [None]
            assert await writer.attempts() == tries
            writer.clock.advance(timedelta(seconds=seconds))
        await eventually(writer.ended)
    assert await writer.outcomes() == ["SENT"]
    assert await writer.attempts() == 4
    assert len(mail.mails) == 1
    assert writer.dead == []


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "answer",
    ["554 5.7.1 we take no such mail", "552 5.3.4 too big", "550 5.7.1 no mail from you"],
)
async def test_what_is_refused_for_good_is_tried_once(
    writer: Writer,
    mail: MailServer,
    by_mail: Mapping[Channel, Transport],
    *,
    command: str,
    answer: str,
) -> None:
    has_it_say(mail, command, answer)
    async with writer.delivering(by_mail):
        await writer.write(news())
        await eventually(writer.ended)
    assert await writer.outcomes() == ["REFUSED"]
    assert await writer.attempts() == 1
    assert mail.mails == []
    assert writer.dead == []


async def test_a_server_that_goes_down_and_comes_back_gets_each_mail_once(
    writer: Writer,
) -> None:
    mail = MailServer()
    async with (
        open_transports(settings(mail), writer.clock) as transports,
        writer.delivering(transports),
    ):
        async with mail.running():
            await writer.write(news("before@example.com"))
            await eventually(writer.ended)
        await writer.write(news("meanwhile@example.com"))
        await eventually(lambda: writer.tried(2))
        async with mail.running():
            writer.clock.advance(timedelta(seconds=5))
            await eventually(writer.ended)
    assert [mail["To"] for mail in mail.mails] == ["before@example.com", "meanwhile@example.com"]


async def test_a_mail_that_was_taken_without_a_word_is_sent_again_under_the_same_id(
    writer: Writer, mail: MailServer, by_mail: Mapping[Channel, Transport]
) -> None:
    """Nobody can tell whether it was taken; whoever gets it twice can tell by its id."""
    mail.answers = [TAKES_AND_HANGS_UP]
    async with writer.delivering(by_mail):
        await writer.write(news())
        await eventually(lambda: writer.tried(1))
        writer.clock.advance(timedelta(seconds=5))
        await eventually(writer.ended)
    assert len(mail.ids) == 2
    assert len(set(mail.ids)) == 1


@pytest.mark.parametrize(
    "answer",
    [
        f"550 5.1.1 <{RECIPIENT}>: no such person",
        "550-5.1.1 The account does not exist.\r\n550 5.1.1 Check the address.",
        "551 5.1.6 moved",
        "553 5.1.3 bad syntax",
        "550 no such person",
    ],
)
async def test_a_dead_address_is_told_once(
    writer: Writer, mail: MailServer, by_mail: Mapping[Channel, Transport], answer: str
) -> None:
    mail.answers_to = {"RCPT": [answer]}
    async with writer.delivering(by_mail):
        await writer.write(news())
        await eventually(writer.ended)
        writer.clock.advance(timedelta(hours=1))
        await writer.write(news("ola@example.com"))
        await eventually(writer.ended)
    assert await writer.outcomes() == ["REFUSED", "SENT"]
    assert writer.dead == [RECIPIENT]


@pytest.mark.parametrize("command", ["MAIL", "DATA"])
async def test_an_address_is_not_dead_because_sender_or_content_are_refused(
    writer: Writer, mail: MailServer, by_mail: Mapping[Channel, Transport], command: str
) -> None:
    has_it_say(mail, command, "550 5.1.1 no")
    async with writer.delivering(by_mail):
        await writer.write(news())
        await eventually(writer.ended)
    assert await writer.outcomes() == ["REFUSED"]
    assert writer.dead == []


async def test_a_dead_address_is_told_again_if_it_could_not_be_noted(
    neighbours: Neighbours, mail: MailServer
) -> None:
    """The refusal is not noted without it."""
    writer = _Forgetful(await neighbours.database(MIGRATIONS))
    mail.answers_to = {"RCPT": ["550 5.1.1 no"] * 2}
    async with (
        open_transports(settings(mail), writer.clock) as by_mail,
        writer.delivering(by_mail),
    ):
        await writer.write(news())
        await eventually(lambda: writer.told == 1)
        assert await writer.outcomes() == [None]
        writer.clock.advance(timedelta(minutes=1))
        await eventually(writer.ended)
    assert await writer.outcomes() == ["REFUSED"]
    assert writer.dead == [RECIPIENT]


@pytest.mark.parametrize(
    ("status", "dead"), [(404, True), (410, True), (400, False), (413, False), (422, False)]
)
async def test_a_gateway_tells_dead_numbers_from_bad_messages(
    writer: Writer, tmp_path: Path, status: int, *, dead: bool
) -> None:
    token = tmp_path / "token"
    token.write_text("hemmeleg")
    gateway = Gateway([status])
    with gateway.running():
        to = settings(sms_url=gateway.url, sms_token_file=token)
        async with (
            open_transports(to, writer.clock) as transports,
            writer.delivering(transports),
        ):
            await writer.write(sms())
            await eventually(writer.ended)
    assert await writer.outcomes() == ["REFUSED"]
    assert writer.dead == (["+4799999911"] if dead else [])


async def test_a_connection_serves_one_mail_after_the_other(
    mail: MailServer, by_mail: Mapping[Channel, Transport]
) -> None:
    for number in range(5):
        await by_mail[Channel.EMAIL].send(news(f"guest{number}@example.com"), UUID(int=number))
    assert len(mail.mails) == 5
    assert len(mail.sessions) == 1


async def test_mails_at_once_go_over_connections_of_their_own(
    mail: MailServer, by_mail: Mapping[Channel, Transport]
) -> None:
    for _ in range(2):
        sending = (by_mail[Channel.EMAIL].send(news(), UUID(int=each)) for each in range(3))
        await asyncio.gather(*sending)
    assert len(mail.mails) == 6
    assert len(mail.sessions) == 3


async def test_a_connection_that_the_server_closed_is_replaced(
    writer: Writer, mail: MailServer, by_mail: Mapping[Channel, Transport]
) -> None:
    """Whether the client has heard of it or not: neither is a mail lost, nor is it late."""
    async with writer.delivering(by_mail):
        for recipient in ("first@example.com", "second@example.com"):
            await writer.write(news(recipient))
            await eventually(writer.ended)
            mail.hang_up()
        await eventually(lambda: not mail.open_sessions)
        await writer.write(news("third@example.com"))
        await eventually(writer.ended)
    assert await writer.outcomes() == ["SENT"] * 3
    assert await writer.attempts() == 3
    assert len(mail.mails) == 3
    assert len(mail.sessions) == 3


@pytest.mark.parametrize("answer", [SILENCE, HANGS_UP, "421 idle for too long", "500 what?"])
async def test_a_connection_that_no_longer_answers_well_is_replaced(
    mail: MailServer,
    by_mail: Mapping[Channel, Transport],
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
) -> None:
    monkeypatch.setattr("kit.courier.smtp.PROBE_SECONDS", 0.1)
    monkeypatch.setattr("kit.courier.smtp.TIMEOUT_SECONDS", 3600)
    await by_mail[Channel.EMAIL].send(news(), UUID(int=1))
    mail.answers_to = {"RSET": [answer]}
    async with asyncio.timeout(30):
        await by_mail[Channel.EMAIL].send(news(), UUID(int=2))
    assert len(mail.mails) == 2
    assert len(mail.sessions) == 2


async def test_after_a_failure_a_mail_gets_a_connection_of_its_own(
    mail: MailServer, by_mail: Mapping[Channel, Transport]
) -> None:
    mail.answers = ["554 no"]
    with pytest.raises(Refused):
        await by_mail[Channel.EMAIL].send(news(), UUID(int=1))
    await by_mail[Channel.EMAIL].send(news(), UUID(int=2))
    assert len(mail.sessions) == 2


async def test_a_connection_serves_so_many_mails_and_no_more(
    mail: MailServer, by_mail: Mapping[Channel, Transport], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.courier.smtp.MOST_MAILS", 2)
    for number in range(5):
        await by_mail[Channel.EMAIL].send(news(), UUID(int=number))
    assert len(mail.sessions) == 3
    await eventually(lambda: len(mail.open_sessions) == 1)


async def test_an_idle_connection_is_closed(
    mail: MailServer, by_mail: Mapping[Channel, Transport], monkeypatch: pytest.MonkeyPatch
) -> None:
    await by_mail[Channel.EMAIL].send(news(), UUID(int=1))
    assert len(mail.open_sessions) == 1
    monkeypatch.setattr("kit.courier.smtp.IDLE_SECONDS", 0.05)
    await by_mail[Channel.EMAIL].send(news(), UUID(int=2))
    await eventually(lambda: not mail.open_sessions)
    assert len(mail.sessions) == 1


async def test_a_connection_that_serves_again_is_idle_no_more(
    mail: MailServer, by_mail: Mapping[Channel, Transport], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would have closed it has ended by then, and is not there to fail."""
    failures: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: failures.append(context["message"]))
    monkeypatch.setattr("kit.courier.smtp.IDLE_SECONDS", 0)
    for number in range(3):
        await by_mail[Channel.EMAIL].send(news(), UUID(int=number))
    await eventually(lambda: not mail.open_sessions)
    gc.collect()
    assert failures == []
    assert len(mail.sessions) == 1


async def test_at_the_end_no_connection_is_left(mail: MailServer, writer: Writer) -> None:
    async with open_transports(settings(mail), writer.clock) as transports:
        await transports[Channel.EMAIL].send(news(), UUID(int=1))
        assert len(mail.open_sessions) == 1
    await eventually(lambda: not mail.open_sessions)


class _Forgetful(Writer):
    """Fails the first time it is told of a dead address."""

    told: int = 0

    async def _suppress(self, transaction: Transaction, message: Message) -> None:
        self.told += 1
        if self.told == 1:
            raise LookupError
        await super()._suppress(transaction, message)
