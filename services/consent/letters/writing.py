"""Writes letters: fills the words of letters.toml, and lays them out as HTML and as text."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from importlib import resources
from typing import Any, Final, TypeAlias, cast

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

from kit.texts import Language
from services.consent.letters import markdown, speech

Fact: TypeAlias = str | int | datetime | Sequence[Mapping[str, "Fact"]]

_PACKAGE: Final = "services.consent.letters"
_ROW: Final = ("at", "name", "what", "tickets", "total")
_EVENT: Final = ("title", "starts_at", "reserved", "capacity", "rows")
# Marks that are not seen: the controls but for white space, and those that turn a text around.
_INVISIBLE: Final = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]")
_GAP: Final = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Written:
    """A letter, ready to be sent.

    Attributes:
        subject: One line.
        text: The mail as text.
        html: The same as HTML.
        short: What an SMS or push says; empty if it does not go that way.
    """

    subject: str
    text: str
    html: str
    short: str


@dataclass(frozen=True, slots=True)
class _Link:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class _Row:
    at: str
    name: str
    did: str


@dataclass(frozen=True, slots=True)
class _Event:
    title: str
    starts_at: str
    seats: str
    rows: Sequence[_Row]


def write(kind: str, language: str, facts: Mapping[str, Fact], *, phone: str) -> Written:
    """Writes a letter.

    Args:
        kind: A table of letters.toml, such as `offer-made`.
        language: `nn`, `nb` or `en`.
        facts: What the letter is about: the facts that letters.toml names for it; others are not
            looked at. Moments have a time zone. `title`, `venue`, `name`, `subject` and `reason`
            may be whatever somebody has typed; `body` is Markdown; those whose names end in `url`
            are addresses of ours. The `events` of a digest each have title, starts_at, reserved,
            capacity and rows of at, name, what, tickets and total.
        phone: The number of customer service, as people read it.

    Raises:
        KeyError: If there is no such letter or language, or a fact is missing.
        ValueError: If a moment has no time zone.
    """
    around = _toml("words.toml")[language]
    form = _toml("letters.toml")[kind]
    return _Writer(
        cast("Language", language),
        around,
        form,
        {name: facts[name] for name in form["facts"]},
        phone,
    ).written()


class _Writer:
    """Writes one letter in one language."""

    def __init__(
        self,
        language: Language,
        around: Mapping[str, Any],
        form: Mapping[str, Any],
        facts: Mapping[str, Fact],
        phone: str,
    ) -> None:
        self._language: Language = language
        self._around = around
        self._form = form
        self._words = form[language]
        self._facts = facts
        self._phone = phone

    def written(self) -> Written:
        """Returns the letter."""
        subject = self._line(self._words["subject"])
        body = _visible(self._fact("markdown"))
        letter = {
            "language": self._language,
            "around": self._around,
            "subject": subject,
            "heading": self._line(self._words["heading"]),
            "paragraphs": self._paragraphs("text"),
            "body": body,
            "quote": _lines(self._fact("quote")),
            "title": _one_line(str(self._facts["title"])) if "card" in self._form else "",
            "card": [line for line in map(self._line, self._form.get("card", ())) if line],
            "events": self._events(),
            "button": self._link("button"),
            "after": self._paragraphs("after"),
            "release": self._link("release"),
            "why": self._around["why"][self._form["why"]],
            "is_to_staff": self._form["why"] == "staff",
            "help": self._line(self._around["help"], {"phone": self._phone}),
            "unsubscribe_url": self._facts.get("unsubscribe_url", ""),
        }
        voice = _voice(self._language)
        text = voice.get_template("layout.txt").render(letter)
        return Written(
            subject=subject,
            text=_GAP.sub("\n\n", text).strip() + "\n",
            html=voice.get_template("layout.html").render(letter),
            short=self._line(self._words.get("short", "")),
        )

    def _fact(self, part: str) -> str:
        """Returns the fact that a part of the letter is, empty if it has no such part."""
        return str(self._facts[self._form[part]]) if part in self._form else ""

    def _link(self, part: str) -> _Link | None:
        if part not in self._form:
            return None
        return _Link(self._line(self._words[part]), self._fact(part))

    def _paragraphs(self, part: str) -> Sequence[str]:
        lines = (self._line(words) for words in self._words.get(part, "").strip().split("\n\n"))
        return [line for line in lines if line]

    def _line(self, words: str, facts: Mapping[str, Fact] | None = None) -> str:
        template = _template(self._language, words)
        return _one_line(template.render(self._facts if facts is None else facts))

    def _events(self) -> Sequence[_Event]:
        return [self._event(event) for event in _listed(self._facts.get("events", ()), _EVENT)]

    def _event(self, event: Mapping[str, Any]) -> _Event:
        one_day = speech.is_one_day(
            cast("datetime", self._facts["since"]), cast("datetime", self._facts["until"])
        )
        said = speech.clock if one_day else speech.noted
        return _Event(
            title=_one_line(event["title"]),
            starts_at=speech.moment(event["starts_at"], self._language),
            seats=self._line(self._words["seats"], event),
            rows=[
                _Row(
                    at=said(row["at"], self._language),
                    name=_one_line(row["name"]),
                    did=self._line(self._words["did"][row["what"]], row),
                )
                for row in _listed(event["rows"], _ROW)
            ],
        )


def _listed(rows: Fact, names: Sequence[str]) -> Sequence[Mapping[str, Any]]:
    return [
        {name: row[name] for name in names} for row in cast("Sequence[Mapping[str, Fact]]", rows)
    ]


def _lines(text: str) -> Sequence[str]:
    return [line for line in map(_one_line, text.splitlines()) if line]


def _one_line(text: str) -> str:
    return " ".join(_visible(text).split())


def _visible(text: str) -> str:
    return _INVISIBLE.sub("", text)


@cache
def _toml(name: str) -> Mapping[str, Any]:
    return tomllib.loads(resources.files(_PACKAGE).joinpath(name).read_text("utf-8"))


@cache
def _template(language: Language, words: str) -> Template:
    return _voice(language).from_string(words)


@cache
def _voice(language: Language) -> Environment:
    """Returns what fills templates in a language: only files named .html are escaped, and those."""
    voice = Environment(
        loader=PackageLoader(_PACKAGE, ""),
        autoescape=select_autoescape(["html"], default_for_string=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    nouns = cast("Mapping[str, tuple[str, str]]", _toml("words.toml")[language]["nouns"])
    filters = cast("dict[str, Any]", voice.filters)
    for name, (one, many) in nouns.items():
        filters[name] = partial(speech.counted, one=one, many=many)
    filters["noun"] = speech.noun
    filters["span"] = partial(speech.span, hour=nouns["hours"], day=nouns["days"])
    filters["moment"] = partial(speech.moment, language=language)
    filters["noted"] = partial(speech.noted, language=language)
    filters["brief"] = speech.brief
    filters["unbroken"] = speech.unbroken
    filters["as_html"] = markdown.html_of
    filters["as_text"] = markdown.text_of
    return voice
