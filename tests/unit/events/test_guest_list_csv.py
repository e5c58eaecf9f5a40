"""The guest list for a spreadsheet."""

import csv
import io

import pytest

from services.events.documents.guest_list_csv import guest_list_csv
from services.events.domain.guest_list import GuestList
from tests.unit.events.guests import five_hundred, guest_list, party


def rows_of(guests: GuestList) -> list[dict[str, str]]:
    text = guest_list_csv(guests).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def test_it_begins_with_a_byte_order_mark_and_has_semicolons() -> None:
    data = guest_list_csv(guest_list(party("Åse Ødegård")))
    assert data.startswith(b"\xef\xbb\xbfEtternamn;")
    assert "Ødegård;Åse;100001;2;0;2".encode() in data


def test_every_line_is_a_party_and_the_totals_can_be_summed_up() -> None:
    guests = five_hundred()
    rows = rows_of(guests)
    assert len(rows) == 500
    assert sum(int(row["Billettar"]) for row in rows) == guests.total_tickets
    assert [row["Etternamn"] for row in rows][-1] in {"Åsen", "Aasen"}


@pytest.mark.parametrize(
    "name",
    ["=cmd()", "+1", "-2+3", "@SUM(A1)", "\t=1", "  =1", "＝1", "Kari =HYPERLINK()"],  # noqa: RUF001 - on purpose
)
def test_no_name_is_a_formula(name: str) -> None:
    [row] = rows_of(guest_list(party(name)))
    for cell in row.values():
        assert not cell.strip().startswith(("=", "+", "-", "@", "＝")), cell  # noqa: RUF001 - on purpose


def test_a_name_with_semicolon_and_quote_stays_in_its_cell() -> None:
    [row] = rows_of(guest_list(party('Kari "K;ri" Li;e')))
    assert (row["Etternamn"], row["Førenamn"]) == ("Li;e", 'Kari "K;ri"')
