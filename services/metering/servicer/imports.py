"""Files that operators bring."""

from collections.abc import AsyncIterator
from typing import TypeVar

from kit.errors import FieldError, Invalid
from kit.server import Call
from kundeapp.metering.v1 import metering_service_pb2 as pb
from services.metering.domain.files.contracts import ContractsFormat
from services.metering.domain.files.prices import PricesFormat
from services.metering.domain.files.readings import ReadingsFormat
from services.metering.handlers import contracts, prices, readings
from services.metering.servicer.files import first_start, last_end, read
from services.metering.servicer.part import Part

Request = TypeVar("Request", pb.ImportReadingsRequest, pb.ImportPricesRequest)


class Imports(Part):
    """Takes in contracts, readings and prices."""

    async def ImportMeteringPoints(
        self, requests: AsyncIterator[pb.ImportMeteringPointsRequest], _call: Call
    ) -> pb.ImportMeteringPointsReport:
        """Takes a file of metering points and contracts."""
        async with self.database.reader() as connection:
            book = await self.rate_books.current(self.reader_of(connection))
        pieces = (request.data async for request in requests)
        rows = await read(ContractsFormat(book.products), pieces)
        async with self.database.transaction() as transaction:
            done = await contracts.import_contracts(self.store_of(transaction), rows=rows)
        return pb.ImportMeteringPointsReport(
            rows=len(rows), created=done.created, changed=done.changed, unchanged=done.unchanged
        )

    async def ImportReadings(
        self, requests: AsyncIterator[pb.ImportReadingsRequest], _call: Call
    ) -> pb.ImportReadingsReport:
        """Takes a file of readings."""
        gsrn = readings.require_gsrn((await _first(requests, pb.ImportReadingsRequest())).gsrn)
        values = await read(ReadingsFormat(), _pieces(requests))
        async with self.database.transaction() as transaction:
            done = await readings.import_readings(
                self.store_of(transaction), gsrn=gsrn, readings=values
            )
        return pb.ImportReadingsReport(
            rows=len(values.hours),
            created=done.created,
            changed=done.changed,
            unchanged=done.unchanged,
            kwh=values.total_wh,
            first_start=first_start(values.hours),
            last_end=last_end(values.hours),
        )

    async def ImportPrices(
        self, requests: AsyncIterator[pb.ImportPricesRequest], _call: Call
    ) -> pb.ImportPricesReport:
        """Takes a file of spot prices."""
        first = await _first(requests, pb.ImportPricesRequest())
        price_area = prices.require_price_area(first.price_area)
        found = await read(PricesFormat(), _pieces(requests))
        async with self.database.transaction() as transaction:
            done = await prices.import_prices(
                self.store_of(transaction), price_area=price_area, prices=found
            )
        return pb.ImportPricesReport(
            rows=len(found.hours),
            created=done.created,
            changed=done.changed,
            unchanged=done.unchanged,
            first_start=first_start(found.hours),
            last_end=last_end(found.hours),
        )


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
