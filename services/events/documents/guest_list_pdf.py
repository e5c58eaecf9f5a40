"""The guest list for the printer: A4, for staff with a pen at a dark door."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from services.events.documents.dates import date_and_time, short_time
from services.events.documents.pen import (
    BLACK,
    BOLD,
    GREY,
    HEIGHT,
    LEFT,
    REGULAR,
    RIGHT,
    Pen,
    fitting,
    fonts,
    lines_of,
    printable,
    width_of,
)
from services.events.domain.guest_list import (
    GuestList,
    GuestParty,
    WaitingParty,
    guide_letter,
    names_of,
)

BOTTOM = 46.0
BELOW_TITLE = HEIGHT - 128
BELOW_HEAD = HEIGHT - 74

NAMES, NAMES_END = 64.0, 350.0
COUNT = 378.0
BOXES, BOX_STEP, BOXES_IN_LINE, GAP_AFTER_FIVE = 391.0, 16.0, 10, 4.0
NAME_SIZE, NAME_LINE = 12.0, 14.0
SMALL_SIZE, SMALL_LINE = 7.5, 9.5
CODES_IN_LINE = 6
LOWEST_ROW = 29.0

WAITING_NAMES_END, WANTED, LEAST = 284.0, 388.0, 424.0
LARGEST_TITLE, SMALLEST_TITLE = 21.0, 13.0


@dataclass(frozen=True, slots=True)
class _Row:
    """A part of a page that is not broken.

    Attributes:
        height: Its height, in points.
        draw: Draws it below a height.
        letter: Under which it is looked up.
        surname: Whom it is about, for the head of the page.
    """

    height: float
    draw: Callable[[Pen, float], None]
    letter: str = ""
    surname: str = ""


def guest_list_pdf(guest_list: GuestList, made_at: datetime) -> bytes:
    """Returns the guest list: by surname, a box for each ticket, the waiting list behind.

    A name in letters that the font lacks is left to the customer number; the CSV has it.

    Args:
        guest_list: Who may come in.
        made_at: When the list was made, which it says.
    """
    with fonts():
        return _drawn(guest_list, made_at)


def _drawn(guest_list: GuestList, made_at: datetime) -> bytes:
    guests = [_party_row(party) for party in guest_list.in_order()]
    waiting = [_waiting_row(party) for party in guest_list.waiting]
    guest_pages = _pages(guests or [_note_row("Ingen har reservert billettar enno.")], BELOW_TITLE)
    waiting_pages = _pages(waiting, BELOW_HEAD)

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True, pageCompression=1, lang="nn-NO")
    canvas.setTitle(f"Gjesteliste: {guest_list.title}")
    canvas.setSubject(f"Versjon {guest_list.version}")
    pen = Pen(canvas)
    foot = f"Versjon {guest_list.version}  ·  laga {date_and_time(made_at)}"
    last = len(guest_pages) + len(waiting_pages)
    for number, rows in enumerate([*guest_pages, *waiting_pages], 1):
        if number == 1:
            top = _title(pen, guest_list, made_at)
        elif number <= len(guest_pages):
            top = _guest_head(pen, guest_list, rows)
        else:
            top = _waiting_head(pen, guest_list)
        (_guest_columns if number <= len(guest_pages) else _waiting_columns)(pen, top)
        _draw_rows(pen, top, rows)
        pen.text(LEFT, 28, foot, 8, grey=GREY)
        pen.text(RIGHT, 28, f"side {number}/{last}", 9, right=True)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _pages(rows: Sequence[_Row], first_top: float) -> list[list[_Row]]:
    pages: list[list[_Row]] = []
    top = BOTTOM
    for row in rows:
        if not pages or top - row.height < BOTTOM:
            top = BELOW_HEAD if pages else first_top
            pages.append([])
        pages[-1].append(row)
        top -= row.height
    return pages


def _draw_rows(pen: Pen, top: float, rows: Sequence[_Row]) -> None:
    letter = ""
    for row in rows:
        if row.letter != letter:
            letter = row.letter
            pen.text(LEFT, top - 16, letter, 16, weight=BOLD, grey=GREY)
        row.draw(pen, top)
        top -= row.height
        pen.rule(top)


def _party_row(party: GuestParty) -> _Row:
    number_room = width_of(party.customer_number, 9) + 10
    names = _name_lines(party.name, NAME_SIZE, NAMES_END - NAMES - number_room)
    codes = [
        "   ".join(party.codes[start : start + CODES_IN_LINE])
        for start in range(0, len(party.codes), CODES_IN_LINE)
    ]
    remarks = _remarks(party)
    boxes = max(party.tickets, party.admitted)
    box_lines = max(-(-boxes // BOXES_IN_LINE), 1)
    below_names = NAME_LINE * len(names) - 1
    below_boxes = BOX_STEP * box_lines
    height = max(
        below_names + SMALL_LINE * len(codes) + 6,
        below_boxes + SMALL_LINE * len(remarks) + 4,
        LOWEST_ROW,
    )

    def draw(pen: Pen, top: float) -> None:
        _draw_name(pen, top - NAME_LINE + 1, names, NAME_SIZE)
        pen.text(NAMES_END, top - NAME_LINE + 1, party.customer_number, 9, right=True)
        for line, text in enumerate(codes, 1):
            pen.text(NAMES, top - below_names - SMALL_LINE * line, text, SMALL_SIZE, grey=GREY)
        pen.text(COUNT, top - 17, str(party.tickets), 16, weight=BOLD, right=True)
        for place in range(boxes):
            line, column = divmod(place, BOXES_IN_LINE)
            x = BOXES + column * BOX_STEP + (GAP_AFTER_FIVE if column >= BOXES_IN_LINE // 2 else 0)
            pen.box(x, top - BOX_STEP * (line + 1), ticked=place < party.admitted)
        weight = BOLD if party.over or party.conflict else REGULAR
        for line, text in enumerate(remarks, 1):
            y = top - below_boxes - SMALL_LINE * line
            pen.text(BOXES, y, text, SMALL_SIZE, weight=weight)

    surname, _ = names_of(printable(party.name))
    return _Row(height, draw, printable(guide_letter(party.name)), surname or "utan namn")


def _remarks(party: GuestParty) -> list[str]:
    """Returns what staff should know: on one line, or on a line each."""
    remarks: list[str] = []
    if party.over:
        remarks.append(f"{party.over} for mange inne")
    if party.conflict:
        remarks.append("avvik, må sjekkast")
    if party.used_in_app:
        remarks.append(f"{party.used_in_app} brukt i appen")
    if party.admitted and party.last_admitted_at:
        remarks.append(f"inne {short_time(party.last_admitted_at)}")
    together = "  ·  ".join(remarks)
    fits = width_of(together, SMALL_SIZE, BOLD) <= RIGHT - BOXES
    return [together] if remarks and fits else remarks


def _name_lines(name: str, size: float, room: float) -> list[tuple[str, str]]:
    """Returns what stands on each line, first bold and then plain."""
    surname, given_names = names_of(printable(name))
    if not surname:
        return [("", "(namnet er ukjent)")]
    if not any(sign.isalnum() for sign in surname + given_names):
        return [("", "(namn med andre skriftteikn)")]
    rest = f", {given_names}" if given_names else ""
    if width_of(surname, size, BOLD) + width_of(rest, size) <= room:
        return [(surname, rest)]
    surname = fitting(surname, size, room - width_of(",", size), BOLD)
    return [(surname, rest[:1]), *(("", line) for line in lines_of(given_names, size, room))]


def _draw_name(pen: Pen, y: float, lines: Sequence[tuple[str, str]], size: float) -> None:
    for line, (bold, plain) in enumerate(lines):
        line_y = y - line * size * NAME_LINE / NAME_SIZE
        end = pen.text(NAMES, line_y, bold, size, weight=BOLD)
        pen.text(end, line_y, plain, size)


def _waiting_row(party: WaitingParty) -> _Row:
    size = 10.5
    names = _name_lines(party.name, size, WAITING_NAMES_END - NAMES)
    height = 20 + (len(names) - 1) * size * NAME_LINE / NAME_SIZE

    def draw(pen: Pen, top: float) -> None:
        y = top - 14
        pen.text(NAMES - 8, y, str(party.place), 10, right=True)
        _draw_name(pen, y, names, size)
        pen.text(WAITING_NAMES_END + 8, y, party.customer_number, 9)
        pen.text(WANTED, y, str(party.wanted), 12, weight=BOLD, right=True)
        pen.text(LEAST, y, str(party.least), size, right=True)
        if party.offered and party.offer_expires_at:
            offer = f"{party.offered} til {short_time(party.offer_expires_at)}"
            pen.text(RIGHT, y, offer, 9, right=True)

    return _Row(height, draw)


def _note_row(text: str) -> _Row:
    def draw(pen: Pen, top: float) -> None:
        pen.text(NAMES, top - 24, text, 11)

    return _Row(40, draw)


def _title(pen: Pen, guest_list: GuestList, made_at: datetime) -> float:
    y = HEIGHT - 58
    figures = [
        (guest_list.capacity, "plassar"),
        (len(guest_list.parties), "følgje"),
        (guest_list.total_tickets, "billettar"),
    ]
    if guest_list.total_admitted:
        figures.append((guest_list.total_admitted, "inne"))
    x = RIGHT
    for number, label in figures:
        pen.text(x, y, str(number), LARGEST_TITLE, weight=BOLD, right=True)
        pen.text(x, y - 12, label, 8.5, grey=GREY, right=True)
        x -= max(width_of(str(number), LARGEST_TITLE, BOLD), width_of(label, 8.5)) + 16
    room = x - LEFT
    title, size = printable(guest_list.title), LARGEST_TITLE
    while size > SMALLEST_TITLE and width_of(title, size, BOLD) > room:
        size -= 1
    pen.text(LEFT, y, fitting(title, size, room, BOLD), size, weight=BOLD)
    where = f"{date_and_time(guest_list.starts_at)}  ·  {printable(guest_list.venue)}"
    pen.text(LEFT, y - 19, fitting(where, 10.5, room), 10.5)
    made = f"Gjesteliste, versjon {guest_list.version}  ·  laga {date_and_time(made_at)}"
    end = pen.text(LEFT, y - 34, made, 8.5, grey=GREY)
    if guest_list.unknown_tickets:
        unknown = f"  ·  {guest_list.unknown_tickets} sleppte inn med ukjend billett"
        pen.text(end, y - 34, unknown, 8.5, weight=BOLD)
    return BELOW_TITLE


def _guest_head(pen: Pen, guest_list: GuestList, rows: Sequence[_Row]) -> float:
    y = HEIGHT - 44
    end = pen.text(LEFT, y, fitting(printable(guest_list.title), 10, 220), 10)
    pen.text(end + 8, y, short_time(guest_list.starts_at), 10, grey=GREY)
    surnames = dict.fromkeys(fitting(row.surname, 13, 105, BOLD) for row in (rows[0], rows[-1]))
    pen.text(RIGHT, y, " – ".join(surnames), 13, weight=BOLD, right=True)  # noqa: RUF001 - from, to
    return BELOW_HEAD


def _waiting_head(pen: Pen, guest_list: GuestList) -> float:
    y = HEIGHT - 44
    pen.text(LEFT, y, "Venteliste", 13, weight=BOLD)
    where = f"{fitting(printable(guest_list.title), 10, 280)}   {short_time(guest_list.starts_at)}"
    pen.text(RIGHT, y, where, 10, right=True)
    return BELOW_HEAD


def _guest_columns(pen: Pen, top: float) -> None:
    pen.text(NAMES, top + 6, "Namn og kodar", 8, grey=GREY)
    pen.text(NAMES_END, top + 6, "Kundenummer", 8, grey=GREY, right=True)
    pen.text(BOXES, top + 6, "Kryss av for kvar gjest", 8, grey=GREY)
    pen.rule(top, BLACK, 1)


def _waiting_columns(pen: Pen, top: float) -> None:
    pen.text(NAMES, top + 6, "Namn", 8, grey=GREY)
    pen.text(WAITING_NAMES_END + 8, top + 6, "Kundenummer", 8, grey=GREY)
    pen.text(WANTED, top + 6, "Vil ha", 8, grey=GREY, right=True)
    pen.text(LEAST, top + 6, "Minst", 8, grey=GREY, right=True)
    pen.text(RIGHT, top + 6, "Tilbod", 8, grey=GREY, right=True)
    pen.rule(top, BLACK, 1)
