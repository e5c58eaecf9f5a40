"""Links to unsubscribe."""

from kit.server import Call
from kundeapp.consent.v1 import consents_pb2
from kundeapp.consent.v1 import mailings_pb2 as pb
from services.consent.domain.store import Store
from services.consent.domain.unsubscribing import Subscription
from services.consent.handlers import unsubscribing
from services.consent.servicer.part import Part


class Unsubscribing(Part):
    """Links to unsubscribe."""

    async def Unsubscribe(self, request: pb.UnsubscribeRequest, call: Call) -> pb.Subscription:
        """Withdraws what a link is about."""

        async def unsubscribe(store: Store) -> pb.Subscription:
            subscription = await unsubscribing.unsubscribe(
                store, self.clock, self.tokens, request.token
            )
            return await _subscription(store, subscription, call, is_on=False)

        return await self.once(call, request, unsubscribe, pb.Subscription)

    async def GetSubscription(
        self, request: pb.GetSubscriptionRequest, call: Call
    ) -> pb.Subscription:
        """Shows what a link is about."""
        async with self.stores() as store:
            subscription, is_on = await unsubscribing.look(store, self.tokens, request.token)
            return await _subscription(store, subscription, call, is_on=is_on)


async def _subscription(
    store: Store, subscription: Subscription, call: Call, *, is_on: bool
) -> pb.Subscription:
    names = {
        purpose.id: purpose.names[call.language]
        for purpose in await store.purposes()
        if purpose.id == subscription.purpose
    }
    return pb.Subscription(
        purpose=subscription.purpose,
        purpose_name=names.get(subscription.purpose, subscription.purpose),
        channel=consents_pb2.Channel.Value(subscription.channel),
        is_on=is_on,
    )
