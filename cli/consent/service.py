"""What the CLI asks of the service `consent`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from cli.config import Settings
from cli.services import Progress, open_channel, pieces
from cli.staff_service import StaffService
from kundeapp.consent.v1 import consents_pb2 as pb
from kundeapp.consent.v1.consent_service_pb2_grpc import ConsentServiceStub

if TYPE_CHECKING:
    import grpc

_TIMEOUT = 600.0


@dataclass(frozen=True)
class Check:
    """What a check of the ledger has shown.

    Attributes:
        problems: What is not as it must be.
        rows: How many rows there are.
        anchor: What the ledger is.
    """

    problems: Sequence[pb.VerifyLedgerResponse.Problem]
    rows: int
    anchor: pb.LedgerAnchor


class ConsentService(StaffService[ConsentServiceStub]):
    """The staff side of `kundeapp.consent.v1.ConsentService`, which says what each RPC does.

    Every method raises CommandError when the suite refuses, does not answer or may not be asked.
    """

    def _stub(self, channel: "grpc.Channel") -> ConsentServiceStub:
        return ConsentServiceStub(channel)

    @classmethod
    def of(cls, settings: Settings, token: Callable[[], str]) -> Self:
        """Takes where the service is from the settings."""
        return cls(settings.consent, settings.tls, token)

    def publish_notice(self, request: pb.PublishNoticeRequest) -> pb.PublishNoticeResponse:
        """Publishes texts of a notice."""
        request.request_id = str(uuid4())
        return self._ask(lambda stub: stub.PublishNotice, request)

    def put_purpose(self, purpose: pb.Purpose) -> pb.PutPurposeResponse:
        """Makes a purpose, or changes it."""
        request = pb.PutPurposeRequest(request_id=str(uuid4()), purpose=purpose)
        return self._ask(lambda stub: stub.PutPurpose, request)

    def import_consents(self, file: Path, progress: Progress) -> pb.ImportConsentsReport:
        """Takes in what was decided elsewhere; `progress` is told how many bytes were sent."""
        with self._for_staff() as (stub, metadata), file.open("rb") as opened:
            requests = (pb.ImportConsentsRequest(data=piece) for piece in pieces(opened, progress))
            return stub.ImportConsents(requests, metadata=metadata, timeout=_TIMEOUT)

    def verify_ledger(self, anchors: Sequence[pb.LedgerAnchor]) -> Check:
        """Checks the ledger, also against what it was earlier.

        The certificate alone allows this, so that it can be done by the clock.
        """
        problems, rows, anchor = list[pb.VerifyLedgerResponse.Problem](), 0, pb.LedgerAnchor()
        for part in self._parts(anchors):
            problems += part.problems
            rows += part.rows
            if part.HasField("anchor"):
                anchor = part.anchor
        return Check(problems, rows, anchor)

    def _parts(self, anchors: Sequence[pb.LedgerAnchor]) -> Iterator[pb.VerifyLedgerResponse]:
        request = pb.VerifyLedgerRequest(anchors=anchors)
        with open_channel(self._target, self._tls) as channel:
            stub = self._stub(channel)
            while True:
                part = stub.VerifyLedger(request, timeout=_TIMEOUT)
                yield part
                if not part.next_page_token:
                    return
                request.page_token = part.next_page_token
