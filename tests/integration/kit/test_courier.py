"""What was committed is sent, once, whatever stops in between; and nobody else learns of it."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import prometheus_client
import pytest

from kit.courier import (
    Attachment,
    Channel,
    Message,
    Transport,
    Unreachable,
    delivery,
    open_transports,
)
from kit.database import Database
from kit.testing import Neighbours, eventually, logged_by
from tests.integration.kit.post import LOGIN, Gate, Gateway, MailServer, Writer, settings
from tests.integration.kit.world import MIGRATIONS

RECIPIENT = "kari.elvestrand@example.com"
NUMBER = "+4799999911"
SUBJECT = "Koden din er her"
CODE = "482913"
REPEATS = f"550 <{RECIPIENT}>: {SUBJECT} {CODE}, no such person"


def code(recipient: str = RECIPIENT, **more: object) -> Message:
    parts: dict[str, object] = {
        "channel": Channel.EMAIL,
        "recipient": recipient,
        "purpose": "verification-code",
        "subject": SUBJECT,
        "text": f"Koden er {CODE}.",
    }
    return Message(**{**parts, **more})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def sms(recipient: str = NUMBER) -> Message:
    return Message(Channel.SMS, recipient, "verification-code", f"Koden er {CODE}.")


async def _both_take(database: Database) -> bool:
    """Tells whether two replicas wait to take messages."""
    async with database.reader() as connection:
        taking = await connection.fetchval(
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'
                AND query LIKE '%WITH due AS%'
            """
        )
    return taking == 2


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


async def test_what_was_committed_is_sent_and_what_was_rolled_back_is_not(
    writer: Writer, mail: MailServer, by_mail: Mapping[Channel, Transport]
) -> None:
    async with writer.database() as database, writer.delivering(by_mail):
        with contextlib.suppress(LookupError):
            async with database.transaction() as transaction:
                await writer.courier.queue(transaction, code("never@example.com"))
                raise LookupError
        await writer.write(code("first@example.com"), code("second@example.com"))
        await eventually(writer.ended)
    assert {mail["To"] for mail in mail.mails} == {"first@example.com", "second@example.com"}
    assert await writer.outcomes() == ["SENT", "SENT"]


async def test_a_commit_wakes_the_courier(
    writer: Writer,
    mail: MailServer,
    by_mail: Mapping[Channel, Transport],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kit.courier.courier.POLL_SECONDS", 3600)
    async with writer.delivering(by_mail):
        for count in (1, 2, 3):
            await writer.write(code())
            await eventually(lambda count=count: len(mail.mails) == count)


async def test_a_courier_finds_what_another_process_left(
    writer: Writer, mail: MailServer, by_mail: Mapping[Channel, Transport]
) -> None:
    await writer.write(code())
    async with writer.delivering(by_mail, writer.new_courier()):
        await eventually(lambda: mail.mails)


@pytest.mark.parametrize("guard", ["lock and lease", "no lock", "no lease"])
async def test_of_two_replicas_one_sends(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    """Without the lock, or without the lease, both of them do."""
    if guard == "no lock":
        taking = delivery._TAKE  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - taken apart
        monkeypatch.setattr(delivery, "_TAKE", taking.replace("FOR UPDATE SKIP LOCKED", ""))
    if guard == "no lease":
        monkeypatch.setattr(delivery, "LEASE", timedelta(0))
    gate = Gate()
    transports = {Channel.EMAIL: gate}
    await writer.write(*(code(f"guest{each}@example.com") for each in range(200)))
    async with contextlib.AsyncExitStack() as replicas:
        async with writer.database() as database, database.transaction() as held:
            # Both take at the same time.
            await held.connection.execute("LOCK TABLE courier_message IN EXCLUSIVE MODE")
            for _ in range(2):
                await replicas.enter_async_context(
                    writer.delivering(transports, writer.new_courier())
                )
            await eventually(lambda: _both_take(database))
        await eventually(lambda: len(gate.sent) >= 2 * delivery.BATCH)
        gate.open.set()
        await eventually(writer.ended)
    assert len(set(gate.sent)) == 200
    assert (len(gate.sent) == 200) is (guard == "lock and lease")


async def test_a_server_that_is_down_is_tried_again(writer: Writer) -> None:
    mail = MailServer()
    async with (
        open_transports(settings(mail), writer.clock) as transports,
        writer.delivering(transports),
    ):
        await writer.write(code(), code("ola@example.com"))
        await eventually(lambda: writer.tried(2))
        writer.clock.advance(timedelta(seconds=5))
        await eventually(lambda: writer.tried(4))
        async with mail.running():
            writer.clock.advance(timedelta(seconds=10))
            await eventually(writer.ended)
    assert await writer.outcomes() == ["SENT", "SENT"]
    assert len(mail.mails) == 2


@pytest.mark.parametrize(
    ("answer", "outcome", "tries"), [("451 later", "SENT", 2), ("550 never", "REFUSED", 1)]
)
async def test_what_a_server_refuses_for_now_is_tried_again_and_for_good_is_not(
    writer: Writer,
    mail: MailServer,
    by_mail: Mapping[Channel, Transport],
    *,
    answer: str,
    outcome: str,
    tries: int,
) -> None:
    mail.answers = [answer]
    async with writer.delivering(by_mail):
        await writer.write(code())
        await eventually(lambda: writer.tried(1))
        writer.clock.advance(timedelta(seconds=5))
        await writer.write(code("last@example.com"))
        await eventually(writer.ended)
    assert await writer.outcomes() == [outcome, "SENT"]
    assert mail.tries == tries + 1


async def test_a_code_that_would_be_late_is_dropped(writer: Writer) -> None:
    mail = MailServer()
    soon = writer.clock.now() + timedelta(minutes=10)
    async with (
        open_transports(settings(mail), writer.clock) as transports,
        writer.delivering(transports),
    ):
        await writer.write(code(not_after=soon))
        await eventually(lambda: writer.tried(1))
        async with mail.running():
            writer.clock.moment = soon
            await eventually(writer.ended)
    assert await writer.outcomes() == ["EXPIRED"]
    assert mail.tries == 0


async def test_after_a_day_nobody_tries_any_more(writer: Writer) -> None:
    async with (
        open_transports(settings(MailServer()), writer.clock) as transports,
        writer.delivering(transports),
    ):
        await writer.write(code(not_after=writer.clock.now() + timedelta(days=7)))
        await eventually(lambda: writer.tried(1))
        writer.clock.advance(timedelta(days=1) - timedelta(seconds=1))
        await eventually(lambda: writer.tried(2))
        assert await writer.outcomes() == [None]
        writer.clock.advance(timedelta(seconds=1))
        await eventually(writer.ended)
    assert await writer.outcomes() == ["EXPIRED"]


@pytest.mark.parametrize("answers", [[], [REPEATS]])
async def test_what_ended_is_wiped_and_what_waits_is_sealed(
    writer: Writer, mail: MailServer, by_mail: Mapping[Channel, Transport], answers: list[str]
) -> None:
    mail.answers = answers
    await writer.write(code())
    [waiting] = await writer.rows()
    for private in (RECIPIENT, SUBJECT, CODE):
        assert private not in str(dict(waiting))
    async with writer.delivering(by_mail):
        await eventually(writer.ended)
    [ended] = await writer.rows()
    assert waiting["content"] is not None
    assert ended["content"] is None
    assert ended["ended_at"] == writer.clock.now()


@pytest.mark.parametrize("dies", [True, False])
async def test_a_courier_killed_before_it_noted_what_it_sent(
    writer: Writer,
    mail: MailServer,
    by_mail: Mapping[Channel, Transport],
    monkeypatch: pytest.MonkeyPatch,
    *,
    dies: bool,
) -> None:
    """The mail is sent again under the same Message-ID; one that only stops notes it first."""
    if dies:
        monkeypatch.setattr(delivery, "GRACE_SECONDS", 0)
    killer = _Killer(by_mail[Channel.EMAIL])
    async with writer.delivering({Channel.EMAIL: killer}, writer.new_courier()):
        await writer.write(code())
        await eventually(lambda: mail.mails)
        if not dies:
            asyncio.get_running_loop().call_later(0.1, killer.comes_back.set)
    assert await writer.outcomes() == [None if dies else "SENT"]
    async with writer.delivering(by_mail):
        writer.clock.advance(delivery.LEASE)
        await eventually(writer.ended)
    assert len(mail.ids) == (2 if dies else 1)
    [row] = await writer.rows()
    assert set(mail.ids) == {f"<{row['id']}@example.com>"}


async def test_a_mail_arrives_over_tls_as_it_was_sent(
    writer: Writer, neighbours: Neighbours, tmp_path: Path
) -> None:
    mail = MailServer(identity=neighbours.pki.identity("identity"), login=True)
    password = tmp_path / "password"
    password.write_text(LOGIN.password.decode() + "\n")
    pdf = bytes(range(256)) * 40
    unsubscribe = f"<https://example.com/unsubscribe/{'x' * 200}>"
    message = code(
        subject="Gjestelista på Ørsta, «Jolekonsert» 🎄 " + " ".join(["æøå"] * 30),
        text="Kjære Åse,\n\n.\nDet er ledige plassar.\n" + "ø" * 1200 + "\n",
        html="<p>Kjære Åse</p>\n",
        headers={"List-Unsubscribe": unsubscribe},
        attachments=[Attachment("gjesteliste Ørsta.pdf", "application/pdf", pdf)],
    )
    login = {"smtp_user": "kundeapp", "smtp_password_file": password}
    async with (
        mail.running(),
        open_transports(settings(mail, **login), writer.clock) as transports,
        writer.delivering(transports),
    ):
        await writer.write(message)
        await eventually(lambda: mail.mails)
    [got], [raw] = mail.mails, mail.raw
    assert got["Subject"] == message.subject
    assert got["From"] == "Kraftklubben <post@example.com>"
    assert got["Date"].datetime == writer.clock.now()
    assert f"List-Unsubscribe: {unsubscribe}\r\n".encode() in raw
    text, html = got.get_body(("plain",)), got.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().splitlines() == message.text.splitlines()
    assert html.get_content().splitlines() == message.html.splitlines()
    [file] = got.iter_attachments()
    assert file.get_filename() == "gjesteliste Ørsta.pdf"
    assert file.get_content_type() == "application/pdf"
    assert file.get_content() == pdf
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"smtp_authority": None}, "SSLCertVerificationError"),
        ({"smtp_tls": "none"}, "SMTP"),
        ({"smtp_user": "stranger"}, "SMTPAuthenticationError"),
    ],
)
async def test_a_server_that_is_not_ours_or_refuses_our_login_gets_no_mail(
    writer: Writer,
    neighbours: Neighbours,
    tmp_path: Path,
    wrong: Mapping[str, object],
    reason: str,
) -> None:
    """It is a fault of the settings, and the message waits until they are mended."""
    mail = MailServer(identity=neighbours.pki.identity("identity"), login=True)
    password = tmp_path / "password"
    password.write_bytes(LOGIN.password)
    login = {"smtp_user": "kundeapp", "smtp_password_file": password}
    async with (
        mail.running(),
        open_transports(settings(mail, **{**login, **wrong}), writer.clock) as transports,
    ):
        with pytest.raises(Unreachable, match=reason):
            await transports[Channel.EMAIL].send(code(), UUID(int=1))
    assert mail.tries == 0


async def test_a_server_without_tls_gets_no_mail(writer: Writer, mail: MailServer) -> None:
    async with open_transports(settings(mail, smtp_tls="starttls"), writer.clock) as transports:
        with pytest.raises(Unreachable):
            await transports[Channel.EMAIL].send(code(), UUID(int=1))
    assert mail.tries == 0


@pytest.mark.parametrize(
    ("answers", "outcome", "tries"),
    [
        ([], "SENT", 1),
        ([400], "REFUSED", 1),
        ([404], "REFUSED", 1),
        ([503], "SENT", 2),
        ([429], "SENT", 2),
        ([408], "SENT", 2),
        ([401], "SENT", 2),
        ([302], "SENT", 2),
    ],
)
async def test_an_sms_is_posted_until_it_is_taken_or_refused_for_good(
    writer: Writer, tmp_path: Path, answers: list[int], outcome: str, tries: int
) -> None:
    token = tmp_path / "token"
    token.write_text("hemmeleg\n")
    gateway = Gateway(list(answers))
    with gateway.running():
        to = settings(sms_url=gateway.url, sms_token_file=token)
        async with (
            open_transports(to, writer.clock) as transports,
            writer.delivering(transports),
        ):
            await writer.write(sms())
            await eventually(lambda: writer.tried(1))
            writer.clock.advance(timedelta(seconds=5))
            await eventually(writer.ended)
    [row] = await writer.rows()
    assert row["outcome"] == outcome
    assert len(gateway.requests) == tries
    for headers, body in gateway.requests:
        assert body == {"id": str(row["id"]), "to": NUMBER, "text": f"Koden er {CODE}."}
        assert headers["Idempotency-Key"] == str(row["id"])
        assert headers["Authorization"] == "Bearer hemmeleg"


async def test_one_channel_does_not_wait_for_another(
    writer: Writer, mail: MailServer, by_mail: Mapping[Channel, Transport]
) -> None:
    stuck = Gate()
    async with writer.delivering({**by_mail, Channel.SMS: stuck}):
        await writer.write(*(sms() for _ in range(delivery.BATCH)))
        await eventually(lambda: len(stuck.sent) == delivery.BATCH)
        await writer.write(code())
        await eventually(lambda: mail.mails)
        stuck.open.set()


async def test_what_will_be_worthless_first_goes_first(
    writer: Writer, mail: MailServer, by_mail: Mapping[Channel, Transport]
) -> None:
    await writer.write(*(code(f"guest{each}@example.com") for each in range(delivery.BATCH * 2)))
    await writer.write(code(not_after=writer.clock.now() + timedelta(minutes=10)))
    async with writer.delivering(by_mail):
        await eventually(writer.ended)
    assert RECIPIENT in {mail["To"] for mail in mail.mails[: delivery.BATCH]}


async def test_a_recipient_gets_no_more_of_a_kind_than_a_person_would_want(
    writer: Writer, mail: MailServer, by_mail: Mapping[Channel, Transport]
) -> None:
    writer.per_hour = 3
    async with writer.delivering(by_mail):
        await writer.write(*(code() for _ in range(3)), code(RECIPIENT.upper()))
        await writer.write(code("ola@example.com"), code(purpose="new-device"))
        await eventually(writer.ended)
        assert sorted(map(str, await writer.outcomes())) == ["LIMITED", *["SENT"] * 5]
        writer.clock.advance(timedelta(minutes=59))
        await writer.write(*(code() for _ in range(3)))
        await eventually(writer.ended)
        assert (await writer.outcomes())[-3:] == ["LIMITED"] * 3
        writer.clock.advance(timedelta(minutes=1))
        await writer.write(code())
        await eventually(writer.ended)
        assert (await writer.outcomes())[-1] == "SENT"
    assert len(mail.mails) == 6


async def test_neither_logs_nor_metrics_tell_who_was_told_what(
    writer: Writer, mail: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    mail.answers = [f"451 {REPEATS}", REPEATS]
    broken = _Broken()
    async with open_transports(settings(mail), writer.clock) as transports:
        with logged_by("kit.courier.delivery") as logs:
            async with writer.delivering({**transports, Channel.SMS: broken}):
                await writer.write(code(), sms())
                for _ in range(3):
                    await eventually(writer.quiet)
                    writer.clock.advance(timedelta(hours=1))
                writer.clock.advance(timedelta(days=1))
                await eventually(writer.ended)
    assert sorted(map(str, await writer.outcomes())) == ["EXPIRED", "REFUSED"]
    events = [log["event"] for log in logs]
    assert {"message not taken", "message refused", "message handled"} <= set(events)
    # Without their values, in which any digits may come by chance.
    lines = prometheus_client.generate_latest().decode().splitlines()
    metrics = "\n".join(line.rpartition(" ")[0] for line in lines)
    counted = 'channel="EMAIL",outcome="REFUSED",purpose="verification-code"'
    assert f"kundeapp_courier_messages_total{{{counted}}}" in metrics
    for private in (RECIPIENT, NUMBER, SUBJECT, CODE):
        assert private not in str(logs)
        assert private not in metrics
        assert private not in caplog.text


async def test_the_age_of_the_oldest_waiting_message_is_measured(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "OBSERVE_SECONDS", 0.02)
    await writer.write(code())
    writer.clock.advance(timedelta(minutes=2))
    gate = Gate()
    async with writer.delivering({Channel.EMAIL: gate}):
        await eventually(lambda: _gauge() == 120)
        gate.open.set()
        await eventually(lambda: _gauge() == 0)


async def test_what_ended_long_ago_is_forgotten(
    writer: Writer, by_mail: Mapping[Channel, Transport], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "TIDY_SECONDS", 0.02)
    async with writer.delivering(by_mail):
        await writer.write(code())
        await eventually(writer.ended)
        [row] = await writer.rows()
        assert row["recipient_hash"] is not None
        writer.clock.advance(timedelta(days=1, seconds=1))
        await eventually(lambda: _hash_forgotten(writer))
        writer.clock.advance(timedelta(days=58))
        await writer.write(code())
        await eventually(writer.ended)
        assert len(await writer.rows()) == 2
        writer.clock.advance(timedelta(days=1))
        await eventually(lambda: _count(writer, 1))


async def test_a_message_that_no_transport_is_set_for_is_not_queued(writer: Writer) -> None:
    writer.courier.channels = frozenset({Channel.EMAIL})
    with pytest.raises(ValueError, match="no transport"):
        await writer.write(code(), sms())
    assert await writer.rows() == []


class _Killer:
    """A transport from which a courier does not come back until it is let."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.comes_back = asyncio.Event()

    async def send(self, message: Message, message_id: UUID) -> None:
        await self._transport.send(message, message_id)
        await self.comes_back.wait()


class _Broken:
    """A transport with a fault, which speaks of the message."""

    async def send(self, message: Message, _message_id: UUID) -> None:
        raise LookupError(message.recipient, message.text)


async def _hash_forgotten(writer: Writer) -> bool:
    [row] = await writer.rows()
    return row["recipient_hash"] is None


async def _count(writer: Writer, count: int) -> bool:
    return len(await writer.rows()) == count


def _gauge() -> float | None:
    return prometheus_client.REGISTRY.get_sample_value("kundeapp_courier_oldest_waiting_seconds")
