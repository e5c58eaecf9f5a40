"""Metering as its callers see it: over gRPC, with a certificate and an internal token."""

import hashlib
from collections.abc import AsyncIterator, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID, uuid4

import asyncpg
import grpc
import numpy as np
from google.rpc import error_details_pb2, status_pb2

from kit.access import Caller
from kit.status import DETAILS_KEY
from kit.testing import Neighbours, eventually
from kundeapp.metering.v1 import (
    bills_pb2,
    direction_pb2,
    prices_pb2,
    rates_pb2,
    spot_prices_pb2,
    usage_pb2,
)
from kundeapp.metering.v1 import imports_pb2 as imports
from kundeapp.metering.v1 import metering_service_pb2 as pb
from kundeapp.metering.v1.metering_events_pb2 import ReadingsCorrected, ReadingsImported

if TYPE_CHECKING:  # the class is in the stubs only
    from kundeapp.metering.v1.metering_service_pb2_grpc import MeteringServiceAsyncStub

Request = TypeVar("Request")

PIECE = 8 * 1024
"""In bytes; small, so that every file comes in more than one."""


@dataclass(frozen=True)
class Refusal:
    """What a caller is told when it is refused.

    Attributes:
        code: The gRPC code.
        details: The rich status as it travels, byte for byte.
    """

    code: grpc.StatusCode
    details: bytes

    @property
    def reason(self) -> str:
        """The reason."""
        info = error_details_pb2.ErrorInfo()
        assert self._unpack(info)
        return info.reason

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The fields or lines that are wrong, each with its reason."""
        request = error_details_pb2.BadRequest()
        if not self._unpack(request):
            return []
        return [(each.field, each.reason) for each in request.field_violations]

    def _unpack(self, into: error_details_pb2.ErrorInfo | error_details_pb2.BadRequest) -> bool:
        status = status_pb2.Status.FromString(self.details)
        return any(detail.Unpack(into) for detail in status.details)


class Refusing:
    """Holds the refusal, once the block has ended."""

    refusal: Refusal


@contextmanager
def refused() -> Generator[Refusing]:
    """Expects a call to be refused."""
    holder = Refusing()
    try:
        yield holder
    except grpc.aio.AioRpcError as error:
        trailing = dict(error.trailing_metadata() or ())
        details = trailing[DETAILS_KEY]
        assert isinstance(details, bytes)
        holder.refusal = Refusal(error.code(), details)
    else:
        raise AssertionError("the call was not refused")


@dataclass(frozen=True)
class Bucket:
    """One entry of the columns of a usage."""

    start: datetime
    wh: int
    cost: int
    hours: int
    missing: int
    estimated: int


def buckets(usage: usage_pb2.Usage) -> list[Bucket]:
    """Reads the columns of a usage."""
    columns = [
        np.frombuffer(data, dtype).tolist()
        for data, dtype in (
            (usage.start, "<i8"),
            (usage.kwh, "<i8"),
            (usage.cost, "<i8"),
            (usage.hours, "<i4"),
            (usage.missing_hours, "<i4"),
            (usage.estimated_hours, "<i4"),
        )
    ]
    return [
        Bucket(datetime.fromtimestamp(start, UTC), *rest)
        for start, *rest in zip(*columns, strict=True)
    ]


@dataclass
class Metering:
    """A running service and the people who use it."""

    neighbours: Neighbours
    database_url: str
    stub: "MeteringServiceAsyncStub"

    async def customer(self, number: str) -> UUID:
        """Makes a customer known, as identity's event does."""
        customer_id = uuid4()
        await self.sql("INSERT INTO customer VALUES ($1, $2)", customer_id, number)
        return customer_id

    async def import_contracts(self, data: bytes) -> pb.ImportMeteringPointsReport:
        """Imports a file of contracts as an operator."""
        requests = (pb.ImportMeteringPointsRequest(data=piece) for piece in _pieces(data))
        return await self.stub.ImportMeteringPoints(_stream(requests), metadata=self.operator())

    async def import_readings(
        self, gsrn: str, data: bytes, sha256: bytes | None = None
    ) -> imports.ImportReadingsReport:
        """Imports a file of readings as an operator."""
        digest = hashlib.sha256(data).digest() if sha256 is None else sha256
        start = imports.ImportReadingsRequest.Start(gsrn=gsrn, sha256=digest)
        first = imports.ImportReadingsRequest(start=start)
        rest = [imports.ImportReadingsRequest(data=piece) for piece in _pieces(data)]
        return await self.stub.ImportReadings(_stream([first, *rest]), metadata=self.operator())

    async def write_readings(
        self, *requests: imports.WriteReadingsRequest
    ) -> imports.WriteReadingsReport:
        """Writes series as an operator."""
        return await self.stub.WriteReadings(_stream(requests), metadata=self.operator())

    async def import_prices(
        self, area: str, data: bytes, *, provisional: bool = False
    ) -> prices_pb2.ImportPricesReport:
        """Imports a file of prices as an operator."""
        message = prices_pb2.ImportPricesRequest
        first = message(start=message.Start(price_area=area, provisional=provisional))
        rest = [message(data=piece) for piece in _pieces(data)]
        return await self.stub.ImportPrices(_stream([first, *rest]), metadata=self.operator())

    async def import_rates(self, text: str) -> rates_pb2.ImportRatesReport:
        """Imports a book of rates as an operator."""
        requests = (rates_pb2.ImportRatesRequest(data=piece) for piece in _pieces(text.encode()))
        return await self.stub.ImportRates(_stream(requests), metadata=self.operator())

    async def import_exchange_rates(self, data: bytes) -> prices_pb2.ImportExchangeRatesReport:
        """Imports a file of exchange rates as an operator."""
        requests = (prices_pb2.ImportExchangeRatesRequest(data=each) for each in _pieces(data))
        return await self.stub.ImportExchangeRates(_stream(requests), metadata=self.operator())

    async def usage(
        self,
        customer: UUID,
        gsrn: str,
        resolution: str,
        from_date: str,
        to_date: str,
        *,
        view: str = "VIEW_UNSPECIFIED",
        direction: str = "DIRECTION_UNSPECIFIED",
    ) -> usage_pb2.Usage:
        """Asks for usage as a customer."""
        request = usage_pb2.GetUsageRequest(
            gsrn=gsrn,
            resolution=usage_pb2.Usage.Resolution.Value(resolution),
            from_date=from_date,
            to_date=to_date,
            view=usage_pb2.Usage.View.Value(view),
            direction=direction_pb2.Direction.Value(direction),
        )
        return await self.stub.GetUsage(request, metadata=self.metadata(customer))

    async def bill(self, customer: UUID, gsrn: str, month: str) -> bills_pb2.Bill:
        """Asks for the bill of a month as a customer."""
        request = bills_pb2.GetBillRequest(gsrn=gsrn, month=month)
        return await self.stub.GetBill(request, metadata=self.metadata(customer))

    async def estimate(self, customer: UUID, gsrn: str, month: str) -> bills_pb2.EstimatedBill:
        """Asks for an estimate of a month's bill as a customer."""
        request = bills_pb2.EstimateBillRequest(gsrn=gsrn, month=month)
        return await self.stub.EstimateBill(request, metadata=self.metadata(customer))

    async def capacity(self, customer: UUID, gsrn: str, month: str) -> bills_pb2.Capacity:
        """Asks for the capacity steps as a customer."""
        request = bills_pb2.GetCapacityRequest(gsrn=gsrn, month=month)
        return await self.stub.GetCapacity(request, metadata=self.metadata(customer))

    async def year_before(
        self, customer: UUID, gsrn: str, from_date: str, to_date: str
    ) -> usage_pb2.UsageComparison:
        """Compares with the year before as a customer."""
        request = usage_pb2.CompareUsageRequest(gsrn=gsrn, from_date=from_date, to_date=to_date)
        return await self.stub.CompareUsage(request, metadata=self.metadata(customer))

    async def products(
        self, customer: UUID, gsrn: str, from_date: str, to_date: str
    ) -> usage_pb2.ProductComparison:
        """Compares products as a customer."""
        request = usage_pb2.CompareProductsRequest(gsrn=gsrn, from_date=from_date, to_date=to_date)
        return await self.stub.CompareProducts(request, metadata=self.metadata(customer))

    async def spot_prices(self, customer: UUID, area: str) -> spot_prices_pb2.SpotPrices:
        """Asks for spot prices as a customer."""
        request = spot_prices_pb2.GetSpotPricesRequest(price_area=area)
        return await self.stub.GetSpotPrices(request, metadata=self.metadata(customer))

    async def points(
        self, customer: UUID, page_size: int = 0, page_token: str = ""
    ) -> pb.ListMeteringPointsResponse:
        """Lists the metering points of a customer."""
        request = pb.ListMeteringPointsRequest(page_size=page_size, page_token=page_token)
        return await self.stub.ListMeteringPoints(request, metadata=self.metadata(customer))

    async def sql(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        """Runs a statement beside the service."""
        connection = await asyncpg.connect(self.database_url)
        try:
            return await connection.fetch(statement, *arguments)
        finally:
            await connection.close()

    async def contents(self) -> dict[str, list[asyncpg.Record]]:
        """Returns all that is stored, to tell whether something has changed."""
        tables = (
            "metering_point",
            "contract",
            "series",
            "day_block",
            "replaced_day_block",
            "price_day",
            "exchange_rate",
            "reading_import",
            "reading_import_series",
        )
        return {
            table: await self.sql(f"SELECT * FROM {table} ORDER BY {table}::text")  # noqa: S608 - our own tables
            for table in tables
        }

    async def wait_for(self, statement: str, *arguments: object) -> None:
        """Waits until a statement returns a row."""
        await eventually(lambda: self.sql(statement, *arguments))

    def metadata(self, *customers: UUID, roles: Sequence[str] = ()) -> Sequence[tuple[str, str]]:
        """Returns the internal token of somebody who is logged in."""
        caller = Caller(
            account_id=uuid4(),
            customer_ids=customers,
            roles=frozenset(roles),
            session_id=uuid4(),
            authenticated_at=datetime.now(UTC),
            methods=("pwd", "otp", "mfa") if roles else ("pwd",),
        )
        return self.neighbours.metadata(caller)

    def operator(self) -> Sequence[tuple[str, str]]:
        """Returns the internal token of an operator."""
        return self.metadata(roles=["OPERATOR"])


def _pieces(data: bytes) -> Iterable[bytes]:
    return (data[at : at + PIECE] for at in range(0, len(data), PIECE))


async def _stream(requests: Iterable[Request]) -> AsyncIterator[Request]:
    for request in requests:
        yield request


async def told(metering: Metering) -> list[ReadingsImported | ReadingsCorrected]:
    """Returns all events about readings, in order."""
    kinds = {kind.DESCRIPTOR.full_name: kind for kind in (ReadingsImported, ReadingsCorrected)}
    rows = await metering.sql("SELECT type, payload FROM outbox ORDER BY seq")
    told = [(kinds.get(row["type"]), row["payload"]) for row in rows]
    return [kind.FromString(payload) for kind, payload in told if kind is not None]
