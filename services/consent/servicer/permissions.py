"""Who may be written to."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from kit.server import Call
from kundeapp.consent.v1 import consents_pb2
from kundeapp.consent.v1 import permissions_pb2 as pb
from services.consent.domain.audience import ChannelCount
from services.consent.domain.channels import Channel
from services.consent.handlers import audience, permission
from services.consent.servicer.fields import uuid_of, word_of
from services.consent.servicer.part import Part


class Permissions(Part):
    """Who may be written to."""

    async def BatchCheckPermissions(
        self, request: pb.BatchCheckPermissionsRequest, _call: Call
    ) -> pb.BatchCheckPermissionsResponse:
        """Says whether customers may be written to."""
        customer_ids = [
            uuid_of(f"customer_ids[{place}]", text)
            for place, text in enumerate(request.customer_ids)
        ]
        channels = [
            _channel(f"channels[{place}]", channel)
            for place, channel in enumerate(request.channels)
        ]
        async with self.stores() as store:
            found = await permission.check(store, request.purpose, customer_ids, channels)
        return pb.BatchCheckPermissionsResponse(
            permissions=[
                pb.BatchCheckPermissionsResponse.CustomerPermission(
                    customer_id=str(customer_id),
                    channel=consents_pb2.Channel.Value(channel),
                    permission=pb.Permission.Value(answer),
                )
                for customer_id, by_channel in found.items()
                for channel, answer in by_channel.items()
            ]
        )

    async def CountAudience(
        self, request: pb.CountAudienceRequest, _call: Call
    ) -> pb.CountAudienceResponse:
        """Counts who may be written to."""
        channel = _channel("channel", request.channel) if request.channel else None
        async with self.stores() as store:
            counted = await audience.count_audience(store, request.purpose, channel)
        return pb.CountAudienceResponse(
            ledger_position=counted.position,
            channels=[_channel_audience(each) for each in counted.channels],
        )

    async def ExportAudience(
        self, request: pb.ExportAudienceRequest, _call: Call
    ) -> AsyncGenerator[pb.ExportAudienceResponse]:
        """Hands out who may be written to."""
        channel = _channel("channel", request.channel)
        batches = audience.export_audience(
            self.stores, request.purpose, channel, request.as_of_position
        )
        async with aclosing(batches):
            async for batch in batches:
                yield pb.ExportAudienceResponse(
                    ledger_position=0 if batch.customer_ids else batch.position,
                    customer_ids=map(str, batch.customer_ids),
                )


def _channel(field: str, number: int) -> Channel:
    return word_of(field, Channel, consents_pb2.Channel, number)


def _channel_audience(counted: ChannelCount) -> pb.CountAudienceResponse.ChannelAudience:
    return pb.CountAudienceResponse.ChannelAudience(
        channel=consents_pb2.Channel.Value(counted.channel),
        consented=counted.consented,
        allowed=counted.allowed,
        left_out=[
            pb.CountAudienceResponse.LeftOut(
                reason=pb.Permission.Value(reason), customers=customers
            )
            for reason, customers in counted.left_out.items()
        ],
    )
