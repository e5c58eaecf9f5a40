"""The caller's account."""

from uuid import UUID

from kit import errors
from services.identity.domain.accounts import Account
from services.identity.domain.store import (
    Store,
)


async def get_me(store: Store, account_id: UUID) -> Account:
    """Returns the caller's account.

    Raises:
        Unauthenticated: If it is gone.
    """
    account = await store.account(account_id)
    if account is None:
        raise errors.Unauthenticated
    return account
