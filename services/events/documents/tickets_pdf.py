"""Tickets for the printer: A4, three to a page, each to be cut out and handed to a guest.

Everything is black on white. A code is 6 cm wide, so that it can be scanned from paper and from the
screen of a telephone that shows the page whole.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from kit.texts import Language
from services.events.documents.dates import date_and_time
from services.events.documents.pen import (
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
from services.events.documents.qr import QUIET_ZONE, ticket_modules
from services.events.domain.ticket_sheet import TicketSheet
from services.events.domain.tickets import Ticket

TICKETS_ON_PAGE = 3
TOP = HEIGHT - 12
SECTION = 262.0
FOOT = 26.0

CODE_SIZE = 220.0
"""With the quiet zone, which lies in the margin of the page."""
ABOVE_CODE = 4.0
LETTERS_BELOW_CODE = 12.0

COLUMN = 240.0
ROOM = RIGHT - COLUMN
LINE = 1.25
"""From line to line, in sizes of the letters."""


@dataclass(frozen=True, slots=True)
class _Words:
    """What stands on tickets in a language."""

    locale: str
    tickets: str
    ticket: str
    page: str
    at_the_door: str
    cannot_come: str


_WORDS: Mapping[Language, _Words] = {
    "nn": _Words(
        locale="nn-NO",
        tickets="Billettar",
        ticket="Billett {number} av {total}",
        page="side {number}/{total}",
        at_the_door="Vis koden i døra. Éin gjest per billett.",
        cannot_come="Kan du ikkje kome? Gi billetten tilbake i appen, så får nokon andre plassen.",
    ),
    "nb": _Words(
        locale="nb-NO",
        tickets="Billetter",
        ticket="Billett {number} av {total}",
        page="side {number}/{total}",
        at_the_door="Vis koden i døren. Én gjest per billett.",
        cannot_come="Kan du ikke komme? Gi billetten tilbake i appen, så får noen andre plassen.",
    ),
    "en": _Words(
        locale="en-GB",
        tickets="Tickets",
        ticket="Ticket {number} of {total}",
        page="page {number}/{total}",
        at_the_door="Show the code at the door. One guest per ticket.",
        cannot_come="Can't make it? Give the ticket back in the app, so someone else can come.",
    ),
}


def tickets_pdf(sheet: TicketSheet, language: Language) -> bytes:
    """Returns tickets to print; the same tickets are the same file.

    A name in letters that the font lacks is left out: the code is what counts.

    Args:
        sheet: The tickets.
        language: What they are written in.
    """
    with fonts():
        return _drawn(sheet, _WORDS[language], date_and_time(sheet.event.starts_at, language))


def _drawn(sheet: TicketSheet, words: _Words, when: str) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True, pageCompression=1, lang=words.locale)
    canvas.setTitle(f"{words.tickets}: {sheet.event.title}")
    pen = Pen(canvas)
    total = len(sheet.tickets)
    pages = -(-total // TICKETS_ON_PAGE)
    for index, ticket in enumerate(sheet.tickets):
        page, place = divmod(index, TICKETS_ON_PAGE)
        top = TOP - place * SECTION
        _draw_code(pen, top, ticket)
        _draw_event(pen, top, sheet, when)
        count = words.ticket.format(number=index + 1, total=total)
        _draw_count(pen, top, count, words.at_the_door)
        pen.cut(top - SECTION)
        if place == TICKETS_ON_PAGE - 1 or index == total - 1:
            pen.text(LEFT, FOOT, words.cannot_come, 8.5, grey=GREY)
            side = words.page.format(number=page + 1, total=pages)
            pen.text(RIGHT, FOOT, side, 9, right=True)
            canvas.showPage()
    canvas.save()
    return out.getvalue()


def _draw_code(pen: Pen, top: float, ticket: Ticket) -> None:
    modules = ticket_modules(ticket.token_text)
    quiet = CODE_SIZE * QUIET_ZONE / len(modules)
    bottom = top - ABOVE_CODE - CODE_SIZE
    pen.modules(LEFT - quiet, bottom, CODE_SIZE, modules)
    middle = LEFT - quiet + CODE_SIZE / 2
    x = middle - width_of(ticket.code_text, 16, BOLD) / 2
    pen.text(x, bottom - LETTERS_BELOW_CODE, ticket.code_text, 16, weight=BOLD)


def _draw_event(pen: Pen, top: float, sheet: TicketSheet, when: str) -> None:
    y = top - 36
    pen.text(COLUMN, y, "Kraftklubben", 9, grey=GREY)
    y = _draw_lines(pen, y - 8, printable(sheet.event.title), _Fit(21, 13, 3, BOLD))
    y = _draw_lines(pen, y - 8, when[0].upper() + when[1:], _Fit(12, 10, 1, BOLD))
    y = _draw_lines(pen, y - 4, printable(sheet.event.venue), _Fit(11, 9, 3))
    name = printable(sheet.name)
    if any(sign.isalnum() for sign in name):
        _draw_lines(pen, y - 8, name, _Fit(11, 9, 2))


def _draw_count(pen: Pen, top: float, count: str, at_the_door: str) -> None:
    y = top - ABOVE_CODE - CODE_SIZE - LETTERS_BELOW_CODE
    pen.text(COLUMN, y + 15, count, 14, weight=BOLD)
    pen.text(COLUMN, y, at_the_door, 9, grey=GREY)


@dataclass(frozen=True, slots=True)
class _Fit:
    """How a text may be made to fit: first smaller, and then shorter.

    Attributes:
        largest: The size of its letters if there is room, in points.
        smallest: Their smallest size.
        most_lines: How many lines it may have.
        weight: The weight of its letters.
    """

    largest: int
    smallest: int
    most_lines: int
    weight: str = REGULAR


def _draw_lines(pen: Pen, top: float, text: str, fit: _Fit) -> float:
    """Draws a text below a height; returns where it ends."""
    size, lines = _fitted(text, fit)
    for number, line in enumerate(lines, 1):
        pen.text(COLUMN, top - number * size * LINE, line, size, weight=fit.weight)
    return top - len(lines) * size * LINE


def _fitted(text: str, fit: _Fit) -> tuple[int, Sequence[str]]:
    for size in range(fit.largest, fit.smallest - 1, -1):
        lines = lines_of(text, size, ROOM, fit.weight)
        longest_word = max((width_of(word, size, fit.weight) for word in text.split()), default=0)
        if len(lines) <= fit.most_lines and longest_word <= ROOM:
            return size, lines
    lines = lines_of(text, fit.smallest, ROOM, fit.weight)
    if len(lines) <= fit.most_lines:
        return fit.smallest, lines
    kept, rest = lines[: fit.most_lines - 1], lines[fit.most_lines - 1 :]
    return fit.smallest, [*kept, fitting(" ".join(rest), fit.smallest, ROOM, fit.weight)]
