"""The register of customers, and the PINs that they open an account with."""

import re
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from kit.ids import Ids
from kit.keyed_hash import KeyedHash

PIN_DIGITS = 8
MOST_PIN_TRIES = 10
"""Wrong tries after which a PIN, and never the account, stops working."""

_CUSTOMER_NUMBER = re.compile(r"[0-9]{1,20}")
_PIN = re.compile(rf"[0-9]{{4,{PIN_DIGITS}}}")


class Status(StrEnum):
    """Where a customer is in the register, named as in `kundeapp.identity.v1.Customer.Status`."""

    ACTIVE = "ACTIVE"
    MOVED = "MOVED"
    DECEASED = "DECEASED"


@dataclass(frozen=True, slots=True)
class CustomerCreated:
    """A customer was taken into the register."""

    customer_id: UUID
    customer_number: str
    status: Status = Status.ACTIVE


@dataclass(frozen=True, slots=True)
class CustomerChanged:
    """A customer's entry in the register was changed."""

    customer_id: UUID
    customer_number: str
    status: Status = Status.ACTIVE


@dataclass(frozen=True, slots=True)
class CustomerErased:
    """A customer was erased: nothing but the id is left."""

    customer_id: UUID


@dataclass(frozen=True, slots=True)
class CustomerContactChanged:
    """A customer is reached in another way than before, and not because the register changed."""

    customer_id: UUID


@dataclass(frozen=True, slots=True)
class Pin:
    """A PIN at rest.

    Attributes:
        hash: Its keyed hash.
        is_short: Whether it has fewer than eight digits: it came from elsewhere, and is too easy
            to guess to open an account by itself.
    """

    hash: str
    is_short: bool


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer of the company.

    Attributes:
        id: The customer in every other part of the suite.
        number: The number that the customer knows, as the bill shows it.
        name: The name, as the bill shows it.
        email: The address on file, empty if none.
        mobile: The mobile number on file in E.164, empty if none.
        pin: The PIN, None if none was handed out.
        account_id: The account that stands for the customer, None if none was opened.
        status: Where the customer is in the register.
    """

    id: UUID
    number: str
    name: str
    email: str
    mobile: str
    pin: Pin | None
    account_id: UUID | None
    status: Status = Status.ACTIVE


@dataclass(frozen=True, slots=True)
class Entry:
    """What the company's customer system says of a customer.

    Attributes:
        number: The customer number.
        name: The name.
        email: The address on file, empty if none.
        mobile: The mobile number in E.164, empty if none.
        pin: The PIN, empty to keep the one there is, or to have one made.
        status: Where the customer is in the register, None to leave it as it is.
    """

    number: str
    name: str
    email: str
    mobile: str
    pin: str
    status: Status | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """What an entry makes of the register.

    Attributes:
        customer: The customer as it is from now on.
        event: What happened, None if nothing did.
        new_pin: The PIN that was made, empty if none was; this is the only time it is known.
    """

    customer: Customer
    event: CustomerCreated | CustomerChanged | None
    new_pin: str


class Pins:
    """Makes PINs and compares them.

    A PIN is bound to its customer number, so that equal PINs do not look equal at rest. It is
    hashed with a key and not with argon2id: see docs/decisions/0005-secrets-of-identity.md.
    """

    def __init__(self, keyed: KeyedHash, ids: Ids) -> None:
        self._keyed = keyed
        self._ids = ids
        self._decoy = keyed.of(ids.token())

    def new(self) -> str:
        """Returns a PIN of eight random digits."""
        return self._ids.digits(PIN_DIGITS)

    def at_rest(self, customer_number: str, pin: str) -> Pin:
        """Returns a PIN as it is kept."""
        return Pin(self._keyed.of(f"{customer_number}:{pin}"), is_short=len(pin) < PIN_DIGITS)

    def matches(self, kept: Pin | None, customer_number: str, pin: str) -> bool:
        """Tells whether it is the right PIN; a missing one takes as long as a wrong one."""
        stored = self._decoy if kept is None else kept.hash
        return self._keyed.matches(stored, f"{customer_number}:{pin}")


def is_customer_number(text: str) -> bool:
    """Tells whether a text can be a customer number: 1 to 20 digits."""
    return _CUSTOMER_NUMBER.fullmatch(text) is not None


def is_pin(text: str) -> bool:
    """Tells whether a text can be a PIN: eight digits, or four and more in one from elsewhere."""
    return _PIN.fullmatch(text) is not None


def take_in(entry: Entry, known: Customer | None, pins: Pins, ids: Ids) -> Intake:
    """Decides what an entry makes of a customer.

    The entry says what the contact is from now on, so that an empty one removes it. A PIN is never
    removed: an empty one keeps what there is, and is replaced by a new one if there is none. But a
    deceased customer has neither, and no account: nobody writes to the dead, or logs in for them.
    """
    status = entry.status or (known.status if known else Status.ACTIVE)
    is_dead = status is Status.DECEASED
    pin, new_pin = (None, "") if is_dead else _pin_of(entry, known, pins)
    customer = Customer(
        id=known.id if known else ids.new_id(),
        number=entry.number,
        name=entry.name,
        email="" if is_dead else entry.email,
        mobile="" if is_dead else entry.mobile,
        pin=pin,
        account_id=known.account_id if known and not is_dead else None,
        status=status,
    )
    if known is None:
        return Intake(customer, CustomerCreated(customer.id, customer.number, status), new_pin)
    if customer != known:
        return Intake(customer, CustomerChanged(customer.id, customer.number, status), new_pin)
    return Intake(customer, None, "")


def _pin_of(entry: Entry, known: Customer | None, pins: Pins) -> tuple[Pin, str]:
    """Returns the PIN that a customer has from now on, and the new one if one was made."""
    pin = known.pin if known else None
    if entry.pin and not (pin and pins.matches(pin, entry.number, entry.pin)):
        pin = pins.at_rest(entry.number, entry.pin)
    if pin is not None:
        return pin, ""
    new_pin = pins.new()
    return pins.at_rest(entry.number, new_pin), new_pin
