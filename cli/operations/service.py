"""What the CLI asks of any service of the suite, as those who run it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from cli.config import Settings
from cli.services import open_channel
from cli.staff_service import StaffService
from kundeapp.operations.v1 import operations_service_pb2 as pb
from kundeapp.operations.v1.operations_service_pb2_grpc import OperationsServiceStub

if TYPE_CHECKING:
    import grpc

SERVICES = ("identity", "metering", "consent", "events")

_PAGE = 200
_STATE_SECONDS = 15.0


def target_of(settings: Settings, service: str) -> str:
    """Returns where a service is."""
    target: str = getattr(settings, service)
    return target


class OperationsService(StaffService[OperationsServiceStub]):
    """`kundeapp.operations.v1.OperationsService` of one service, which says what each RPC does.

    Every method raises CommandError when the suite refuses, does not answer or may not be asked.
    """

    def _stub(self, channel: "grpc.Channel") -> OperationsServiceStub:
        return OperationsServiceStub(channel)

    @classmethod
    def of(cls, settings: Settings, service: str, token: Callable[[], str]) -> Self:
        """Takes where a service is from the settings."""
        return cls(target_of(settings, service), settings.tls, token)

    def state(self) -> pb.ServiceState:
        """Asks what the service stands on; the certificate alone allows this."""
        with open_channel(self._target, self._tls) as channel:
            return self._stub(channel).GetServiceState(
                pb.GetServiceStateRequest(), timeout=_STATE_SECONDS
            )

    def dead_letters(self, *, settled: bool) -> Sequence[pb.DeadLetter]:
        """Lists the events that could not be handled, the oldest first."""
        request, found = (
            pb.ListDeadLettersRequest(page_size=_PAGE, settled=settled),
            list[pb.DeadLetter](),
        )
        while True:
            page = self._ask(lambda stub: stub.ListDeadLetters, request)
            found += page.dead_letters
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    def dead_letter(self, consumer: str, event_id: str) -> pb.DeadLetter:
        """Shows one of them."""
        request = pb.GetDeadLetterRequest(consumer=consumer, event_id=event_id)
        return self._ask(lambda stub: stub.GetDeadLetter, request)

    def replay(self, consumer: str, event_id: str, reason: str) -> pb.DeadLetter:
        """Has an event handled once more."""
        request = pb.ReplayDeadLetterRequest(
            request_id=str(uuid4()), consumer=consumer, event_id=event_id, reason=reason
        )
        return self._ask(lambda stub: stub.ReplayDeadLetter, request)

    def discard(self, consumer: str, event_id: str, reason: str) -> pb.DeadLetter:
        """Settles an event without effect."""
        request = pb.DiscardDeadLetterRequest(
            request_id=str(uuid4()), consumer=consumer, event_id=event_id, reason=reason
        )
        return self._ask(lambda stub: stub.DiscardDeadLetter, request)

    def republish(self, since: datetime) -> int:
        """Has events published again that were published since a moment; returns how many."""
        request = pb.RepublishEventsRequest(request_id=str(uuid4()))
        request.since.FromDatetime(since)
        return self._ask(lambda stub: stub.RepublishEvents, request).events
