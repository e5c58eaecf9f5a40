"""The QR codes of tickets can be read."""

import io
import re
import xml.etree.ElementTree as ET

import zxingcpp
from PIL import Image

from services.events.documents.qr import ticket_png, ticket_svg

TOKEN = "NWdQxR06gc0kq_1LDSVz3w"


def test_a_scanner_reads_the_token_from_the_png() -> None:
    image = Image.open(io.BytesIO(ticket_png(TOKEN)))
    assert image.width >= 600
    [found] = zxingcpp.read_barcodes(image)
    assert found.text == TOKEN


def test_a_scanner_reads_the_token_from_the_svg() -> None:
    [found] = zxingcpp.read_barcodes(_drawn(ticket_svg(TOKEN)))
    assert found.text == TOKEN


def test_a_thumb_on_the_edge_does_not_matter() -> None:
    image = Image.open(io.BytesIO(ticket_png(TOKEN))).convert("L")
    thumb = image.width // 5
    middle = (image.width - thumb) // 2
    image.paste(0, (image.width - 3 * thumb // 2, middle, image.width, middle + thumb))
    [found] = zxingcpp.read_barcodes(image)
    assert found.text == TOKEN


def test_the_svg_is_as_large_as_its_place_and_white_behind() -> None:
    root = ET.fromstring(ticket_svg(TOKEN))  # noqa: S314 - our own
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "viewBox" in root.attrib
    assert not {"width", "height"} & root.attrib.keys()
    assert root[0].get("fill") in {"#fff", "#ffffff"}


def test_the_svg_has_nothing_that_a_strict_policy_refuses() -> None:
    root = ET.fromstring(ticket_svg(TOKEN))  # noqa: S314 - our own
    assert {element.tag.rpartition("}")[2] for element in root.iter()} == {"svg", "path"}
    attributes = {name for element in root.iter() for name in element.attrib}
    assert attributes <= {"viewBox", "fill", "stroke", "d"}


def _drawn(svg: bytes) -> Image.Image:
    """Draws the strokes of a code: moves and horizontal lines, a module high."""
    root = ET.fromstring(svg)  # noqa: S314 - our own
    modules, scale = int(root.attrib["viewBox"].split()[2]), 10
    image = Image.new("L", (modules * scale, modules * scale), 255)
    x = y = 0.0
    for command, first, second in re.findall(
        r"([Mmh])(-?[\d.]+) ?(-?[\d.]+)?", root[1].attrib["d"]
    ):
        if command == "h":
            left, top = round(x * scale), round((y - 0.5) * scale)
            image.paste(0, (left, top, left + round(float(first) * scale), top + scale))
            x += float(first)
        elif command == "m":
            x, y = x + float(first), y + float(second)
        else:
            x, y = float(first), float(second)
    return image
