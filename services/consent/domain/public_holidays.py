"""The public holidays of Norway, in the languages of the company."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from kit.public_holidays import public_holidays

# By the library's name, which is Bokmål: it knows neither Nynorsk nor the English of this side of
# the ocean.
_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "Første nyttårsdag": ("Første nyttårsdag", "New Year's Day"),
    "Skjærtorsdag": ("Skjertorsdag", "Maundy Thursday"),
    "Langfredag": ("Langfredag", "Good Friday"),
    "Første påskedag": ("Første påskedag", "Easter Sunday"),
    "Andre påskedag": ("Andre påskedag", "Easter Monday"),
    "Arbeidernes dag": ("Arbeidardagen", "Labour Day"),
    "Grunnlovsdag": ("Grunnlovsdagen", "Constitution Day"),
    "Kristi himmelfartsdag": ("Kristi himmelfartsdag", "Ascension Day"),
    "Første pinsedag": ("Første pinsedag", "Whit Sunday"),
    "Andre pinsedag": ("Andre pinsedag", "Whit Monday"),
    "Første juledag": ("Første juledag", "Christmas Day"),
    "Andre juledag": ("Andre juledag", "Boxing Day"),
}
_BOKMAL: Final = {"Grunnlovsdag": "Grunnlovsdagen"}


def public_holiday(day: date) -> Mapping[str, str] | None:
    """Returns the name of a public holiday by language, None if the day is none.

    Two of them may fall on one day, which then has both names.
    """
    name = public_holidays(day.year).get(day)
    if name is None:
        return None
    names = name.split("; ")
    both = [_NAMES.get(each, (each, each)) for each in names]
    return {
        "nn": " / ".join(nynorsk for nynorsk, _ in both),
        "nb": " / ".join(_BOKMAL.get(each, each) for each in names),
        "en": " / ".join(english for _, english in both),
    }
