"""What staff do to a single customer; each time it is written down who did it and why."""

from dataclasses import dataclass, replace
from uuid import UUID

from kit.checks import check, required
from kit.clock import Clock
from kit.ids import Ids
from services.identity.domain.customers import Customer, CustomerErased, Pins, Status
from services.identity.domain.letters import Letter
from services.identity.domain.problems import CustomerDeceased, NoAccount, UnknownCustomerNumber
from services.identity.domain.store import Store
from services.identity.handlers.checks import text_error
from services.identity.handlers.closing import close_accounts_of_nobody
from services.identity.handlers.customers import NewPin
from services.identity.handlers.registration import contact_on_file
from services.identity.handlers.second_factors import remove_second_factors
from services.identity.handlers.sessions import end_all_sessions

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Care:
    """Who does something for which customer, and why.

    Attributes:
        staff_account_id: The member of staff.
        customer_number: The customer.
        reason: Why, in the words of the member of staff.
        ids: Makes identifiers.
        clock: Tells the time.
    """

    staff_account_id: UUID
    customer_number: str
    reason: str
    ids: Ids
    clock: Clock

    async def write_down(self, store: Store, customer_id: UUID, action: str) -> None:
        """Writes down what is done, in the transaction that does it."""
        await store.write_down(
            self.ids.new_id(),
            self.clock.now(),
            staff_account_id=self.staff_account_id,
            customer_id=customer_id,
            action=action,
            reason=self.reason.strip(),
        )


@dataclass(frozen=True, slots=True)
class CustomerRecord:
    """What the register says of a customer, with the e-mail of the account, empty if none."""

    customer: Customer
    account_email: str


async def lock_customer(store: Store, care: Care) -> Customer:
    """Returns the customer that is meant, whom nobody else changes until the transaction is over.

    Raises:
        Invalid: If no reason is given, or nobody has the number.
    """
    number = care.customer_number.strip()
    check(
        required("customer_number", number),
        required("reason", care.reason) or text_error("reason", care.reason, LONGEST_REASON),
    )
    customer = await store.lock_customer_with(number)
    if customer is None:
        raise UnknownCustomerNumber
    return customer


async def look_up(store: Store, care: Care) -> CustomerRecord:
    """Shows a customer.

    Raises:
        Invalid: If no reason is given, or nobody has the number.
    """
    customer = await lock_customer(store, care)
    await care.write_down(store, customer.id, "LookUpCustomer")
    account = await store.account(customer.account_id) if customer.account_id else None
    return CustomerRecord(customer, account.email if account else "")


async def issue_pin(store: Store, care: Care, pins: Pins) -> NewPin:
    """Makes a new PIN for a customer, with all its tries, and tells the contact on file of it.

    Raises:
        Invalid: If no reason is given, or nobody has the number.
        CustomerDeceased: If the customer is registered as deceased.
    """
    customer = await lock_customer(store, care)
    if customer.status is Status.DECEASED:
        raise CustomerDeceased
    await care.write_down(store, customer.id, "IssuePin")
    new = pins.new()
    await store.change_customers([replace(customer, pin=pins.at_rest(customer.number, new))])
    to = contact_on_file(customer)
    if to is not None:
        facts = {"when": care.clock.now().isoformat()}
        await store.send(Letter("pin-renewed", to, language="nn", facts=facts))
    return NewPin(customer.number, new)


async def reset_second_factors(store: Store, care: Care) -> None:
    """Takes everything but the password off the account of a customer who has lost it all.

    Raises:
        Invalid: If no reason is given, or nobody has the number.
        NoAccount: If the customer has no account.
    """
    customer = await lock_customer(store, care)
    if customer.account_id is None:
        raise NoAccount
    await care.write_down(store, customer.id, "ResetSecondFactors")
    await remove_second_factors(store, customer.account_id)
    await end_all_sessions(store, care.clock, customer.account_id)


async def end_customer_sessions(store: Store, care: Care) -> int:
    """Logs the account of a customer out everywhere; returns how many logins were ended.

    Raises:
        Invalid: If no reason is given, or nobody has the number.
        NoAccount: If the customer has no account.
    """
    customer = await lock_customer(store, care)
    if customer.account_id is None:
        raise NoAccount
    await care.write_down(store, customer.id, "EndCustomerSessions")
    return await end_all_sessions(store, care.clock, customer.account_id)


async def erase_customer(store: Store, care: Care) -> UUID:
    """Removes all of a customer but the id, which is returned.

    Raises:
        Invalid: If no reason is given, or nobody has the number.
    """
    customer = await lock_customer(store, care)
    await care.write_down(store, customer.id, "EraseCustomer")
    await store.erase_customer(customer.id, care.clock.now())
    store.publish(CustomerErased(customer.id))
    if customer.account_id is not None:
        await close_accounts_of_nobody(store, care.clock, [customer.account_id])
    return customer.id
