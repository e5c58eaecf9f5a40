"""Files that operators bring."""

from collections.abc import AsyncIterator

from kit.server import Call
from kundeapp.metering.v1 import metering_service_pb2 as pb
from services.metering.domain.files.contracts import ContractsFormat
from services.metering.handlers import contracts
from services.metering.servicer.files import read
from services.metering.servicer.part import Part


class Imports(Part):
    """Takes in contracts."""

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
            rows=len(rows),
            created=len(done.created),
            changed=len(done.changed),
            removed=len(done.removed),
            unchanged=done.unchanged,
        )
