"""Files that operators bring."""

from collections.abc import AsyncIterator

from kit.errors import FieldError, Invalid
from kit.server import Call
from kundeapp.metering.v1 import metering_service_pb2 as pb
from services.metering.domain.files.contracts import ContractsFormat
from services.metering.domain.files.prices import PricesFormat
from services.metering.handlers import contracts, prices
from services.metering.servicer.files import first_start, last_end, read
from services.metering.servicer.part import Part


class Imports(Part):
    """Takes in contracts and prices."""

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

    async def ImportPrices(
        self, requests: AsyncIterator[pb.ImportPricesRequest], _call: Call
    ) -> pb.ImportPricesReport:
        """Takes a file of spot prices."""
        first = await anext(requests, pb.ImportPricesRequest())
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


async def _pieces(requests: AsyncIterator[pb.ImportPricesRequest]) -> AsyncIterator[bytes]:
    """Gives the pieces of a file after the first message, which says what it is about.

    Raises:
        Invalid: If another message says so as well.
    """
    async for request in requests:
        if request.WhichOneof("part") != "data":
            raise Invalid(FieldError("data", "REQUIRED_FIELD"))
        yield request.data
