"""Who asks, and for whom."""

from dataclasses import dataclass
from uuid import UUID

from kit.errors import FieldError, Invalid, NotFound
from services.events.domain.event import LONGEST_REASON, text_errors
from services.events.domain.store import Actor


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is logged in, or nobody.

    Attributes:
        account_id: The account.
        customer_ids: The customers that it stands for.
        is_staff: Whether it may act for customers who call.
    """

    account_id: UUID | None = None
    customer_ids: tuple[UUID, ...] = ()
    is_staff: bool = False

    def acting_for(self, customer_id: UUID, reason: str) -> Actor:
        """Returns who changes something of a customer's.

        Args:
            customer_id: The customer.
            reason: Why staff do so, in their words; customers give none.

        Raises:
            NotFound: If it is another customer's.
            Invalid: If staff give no reason, a bad one, or somebody else gives one.
        """
        self.require_sight(customer_id)
        if not reason and customer_id in self.customer_ids:
            return Actor()
        if not (reason and self.is_staff):
            raise Invalid(FieldError("reason", "REASON_FOR_STAFF"))
        errors = list(text_errors("reason", reason, LONGEST_REASON))
        if errors:
            raise Invalid(*errors)
        return Actor(self.account_id, reason.strip())

    def require_own(self, customer_id: UUID) -> None:
        """Lets nobody see what is another customer's.

        Raises:
            NotFound: If it is, as if it were not there.
        """
        if customer_id not in self.customer_ids:
            raise NotFound

    def require_sight(self, customer_id: UUID) -> None:
        """Lets staff see what is a customer's, too.

        Raises:
            NotFound: If it is another customer's.
        """
        if not self.is_staff:
            self.require_own(customer_id)
