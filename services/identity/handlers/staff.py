"""The accounts of staff."""

from dataclasses import dataclass, field, replace
from uuid import UUID

from kit.ids import Ids
from services.identity.domain import passwords
from services.identity.domain.accounts import Account, Role
from services.identity.domain.problems import (
    EmailInUse,
)
from services.identity.domain.store import Store
from services.identity.handlers.checks import check, email_error, required, role_errors
from services.identity.handlers.gate import Gate
from services.identity.handlers.sessions import end_all_sessions


@dataclass(frozen=True, slots=True)
class StaffAccount:
    """A member of staff, as the operator names one.

    Attributes:
        email: The address to log in with.
        password: The password; empty to keep the one there is.
        roles: The duties, by name.
    """

    email: str
    password: str = field(repr=False)
    roles: frozenset[str]


async def put_staff_account(gate: Gate, ids: Ids, staff: StaffAccount) -> Account:
    """Makes the account of a member of staff, or changes the roles or the password of one.

    A new password, or the loss of a role, ends the sessions of the account; doing the same again
    changes nothing.

    Raises:
        Invalid: If a field is wrong in itself, or a new account has no password.
        EmailInUse: If a customer's account uses the e-mail: staff have accounts of their own.
    """
    password = passwords.normalise(staff.password)
    check(
        email_error(staff.email),
        gate.rules.error_in(password, staff.email) if password else None,
        *role_errors(staff.roles),
    )
    async with gate.stores() as store:
        credentials = await store.credentials(staff.email)
    if credentials is None:
        check(required("password", password))
    is_kept = not password or (
        credentials is not None and await gate.hashes.matches(credentials.password_hash, password)
    )
    new_hash = None if is_kept else await gate.hashes.hash(password)
    roles = frozenset(Role(role) for role in staff.roles)
    async with gate.stores() as store:
        if credentials is None:
            return await _add_staff_account(
                store, ids.new_id(), staff.email.strip(), roles, new_hash
            )
        account = await store.account(credentials.account_id)
        if account is None or account.customers:
            raise EmailInUse
        if account.roles != roles:
            await store.change_roles(account.id, roles)
        if new_hash is not None:
            await store.change_password(account.id, new_hash)
        if account.roles - roles or new_hash is not None:
            await end_all_sessions(store, gate.clock, account.id)
        return replace(account, roles=roles)


async def _add_staff_account(
    store: Store, account_id: UUID, email: str, roles: frozenset[Role], new_hash: str | None
) -> Account:
    if new_hash is None or not await store.add_account(
        account_id, email, new_hash, language="nn", roles=roles
    ):
        raise EmailInUse
    return Account(account_id, email, roles, ())
