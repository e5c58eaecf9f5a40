"""What a person is told, in Nynorsk, Bokmål or English; the texts stand in the protos."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache, lru_cache
from typing import Literal, cast
from zoneinfo import ZoneInfo

from kundeapp.errors.v1 import errors_pb2

Language = Literal["nn", "nb", "en"]

_OSLO = ZoneInfo("Europe/Oslo")
_MONTHS = {
    "nn": "januar februar mars april mai juni juli august september oktober november desember",
    "nb": "januar februar mars april mai juni juli august september oktober november desember",
    "en": "January February March April May June July August September October November December",
}
_SPOKEN: dict[str, Language] = {"nn": "nn", "nb": "nb", "no": "nb", "en": "en"}


def render(reason: str, language: Language, facts: Mapping[str, str | int]) -> str:
    """Returns the text of a reason with its placeholders filled.

    A fact that is a moment in RFC 3339 is said as people say it, by the clock in Norway. A
    placeholder without a fact stays as it stands: a text with a gap is better than no answer.

    Raises:
        ValueError: If the reason is none of `kundeapp.errors.v1.Reason`.
    """
    text = _texts(reason)[language]
    for name, fact in facts.items():
        if f"{{{name}}}" in text:
            text = text.replace(f"{{{name}}}", said(str(fact), language))
    return text


def said(fact: str, language: Language) -> str:
    """Returns a fact as people say it: a moment in RFC 3339 by the clock in Norway, else as is."""
    if "T" not in fact:
        return fact
    try:
        moment = datetime.fromisoformat(fact)
        if moment.tzinfo is None:
            return fact
        local = moment.astimezone(_OSLO)
    except (ValueError, OverflowError):  # no moment, or none that Norwegian calendars show
        return fact
    month = _MONTHS[language].split()[local.month - 1]
    if language == "en":
        return f"{local.day} {month} {local.year} at {local:%H:%M}"
    return f"{local.day}. {month} {local.year} kl. {local:%H.%M}"


@lru_cache(maxsize=512)
def language_of(accept_language: str) -> Language:
    """Returns the language that an Accept-Language header (RFC 9110, 12.5.4) asks for.

    Nynorsk is the answer to an empty, unreadable or unsatisfiable header.
    """
    best, best_quality = cast("Language", "nn"), 0.0
    for choice in accept_language.split(","):
        tag, _, parameters = choice.partition(";")
        language = _SPOKEN.get(tag.strip().lower().split("-")[0])
        quality = _quality(parameters)
        if language is not None and quality > best_quality:
            best, best_quality = language, quality
    return best


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


@cache
def _texts(reason: str) -> dict[Language, str]:
    number = errors_pb2.Reason.Value(reason)
    options = errors_pb2.Reason.DESCRIPTOR.values_by_number[number].GetOptions()
    text = options.Extensions[errors_pb2.text]
    return {"nn": text.nn, "nb": text.nb, "en": text.en}
