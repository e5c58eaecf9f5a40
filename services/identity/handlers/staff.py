"""The accounts of staff."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from kit.checks import check, required
from kit.ids import Ids
from services.identity.domain import passwords
from services.identity.domain.accounts import Account, Role
from services.identity.domain.problems import (
    EmailInUse,
)
from services.identity.domain.reach import AccountContact
from services.identity.domain.second_factor import uri_of
from services.identity.domain.store import Store
from services.identity.handlers.checks import email_error, role_errors, valid
from services.identity.handlers.gate import Gate
from services.identity.handlers.second_factors import hand_out_totp
from services.identity.handlers.sessions import end_all_sessions


@dataclass(frozen=True, slots=True)
class StaffAccount:
    """A member of staff, as the operator names one.

    Attributes:
        email: The address to log in with.
        password: The password; empty to keep the one there is.
        roles: The duties, by name.
        renew_second_factor: Whether an account that exists gets a new authenticator app.
    """

    email: str
    password: str = field(repr=False)
    roles: frozenset[str]
    renew_second_factor: bool = False


@dataclass(frozen=True, slots=True)
class PutStaff:
    """The account of a member of staff, as it is now.

    Attributes:
        account: The account.
        totp_secret: The secret of a new authenticator app in base32; empty if there is no new one.
        totp_uri: The same as an `otpauth` URI.
    """

    account: Account
    totp_secret: str = field(default="", repr=False)
    totp_uri: str = field(default="", repr=False)


async def staff_contacts(store: Store, role: str) -> Sequence[AccountContact]:
    """Returns how the staff with a role are reached, by their accounts' ids.

    Raises:
        Invalid: If there is no such role.
    """
    check(valid("role", "ROLE_INVALID", is_valid=role in Role.__members__))
    return await store.staff_contacts(Role(role))


async def put_staff_account(gate: Gate, ids: Ids, staff: StaffAccount) -> PutStaff:
    """Makes the account of a member of staff, or changes the roles or the password of one.

    A new account gets an authenticator app, whose secret is handed out this once. A new password,
    a new app or the loss of a role ends the sessions of the account; doing the same again changes
    nothing.

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
            account = await _add_staff_account(
                store, ids.new_id(), staff.email.strip(), roles, new_hash
            )
            return await _with_new_app(store, gate, account)
        account = await store.account(credentials.account_id)
        if account is None or account.customers:
            raise EmailInUse
        if account.roles != roles:
            await store.change_roles(account.id, roles)
        if new_hash is not None:
            await store.change_password(account.id, new_hash)
        if account.roles - roles or new_hash is not None or staff.renew_second_factor:
            await end_all_sessions(store, gate.clock, account.id)
        changed = replace(account, roles=roles)
        if not staff.renew_second_factor:
            return PutStaff(changed)
        await store.send(account.letter("second-factor-on"))
        return await _with_new_app(store, gate, changed)


async def _with_new_app(store: Store, gate: Gate, account: Account) -> PutStaff:
    secret = await hand_out_totp(store, gate.factors, account, gate.clock.now())
    return PutStaff(account, secret, uri_of(secret, account.email))


async def _add_staff_account(
    store: Store, account_id: UUID, email: str, roles: frozenset[Role], new_hash: str | None
) -> Account:
    if new_hash is None or not await store.add_account(
        account_id, email, new_hash, language="nn", roles=roles
    ):
        raise EmailInUse
    return Account(account_id, email, roles, ())
