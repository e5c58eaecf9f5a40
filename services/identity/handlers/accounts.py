"""The caller's account."""

from dataclasses import replace
from uuid import UUID

from kit import errors
from kit.checks import check
from services.identity.domain.accounts import Account
from services.identity.domain.store import Store
from services.identity.handlers.checks import language_error


async def get_me(store: Store, account_id: UUID) -> Account:
    """Returns the caller's account.

    Raises:
        Unauthenticated: If it is gone.
    """
    account = await store.account(account_id)
    if account is None:
        raise errors.Unauthenticated
    return account


async def change_language(store: Store, account_id: UUID, language: str) -> Account:
    """Has the caller written to in another language; what is written already stays as it is.

    Raises:
        Invalid: If it is none of `nn`, `nb` and `en`.
        Unauthenticated: If the account is gone.
    """
    check(language_error("language", language))
    # A customer who is linked meanwhile comes before or after, and is told of in either case.
    await store.lock_accounts([account_id])
    account = await get_me(store, account_id)
    if account.language == language:
        return account
    await store.change_language(account_id, language)
    store.publish(*account.contact_changes())
    return replace(account, language=language)
