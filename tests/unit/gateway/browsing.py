"""The gateway's application in front of the echo service, and clients of it, without a network."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import grpc
import httpx
import orjson
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from joserfc.jwk import ECKey

from gateway.app import Application, Limits
from gateway.cookies import PREFIX
from gateway.session import ACCESS_TOKEN_TYPE, AccessKeys, Sessions
from gateway.transcoder import Transcoder
from gateway.upstream import Call, Metadata
from kit import access, errors, jwt, status
from kit.testing import FrozenClock
from kit.tls import FOR_EVER, Validity
from tests.protos import compiled

ORIGIN = "https://kundeapp.example.com"
OUR_PAGE = {"sec-fetch-site": "same-origin", "origin": ORIGIN}
OTHER_SITE = {"sec-fetch-site": "cross-site", "origin": "https://evil.example.com"}
SESSION = UUID("01985b6e-0d5c-7c7e-9a77-3f2f6f0c1a52")
KIND = jwt.TokenKind(ACCESS_TOKEN_TYPE, "kundeapp-identity", "kundeapp")
ECHO = compiled.echo().services_by_name["EchoService"]
Answer = Callable[[Any], Message]


class Echo:
    """Stands in for the services: answers what a test says, and keeps what it was asked.

    Attributes:
        answers: By the name of the RPC; an empty message without one.
        refusal: What it refuses every call with.
        asked: The requests, the last one last.
        told: The metadata of the last one.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.refusal: errors.Problem | None = None
        self.asked: list[Any] = []
        self.told: dict[str, str] = {}

    def call(self, rpc: MethodDescriptor) -> Call:
        async def answer(request: Message, *, metadata: Metadata, **_: Any) -> Message:
            self.asked.append(request)
            self.told = dict(metadata)
            if self.refusal is not None:
                raise refused(self.refusal)
            make = self.answers.get(rpc.name)
            return make(request) if make else message_factory.GetMessageClass(rpc.output_type)()

        return cast("Call", answer)

    async def ready(self) -> dict[str, bool]:
        return {}


class House:
    """The gateway, the service behind it, and a session."""

    def __init__(
        self,
        folder: Path,
        *,
        services: Sequence[ServiceDescriptor] = (ECHO,),
        trusted_hops: int = 0,
        validity: Validity = FOR_EVER,
        **limits: int,
    ) -> None:
        self.clock = FrozenClock()
        self.echo = Echo()
        self.ended: set[UUID] = set()
        self.key = jwt.generate_key("access")
        file = folder / "internal.json"
        internal = jwt.generate_key("internal").as_dict(private=True)
        file.write_bytes(orjson.dumps({"keys": [internal]}))
        keys = AccessKeys(self._publish, self.clock)
        sessions = Sessions(keys, KIND, jwt.KeyFile(file), self.clock, ended=self.ended)
        self.application = Application(
            Transcoder(services),
            self.echo,
            sessions,
            {},
            Limits(**limits),
            clock=self.clock,
            origin=ORIGIN,
            validity=validity,
            trusted_hops=trusted_hops,
        )

    def client(self, peer: str = "192.0.2.7") -> httpx.AsyncClient:
        """Returns a client that calls from an address, and keeps no cookies by itself."""
        transport = httpx.ASGITransport(self.application, client=(peer, 4711))
        return httpx.AsyncClient(transport=transport, base_url=ORIGIN)

    async def call(
        self,
        target: str,
        *,
        cookies: str | dict[str, str] | None = None,
        peer: str = "192.0.2.7",
        headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        **content: Any,
    ) -> httpx.Response:
        """Sends a request, such as `GET /v1/doors/x`.

        Args:
            target: Method and path.
            cookies: What a browser keeps, by names without their prefix, or the whole header.
            peer: The address that it comes from.
            headers: Others.
            content: The body, as httpx takes it.
        """
        method, _, path = target.partition(" ")
        sent = httpx.Headers(list(headers.items() if isinstance(headers, Mapping) else headers))
        if cookies is not None:
            sent["cookie"] = cookies if isinstance(cookies, str) else header(cookies)
        async with self.client(peer) as client:
            return await client.request(method, path, headers=sent, **content)

    def token(self, key: ECKey | None = None, **claims: Any) -> str:
        """Returns an access token of the session."""
        now = self.clock.now()
        caller = access.Caller(
            account_id=SESSION, session_id=SESSION, authenticated_at=now, methods=("pwd",)
        )
        lasting = {"exp": int((now + timedelta(minutes=10)).timestamp())}
        return jwt.sign(KIND, key or self.key, {**access.claims_of(caller), **lasting, **claims})

    async def _publish(self) -> bytes:
        return orjson.dumps({"keys": [self.key.as_dict(private=False)]})


def refused(problem: errors.Problem) -> grpc.aio.AioRpcError:
    """Returns what gRPC raises when a service refuses."""
    told = status.status_of(problem, "nn")
    details = grpc.aio.Metadata((status.DETAILS_KEY, told.SerializeToString()))
    return grpc.aio.AioRpcError(status.code_of(told), grpc.aio.Metadata(), details, told.message)


def header(cookies: dict[str, str]) -> str:
    """Returns the header that a browser sends."""
    return "; ".join(f"{PREFIX}{name}={value}" for name, value in cookies.items())


def message(name: str, **fields: Any) -> Any:
    """Returns a message of the echo service, or google.api.HttpBody."""
    found = compiled.echo().message_types_by_name.get(name)
    if found is None:
        found = ECHO.methods_by_name["Look"].output_type
    return message_factory.GetMessageClass(found)(**fields)


def kept(response: httpx.Response) -> dict[str, str]:
    """Returns the cookies that a response sets or removes, without their prefix: value and rest."""
    headers = response.headers.get_list("set-cookie")
    assert all(each.startswith(PREFIX) for each in headers)
    pairs = [each.removeprefix(PREFIX).partition("=") for each in headers]
    return {name: value for name, _, value in pairs}
