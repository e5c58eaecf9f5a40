"""A service that is nothing but chassis, and the operator who looks after it."""

import contextlib
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import grpc
import pytest
from google.rpc import error_details_pb2

from kit import operations, status
from kit.access import Caller, InternalTokens
from kit.bus import Bus
from kit.clock import SystemClock
from kit.courier import Channel, CheckedTransport
from kit.database import Database
from kit.inbox import Consumer
from kit.jwt import KeyFile
from kit.operations import Operations
from kit.server import Server
from kit.settings import ServiceSettings
from kit.testing import Neighbours
from kundeapp.identity.v1 import identity_service_pb2
from kundeapp.operations.v1 import operations_service_pb2 as pb
from kundeapp.operations.v1.operations_service_pb2_grpc import OperationsServiceStub
from tests.integration.kit.world import MIGRATIONS, SERVICE, World

if TYPE_CHECKING:  # the class is in the stubs only
    from kundeapp.operations.v1.operations_service_pb2_grpc import OperationsServiceAsyncStub

_IDENTITY = identity_service_pb2.DESCRIPTOR.services_by_name["IdentityService"]


@dataclass
class Operator:
    """Whoever asks, and of what.

    Attributes:
        stub: The service as the CLI calls it.
    """

    neighbours: Neighbours
    stub: "OperationsServiceAsyncStub"
    account_id: UUID = field(default_factory=uuid4)

    @property
    def metadata(self) -> Sequence[tuple[str, str]]:
        """Says for whom calls are."""
        caller = Caller(
            account_id=self.account_id,
            session_id=uuid4(),
            authenticated_at=SystemClock().now(),
            roles=frozenset({"OPERATOR"}),
            methods=("pwd", "otp", "mfa"),
        )
        return [*self.neighbours.metadata(caller), ("accept-language", "en")]

    async def state(self) -> pb.ServiceState:
        """Asks what the service stands on; the certificate is enough."""
        return await self.stub.GetServiceState(pb.GetServiceStateRequest())

    async def letters(
        self, size: int = 0, token: str = "", *, settled: bool = False
    ) -> pb.ListDeadLettersResponse:
        """Asks for a page of dead letters."""
        request = pb.ListDeadLettersRequest(page_size=size, page_token=token, settled=settled)
        return await self.stub.ListDeadLetters(request, metadata=self.metadata)

    async def replay(
        self, letter: pb.DeadLetter, reason: str = "Mended", key: str = ""
    ) -> pb.DeadLetter:
        """Has an event handled once more."""
        request = pb.ReplayDeadLetterRequest(
            request_id=key, consumer=letter.consumer, event_id=letter.event_id, reason=reason
        )
        return await self.stub.ReplayDeadLetter(request, metadata=self.metadata)

    async def discard(self, letter: pb.DeadLetter, reason: str = "A test") -> pb.DeadLetter:
        """Settles an event without effect."""
        request = pb.DiscardDeadLetterRequest(
            consumer=letter.consumer, event_id=letter.event_id, reason=reason
        )
        return await self.stub.DiscardDeadLetter(request, metadata=self.metadata)


@contextlib.asynccontextmanager
async def operating(
    neighbours: Neighbours,
    world: World,
    database: Database,
    bus: Bus,
    *,
    consumers: Sequence[Consumer] = (),
    transports: Mapping[Channel, CheckedTransport] | None = None,
) -> AsyncGenerator[Operator]:
    """Serves the RPCs of operators for a world."""
    settings = neighbours.settings(ServiceSettings, world.url, workload=SERVICE)
    clock = SystemClock()
    servicer = Operations(
        SERVICE, MIGRATIONS, database, bus, world.outbox, consumers, clock, transports or {}
    )
    async with (
        Server.serving(
            _IDENTITY,
            _Nothing(),
            settings,
            InternalTokens(KeyFile(settings.internal_keys), clock),
            database.ping,
            beside={operations.SERVICE: servicer},
        ) as server,
        neighbours.channel(server.port, workload="cli") as channel,
    ):
        yield Operator(neighbours, OperationsServiceStub(channel))


class _Nothing:
    """Has a method for every RPC, which none of these tests calls."""

    def __getattr__(self, name: str) -> None:
        return None


@contextlib.contextmanager
def refused(reason: str) -> Generator[error_details_pb2.ErrorInfo]:
    """Expects a call to be refused for a reason; yields what it was told."""
    info = error_details_pb2.ErrorInfo()
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        yield info
    rich = status.status_from(refusal.value.code(), tuple(refusal.value.trailing_metadata() or ()))
    for detail in rich.details:
        detail.Unpack(info)
    assert info.reason == reason
