"""The register of customers."""

from collections.abc import AsyncIterator

from kit.server import Call
from kundeapp.identity.v1 import identity_service_pb2 as pb
from services.identity.domain.store import Store
from services.identity.handlers import care, customers
from services.identity.handlers.care import Care
from services.identity.servicer import messages
from services.identity.servicer.part import Part


class Customers(Part):
    """The register of customers."""

    async def ImportCustomers(
        self, requests: AsyncIterator[pb.ImportCustomersRequest], _call: Call
    ) -> pb.ImportCustomersReport:
        """Takes customers into the register."""
        pieces = (request.data async for request in requests)
        report = await customers.import_customers(
            self.stores, self.gate.pins, self.ids, self.clock, pieces
        )
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

    async def BatchGetContacts(
        self, request: pb.BatchGetContactsRequest, _call: Call
    ) -> pb.BatchGetContactsResponse:
        """Says how customers are reached."""
        async with self.stores() as store:
            found = await customers.contacts_by_id(store, request.customer_ids)
        return pb.BatchGetContactsResponse(customers=map(messages.contacts_of, found))

    async def LookUpCustomer(
        self, request: pb.LookUpCustomerRequest, call: Call
    ) -> pb.CustomerRecord:
        """Shows a customer who calls."""
        async with self.stores() as store:
            return messages.record_of(await care.look_up(store, self._care(call, request)))

    async def IssuePin(self, request: pb.IssuePinRequest, call: Call) -> pb.IssuedPin:
        """Makes a new PIN for a customer who calls."""

        async def issue(store: Store) -> pb.IssuedPin:
            new = await care.issue_pin(store, self._care(call, request), self.gate.pins)
            return pb.IssuedPin(customer_number=new.customer_number, pin=new.pin)

        return await self.once(call, request, issue, pb.IssuedPin)

    async def ResetSecondFactors(
        self, request: pb.ResetSecondFactorsRequest, call: Call
    ) -> pb.ResetSecondFactorsResponse:
        """Takes second factors off the account of a customer who calls."""

        async def reset(store: Store) -> pb.ResetSecondFactorsResponse:
            await care.reset_second_factors(store, self._care(call, request))
            return pb.ResetSecondFactorsResponse()

        return await self.once(call, request, reset, pb.ResetSecondFactorsResponse)

    async def EndCustomerSessions(
        self, request: pb.EndCustomerSessionsRequest, call: Call
    ) -> pb.EndCustomerSessionsResponse:
        """Logs a customer who calls out everywhere."""

        async def end(store: Store) -> pb.EndCustomerSessionsResponse:
            ended = await care.end_customer_sessions(store, self._care(call, request))
            return pb.EndCustomerSessionsResponse(ended=ended)

        return await self.once(call, request, end, pb.EndCustomerSessionsResponse)

    async def EraseCustomer(
        self, request: pb.EraseCustomerRequest, call: Call
    ) -> pb.EraseCustomerResponse:
        """Erases a customer."""

        async def erase(store: Store) -> pb.EraseCustomerResponse:
            customer_id = await care.erase_customer(store, self._care(call, request))
            return pb.EraseCustomerResponse(customer_id=str(customer_id))

        return await self.once(call, request, erase, pb.EraseCustomerResponse)

    def _care(
        self,
        call: Call,
        request: pb.LookUpCustomerRequest
        | pb.IssuePinRequest
        | pb.ResetSecondFactorsRequest
        | pb.EndCustomerSessionsRequest
        | pb.EraseCustomerRequest,
    ) -> Care:
        return Care(
            call.caller.account, request.customer_number, request.reason, self.ids, self.clock
        )
