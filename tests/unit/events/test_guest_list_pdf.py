"""The guest list for the printer."""

import io

import pypdf
import pytest

from services.events.documents.guest_list_pdf import guest_list_pdf
from services.events.domain.guest_list import GuestList, names_of
from tests.unit.events.guests import MADE_AT, five_hundred, guest_list, party


def pages_of(guests: GuestList) -> list[str]:
    reader = pypdf.PdfReader(io.BytesIO(guest_list_pdf(guests, MADE_AT)))
    assert {(round(page.mediabox.width), round(page.mediabox.height)) for page in reader.pages} == {
        (595, 842)
    }
    return [page.extract_text() for page in reader.pages]


def test_five_hundred_parties_stand_on_pages_that_print() -> None:
    guests = five_hundred()
    pages = pages_of(guests)

    assert len(pages) < 32
    for number, page in enumerate(pages, 1):
        assert f"side {number}/{len(pages)}" in page
        assert "Versjon 12" in page
    text = "\n".join(pages)
    for each in guests.parties:
        assert each.customer_number in text
        assert all(code in text for code in each.codes)
    assert str(guests.total_tickets) in pages[0]
    assert "Venteliste" in pages[-1]
    assert "Venter" in pages[-1]


def test_norwegian_letters_can_be_read() -> None:
    [page] = pages_of(guest_list(party("Åse Ærø-Øvrebø Aasen"), party("Żółć Đặng", number=2)))
    assert "Haustkonsert på Sæbø" in page
    assert "laurdag 5. desember 2026 kl. 19.00" in page
    assert "Åse Ærø-Øvrebø" in page
    assert "Aasen" in page
    assert names_of("Żółć Đặng")[0] in page


@pytest.mark.parametrize("tickets", [1, 10, 11, 50])
def test_there_is_a_box_for_each_ticket(tickets: int) -> None:
    def boxes(guests: GuestList) -> int:
        reader = pypdf.PdfReader(io.BytesIO(guest_list_pdf(guests, MADE_AT)))
        return sum(page.get_contents().get_data().count(b" re ") for page in reader.pages if page)  # pyright: ignore[reportOptionalMemberAccess]

    assert boxes(guest_list(party("Kari Lie", tickets=tickets))) == tickets


def test_a_list_without_guests_says_so() -> None:
    [page] = pages_of(guest_list())
    assert "Ingen har reservert billettar enno." in page


def test_a_name_that_is_too_long_is_cut() -> None:
    [page] = pages_of(guest_list(party("Wilhelmina " * 20 + "Storelva")))
    assert "Storelva" in page
    assert "…" in page


def test_the_same_list_is_the_same_file() -> None:
    guests = guest_list(party("Kari Lie"))
    assert guest_list_pdf(guests, MADE_AT) == guest_list_pdf(guests, MADE_AT)
