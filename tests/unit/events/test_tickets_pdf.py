"""Tickets for the printer."""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pypdf
import pytest
import zxingcpp
from PIL import Image

from kit.ids import SystemIds
from kit.texts import Language
from services.events.documents.file_names import guest_list_file_name, tickets_file_name
from services.events.documents.tickets_pdf import tickets_pdf
from services.events.domain.event import LONGEST_TITLE, LONGEST_VENUE
from services.events.domain.ticket_sheet import TicketSheet
from services.events.domain.tickets import Reservation, Status, new_tickets
from tests.unit.events.guests import guest_list
from tests.unit.events.samples import EVENT

WIDTH, HEIGHT = 595, 842
STARTS_AT = datetime(2026, 12, 5, 18, tzinfo=UTC)


def sheet(
    tickets: int = 1,
    *,
    title: str = "Haustkonsert på Sæbø",
    venue: str = "Ørsta kulturhus",
    name: str = "Kari Nordmann",
) -> TicketSheet:
    event = replace(EVENT, title=title, venue=venue, starts_at=STARTS_AT)
    reservation = Reservation(UUID(int=1), event.id, UUID(int=2), Status.ACTIVE, tickets, STARTS_AT)
    return TicketSheet(event, reservation, name, new_tickets(reservation.id, tickets, SystemIds()))


def pages_of(printed: TicketSheet, language: Language = "nn") -> Sequence[pypdf.PageObject]:
    reader = pypdf.PdfReader(io.BytesIO(tickets_pdf(printed, language)))
    assert {(round(page.mediabox.width), round(page.mediabox.height)) for page in reader.pages} == {
        (WIDTH, HEIGHT)
    }
    return reader.pages


def texts_of(printed: TicketSheet, language: Language = "nn") -> list[str]:
    return [page.extract_text() for page in pages_of(printed, language)]


def heights_of(page: pypdf.PageObject) -> Mapping[str, float]:
    """Returns how high each text stands on a page."""
    heights: dict[str, float] = {}

    def note(text: str, _: object, matrix: Sequence[float], *_more: object) -> None:
        heights[text.strip()] = matrix[5]

    page.extract_text(visitor_text=note)
    return heights


def seen_on(page: pypdf.PageObject, scale: float) -> Image.Image:
    """Draws what is filled on a page, and the lines to cut along, so many pixels a point."""
    contents = page.get_contents()
    assert contents is not None
    drawn = contents.get_data().decode("latin-1")
    image = Image.new("L", (round(WIDTH * scale), round(HEIGHT * scale)), 255)

    def fill(left: float, bottom: float, width: float, height: float) -> None:
        top = HEIGHT - bottom - height
        right, bottom = left + width, top + height
        image.paste(
            0,
            (round(left * scale), round(top * scale), round(right * scale), round(bottom * scale)),
        )

    for place in re.findall(r"(\S+) (\S+) (\S+) (\S+) re\b", drawn):
        fill(*map(float, place))
    for left, bottom, right in re.findall(r"n (\S+) (\S+) m (\S+) \2 l S", drawn):
        fill(float(left), float(bottom), float(right) - float(left), 0.5)
    return image


@pytest.mark.parametrize(
    ("tickets", "on_pages"), [(1, [1]), (3, [3]), (4, [3, 1]), (10, [3, 3, 3, 1])]
)
@pytest.mark.parametrize("scale", [1, 3])
def test_a_scanner_reads_every_token_and_the_pages_are_full(
    tickets: int, on_pages: list[int], scale: float
) -> None:
    printed = sheet(tickets)
    read = [zxingcpp.read_barcodes(seen_on(page, scale)) for page in pages_of(printed)]

    assert [len(codes) for codes in read] == on_pages
    assert sorted(code.text for codes in read for code in codes) == sorted(
        ticket.token_text for ticket in printed.tickets
    )


def test_a_code_is_six_centimetres_wide() -> None:
    [code] = zxingcpp.read_barcodes(seen_on(pages_of(sheet())[0], 3))
    width = (code.position.top_right.x - code.position.top_left.x) / 3
    assert 60 <= width / 72 * 25.4 <= 62


def test_nothing_is_drawn_into_the_quiet_zone_of_a_code() -> None:
    image = seen_on(pages_of(sheet(3))[0], 3)
    codes = zxingcpp.read_barcodes(image)
    assert len(codes) == 3
    for code in codes:
        corner, end = code.position.top_left, code.position.bottom_right
        module = (end.x - corner.x) / 29
        quiet = round(3.9 * module)
        around = image.crop((corner.x - quiet, corner.y - quiet, end.x + quiet, end.y + quiet))
        code_alone = Image.new("L", around.size, 255)
        inner = image.crop((corner.x - 2, corner.y - 2, end.x + 2, end.y + 2))
        code_alone.paste(inner, (quiet - 2, quiet - 2))
        assert around.tobytes() == code_alone.tobytes()


def test_each_ticket_says_what_it_is_for_and_which_it_is() -> None:
    printed = sheet(4)
    text = "\n".join(texts_of(printed))

    for number, ticket in enumerate(printed.tickets, 1):
        assert text.count(ticket.code_text) == 1
        assert f"Billett {number} av 4\n" in text
    for said in ("Haustkonsert på Sæbø", "Ørsta kulturhus", "Kari Nordmann"):
        assert text.count(said) == 4
    assert text.count("Laurdag 5. desember 2026 kl. 19.00") == 4


def test_a_code_that_is_read_aloud_stands_under_the_code_that_is_scanned() -> None:
    printed = sheet(3)
    [page] = pages_of(printed)
    heights = heights_of(page)
    tokens = {ticket.token_text: ticket.code_text for ticket in printed.tickets}
    for code in zxingcpp.read_barcodes(seen_on(page, 3)):
        bottom = HEIGHT - code.position.bottom_left.y / 3
        assert 24 < bottom - heights[tokens[code.text]] < 48


def test_pages_are_numbered() -> None:
    for number, text in enumerate(texts_of(sheet(10)), 1):
        assert f"side {number}/4" in text
    assert "side 1/1" in texts_of(sheet(3))[0]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "nn",
            [
                "Laurdag 5. desember 2026 kl. 19.00",
                "Billett 1 av 1",
                "Vis koden i døra. Éin gjest per billett.",
                "Kan du ikkje kome?",
                "side 1/1",
            ],
        ),
        (
            "nb",
            [
                "Lørdag 5. desember 2026 kl. 19.00",
                "Billett 1 av 1",
                "Vis koden i døren. Én gjest per billett.",
                "Kan du ikke komme?",
                "side 1/1",
            ],
        ),
        (
            "en",
            [
                "Saturday 5 December 2026 at 19:00",
                "Ticket 1 of 1",
                "Show the code at the door. One guest per ticket.",
                "Can't make it?",
                "page 1/1",
            ],
        ),
    ],
)
def test_tickets_are_written_in_three_languages(language: Language, said: list[str]) -> None:
    [text] = texts_of(sheet(), language)
    for each in said:
        assert each in text
    reader = pypdf.PdfReader(io.BytesIO(tickets_pdf(sheet(), language)))
    assert str(reader.root_object["/Lang"])[:2] == language


def test_the_longest_texts_stand_there_whole() -> None:
    words = (
        "Julekonsert med mannskor, vokalensemble og gjestesolistar for store og små i heile bygda, "
    )
    title = (words * 2)[: LONGEST_TITLE - 1] + "!"
    venue = (words * 3)[: LONGEST_VENUE - 1] + "!"
    name = "Wilhelmina Alexandra Storelvmo-Ødegårdstrand den yngre av Hjørundfjorden og Sunnmøre"
    [text] = texts_of(sheet(3, title=title, venue=venue, name=name))
    in_one_line = re.sub(r"\s+", " ", text)
    for each in (title, venue, name):
        assert in_one_line.count(each) == 3


def test_a_long_word_is_written_smaller_before_it_is_cut() -> None:
    word = "Sunnmørsfestspelopningskonsertkveld"
    [text] = texts_of(sheet(title=word))
    assert f"\n{word}\n" in text


def test_what_does_not_fit_in_the_smallest_letters_ends_in_dots() -> None:
    words = "MMMMMMMMMM " * 11
    [text] = texts_of(sheet(title=words.strip()))
    [title] = re.findall(r"Kraftklubben\n((?:MMM.*\n)+)", text)
    *others, last = title.splitlines()
    assert len(others) == 2
    assert last.endswith("M…")


def test_a_word_that_is_too_long_leaves_no_empty_line_below_it() -> None:
    [page] = pages_of(sheet(title="Konsert" * 17, venue="Ørsta" * 40))
    heights = heights_of(page)
    title, when, venue, name = (
        next(height for text, height in heights.items() if text.startswith(beginning))
        for beginning in ("KonsertKonsert", "Laurdag", "ØrstaØrsta", "Kari")
    )
    assert title - when < 30
    assert venue - name < 30


def test_only_a_word_without_end_is_cut() -> None:
    [text] = texts_of(sheet(title="Konsert" * 17, venue="Ørsta" * 40))
    assert len(re.findall(r"KonsertKonsert\w*…", text)) == 1
    assert len(re.findall(r"ØrstaØrsta\w*…", text)) == 1


@pytest.mark.parametrize("name", ["", "王小明", "😀"])
def test_a_name_that_cannot_be_printed_is_left_out(name: str) -> None:
    [text] = texts_of(sheet(name=name))
    assert "Ørsta kulturhus\nBillett 1 av 1\n" in text
    assert "?" not in text.replace("Kan du ikkje kome?", "")


def test_everything_is_black_or_grey() -> None:
    contents = pages_of(sheet(3))[0].get_contents()
    assert contents is not None
    colours = re.findall(rb"\s(g|G|rg|RG|k|K|sc|SC|scn|SCN|Do)\s", contents.get_data())
    assert colours
    assert set(colours) <= {b"g", b"G"}


def test_the_same_tickets_are_the_same_file() -> None:
    printed = sheet(4)
    assert tickets_pdf(printed, "nn") == tickets_pdf(printed, "nn")


@pytest.mark.parametrize(
    ("title", "named"),
    [
        ("Haustkonsert på Sæbø", "haustkonsert-pa-saebo-"),
        ("Sjå & høyr: «Ål» 2/3!", "sja-hoyr-al-2-3-"),
        ('../../etc/passwd\r\n"', "etc-passwd-"),
        ("Café Łódź", "cafe-lodz-"),
        ("王小明", ""),
        ("a" * 120, "a" * 50 + "-"),
    ],
)
def test_files_are_named_in_letters_that_every_mail_program_keeps(title: str, named: str) -> None:
    event, guests = sheet(title=title).event, replace(guest_list(), title=title)
    assert tickets_file_name(event, "nn") == f"billettar-{named}2026-12-05.pdf"
    assert tickets_file_name(event, "nb") == f"billetter-{named}2026-12-05.pdf"
    assert tickets_file_name(event, "en") == f"tickets-{named}2026-12-05.pdf"
    assert guest_list_file_name(guests, "csv") == f"gjesteliste-{named}2026-12-05-v12.csv"


def test_a_file_is_named_by_the_day_in_norway() -> None:
    late = replace(EVENT, starts_at=datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    assert tickets_file_name(late, "nn") == "billettar-haustkonsert-2027-01-01.pdf"
