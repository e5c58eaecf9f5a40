"""Addresses that nothing is sent to, for their own sake."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from kit.clock import Clock
from kit.errors import FieldError, Invalid
from kit.ids import Ids
from services.consent.domain import suppression as rules
from services.consent.domain.contacts import Address, AddressHashes, Medium, address_of
from services.consent.domain.store import Store
from services.consent.domain.suppression import (
    DEADLY,
    LONGEST_NOTE,
    LONGEST_WHY,
    MOST_ADDRESSES,
    NotSuppressed,
    Reason,
    Removal,
    Suppression,
)


@dataclass(frozen=True, slots=True)
class Desk:
    """What suppressions are made with.

    Attributes:
        hashes: Makes hashes of addresses.
        ids: Makes identifiers.
        clock: Tells the time.
    """

    hashes: AddressHashes
    ids: Ids
    clock: Clock


async def suppress(
    store: Store, desk: Desk, addresses: Collection[Address], reason: Reason, note: str = ""
) -> int:
    """Has nothing sent to addresses any longer; one that is suppressed already stays as it is.

    Args:
        store: The store.
        desk: What suppressions are made with.
        addresses: The addresses.
        reason: Why.
        note: A word about where it comes from, without personal data.

    Returns:
        How many were not suppressed for this reason before.
    """
    hashes = {address: desk.hashes.of(address) for address in addresses}
    await store.lock_suppressions()
    now = desk.clock.now()
    await store.rehash_suppressions(hashes.values())
    found = await store.suppressions_of([current for current, *_ in hashes.values()])
    new = [
        (Suppression(desk.ids.new_id(), address.medium, reason, now, note), all_hashes)
        for address, all_hashes in hashes.items()
        if reason not in {each.reason for each in found.get(all_hashes[0], ())}
    ]
    await store.add_suppressions(new)
    return len(new)


async def add(store: Store, desk: Desk, texts: Sequence[str], reason: Reason, note: str) -> int:
    """Has nothing sent to addresses any longer that staff have written down.

    Returns:
        How many were not suppressed for this reason before.

    Raises:
        Invalid: If one is no address, or there are none or too many, or the note is too long.
    """
    if not texts:
        raise Invalid(FieldError("addresses", "REQUIRED_FIELD"))
    if len(texts) > MOST_ADDRESSES:
        raise Invalid(FieldError("addresses", "TOO_MANY_RECORDS", {"limit": MOST_ADDRESSES}))
    wrong = [FieldError("note", "TEXT_LENGTH", {"minimum": 0, "maximum": LONGEST_NOTE})]
    wrong = wrong if len(note) > LONGEST_NOTE else []
    addresses = list[Address]()
    for place, text in enumerate(texts):
        address = address_of(text)
        if address is None:
            wrong.append(FieldError(f"addresses[{place}]", "NOT_AN_ADDRESS"))
        elif not rules.fits(address, reason):
            wrong.append(FieldError(f"addresses[{place}]", "NOT_A_NUMBER_TO_RESERVE"))
        else:
            addresses.append(address)
    if wrong:
        raise Invalid(*wrong)
    return await suppress(store, desk, addresses, reason, note.strip())


async def remove(  # noqa: PLR0917 - as the request has them
    store: Store, desk: Desk, text: str, reason: Reason, why: str, staff_account_id: UUID
) -> None:
    """Has an address written to again, as far as this reason goes; who did and why is kept.

    Raises:
        Invalid: If it is no address, or nobody says why.
        NotSuppressed: If it is not suppressed for this reason.
    """
    address = _address(text)
    if not 0 < len(why.strip()) <= LONGEST_WHY:
        raise Invalid(FieldError("why", "TEXT_LENGTH", {"minimum": 1, "maximum": LONGEST_WHY}))
    await store.lock_suppressions()
    ended = [each for each in await _known(store, desk.hashes, address) if each.reason is reason]
    if not ended:
        raise NotSuppressed
    now, current = desk.clock.now(), desk.hashes.of(address)[0]
    await store.remove_suppressions(
        {
            each.id: Removal(
                id=desk.ids.new_id(),
                at=now,
                staff_account_id=staff_account_id,
                medium=each.medium,
                reason=each.reason,
                address_hash=current,
                why=why.strip(),
            )
            for each in ended
        }
    )


async def check(store: Store, hashes: AddressHashes, text: str) -> Sequence[Suppression]:
    """Returns why nothing is sent to an address, the oldest reason first; none if all may be.

    Raises:
        Invalid: If it is no address.
    """
    return await _known(store, hashes, _address(text))


async def is_dead(store: Store, hashes: AddressHashes, address: Address) -> bool:
    """Tells whether nothing at all is sent to an address, not even what needs no permission.

    Mail to an address that bounces harms all other mail: providers judge a sender by it.
    """
    return any(each.reason in DEADLY for each in await _known(store, hashes, address))


async def count(store: Store) -> Mapping[tuple[Medium, Reason], int]:
    """Returns how many addresses of a medium are suppressed for a reason."""
    return await store.count_suppressions()


def _address(text: str) -> Address:
    address = address_of(text)
    if address is None:
        raise Invalid(FieldError("address", "NOT_AN_ADDRESS"))
    return address


async def _known(store: Store, hashes: AddressHashes, address: Address) -> Sequence[Suppression]:
    found = await store.suppressions_of(hashes.of(address))
    by_id = {each.id: each for suppressions in found.values() for each in suppressions}
    return sorted(by_id.values(), key=lambda each: (each.since, each.id))
