"""One method for each RPC."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.message import Message

from kit.clock import Clock
from kit.database import Database, Transaction
from kit.errors import FieldError, Invalid
from kit.export import page as export_page
from kit.idempotency import Key, once
from kit.ids import Ids
from kit.moments import moment_of
from kit.postgres import Connection
from kit.server import Call
from kundeapp.events.v1 import events_service_pb2 as pb
from kundeapp.privacy.v1.export_pb2 import ExportMyDataRequest, ExportMyDataResponse
from services.events.documents.guest_list_csv import guest_list_csv
from services.events.documents.guest_list_pdf import guest_list_pdf
from services.events.documents.qr import ticket_png, ticket_svg
from services.events.documents.tickets_pdf import tickets_pdf
from services.events.domain.paging import Page
from services.events.domain.people import Person
from services.events.domain.store import Place, Reader, Store
from services.events.domain.tickets import Booking
from services.events.handlers import door, links, programme, reservations, waiting_list
from services.events.handlers.door import Mark
from services.events.servicer import export, messages
from services.events.servicer.joining import Joining
from services.events.servicer.messages import CSV, PDF, uuid_of
from services.events.servicer.reserving import Reserving
from services.events.servicer.retries import Request

_STAFF = frozenset({"EVENT_STAFF", "CUSTOMER_SERVICE"})
_Answer = TypeVar("_Answer", bound=Message)


@dataclass(frozen=True)
class EventsServicer:
    """One method for each RPC of `kundeapp.events.v1.EventsService`, which says what it does.

    Attributes:
        database: Where everything is.
        reader_of: Makes what reads on a connection.
        store_of: Makes the store of a transaction.
        reserving: Reserves tickets.
        joining: Lets customers wait.
        ids: Makes identifiers and tokens.
        clock: Tells the time.
    """

    database: Database
    reader_of: Callable[[Connection], Reader]
    store_of: Callable[[Transaction], Store]
    reserving: Reserving
    joining: Joining
    ids: Ids
    clock: Clock

    async def ListEvents(self, request: pb.ListEventsRequest, call: Call) -> pb.ListEventsResponse:
        """Lists events."""
        async with self.database.reader() as connection:
            page = await programme.list_events(
                self.reader_of(connection),
                self.clock,
                _person(call),
                request.page_size,
                request.page_token,
                past=request.past,
            )
        return pb.ListEventsResponse(
            events=[messages.event_of(listing) for listing in page.items],
            next_page_token=page.next_token,
        )

    async def GetEvent(self, request: pb.GetEventRequest, call: Call) -> pb.Event:
        """Shows an event."""
        event_id = uuid_of(request.event_id, "event_id")
        async with self.database.reader() as connection:
            reader = self.reader_of(connection)
            return messages.event_of(await programme.get_event(reader, _person(call), event_id))

    async def CreateEvent(self, request: pb.CreateEventRequest, call: Call) -> pb.Event:
        """Makes an event."""
        said, mode = messages.changes_of(request), messages.mode_of(request.mode)

        async def create(store: Store) -> pb.Event:
            listing = await programme.create_event(store, self.ids, self.clock, said, mode)
            return messages.event_of(listing)

        return await self._change(call, request, create, pb.Event)

    async def UpdateEvent(self, request: pb.UpdateEventRequest, call: Call) -> pb.Event:
        """Changes an event."""
        event_id = uuid_of(request.event_id, "event_id")
        said = messages.changes_of(request)

        async def change(store: Store) -> pb.Event:
            return messages.event_of(
                await programme.change_event(store, self.ids, self.clock, event_id, said)
            )

        return await self._change(call, request, change, pb.Event)

    async def PublishEvent(self, request: pb.PublishEventRequest, call: Call) -> pb.Event:
        """Shows a draft to customers."""
        event_id = uuid_of(request.event_id, "event_id")

        async def publish(store: Store) -> pb.Event:
            return messages.event_of(
                await programme.publish_event(store, self.ids, self.clock, event_id)
            )

        return await self._change(call, request, publish, pb.Event)

    async def CancelEvent(self, request: pb.CancelEventRequest, call: Call) -> pb.Event:
        """Cancels an event."""
        event_id = uuid_of(request.event_id, "event_id")

        async def cancel(store: Store) -> pb.Event:
            return messages.event_of(
                await programme.cancel_event(
                    store,
                    self.ids,
                    self.clock,
                    event_id,
                    staff_account_id=call.caller.account,
                    reason=request.reason,
                )
            )

        return await self._change(call, request, cancel, pb.Event)

    async def DrawBallot(self, request: pb.DrawBallotRequest, call: Call) -> pb.Draw:
        """Draws a ballot."""
        event_id = uuid_of(request.event_id, "event_id")

        async def draw(store: Store) -> pb.Draw:
            return messages.draw_of(await waiting_list.draw(store, self.ids, self.clock, event_id))

        return await self._change(call, request, draw, pb.Draw)

    async def GetDraw(self, request: pb.GetDrawRequest, _call: Call) -> pb.Draw:
        """Shows how a ballot was drawn."""
        event_id = uuid_of(request.event_id, "event_id")
        async with self.database.reader() as connection:
            drawn = await waiting_list.get_draw(self.reader_of(connection), event_id)
        return messages.draw_of(drawn)

    async def ReserveTickets(self, request: pb.ReserveTicketsRequest, call: Call) -> pb.Reservation:
        """Reserves tickets."""
        event_id = uuid_of(request.event_id, "event_id")
        person = _person(call)
        customer_id = await self._customer(person, request.customer_number)
        ask = reservations.ask(person, customer_id, request.quantity, request.reason)
        return await self.reserving.reserve(event_id, Request(ask, Key.of(call, request)))

    async def ListMyReservations(
        self, request: pb.ListMyReservationsRequest, call: Call
    ) -> pb.ListMyReservationsResponse:
        """Lists the caller's reservations."""
        async with self.database.reader() as connection:
            reader = self.reader_of(connection)
            page = await reservations.list_reservations(
                reader, _person(call), request.page_size, request.page_token
            )
            found = await _reservations(reader, page.items)
        return pb.ListMyReservationsResponse(reservations=found, next_page_token=page.next_token)

    async def GetReservation(self, request: pb.GetReservationRequest, call: Call) -> pb.Reservation:
        """Shows a reservation."""
        reservation_id = uuid_of(request.reservation_id, "reservation_id")
        async with self.database.reader() as connection:
            reader = self.reader_of(connection)
            booking = await reservations.get_reservation(reader, _person(call), reservation_id)
            return (await _reservations(reader, [booking]))[0]

    async def ReleaseTickets(self, request: pb.ReleaseTicketsRequest, call: Call) -> pb.Reservation:
        """Gives tickets back."""
        reservation_id = uuid_of(request.reservation_id, "reservation_id")
        named = [
            uuid_of(ticket_id, f"ticket_ids[{index}]")
            for index, ticket_id in enumerate(request.ticket_ids)
        ]

        async def release(store: Store) -> pb.Reservation:
            booking = await reservations.release(
                store,
                self.ids,
                self.clock,
                _person(call),
                reservation_id,
                quantity=request.quantity,
                named=named,
                reason=request.reason,
            )
            return (await _reservations(store, [booking]))[0]

        return await self._change(call, request, release, pb.Reservation)

    async def UseTicket(self, request: pb.UseTicketRequest, call: Call) -> pb.Ticket:
        """Marks a ticket as used."""
        return await self._mark(call, request, used=True)

    async def UnuseTicket(self, request: pb.UnuseTicketRequest, call: Call) -> pb.Ticket:
        """Takes the mark off."""
        return await self._mark(call, request, used=False)

    async def _mark(
        self, call: Call, request: pb.UseTicketRequest | pb.UnuseTicketRequest, *, used: bool
    ) -> pb.Ticket:
        ticket_id = uuid_of(request.ticket_id, "ticket_id")

        async def mark(store: Store) -> pb.Ticket:
            ticket = await reservations.mark_ticket(
                store, self.ids, self.clock, _person(call), ticket_id, used=used
            )
            return messages.ticket_of(ticket)

        return await self._change(call, request, mark, pb.Ticket)

    async def GetTicketSvg(self, request: pb.GetTicketSvgRequest, call: Call) -> HttpBody:
        """Shows a ticket's QR code as SVG."""
        token = await self._token(request.ticket_id, call)
        return HttpBody(content_type="image/svg+xml", data=ticket_svg(token))

    async def GetTicketPng(self, request: pb.GetTicketPngRequest, call: Call) -> HttpBody:
        """Shows a ticket's QR code as PNG."""
        token = await self._token(request.ticket_id, call)
        return HttpBody(content_type="image/png", data=ticket_png(token))

    async def _token(self, ticket_id: str, call: Call) -> str:
        async with self.database.reader() as connection:
            ticket = await reservations.get_ticket(
                self.reader_of(connection), _person(call), uuid_of(ticket_id, "ticket_id")
            )
        return ticket.token_text

    async def GetTicketsPdf(self, request: pb.GetTicketsPdfRequest, call: Call) -> HttpBody:
        """Shows the tickets of a reservation as PDF."""
        reservation_id = uuid_of(request.reservation_id, "reservation_id")
        async with self.database.reader() as connection:
            sheet = await reservations.get_own_tickets(
                self.reader_of(connection), _person(call), reservation_id
            )
        data = await asyncio.to_thread(tickets_pdf, sheet, call.language)
        return HttpBody(content_type=PDF, data=data)

    async def JoinWaitlist(self, request: pb.JoinWaitlistRequest, call: Call) -> pb.WaitlistEntry:
        """Joins a waiting list."""
        event_id = uuid_of(request.event_id, "event_id")
        customer_id = await self._customer(_person(call), request.customer_number)
        _person(call).require_own(customer_id)
        wish = waiting_list.wish(customer_id, wanted=request.wanted, least=request.least)
        return await self.joining.join(event_id, Request(wish, Key.of(call, request)))

    async def ListMyWaitlistEntries(
        self, request: pb.ListMyWaitlistEntriesRequest, call: Call
    ) -> pb.ListMyWaitlistEntriesResponse:
        """Lists the caller's entries."""
        async with self.database.reader() as connection:
            reader = self.reader_of(connection)
            page = await waiting_list.list_places(
                reader, _person(call), request.page_size, request.page_token
            )
            found = await _entries(reader, page)
        return pb.ListMyWaitlistEntriesResponse(
            waitlist_entries=found, next_page_token=page.next_token
        )

    async def UpdateWaitlistEntry(
        self, request: pb.UpdateWaitlistEntryRequest, call: Call
    ) -> pb.WaitlistEntry:
        """Changes an entry."""
        entry_id = uuid_of(request.entry_id, "entry_id")

        async def change(store: Store) -> Place:
            return await waiting_list.change(
                store,
                self.ids,
                self.clock,
                _person(call),
                entry_id,
                wanted=request.wanted,
                least=request.least,
            )

        return await self._change_entry(call, request, change)

    async def LeaveWaitlist(self, request: pb.LeaveWaitlistRequest, call: Call) -> pb.WaitlistEntry:
        """Leaves a waiting list."""
        entry_id = uuid_of(request.entry_id, "entry_id")

        async def leave(store: Store) -> Place:
            return await waiting_list.leave(store, self.ids, self.clock, _person(call), entry_id)

        return await self._change_entry(call, request, leave)

    async def AcceptOffer(
        self, request: pb.AcceptOfferRequest, call: Call
    ) -> pb.AcceptOfferResponse:
        """Accepts an offer."""
        entry_id = uuid_of(request.entry_id, "entry_id")

        async def accept(store: Store) -> pb.AcceptOfferResponse:
            booking, place = await waiting_list.accept(
                store,
                self.ids,
                self.clock,
                _person(call),
                entry_id,
                quantity=request.quantity,
                keep_waiting=request.keep_waiting,
            )
            return pb.AcceptOfferResponse(
                reservation=(await _reservations(store, [booking]))[0],
                waitlist_entry=(await _entries(store, Page([place])))[0],
            )

        return await self._change(call, request, accept, pb.AcceptOfferResponse)

    async def DeclineOffer(self, request: pb.DeclineOfferRequest, call: Call) -> pb.WaitlistEntry:
        """Declines an offer."""
        entry_id = uuid_of(request.entry_id, "entry_id")

        async def decline(store: Store) -> Place:
            return await waiting_list.decline(store, self.ids, self.clock, _person(call), entry_id)

        return await self._change_entry(call, request, decline)

    async def ListWaitlistEntries(
        self, request: pb.ListWaitlistEntriesRequest, _call: Call
    ) -> pb.ListWaitlistEntriesResponse:
        """Lists who waits for an event."""
        event_id = uuid_of(request.event_id, "event_id")
        async with self.database.reader() as connection:
            reader = self.reader_of(connection)
            page = await waiting_list.list_line(
                reader, event_id, request.page_size, request.page_token
            )
            found = await _entries(reader, page, for_staff=True)
        return pb.ListWaitlistEntriesResponse(
            waitlist_entries=found, next_page_token=page.next_token
        )

    async def GetGuestList(self, request: pb.GetGuestListRequest, _call: Call) -> pb.GuestList:
        """Shows the guest list, or what has changed."""
        event_id = uuid_of(request.event_id, "event_id")
        async with self.database.reader() as connection:
            guest_list, changed = await door.get_guest_list_changes(
                self.reader_of(connection), event_id, request.since_version
            )
        parties = changed if request.since_version else guest_list.in_order()
        return messages.guest_list_of(guest_list, request.since_version, parties)

    async def GetGuestListCsv(self, request: pb.GetGuestListCsvRequest, _call: Call) -> HttpBody:
        """Shows the guest list as CSV."""
        event_id = uuid_of(request.event_id, "event_id")
        async with self.database.reader() as connection:
            guest_list = await door.get_guest_list(self.reader_of(connection), event_id)
        data = await asyncio.to_thread(guest_list_csv, guest_list)
        return HttpBody(content_type=CSV, data=data)

    async def GetGuestListPdf(self, request: pb.GetGuestListPdfRequest, _call: Call) -> HttpBody:
        """Shows the guest list as PDF."""
        event_id = uuid_of(request.event_id, "event_id")
        async with self.database.reader() as connection:
            guest_list = await door.get_guest_list(self.reader_of(connection), event_id)
        data = await asyncio.to_thread(guest_list_pdf, guest_list, self.clock.now())
        return HttpBody(content_type=PDF, data=data)

    async def ListReservationChanges(
        self, request: pb.ListReservationChangesRequest, _call: Call
    ) -> pb.ListReservationChangesResponse:
        """Lists what was reserved and released."""
        event_id = uuid_of(request.event_id, "event_id")
        async with self.database.reader() as connection:
            page = await programme.list_changes(
                self.reader_of(connection), event_id, request.page_size, request.page_token
            )
        return pb.ListReservationChangesResponse(
            changes=[messages.change_of(change) for change in page.items],
            next_page_token=page.next_token,
        )

    async def AuditInventory(
        self, request: pb.AuditInventoryRequest, _call: Call
    ) -> pb.InventoryAudit:
        """Compares counters with rows."""
        event_id = uuid_of(request.event_id, "event_id")
        async with self.database.reader() as connection:
            return messages.audit_of(await programme.audit(self.reader_of(connection), event_id))

    async def AdmitGuests(
        self, request: pb.AdmitGuestsRequest, call: Call
    ) -> pb.AdmitGuestsResponse:
        """Lets guests in."""
        event_id = uuid_of(request.event_id, "event_id")
        guest = messages.guest_of(request)
        mark = Mark(request.device, request.nonce, call.caller.account)

        async def admit(store: Store) -> pb.AdmitGuestsResponse:
            outcome, party = await door.admit(
                store,
                self.ids,
                self.clock,
                event_id,
                guest,
                guests=request.guests or 1,
                mark=mark,
                override=request.override,
            )
            return messages.outcome_of(outcome, party)

        return await self._change(call, request, admit, pb.AdmitGuestsResponse)

    async def UndoAdmission(
        self, request: pb.UndoAdmissionRequest, call: Call
    ) -> pb.UndoAdmissionResponse:
        """Takes an admission back."""
        event_id = uuid_of(request.event_id, "event_id")
        reservation_id = uuid_of(request.reservation_id, "reservation_id")
        mark = Mark(request.device, request.nonce, call.caller.account)

        async def undo(store: Store) -> pb.UndoAdmissionResponse:
            party = await door.undo(
                store,
                self.ids,
                self.clock,
                event_id,
                reservation_id,
                guests=request.guests or 1,
                mark=mark,
            )
            return pb.UndoAdmissionResponse(party=messages.party_of(party))

        return await self._change(call, request, undo, pb.UndoAdmissionResponse)

    async def SyncDoor(self, request: pb.SyncDoorRequest, call: Call) -> pb.SyncDoorResponse:
        """Takes what a device recorded while it had no network."""
        event_id = uuid_of(request.event_id, "event_id")
        device_time = moment_of(request, "device_time")
        if device_time is None:
            raise Invalid(FieldError("device_time", "REQUIRED_FIELD"))
        records = [messages.offline_record_of(record) for record in request.records]

        async def sync(store: Store) -> pb.SyncDoorResponse:
            return messages.synced_of(
                await door.sync(
                    store,
                    self.ids,
                    self.clock,
                    event_id,
                    device=request.device,
                    device_time=device_time,
                    records=records,
                    staff_account_id=call.caller.account,
                )
            )

        return await self._change(call, request, sync, pb.SyncDoorResponse)

    async def GetTicketsForMail(
        self, request: pb.GetTicketsForMailRequest, _call: Call
    ) -> pb.TicketsForMail:
        """Hands out the tickets of a reservation for a letter."""
        reservation_id = uuid_of(request.reservation_id, "reservation_id")
        language = messages.language_of(request.language)
        async with self.database.reader() as connection:
            sheet = await reservations.get_tickets(self.reader_of(connection), reservation_id)
        data = await asyncio.to_thread(tickets_pdf, sheet, language)
        return messages.tickets_for_mail_of(sheet, language, data)

    async def GetGuestListForMail(
        self, request: pb.GetGuestListForMailRequest, _call: Call
    ) -> pb.GuestListForMail:
        """Hands out the guest list for a letter."""
        event_id = uuid_of(request.event_id, "event_id")
        async with self.database.reader() as connection:
            guest_list = await door.get_guest_list(self.reader_of(connection), event_id)
        pdf = await asyncio.to_thread(guest_list_pdf, guest_list, self.clock.now())
        csv = await asyncio.to_thread(guest_list_csv, guest_list)
        return messages.guest_list_for_mail_of(guest_list, pdf, csv)

    async def GetReservationForLink(
        self, request: pb.GetReservationForLinkRequest, _call: Call
    ) -> pb.ReservationForLink:
        """Shows a reservation to whom a link was sent to."""
        reservation_id = uuid_of(request.reservation_id, "reservation_id")
        customer_id = uuid_of(request.customer_id, "customer_id")
        async with self.database.reader() as connection:
            reader = self.reader_of(connection)
            return messages.reservation_for_link_of(
                await links.get_reservation(reader, self.clock, customer_id, reservation_id)
            )

    async def ReleaseByLink(
        self, request: pb.ReleaseByLinkRequest, call: Call
    ) -> pb.ReservationForLink:
        """Gives tickets back for whom a link was sent to."""
        reservation_id = uuid_of(request.reservation_id, "reservation_id")
        customer_id = uuid_of(request.customer_id, "customer_id")
        quantity = messages.quantity_of(request)

        async def release(store: Store) -> pb.ReservationForLink:
            return messages.reservation_for_link_of(
                await links.release(
                    store, self.ids, self.clock, customer_id, reservation_id, quantity=quantity
                )
            )

        return await self._change(call, request, release, pb.ReservationForLink)

    async def ExportMyData(self, request: ExportMyDataRequest, call: Call) -> ExportMyDataResponse:
        """Hands out what is held about the caller."""
        async with self.database.reader() as connection:
            sections = export.sections(self.reader_of(connection), _person(call))
            return await export_page(request, call, self.clock.now(), sections)

    async def _customer(self, person: Person, customer_number: str) -> UUID:
        if not customer_number and len(person.customer_ids) == 1:
            return person.customer_ids[0]
        async with self.database.reader() as connection:
            reader = self.reader_of(connection)
            return await reservations.customer_meant(reader, person, customer_number)

    async def _change(
        self,
        call: Call,
        request: Message,
        run: Callable[[Store], Awaitable[_Answer]],
        answer_type: type[_Answer],
    ) -> _Answer:
        """Runs a change in one transaction, once for each Idempotency-Key."""
        async with self.database.transaction() as transaction:
            store = self.store_of(transaction)
            return await once(transaction, call, request, lambda: run(store), answer_type)

    async def _change_entry(
        self, call: Call, request: Message, run: Callable[[Store], Awaitable[Place]]
    ) -> pb.WaitlistEntry:
        async def change(store: Store) -> pb.WaitlistEntry:
            return (await _entries(store, Page([await run(store)])))[0]

        return await self._change(call, request, change, pb.WaitlistEntry)


def _person(call: Call) -> Person:
    caller = call.caller
    return Person(caller.account_id, caller.customer_ids, caller.holds(_STAFF))


async def _reservations(reader: Reader, bookings: Sequence[Booking]) -> Sequence[pb.Reservation]:
    events = await reader.events({booking.reservation.event_id for booking in bookings})
    return [
        messages.reservation_of(booking, events[booking.reservation.event_id])
        for booking in bookings
    ]


async def _entries(
    reader: Reader, page: Page[Place], *, for_staff: bool = False
) -> Sequence[pb.WaitlistEntry]:
    events = await reader.events({place.entry.event_id for place in page.items})
    return [
        messages.waitlist_entry_of(place, events[place.entry.event_id], for_staff=for_staff)
        for place in page.items
    ]
