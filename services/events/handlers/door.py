"""The guest list, and what happens at the door."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from kit.clock import Clock
from kit.errors import FieldError, Invalid, NotFound
from kit.ids import Ids
from services.events.domain.door import (
    LONGEST_NAME,
    MOST_GUESTS,
    MOST_RECORDS,
    Found,
    Guest,
    Kind,
    OfflineRecord,
    Outcome,
    Presence,
    Record,
    Recorded,
    by_our_clock,
)
from services.events.domain.event import number_errors, text_errors
from services.events.domain.guest_list import GuestList, GuestParty, WaitingParty
from services.events.domain.problems import NotAdmitted, UnknownTicket
from services.events.domain.published import GuestAdmitted, GuestUndone
from services.events.domain.store import Place, Reader, Store
from services.events.domain.tickets import Reservation
from services.events.handlers.locking import Seats

_READ_AT_ONCE = 1000
_LARGEST_VERSION = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Mark:
    """How a device names what it records.

    Attributes:
        device: The device.
        nonce: The name of the record, unique on the device.
        staff_account_id: Who holds the device.
    """

    device: str
    nonce: str
    staff_account_id: UUID


@dataclass(frozen=True, slots=True)
class Synced:
    """What came of the records that a device handed over.

    Attributes:
        results: Of each, in their order: its nonce, what came of it, and whose it was.
        parties: The parties that they are about.
        version: The version of the guest list with them.
    """

    results: Sequence[tuple[str, Recorded, UUID | None]]
    parties: Sequence[GuestParty]
    version: int


async def get_guest_list(reader: Reader, event_id: UUID) -> GuestList:
    """Returns who may come in, and who waits.

    Raises:
        NotFound: If there is no such event.
    """
    guest_list, _ = await get_guest_list_changes(reader, event_id, 0)
    return guest_list


async def get_guest_list_changes(
    reader: Reader, event_id: UUID, since_version: int
) -> tuple[GuestList, Sequence[GuestParty]]:
    """Returns the guest list, and the parties that have changed since an earlier version of it.

    The version is read first: what changes meanwhile is in this list and in the next changes too.

    Raises:
        NotFound: If there is no such event.
        Invalid: If the version makes no sense.
    """
    if since_version < 0:
        facts = {"minimum": 0, "maximum": _LARGEST_VERSION}
        raise Invalid(FieldError("since_version", "OUT_OF_RANGE", facts))
    listing = await reader.listing(event_id)
    if listing is None:
        raise NotFound
    event, inventory = listing.event, listing.inventory
    everyone = await reader.guests(event_id)
    guest_list = GuestList(
        event_id=event_id,
        title=event.title,
        venue=event.venue,
        starts_at=event.starts_at,
        capacity=inventory.capacity,
        version=inventory.version,
        parties=tuple(party for party in everyone if party.tickets or party.admitted),
        waiting=tuple(await _waiting(reader, event_id)),
        unknown_tickets=await reader.unknown_tickets(event_id),
    )
    return guest_list, [party for party in everyone if party.version > since_version]


async def _waiting(reader: Reader, event_id: UUID) -> Sequence[WaitingParty]:
    places: list[Place] = []
    while True:
        after = places[-1].entry.place if places else 0
        more = await reader.line(event_id, after, _READ_AT_ONCE)
        places += more
        if len(more) < _READ_AT_ONCE:
            break
    return [_waiting_party(number, place) for number, place in enumerate(places, 1)]


def _waiting_party(number: int, place: Place) -> WaitingParty:
    entry = place.entry
    return WaitingParty(
        place=number,
        customer_number=place.customer_number,
        name=place.customer_name,
        wanted=entry.wanted,
        least=entry.least,
        offered=entry.offer.tickets if entry.offer else 0,
        offer_expires_at=entry.offer.expires_at if entry.offer else None,
    )


async def admit(
    store: Store,
    ids: Ids,
    clock: Clock,
    event_id: UUID,
    guest: Guest,
    *,
    guests: int,
    mark: Mark,
    override: bool,
) -> tuple[Outcome, GuestParty]:
    """Lets guests in, unless that does not add up and staff have not decided so.

    Raises:
        NotFound: If nobody knows the ticket or the reservation.
        Invalid: If the request makes no sense.
        EventIsCancelled: If the event was cancelled.
    """
    _require_mark(mark, guests)
    seats = await Seats.locked(store, ids, event_id)
    seats.event.require_not_cancelled()
    found = await _found(store, event_id, guest)
    reservation = found.reservation
    if await _is_known(
        store, event_id, mark, kind=Kind.ADMIT, reservation_id=reservation.id, guests=guests
    ):
        return Outcome.ADMITTED, await store.guest(reservation.id)
    presence = (await store.presences([reservation.id]))[reservation.id]
    outcome = Outcome.ADMITTED if override else presence.admitting(found, guests)
    if outcome is Outcome.ADMITTED:
        record = Record(
            Kind.ADMIT,
            reservation.id,
            found.ticket_id,
            guest.ticket,
            guests,
            mark.device,
            mark.nonce,
            clock.now(),
            mark.staff_account_id,
            conflict=presence.conflicts(Kind.ADMIT, found, guests),
        )
        await _note(store, clock, seats, [record], {reservation.id: (reservation, presence)})
    return outcome, await store.guest(reservation.id)


async def undo(
    store: Store,
    ids: Ids,
    clock: Clock,
    event_id: UUID,
    reservation_id: UUID,
    *,
    guests: int,
    mark: Mark,
) -> GuestParty:
    """Takes an admission back.

    Raises:
        NotFound: If there is no such reservation.
        Invalid: If the request makes no sense.
        NotAdmitted: If fewer are in.
    """
    _require_mark(mark, guests)
    seats = await Seats.locked(store, ids, event_id)
    found = await _found(store, event_id, Guest(reservation_id, ""))
    if not await _is_known(
        store, event_id, mark, kind=Kind.UNDO, reservation_id=reservation_id, guests=guests
    ):
        presence = (await store.presences([reservation_id]))[reservation_id]
        if presence.admitted < guests:
            raise NotAdmitted(available=max(presence.admitted, 0))
        record = Record(
            Kind.UNDO,
            reservation_id,
            None,
            "",
            guests,
            mark.device,
            mark.nonce,
            clock.now(),
            mark.staff_account_id,
        )
        await _note(store, clock, seats, [record], {reservation_id: (found.reservation, presence)})
    return await store.guest(reservation_id)


async def sync(
    store: Store,
    ids: Ids,
    clock: Clock,
    event_id: UUID,
    *,
    device: str,
    device_time: datetime,
    records: Sequence[OfflineRecord],
    staff_account_id: UUID,
) -> Synced:
    """Takes what a device recorded: every record is kept, and what does not add up is flagged.

    Raises:
        NotFound: If there is no such event.
        Invalid: If the device has no name, or hands over too much at once.
    """
    errors = list(text_errors("device", device, LONGEST_NAME))
    if len(records) > MOST_RECORDS:
        errors.append(FieldError("records", "TOO_MANY_RECORDS", {"limit": MOST_RECORDS}))
    if errors:
        raise Invalid(*errors)
    seats = await Seats.locked(store, ids, event_id)
    nonces = [record.nonce for record in records if record.is_readable]
    known = await store.known_records(event_id, device, nonces)
    log = _OfflineLog(
        store,
        event_id,
        Mark(device, "", staff_account_id),
        device_time=device_time,
        now=clock.now(),
        owners={nonce: record.reservation_id for nonce, record in known.items()},
    )
    by_time = sorted(enumerate(records), key=lambda each: each[1].happened_at or device_time)
    results = {index: await log.take(record) for index, record in by_time}
    if log.records:
        await _note(store, clock, seats, log.records, log.parties)
    about = {party for _, party in results.values() if party}
    return Synced(
        [(record.nonce, *results[index]) for index, record in enumerate(records)],
        [await store.guest(party) for party in sorted(about)],
        seats.inventory.version,
    )


@dataclass
class _OfflineLog:
    """What a device hands over, read record by record in the order of its clock.

    Attributes:
        store: The store.
        event_id: The event.
        mark: The device, and who holds it.
        device_time: What the device's clock says.
        now: What ours says.
        owners: Of the records that are known, whose they are, by nonce.
        records: What is new.
        parties: Of the parties that this is about, how many were in before.
    """

    store: Store
    event_id: UUID
    mark: Mark
    device_time: datetime
    now: datetime
    owners: dict[str, UUID | None]
    records: list[Record] = field(default_factory=list[Record])
    parties: dict[UUID, tuple[Reservation, Presence]] = field(
        default_factory=dict[UUID, tuple[Reservation, Presence]]
    )
    _presences: dict[UUID, Presence] = field(default_factory=dict[UUID, Presence])
    _shown: set[UUID] = field(default_factory=set[UUID])

    async def take(self, told: OfflineRecord) -> tuple[Recorded, UUID | None]:
        """Reads a record; returns what came of it, and whose it is."""
        if told.kind is None or told.guest is None or not told.is_readable:
            return Recorded.UNREADABLE, None
        if told.nonce in self.owners:
            return Recorded.REPEATED, self.owners[told.nonce]
        found = await self.store.find_guest(self.event_id, told.guest)
        outcome = Recorded.UNKNOWN_TICKET
        if found is not None:
            conflicts = await self._conflicts(told.kind, found, told.guests)
            outcome = Recorded.CONFLICT if conflicts else Recorded.RECORDED
        party = found.reservation.id if found else None
        self.owners[told.nonce] = party
        self.records.append(
            Record(
                told.kind,
                party,
                found and found.ticket_id,
                told.guest.ticket or str(told.guest.reservation_id),
                told.guests,
                self.mark.device,
                told.nonce,
                by_our_clock(told.happened_at or self.device_time, self.device_time, self.now),
                self.mark.staff_account_id,
                conflict=outcome is not Recorded.RECORDED,
            )
        )
        return outcome, party

    async def _conflicts(self, kind: Kind, found: Found, guests: int) -> bool:
        """Counts guests in or out; returns whether that does not add up."""
        party, ticket_id = found.reservation.id, found.ticket_id
        if party not in self.parties:
            presence = (await self.store.presences([party]))[party]
            self.parties[party] = found.reservation, presence
            self._presences[party] = presence
        if ticket_id and kind is Kind.ADMIT:
            found = replace(found, was_shown=found.was_shown or ticket_id in self._shown)
            self._shown.add(ticket_id)
        presence = self._presences[party]
        self._presences[party] = presence.after(kind, guests)
        return presence.conflicts(kind, found, guests)


async def _note(
    store: Store,
    clock: Clock,
    seats: Seats,
    records: Sequence[Record],
    parties: dict[UUID, tuple[Reservation, Presence]],
) -> None:
    """Stores what happened, as the next version of the guest list, and tells of it."""
    seats.inventory = seats.inventory.next_version()
    event_id = seats.event.id
    await store.add_records(event_id, records, seats.inventory.version, clock.now())
    await store.save_inventory(event_id, seats.inventory)
    presences = {party: presence for party, (_, presence) in parties.items()}
    for record in records:
        if record.reservation_id is None:
            continue
        reservation, _ = parties[record.reservation_id]
        presence = presences[reservation.id].after(record.kind, record.guests)
        presences[reservation.id] = presence
        kind = GuestAdmitted if record.kind is Kind.ADMIT else GuestUndone
        store.publish(
            kind(
                reservation.id,
                event_id,
                reservation.customer_id,
                record.guests,
                max(presence.admitted, 0),
            )
        )


async def _found(store: Store, event_id: UUID, guest: Guest) -> Found:
    found = await store.find_guest(event_id, guest)
    if found is not None:
        return found
    raise UnknownTicket if guest.ticket else NotFound


async def _is_known(
    store: Store, event_id: UUID, mark: Mark, *, kind: Kind, reservation_id: UUID, guests: int
) -> bool:
    """Whether this was recorded before.

    Raises:
        Invalid: If the device has recorded something else under this name.
    """
    known = (await store.known_records(event_id, mark.device, [mark.nonce])).get(mark.nonce)
    if known is None:
        return False
    if (known.kind, known.reservation_id, known.guests) != (kind, reservation_id, guests):
        raise Invalid(FieldError("nonce", "NONCE_REUSED"))
    return True


def _require_mark(mark: Mark, guests: int) -> None:
    errors = [
        *text_errors("device", mark.device, LONGEST_NAME),
        *text_errors("nonce", mark.nonce, LONGEST_NAME),
        *number_errors("guests", guests, 1, MOST_GUESTS),
    ]
    if errors:
        raise Invalid(*errors)
