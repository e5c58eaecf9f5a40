"""The QR code of a ticket (ISO/IEC 18004)."""

import io
from collections.abc import Sequence

import segno

_PIXELS = 600
QUIET_ZONE = 4
"""In modules, as the standard asks for."""
_DARK, _LIGHT = "#000000", "#ffffff"


def ticket_svg(token: str) -> bytes:
    """Returns a ticket's QR code as SVG, which is as large as the place that it is shown in."""
    out = io.BytesIO()
    # Dark on white also where the page is dark: scanners expect it.
    _code(token).save(
        out,
        kind="svg",
        border=QUIET_ZONE,
        dark=_DARK,
        light=_LIGHT,
        omitsize=True,
        svgclass=None,
        lineclass=None,
    )
    return out.getvalue()


def ticket_png(token: str) -> bytes:
    """Returns a ticket's QR code as PNG, 600 pixels wide or a little more."""
    code = _code(token)
    modules, _ = code.symbol_size(border=QUIET_ZONE)
    out = io.BytesIO()
    code.save(
        out,
        kind="png",
        border=QUIET_ZONE,
        scale=-(-_PIXELS // modules),
        dark=_DARK,
        light=_LIGHT,
    )
    return out.getvalue()


def ticket_modules(token: str) -> Sequence[Sequence[bool]]:
    """Returns the modules of a ticket's QR code, row by row from the top, dark ones as True.

    The quiet zone around it is part of it.
    """
    return [[bool(module) for module in row] for row in _code(token).matrix_iter(border=QUIET_ZONE)]


def _code(token: str) -> segno.QRCode:
    # A quarter of it may be scratched or covered by a thumb.
    return segno.make_qr(token, error="q")
