"""Customers, metering points and hours in bulk, for tests under load.

All of it goes the ways that everyone uses, in bounded pieces. Numbers and names are the same in
each run, so it is safe to repeat, and a larger number adds what is missing.
"""

import csv
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from google.protobuf.timestamp_pb2 import Timestamp

from cli.demo.people import gsrn
from cli.demo.series import Area, Hours, Household, usage_wh
from cli.outcome import Report
from cli.services import Services
from kundeapp.metering.v1.direction_pb2 import CONSUMPTION
from kundeapp.metering.v1.imports_pb2 import WriteReadingsRequest

FIRST_NUMBER = 7_000_000
"""Customer numbers from here on, far from those of the demonstration."""

_FIRST_SERIAL = 8_000_000_000
_KINDS = 20
"""Different households; customers share them, so that making hours costs next to nothing."""
_AT_ONCE = 20_000
"""How many values are stored fastest together, as the proto says."""
_HELD_SINCE = "2024-01-01"
_MEASURED = bytes([1])


@dataclass(frozen=True)
class Seed:
    """What is made.

    Attributes:
        customers: How many customers, each with a metering point.
        days: How many days of hours, up to yesterday.
        today: The local date.
    """

    customers: int
    days: int
    today: date

    @property
    def first_day(self) -> date:
        """The first day with hours."""
        return self.today - timedelta(days=self.days)


def sow(seed: Seed, services: Services, folder: Path) -> Report:
    """Makes customers, metering points and hours; returns how many, and how fast.

    Args:
        seed: What is made.
        services: Where, for an operator.
        folder: Where the files of the imports are written.

    Raises:
        CommandError: The suite refused something, or did not answer.
    """
    customers, points = folder / "seed-customers.csv", folder / "seed-points.csv"
    _write(customers, "customer_number,name,email,mobile,pin", _customer_rows(seed))
    header = "gsrn,customer_number,from,to,price_area,grid_company,product,address"
    _write(points, header, _point_rows(seed))
    taken = dict[str, tuple[int, float]]()

    def timed(what: str, act: Callable[[], int]) -> None:
        began = time.monotonic()
        taken[what] = act(), time.monotonic() - began

    timed("customers", lambda: services.import_customers(customers, _unseen).rows)
    timed("metering points", lambda: services.import_metering_points(points, _unseen).rows)
    timed("hours", lambda: services.write_readings(_messages(seed)).values)
    rows = [
        (what, f"{count}", f"{seconds:.1f} s", f"{count / max(seconds, 0.001):.0f} a second")
        for what, (count, seconds) in taken.items()
    ]
    data: dict[str, object] = {
        what.replace(" p", "P"): {"count": count, "seconds": round(seconds, 3)}
        for what, (count, seconds) in taken.items()
    }
    data["files"] = {"customers": str(customers), "meteringPoints": str(points)}
    return Report(f"Seeded; PINs are in {customers}", rows, data)


def point_of(serial: int) -> str:
    """Returns the metering point of a customer."""
    return gsrn(_FIRST_SERIAL + serial)


def pin_of(serial: int) -> str:
    """Returns the PIN of a customer, who does not exist: anyone who reads this knows it."""
    return f"{(serial * 7_919 + 10_000_019) % 100_000_000:08d}"


def _customer_rows(seed: Seed) -> Iterator[Sequence[str]]:
    for serial in range(seed.customers):
        number = f"{FIRST_NUMBER + serial}"
        name, email = f"Load {number}", f"load-{number}@example.com"
        yield number, name, email, "", pin_of(serial)


def _point_rows(seed: Seed) -> Iterator[Sequence[str]]:
    for serial in range(seed.customers):
        point, number = point_of(serial), f"{FIRST_NUMBER + serial}"
        yield point, number, _HELD_SINCE, "", Area.NO3.code, "Nordvest Nett", "SPOT", "Nowhere 1"


def _messages(seed: Seed) -> Iterator[WriteReadingsRequest]:
    hours = Hours(seed.first_day, seed.today)
    kinds = [
        usage_wh(_household(kind), Area.NO3, hours, kind).astype(np.dtype("<i4")).tobytes()
        for kind in range(_KINDS)
    ]
    start = Timestamp()
    start.FromDatetime(hours.starts[0])
    together = max(_AT_ONCE // len(hours), 1)
    for first in range(0, seed.customers, together):
        yield WriteReadingsRequest(
            series=[
                WriteReadingsRequest.Series(
                    gsrn=point_of(serial),
                    direction=CONSUMPTION,
                    start=start,
                    wh=kinds[serial % _KINDS],
                    qualities=_MEASURED,
                )
                for serial in range(first, min(first + together, seed.customers))
            ]
        )


def _household(kind: int) -> Household:
    return Household(
        base_wh=80 + 15 * kind, heating_wh_per_degree=20 + 4 * kind, activity_wh=400 + 30 * kind
    )


def _write(path: Path, header: str, rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(f"{header}\n")
        csv.writer(file, lineterminator="\n").writerows(rows)


def _unseen(_sent: int) -> None:
    """Shows no progress."""
