"""What can be read in the files in which customers take their hours along, in Nynorsk."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

import openpyxl

from cli.moments import OSLO

Hour = tuple[str, Decimal | None, Decimal | None]
"""When it starts, its kWh, and its cost."""
Hours = Sequence[Hour]
Row = Mapping[str, Any]

_KWH = {"CONSUMPTION": "Forbruk kWh", "PRODUCTION": "Produksjon kWh"}
_COST = {"CONSUMPTION": "Kostnad kr", "PRODUCTION": "Kostnad produksjon kr"}
_FLOW = {"CONSUMPTION": "1", "PRODUCTION": "19"}
"""ESPI's flow directions: to the customer, and from the customer."""
_ATOM, _ESPI = "{http://www.w3.org/2005/Atom}", "{http://naesb.org/espi}"


def in_csv(content: bytes, direction: str = "CONSUMPTION") -> Hours:
    """Reads the table, as a spreadsheet does."""
    text = io.StringIO(content.decode("utf-8-sig"), newline="")
    return [
        (
            datetime.fromisoformat(line["Start"]).isoformat(),
            _decimal(line[_KWH[direction]]),
            _decimal(line[_COST[direction]]),
        )
        for line in csv.DictReader(text, delimiter=";")
    ]


def in_workbook(content: bytes, direction: str = "CONSUMPTION") -> Hours:
    """Reads the sheet of hours."""
    return [
        (
            f"{row['Start']:%Y-%m-%dT%H:%M:%S}{row['UTC']}",
            nearest(row[_KWH[direction]], decimals=3),
            nearest(row[_COST[direction]], decimals=8),
        )
        for row in sheet(content, "Timar")
    ]


def in_feed(content: bytes, direction: str = "CONSUMPTION") -> Hours:
    """Reads Green Button, which leaves out hours without a value and has costs in 1e-5 kr."""
    blocks = f"/MeterReading/{_FLOW[direction]}/IntervalBlock"
    feed = ET.fromstring(content)  # noqa: S314  # the suite has written it
    entries = [
        entry
        for entry in feed.iter(f"{_ATOM}entry")
        if any(link.get("href", "").endswith(blocks) for link in _links_up(entry))
    ]
    return [
        (
            datetime.fromtimestamp(_whole(reading, "timePeriod", "start"), UTC)
            .astimezone(OSLO)
            .isoformat(),
            Decimal(_whole(reading, "value")) / 1000,
            Decimal(_whole(reading, "cost")) / 100_000,
        )
        for entry in entries
        for reading in entry.iter(f"{_ESPI}IntervalReading")
    ]


READERS: Mapping[str, Callable[[bytes], Hours]] = {
    "CSV": in_csv,
    "XLSX": in_workbook,
    "GREEN_BUTTON": in_feed,
}


def sheet(content: bytes, name: str) -> Sequence[Row]:
    """Returns the rows of a workbook's sheet by their headings."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    _title, headings, *rows = book[name].iter_rows(values_only=True)
    return [dict(zip(map(str, headings), row, strict=True)) for row in rows]


def nearest(value: object, *, decimals: int) -> Decimal | None:
    """Returns the decimal number that a workbook's number stands for; None where it has none."""
    if value is None:
        return None
    assert isinstance(value, int | float)
    return round(Decimal(value), decimals)


def _decimal(text: str) -> Decimal | None:
    return Decimal(text.replace(",", ".")) if text else None


def _links_up(entry: ET.Element) -> Sequence[ET.Element]:
    return entry.findall(f"{_ATOM}link[@rel='up']")


def _whole(reading: ET.Element, *names: str) -> int:
    return int(reading.findtext("/".join(f"{_ESPI}{name}" for name in names), ""))
