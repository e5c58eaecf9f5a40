"""How customers and staff are reached by other services."""

from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

from services.identity.domain.customers import Customer

_LANGUAGE = "nn"
"""What is written to customers who have never said what they read."""


@dataclass(frozen=True, slots=True)
class AccountContact:
    """How the owner of an account is reached.

    Attributes:
        account_id: The account.
        email: The e-mail, which was confirmed with a code where the account is a customer's.
        mobile: The mobile number that was confirmed with a code, in E.164; empty if none.
        language: What the owner reads: `nn`, `nb` or `en`.
    """

    account_id: UUID
    email: str = field(repr=False)
    mobile: str = field(repr=False)
    language: str


@dataclass(frozen=True, slots=True)
class CustomerContacts:
    """How a customer is reached.

    Attributes:
        customer: The customer.
        language: What is written to them: `nn`, `nb` or `en`.
        email: The e-mail, empty if none.
        email_is_confirmed: Whether its owner has confirmed it.
        mobile: The mobile number in E.164, empty if none.
        mobile_is_confirmed: Whether its owner has confirmed it.
    """

    customer: Customer
    language: str
    email: str = field(repr=False)
    email_is_confirmed: bool
    mobile: str = field(repr=False)
    mobile_is_confirmed: bool

    @classmethod
    def of(cls, customer: Customer, owner: AccountContact | None) -> Self:
        """Returns how a customer is reached: as the owner of the account, else by what is on file.

        An owner who has confirmed no mobile number is reached at the one on file, unconfirmed.
        """
        if owner is None:
            return cls(
                customer,
                _LANGUAGE,
                customer.email,
                email_is_confirmed=False,
                mobile=customer.mobile,
                mobile_is_confirmed=False,
            )
        return cls(
            customer,
            owner.language,
            owner.email,
            email_is_confirmed=True,
            mobile=owner.mobile or customer.mobile,
            mobile_is_confirmed=bool(owner.mobile),
        )
