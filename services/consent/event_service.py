"""Asks events for the tickets of customers, and for what it prints."""

from collections.abc import Awaitable
from datetime import UTC
from typing import TYPE_CHECKING
from uuid import UUID

import grpc
from google.rpc import error_details_pb2

from kit import status
from kit.errors import Problem, Unavailable
from kundeapp.events.v1 import events_service_pb2 as pb
from services.consent.domain.letters import File
from services.consent.domain.neighbours import GuestList
from services.consent.domain.releases import REFUSALS, LinkUnknown, ReleaseLink, Reservation

if TYPE_CHECKING:  # the class is in the stubs only
    from kundeapp.events.v1.events_service_pb2_grpc import EventsServiceAsyncStub

_TIMEOUT_SECONDS = 5.0
_PRINTING_SECONDS = 10.0
_NUMBERS = frozenset({"available"})


class EventsReservations:
    """`Reservations` behind the gRPC of events."""

    def __init__(self, stub: "EventsServiceAsyncStub") -> None:
        self._stub = stub

    async def get(self, link: ReleaseLink) -> Reservation:
        """Returns a reservation.

        Raises:
            LinkUnknown: If the customer has none like that.
            Unavailable: If events is out of reach.
        """
        request = pb.GetReservationForLinkRequest(
            reservation_id=str(link.reservation_id), customer_id=str(link.customer_id)
        )
        call = self._stub.GetReservationForLink(request, timeout=_TIMEOUT_SECONDS)
        return await _answered(call)

    async def release(
        self, link: ReleaseLink, quantity: int | None, request_id: str
    ) -> Reservation:
        """Gives tickets back, and returns what is left.

        Raises:
            LinkUnknown: If the customer has no reservation like that.
            Problem: As events refuses it.
            Unavailable: If events is out of reach.
        """
        request = pb.ReleaseByLinkRequest(
            request_id=request_id,
            reservation_id=str(link.reservation_id),
            customer_id=str(link.customer_id),
        )
        if quantity is None:
            request.all = True
        else:
            request.tickets = quantity
        return await _answered(self._stub.ReleaseByLink(request, timeout=_TIMEOUT_SECONDS))


async def _answered(call: Awaitable[pb.ReservationForLink]) -> Reservation:
    try:
        answer = await call
    except grpc.aio.AioRpcError as error:
        raise _problem(error) from error
    return Reservation(
        event_title=answer.event_title,
        event_venue=answer.event_venue,
        event_starts_at=answer.event_starts_at.ToDatetime(UTC),
        is_cancelled=answer.status == pb.Reservation.CANCELLED,
        tickets=answer.tickets,
        releasable=answer.releasable,
    )


def _problem(error: grpc.aio.AioRpcError) -> Problem:
    """Returns what a refusal of events is to the customer; whatever is none is an outage."""
    if error.code() is grpc.StatusCode.NOT_FOUND:
        return LinkUnknown()
    trailing = [(key, value) for key, value in error.trailing_metadata() or ()]
    info = error_details_pb2.ErrorInfo()
    for detail in status.status_from(error.code(), trailing).details:
        detail.Unpack(info)
    refusal = REFUSALS.get(info.reason)
    if refusal is None:
        return Unavailable()
    facts = {name: int(fact) for name, fact in info.metadata.items() if name in _NUMBERS}
    return refusal(**facts)


class EventsEventFiles:
    """`EventFiles` behind the gRPC of events."""

    def __init__(self, stub: "EventsServiceAsyncStub") -> None:
        self._stub = stub

    async def tickets(self, reservation_id: UUID, language: str) -> File | None:
        """Returns the tickets of a reservation, None if it has none any longer.

        Raises:
            Unavailable: If the service is out of reach.
        """
        request = pb.GetTicketsForMailRequest(reservation_id=str(reservation_id), language=language)
        try:
            answer = await self._stub.GetTicketsForMail(request, timeout=_PRINTING_SECONDS)
        except grpc.aio.AioRpcError as error:
            return _none_if_missing(error)
        return _file(answer.pdf)

    async def guest_list(self, event_id: UUID) -> GuestList | None:
        """Returns the guest list of an event, None if there is no such event.

        Raises:
            Unavailable: If the service is out of reach.
        """
        request = pb.GetGuestListForMailRequest(event_id=str(event_id))
        try:
            answer = await self._stub.GetGuestListForMail(request, timeout=_PRINTING_SECONDS)
        except grpc.aio.AioRpcError as error:
            return _none_if_missing(error)
        return GuestList(
            files=(_file(answer.pdf), _file(answer.csv)),
            parties=answer.parties,
            guests=answer.reserved,
            waiting=answer.waiting_parties,
        )


def _file(attachment: pb.Attachment) -> File:
    media_type = attachment.content_type.partition(";")[0]
    return File(attachment.file_name, media_type, attachment.data)


def _none_if_missing(error: grpc.aio.AioRpcError) -> None:
    if error.code() is not grpc.StatusCode.NOT_FOUND:
        raise Unavailable from error
