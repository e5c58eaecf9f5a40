"""What a message may be, and what it tells of itself."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.courier import Attachment, Channel, Message


def mail(**parts: Any) -> Message:
    usual: dict[str, Any] = {
        "channel": Channel.EMAIL,
        "recipient": "kari@example.com",
        "purpose": "verification-code",
        "text": "Koden er 482913.",
        "subject": "Koden din",
    }
    return Message(**{**usual, **parts})


@pytest.mark.parametrize("end", ["\n", "\r", "\r\nBcc: all@example.com", "\0", "\x85", "\u2028"])
def test_nothing_breaks_out_of_a_header(end: str) -> None:
    for parts in (
        {"subject": f"Hei{end}"},
        {"recipient": f"kari@example.com{end}"},
        {"headers": {"List-Unsubscribe": f"<https://example.com>{end}"}},
        {"headers": {f"List-Id{end}": "x"}},
    ):
        with pytest.raises(ValueError, match="malformed"):
            mail(**parts)
    with pytest.raises(ValueError, match="malformed"):
        Attachment(f"liste.pdf{end}", "application/pdf", b"")
    with pytest.raises(ValueError, match="malformed"):
        Attachment("liste.pdf", f"application/pdf{end}", b"")


@pytest.mark.parametrize(
    "recipient",
    [
        "",
        "kari",
        "kari@",
        "@example.com",
        "kari@example.com, ola@example.com",
        "kari@example.com,ola@example.com",
        "kari@example.com;ola@example.com",
        "Kari <kari@example.com>",
        "kari@example.com ola@example.com",
        "kari@ola@example.com",
        '"kari"@example.com',
    ],
)
def test_a_mail_goes_to_one_address(recipient: str) -> None:
    with pytest.raises(ValueError, match="recipient"):
        mail(recipient=recipient)


@pytest.mark.parametrize("recipient", ["kari.å+nytt@blåbær.example", "o'neil@example.com"])
def test_an_address_may_be_unusual(recipient: str) -> None:
    assert mail(recipient=recipient).recipient == recipient


@pytest.mark.parametrize("number", ["90000000", "+0790000000", "+47 900 00 000", "+479000000x"])
def test_an_sms_goes_to_a_number_with_its_country(number: str) -> None:
    with pytest.raises(ValueError, match="recipient"):
        Message(Channel.SMS, number, "verification-code", "Hei")


@pytest.mark.parametrize("name", ["To", "from", "SUBJECT", "Message-ID", "Date"])
def test_a_caller_sets_none_of_the_headers_that_are_set_for_it(name: str) -> None:
    with pytest.raises(ValueError, match="header"):
        mail(headers={name: "x"})


def test_a_mail_has_a_subject_and_other_messages_have_nothing_of_a_mail() -> None:
    with pytest.raises(ValueError, match="subject"):
        mail(subject="")
    for parts in (
        {"subject": "Hei"},
        {"html": "<p>Hei</p>"},
        {"headers": {"List-Id": "x"}},
        {"attachments": [Attachment("a", "text/plain", b"")]},
    ):
        with pytest.raises(ValueError, match="only mail"):
            Message(Channel.SMS, "+4790000000", "offer", "Hei", **parts)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("purpose", ["", "Code", "kari@example.com", "code-482913", "a b"])
def test_a_purpose_is_a_word_and_tells_nothing_of_a_person(purpose: str) -> None:
    with pytest.raises(ValueError, match="purpose"):
        mail(purpose=purpose)


def test_how_a_message_prints_tells_nobody_whom_it_is_for_or_what_it_says() -> None:
    message = mail(
        html="<p>482913</p>",
        headers={"List-Unsubscribe": "<https://example.com/482913>"},
        attachments=[Attachment("kari.pdf", "application/pdf", b"482913")],
    )
    shown = f"{message!r} {message} {message.attachments[0]!r}"
    assert "verification-code" in shown
    for private in ("kari", "482913", "Koden"):
        assert private not in shown


@given(st.text())
def test_what_is_refused_is_not_repeated(recipient: str) -> None:
    """The words of the refusal may end up in a log."""
    with pytest.raises(ValueError, match=r"^the recipient is malformed$"):
        mail(recipient=recipient + " ")


@pytest.mark.parametrize("permit", ["", "news:01997d4e-6f0c-7c4e-9a53-0d1f0e6b2f11", "a/B_c.d-1"])
def test_a_permit_is_a_key(permit: str) -> None:
    assert mail(permit=permit).permit == permit


@pytest.mark.parametrize(
    "permit", ["kari@example.com", "+4790000000", "Kari Nordmann", "å", "x" * 201]
)
def test_a_permit_holds_no_contact_detail(permit: str) -> None:
    with pytest.raises(ValueError, match="permit"):
        mail(permit=permit)
