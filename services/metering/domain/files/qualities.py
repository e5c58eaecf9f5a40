"""How the files tell in which way a value came to be."""

from typing import Final

from services.metering.domain.problems import Refused
from services.metering.domain.readings import Quality

WORDS: Final = {
    "målt": Quality.MEASURED,
    "estimert": Quality.ESTIMATED,
    "endelig estimert": Quality.FINAL_ESTIMATED,
    "midlertidig": Quality.TEMPORARY,
    "beregnet": Quality.CALCULATED,
}
"""The words in the files of Elhub's portal (Elhub's standard for validation, section 4.1)."""

CODES: Final = {
    "21": Quality.TEMPORARY,
    "56": Quality.ESTIMATED,
    "81": Quality.FINAL_ESTIMATED,
    "127": Quality.MEASURED,
}
"""The codes in Elhub's messages, which ebIX took from UN/EDIFACT 4405 (Elhub's note on volume and
quality in EIM and BIM; 58 is a value that was withdrawn)."""

NAMES: Final = {quality.name: quality for quality in Quality} | {"METERED": Quality.MEASURED}
"""The words of Elhub's messages in English."""

_WITHOUT_VALUE = ("manglende verdi", "avvist", "missing", "rejected", "withdrawn", "58")


def parse_word(text: str) -> Quality:
    """Reads a word of the portal's files.

    Raises:
        Refused: If it is none, or says that there is no value.
    """
    return _found(WORDS.get(text.casefold()), text)


def parse_quality(text: str) -> Quality:
    """Reads a word in Norwegian or English, or a code.

    Raises:
        Refused: If it is none, or says that there is no value.
    """
    name = text.upper().replace(" ", "_")
    return _found(WORDS.get(text.casefold()) or CODES.get(text) or NAMES.get(name), text)


def _found(quality: Quality | None, text: str) -> Quality:
    if quality is not None:
        return quality
    if text.casefold() in _WITHOUT_VALUE:
        raise Refused("NO_VALUE")
    raise Refused("NOT_A_CHOICE", choices=", ".join(word.capitalize() for word in WORDS))
