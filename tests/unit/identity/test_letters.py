"""Letters: each in three languages, with every placeholder filled."""

import re
import tomllib
from collections.abc import Mapping
from importlib import resources

import pytest

import services.identity
from services.identity.domain.letters import Address, Channel, Letter
from services.identity.letters import message_of

URL = "https://kundeapp.example.no"
MOMENT = "2026-04-06T11:00:00+00:00"
FACTS = {
    "code": "482913",
    "minutes": "10",
    "when": MOMENT,
    "until": MOMENT,
    "token": "a-token",
    "number": "100001",
    "provider": "BankID",
}
TO = {Channel.EMAIL: "kari@example.no", Channel.SMS: "+4790000001"}
LETTERS: Mapping[str, Mapping[str, Mapping[str, str]]] = tomllib.loads(
    resources.files(services.identity).joinpath("letters.toml").read_text("utf-8")
)
WAYS = [
    (kind, channel)
    for kind, languages in LETTERS.items()
    for channel, part in ((Channel.EMAIL, "text"), (Channel.SMS, "sms"))
    if part in languages["nn"]
]


def letter(kind: str, channel: Channel, language: str) -> Letter:
    return Letter(kind, Address(channel, TO[channel]), language, FACTS)


@pytest.mark.parametrize(("kind", "channel"), WAYS)
@pytest.mark.parametrize("language", ["nn", "nb", "en"])
def test_a_letter_is_whole_in_every_language(kind: str, channel: Channel, language: str) -> None:
    message = message_of(letter(kind, channel, language), URL)

    assert message.recipient == TO[channel]
    assert bool(message.subject) == (channel is Channel.EMAIL)
    assert not re.search(r"[{}]", message.text + message.subject)
    assert MOMENT not in message.text


@pytest.mark.parametrize("kind", LETTERS)
def test_a_letter_has_the_same_parts_in_every_language(kind: str) -> None:
    parts = {language: set(LETTERS[kind][language]) for language in ("nn", "nb", "en")}
    assert parts["nn"] == parts["nb"] == parts["en"]
    placeholders = {
        language: {part: set(re.findall(r"{(\w+)}", text)) for part, text in parts_of.items()}
        for language, parts_of in LETTERS[kind].items()
    }
    assert placeholders["nn"] == placeholders["nb"] == placeholders["en"]


@pytest.mark.parametrize(("kind", "channel"), [way for way in WAYS if way[1] is Channel.SMS])
@pytest.mark.parametrize("language", ["nn", "nb", "en"])
def test_an_sms_is_short(kind: str, channel: Channel, language: str) -> None:
    assert len(message_of(letter(kind, channel, language), URL).text) <= 160


def test_a_fact_is_not_read_as_a_placeholder() -> None:
    facts = {**FACTS, "number": "{code}"}
    to = Address(Channel.EMAIL, TO[Channel.EMAIL])
    message = message_of(Letter("customer-linked", to, "nn", facts), URL)

    assert "{code}" in message.text
