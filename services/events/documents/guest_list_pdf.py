"""The guest list for the printer: A4, for staff with a pen at a dark door."""

# ReportLab's fonts come without types.
# pyright: reportUnknownMemberType=false

import io
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from services.events.documents.norwegian import date_and_time, short_time
from services.events.domain.guest_list import (
    GuestList,
    GuestParty,
    WaitingParty,
    guide_letter,
    names_of,
)

WIDTH, HEIGHT = A4
LEFT, RIGHT = 40.0, WIDTH - 40.0
BOTTOM = 48.0
BELOW_TITLE = HEIGHT - 128
BELOW_HEAD = HEIGHT - 74

NAMES, NAMES_END = 64.0, 348.0
COUNT = 380.0
BOXES = 394.0
BOX, BOX_STEP, BOXES_IN_LINE = 11.0, 16.0, 10
LINE = 10.0
SMALLEST_TITLE = 13.0
ROOM_FOR_A_NAME = 20.0
BLACK, GREY, PALE = 0.0, 0.42, 0.85

REGULAR, BOLD = "Regular", "Bold"
_one_at_a_time = threading.Lock()
"""ReportLab's fonts are not made for two threads at once."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A part of a page that is not broken.

    Attributes:
        height: Its height, in points.
        draw: Draws it below a height.
        letter: Under which it is looked up.
    """

    height: float
    draw: Callable[["_Pen", float], None]
    letter: str = ""


class _Pen:
    """Writes on a canvas, in two weights of one font."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        weight: str = REGULAR,
        grey: float = BLACK,
        right: bool = False,
    ) -> float:
        """Writes a line, from `x` to the right or up to `x`; returns where it ends."""
        self.canvas.setFont(weight, size)
        self.canvas.setFillGray(grey)
        (self.canvas.drawRightString if right else self.canvas.drawString)(x, y, text)
        return x if right else x + self.width(text, size, weight)

    def width(self, text: str, size: float, weight: str = REGULAR) -> float:
        """Returns how wide a text is."""
        return pdfmetrics.stringWidth(text, weight, size)

    def fitting(self, text: str, size: float, width: float, weight: str = REGULAR) -> str:
        """Returns a text, or as much of it as fits."""
        if self.width(text, size, weight) <= width:
            return text
        while text and self.width(f"{text}…", size, weight) > width:
            text = text[:-1]
        return f"{text}…"

    def rule(self, y: float, grey: float = PALE, thickness: float = 0.5) -> None:
        """Draws a line across the page."""
        self.canvas.setStrokeGray(grey)
        self.canvas.setLineWidth(thickness)
        self.canvas.line(LEFT, y, RIGHT, y)

    def box(self, x: float, y: float, *, ticked: bool) -> None:
        """Draws a box to tick."""
        self.canvas.setStrokeGray(BLACK)
        self.canvas.setLineWidth(0.9)
        self.canvas.rect(x, y, BOX, BOX)
        if ticked:
            self.canvas.setLineWidth(1.6)
            self.canvas.line(x + 2, y + 5.5, x + 4.6, y + 2.6)
            self.canvas.line(x + 4.6, y + 2.6, x + 9.4, y + 9)


def guest_list_pdf(guest_list: GuestList, made_at: datetime) -> bytes:
    """Returns the guest list: by surname, a box for each ticket, the waiting list behind.

    Args:
        guest_list: Who may come in.
        made_at: When the list was made, which it says.
    """
    with _one_at_a_time:
        _register_fonts()
        return _drawn(guest_list, made_at)


def _drawn(guest_list: GuestList, made_at: datetime) -> bytes:
    guests = [_party_row(party) for party in guest_list.in_order()]
    waiting = [_waiting_row(party) for party in guest_list.waiting]
    pages = [
        *_pages(guests or [_note_row("Ingen har reservert billettar enno.")], BELOW_TITLE),
        *(_pages(waiting, BELOW_HEAD) if waiting else []),
    ]
    first_waiting = len(pages) - len(_pages(waiting, BELOW_HEAD)) if waiting else len(pages)
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True, pageCompression=1)
    canvas.setTitle(f"Gjesteliste: {guest_list.title}")
    canvas.setSubject(f"Versjon {guest_list.version}")
    pen = _Pen(canvas)
    for number, rows in enumerate(pages):
        if number == 0:
            top = _title(pen, guest_list, made_at)
        else:
            top = _head(pen, guest_list, "Venteliste" if number >= first_waiting else "")
        (_waiting_columns if number >= first_waiting else _guest_columns)(pen, top)
        letter = ""
        for row in rows:
            if row.letter != letter:
                letter = row.letter
                pen.text(LEFT, top - 17, letter, 16, weight=BOLD, grey=GREY)
            row.draw(pen, top)
            top -= row.height
        _foot(pen, guest_list, number + 1, len(pages))
        canvas.showPage()
    canvas.save()
    return out.getvalue()


@cache
def _register_fonts() -> None:
    for name in (REGULAR, BOLD):
        file = resources.files("kundeapp").joinpath(f"fonts/NotoSans-{name}.ttf")
        pdfmetrics.registerFont(TTFont(name, io.BytesIO(file.read_bytes())))


def _pages(rows: Sequence[_Row], first_top: float) -> list[list[_Row]]:
    pages: list[list[_Row]] = [[]]
    top = first_top
    for row in rows:
        if top - row.height < BOTTOM and pages[-1]:
            pages.append([])
            top = BELOW_HEAD
        pages[-1].append(row)
        top -= row.height
    return pages


def _party_row(party: GuestParty) -> _Row:
    code_lines = [
        "   ".join(party.codes[start : start + 5]) for start in range(0, len(party.codes), 5)
    ]
    boxes = max(party.tickets, party.admitted)
    box_lines = -(-boxes // BOXES_IN_LINE)
    height = max(19 + LINE * len(code_lines) + 4, 12 + BOX_STEP * box_lines)

    def draw(pen: _Pen, top: float) -> None:
        _draw_name(pen, party, top - 15)
        y = top - 15
        for codes in code_lines:
            y -= LINE
            pen.text(NAMES, y, codes, 7.5, grey=GREY)
        pen.text(COUNT, top - 18, str(party.tickets), 16, weight=BOLD, right=True)
        for place in range(boxes):
            line, column = divmod(place, BOXES_IN_LINE)
            x, box_y = BOXES + column * BOX_STEP, top - 18 - line * BOX_STEP
            pen.box(x, box_y, ticked=place < party.admitted)
        pen.rule(top - height)

    return _Row(height, draw, guide_letter(party.name))


def _draw_name(pen: _Pen, party: GuestParty, y: float) -> None:
    surname, given_names = names_of(party.name)
    remarks = [party.customer_number]
    if party.used_in_app:
        remarks.append(f"{party.used_in_app} brukt i appen")
    if party.over:
        remarks.append(f"{party.over} for mange inne")
    remark = "  ·  ".join(filter(None, remarks))
    room = NAMES_END - NAMES - pen.width(remark, 8) - 10
    x = NAMES
    if surname:
        shown = pen.fitting(surname, 12, room, BOLD)
        x = pen.text(x, y, shown, 12, weight=BOLD)
        if given_names and room - (x - NAMES) > ROOM_FOR_A_NAME:
            shown = pen.fitting(f", {given_names}", 12, room - (x - NAMES))
            pen.text(x, y, shown, 12)
    else:
        pen.text(x, y, "(namnet er ukjent)", 11, grey=GREY)
    pen.text(NAMES_END, y, remark, 8, grey=GREY, right=True)


def _waiting_row(party: WaitingParty) -> _Row:
    height = 20.0

    def draw(pen: _Pen, top: float) -> None:
        y = top - 14
        pen.text(NAMES - 8, y, str(party.place), 10, weight=BOLD, right=True)
        surname, given_names = names_of(party.name)
        name = f"{surname}, {given_names}" if given_names else surname or "(namnet er ukjent)"
        pen.text(NAMES, y, pen.fitting(name, 10.5, 200), 10.5)
        pen.text(272, y, party.customer_number, 9, grey=GREY)
        pen.text(375, y, str(party.wanted), 10.5, weight=BOLD, right=True)
        pen.text(420, y, str(party.least), 10.5, right=True)
        if party.offered and party.offer_expires_at:
            offer = f"{party.offered} til {short_time(party.offer_expires_at)}"
            pen.text(RIGHT, y, offer, 9, right=True)
        pen.rule(top - height)

    return _Row(height, draw)


def _note_row(text: str) -> _Row:
    def draw(pen: _Pen, top: float) -> None:
        pen.text(NAMES, top - 22, text, 11, grey=GREY)

    return _Row(40, draw)


def _title(pen: _Pen, guest_list: GuestList, made_at: datetime) -> float:
    y = HEIGHT - 58
    room = 355.0
    size = 21.0
    while size > SMALLEST_TITLE and pen.width(guest_list.title, size, BOLD) > room:
        size -= 1
    pen.text(LEFT, y, pen.fitting(guest_list.title, size, room, BOLD), size, weight=BOLD)
    where = f"{date_and_time(guest_list.starts_at)}  ·  {guest_list.venue}"
    pen.text(LEFT, y - 19, pen.fitting(where, 10.5, room), 10.5)
    made = f"Gjesteliste, versjon {guest_list.version}  ·  laga {date_and_time(made_at)}"
    pen.text(LEFT, y - 34, made, 8.5, grey=GREY)
    figures = [
        (guest_list.capacity, "plassar"),
        (len(guest_list.parties), "følgje"),
        (guest_list.total_tickets, "gjester"),
    ]
    x = RIGHT
    for number, label in figures:
        pen.text(x, y, str(number), 21, weight=BOLD, right=True)
        pen.text(x, y - 12, label, 8.5, grey=GREY, right=True)
        x -= max(pen.width(str(number), 21, BOLD), pen.width(label, 8.5)) + 16
    return BELOW_TITLE


def _head(pen: _Pen, guest_list: GuestList, heading: str) -> float:
    y = HEIGHT - 44
    title = f"{heading}: {guest_list.title}" if heading else guest_list.title
    pen.text(LEFT, y, pen.fitting(title, 11, 300, BOLD), 11, weight=BOLD)
    pen.text(RIGHT, y, date_and_time(guest_list.starts_at), 9, grey=GREY, right=True)
    return BELOW_HEAD


def _guest_columns(pen: _Pen, top: float) -> None:
    pen.text(NAMES, top + 6, "Namn og kodar", 8, grey=GREY)
    pen.text(NAMES_END, top + 6, "Kundenummer", 8, grey=GREY, right=True)
    pen.text(BOXES, top + 6, "Kryss av for kvar gjest", 8, grey=GREY)
    pen.rule(top, BLACK, 1)


def _waiting_columns(pen: _Pen, top: float) -> None:
    pen.text(NAMES, top + 6, "Namn", 8, grey=GREY)
    pen.text(272, top + 6, "Kundenummer", 8, grey=GREY)
    pen.text(375, top + 6, "Vil ha", 8, grey=GREY, right=True)
    pen.text(420, top + 6, "Minst", 8, grey=GREY, right=True)
    pen.text(RIGHT, top + 6, "Tilbod", 8, grey=GREY, right=True)
    pen.rule(top, BLACK, 1)


def _foot(pen: _Pen, guest_list: GuestList, page: int, pages: int) -> None:
    pen.text(LEFT, 28, f"Versjon {guest_list.version}", 8, grey=GREY)
    pen.text(RIGHT, 28, f"side {page}/{pages}", 8, grey=GREY, right=True)
