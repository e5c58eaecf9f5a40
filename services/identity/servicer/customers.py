"""The register of customers."""

from collections.abc import AsyncIterator

from kit.server import Call
from kundeapp.identity.v1 import identity_service_pb2 as pb
from services.identity.handlers import customers
from services.identity.servicer import messages
from services.identity.servicer.part import Part


class Customers(Part):
    """The register of customers."""

    async def ImportCustomers(
        self, requests: AsyncIterator[pb.ImportCustomersRequest], _call: Call
    ) -> pb.ImportCustomersReport:
        """Takes customers into the register."""
        pieces = (request.data async for request in requests)
        report = await customers.import_customers(self.stores, self.gate.pins, self.ids, pieces)
        return pb.ImportCustomersReport(
            rows=report.rows,
            created=report.created,
            changed=report.changed,
            unchanged=report.unchanged,
            new_pins=[
                pb.ImportCustomersReport.NewPin(customer_number=new.customer_number, pin=new.pin)
                for new in report.new_pins
            ],
        )

    async def BatchGetCustomers(
        self, request: pb.BatchGetCustomersRequest, _call: Call
    ) -> pb.BatchGetCustomersResponse:
        """Says who customers are."""
        async with self.stores() as store:
            found = await customers.customers_by_id(store, request.customer_ids)
        return pb.BatchGetCustomersResponse(customers=map(messages.customer_of, found))
