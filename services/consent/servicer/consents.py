"""What customers agree to."""

from collections.abc import Sequence
from uuid import UUID

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.json_format import MessageToJson

from kit.server import Call
from kundeapp.consent.v1 import consents_pb2 as pb
from services.consent.domain.ledger import Actor, By, Source
from services.consent.domain.store import Store
from services.consent.handlers import consents
from services.consent.servicer import messages
from services.consent.servicer.fields import uuid_of
from services.consent.servicer.part import Part
from services.consent.servicer.receipt import receipt_of


class Consents(Part):
    """What customers agree to."""

    async def GetMyConsents(self, _request: pb.GetMyConsentsRequest, call: Call) -> pb.MyConsents:
        """Shows what the caller has agreed to."""
        async with self.stores() as store:
            return await _my_consents(store, call)

    async def ChangeMyConsents(
        self, request: pb.ChangeMyConsentsRequest, call: Call
    ) -> pb.MyConsents:
        """Gives and withdraws."""
        asked = [messages.asked_of(change) for change in request.changes]

        async def change(store: Store) -> pb.MyConsents:
            await consents.change(store, self.clock, _customers(call), call.caller.account, asked)
            return await _my_consents(store, call)

        return await self.once(call, request, change, pb.MyConsents)

    async def WithdrawAllMyConsents(
        self, request: pb.WithdrawAllMyConsentsRequest, call: Call
    ) -> pb.MyConsents:
        """Withdraws everything with a channel."""
        by = By(Actor.CUSTOMER, Source.SELF_SERVICE, call.caller.account)

        async def withdraw(store: Store) -> pb.MyConsents:
            await consents.withdraw_all(store, self.clock, _customers(call), by)
            return await _my_consents(store, call)

        return await self.once(call, request, withdraw, pb.MyConsents)

    async def ListMyConsentHistory(
        self, request: pb.ListMyConsentHistoryRequest, call: Call
    ) -> pb.ListMyConsentHistoryResponse:
        """Lists the decisions of the caller."""
        async with self.stores() as store:
            entries, following = await consents.history(
                store, _customers(call), request.page_size, request.page_token
            )
        return pb.ListMyConsentHistoryResponse(
            decisions=map(messages.decision_of, entries), next_page_token=following
        )

    async def GetMyConsentReceipt(
        self, _request: pb.GetMyConsentReceiptRequest, call: Call
    ) -> pb.ConsentReceipt:
        """Hands out a receipt."""
        return await self._receipt(call)

    async def GetMyConsentReceiptFile(
        self, _request: pb.GetMyConsentReceiptFileRequest, call: Call
    ) -> HttpBody:
        """Hands out a receipt as a file."""
        text = MessageToJson(
            await self._receipt(call),
            preserving_proto_field_name=True,
            always_print_fields_with_no_presence=True,
            ensure_ascii=False,
        )
        return HttpBody(content_type="application/json", data=text.encode())

    async def WithdrawForCustomer(
        self, request: pb.WithdrawForCustomerRequest, call: Call
    ) -> pb.WithdrawForCustomerResponse:
        """Withdraws for a customer who calls."""
        care = consents.Care(
            call.caller.account,
            uuid_of("customer_id", request.customer_id),
            request.reason,
            self.ids,
            self.clock,
        )
        pairs = [(pair.purpose, messages.channel_of(pair.channel)) for pair in request.pairs]

        async def withdraw(store: Store) -> pb.WithdrawForCustomerResponse:
            entries = await consents.withdraw_for(store, care, pairs)
            return pb.WithdrawForCustomerResponse(decisions=map(messages.decision_of, entries))

        return await self.once(call, request, withdraw, pb.WithdrawForCustomerResponse)

    async def _receipt(self, call: Call) -> pb.ConsentReceipt:
        async with self.stores() as store:
            agreed = await consents.agreed(store, _customers(call))
            entries = await store.last_entries_of(_customers(call))
        return receipt_of(
            self.ids.new_id(),
            self.clock.now(),
            self.controller,
            agreed,
            entries,
            call.language,
        )


def _customers(call: Call) -> Sequence[UUID]:
    return call.caller.customer_ids


async def _my_consents(store: Store, call: Call) -> pb.MyConsents:
    agreed = await consents.agreed(store, _customers(call))
    return messages.my_consents_of(list(agreed), call.language)
