"""What metering reads: files of readings, prices, rates, contracts; series; dates and numbers."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from google.protobuf.message import DecodeError

import services.metering
from kit.errors import Invalid
from kundeapp.metering.v1 import imports_pb2 as pb
from kundeapp.metering.v1.direction_pb2 import CONSUMPTION
from services.metering.domain.batches import Batch
from services.metering.domain.calendar import local_moment_of, parse_date
from services.metering.domain.contracts import contract_changes
from services.metering.domain.files.contracts import HEADER, PREMISES_HEADER, ContractsFormat
from services.metering.domain.files.exchange_rates import ExchangeRatesFile
from services.metering.domain.files.incoming import IncomingFile, IncomingPrices
from services.metering.domain.files.reader import FileReader
from services.metering.domain.gsrn import check_gsrn
from services.metering.domain.period import Resolution, parse_month, parse_period
from services.metering.domain.pricing import parse_rate_book, rate_book_of
from services.metering.domain.problems import BadFile, Refused
from services.metering.domain.quotes import in_kroner
from services.metering.handlers.contracts import list_contracts
from services.metering.handlers.personal_data import export_days
from services.metering.servicer.series import read_series
from tests.fuzz.target import EmptyStore, Target, pieces, read_or_refused, run, text_of
from tests.unit.metering.prices_files import (
    csv_prices,
    csv_rates,
    entsoe,
    point,
    rate_row,
    rates_of,
)
from tests.unit.metering.readings_files import (
    GSRN,
    elhub_json,
    elhub_xml,
    metered,
    old_portal,
    portal,
    xml_series,
)

HOURS: Final = [local_moment_of(hour) for hour in range(497_000, 497_003)]
OLD: Final = [
    f'25.10.2026 0{hour}:00,25.10.2026 0{hour + 1}:00,"1,000",Målt' for hour in (1, 2, 2, 3)
]
PORTALS: Final = (
    portal(HOURS),
    portal([HOURS[0]] * 3, minutes=15),
    old_portal(*OLD),
    b"start;kwh\n2026-04-01T00:00:00+02:00;1.5\n2026-04-01T01:00:00+02:00;2",
    b"start;kwh;spot_nok_per_kwh_ex_vat\n2026-04-01T00:00:00+02:00;1.5;1",
)
JSON: Final = (elhub_json(HOURS), elhub_json(HOURS, minutes=15), elhub_json(HOURS, kwh="1.5"))
XML: Final = (
    elhub_xml(xml_series(HOURS[0], metered(count=3), 3)),
    elhub_xml(xml_series(HOURS[0], metered(count=8), 8, resolution="PT15M", direction="In")),
)
PRICES: Final = (
    csv_prices("2026-02-17T00:00:00+01:00;1", "2026-02-17T01:15:00+01:00;-0.5"),
    entsoe([point(1, "1"), point(3, "-2.5"), point(24, "3")]),
)
EXCHANGE_RATES: Final = csv_rates(
    rate_row("2026-10-09", "10.7155"), rate_row("2026-10-08", "10.71")
)
RATES: Final = (Path(services.metering.__file__).parent / "rates.toml").read_bytes()
CONTRACTS: Final = (
    f'{HEADER}\n{GSRN},100001,2025-10-01,2026-04-15,NO5,BKK,NORGESPRIS,"Storgata 1, Bergen"\n'
    f"{GSRN},100002,2026-04-15T09:00:00+02:00,,NO5,BKK,SPOT,Vegen 2\n".encode(),
    f"{PREMISES_HEADER}\n{GSRN},1,2025-10-01,,NO1,Elvia,SPOT,Vegen 2,CABIN\n".encode(),
)
SERIES: Final = pb.WriteReadingsRequest(
    series=[
        pb.WriteReadingsRequest.Series(
            gsrn=GSRN, direction=CONSUMPTION, wh=bytes(8) + b"\x00\x00\x00\x80", qualities=b"\x01"
        ),
        pb.WriteReadingsRequest.Series(
            gsrn=GSRN, direction=CONSUMPTION, wh=bytes(8), qualities=b"\x01\x02"
        ),
    ]
)
for _each in SERIES.series:
    _each.start.seconds = 3600 * 497_000

_KNOWN_RATES = rates_of(EXCHANGE_RATES)[0]


def readings(data: bytes) -> None:
    """Files of readings, for whichever point they name or for one that the command names."""
    for gsrn in ("", GSRN):
        whole = _readings([data], data, gsrn)
        assert _readings(pieces(data), data, gsrn) == whole


def _readings(parts: Iterable[bytes], data: bytes, gsrn: str) -> tuple[object, ...]:
    return read_or_refused(lambda: _batches(parts, data, gsrn), Invalid)


def _batches(parts: Iterable[bytes], data: bytes, gsrn: str) -> tuple[object, ...]:
    file = IncomingFile(gsrn, hashlib.sha256(data).digest())
    batches = [batch for part in parts for batch in file.feed(part)]
    batches.extend(file.end())
    assert 0 <= file.refused <= file.rows
    return [_said_of(batch) for batch in batches], file.rows, file.refused, list(file.problems)


def _said_of(batch: Batch) -> tuple[object, ...]:
    values = batch.readings
    assert all(0 <= wh <= 1_000_000 for wh in values.wh.tolist())
    columns = (batch.owners, values.hours, values.wh, values.qualities, values.registered)
    return batch.keys, [column.tolist() for column in columns]


def prices(data: bytes) -> None:
    """Files of spot prices, made into kroner."""
    whole = read_or_refused(lambda: _prices([data]), BadFile)
    assert read_or_refused(lambda: _prices(pieces(data)), BadFile) == whole


def _prices(parts: Iterable[bytes]) -> tuple[object, ...]:
    file = IncomingPrices("NO3")
    for part in parts:
        file.feed(part)
    quotes, tally = file.end()
    known = in_kroner(quotes, _KNOWN_RATES, tally)
    assert all(abs(amount) <= 10_000_000 for amount in known.amounts.tolist())
    return known.hours.tolist(), known.amounts.tolist(), tally.rows, tally.refused, tally.problems


def exchange_rates(data: bytes) -> None:
    """Norges Bank's files."""
    whole = read_or_refused(lambda: _exchange_rates([data]), BadFile)
    assert read_or_refused(lambda: _exchange_rates(pieces(data)), BadFile) == whole


def _exchange_rates(parts: Iterable[bytes]) -> tuple[object, ...]:
    file = ExchangeRatesFile()
    for part in parts:
        file.feed(part)
    return file.end(), file.tally.rows, file.tally.problems


def contracts(data: bytes) -> None:
    """The file of metering points and contracts."""
    for products in ((), ("SPOT",)):
        whole = _contracts([data], products)
        assert _contracts(pieces(data), products) == whole


def _contracts(parts: Iterable[bytes], products: tuple[str, ...]) -> object:
    def read() -> object:
        reader = FileReader(ContractsFormat(products))
        for part in parts:
            reader.feed(part)
        return contract_changes([], reader.result())

    return read_or_refused(read, BadFile)


def rates(data: bytes) -> None:
    """The rate book; what was read is stored as rows, which are read again."""

    def read() -> object:
        book = parse_rate_book(text_of(data))
        assert rate_book_of(book.rows).rows == book.rows
        return book.rows

    read_or_refused(read, BadFile)


def series(data: bytes) -> None:
    """Series as other services send them."""
    try:
        request = pb.WriteReadingsRequest.FromString(data)
    except DecodeError:
        return
    read = read_series(request.series)
    values = sum(len(batch.readings.hours) for batch in read.batches)
    assert values + read.refused <= sum(len(each.wh) // 4 for each in request.series)
    for batch in read.batches:
        _said_of(batch)


def values(data: bytes) -> None:
    """Dates, months, numbers of metering points, and where a page begins."""
    text = text_of(data)
    for check in (check_gsrn, parse_date):
        read_or_refused(lambda check=check: check(text), Refused)
    read_or_refused(lambda: parse_month(text), Invalid)
    start, _, end = text.partition(" ")
    for resolution in Resolution:
        read_or_refused(lambda each=resolution: parse_period(start, end, each), Invalid)
    store: Any = EmptyStore()
    asked = list_contracts(store, customers=[], page_size=1, page_token=text)
    read_or_refused(lambda: run(asked), Invalid)
    part = export_days(store, customers=[], position=text)
    read_or_refused(lambda: run(part), ValueError)


TARGETS: Final = (
    Target("readings in CSV", readings, PORTALS, (b"Beregnet", b"KWH 15 Produksjon", b"02:00"), 15),
    Target("readings in JSON", readings, JSON, (b"meterValues", b"gsrn", b"PT15M", b"IN"), 15),
    Target(
        "readings in XML",
        readings,
        XML,
        (b"<!--", b"<![CDATA[", b"]]>", b"</", b"/>", b"&amp;", b"&#0;", b"<!DOCTYPE x [", b"E18"),
        15,
    ),
    Target("spot prices", prices, PRICES, (b"A03", b"PT15M", b"<Point>", b"</Period>"), 15),
    Target("exchange rates", exchange_rates, [EXCHANGE_RATES], (b"EUR", b"OBS_VALUE"), 15),
    Target("contracts", contracts, CONTRACTS, (b"NO5", b"HOME", b"SPOT"), 15),
    Target(
        "rates", rates, [each for each in RATES.split(b"\n\n") if each], (b"[[vat]]", b"to = "), 30
    ),
    Target("series of readings", series, [SERIES.SerializeToString()], inputs=60),
    Target(
        "dates and numbers of metering",
        values,
        [
            GSRN.encode(),
            b"2026-02",
            b"2026-02-17 2026-03-01",
            b"NzA3MDU3NTAwMDAwMDAwMDAxLzQ5NzAwMA==",
        ],
        inputs=30,
    ),
)
