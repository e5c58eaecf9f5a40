"""Purposes and notices."""

from kit.server import Call
from kundeapp.consent.v1 import consents_pb2 as pb
from services.consent.domain.store import Store
from services.consent.handlers import notices, purposes
from services.consent.servicer import messages
from services.consent.servicer.part import Part


class Notices(Part):
    """Purposes and notices."""

    async def ListPurposes(
        self, _request: pb.ListPurposesRequest, _call: Call
    ) -> pb.ListPurposesResponse:
        """Lists what customers are asked for."""
        async with self.stores() as store:
            found = await store.purposes()
        return pb.ListPurposesResponse(purposes=map(messages.purpose_told, found))

    async def PutPurpose(self, request: pb.PutPurposeRequest, call: Call) -> pb.PutPurposeResponse:
        """Makes a purpose, or changes it."""
        purpose = messages.purpose_of(request.purpose)

        async def put(store: Store) -> pb.PutPurposeResponse:
            outcome = await purposes.put_purpose(store, purpose)
            return pb.PutPurposeResponse(outcome=pb.PutPurposeResponse.Outcome.Value(outcome))

        return await self.once(call, request, put, pb.PutPurposeResponse)

    async def GetNotice(self, request: pb.GetNoticeRequest, _call: Call) -> pb.Notice:
        """Shows a notice."""
        async with self.stores() as store:
            notice = await notices.get_notice(store, request.notice, request.version)
        return messages.notice_told(notice)

    async def PublishNotice(
        self, request: pb.PublishNoticeRequest, call: Call
    ) -> pb.PublishNoticeResponse:
        """Publishes texts of a notice."""
        texts = messages.texts_of(request)

        async def publish(store: Store) -> pb.PublishNoticeResponse:
            outcome, notice = await notices.publish_notice(
                store, self.clock, request.notice, texts, is_material=request.is_material
            )
            return pb.PublishNoticeResponse(
                outcome=pb.PublishNoticeResponse.Outcome.Value(outcome),
                notice=messages.notice_told(notice),
            )

        return await self.once(call, request, publish, pb.PublishNoticeResponse)
