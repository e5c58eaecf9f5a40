"""Writes and draws on a page, in two weights of one font."""

# ReportLab's fonts and text come without types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import io
import re
import threading
import unicodedata
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import resources
from itertools import groupby
from typing import cast

from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

WIDTH, HEIGHT = A4
LEFT, RIGHT = 40.0, WIDTH - 40.0
BLACK, GREY, PALE = 0.0, 0.35, 0.75
BOX = 12.0

REGULAR, BOLD = "Regular", "Bold"


_one_at_a_time = threading.Lock()
"""ReportLab's fonts are not made for two threads at once."""


@contextmanager
def fonts() -> Generator[None]:
    """Makes the fonts known to ReportLab, before anything is measured or written.

    One document is made at a time.
    """
    with _one_at_a_time:
        _register_fonts()
        yield


@cache
def _register_fonts() -> None:
    for name in (REGULAR, BOLD):
        file = resources.files("kundeapp").joinpath(f"fonts/NotoSans-{name}.ttf")
        pdfmetrics.registerFont(TTFont(name, io.BytesIO(file.read_bytes())))


def printable(text: str) -> str:
    """Returns a text with a question mark for each stretch that the font has no letters for.

    The empty box that fonts draw instead looks like one to tick.
    """
    known = _known_signs()
    marked = "".join(
        sign if sign in known and sign.isprintable() else _substitute(sign)
        for sign in unicodedata.normalize("NFC", text)
    )
    return re.sub(r"\?+", "?", marked)


@cache
def _known_signs() -> frozenset[str]:
    font = cast("TTFont", pdfmetrics.getFont(REGULAR))
    return frozenset(map(chr, cast("dict[int, int]", font.face.charToGlyph)))


def _substitute(sign: str) -> str:
    if sign.isspace():
        return " "
    is_letter_or_picture = unicodedata.category(sign)[0] in "LNPS"
    return "?" if is_letter_or_picture else ""


def width_of(text: str, size: float, weight: str = REGULAR) -> float:
    """Returns how wide a text is, in points."""
    return pdfmetrics.stringWidth(text, weight, size)


def fitting(text: str, size: float, room: float, weight: str = REGULAR) -> str:
    """Returns a text, or as much of it as fits."""
    if width_of(text, size, weight) <= room:
        return text
    while text and width_of(f"{text}…", size, weight) > room:
        text = text[:-1]
    return f"{text}…"


def lines_of(text: str, size: float, room: float, weight: str = REGULAR) -> list[str]:
    """Returns a text broken into lines between its words; a word that is too long is cut."""
    return [fitting(line, size, room, weight) for line in simpleSplit(text, weight, size, room)]


class Pen:
    """Writes and draws on a canvas; places are in points, from its lower left corner."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas

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
        self._canvas.setFont(weight, size)
        self._canvas.setFillGray(grey)
        (self._canvas.drawRightString if right else self._canvas.drawString)(x, y, text)
        return x if right else x + width_of(text, size, weight)

    def rule(self, y: float, grey: float = PALE, thickness: float = 0.5) -> None:
        """Draws a line across the page."""
        self._canvas.setStrokeGray(grey)
        self._canvas.setLineWidth(thickness)
        self._canvas.line(LEFT, y, RIGHT, y)

    def cut(self, y: float) -> None:
        """Draws a line to cut along, from edge to edge."""
        self._canvas.setStrokeGray(GREY)
        self._canvas.setLineWidth(0.5)
        self._canvas.setDash(3, 3)
        self._canvas.line(0, y, WIDTH, y)
        self._canvas.setDash()

    def modules(self, x: float, y: float, size: float, rows: Sequence[Sequence[bool]]) -> None:
        """Draws the dark modules of a square code, whose lower left corner is at a place."""
        side = size / len(rows)
        # All as one shape: shapes that only touch show hairlines of white between them.
        path = self._canvas.beginPath()
        for number, row in enumerate(rows, 1):
            column = 0
            for is_dark, run in groupby(row):
                length = len(list(run))
                if is_dark:
                    path.rect(x + column * side, y + size - number * side, length * side, side)
                column += length
        self._canvas.setFillGray(BLACK)
        self._canvas.drawPath(path, stroke=0, fill=1)

    def box(self, x: float, y: float, *, ticked: bool) -> None:
        """Draws a box to tick, or one that is ticked."""
        self._canvas.setStrokeGray(BLACK)
        self._canvas.setLineWidth(0.9)
        self._canvas.rect(x, y, BOX, BOX)
        if ticked:
            self._canvas.setLineWidth(1.7)
            self._canvas.line(x + 2.2, y + 6, x + 5, y + 2.8)
            self._canvas.line(x + 5, y + 2.8, x + 10.2, y + 9.8)
