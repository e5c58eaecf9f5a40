"""The end of accounts."""

from collections.abc import Sequence
from uuid import UUID

from kit.clock import Clock
from services.identity.domain.accounts import AccountClosed
from services.identity.domain.customers import CustomerContactChanged
from services.identity.domain.problems import StaffCannotDelete
from services.identity.domain.store import Store
from services.identity.handlers.accounts import get_me
from services.identity.handlers.sessions import end_all_sessions


async def delete_account(store: Store, clock: Clock, account_id: UUID) -> None:
    """Deletes the caller's account, whose customers may register again, and tells the owner.

    Raises:
        Unauthenticated: If it is gone.
        StaffCannotDelete: If it is the account of a member of staff.
    """
    account = await get_me(store, account_id)
    if account.roles:
        raise StaffCannotDelete
    customer_ids = await store.detach_customers(account_id)
    store.publish(*(CustomerContactChanged(each) for each in customer_ids))
    await store.lock_accounts([account_id])
    await _close(store, clock, account_id)
    await store.send(account.letter("account-deleted", when=clock.now().isoformat()))


async def close_accounts_of_nobody(store: Store, clock: Clock, account_ids: Sequence[UUID]) -> None:
    """Closes those of accounts that stand for no customer any longer."""
    if not account_ids:
        return
    await store.lock_accounts(account_ids)
    for account_id in await store.accounts_of_nobody(account_ids):
        await _close(store, clock, account_id)


async def _close(store: Store, clock: Clock, account_id: UUID) -> None:
    await end_all_sessions(store, clock, account_id)
    await store.delete_account(account_id)
    store.publish(AccountClosed(account_id))
