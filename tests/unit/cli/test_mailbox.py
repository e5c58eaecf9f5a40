"""The local mailbox page shows what the services would have sent, and lets none of it act."""

from collections.abc import Sequence
from datetime import timedelta
from html import unescape
from pathlib import Path
from uuid import UUID

import pytest

from cli.local import mailbox
from kit.courier import Attachment, Channel, CourierSettings, Message, open_transports
from kit.testing import FrozenClock

SCRIPT = "<script>alert('æ')</script>"
SMS = Message(Channel.SMS, "+4790000000", "offer", f"Kjære Åse {SCRIPT}\n\nHei")


def mail(html: str = "", files: Sequence[Attachment] = ()) -> Message:
    return Message(
        Channel.EMAIL,
        "kari@example.com",
        "offer",
        f"Svar på https://example.com/a?b=1&c=2, {SCRIPT}",
        subject=f"Tilbod {SCRIPT}",
        html=html,
        attachments=files,
    )


async def put(folder: Path, *messages: Message) -> None:
    """Has the courier put messages there, one minute after the other."""
    clock = FrozenClock()
    async with open_transports(CourierSettings(mailbox=folder), clock) as transports:
        for number, message in enumerate(messages):
            await transports[message.channel].send(message, UUID(int=number))
            clock.advance(timedelta(minutes=1))


async def test_messages_are_listed_the_newest_first(tmp_path: Path) -> None:
    await put(tmp_path, mail(), SMS)
    newest, older = mailbox.letters(tmp_path)
    assert (newest.channel, newest.recipient, newest.text) == ("SMS", SMS.recipient, SMS.text)
    assert (older.channel, older.recipient, older.subject) == (
        "EMAIL",
        "kari@example.com",
        mail().subject,
    )
    page = mailbox.list_page([newest, older]).decode()
    assert page.index("+4790000000") < page.index("kari@example.com")
    assert "2 Mar 13:00:00" in page  # as Norwegian clocks show it
    assert "<meta http-equiv=refresh" in page


async def test_what_is_no_message_is_not_listed(tmp_path: Path) -> None:
    await put(tmp_path, SMS)
    [file] = mailbox.letters(tmp_path)
    for name in ("notes.txt", f".{file.name}.new", "secret.eml"):
        (tmp_path / name).write_text("x")
    assert [each.name for each in mailbox.letters(tmp_path)] == [file.name]


def test_an_empty_mailbox_says_what_it_is_for() -> None:
    assert "No messages yet" in mailbox.list_page([]).decode()


@pytest.mark.parametrize("message", [mail(), mail(html=f"<p>Hei</p>{SCRIPT}"), SMS])
async def test_nothing_of_a_message_becomes_part_of_the_page(
    tmp_path: Path, message: Message
) -> None:
    await put(tmp_path, message)
    [found] = mailbox.letters(tmp_path)
    for page in (mailbox.list_page([found]).decode(), mailbox.letter_page(found).decode()):
        assert "<script" not in page
        assert SCRIPT in unescape(page)


async def test_the_html_of_a_mail_stands_in_a_sandbox(tmp_path: Path) -> None:
    await put(tmp_path, mail(html='<p class="x">Hei</p>'))
    [found] = mailbox.letters(tmp_path)
    page = mailbox.letter_page(found).decode()
    assert 'srcdoc="&lt;base target=_blank&gt;&lt;p class=&quot;x&quot;&gt;Hei&lt;/p&gt;"' in page
    assert "sandbox='allow-popups allow-popups-to-escape-sandbox'" in page
    assert "allow-scripts" not in page


async def test_a_link_can_be_followed(tmp_path: Path) -> None:
    await put(tmp_path, mail())
    [found] = mailbox.letters(tmp_path)
    url = "https://example.com/a?b=1&amp;c=2"
    assert f"<a href='{url}'>{url}</a>, " in mailbox.letter_page(found).decode()


async def test_the_files_of_a_mail_are_named(tmp_path: Path) -> None:
    await put(tmp_path, mail(files=[Attachment("liste <å>.pdf", "application/pdf", b"x" * 2345)]))
    [found] = mailbox.letters(tmp_path)
    assert [file.content for file in found.files] == [b"x" * 2345]
    page = mailbox.letter_page(found).decode()
    assert f"<a href='/{found.name}/0'>liste &lt;å&gt;.pdf</a> <small>2 kB</small>" in page
