"""The guest list for a spreadsheet."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime

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


FORMULA_SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe63"


@pytest.mark.parametrize("sign", FORMULA_SIGNS)
@pytest.mark.parametrize(
    "before", ["", "  ", "\t", "\r\n", "\u00a0", "\u200b", "\ufeff", "Kari "], ids=ascii
)
def test_no_name_is_a_formula(before: str, sign: str) -> None:
    [row] = rows_of(guest_list(party(f"{before}{sign}cmd()")))

    assert row["Etternamn"] == f"'{sign}cmd()"
    assert row["Førenamn"] == before.strip("\t\r\n \u00a0\u200b\ufeff")


@pytest.mark.parametrize("separator", [",", ";", "|"])
def test_no_name_becomes_a_formula_where_another_separator_is_expected(separator: str) -> None:
    name = f"Kari{separator}=cmd()"
    [row] = rows_of(guest_list(party(name)))

    assert row["Etternamn"] == name.replace("=", "'=")


def test_a_device_is_no_formula() -> None:
    [row] = rows_of(guest_list(replace(party("Kari Lie"), last_device="\t@SUM(A1:A9)")))

    assert row["Eining"] == "'@SUM(A1:A9)"


def test_names_that_are_no_formulas_stay_as_they_are() -> None:
    [row] = rows_of(guest_list(party("Anne-Grethe O'Brien-Lie")))

    assert (row["Etternamn"], row["Førenamn"]) == ("O'Brien-Lie", "Anne-Grethe")


def test_times_are_those_of_norwegian_clocks() -> None:
    admitted = replace(party("Kari Lie"), last_admitted_at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    [row] = rows_of(guest_list(admitted))

    assert row["Sist inne"] == "2026-07-02 00:30"


def test_lines_end_as_spreadsheets_expect() -> None:
    lines = guest_list_csv(guest_list(party("Kari Lie"))).split(b"\r\n")

    assert len(lines) == 3
    assert lines[-1] == b""
    assert b"\n" not in b"".join(lines)


def test_a_name_with_semicolon_and_quote_stays_in_its_cell() -> None:
    [row] = rows_of(guest_list(party('Kari "K;ri" Li;e')))
    assert (row["Etternamn"], row["Førenamn"]) == ("Li;e", 'Kari "K;ri"')
