"""Every reason has a text in each language, and the language is the one that was asked for."""

import re
from typing import get_args

import pytest

from kit import texts
from kit.texts import Language
from kundeapp.errors.v1 import errors_pb2

LANGUAGES: tuple[Language, ...] = get_args(Language)
REASONS = [name for name in errors_pb2.Reason.keys() if name != "REASON_UNSPECIFIED"]  # noqa: SIM118 - an enum, no mapping

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_has_a_whole_sentence_in_each_language(reason: str) -> None:
    for language in LANGUAGES:
        text = texts.render(reason, language, {})
        assert text == text.strip()
        assert text[0].isupper() or text[0] == "{", text
        assert text[-1] in ".!?" or text.endswith((": {detail}", ": {expected}")), text
        assert "{" not in _PLACEHOLDER.sub("", text), text
        assert "}" not in _PLACEHOLDER.sub("", text), text


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_has_the_same_placeholders_in_each_language(reason: str) -> None:
    nn, nb, en = (
        sorted(set(_PLACEHOLDER.findall(texts.render(reason, language, {}))))
        for language in LANGUAGES
    )
    assert nn == nb == en


def test_placeholders_are_filled() -> None:
    text = texts.render("TOO_MANY_REQUESTS", "en", {"retryAfter": 17})
    assert "17" in text
    assert "{" not in text


def test_a_placeholder_without_a_fact_stays() -> None:
    assert "{retryAfter}" in texts.render("TOO_MANY_REQUESTS", "nn", {})


def test_an_unknown_reason_is_an_error() -> None:
    with pytest.raises(ValueError, match="NO_SUCH_REASON"):
        texts.render("NO_SUCH_REASON", "nn", {})


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "nn"),
        ("nn", "nn"),
        ("nb", "nb"),
        ("no", "nb"),
        ("nb-NO", "nb"),
        ("NN-no", "nn"),
        ("en-GB,en;q=0.9", "en"),
        ("de, fr;q=0.9", "nn"),
        ("de, en;q=0.5, nb;q=0.7", "nb"),
        ("en;q=0.1, nn;q=0.2", "nn"),
        ("en , nb", "en"),
        ("en;q=0, nb;q=0.1", "nb"),
        ("nb;q=0", "nn"),
        ("*", "nn"),
        ("en;q=nonsense, nb;q=0.1", "nb"),
        ("en;q=nan, nb", "nb"),
        (";;;,,,", "nn"),
    ],
)
def test_language_of_accept_language(header: str, language: Language) -> None:
    assert texts.language_of(header) == language


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("nn", "11. desember 2026 kl. 12.00"),
        ("nb", "11. desember 2026 kl. 12.00"),
        ("en", "11 December 2026 at 12:00"),
    ],
)
def test_a_moment_is_said_by_the_clock_in_norway(language: Language, said: str) -> None:
    assert said in texts.render("BALLOT_OPEN", language, {"closesAt": "2026-12-11T11:00:00+00:00"})


@pytest.mark.parametrize(
    "fact", ["2026-12-11", "Tre", "2026-12-11T11:00:00", "T", "0001-01-01T00:00:00+23:59"]
)
def test_what_is_no_moment_is_left_alone(fact: str) -> None:
    assert fact in texts.render("BALLOT_OPEN", "nn", {"closesAt": fact})
