"""What the CLI asks of the service `consent` about who may be written to."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from cli.config import Settings
from cli.staff_service import StaffService
from kundeapp.consent.v1 import consents_pb2
from kundeapp.consent.v1 import permissions_pb2 as pb
from kundeapp.consent.v1.consent_service_pb2_grpc import ConsentServiceStub

if TYPE_CHECKING:
    import grpc

_TIMEOUT = 600.0
_MOST_ADDRESSES = 1000


class RecipientsService(StaffService[ConsentServiceStub]):
    """A part of the staff side of `kundeapp.consent.v1.ConsentService`, which says what it does.

    Every method raises CommandError when the suite refuses, does not answer or may not be asked.
    """

    def _stub(self, channel: "grpc.Channel") -> ConsentServiceStub:
        return ConsentServiceStub(channel)

    @classmethod
    def of(cls, settings: Settings, token: Callable[[], str]) -> Self:
        """Takes where the service is from the settings."""
        return cls(settings.consent, settings.tls, token)

    def count_audience(self, purpose: str, channel: str) -> pb.CountAudienceResponse:
        """Counts who may be written to; by each channel if none is named."""
        request = pb.CountAudienceRequest(purpose=purpose)
        if channel:
            request.channel = consents_pb2.Channel.Value(channel)
        return self._ask(lambda stub: stub.CountAudience, request, timeout=_TIMEOUT)

    def export_audience(
        self, purpose: str, channel: str, as_of: int
    ) -> Iterator[pb.ExportAudienceResponse]:
        """Hands out who may be written to, as it comes."""
        request = pb.ExportAudienceRequest(
            purpose=purpose, channel=consents_pb2.Channel.Value(channel), as_of_position=as_of
        )
        with self._for_staff() as (stub, metadata):
            yield from stub.ExportAudience(request, metadata=metadata, timeout=_TIMEOUT)

    def suppress(self, addresses: Sequence[str], reason: str, note: str) -> int:
        """Has nothing sent to addresses; returns for how many that is new."""
        added = 0
        for start in range(0, max(len(addresses), 1), _MOST_ADDRESSES):
            request = pb.AddSuppressionsRequest(
                request_id=str(uuid4()),
                addresses=addresses[start : start + _MOST_ADDRESSES],
                reason=pb.Suppression.Reason.Value(reason),
                note=note,
            )
            added += self._ask(lambda stub: stub.AddSuppressions, request).added
        return added

    def unsuppress(self, address: str, reason: str, why: str) -> None:
        """Has an address written to again."""
        request = pb.RemoveSuppressionRequest(
            request_id=str(uuid4()),
            address=address,
            reason=pb.Suppression.Reason.Value(reason),
            why=why,
        )
        self._ask(lambda stub: stub.RemoveSuppression, request)

    def suppressions_of(self, address: str) -> pb.CheckSuppressionResponse:
        """Says why nothing is sent to an address."""
        request = pb.CheckSuppressionRequest(address=address)
        return self._ask(lambda stub: stub.CheckSuppression, request, timeout=_TIMEOUT)

    def count_suppressions(self) -> pb.CountSuppressionsResponse:
        """Counts the addresses that nothing is sent to."""
        request = pb.CountSuppressionsRequest()
        return self._ask(lambda stub: stub.CountSuppressions, request, timeout=_TIMEOUT)
