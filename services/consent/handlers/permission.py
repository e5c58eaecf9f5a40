"""May we send? Asked for many at once, and for one in the moment of sending."""

from collections.abc import Collection, Mapping
from uuid import UUID

from kit.errors import FieldError, Invalid
from services.consent.domain.channels import Channel
from services.consent.domain.contacts import (
    Address,
    AddressHashes,
    KnownContact,
    email_address,
    phone_number,
)
from services.consent.domain.permission import Permission, permission_of
from services.consent.domain.store import Store

MOST_CUSTOMERS = 1000
"""How many may be asked for at once from outside."""


async def permissions(
    store: Store, purpose: str, customer_ids: Collection[UUID], channels: Collection[Channel]
) -> Mapping[UUID, Mapping[Channel, Permission]]:
    """Returns for each customer whether we may send by each channel, at this moment."""
    standings = await store.standings(purpose, customer_ids, channels)
    return {
        customer_id: {
            channel: permission_of(standings[customer_id, channel]) for channel in channels
        }
        for customer_id in customer_ids
    }


async def check(
    store: Store, purpose: str, customer_ids: Collection[UUID], channels: Collection[Channel]
) -> Mapping[UUID, Mapping[Channel, Permission]]:
    """Returns the permissions that another service asks for.

    Raises:
        Invalid: If no channel is named, or too many customers are.
    """
    if not channels:
        raise Invalid(FieldError("channels", "REQUIRED_FIELD"))
    if len(customer_ids) > MOST_CUSTOMERS:
        raise Invalid(FieldError("customer_ids", "TOO_MANY_RECORDS", {"limit": MOST_CUSTOMERS}))
    return await permissions(store, purpose, customer_ids, channels)


async def locked_permission(  # noqa: PLR0917 - as the parts of a message come
    store: Store,
    hashes: AddressHashes,
    purpose: str,
    customer_id: UUID,
    channel: Channel,
    recipient: str,
) -> Permission:
    """Returns whether we may send to an address, and keeps the answer true.

    Until the transaction is over, whoever withdraws for the customer, erases one or learns of a new
    address waits, and so comes before every later hand-over; a new notice and a suppression count
    from when they are there. An address that is no longer the customer's is NOT_CONFIRMED.

    Args:
        store: The store.
        hashes: Makes hashes of addresses.
        purpose: The purpose.
        customer_id: The customer.
        channel: The channel.
        recipient: What the message goes to: an e-mail address, a mobile number, an account's id;
            by post it does not matter, as the suite knows no postal address.
    """
    contact = await store.lock_contact(customer_id)
    # A statement of its own, so that it sees what was committed while the lock was waited for.
    standings = await store.standings(purpose, [customer_id], [channel])
    permission = permission_of(standings[customer_id, channel])
    if permission is not Permission.ALLOWED or contact is None:
        return permission
    if _is_of(contact, hashes, channel, recipient):
        return permission
    return Permission.NOT_CONFIRMED


def _is_of(contact: KnownContact, hashes: AddressHashes, channel: Channel, recipient: str) -> bool:
    match channel:
        case Channel.EMAIL:
            return _is_hash(contact.email_hash, hashes, email_address(recipient))
        case Channel.SMS | Channel.PHONE:
            return _is_hash(contact.mobile_hash, hashes, phone_number(recipient))
        case Channel.PUSH:
            return recipient == str(contact.account_id)
        case Channel.POST:
            return True


def _is_hash(known: str | None, hashes: AddressHashes, address: Address) -> bool:
    return known in hashes.of(address)
