"""Opening an account with customer number and PIN."""

from dataclasses import dataclass, field, replace
from uuid import UUID

from kit.ids import Ids
from services.identity.domain import customers, passwords
from services.identity.domain.accounts import Account, AccountRegistered
from services.identity.domain.customers import MOST_PIN_TRIES, Customer
from services.identity.domain.problems import (
    AccountExists,
    EmailInUse,
    PinNotEnough,
    WrongCustomerNumberOrPin,
)
from services.identity.domain.store import (
    Store,
)
from services.identity.handlers.checks import check, email_error, required, valid
from services.identity.handlers.gate import Gate


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


async def admit_applicant(gate: Gate, registration: Registration) -> Applicant:
    """Checks who wants to open an account, and with what.

    Raises:
        Invalid: If a field is wrong in itself.
        WrongCustomerNumberOrPin: If there is no such customer, or the PIN is wrong or burnt.
        PinNotEnough: If the PIN is right, but too short to open an account with.
        Unavailable: If too many passwords wait to be hashed.
    """
    password = passwords.normalise(registration.password)
    check(
        required("customer_number", registration.customer_number),
        required("pin", registration.pin)
        or valid("pin", "PIN_INVALID", is_valid=customers.is_pin(registration.pin)),
        email_error(registration.email),
        required("password", password) or gate.rules.error_in(password, registration.email),
    )
    customer = await prove_customer(gate, registration.customer_number, registration.pin)
    # Whether there is an account already is told later, once it is known that the call is no retry.
    if customer.account_id is None and customer.pin and customer.pin.is_short:
        raise PinNotEnough
    return Applicant(customer.id, registration.email.strip(), await gate.hashes.hash(password))


async def prove_customer(gate: Gate, number: str, pin: str) -> Customer:
    """Returns the customer whose PIN it is.

    The try is counted under the customer's lock and stays although the call is refused, so that no
    number of parallel calls gets more tries than are allowed.

    Raises:
        WrongCustomerNumberOrPin: If there is no such customer, or the PIN is wrong or burnt.
    """
    async with gate.stores() as store:
        customer = await store.count_pin_try(number, MOST_PIN_TRIES)
        is_right = gate.pins.matches(customer.pin if customer else None, number, pin)
        if customer and is_right:
            await store.forgive_pin_tries(customer.id)
    if customer is None or not is_right:
        raise WrongCustomerNumberOrPin
    return customer


async def register_account(store: Store, ids: Ids, applicant: Applicant) -> Account:
    """Opens the account of a customer.

    Raises:
        AccountExists: If the customer has an account by now.
        WrongCustomerNumberOrPin: If the PIN was taken away meanwhile, as it is from the deceased.
        EmailInUse: If another account uses the e-mail.
    """
    customer = await store.lock_customer(applicant.customer_id)
    if customer.account_id is not None:
        raise AccountExists
    if customer.pin is None:
        raise WrongCustomerNumberOrPin
    account_id = ids.new_id()
    if not await store.add_account(
        account_id, applicant.email, applicant.password_hash, language="nn"
    ):
        raise EmailInUse
    await store.attach_customer(account_id, customer.id)
    store.publish(AccountRegistered(account_id, customer.id))
    attached = replace(customer, account_id=account_id)
    return Account(account_id, applicant.email, frozenset(), (attached,))
