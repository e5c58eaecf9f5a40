"""The guest list by surname, in Norwegian order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.events.domain.guest_list import guide_letter, names_of, surname_order
from tests.unit.events.guests import guest_list, party

IN_ORDER = [
    "Kari Abel",
    "Ola Abel",
    "Inga Ánde-Juhán",
    "Per Berg",
    "Anne Berg-Hansen",
    "Ola Bergan",
    "Per Dahl",
    "Linh Đặng",
    "Emre Demir",
    "Zoë Éluard",
    "Sigrid Fjellstad",
    "Ewa Łukasiewicz",
    "Ola Lund",
    "Jürgen Müller",
    "Åse Myrvold",
    "Biret Ŋuorta",
    "Per Obrestad",
    "Liam O'Brien",
    "Ola Obrist",
    "Anne de Vries",
    "Per Wang",
    "Ludwig von Wartburg",
    "Ahmet Ülker",
    "Kari Zakariassen",
    "Per Ärlig",
    "Ola Ærø",
    "Björn Öberg",
    "Berit Ødegård",
    "Åse Ødegaard",
    "Kari Øverås",
    "Ås",
    "Anne Aasen",
    "Berit Åsen",
    "Carl AASEN",
    "Παύλος Παππάς",
    "",
]


def test_guests_stand_by_surname_as_norwegians_sort() -> None:
    shuffled = sorted(IN_ORDER, key=lambda name: name[::-1])
    assert shuffled != IN_ORDER

    assert sorted(shuffled, key=surname_order) == IN_ORDER


def test_guests_are_looked_up_under_the_letter_that_they_are_sorted_by() -> None:
    letters = [guide_letter(name) for name in IN_ORDER]

    assert list(dict.fromkeys(letters)) == [*"ABDEFLMNOVWYZÆØÅΠ", ""]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kari Aasen", "Kari Åsen"),
        ("KARI ÅSEN", "kari åsen"),
        ("Kari A\u030asen", "Kari Åsen"),
        ("René Lindén", "Rene Linden"),
        ("Anna Öhman", "Anna Øhman"),
        ("Anna Hägg", "Anna Hægg"),
        ("Anna Düring", "Anna Dyring"),
    ],
)
def test_spellings_of_one_sound_stand_together(one: str, other: str) -> None:
    assert surname_order(one) == surname_order(other)


def test_who_has_no_name_is_last() -> None:
    parties = [party("", number=1), party("Per Åsen", number=2)]
    assert [each.name for each in guest_list(*parties).in_order()] == ["Per Åsen", ""]


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("Kari Nordmann", ("Nordmann", "Kari")),
        ("Kari", ("Kari", "")),
        ("  Anne  Grethe   Lie ", ("Lie", "Anne Grethe")),
        ("", ("", "")),
    ],
)
def test_the_last_word_is_the_surname(name: str, names: tuple[str, str]) -> None:
    assert names_of(name) == names


@given(st.lists(st.text(max_size=12), max_size=8))
def test_the_order_does_not_depend_on_where_one_begins(names: list[str]) -> None:
    parties = [party(name, number=number) for number, name in enumerate(names)]
    assert guest_list(*parties).in_order() == guest_list(*reversed(parties)).in_order()


def test_totals_are_those_of_all_parties() -> None:
    guests = guest_list(party("Kari Lie", tickets=4, admitted=7), party("Ola Lie", tickets=3))
    assert (guests.total_tickets, guests.total_admitted) == (7, 7)
    assert [(each.remaining, each.over) for each in guests.parties] == [(0, 3), (3, 0)]
