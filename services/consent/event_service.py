"""Asks the service of events for what it prints."""

from typing import TYPE_CHECKING
from uuid import UUID

import grpc

from kit.errors import Unavailable
from kundeapp.events.v1 import events_service_pb2 as pb
from services.consent.domain.letters import File
from services.consent.domain.neighbours import GuestList

if TYPE_CHECKING:  # the class is in the stubs only
    from kundeapp.events.v1.events_service_pb2_grpc import EventsServiceAsyncStub

_TIMEOUT_SECONDS = 10.0


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
            answer = await self._stub.GetTicketsForMail(request, timeout=_TIMEOUT_SECONDS)
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
            answer = await self._stub.GetGuestListForMail(request, timeout=_TIMEOUT_SECONDS)
        except grpc.aio.AioRpcError as error:
            return _none_if_missing(error)
        return GuestList(
            files=(_file(answer.pdf), _file(answer.csv)),
            parties=answer.parties,
            guests=answer.reserved,
            waiting=answer.waiting_parties,
        )


def _file(attachment: pb.Attachment) -> File:
    return File(attachment.file_name, attachment.content_type, attachment.data)


def _none_if_missing(error: grpc.aio.AioRpcError) -> None:
    if error.code() is not grpc.StatusCode.NOT_FOUND:
        raise Unavailable from error
