"""Notices and purposes are published, and shown to anyone."""

import asyncio
import hashlib
from datetime import timedelta

import pytest

from kit.testing import FrozenClock
from kundeapp.consent.v1 import consents_pb2 as pb
from tests.integration.consent.world import NOW, Consent, House, refused

_Outcome = pb.PublishNoticeResponse


def text(language: str, body: str, title: str = "Tittel") -> pb.Notice.Text:
    return pb.Notice.Text(language=language, title=title, body=body)


async def publish(
    consent: Consent, *texts: pb.Notice.Text, is_material: bool = False, notice: str = "klubb"
) -> pb.PublishNoticeResponse:
    request = pb.PublishNoticeRequest(notice=notice, is_material=is_material, texts=texts)
    return await consent.stub.PublishNotice(request, metadata=consent.staff())


async def get(consent: Consent, version: int = 0, notice: str = "klubb") -> pb.Notice:
    return await consent.stub.GetNotice(pb.GetNoticeRequest(notice=notice, version=version))


async def test_a_notice_is_published_with_the_hash_of_each_text(consent: Consent) -> None:
    answer = await publish(consent, text("nn", "Hei."), text("en", "Hello."))
    assert answer.outcome == _Outcome.NEW_VERSION
    assert answer.notice == await get(consent)
    shown = answer.notice
    assert (shown.notice, shown.version, shown.is_material) == ("klubb", 1, True)
    assert shown.published_at.seconds == NOW.timestamp()
    nynorsk, english = shown.texts
    assert (nynorsk.language, nynorsk.title, nynorsk.body) == ("nn", "Tittel", "Hei.")
    assert nynorsk.sha256 == hashlib.sha256(b"nn\nTittel\nHei.").hexdigest()
    assert english.sha256 == hashlib.sha256(b"en\nTittel\nHello.").hexdigest()


async def test_the_same_texts_change_nothing_however_their_lines_end(consent: Consent) -> None:
    first = await publish(consent, text("nn", "Ei linje.\nEi til."), text("nb", "Hei."))
    again = await publish(consent, text("nn", "\nEi linje.\r\nEi til.\n"), is_material=True)
    assert again.outcome == _Outcome.UNCHANGED
    assert again.notice == first.notice


async def test_another_text_is_a_new_version_and_the_old_one_can_still_be_read(
    consent: Consent, clock: FrozenClock
) -> None:
    await publish(consent, text("nn", "Hei."))
    clock.advance(timedelta(minutes=1))
    answer = await publish(consent, text("nn", "Hallo."))
    assert answer.outcome == _Outcome.NEW_VERSION
    assert (answer.notice.version, answer.notice.is_material) == (2, False)
    assert [each.body for each in (await get(consent, 1)).texts] == ["Hei."]
    assert [each.body for each in (await get(consent)).texts] == ["Hallo."]
    assert (await publish(consent, text("nn", "Hei."), is_material=True)).notice.version == 3


async def test_a_further_language_is_added_to_the_current_version(consent: Consent) -> None:
    await publish(consent, text("nn", "Hei."))
    answer = await publish(consent, text("nb", "Hei."), text("nn", "Hei."))
    assert answer.outcome == _Outcome.LANGUAGE_ADDED
    assert answer.notice.version == 1
    assert [each.language for each in answer.notice.texts] == ["nn", "nb"]
    both = await publish(consent, text("nn", "Hei."), text("nb", "Hallo."), text("en", "Hello."))
    assert (both.outcome, both.notice.version) == (_Outcome.NEW_VERSION, 2)


async def test_a_new_version_has_all_languages_of_the_one_before(consent: Consent) -> None:
    with refused("INVALID_FIELDS") as refusing:
        await publish(consent, text("en", "Hello."))
    assert refusing.refusal.fields == [("texts", "LANGUAGES_MISSING")]
    await publish(consent, text("nn", "Hei."), text("en", "Hello."))
    with refused("INVALID_FIELDS") as refusing:
        await publish(consent, text("nn", "Hallo."))
    assert refusing.refusal.fields == [("texts", "LANGUAGES_MISSING")]
    assert (await get(consent)).version == 1


async def test_what_is_wrong_with_texts_is_named(consent: Consent) -> None:
    with refused("INVALID_FIELDS") as refusing:
        await publish(
            consent,
            text("sv", "Hej."),
            text("nn", " ", title="To\nlinjer"),
            text("nn", "x" * 50_001),
            notice="Klubb 1",
        )
    assert refusing.refusal.fields == [
        ("notice", "NOT_A_SLUG"),
        ("texts[0].language", "NOT_A_CHOICE"),
        ("texts[1].title", "TEXT_LENGTH"),
        ("texts[1].body", "REQUIRED_FIELD"),
        ("texts[2].language", "LANGUAGE_TWICE"),
        ("texts[2].body", "TEXT_LENGTH"),
    ]
    with refused("INVALID_FIELDS"):
        await publish(consent)


async def test_a_notice_or_version_that_there_is_not_is_not_found(consent: Consent) -> None:
    await publish(consent, text("nn", "Hei."))
    for notice, version in (("ukjend", 0), ("ukjend", 1), ("klubb", 2), ("klubb", -1)):
        with refused("NOT_FOUND"):
            await get(consent, version, notice)


async def test_two_who_publish_the_same_at_once_make_one_version(consent: Consent) -> None:
    answers = await asyncio.gather(*(publish(consent, text("nn", "Hei.")) for _ in range(6)))
    assert sorted(each.outcome for each in answers) == [
        *[_Outcome.UNCHANGED] * 5,
        _Outcome.NEW_VERSION,
    ]


async def put(consent: Consent, **said: object) -> pb.PutPurposeResponse.Outcome.ValueType:
    purpose = pb.Purpose(
        id="klubb",
        rank=1,
        notice="klubb",
        channels=[pb.EMAIL, pb.SMS],
        name_nn="Klubben",
        name_nb="Klubben",
        name_en="The club",
    )
    purpose.MergeFrom(pb.Purpose(**said))  # pyright: ignore[reportArgumentType]
    request = pb.PutPurposeRequest(purpose=purpose)
    return (await consent.stub.PutPurpose(request, metadata=consent.staff())).outcome


async def test_a_purpose_is_made_and_changed_and_left_alone(consent: Consent) -> None:
    await publish(consent, text("nn", "Hei."))
    assert await put(consent) == pb.PutPurposeResponse.CREATED
    assert await put(consent) == pb.PutPurposeResponse.UNCHANGED
    assert await put(consent, name_en="Club") == pb.PutPurposeResponse.CHANGED
    assert await put(consent, id="annan", rank=2) == pb.PutPurposeResponse.CREATED
    listed = (await consent.stub.ListPurposes(pb.ListPurposesRequest())).purposes
    assert [each.id for each in listed] == ["klubb", "annan"]
    assert listed[0].name_en == "Club"
    assert list(listed[0].channels) == [pb.EMAIL, pb.SMS]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"id": "Klubb 1"}, ("purpose.id", "NOT_A_SLUG")),
        ({"rank": 1000}, ("purpose.rank", "OUT_OF_RANGE")),
        ({"notice": "ukjend"}, ("purpose.notice", "UNKNOWN_NOTICE")),
        ({"channels": [pb.EMAIL]}, ("purpose.channels[2]", "DECIDED_TWICE")),
        ({"channels": [77]}, ("purpose.channels[2]", "UNKNOWN_CHANNEL")),
        ({"name_nb": "x" * 101}, ("purpose.name_nb", "TEXT_LENGTH")),
    ],
)
async def test_what_is_wrong_with_a_purpose_is_named(
    consent: Consent, house: House, said: dict[str, object], field: tuple[str, str]
) -> None:
    await publish(consent, text("nn", "Hei."))
    with refused("INVALID_FIELDS") as refusing:
        await put(consent, **said)
    assert refusing.refusal.fields == [field]
    assert await house.sql("SELECT FROM purpose") == []


async def test_what_comes_with_the_suite_is_published_as_often_as_one_likes(
    consent: Consent, house: House
) -> None:
    await consent.publish_shipped()
    await consent.publish_shipped()
    rows = await house.sql("SELECT notice, max(version) FROM notice_version GROUP BY 1 ORDER BY 1")
    assert [tuple(row) for row in rows] == [
        ("general", 1),
        ("kraftklubben", 1),
        ("privacy-statement", 1),
    ]
    purposes = (await consent.stub.ListPurposes(pb.ListPurposesRequest())).purposes
    assert [(each.id, len(each.channels)) for each in purposes] == [
        ("privacy-statement", 0),
        ("general", 5),
        ("kraftklubben", 5),
    ]
