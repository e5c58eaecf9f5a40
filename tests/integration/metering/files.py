"""Files as operators import them, and the real ones."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

DATA = Path(__file__).parents[4] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"needs the real data in {DATA}")

GSRN = "707057500000000001"
OTHER_GSRN = "707057500000000018"
UNKNOWN_GSRN = "707057500000000025"

_OSLO = ZoneInfo("Europe/Oslo")
_HEADER = "gsrn,customer_number,from,to,price_area,grid_company,product,address"


def real(name: str) -> bytes:
    """Returns a file of the real data."""
    return (DATA / name).read_bytes()


def numbered(count: int) -> list[str]:
    """Returns metering points whose numbers follow each other, with right check digits."""
    bodies = [f"70705750{number:09d}" for number in range(1000, 1000 + count)]
    sums = (3 * sum(map(int, body[::2])) + sum(map(int, body[1::2])) for body in bodies)
    return [f"{body}{-total % 10}" for body, total in zip(bodies, sums, strict=True)]


def contracts(*rows: str) -> bytes:
    """Returns a file of contracts; a row is `gsrn,customer_number,from,to`."""
    lines = (f'{row},NO5,BKK,SPOT,"Storgata 1, 5003 Bergen"' for row in rows)
    return "\n".join([_HEADER, *lines]).encode()


def hours_of(day: str, days: int = 1) -> list[datetime]:
    """Returns the hours of local days as clocks show them."""
    start = datetime.fromisoformat(day).replace(tzinfo=_OSLO)
    end = (start + timedelta(days=days)).timestamp()
    moments = range(int(start.timestamp()), int(end), 3600)
    return [datetime.fromtimestamp(moment, _OSLO) for moment in moments]


def elhub(
    hours: Iterable[datetime],
    kwh: str = "1,000",
    quality: str = "Målt",
    registered: str = "2026-12-01T06:00:00+01:00",
) -> bytes:
    """Returns a file like Elhub's, with the same value in each hour."""
    lines = (
        f"{hour.isoformat()};{_next(hour)};KWH 60 Forbruk;{kwh};kWh;{quality};{registered}"
        for hour in hours
    )
    header = "Fra;Til;Målenavn;Volum;Enhet;Kvalitet;Registreringstidspunkt"
    return "\n".join([header, *lines]).encode()


def prices(hours: Iterable[datetime], price: str = "1.00000") -> bytes:
    """Returns a file of prices, with the same price in each hour."""
    lines = (f"{hour.isoformat()};{price}" for hour in hours)
    return "\n".join(["start;nok_per_kwh_ex_vat", *lines]).encode()


def _next(hour: datetime) -> str:
    return datetime.fromtimestamp(hour.timestamp() + 3600, _OSLO).isoformat()
