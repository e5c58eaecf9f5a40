"""Opening an account, and linking further customers to one, with customer number and PIN."""

from dataclasses import dataclass, field, replace
from uuid import UUID

from kit import errors
from kit.checks import check, required
from kit.noted import note
from services.identity.domain import contact, customers, passwords
from services.identity.domain.accounts import Account, AccountRegistered, CustomerLinked
from services.identity.domain.challenges import Challenge, Purpose
from services.identity.domain.customers import MOST_PIN_TRIES, Customer, CustomerContactChanged
from services.identity.domain.letters import Address, Channel
from services.identity.domain.problems import (
    AccountExists,
    EmailInUse,
    PinNotEnough,
    WrongCustomerNumberOrPin,
)
from services.identity.domain.store import Store
from services.identity.domain.throttles import PIN_BY_NETWORK, PIN_BY_VALUE
from services.identity.handlers import codes
from services.identity.handlers.accounts import get_me
from services.identity.handlers.checks import email_error, valid
from services.identity.handlers.codes import About, Asked, Asker, Desk, Sending
from services.identity.handlers.gate import Gate


@dataclass(frozen=True, slots=True)
class Registration:
    """What a customer opens an account with."""

    customer_number: str
    pin: str = field(repr=False)
    email: str = field(repr=False)
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
    email: str = field(repr=False)
    password_hash: str = field(repr=False)


async def admit_applicant(gate: Gate, asker: Asker, registration: Registration) -> Applicant:
    """Checks who wants to open an account, and with what.

    Raises:
        Invalid: If a field is wrong in itself.
        TooManyTries: If too many PINs were tried from here, or this one on too many customers.
        WrongCustomerNumberOrPin: If there is no such customer, or the PIN is wrong or burnt.
        Overloaded: If too many passwords wait to be hashed.
    """
    password = passwords.normalise(registration.password)
    check(
        required("customer_number", registration.customer_number),
        required("pin", registration.pin)
        or valid("pin", "PIN_INVALID", is_valid=customers.is_pin(registration.pin)),
        email_error(registration.email),
        required("password", password) or gate.rules.error_in(password, registration.email),
    )
    customer = await prove_customer(gate, asker, registration.customer_number, registration.pin)
    return Applicant(customer.id, registration.email.strip(), await gate.hashes.hash(password))


async def prove_customer(gate: Gate, asker: Asker, number: str, pin: str) -> Customer:
    """Returns the customer whose PIN it is.

    The try is counted under the customer's lock and stays although the call is refused, so that no
    number of parallel calls gets more tries than are allowed.

    Raises:
        TooManyTries: If too many PINs were tried from here, or this one on too many customers.
        WrongCustomerNumberOrPin: If there is no such customer, or the PIN is wrong or burnt.
    """
    tries = [
        gate.throttles.attempt(PIN_BY_NETWORK, asker.network),
        gate.throttles.attempt(PIN_BY_VALUE, pin),
    ]
    await gate.count(tries)
    async with gate.stores() as store:
        customer = await store.count_pin_try(number, MOST_PIN_TRIES)
        is_right = gate.pins.matches(customer.pin if customer else None, number, pin)
        if customer and is_right:
            await store.forgive_pin_tries(customer.id)
            await store.give_back(tries)
    if customer is None or not is_right:
        raise WrongCustomerNumberOrPin
    return customer


async def begin_registration(store: Store, desk: Desk, asker: Asker, applicant: Applicant) -> Asked:
    """Asks a customer who has shown the PIN for a code to the e-mail, and to the contact on file.

    Whoever owns the e-mail is told if it is another account's already; the answer does not tell.

    Raises:
        AccountExists: If the customer has an account already.
        PinNotEnough: If the PIN is too short by itself, and there is no contact on file.
        TooManyTries: If too many codes were sent there, or asked for from here.
    """
    customer = await store.lock_customer(applicant.customer_id)
    _require_free(customer)
    to_email = codes.email_address(applicant.email)
    # Where the e-mail is another account's, nobody gets the code: the letter says so instead.
    is_taken = await store.email_is_taken(applicant.email, desk.now())
    kind = "registration-known" if is_taken else "registration-code"
    to_contact = _contact_code(desk, customer, applicant.email)
    about = About(
        Purpose.REGISTRATION,
        subject=f"customer:{customer.id}",
        customer_id=customer.id,
        password_hash=applicant.password_hash,
    )
    sendings = [Sending(kind, to_email, desk.codes.new()), *([to_contact] if to_contact else [])]
    return await codes.ask(store, desk, asker, about, *sendings)


def _contact_code(desk: Desk, customer: Customer, email: str = "") -> Sending | None:
    """Returns the code that a short PIN needs besides, None where it needs none.

    Raises:
        PinNotEnough: If there is nowhere to send it.
    """
    if customer.pin is None or not customer.pin.is_short:
        return None
    on_file = contact_on_file(customer)
    if on_file is None:
        raise PinNotEnough
    is_same = customer.email and contact.email_key(customer.email) == contact.email_key(email)
    return None if is_same else Sending("contact-code", on_file, desk.codes.new())


def contact_on_file(customer: Customer) -> Address | None:
    """Returns where a customer is reached by what the company has on file; a mobile comes first."""
    if customer.mobile:
        return Address(Channel.SMS, customer.mobile)
    return Address(Channel.EMAIL, customer.email) if customer.email else None


async def confirm_registration(store: Store, desk: Desk, challenge: Challenge) -> Account:
    """Opens the account of a customer whose code was right.

    Raises:
        CodeNoLongerWorks: If the code was used by now.
        AccountExists: If the customer has an account by now.
        EmailInUse: If another account uses the e-mail by now.
    """
    if challenge.customer_id is None or challenge.password_hash is None:
        raise LookupError("a registration without a customer or a password")
    await codes.use(store, desk, challenge)
    customer = await store.lock_customer(challenge.customer_id)
    _require_free(customer)
    account_id = desk.ids.new_id()
    note(account=account_id)
    is_free = not await store.email_is_taken(challenge.contact, desk.now())
    if not is_free or not await store.add_account(
        account_id, challenge.contact, challenge.password_hash, language=challenge.language
    ):
        raise EmailInUse
    await store.attach_customer(account_id, customer.id)
    store.publish(AccountRegistered(account_id, customer.id), CustomerContactChanged(customer.id))
    return await get_me(store, account_id)


async def link_customer(
    store: Store, desk: Desk, asker: Asker, account_id: UUID, customer: Customer
) -> Account | Asked:
    """Lets an account stand for a further customer whose PIN was shown.

    Returns:
        The account, or what a short PIN needs besides.

    Raises:
        Denied: If it is the account of a member of staff, which stands for nobody.
        AccountExists: If another account stands for the customer.
        PinNotEnough: If the PIN is too short by itself, and there is no contact on file.
        TooManyTries: If too many codes were sent there, or asked for from here.
    """
    if (await get_me(store, account_id)).roles:
        raise errors.Denied
    customer = await store.lock_customer(customer.id)
    _require_free(customer, but_for=account_id)
    to_contact = _contact_code(desk, customer)
    if to_contact is None:
        return await _link(store, desk, account_id, customer)
    about = About(Purpose.CUSTOMER_LINK, f"customer:{customer.id}", customer_id=customer.id)
    return await codes.ask(store, desk, asker, about, to_contact)


async def confirm_link(store: Store, desk: Desk, challenge: Challenge) -> Account:
    """Lets an account stand for a further customer whose code was right.

    Raises:
        CodeNoLongerWorks: If the code was used by now.
        AccountExists: If another account stands for the customer by now.
    """
    if challenge.customer_id is None or challenge.account_id is None:
        raise LookupError("a link without a customer or an account")
    await codes.use(store, desk, challenge)
    customer = await store.lock_customer(challenge.customer_id)
    _require_free(customer, but_for=challenge.account_id)
    return await _link(store, desk, challenge.account_id, customer)


async def _link(store: Store, desk: Desk, account_id: UUID, customer: Customer) -> Account:
    account = await get_me(store, account_id)
    if customer.account_id is None:
        await store.attach_customer(account_id, customer.id)
        store.publish(CustomerLinked(account_id, customer.id), CustomerContactChanged(customer.id))
        await store.send(
            account.letter("customer-linked", number=customer.number, when=desk.now().isoformat())
        )
        attached = replace(customer, account_id=account_id)
        return replace(account, customers=(*account.customers, attached))
    return account


def _require_free(customer: Customer, *, but_for: UUID | None = None) -> None:
    """Refuses a customer who has an account, or whose PIN was taken away, as it is from the dead.

    Args:
        customer: The customer, locked.
        but_for: The account that may stand for the customer already.
    """
    if customer.account_id not in {None, but_for}:
        raise AccountExists
    if customer.pin is None:
        raise WrongCustomerNumberOrPin
