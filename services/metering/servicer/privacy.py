"""What is held about the caller."""

from collections.abc import Iterator

import numpy as np

from kit import export
from kit.server import Call
from kundeapp.privacy.v1.export_pb2 import ExportMyDataRequest, ExportMyDataResponse
from services.metering.domain.calendar import date_of, local_moment_of
from services.metering.domain.contracts import Contract
from services.metering.domain.readings import MISSING, NO_QUALITY, Quality
from services.metering.handlers.contracts import list_contracts
from services.metering.handlers.personal_data import HeldDays, export_days
from services.metering.servicer.part import Part

_QUALITY_NAMES = {NO_QUALITY: None, **{each.value: each.name for each in Quality}}


class Privacy(Part):
    """Hands out all that is held about the caller."""

    async def ExportMyData(self, request: ExportMyDataRequest, call: Call) -> ExportMyDataResponse:
        """Hands out what is held about the caller."""
        customers = call.caller.customer_ids
        async with self.database.reader() as connection:
            reader = self.reader_of(connection)

            async def contracts(position: str) -> export.Part:
                page = await list_contracts(
                    reader,
                    customers=customers,
                    page_size=export.RECORDS_A_PAGE,
                    page_token=position,
                )
                return export.Part(
                    [_contract_record(each) for each in page.contracts], page.next_page_token
                )

            async def days(position: str) -> export.Part:
                held, end = await export_days(reader, customers=customers, position=position)
                return export.Part([record for each in held for record in _day_records(each)], end)

            sections = (export.Section("contracts", contracts), export.Section("days", days))
            return await export.page(request, call, self.clock.now(), sections)


def _contract_record(contract: Contract) -> export.Record:
    return {
        "meteringPoint": contract.gsrn,
        "customerNumber": contract.customer_number,
        "from": contract.from_date,
        "to": contract.to_date,
        "fromTime": local_moment_of(contract.first_hour),
        "toTime": None if contract.end_hour is None else local_moment_of(contract.end_hour),
        "priceArea": contract.price_area,
        "gridCompany": contract.grid_company,
        "product": contract.product,
        "premises": contract.premises.value,
        "address": contract.address,
    }


def _day_records(held: HeldDays) -> Iterator[export.Record]:
    """Yields a record a day; the hours of a local day, in order, are 23, 24 or 25."""
    blocks = held.days
    wh = [None if value == MISSING else value for value in blocks.wh.tolist()]
    qualities = np.where(blocks.known, blocks.qualities, NO_QUALITY).tolist()
    names = [_QUALITY_NAMES[quality] for quality in qualities]
    for day, part in zip(blocks.layout.days.tolist(), blocks.layout.slices(), strict=True):
        yield {
            "meteringPoint": held.contract.gsrn,
            "direction": held.direction.name,
            "date": date_of(day),
            "wh": wh[part],
            "quality": names[part],
        }
