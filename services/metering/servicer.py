"""gRPC in: from protobuf to a use case, and back."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import numpy as np

from kit import export
from kit.clock import Clock
from kit.database import Database, Transaction
from kit.errors import FieldError, Invalid
from kit.postgres import Connection
from kit.server import Call
from kundeapp.metering.v1 import metering_service_pb2 as pb
from kundeapp.privacy.v1.export_pb2 import ExportMyDataRequest, ExportMyDataResponse
from services.metering import handlers
from services.metering.domain.calendar import TIME_ZONE, Whole, date_of, local_moment_of
from services.metering.domain.contracts import Contract
from services.metering.domain.files.contracts import ContractsFormat
from services.metering.domain.files.prices import PricesFormat
from services.metering.domain.files.reader import FileReader, Format
from services.metering.domain.files.readings import ReadingsFormat
from services.metering.domain.pricing import PriceList
from services.metering.domain.readings import MISSING, Quality
from services.metering.domain.store import Reader, Store
from services.metering.domain.usage import UNKNOWN, Period, Resolution, Usage
from services.metering.handlers import HeldDays

LARGEST_PIECE = 1024 * 1024
"""In bytes; of a file, in one message."""

_SECONDS_PER_HOUR = 3600
_NO_QUALITY = 0
_QUALITY_NAMES = {_NO_QUALITY: None, **{each.value: each.name for each in Quality}}

Result = TypeVar("Result")
Request = TypeVar("Request", pb.ImportReadingsRequest, pb.ImportPricesRequest)


@dataclass(frozen=True)
class MeteringServicer:
    """One method for each RPC of `kundeapp.metering.v1.MeteringService`, which says what it does.

    Attributes:
        database: Where readings, prices and contracts are.
        reader_of: Makes what reads on a connection.
        store_of: Makes the store of a transaction.
        price_list: What a product costs on top of the spot price.
        clock: Tells the time.
    """

    database: Database
    reader_of: Callable[[Connection], Reader]
    store_of: Callable[[Transaction], Store]
    price_list: PriceList
    clock: Clock

    async def ListMeteringPoints(
        self, request: pb.ListMeteringPointsRequest, call: Call
    ) -> pb.ListMeteringPointsResponse:
        """Lists the caller's contracts."""
        async with self.database.reader() as connection:
            page = await handlers.list_contracts(
                self.reader_of(connection),
                customers=call.caller.customer_ids,
                page_size=request.page_size,
                page_token=request.page_token,
            )
        return pb.ListMeteringPointsResponse(
            metering_points=[_metering_point(contract) for contract in page.contracts],
            next_page_token=page.next_page_token,
        )

    async def GetUsage(self, request: pb.GetUsageRequest, call: Call) -> pb.Usage:
        """Shows what the caller used and what it costs."""
        async with self.database.reader() as connection:
            period, usage = await handlers.get_usage(
                self.reader_of(connection),
                self.price_list,
                customers=call.caller.customer_ids,
                gsrn=request.gsrn,
                resolution=_resolution(request.resolution),
                from_date=request.from_date,
                to_date=request.to_date,
            )
        return _usage(request, period, usage)

    async def ExportMyData(self, request: ExportMyDataRequest, call: Call) -> ExportMyDataResponse:
        """Hands out what is held about the caller."""
        customers = call.caller.customer_ids
        async with self.database.reader() as connection:
            reader = self.reader_of(connection)

            async def contracts(position: str) -> export.Part:
                page = await handlers.list_contracts(
                    reader,
                    customers=customers,
                    page_size=export.RECORDS_A_PAGE,
                    page_token=position,
                )
                return export.Part(
                    [_contract_record(each) for each in page.contracts], page.next_page_token
                )

            async def days(position: str) -> export.Part:
                held, end = await handlers.export_days(
                    reader, customers=customers, position=position
                )
                return export.Part([record for each in held for record in _day_records(each)], end)

            sections = (export.Section("contracts", contracts), export.Section("days", days))
            return await export.page(request, call, self.clock.now(), sections)

    async def ImportMeteringPoints(
        self, requests: AsyncIterator[pb.ImportMeteringPointsRequest], _call: Call
    ) -> pb.ImportMeteringPointsReport:
        """Takes a file of metering points and contracts."""
        pieces = (request.data async for request in requests)
        rows = await _read(ContractsFormat(self.price_list.products), pieces)
        async with self.database.transaction() as transaction:
            done = await handlers.import_contracts(self.store_of(transaction), rows=rows)
        return pb.ImportMeteringPointsReport(
            rows=len(rows), created=done.created, changed=done.changed, unchanged=done.unchanged
        )

    async def ImportReadings(
        self, requests: AsyncIterator[pb.ImportReadingsRequest], _call: Call
    ) -> pb.ImportReadingsReport:
        """Takes a file of readings."""
        gsrn = handlers.require_gsrn((await _first(requests, pb.ImportReadingsRequest())).gsrn)
        readings = await _read(ReadingsFormat(), _pieces(requests))
        async with self.database.transaction() as transaction:
            done = await handlers.import_readings(
                self.store_of(transaction), gsrn=gsrn, readings=readings
            )
        return pb.ImportReadingsReport(
            rows=len(readings.hours),
            created=done.created,
            changed=done.changed,
            unchanged=done.unchanged,
            kwh=readings.total_wh,
            first_start=_first_start(readings.hours),
            last_end=_last_end(readings.hours),
        )

    async def ImportPrices(
        self, requests: AsyncIterator[pb.ImportPricesRequest], _call: Call
    ) -> pb.ImportPricesReport:
        """Takes a file of spot prices."""
        first = await _first(requests, pb.ImportPricesRequest())
        price_area = handlers.require_price_area(first.price_area)
        prices = await _read(PricesFormat(), _pieces(requests))
        async with self.database.transaction() as transaction:
            done = await handlers.import_prices(
                self.store_of(transaction), price_area=price_area, prices=prices
            )
        return pb.ImportPricesReport(
            rows=len(prices.hours),
            created=done.created,
            changed=done.changed,
            unchanged=done.unchanged,
            first_start=_first_start(prices.hours),
            last_end=_last_end(prices.hours),
        )


async def _read(format_: Format[Result], pieces: AsyncIterator[bytes]) -> Result:
    """Reads a file as it comes, in a thread, so that other requests go on meanwhile."""
    reader = FileReader(format_)
    async for piece in pieces:
        if len(piece) > LARGEST_PIECE:
            raise Invalid(FieldError("data", "PIECE_TOO_LARGE", {"limit": LARGEST_PIECE}))
        await asyncio.to_thread(reader.feed, piece)
    return await asyncio.to_thread(reader.result)


async def _first(requests: AsyncIterator[Request], empty: Request) -> Request:
    return await anext(requests, empty)


async def _pieces(requests: AsyncIterator[Request]) -> AsyncIterator[bytes]:
    """Gives the pieces of a file after the first message, which says what it is about.

    Raises:
        Invalid: If another message says so as well.
    """
    async for request in requests:
        if request.WhichOneof("part") != "data":
            raise Invalid(FieldError("data", "REQUIRED_FIELD"))
        yield request.data


def _resolution(number: pb.Usage.Resolution.ValueType) -> Resolution:
    try:
        return Resolution(pb.Usage.Resolution.Name(number))
    except ValueError:
        choices = ", ".join(resolution.value for resolution in Resolution)
        raise Invalid(FieldError("resolution", "NOT_A_CHOICE", {"choices": choices})) from None


def _contract_record(contract: Contract) -> export.Record:
    return {
        "meteringPoint": contract.gsrn,
        "customerNumber": contract.customer_number,
        "from": contract.from_date,
        "to": contract.to_date,
        "priceArea": contract.price_area,
        "gridCompany": contract.grid_company,
        "product": contract.product,
        "address": contract.address,
    }


def _day_records(held: HeldDays) -> Iterator[export.Record]:
    """Yields a record a day; the hours of a local day, in order, are 23, 24 or 25."""
    blocks = held.days
    wh = [None if value == MISSING else value for value in blocks.wh.tolist()]
    qualities = np.where(blocks.known, blocks.qualities, _NO_QUALITY).tolist()
    names = [_QUALITY_NAMES[quality] for quality in qualities]
    for day, part in zip(blocks.layout.days.tolist(), blocks.layout.slices(), strict=True):
        yield {
            "meteringPoint": held.contract.gsrn,
            "direction": held.direction.name,
            "date": date_of(day),
            "wh": wh[part],
            "quality": names[part],
        }


def _usage(request: pb.GetUsageRequest, period: Period, usage: Usage) -> pb.Usage:
    total = usage.total
    return pb.Usage(
        metering_point=request.gsrn,
        resolution=request.resolution,
        time_zone=TIME_ZONE,
        from_date=_date(period.from_date),
        to_date=_date(period.to_date),
        start=(usage.start_hours * _SECONDS_PER_HOUR).astype("<i8").tobytes(),
        kwh=usage.wh.astype("<i8").tobytes(),
        cost=usage.cost.astype("<i8").tobytes(),
        hours=usage.hours.astype("<i4").tobytes(),
        missing_hours=usage.missing_hours.astype("<i4").tobytes(),
        estimated_hours=usage.estimated_hours.astype("<i4").tobytes(),
        total=pb.Usage.Total(
            kwh=None if total.wh == UNKNOWN else total.wh,
            cost=None if total.cost == UNKNOWN else total.cost,
            hours=total.hours,
            missing_hours=total.missing_hours,
            estimated_hours=total.estimated_hours,
        ),
    )


def _metering_point(contract: Contract) -> pb.MeteringPoint:
    return pb.MeteringPoint(
        gsrn=contract.gsrn,
        address=contract.address,
        price_area=contract.price_area,
        grid_company=contract.grid_company,
        product=contract.product,
        customer_number=contract.customer_number,
        from_date=_date(contract.from_date),
        to_date="" if contract.to_date is None else _date(contract.to_date),
    )


def _date(day: date) -> str:
    return day.isoformat()


def _first_start(hours: Whole) -> str:
    return local_moment_of(int(hours[0])).isoformat()


def _last_end(hours: Whole) -> str:
    return local_moment_of(int(hours[-1]) + 1).isoformat()
