"""Metering points and who holds them."""

from google.protobuf.timestamp_pb2 import Timestamp

from kit.server import Call
from kundeapp.metering.v1 import metering_service_pb2 as pb
from services.metering.domain.calendar import SECONDS_PER_HOUR
from services.metering.domain.contracts import Contract
from services.metering.handlers import contracts
from services.metering.servicer.part import Part


class Points(Part):
    """Shows metering points."""

    async def ListMeteringPoints(
        self, request: pb.ListMeteringPointsRequest, call: Call
    ) -> pb.ListMeteringPointsResponse:
        """Lists the caller's contracts."""
        async with self.database.reader() as connection:
            page = await contracts.list_contracts(
                self.reader_of(connection),
                customers=call.caller.customer_ids,
                page_size=request.page_size,
                page_token=request.page_token,
            )
        return pb.ListMeteringPointsResponse(
            metering_points=[_metering_point(contract) for contract in page.contracts],
            next_page_token=page.next_page_token,
        )


def _metering_point(contract: Contract) -> pb.MeteringPoint:
    return pb.MeteringPoint(
        gsrn=contract.gsrn,
        address=contract.address,
        price_area=contract.price_area,
        grid_company=contract.grid_company,
        product=contract.product,
        customer_number=contract.customer_number,
        from_date=contract.from_date.isoformat(),
        to_date="" if contract.to_date is None else contract.to_date.isoformat(),
        from_time=_stamp(contract.first_hour),
        to_time=None if contract.end_hour is None else _stamp(contract.end_hour),
        premises=pb.MeteringPoint.Premises.Value(contract.premises.value),
    )


def _stamp(hour: int) -> Timestamp:
    return Timestamp(seconds=hour * SECONDS_PER_HOUR)
