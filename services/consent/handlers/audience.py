"""Who may be written to for a purpose: counted, and handed out for a mailing."""

from collections.abc import AsyncGenerator, Mapping, Sequence

from kit.errors import FieldError, Invalid
from services.consent.domain.audience import Batch, ChannelCount, Count, PositionNotReached
from services.consent.domain.channels import Channel
from services.consent.domain.ledger import Decision
from services.consent.domain.permission import Permission, Standing, permission_of
from services.consent.domain.store import Store, Stores

_PAGE = 1000


async def count_audience(store: Store, purpose: str, channel: Channel | None) -> Count:
    """Counts who may be written to at this moment.

    Args:
        store: The store.
        purpose: The purpose.
        channel: The channel; None for each that the purpose has.

    Raises:
        Invalid: If there is no such purpose, or it does not have the channel.
    """
    channels = await _channels(store, purpose, channel)
    position = await store.last_position()
    counts = [
        _counted(each, await store.count_standings(purpose, each, position)) for each in channels
    ]
    return Count(position, counts)


async def export_audience(
    stores: Stores, purpose: str, channel: Channel, as_of_position: int
) -> AsyncGenerator[Batch]:
    """Hands out the customers who may be written to, in the order of their ids.

    What they have decided counts up to a row of the ledger, however long it takes and whatever they
    decide meanwhile; all else counts as it is when a batch is made. Each batch has a transaction of
    its own, so that a slow reader keeps no old rows alive.

    Args:
        stores: Opens transactions.
        purpose: The purpose.
        channel: The channel.
        as_of_position: The row of the ledger; 0 for the last one.

    Yields:
        First an empty batch, which says the position.

    Raises:
        Invalid: If there is no such purpose, or it does not have the channel.
        PositionNotReached: If the ledger is not as long as that.
    """
    async with stores() as store:
        await _channels(store, purpose, channel)
        last = await store.last_position()
    if not 0 <= as_of_position <= last:
        raise PositionNotReached(last)
    position = as_of_position or last
    yield Batch(position, ())
    after = None
    while True:
        async with stores() as store:
            page = await store.standings_after(purpose, channel, position, after, _PAGE)
        allowed = [
            customer_id
            for customer_id, standing in page.items()
            if permission_of(standing) is Permission.ALLOWED
        ]
        if allowed:
            yield Batch(position, allowed)
        if len(page) < _PAGE:
            return
        after = max(page)


async def _channels(store: Store, purpose: str, channel: Channel | None) -> Sequence[Channel]:
    offered = {each.id: each.channels for each in await store.purposes()}.get(purpose)
    if offered is None:
        raise Invalid(FieldError("purpose", "UNKNOWN_PURPOSE"))
    if channel is None:
        return offered
    if channel not in offered:
        raise Invalid(FieldError("channel", "UNKNOWN_CHANNEL"))
    return [channel]


def _counted(channel: Channel, standings: Mapping[Standing, int]) -> ChannelCount:
    permissions = dict.fromkeys(Permission, 0)
    for standing, customers in standings.items():
        permissions[permission_of(standing)] += customers
    consented = sum(
        customers
        for standing, customers in standings.items()
        if standing.decision is Decision.GIVEN
    )
    allowed = permissions.pop(Permission.ALLOWED)
    left_out = {reason: customers for reason, customers in permissions.items() if customers}
    return ChannelCount(channel, consented, allowed, left_out)
