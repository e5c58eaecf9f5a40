"""The gateway over real HTTP, in front of services that answer as a test wants."""

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import grpc
import httpx
import orjson
import pytest
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2
from joserfc.jwk import ECKey

from gateway.bootstrap import SERVICES, running
from gateway.config import Settings
from gateway.session import ACCESS_TOKEN_TYPE
from kit import access, jwt
from kit.local.pki import LocalPki
from kit.local.processes import free_port
from kit.testing.waiting import eventually
from kundeapp.identity.v1 import identity_service_pb2 as identity_pb

Context = grpc.aio.ServicerContext[Any, Any]
Answer = Callable[[Any, Context], Awaitable[Message]]


@dataclass
class Backend:
    """All services at once: each RPC answers what a test puts there.

    Attributes:
        answers: By the name of the RPC, or by its full name where several services have it.
        seen: The metadata of the last call.
    """

    key: ECKey
    answers: dict[str, Answer] = field(default_factory=dict[str, Answer])
    seen: dict[str, str] = field(default_factory=dict[str, str])
    server: grpc.aio.Server | None = None

    def token(
        self,
        *,
        account: UUID | None = None,
        customers: Sequence[UUID] = (),
        roles: Iterable[str] = (),
        lifetime: timedelta = timedelta(minutes=10),
    ) -> str:
        """Returns an access token as identity issues them."""
        now = datetime.now(UTC)
        caller = access.Caller(
            account_id=account or uuid4(),
            customer_ids=tuple(customers),
            roles=frozenset(roles),
            session_id=uuid4(),
            authenticated_at=now,
            methods=("pwd", "otp", "mfa") if roles else ("pwd",),
        )
        claims = {**access.claims_of(caller), "exp": int((now + lifetime).timestamp())}
        kind = jwt.TokenKind(ACCESS_TOKEN_TYPE, "kundeapp-identity", "kundeapp")
        return jwt.sign(kind, self.key, claims)

    async def start(self, address: str, pki: LocalPki) -> None:
        """Serves all of them, on one address."""
        self.server = grpc.aio.server()
        for service in SERVICES:
            handlers = {
                rpc.name: grpc.unary_unary_rpc_method_handler(
                    self._handler(rpc),
                    request_deserializer=message_factory.GetMessageClass(rpc.input_type).FromString,
                    response_serializer=_serialize,
                )
                for rpc in service.methods
                if not rpc.client_streaming
            }
            self.server.add_generic_rpc_handlers(
                (grpc.method_handlers_generic_handler(service.full_name, handlers),)
            )
        health = grpc.unary_unary_rpc_method_handler(
            _serving,
            request_deserializer=health_pb2.HealthCheckRequest.FromString,
            response_serializer=_serialize,
        )
        self.server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": health}),)
        )
        self.server.add_secure_port(address, pki.identity("metering").server_credentials())
        await self.server.start()

    async def stop(self) -> None:
        """Goes away."""
        if self.server is not None:
            await self.server.stop(None)

    def _handler(self, rpc: MethodDescriptor) -> Answer:
        name = rpc.name

        async def handle(request: Message, context: Context) -> Message:
            self.seen = {str(key): str(value) for key, value in context.invocation_metadata() or ()}
            if name == "ListSigningKeys" and name not in self.answers:
                keys = {"keys": [self.key.as_dict(private=False)]}
                return identity_pb.ListSigningKeysResponse(jwk_set_json=orjson.dumps(keys).decode())
            answer = self.answers.get(rpc.full_name) or self.answers[name]
            return await answer(request, context)

        return handle


def _serialize(message: Message) -> bytes:
    return message.SerializeToString()


async def _serving(_request: Message, _context: Context) -> health_pb2.HealthCheckResponse:
    return health_pb2.HealthCheckResponse(status=health_pb2.HealthCheckResponse.SERVING)


@dataclass
class House:
    """A running gateway, a client of it, and the backend behind it."""

    backend: Backend
    backend_address: str
    pki: LocalPki
    settings: Settings
    http: httpx.AsyncClient

    async def is_ready(self) -> bool:
        """Tells whether the gateway says that it is ready."""
        return (await self.http.get("/readyz")).is_success

    async def until_ready(self, *, ready: bool = True) -> None:
        """Waits until the gateway says so."""

        async def is_so() -> bool:
            return await self.is_ready() == ready

        await eventually(is_so)


@contextlib.asynccontextmanager
async def house(
    folder: Path, *, pki: LocalPki | None = None, **changes: Any
) -> AsyncGenerator[House]:
    """Runs a backend and a gateway, with changes of its settings."""
    if pki is None:
        pki = LocalPki(folder)
        pki.prepare(("gateway", "metering"))
    tls = pki.identity("gateway")
    address = f"localhost:{free_port()}"
    usual: dict[str, Any] = {
        "tls_certificate": tls.certificate,
        "tls_key": tls.key,
        "tls_authority": tls.authority,
        "listen": f"127.0.0.1:{free_port()}",
        "identity": address,
        "metering": address,
        "events": address,
        "consent": address,
        "nats_url": f"tls://127.0.0.1:{free_port()}",  # where no bus is
        "drain_seconds": 0,
        "signing_keys": pki.internal_signing_keys,
    }
    settings = Settings(**{**usual, **changes})
    backend = Backend(jwt.generate_key("access"))
    await backend.start(address, pki)
    client = httpx.AsyncClient(base_url=f"http://{settings.listen}", trust_env=False, timeout=20)
    async with running(settings), client as http:
        built = House(backend, address, pki, settings, http)
        await built.until_ready()
        yield built
    await backend.stop()


@pytest.fixture(scope="session")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[House]:
    """A gateway with its usual settings, for tests that leave it as it was."""
    async with house(tmp_path_factory.mktemp("gateway")) as built:
        yield built
