"""The QR codes of tickets can be read."""

import io
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


def test_the_svg_is_as_large_as_its_place_and_white_behind() -> None:
    root = ET.fromstring(ticket_svg(TOKEN))  # noqa: S314 - our own
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "viewBox" in root.attrib
    assert not {"width", "height", "style"} & root.attrib.keys()
    fills = [element.get("fill") for element in root]
    assert fills[0] in {"#fff", "#ffffff"}
    assert {element.tag.rpartition("}")[2] for element in root} == {"path"}
