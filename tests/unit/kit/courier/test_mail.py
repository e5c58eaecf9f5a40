"""Mails that every client reads as they were written."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.courier import Attachment, Channel, Message
from kit.courier.mail import address_of, written

SENDER = address_of("Kraftklubben <post@example.com>")
DATE = datetime(2026, 3, 2, 12, tzinfo=UTC)
ID = UUID(int=1)

lines = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1)


def mail(**parts: Any) -> Message:
    usual: dict[str, Any] = {
        "channel": Channel.EMAIL,
        "recipient": "kari@example.com",
        "purpose": "offer",
        "text": "Hei",
        "subject": "Tilbod",
    }
    return Message(**{**usual, **parts})


def read(message: Message) -> EmailMessage:
    return message_from_bytes(written(message, ID, SENDER, DATE), policy=policy.default)


@given(lines.map(lambda line: f"x{line}x"))
def test_any_subject_is_read_as_it_was_written(subject: str) -> None:
    raw = written(mail(subject=subject), ID, SENDER, DATE)
    assert message_from_bytes(raw, policy=policy.default)["Subject"] == subject
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert raw.isascii()


def test_a_long_subject_keeps_its_spaces() -> None:
    subject = " ".join(["blåbærsyltetøy"] * 40)
    assert read(mail(subject=subject))["Subject"] == subject


@given(lines)
def test_any_text_is_read_as_it_was_written(text: str) -> None:
    body = read(mail(text=text)).get_body()
    assert body is not None
    assert body.get_content().removesuffix("\n").removesuffix("\r") == text


def test_it_says_whom_it_is_from_when_it_was_sent_and_which_it_is() -> None:
    got = read(mail())
    assert got["From"] == "Kraftklubben <post@example.com>"
    assert got["To"] == "kari@example.com"
    assert got["Date"] == "Mon, 02 Mar 2026 12:00:00 +0000"
    assert got["Message-ID"] == f"<{ID}@example.com>"


def test_html_is_an_alternative_and_files_stand_beside_both() -> None:
    file = Attachment("liste.pdf", "application/pdf", b"%PDF")
    got = read(mail(html="<p>Hei</p>", attachments=[file]))
    assert [part.get_content_type() for part in got.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "application/pdf",
    ]


def test_a_long_link_stays_one_line() -> None:
    link = f"<https://example.com/unsubscribe/{'x' * 300}>"
    raw = written(mail(headers={"List-Unsubscribe": link}), ID, SENDER, DATE)
    assert f"\r\nList-Unsubscribe: {link}\r\n".encode() in raw


def test_an_address_in_letters_of_another_alphabet_stays_as_it_is() -> None:
    got = read(mail(recipient="åse@blåbær.example", subject="Kjære Åse"))
    assert got["To"] == "åse@blåbær.example"
    assert got["Subject"] == "Kjære Åse"


def test_a_sender_without_an_address_is_none() -> None:
    with pytest.raises(ValueError, match="domain"):
        address_of("Kraftklubben")
