"""Taking leave by a link, without logging in: as easy as it can be, and for ever."""

from kit.clock import Clock
from services.consent.domain.ledger import Actor, By, Change, Decision, Source
from services.consent.domain.store import Store
from services.consent.domain.unsubscribing import LinkUnknown, Subscription, UnsubscribeTokens
from services.consent.handlers.ledger import record


async def unsubscribe(
    store: Store, clock: Clock, tokens: UnsubscribeTokens, token: str
) -> Subscription:
    """Withdraws what a link is about. Doing so again changes nothing.

    Raises:
        LinkUnknown: If the link was not made here, or nobody is known by it.
    """
    subscription = await _known(store, tokens, token)
    change = Change(
        subscription.customer_id,
        subscription.purpose,
        subscription.channel,
        Decision.WITHDRAWN,
        By(Actor.CUSTOMER, Source.UNSUBSCRIBE),
    )
    await record(store, clock, [change])
    return subscription


async def look(store: Store, tokens: UnsubscribeTokens, token: str) -> tuple[Subscription, bool]:
    """Returns what a link is about, and whether it is still on; nothing changes.

    Raises:
        LinkUnknown: If the link was not made here, or nobody is known by it.
    """
    subscription = await _known(store, tokens, token)
    is_on = any(
        consent.decision is Decision.GIVEN
        for consent in await store.consents_of([subscription.customer_id])
        if consent.pair == (subscription.purpose, subscription.channel)
    )
    return subscription, is_on


async def _known(store: Store, tokens: UnsubscribeTokens, token: str) -> Subscription:
    subscription = tokens.read(token)
    if subscription is None or await store.status_of(subscription.customer_id) is None:
        raise LinkUnknown
    return subscription
