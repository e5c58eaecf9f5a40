"""E-mail addresses and mobile numbers."""

import pytest

from services.identity.domain import contact


@pytest.mark.parametrize(
    "email",
    [
        "kari@example.no",
        "Kari.Nordmann+straum@post.example.no",
        "o'hara@example.com",
        "blåbær@bærum.example",
        "a@b.no",
        "x" * 64 + "@example.no",
    ],
)
def test_an_email_that_people_have_is_taken(email: str) -> None:
    assert contact.is_email(email)


@pytest.mark.parametrize(
    "email",
    [
        "",
        "kari",
        "@example.no",
        "kari@",
        "kari@localhost",
        "kari@@example.no",
        "kari nordmann@example.no",
        "kari@exam ple.no",
        ".kari@example.no",
        "kari.@example.no",
        "ka..ri@example.no",
        "kari@-example.no",
        "kari@example-.no",
        "kari@example..no",
        "kari@example.no\n",
        "kari\u202e@example.no",
        "kari\x00@example.no",
        "Kari <kari@example.no>",
        "x" * 65 + "@example.no",
        "kari@" + "x." * 130 + "no",
    ],
)
def test_what_mail_cannot_be_sent_to_is_no_email(email: str) -> None:
    assert not contact.is_email(email)


@pytest.mark.parametrize("other", ["KARI@EXAMPLE.NO", " kari@example.no ", "kari@example.no"])
def test_an_email_is_the_same_in_any_case(other: str) -> None:
    assert contact.email_key(other) == contact.email_key("Kari@Example.no")


@pytest.mark.parametrize(
    "text",
    ["91234567", "912 34 567", "+4791234567", "+47 912 34 567", "004791234567", "(+47) 912-34-567"],
)
def test_a_norwegian_mobile_number_is_one_however_it_is_written(text: str) -> None:
    assert contact.mobile_number(text) == "+4791234567"


def test_a_mobile_number_of_another_country_is_kept() -> None:
    assert contact.mobile_number("+46 70 123 45 67") == "+46701234567"


@pytest.mark.parametrize(
    "text", ["1234", "70071234", "+4770071234", "9123456", "+47 912 34 5678", "mobil", "+0", "+"]
)
def test_a_number_that_takes_no_sms_is_refused(text: str) -> None:
    assert contact.mobile_number(text) is None
