"""What the CLI asks of the service `events`, for the member of staff who is logged in."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Self, TypeVar
from uuid import uuid4

from cli.config import Settings
from cli.staff_service import StaffService
from kundeapp.events.v1 import events_service_pb2 as pb
from kundeapp.events.v1.events_service_pb2_grpc import EventsServiceStub

if TYPE_CHECKING:
    import grpc

_PAGE = 200

_Item = TypeVar("_Item")


class EventsService(StaffService[EventsServiceStub]):
    """The staff side of `kundeapp.events.v1.EventsService`, which says what each RPC does.

    Every method raises CommandError when the suite refuses, does not answer or may not be asked.
    """

    def _stub(self, channel: "grpc.Channel") -> EventsServiceStub:
        return EventsServiceStub(channel)

    @classmethod
    def of(cls, settings: Settings, token: Callable[[], str]) -> Self:
        """Takes where the service is from the settings."""
        return cls(settings.events, settings.tls, token)

    def list_events(self, *, past: bool) -> Sequence[pb.Event]:
        """Lists the events, the next one first."""

        def page(token: str) -> tuple[Sequence[pb.Event], str]:
            request = pb.ListEventsRequest(page_size=_PAGE, page_token=token, past=past)
            answer = self._ask(lambda stub: stub.ListEvents, request)
            return answer.events, answer.next_page_token

        return _all(page)

    def get_event(self, event_id: str) -> pb.Event:
        """Shows an event."""
        return self._ask(lambda stub: stub.GetEvent, pb.GetEventRequest(event_id=event_id))

    def create_event(self, request: pb.CreateEventRequest) -> pb.Event:
        """Makes an event, as a draft."""
        return self._ask(lambda stub: stub.CreateEvent, request)

    def update_event(self, request: pb.UpdateEventRequest) -> pb.Event:
        """Changes what is given of an event."""
        return self._ask(lambda stub: stub.UpdateEvent, request)

    def publish_event(self, event_id: str) -> pb.Event:
        """Shows a draft to customers."""
        return self._ask(lambda stub: stub.PublishEvent, pb.PublishEventRequest(event_id=event_id))

    def cancel_event(self, event_id: str, reason: str) -> pb.Event:
        """Cancels an event for good."""
        request = pb.CancelEventRequest(event_id=event_id, reason=reason)
        return self._ask(lambda stub: stub.CancelEvent, request)

    def draw_ballot(self, event_id: str) -> pb.Draw:
        """Draws a ballot whose registration has closed."""
        return self._ask(lambda stub: stub.DrawBallot, pb.DrawBallotRequest(event_id=event_id))

    def reserve_tickets(
        self, event_id: str, customer_number: str, quantity: int, reason: str
    ) -> pb.Reservation:
        """Reserves tickets for a customer."""
        request = pb.ReserveTicketsRequest(
            event_id=event_id, customer_number=customer_number, quantity=quantity, reason=reason
        )
        return self._ask(lambda stub: stub.ReserveTickets, request)

    def release_tickets(self, reservation_id: str, quantity: int, reason: str) -> pb.Reservation:
        """Gives tickets of a customer back; all of them if the quantity is 0."""
        request = pb.ReleaseTicketsRequest(
            reservation_id=reservation_id, quantity=quantity, reason=reason
        )
        return self._ask(lambda stub: stub.ReleaseTickets, request)

    def guest_list(self, event_id: str, since_version: int) -> pb.GuestList:
        """Shows the guest list, or what has changed of it since a version."""
        request = pb.GetGuestListRequest(event_id=event_id, since_version=since_version)
        return self._ask(lambda stub: stub.GetGuestList, request)

    def guest_list_csv(self, event_id: str) -> bytes:
        """Returns the guest list as a CSV file."""
        request = pb.GetGuestListCsvRequest(event_id=event_id)
        return self._ask(lambda stub: stub.GetGuestListCsv, request).data

    def guest_list_pdf(self, event_id: str) -> bytes:
        """Returns the guest list as a PDF file."""
        request = pb.GetGuestListPdfRequest(event_id=event_id)
        return self._ask(lambda stub: stub.GetGuestListPdf, request).data

    def waiting_list(self, event_id: str) -> Sequence[pb.WaitlistEntry]:
        """Lists who waits, in the order in which they are served."""

        def page(token: str) -> tuple[Sequence[pb.WaitlistEntry], str]:
            request = pb.ListWaitlistEntriesRequest(
                event_id=event_id, page_size=_PAGE, page_token=token
            )
            answer = self._ask(lambda stub: stub.ListWaitlistEntries, request)
            return answer.waitlist_entries, answer.next_page_token

        return _all(page)

    def changes(self, event_id: str) -> Sequence[pb.ReservationChange]:
        """Lists what was reserved and released, the oldest first."""

        def page(token: str) -> tuple[Sequence[pb.ReservationChange], str]:
            request = pb.ListReservationChangesRequest(
                event_id=event_id, page_size=_PAGE, page_token=token
            )
            answer = self._ask(lambda stub: stub.ListReservationChanges, request)
            return answer.changes, answer.next_page_token

        return _all(page)

    def audit(self, event_id: str) -> pb.InventoryAudit:
        """Compares the counters of an event with the rows that they count."""
        request = pb.AuditInventoryRequest(event_id=event_id)
        return self._ask(lambda stub: stub.AuditInventory, request)

    def admit_guests(self, request: pb.AdmitGuestsRequest) -> pb.AdmitGuestsResponse:
        """Lets guests in; the nonce is made here."""
        request.nonce = str(uuid4())
        return self._ask(lambda stub: stub.AdmitGuests, request)

    def undo_admission(self, request: pb.UndoAdmissionRequest) -> pb.GuestParty:
        """Takes an admission back; the nonce is made here."""
        request.nonce = str(uuid4())
        return self._ask(lambda stub: stub.UndoAdmission, request).party


def _all(page: Callable[[str], tuple[Sequence[_Item], str]]) -> Sequence[_Item]:
    """Reads page after page until one is empty or leads to no other."""
    found, token = list[_Item](), ""
    while True:
        items, token = page(token)
        found += items
        if not items or not token:
            return found
