"""The guest list for the printer."""

import io
import re
from dataclasses import replace

import pypdf
import pytest

from services.events.documents.guest_list_pdf import guest_list_pdf
from services.events.domain.guest_list import GuestList, WaitingParty, names_of
from tests.unit.events.guests import MADE_AT, five_hundred, guest_list, party


def pages_of(guests: GuestList) -> list[str]:
    reader = pypdf.PdfReader(io.BytesIO(guest_list_pdf(guests, MADE_AT)))
    assert {(round(page.mediabox.width), round(page.mediabox.height)) for page in reader.pages} == {
        (595, 842)
    }
    return [_with_whole_names(page.extract_text()) for page in reader.pages]


def _with_whole_names(text: str) -> str:
    """Surnames are bold, and the reader breaks lines between weights."""
    return text.replace("\n, ", ", ").replace("\n ", "\n")


def test_five_hundred_parties_stand_on_pages_that_print() -> None:
    guests = five_hundred()
    pages = pages_of(guests)

    assert len(pages) <= 23
    for number, page in enumerate(pages, 1):
        assert f"side {number}/{len(pages)}" in page
        assert "Versjon 12  ·  laga tysdag 24. november 2026 kl. 12.02" in page
    text = "\n".join(pages)
    for each in guests.parties:
        surname, given_names = names_of(each.name)
        assert f"{surname}, {given_names}\n{each.customer_number}\n" in text
        assert all(code in text for code in each.codes)


def test_the_first_page_says_how_many_come() -> None:
    guests = replace(
        guest_list(party("Kari Lie", tickets=41, admitted=17), party("Ola Lie", number=2)),
        unknown_tickets=5,
    )
    [page] = pages_of(guests)

    for figure in ("600\nplassar", "2\nfølgje", "43\nbillettar", "17\ninne"):
        assert figure in page
    assert "5 sleppte inn med ukjend billett" in page
    assert "laurdag 5. desember 2026 kl. 19.00  ·  Ørsta kulturhus" in page


def test_pages_say_from_whom_to_whom_they_go() -> None:
    surnames = [f"{letter}{number:02d}" for letter in "ABCÆÅ" for number in range(13)]
    parties = [party(f"Kari {surname}", number=n) for n, surname in enumerate(surnames)]
    _, *pages = pages_of(guest_list(*parties))

    assert len(pages) == 2
    for page in pages:
        first, *_, last = re.findall(r"(\w+), Kari", page)
        assert f"\n{first} – {last}\n" in page  # noqa: RUF001 - from, to


def test_who_waits_stands_behind_on_a_page_of_their_own() -> None:
    waiting = (
        WaitingParty(1, "200001", "Ola Venter", 4, 2, 3, MADE_AT),
        WaitingParty(2, "200002", "", 1, 1, 0, None),
    )
    guests, behind = pages_of(guest_list(party("Kari Lie"), waiting=waiting))

    assert "Venter" not in guests
    assert "Venteliste" in behind
    assert "1\nVenter, Ola\n200001\n4\n2\n3 til 24.11. kl. 12.02\n" in behind
    assert "2\n(namnet er ukjent)\n200002\n1\n1\n" in behind


def test_letters_of_norway_and_its_neighbours_can_be_read() -> None:
    names = ["Åse Ærø-Øvrebø", "Żółć Đặng", "Áhkká Ŋađđat", "Олександр Шевченко", "Νίκος Παππάς"]
    [page] = pages_of(guest_list(*(party(name, number=n) for n, name in enumerate(names))))

    assert "Haustkonsert på Sæbø" in page
    for name in names:
        surname, given_names = names_of(name)
        assert f"{surname}, {given_names}\n" in page


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("王小明", "(namn med andre skriftteikn)"),
        ("محمد علي", "(namn med andre skriftteikn)"),
        ("Kari 王", "?, Kari"),
        ("Kari\u200b Lie\u0301\u0323", "Liẹ, Kari"),
        ("Kari Lie 😀", "?, Kari Lie"),
        ("", "(namnet er ukjent)"),
    ],
)
def test_a_name_that_cannot_be_printed_leaves_no_empty_boxes(name: str, shown: str) -> None:
    [page] = pages_of(guest_list(party(name)))

    assert f"{shown}\n100001\n" in page


def drawn(guests: GuestList) -> bytes:
    reader = pypdf.PdfReader(io.BytesIO(guest_list_pdf(guests, MADE_AT)))
    contents = [page.get_contents() for page in reader.pages]
    return b"".join(content.get_data() for content in contents if content is not None)


def boxes(guests: GuestList) -> int:
    return drawn(guests).count(b" re ")


def ticks(guests: GuestList) -> int:
    thickness_of_a_tick = b"1.7 w"
    return drawn(guests).count(thickness_of_a_tick)


def test_no_box_is_drawn_into_the_foot_of_a_page() -> None:
    heights = re.findall(rb"\S+ (\S+) 12 12 re ", drawn(five_hundred()))

    assert min(map(float, heights)) > 46


@pytest.mark.parametrize("tickets", [1, 10, 11, 50])
def test_there_is_a_box_for_each_ticket(tickets: int) -> None:
    guests = guest_list(party("Kari Lie", tickets=tickets))

    assert (boxes(guests), ticks(guests)) == (tickets, 0)


@pytest.mark.parametrize("admitted", [1, 5, 12])
def test_the_boxes_of_who_is_in_are_ticked(admitted: int) -> None:
    guests = guest_list(party("Kari Lie", tickets=12, admitted=admitted))

    assert (boxes(guests), ticks(guests)) == (12, admitted)


def test_what_staff_should_know_of_a_party_stands_beside_it() -> None:
    at_the_door = replace(party("Kari Lie", admitted=1), last_admitted_at=MADE_AT, used_in_app=2)
    crowd = party("Ola Lie", tickets=2, admitted=5, number=2)
    [page] = pages_of(guest_list(at_the_door, crowd))

    assert "2 brukt i appen  ·  inne 24.11. kl. 12.02" in page
    assert "3 for mange inne  ·  avvik, må sjekkast" in page


def test_a_list_without_guests_says_so() -> None:
    [page] = pages_of(guest_list())

    assert "Ingen har reservert billettar enno." in page
    assert "side 1/1" in page


def test_a_long_name_stands_there_whole() -> None:
    [page] = pages_of(guest_list(party("Wilhelmina " * 17 + "Storelva")))

    assert "Storelva" in page
    assert page.count("Wilhelmina") == 17


def test_only_a_word_without_end_is_cut() -> None:
    [page] = pages_of(guest_list(party("Kari " + "Storelva" * 24)))

    assert "StorelvaStorelva" in page
    assert "…" in page
    assert "Kari" in page


def test_the_same_list_is_the_same_file() -> None:
    guests = five_hundred()

    assert guest_list_pdf(guests, MADE_AT) == guest_list_pdf(guests, MADE_AT)
