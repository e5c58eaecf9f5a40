"""The notices that come with the suite, and what an account has agreed to."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from cli.consent.files import SHIPPED, Texts, read_texts
from kundeapp.consent.v1 import consents_pb2 as pb
from services.consent.domain import consents
from services.consent.domain.channels import Channel
from services.consent.domain.ledger import Consent, Decision, Pair
from services.consent.domain.notices import LANGUAGES, Notice, Text
from services.consent.domain.purposes import Purpose

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
CLUB = Purpose(
    "kraftklubben",
    3,
    "kraftklubben",
    (Channel.EMAIL, Channel.SMS),
    dict.fromkeys(LANGUAGES, "Kraftklubben"),
)
EMAIL: Pair = ("kraftklubben", "EMAIL")


def notice(version: int = 3, last_material: int = 2) -> Notice:
    texts = [Text(language, "Tittel", language) for language in LANGUAGES]
    return Notice("kraftklubben", version, False, NOW, texts, last_material)  # noqa: FBT003


def consent(decision: Decision, version: int = 2, minutes: int = 0) -> Consent:
    at = NOW + timedelta(minutes=minutes)
    return Consent(uuid4(), *EMAIL, decision, version, at)


@pytest.fixture(scope="module")
def shipped() -> Texts:
    return read_texts(SHIPPED)


def test_every_purpose_that_comes_with_the_suite_has_its_notice(shipped: Texts) -> None:
    notices = {each.notice for each in shipped.notices}
    assert {each.notice for each in shipped.purposes} == notices
    assert [each.id for each in shipped.purposes] == [
        "privacy-statement",
        "general",
        "kraftklubben",
    ]
    everything = [pb.EMAIL, pb.SMS, pb.PHONE, pb.PUSH, pb.POST]
    assert [list(each.channels) for each in shipped.purposes] == [[], everything, everything]


def test_every_notice_has_three_languages_of_the_same_structure(shipped: Texts) -> None:
    for each in shipped.notices:
        assert [text.language for text in each.texts] == list(LANGUAGES)
        shapes = {(text.body.count("\n## "), text.body.count("\n- ")) for text in each.texts}
        assert len(shapes) == 1, each.notice


def test_a_channel_is_on_if_it_is_given_for_each_customer() -> None:
    given, withdrawn = consent(Decision.GIVEN), consent(Decision.WITHDRAWN, minutes=5)
    cases: tuple[tuple[list[dict[Pair, Consent]], bool], ...] = (
        ([], False),
        ([{}], False),
        ([{EMAIL: given}], True),
        ([{EMAIL: given}, {}], False),
        ([{EMAIL: given}, {EMAIL: withdrawn}], False),
        ([{EMAIL: given}, {EMAIL: given}], True),
        ([{EMAIL: consent(Decision.EXPIRED)}], False),
    )
    for customers, is_on in cases:
        switch = consents.agreed(CLUB, notice(), customers).switches[EMAIL]
        assert (switch.is_on, switch.is_outdated) == (is_on, False), customers
    both = consents.agreed(CLUB, notice(), [{EMAIL: given}, {EMAIL: withdrawn}])
    assert both.switches[EMAIL].decided_at == NOW + timedelta(minutes=5)


@pytest.mark.parametrize(("version", "is_outdated"), [(1, True), (2, False), (3, False)])
def test_a_yes_is_outdated_if_a_material_version_came_after_it(
    version: int, *, is_outdated: bool
) -> None:
    agreed = consents.agreed(CLUB, notice(), [{EMAIL: consent(Decision.GIVEN, version)}])
    switch = agreed.switches[EMAIL]
    assert (switch.is_on, switch.is_outdated) == (not is_outdated, is_outdated)
    assert agreed.is_reachable != is_outdated


def test_a_no_is_never_outdated() -> None:
    agreed = consents.agreed(CLUB, notice(), [{EMAIL: consent(Decision.WITHDRAWN, 1)}])
    assert not agreed.switches[EMAIL].is_outdated


def test_why_nothing_can_be_sent_is_said_in_each_language() -> None:
    off = consents.agreed(CLUB, notice(), [{}])
    asked_again = consents.agreed(CLUB, notice(), [{EMAIL: consent(Decision.GIVEN, 1)}])
    on = consents.agreed(CLUB, notice(), [{EMAIL: consent(Decision.GIVEN)}])
    said = [each.message(language) for each in (off, asked_again) for language in LANGUAGES]
    assert len(set(said)) == len(said) == 6
    assert all("Kraftklubben" in each for each in said)
    assert on.message("nn") == ""
    assert consents.club_is_reachable([on])
    assert not consents.club_is_reachable([off])
    assert not consents.club_is_reachable([])


def test_nothing_is_sent_for_a_purpose_that_is_acknowledged() -> None:
    statement = replace(CLUB, id="privacy-statement", channels=())
    given = replace(consent(Decision.GIVEN), purpose="privacy-statement", channel="")
    agreed = consents.agreed(statement, notice(), [{given.pair: given}])
    assert agreed.switches[given.pair].is_on
    assert not agreed.is_reachable
    assert agreed.message("nn") == ""


def test_news_about_kraftklubben_is_not_sent_for_another_purpose() -> None:
    other = replace(CLUB, id="general")
    given = replace(consent(Decision.GIVEN), purpose="general")
    agreed = consents.agreed(other, notice(), [{given.pair: given}])
    assert agreed.is_reachable
    assert not consents.club_is_reachable([agreed])


def test_a_notice_is_shown_in_the_default_language_where_it_lacks_one() -> None:
    bare = Notice("x", 1, True, NOW, [Text("nn", "Tittel", "Hei.")], 1)  # noqa: FBT003
    assert bare.text("en").language == "nn"
    assert notice().text("en").language == "en"
