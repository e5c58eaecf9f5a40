"""Accounts: one login for the app and for Di side, of customers or of staff."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from services.identity.domain.customers import Customer


class Role(StrEnum):
    """A duty of a member of staff, named as in `kundeapp.access.v1.Staff.Role`."""

    CUSTOMER_SERVICE = "CUSTOMER_SERVICE"
    EVENT_STAFF = "EVENT_STAFF"
    OPERATOR = "OPERATOR"


@dataclass(frozen=True, slots=True)
class AccountRegistered:
    """A customer opened an account."""

    account_id: UUID
    customer_id: UUID


@dataclass(frozen=True, slots=True)
class Account:
    """A login.

    Attributes:
        id: The account.
        email: The address to log in with, as its owner wrote it.
        roles: The duties of a member of staff; none for customers.
        customers: The customers that it stands for, by number; none for staff.
    """

    id: UUID
    email: str
    roles: frozenset[Role]
    customers: tuple[Customer, ...]


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a login is checked against.

    Attributes:
        account_id: The account.
        password_hash: As `PasswordHashes` made it.
        password_version: Counts the changes of the password.
    """

    account_id: UUID
    password_hash: str = field(repr=False)
    password_version: int
