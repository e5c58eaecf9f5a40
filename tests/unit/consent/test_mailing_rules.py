"""What a mailing may say, and who is counted where."""

import pytest

from kit.errors import Invalid
from services.consent.domain.channels import Channel
from services.consent.domain.mailings import (
    LONGEST_BODY,
    LONGEST_SUBJECT,
    Text,
    check_texts,
    nearest_to_yes,
    reach,
)
from services.consent.domain.permission import Permission

GOOD = Text("Haust", "Kom!")
EMAIL, SMS = Channel.EMAIL, Channel.SMS


def refused(texts: dict[str, Text]) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refusal:
        check_texts(texts)
    return [(error.field, error.reason) for error in refusal.value.fields]


def test_nynorsk_is_needed_and_the_others_are_not() -> None:
    assert check_texts({"nn": GOOD}) == {"nn": GOOD}
    assert refused({"nb": GOOD}) == [("texts.nn", "REQUIRED_FIELD")]


def test_an_empty_or_endless_text_is_refused_by_name() -> None:
    assert refused({"nn": Text(" ", "\n")}) == [
        ("texts.nn.subject", "TEXT_LENGTH"),
        ("texts.nn.body", "TEXT_LENGTH"),
    ]
    longest = Text("e" * LONGEST_SUBJECT, "e" * LONGEST_BODY)
    assert check_texts({"nn": longest}) == {"nn": longest}
    assert refused({"nn": GOOD, "en": Text("e" * (LONGEST_SUBJECT + 1), "Come!")}) == [
        ("texts.en.subject", "TEXT_LENGTH")
    ]
    assert refused({"nn": Text("Haust", "e" * (LONGEST_BODY + 1))}) == [
        ("texts.nn.body", "TEXT_LENGTH")
    ]


def test_a_subject_is_one_line_without_marks_that_are_not_seen() -> None:
    texts = check_texts({"nn": Text(" Haust\r\ni \x00klubben\u202e ", " Kom\x00! ")})
    assert texts["nn"] == Text("Haust i klubben", "Kom!")


def test_each_customer_is_counted_once_by_the_first_way_that_is_allowed() -> None:
    yes, no, nowhere = Permission.ALLOWED, Permission.WITHDRAWN, Permission.NO_ADDRESS
    groups = [
        ({EMAIL: yes, SMS: yes}, 5),
        ({EMAIL: no, SMS: yes}, 3),
        ({EMAIL: no, SMS: nowhere}, 2),
        ({EMAIL: nowhere, SMS: no}, 1),
    ]
    found = reach(groups, [EMAIL, SMS])
    assert found.by_channel == {EMAIL: 5, SMS: 3}
    assert found.left_out == {nowhere: 3}


def test_every_permission_has_its_distance_from_a_yes() -> None:
    for permission in Permission:
        assert nearest_to_yes([permission, Permission.UNKNOWN_PURPOSE]) is permission
    assert nearest_to_yes([Permission.NO_DECISION, Permission.SUPPRESSED]) is Permission.SUPPRESSED
