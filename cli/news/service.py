"""What the CLI asks of the service `consent` about news, for whoever is logged in."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from cli.config import Settings
from cli.news.files import News
from cli.staff_service import StaffService
from kundeapp.consent.v1 import mailings_pb2 as pb
from kundeapp.consent.v1.consent_service_pb2_grpc import ConsentServiceStub

if TYPE_CHECKING:
    import grpc

_PAGE = 200


class NewsService(StaffService[ConsentServiceStub]):
    """The mailings of `kundeapp.consent.v1.ConsentService`, which says what each RPC does.

    Every method raises CommandError when the suite refuses, does not answer or may not be asked.
    What changes a mailing names the version that it has when it is asked for.
    """

    def _stub(self, channel: "grpc.Channel") -> ConsentServiceStub:
        return ConsentServiceStub(channel)

    @classmethod
    def of(cls, settings: Settings, token: Callable[[], str]) -> Self:
        """Takes where the service is from the settings."""
        return cls(settings.consent, settings.tls, token)

    def create(self, news: News) -> pb.Mailing:
        """Writes a draft."""
        request = pb.CreateMailingRequest(
            request_id=str(uuid4()), purpose=news.purpose, texts=news.texts
        )
        return self._ask(lambda stub: stub.CreateMailing, request)

    def list(self) -> Sequence[pb.Mailing]:
        """Lists the newest mailings, the newest first."""
        request = pb.ListMailingsRequest(page_size=_PAGE)
        return self._ask(lambda stub: stub.ListMailings, request).mailings

    def preview(self, mailing_id: str, language: str) -> pb.PreviewMailingResponse:
        """Shows what a mailing says, and who would get it."""
        request = pb.PreviewMailingRequest(mailing_id=mailing_id, language=language)
        return self._ask(lambda stub: stub.PreviewMailing, request)

    def send_test(self, mailing_id: str, language: str) -> None:
        """Mails a mailing to whoever is logged in."""
        request = pb.SendTestMailingRequest(
            request_id=str(uuid4()), mailing_id=mailing_id, language=language
        )
        self._ask(lambda stub: stub.SendTestMailing, request)

    def schedule(self, mailing_id: str, send_at: datetime | None) -> pb.Mailing:
        """Has a mailing sent."""
        request = pb.ScheduleMailingRequest(
            request_id=str(uuid4()), mailing_id=mailing_id, version=self._version(mailing_id)
        )
        if send_at is not None:
            request.send_at.FromDatetime(send_at)
        return self._ask(lambda stub: stub.ScheduleMailing, request)

    def stop(self, mailing_id: str) -> pb.Mailing:
        """Stops a mailing."""
        request = pb.StopMailingRequest(request_id=str(uuid4()), mailing_id=mailing_id)
        return self._ask(lambda stub: stub.StopMailing, request)

    def delete(self, mailing_id: str) -> None:
        """Deletes a mailing."""
        request = pb.DeleteMailingRequest(
            request_id=str(uuid4()), mailing_id=mailing_id, version=self._version(mailing_id)
        )
        self._ask(lambda stub: stub.DeleteMailing, request)

    def _version(self, mailing_id: str) -> int:
        request = pb.GetMailingRequest(mailing_id=mailing_id)
        return self._ask(lambda stub: stub.GetMailing, request).version
