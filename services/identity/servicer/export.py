"""What is held about a person, as records of the file that the gateway makes."""

import base64
from collections.abc import Sequence
from uuid import UUID

from kit.export import RECORDS_A_PAGE, Part, Record, Section, staff_actions, whole
from kit.postgres import Connection
from services.identity.domain.accounts import UNDO_WITHIN, Account, EmailChange
from services.identity.domain.customers import Customer
from services.identity.domain.passkeys import Passkey
from services.identity.domain.sessions import Login
from services.identity.domain.store import Store


def sections(store: Store, account: Account, connection: Connection) -> Sequence[Section]:
    """Returns the sections of what is held about an account and its customers.

    Whatever else comes to hang on an account, such as how its owner logs in, has a section here.

    Args:
        store: The store.
        account: The account.
        connection: Where the log of what staff did is.
    """

    async def the_account() -> Sequence[Record]:
        return [_account(account)]

    async def customers() -> Sequence[Record]:
        return [_customer(customer) for customer in account.customers]

    async def sessions(position: str) -> Part:
        after = UUID(position) if position else None
        logins = await store.all_logins_of(account.id, after, RECORDS_A_PAGE)
        is_last = len(logins) < RECORDS_A_PAGE
        return Part(
            [_login(login) for login in logins], "" if is_last else str(logins[-1].session.id)
        )

    async def devices() -> Sequence[Record]:
        return [{"lastUsedAt": used_at} for used_at in await store.devices_used_at(account.id)]

    async def email_changes() -> Sequence[Record]:
        return [_email_change(change) for change in await store.email_changes_of(account.id)]

    async def providers() -> Sequence[Record]:
        links = await store.links_of(account.id)
        return [{"issuer": issuer, "linkedAt": since} for issuer, since in links.items()]

    async def second_factors() -> Sequence[Record]:
        factors = await store.second_factors(account.id)
        return [{"authenticatorApp": factors.totp, "recoveryCodesLeft": factors.recovery_codes}]

    async def passkeys() -> Sequence[Record]:
        return [_passkey(passkey) for passkey in await store.passkeys_of(account.id)]

    return (
        whole("account", the_account),
        whole("customers", customers),
        Section("sessions", sessions),
        whole("devices", devices),
        whole("emailChanges", email_changes),
        whole("linkedProviders", providers),
        whole("secondFactors", second_factors),
        whole("passkeys", passkeys),
        staff_actions(connection, [customer.id for customer in account.customers]),
    )


def _account(account: Account) -> Record:
    return {
        "id": account.id,
        "email": account.email,
        "mobile": account.mobile,
        "language": account.language,
        "roles": sorted(account.roles),
    }


def _customer(customer: Customer) -> Record:
    return {
        "id": customer.id,
        "customerNumber": customer.number,
        "name": customer.name,
        "email": customer.email,
        "mobile": customer.mobile,
        "status": customer.status,
    }


def _login(login: Login) -> Record:
    session = login.session
    return {
        "id": session.id,
        "client": session.client,
        "device": login.device,
        "methods": session.methods,
        "createdAt": login.created_at,
        "lastUsedAt": login.last_used_at,
        "expiresAt": session.expires_at,
        "endedAt": session.ended_at,
    }


def _passkey(passkey: Passkey) -> Record:
    return {
        "id": passkey.id,
        "name": passkey.name,
        "publicKey": base64.b64encode(passkey.public_key).decode(),
        "createdAt": passkey.created_at,
        "lastUsedAt": passkey.last_used_at,
    }


def _email_change(change: EmailChange) -> Record:
    return {
        "oldEmail": change.old_email,
        "changedAt": change.changed_at,
        "canBeUndoneUntil": change.changed_at + UNDO_WITHIN,
    }
