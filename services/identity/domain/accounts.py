"""Accounts: one login for the app and for Di side, of customers or of staff."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.identity.domain.customers import Customer, CustomerContactChanged
from services.identity.domain.letters import Address, Channel, Letter

LANGUAGES: Final = ("nn", "nb", "en")
"""What people are written to in."""
UNDO_WITHIN: Final = timedelta(days=7)
"""For how long whoever reads the old e-mail of an account can undo its change."""


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
class AccountClosed:
    """An account is no more."""

    account_id: UUID


@dataclass(frozen=True, slots=True)
class CustomerLinked:
    """An account stands for a further customer."""

    account_id: UUID
    customer_id: UUID


@dataclass(frozen=True, slots=True)
class EmailChange:
    """A change of an account's e-mail, which can be undone.

    Attributes:
        account_id: The account.
        old_email: The address before.
        changed_at: When it was changed.
    """

    account_id: UUID
    old_email: str = field(repr=False)
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """A login.

    Attributes:
        id: The account.
        email: The address to log in with, as its owner wrote it.
        roles: The duties of a member of staff; none for customers.
        customers: The customers that it stands for, by number; none for staff.
        language: What its owner reads: `nn`, `nb` or `en`.
        mobile: The mobile number that its owner has confirmed, in E.164; empty if none.
    """

    id: UUID
    email: str = field(repr=False)
    roles: frozenset[Role]
    customers: tuple[Customer, ...]
    language: str = "nn"
    mobile: str = field(default="", repr=False)

    def letter(self, kind: str, **facts: str) -> Letter:
        """Returns a letter to its owner's e-mail, in the language that they read."""
        return Letter(kind, Address(Channel.EMAIL, self.email), self.language, facts)

    def contact_changes(self) -> Sequence[CustomerContactChanged]:
        """Returns what is told of its customers when its e-mail, mobile or language is changed."""
        return [CustomerContactChanged(customer.id) for customer in self.customers]


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a login is checked against.

    Attributes:
        account_id: The account.
        password_hash: As `PasswordHashes` made it; None if no password is right until a new one
            is chosen.
        password_version: Counts the changes of the password.
    """

    account_id: UUID
    password_hash: str | None = field(repr=False)
    password_version: int
