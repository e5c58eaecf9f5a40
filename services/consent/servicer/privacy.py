"""What is held about the caller."""

from collections.abc import Sequence

from kit.export import Record, page, whole
from kit.server import Call
from kundeapp.privacy.v1.export_pb2 import ExportMyDataRequest, ExportMyDataResponse
from services.consent.servicer.part import Part


class Privacy(Part):
    """What is held about the caller."""

    async def ExportMyData(self, request: ExportMyDataRequest, call: Call) -> ExportMyDataResponse:
        """Hands out what is held about the caller."""
        async with self.stores() as store:

            async def consents() -> Sequence[Record]:
                return await store.exported_consents(call.caller.customer_ids)

            async def contacts() -> Sequence[Record]:
                return await store.exported_contacts(call.caller.customer_ids)

            sections = (whole("consents", consents), whole("contacts", contacts))
            return await page(request, call, self.clock.now(), sections)
