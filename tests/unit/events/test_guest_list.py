"""The guest list by surname, in Norwegian order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.events.domain.guest_list import guide_letter, names_of, surname_order
from tests.unit.events.guests import guest_list, party

IN_ORDER = [
    "Kari Abel",
    "Ola Abel",
    "Per Dahl",
    "Anne de Vries",
    "Zoë Éluard",
    "Åse Myhre",
    "Jürgen Müller",
    "Kari Zakariassen",
    "Per Ærø",
    "Per Ärlig",
    "Åse Ødegård",
    "Björn Öberg",
    "Ola AAKRE",
    "Ola Aasen",
    "Per Åsen",
    "Ås",
    "",
]


def test_guests_stand_by_surname_as_norwegians_sort() -> None:
    shuffled = sorted(IN_ORDER, key=lambda name: name[::-1])
    assert sorted(shuffled, key=surname_order) != shuffled
    letters = [guide_letter(name) for name in sorted(shuffled, key=surname_order)]
    assert letters == ["A", "A", "D", "E", "M", "M", "V", "Z", *"ÆÆØØÅÅÅÅ", ""]


def test_double_a_is_an_a_with_a_ring() -> None:
    assert surname_order("Kari Aasen") == surname_order("Kari Åsen")


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
