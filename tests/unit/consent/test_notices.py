"""The notices that come with the suite, and what an account has agreed to."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from cli.consent.files import SHIPPED, Texts, read_texts
from kundeapp.consent.v1 import consents_pb2 as pb
from services.consent.domain import consents
from services.consent.domain.channels import Channel
from services.consent.domain.consents import Agreed
from services.consent.domain.ledger import Consent, Decision, Pair
from services.consent.domain.notices import LANGUAGES, Notice, Text
from services.consent.domain.permission import Permission
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
SMS: Pair = ("kraftklubben", "SMS")


def notice(version: int = 3, last_material: int = 2) -> Notice:
    texts = [Text(language, "Tittel", language) for language in LANGUAGES]
    return Notice("kraftklubben", version, False, NOW, texts, last_material)  # noqa: FBT003


def consent(decision: Decision, version: int = 2, minutes: int = 0) -> Consent:
    at = NOW + timedelta(minutes=minutes)
    return Consent(uuid4(), *EMAIL, decision, version, at)


def agreed_of(
    *customers: dict[Pair, Consent],
    purpose: Purpose = CLUB,
    permissions: Sequence[Permission] = (),
) -> Agreed:
    """Returns what customers have agreed to, each with what is answered: may we send?"""
    said = permissions or [Permission.ALLOWED] * len(customers)
    ways = [dict.fromkeys(purpose.channels, each) for each in said]
    return consents.agreed(purpose, notice(), customers, ways)


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
        switch = agreed_of(*customers).switches[EMAIL]
        assert (switch.is_on, switch.is_outdated) == (is_on, False), customers
    both = agreed_of({EMAIL: given}, {EMAIL: withdrawn})
    assert both.switches[EMAIL].decided_at == NOW + timedelta(minutes=5)


@pytest.mark.parametrize(("version", "is_outdated"), [(1, True), (2, False), (3, False)])
def test_a_yes_is_outdated_if_a_material_version_came_after_it(
    version: int, *, is_outdated: bool
) -> None:
    agreed = agreed_of({EMAIL: consent(Decision.GIVEN, version)})
    switch = agreed.switches[EMAIL]
    assert (switch.is_on, switch.is_outdated) == (not is_outdated, is_outdated)
    assert agreed.is_reachable != is_outdated


def test_a_no_is_never_outdated() -> None:
    agreed = agreed_of({EMAIL: consent(Decision.WITHDRAWN, 1)})
    assert not agreed.switches[EMAIL].is_outdated


def test_why_nothing_can_be_sent_is_said_in_each_language() -> None:
    yes = {EMAIL: consent(Decision.GIVEN)}
    hindered = [
        agreed_of({}),
        agreed_of({EMAIL: consent(Decision.GIVEN, 1)}),
        agreed_of(yes, permissions=[Permission.NO_ADDRESS]),
        agreed_of(yes, permissions=[Permission.SUPPRESSED]),
        agreed_of(yes, permissions=[Permission.NOT_A_CUSTOMER]),
    ]
    said = [each.message(language) for each in hindered for language in LANGUAGES]
    assert len(set(said)) == len(said) == 15
    assert all("Kraftklubben" in each for each in said)
    assert agreed_of(yes).message("nn") == ""


def test_a_channel_that_is_on_reaches_only_whom_we_may_send_to() -> None:
    yes = {EMAIL: consent(Decision.GIVEN)}
    cases: tuple[tuple[list[Permission], bool], ...] = (
        ([Permission.ALLOWED], True),
        ([Permission.NO_ADDRESS], False),
        ([Permission.NOT_CONFIRMED], False),
        ([Permission.SUPPRESSED], False),
        ([Permission.NOT_A_CUSTOMER], False),
        ([Permission.NOT_A_CUSTOMER, Permission.ALLOWED], True),
    )
    for permissions, is_reachable in cases:
        agreed = agreed_of(*[yes for _ in permissions], permissions=permissions)
        assert agreed.switches[EMAIL].is_on
        assert agreed.is_reachable == is_reachable, permissions
        assert consents.club_is_reachable([agreed]) == is_reachable, permissions


def test_an_address_helps_nothing_while_its_channel_is_off() -> None:
    assert not agreed_of({}, permissions=[Permission.ALLOWED]).is_reachable


def test_of_two_hindrances_the_one_is_told_that_the_customer_can_end() -> None:
    yes = {EMAIL: consent(Decision.GIVEN), SMS: consent(Decision.GIVEN)}
    ways = {Channel.EMAIL: Permission.SUPPRESSED, Channel.SMS: Permission.NOT_CONFIRMED}
    agreed = consents.agreed(CLUB, notice(), [yes], [ways])
    assert "stadfesta adresse" in agreed.message("nn")


def test_what_is_said_of_kraftklubben_is_what_is_in_the_way_there() -> None:
    on = agreed_of({EMAIL: consent(Decision.GIVEN)})
    unconfirmed = agreed_of(
        {EMAIL: consent(Decision.GIVEN)}, permissions=[Permission.NOT_CONFIRMED]
    )
    switch_on = "Slå på minst éin kanal under «Kraftklubben»"
    assert consents.club_message([on], "nn") == ""
    assert consents.club_message([unconfirmed], "nn") == unconfirmed.message("nn")
    assert switch_on in consents.club_message([agreed_of({})], "nn")
    assert switch_on in consents.club_message([], "nn")
    assert not consents.club_is_reachable([])


def test_nothing_is_sent_for_a_purpose_that_is_acknowledged() -> None:
    statement = replace(CLUB, id="privacy-statement", channels=())
    given = replace(consent(Decision.GIVEN), purpose="privacy-statement", channel="")
    agreed = agreed_of({given.pair: given}, purpose=statement)
    assert agreed.switches[given.pair].is_on
    assert not agreed.is_reachable
    assert agreed.message("nn") == ""


def test_news_about_kraftklubben_is_not_sent_for_another_purpose() -> None:
    other = replace(CLUB, id="general")
    given = replace(consent(Decision.GIVEN), purpose="general")
    agreed = agreed_of({given.pair: given}, purpose=other)
    assert agreed.is_reachable
    assert not consents.club_is_reachable([agreed])


def test_a_notice_is_shown_in_the_default_language_where_it_lacks_one() -> None:
    bare = Notice("x", 1, True, NOW, [Text("nn", "Tittel", "Hei.")], 1)  # noqa: FBT003
    assert bare.text("en").language == "nn"
    assert notice().text("en").language == "en"
