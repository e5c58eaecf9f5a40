"""What the CLI asks of the services, over gRPC with the certificate of the workload `cli`."""

import contextlib
import hashlib
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Self, TypeVar
from uuid import uuid4

import grpc
from google.rpc import error_details_pb2, status_pb2

from cli.config import Settings
from cli.outcome import CommandError, Exit, Fault
from kit import status
from kit.tls import Identity
from kundeapp.access.v1 import access_pb2
from kundeapp.identity.v1 import identity_service_pb2 as identity
from kundeapp.identity.v1 import identity_service_pb2_grpc as identity_grpc
from kundeapp.metering.v1 import imports_pb2 as imports
from kundeapp.metering.v1 import metering_service_pb2 as metering
from kundeapp.metering.v1 import metering_service_pb2_grpc as metering_grpc
from kundeapp.metering.v1 import prices_pb2 as prices
from kundeapp.metering.v1 import rates_pb2 as rates

Progress = Callable[[int], None]
Metadata = tuple[tuple[str, str], ...]
Answer = TypeVar("Answer")

_PIECE = 256 * 1024
_TIMEOUT = 600.0
_PAUSES = (0.5, 1.0, 2.0, 4.0)
"""In seconds, before each further try."""
_OPTIONS = (("grpc.max_receive_message_length", 64 * 1024 * 1024),)


class Services:
    """The staff side of identity and metering.

    Every method raises CommandError when the suite refuses, does not answer or may not be asked.
    """

    def __init__(
        self, *, identity: str, metering: str, tls: Identity, token: Callable[[], str]
    ) -> None:
        """Takes where the services are, the certificate to show, and how to get a token.

        `token` is called for each call that speaks for a person.
        """
        self._identity = identity
        self._metering = metering
        self._tls = tls
        self._token = token

    @classmethod
    def of(cls, settings: Settings, token: Callable[[], str]) -> Self:
        """Takes where the services are from the settings."""
        tls = settings.tls
        return cls(identity=settings.identity, metering=settings.metering, tls=tls, token=token)

    def import_customers(self, file: Path, progress: Progress) -> identity.ImportCustomersReport:
        """Takes customers into the register; `progress` is told how many bytes were sent."""
        with self._for_staff(self._identity) as (channel, metadata), file.open("rb") as opened:
            stub = identity_grpc.IdentityServiceStub(channel)
            requests = (
                identity.ImportCustomersRequest(data=piece) for piece in pieces(opened, progress)
            )
            return stub.ImportCustomers(requests, metadata=metadata, timeout=_TIMEOUT)

    def look_up_customer(self, number: str, reason: str) -> identity.CustomerRecord:
        """Shows a customer who calls."""
        request = identity.LookUpCustomerRequest(customer_number=number, reason=reason)
        with self._for_staff(self._identity) as (channel, metadata):
            stub = identity_grpc.IdentityServiceStub(channel)
            return stub.LookUpCustomer(request, metadata=metadata, timeout=_TIMEOUT)

    def issue_pin(self, number: str, reason: str) -> identity.IssuedPin:
        """Makes a new PIN for a customer who calls."""
        request = identity.IssuePinRequest(
            request_id=str(uuid4()), customer_number=number, reason=reason
        )
        with self._for_staff(self._identity) as (channel, metadata):
            stub = identity_grpc.IdentityServiceStub(channel)
            return stub.IssuePin(request, metadata=metadata, timeout=_TIMEOUT)

    def reset_second_factors(self, number: str, reason: str) -> None:
        """Takes second factors off the account of a customer who calls."""
        request = identity.ResetSecondFactorsRequest(
            request_id=str(uuid4()), customer_number=number, reason=reason
        )
        with self._for_staff(self._identity) as (channel, metadata):
            stub = identity_grpc.IdentityServiceStub(channel)
            stub.ResetSecondFactors(request, metadata=metadata, timeout=_TIMEOUT)

    def end_customer_sessions(
        self, number: str, reason: str
    ) -> identity.EndCustomerSessionsResponse:
        """Logs a customer who calls out everywhere."""
        request = identity.EndCustomerSessionsRequest(
            request_id=str(uuid4()), customer_number=number, reason=reason
        )
        with self._for_staff(self._identity) as (channel, metadata):
            stub = identity_grpc.IdentityServiceStub(channel)
            return stub.EndCustomerSessions(request, metadata=metadata, timeout=_TIMEOUT)

    def erase_customer(self, number: str, reason: str) -> identity.EraseCustomerResponse:
        """Erases a customer for good."""
        request = identity.EraseCustomerRequest(
            request_id=str(uuid4()), customer_number=number, reason=reason
        )
        with self._for_staff(self._identity) as (channel, metadata):
            stub = identity_grpc.IdentityServiceStub(channel)
            return stub.EraseCustomer(request, metadata=metadata, timeout=_TIMEOUT)

    def import_metering_points(
        self, file: Path, progress: Progress
    ) -> metering.ImportMeteringPointsReport:
        """Takes in metering points and contracts."""
        with self._for_metering() as (stub, metadata), file.open("rb") as opened:
            requests = (
                metering.ImportMeteringPointsRequest(data=piece)
                for piece in pieces(opened, progress)
            )
            return stub.ImportMeteringPoints(requests, metadata=metadata, timeout=_TIMEOUT)

    def import_readings(
        self, file: Path, gsrn: str, progress: Progress
    ) -> imports.ImportReadingsReport:
        """Takes in hours; `gsrn` is empty if the file says which metering points they are of.

        Where the connection breaks, the file is sent again: metering goes on where it was.
        """
        with file.open("rb") as opened:
            if not opened.seekable():
                message = f"{file} can be read only once. Name a file that can be read again."
                raise CommandError(Exit.USAGE, "NOT_A_FILE", message)
            start = imports.ImportReadingsRequest.Start(
                gsrn=gsrn, sha256=hashlib.file_digest(opened, "sha256").digest()
            )

            def requests() -> Iterator[imports.ImportReadingsRequest]:
                opened.seek(0)
                yield imports.ImportReadingsRequest(start=start)
                for piece in pieces(opened, progress):
                    yield imports.ImportReadingsRequest(data=piece)

            def send() -> imports.ImportReadingsReport:
                with self._for_metering() as (stub, metadata):
                    return stub.ImportReadings(requests(), metadata=metadata, timeout=_TIMEOUT)

            try:
                return again(send)
            except CommandError as error:
                if error.code != "NOT_FOUND":
                    raise
                message = (
                    f"Metering point {gsrn} is not in the register. "
                    "Import it first: kundeapp import metering-points FILE"
                )
                raise CommandError(error.status, error.code, message) from error

    def write_readings(
        self, messages: Iterator[imports.WriteReadingsRequest]
    ) -> imports.WriteReadingsReport:
        """Stores hours of many metering points."""
        with self._for_metering() as (stub, metadata):
            return stub.WriteReadings(messages, metadata=metadata, timeout=_TIMEOUT)

    def import_prices(
        self, file: Path, area: str, progress: Progress, *, provisional: bool = False
    ) -> prices.ImportPricesReport:
        """Takes in the spot prices of one price area."""
        start = prices.ImportPricesRequest.Start(price_area=area, provisional=provisional)

        def requests() -> Iterator[prices.ImportPricesRequest]:
            yield prices.ImportPricesRequest(start=start)
            for piece in pieces(opened, progress):
                yield prices.ImportPricesRequest(data=piece)

        with self._for_metering() as (stub, metadata), file.open("rb") as opened:
            return stub.ImportPrices(requests(), metadata=metadata, timeout=_TIMEOUT)

    def import_rates(self, file: Path, progress: Progress) -> rates.ImportRatesReport:
        """Takes in a book of rates, in place of the one before."""
        with self._for_metering() as (stub, metadata), file.open("rb") as opened:
            requests = (rates.ImportRatesRequest(data=piece) for piece in pieces(opened, progress))
            return stub.ImportRates(requests, metadata=metadata, timeout=_TIMEOUT)

    def import_exchange_rates(
        self, file: Path, progress: Progress
    ) -> prices.ImportExchangeRatesReport:
        """Takes in what a euro costs in kroner."""
        with self._for_metering() as (stub, metadata), file.open("rb") as opened:
            requests = (
                prices.ImportExchangeRatesRequest(data=piece) for piece in pieces(opened, progress)
            )
            return stub.ImportExchangeRates(requests, metadata=metadata, timeout=_TIMEOUT)

    def put_staff(
        self,
        email: str,
        password: str,
        roles: Sequence[str],
        *,
        renew_second_factor: bool = False,
    ) -> identity.PutStaffAccountResponse:
        """Makes or changes a member of staff.

        The certificate alone allows this, so that the first one can be made.
        """
        request = identity.PutStaffAccountRequest(
            email=email,
            password=password,
            roles=[access_pb2.Staff.Role.Value(role) for role in roles],
            renew_second_factor=renew_second_factor,
        )
        with open_channel(self._identity, self._tls) as channel:
            stub = identity_grpc.IdentityServiceStub(channel)
            return stub.PutStaffAccount(request, timeout=_TIMEOUT)

    def _for_staff(
        self, target: str
    ) -> contextlib.AbstractContextManager[tuple[grpc.Channel, Metadata]]:
        return for_staff(target, self._tls, self._token)

    @contextlib.contextmanager
    def _for_metering(self) -> Generator[tuple[metering_grpc.MeteringServiceStub, Metadata]]:
        """Opens metering, which says in English what it refuses of a file, as the CLI does."""
        with self._for_staff(self._metering) as (channel, metadata):
            yield (
                metering_grpc.MeteringServiceStub(channel),
                (*metadata, ("accept-language", "en")),
            )


@contextlib.contextmanager
def for_staff(
    target: str, tls: Identity, token: Callable[[], str]
) -> Generator[tuple[grpc.Channel, Metadata]]:
    """Opens a channel to a service, and says for whom calls on it are.

    Args:
        target: Where the service is.
        tls: The certificate to show.
        token: Returns the token of the member of staff who is logged in.

    Raises:
        CommandError: Nobody is logged in, there is no certificate, or a call failed.
    """
    metadata = (("authorization", f"Bearer {token()}"),)
    with open_channel(target, tls) as channel:
        yield channel, metadata


@contextlib.contextmanager
def open_channel(target: str, tls: Identity) -> Generator[grpc.Channel]:
    """Opens a channel to a service.

    Raises:
        CommandError: There is no certificate, or a call on the channel failed.
    """
    try:
        credentials = tls.channel_credentials()
    except OSError as error:
        message = f"The certificate of the CLI cannot be read: {error}"
        raise CommandError(Exit.USAGE, "NO_CERTIFICATE", message) from error
    with grpc.secure_channel(target, credentials, _OPTIONS) as channel:
        try:
            yield channel
        except grpc.RpcError as error:
            if not isinstance(error, grpc.Call):
                raise
            trailing = [(each.key, each.value) for each in error.trailing_metadata() or ()]
            raise refusal(target, error.code(), error.details() or "", trailing) from error


def again(send: Callable[[], Answer], pause: Callable[[float], None] = time.sleep) -> Answer:
    """Sends what may be sent again, and a few times more if the suite does not answer.

    Raises:
        CommandError: It was refused, or the suite did not answer to the last.
    """
    for seconds in _PAUSES:
        try:
            return send()
        except CommandError as error:
            if error.status is not Exit.UNREACHABLE:
                raise
            pause(seconds)
    return send()


def pieces(file: BinaryIO, progress: Progress) -> Iterator[bytes]:
    """Reads a file piece by piece; `progress` is told how many bytes were read so far."""
    sent = 0
    while piece := file.read(_PIECE):
        yield piece
        sent += len(piece)
        progress(sent)


def refusal(
    target: str,
    code: grpc.StatusCode,
    details: str,
    trailing: Sequence[tuple[str, str | bytes]],
) -> CommandError:
    """Says in the CLI's words how a call failed."""
    rich = status.status_from(code, trailing)
    match code:
        case grpc.StatusCode.UNAVAILABLE | grpc.StatusCode.DEADLINE_EXCEEDED:
            message = f"{target} does not answer: {details}"
            return CommandError(Exit.UNREACHABLE, code.name, message)
        case grpc.StatusCode.UNAUTHENTICATED | grpc.StatusCode.PERMISSION_DENIED:
            exit_status = Exit.NOT_ALLOWED
        case _:
            exit_status = Exit.REFUSED
    return CommandError(exit_status, _reason(rich), rich.message, tuple(_faults(rich)))


def _reason(rich: status_pb2.Status) -> str:
    info = error_details_pb2.ErrorInfo()
    for detail in rich.details:
        if detail.Unpack(info):
            return info.reason
    return "INTERNAL"


def _faults(rich: status_pb2.Status) -> Iterator[Fault]:
    request = error_details_pb2.BadRequest()
    for detail in rich.details:
        if detail.Unpack(request):
            for violation in request.field_violations:
                yield Fault(violation.field, violation.reason, violation.description)
