"""The use cases of identity.

Most run within the transaction of their request and take a `Store`. Those that take `Stores` open
transactions of their own, for one of two reasons: what they wrote must stay although the call is
refused (a try at a PIN, a session that ends), or a password is hashed in between, for which no
connection is held.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from kit import errors
from kit.clock import Clock
from kit.errors import FieldError
from kit.ids import Ids
from services.identity.domain import contact, customers, passwords, sessions
from services.identity.domain.accounts import Account, AccountRegistered, Credentials, Role
from services.identity.domain.customer_file import CustomerFile
from services.identity.domain.customers import MOST_PIN_TRIES, Customer, CustomerCreated, Pins
from services.identity.domain.passwords import PasswordRules
from services.identity.domain.problems import (
    AccountExists,
    EmailInUse,
    PinNotEnough,
    SessionHasEnded,
    TooManyCustomers,
    WrongCredentials,
    WrongCustomerNumberOrPin,
)
from services.identity.domain.sessions import Login, Session, SessionEnded, Successors, Use
from services.identity.domain.store import (
    AccessToken,
    AccessTokens,
    PasswordHashes,
    Pieces,
    Store,
    Stores,
)

MOST_CUSTOMERS_ASKED = 1000

_INTAKE_BATCH = 2_000


@dataclass(frozen=True, slots=True)
class NewPin:
    """A PIN that was made, on its way to the customer."""

    customer_number: str
    pin: str = field(repr=False)


@dataclass(slots=True)
class IntakeReport:
    """What an import of customers did."""

    rows: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    new_pins: list[NewPin] = field(default_factory=list[NewPin])


@dataclass(frozen=True, slots=True)
class Registration:
    """What a customer opens an account with."""

    customer_number: str
    pin: str = field(repr=False)
    email: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Applicant:
    """A customer who has shown the PIN and chosen a password.

    Attributes:
        customer_id: The customer.
        email: The address to log in with.
        password_hash: The password as it is kept.
    """

    customer_id: UUID
    email: str
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Proof:
    """Somebody has shown the password.

    Attributes:
        credentials: What it was checked against.
        renewed_hash: The hash that shall replace it, None if it is as it would be made today.
    """

    credentials: Credentials
    renewed_hash: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session and the tokens that its owner takes along."""

    session: Session
    access_token: AccessToken = field(repr=False)
    refresh_token: str = field(repr=False)


async def import_customers(stores: Stores, pins: Pins, ids: Ids, pieces: Pieces) -> IntakeReport:
    """Takes customers into the register from a CSV file, all or none.

    Raises:
        BadFile: If any line is bad; nothing is changed then.
    """
    file = CustomerFile()
    async for piece in pieces:
        await asyncio.to_thread(file.feed, piece)
    entries = iter(file.entries())
    report = IntakeReport()
    async with stores() as store:
        await store.begin_intake()
        while batch := list(islice(entries, _INTAKE_BATCH)):
            known = await store.customers_by_number([entry.number for entry in batch])
            intakes = [
                customers.take_in(entry, known.get(entry.number), pins, ids) for entry in batch
            ]
            await _write(store, intakes)
            _count(report, intakes)
    return report


async def _write(store: Store, intakes: Sequence[customers.Intake]) -> None:
    created, changed = list[Customer](), list[Customer]()
    for intake in intakes:
        if intake.event is None:
            continue
        is_new = isinstance(intake.event, CustomerCreated)
        (created if is_new else changed).append(intake.customer)
        store.publish(intake.event)
    await store.add_customers(created)
    await store.change_customers(changed)


def _count(report: IntakeReport, intakes: Sequence[customers.Intake]) -> None:
    created = sum(isinstance(intake.event, CustomerCreated) for intake in intakes)
    unchanged = sum(intake.event is None for intake in intakes)
    report.rows += len(intakes)
    report.created += created
    report.unchanged += unchanged
    report.changed += len(intakes) - created - unchanged
    report.new_pins += [
        NewPin(intake.customer.number, intake.new_pin) for intake in intakes if intake.new_pin
    ]


async def customers_by_id(store: Store, customer_ids: Sequence[str]) -> Sequence[Customer]:
    """Returns those of the customers that are in the register, in no order.

    Raises:
        TooManyCustomers: If more than 1000 are asked for.
        Invalid: If one of the ids is no UUID.
    """
    if len(customer_ids) > MOST_CUSTOMERS_ASKED:
        raise TooManyCustomers("customer_ids", MOST_CUSTOMERS_ASKED)
    _check(*(_uuid_error(f"customer_ids[{i}]", text) for i, text in enumerate(customer_ids)))
    return await store.customers_by_id([UUID(text) for text in customer_ids])


async def admit_applicant(
    stores: Stores,
    pins: Pins,
    rules: PasswordRules,
    hashes: PasswordHashes,
    registration: Registration,
) -> Applicant:
    """Checks who wants to open an account, and with what.

    Raises:
        Invalid: If a field is wrong in itself.
        WrongCustomerNumberOrPin: If there is no such customer, or the PIN is wrong or burnt.
        PinNotEnough: If the PIN is right, but too short to open an account with.
        Unavailable: If too many passwords wait to be hashed.
    """
    password = passwords.normalise(registration.password)
    _check(
        _required("customer_number", registration.customer_number),
        _required("pin", registration.pin)
        or _valid("pin", "PIN_INVALID", is_valid=customers.is_pin(registration.pin)),
        _email_error(registration.email),
        _required("password", password) or rules.error_in(password, registration.email),
    )
    customer = await prove_customer(stores, pins, registration.customer_number, registration.pin)
    # Whether there is an account already is told later, once it is known that the call is no retry.
    if customer.account_id is None and customer.pin and customer.pin.is_short:
        raise PinNotEnough
    return Applicant(customer.id, registration.email.strip(), await hashes.hash(password))


async def prove_customer(stores: Stores, pins: Pins, number: str, pin: str) -> Customer:
    """Returns the customer whose PIN it is.

    The try is counted under the customer's lock and stays although the call is refused, so that no
    number of parallel calls gets more tries than are allowed.

    Raises:
        WrongCustomerNumberOrPin: If there is no such customer, or the PIN is wrong or burnt.
    """
    async with stores() as store:
        customer = await store.count_pin_try(number, MOST_PIN_TRIES)
        is_right = pins.matches(customer.pin if customer else None, number, pin)
        if customer and is_right:
            await store.forgive_pin_tries(customer.id)
    if customer is None or not is_right:
        raise WrongCustomerNumberOrPin
    return customer


async def register_account(store: Store, ids: Ids, applicant: Applicant) -> Account:
    """Opens the account of a customer.

    Raises:
        AccountExists: If the customer has an account by now.
        EmailInUse: If another account uses the e-mail.
    """
    customer = await store.lock_customer(applicant.customer_id)
    if customer.account_id is not None:
        raise AccountExists
    account_id = ids.new_id()
    if not await store.add_account(
        account_id, applicant.email, applicant.password_hash, frozenset()
    ):
        raise EmailInUse
    await store.attach_customer(account_id, customer.id)
    store.publish(AccountRegistered(account_id, customer.id))
    attached = replace(customer, account_id=account_id)
    return Account(account_id, applicant.email, frozenset(), (attached,))


async def prove_password(
    stores: Stores, hashes: PasswordHashes, email: str, password: str
) -> Proof:
    """Finds the account whose e-mail and password these are.

    An unknown e-mail takes the same steps, and so the same time, as a wrong password.

    Raises:
        Invalid: If one of them is missing.
        WrongCredentials: If they belong to no account.
        Unavailable: If too many passwords wait to be checked.
    """
    _check(_required("email", email), _required("password", password))
    password = passwords.normalise(password)
    async with stores() as store:
        credentials = await store.credentials(email)
    kept = credentials.password_hash if credentials else None
    is_right = await hashes.matches(kept, password)
    if credentials is None or not is_right:
        raise WrongCredentials
    is_current = hashes.is_current(credentials.password_hash)
    return Proof(credentials, None if is_current else await hashes.hash(password))


async def create_session(
    store: Store,
    proof: Proof,
    *,
    device: str,
    tokens: AccessTokens,
    ids: Ids,
    clock: Clock,
    lifetime: timedelta,
) -> OpenSession:
    """Begins a session for somebody who has shown the password.

    Raises:
        WrongCredentials: If the password was changed, or the account closed, in the meantime.
        Invalid: If the device's name is too long, or cannot be printed.
    """
    _check(_device_error(device))
    is_proven = await store.hold_credentials(proof.credentials)
    account = await store.account(proof.credentials.account_id)
    if account is None or not is_proven:
        raise WrongCredentials
    if proof.renewed_hash is not None:
        await store.renew_password_hash(account.id, proof.renewed_hash)
    now = clock.now()
    session = Session(
        id=ids.new_id(),
        account_id=account.id,
        authenticated_at=now,
        methods=(sessions.PASSWORD_METHOD,),
        expires_at=now + lifetime,
    )
    refresh_token = ids.token()
    await store.add_session(session, device.strip())
    await store.add_refresh_token(session.id, sessions.hash_of(refresh_token))
    return OpenSession(session, tokens.issue(session, account, now), refresh_token)


async def refresh_session(
    stores: Stores, tokens: AccessTokens, successors: Successors, clock: Clock, token: str
) -> OpenSession:
    """Exchanges a refresh token.

    Raises:
        Invalid: If the token is missing.
        SessionHasEnded: If the token is none, its session is over, or it was used before and is
            not within its grace; the last ends the session.
    """
    _check(_required("refresh_token", token))
    async with stores() as store:
        opened = await _exchange(store, tokens, successors, clock, token)
    # Raised after the commit: the end of a session must stay although the call is refused.
    if opened is None:
        raise SessionHasEnded
    return opened


async def _exchange(
    store: Store, tokens: AccessTokens, successors: Successors, clock: Clock, token: str
) -> OpenSession | None:
    presented = sessions.hash_of(token)
    found = await store.lock_session_of(presented)
    now = clock.now()
    if found is None or not found[0].is_live(now):
        return None
    session, kept = found
    match sessions.use_of(kept, now):
        case Use.FIRST:
            successor = successors.of(token)
            await store.use_refresh_token(presented, sessions.hash_of(successor), now)
        case Use.REPEATED if kept.successor is not None:
            successor = successors.again(token, kept.successor)
        case _:
            successor = None
    account = await store.account(session.account_id)
    if successor is None or account is None:
        await end_session(store, clock, session.id)
        return None
    return OpenSession(session, tokens.issue(session, account, now), successor)


async def end_session(store: Store, clock: Clock, session_id: UUID) -> None:
    """Ends a session; one that is over stays so, and nothing is told twice."""
    ended = await store.end_session(session_id, clock.now())
    if ended is not None:
        store.publish(SessionEnded(ended.id, ended.account_id))


async def list_logins(store: Store, clock: Clock, account_id: UUID) -> Sequence[Login]:
    """Returns where an account is logged in, the last used first."""
    return await store.logins_of(account_id, clock.now())


async def list_ended_sessions(store: Store, clock: Clock, after: datetime) -> Sequence[Session]:
    """Returns the sessions that ended lately, by when they did.

    Args:
        store: The store.
        clock: Tells the time.
        after: Those that ended after this moment, and within the last hour.
    """
    now = clock.now()
    return await store.sessions_ended(max(after, now - sessions.TOLD_FOR), now)


async def end_own_session(store: Store, clock: Clock, account_id: UUID, session_id: UUID) -> None:
    """Ends a session of an account; one that is over stays so.

    Raises:
        NotFound: If it is not among those that last: another account's is not found either.
    """
    logins = await store.logins_of(account_id, clock.now())
    if session_id not in {login.session.id for login in logins}:
        raise errors.NotFound
    await end_session(store, clock, session_id)


async def end_all_sessions(
    store: Store, clock: Clock, account_id: UUID, *, keep: UUID | None = None
) -> int:
    """Ends all sessions of an account, or all but one; returns how many were ended."""
    ended = await store.end_sessions_of(account_id, clock.now(), keep=keep)
    store.publish(*(SessionEnded(session.id, session.account_id) for session in ended))
    return len(ended)


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password that replaces another, shown by somebody who knows that one.

    Attributes:
        credentials: What the other one was checked against.
        password_hash: The new one as it is kept.
    """

    credentials: Credentials
    password_hash: str = field(repr=False)


async def prove_for_new_password(
    stores: Stores,
    rules: PasswordRules,
    hashes: PasswordHashes,
    account_id: UUID,
    *,
    current: str,
    new: str,
) -> NewPassword:
    """Checks the current password and hashes the new one; no connection is held meanwhile.

    Raises:
        Invalid: If one is missing, or the new one is refused.
        WrongCredentials: If the current one is wrong.
        Unavailable: If too many passwords wait to be checked.
    """
    _check(_required("current_password", current), _required("new_password", new))
    async with stores() as store:
        account = await get_me(store, account_id)
        credentials = await store.credentials(account.email)
    new = passwords.normalise(new)
    _check(rules.error_in(new, account.email, "new_password"))
    kept = credentials.password_hash if credentials else None
    is_right = await hashes.matches(kept, passwords.normalise(current))
    if credentials is None or not is_right:
        raise WrongCredentials
    return NewPassword(credentials, await hashes.hash(new))


async def change_password(
    store: Store, clock: Clock, new: NewPassword, session_id: UUID | None
) -> None:
    """Changes a password, and ends all sessions but one.

    Raises:
        WrongCredentials: If the password was changed, or the account closed, in the meantime.
    """
    if not await store.hold_credentials(new.credentials):
        raise WrongCredentials
    account_id = new.credentials.account_id
    await store.change_password(account_id, new.password_hash)
    await end_all_sessions(store, clock, account_id, keep=session_id)


async def get_me(store: Store, account_id: UUID) -> Account:
    """Returns the caller's account.

    Raises:
        Unauthenticated: If it is gone.
    """
    account = await store.account(account_id)
    if account is None:
        raise errors.Unauthenticated
    return account


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


async def put_staff_account(
    stores: Stores,
    staff: StaffAccount,
    *,
    rules: PasswordRules,
    hashes: PasswordHashes,
    ids: Ids,
    clock: Clock,
) -> Account:
    """Makes the account of a member of staff, or changes the roles or the password of one.

    A new password ends the sessions of the account; doing the same again changes nothing.

    Raises:
        Invalid: If a field is wrong in itself, or a new account has no password.
        EmailInUse: If a customer's account uses the e-mail: staff have accounts of their own.
    """
    password = passwords.normalise(staff.password)
    _check(
        _email_error(staff.email),
        rules.error_in(password, staff.email) if password else None,
        *_role_errors(staff.roles),
    )
    async with stores() as store:
        credentials = await store.credentials(staff.email)
    if credentials is None:
        _check(_required("password", password))
    is_kept = not password or (
        credentials is not None and await hashes.matches(credentials.password_hash, password)
    )
    new_hash = None if is_kept else await hashes.hash(password)
    roles = frozenset(Role(role) for role in staff.roles)
    async with stores() as store:
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
            await end_all_sessions(store, clock, account.id)
        return replace(account, roles=roles)


async def _add_staff_account(
    store: Store, account_id: UUID, email: str, roles: frozenset[Role], new_hash: str | None
) -> Account:
    if new_hash is None or not await store.add_account(account_id, email, new_hash, roles):
        raise EmailInUse
    return Account(account_id, email, roles, ())


def _check(*found: FieldError | None) -> None:
    wrong = [error for error in found if error is not None]
    if wrong:
        raise errors.Invalid(*wrong)


def _device_error(device: str) -> FieldError | None:
    if len(device) <= sessions.LONGEST_DEVICE and device.isprintable():
        return None
    facts = {"minimum": 0, "maximum": sessions.LONGEST_DEVICE}
    return FieldError("device", "TEXT_LENGTH", facts)


def _required(name: str, value: str) -> FieldError | None:
    return None if value.strip() else FieldError(name, "REQUIRED_FIELD")


def _valid(name: str, reason: str, *, is_valid: bool) -> FieldError | None:
    return None if is_valid else FieldError(name, reason)


def _uuid_error(name: str, text: str) -> FieldError | None:
    try:
        UUID(text)
    except ValueError:
        return FieldError(name, "NOT_A_UUID")
    return None


def _email_error(email: str) -> FieldError | None:
    is_valid = contact.is_email(email.strip())
    return _required("email", email) or _valid("email", "EMAIL_INVALID", is_valid=is_valid)


def _role_errors(roles: frozenset[str]) -> list[FieldError]:
    if not roles:
        return [FieldError("roles", "REQUIRED_FIELD")]
    is_known = all(role in Role.__members__ for role in roles)
    return [] if is_known else [FieldError("roles", "ROLE_INVALID")]
