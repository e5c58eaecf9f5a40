"""The guest list for a spreadsheet."""

import csv
import io
import re

from services.events.documents.dates import sortable_time
from services.events.domain.guest_list import GuestList, GuestParty, names_of

_HEADER = (
    "Etternamn",
    "Førenamn",
    "Kundenummer",
    "Billettar",
    "Inne",
    "Står att",
    "Brukt i appen",
    "Kodar",
    "Sist inne",
    "Eining",
    "Avvik",
)
_SIGNS = "=+@-\uff1d\uff0b\uff20\uff0d\ufe66\ufe62\ufe6b\ufe63"
"""What a formula begins with; also wide and small, which some spreadsheets take for the same."""
_FORMULA = re.compile(rf"(^|[,;|]) *(?=[{re.escape(_SIGNS)}])")
"""Where a formula begins: with the text, or where another program may begin a new cell."""
_BOM = "\ufeff"


def guest_list_csv(guest_list: GuestList) -> bytes:
    """Returns the parties by surname: UTF-8 with a byte order mark, semicolons, a line each.

    Times are those of Norwegian clocks, as 2026-12-05 19:00. There is no line of totals, so that
    every line is a party and can be sorted and summed up.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(_HEADER)
    for party in guest_list.in_order():
        writer.writerow([_harmless(cell) for cell in _cells(party)])
    return (_BOM + out.getvalue()).encode()


def _cells(party: GuestParty) -> tuple[str | int, ...]:
    surname, given_names = names_of(party.name)
    last_admitted = sortable_time(party.last_admitted_at) if party.last_admitted_at else ""
    return (
        surname,
        given_names,
        party.customer_number,
        party.tickets,
        party.admitted,
        party.remaining,
        party.used_in_app,
        " ".join(party.codes),
        last_admitted,
        party.last_device,
        "ja" if party.conflict else "",
    )


def _harmless(cell: str | int) -> str | int:
    """Keeps a spreadsheet from taking a text for a formula (OWASP, CSV Injection)."""
    if not isinstance(cell, str):
        return cell
    text = "".join(sign for sign in cell if sign.isprintable())
    return _FORMULA.sub(r"\1'", text)
