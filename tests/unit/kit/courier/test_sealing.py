"""What waits in the database can be read by whoever has the key, and by nobody else."""

from datetime import UTC, datetime

import pytest

from kit.courier import Attachment, Channel, Message, Refused
from kit.courier.sealing import Seal

OLD, NEW = b"o" * 32, b"n" * 32
SOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MAIL = Message(
    Channel.EMAIL,
    "kari@example.com",
    "verification-code",
    "Koden er 482913.",
    subject="Koden din",
    html="<p>482913</p>",
    headers={"List-Id": "kraftklubben.example.com"},
    attachments=[Attachment("liste.pdf", "application/pdf", bytes(range(256)))],
    not_after=SOON,
)


def opened(seal: Seal, content: bytes) -> Message:
    return seal.open(content, Channel.EMAIL, "verification-code", SOON)


def test_a_message_comes_out_as_it_went_in() -> None:
    seal = Seal([OLD])
    assert opened(seal, seal.close(MAIL)) == MAIL
    assert seal.close(MAIL) != seal.close(MAIL)


def test_what_an_older_key_has_sealed_is_opened() -> None:
    content = Seal([OLD]).close(MAIL)
    assert opened(Seal([NEW, OLD]), content) == MAIL
    with pytest.raises(Refused, match="another key"):
        opened(Seal([NEW]), content)


def test_a_recipient_has_one_hash_whatever_the_capitals_and_another_by_another_channel() -> None:
    seal = Seal([OLD])
    shouted = Message(Channel.EMAIL, "Kari@Example.COM", "offer", "Hei", subject="Hei")
    token = Message(Channel.PUSH, "kari@example.com", "offer", "Hei")
    assert seal.recipient_hash(MAIL) == seal.recipient_hash(shouted)
    assert seal.recipient_hash(MAIL) != seal.recipient_hash(token)
    assert seal.recipient_hash(MAIL) != Seal([NEW]).recipient_hash(MAIL)


def test_a_short_key_is_none() -> None:
    for keys in ([], [b"short"]):
        with pytest.raises(ValueError, match="keys"):
            Seal(keys)
