"""Writing decisions down: a row of the ledger, what holds now, and an event, all or none."""

from collections.abc import Sequence

from kit.clock import Clock
from services.consent.domain import ledger
from services.consent.domain.customers import Status
from services.consent.domain.ledger import Change, Entry
from services.consent.domain.store import Store


async def record(store: Store, clock: Clock, changes: Sequence[Change]) -> Sequence[Entry]:
    """Writes down those decisions that change something.

    The customers are locked until the transaction is over, in the order of their ids. Nothing is
    written down of one who was erased.

    Args:
        store: The store.
        clock: Tells the time, which is asked for once nobody else decides.
        changes: The decisions, in order.

    Returns:
        The rows that were written.
    """
    customer_ids = sorted({change.customer_id for change in changes})
    statuses = await store.lock_customers(customer_ids)
    now = clock.now()
    consents = {
        (consent.customer_id, consent.pair): consent
        for consent in await store.consents_of(customer_ids)
    }
    news = list[Change]()
    for change in changes:
        if statuses[change.customer_id] is Status.ERASED:
            continue
        key = (change.customer_id, change.pair)
        for settled in ledger.settle(change, consents.get(key), now):
            news.append(settled)
            consents[key] = settled.consent(now)
    if not news:
        return ()
    heads = await store.heads(sorted({change.customer_id for change in news}))
    entries = ledger.chained(news, heads, await store.lock_ledger(), now)
    await store.append(entries)
    store.publish(*(entry.event for entry in entries))
    return entries
