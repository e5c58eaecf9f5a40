"""The composition root: everything of the gateway is wired here."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import grpc
import orjson
from google.protobuf.descriptor import ServiceDescriptor
from starlette.middleware.cors import CORSMiddleware

from gateway import (
    client,
    docs,
    ended_sessions,
    export,
    live,
    openapi,
    page,
    release,
    undo,
    unsubscribe,
)
from gateway.app import Application, Handler, Limits, Page, Request, Response, public_json
from gateway.config import Settings
from gateway.ended_sessions import EndedSessions, Fetch
from gateway.export import Export
from gateway.listening import server_of
from gateway.live import Streams
from gateway.session import ACCESS_TOKEN_TYPE, AccessKeys, Sessions
from gateway.transcoder import IDEMPOTENCY_KEY, Transcoder
from gateway.upstream import Upstreams
from kit import bus, errors, jwt, telemetry
from kit.channel import open_channel
from kit.clock import Clock, SystemClock
from kit.comments import Comments
from kit.repeat import background
from kit.tls import Identity
from kundeapp.consent.v1 import consent_service_pb2 as consent_pb
from kundeapp.events.v1 import events_service_pb2 as events_pb
from kundeapp.identity.v1 import identity_service_pb2 as identity_pb
from kundeapp.metering.v1 import metering_service_pb2 as metering_pb

API_VERSION = "v1"

SERVICES: tuple[ServiceDescriptor, ...] = (
    identity_pb.DESCRIPTOR.services_by_name["IdentityService"],
    metering_pb.DESCRIPTOR.services_by_name["MeteringService"],
    events_pb.DESCRIPTOR.services_by_name["EventsService"],
    consent_pb.DESCRIPTOR.services_by_name["ConsentService"],
)

_LIST_SIGNING_KEYS = SERVICES[0].methods_by_name["ListSigningKeys"]
_LIST_ENDED_SESSIONS = SERVICES[0].methods_by_name["ListEndedSessions"]
_UNSUBSCRIBE = SERVICES[3].methods_by_name["Unsubscribe"]
_RELEASE = SERVICES[3].methods_by_name["ReleaseByLink"]
_KEYS_FRESH_SECONDS = 300
_ALLOWED_HEADERS = ("authorization", "content-type", "accept-language", "traceparent")
_EXPOSED_HEADERS = ("retry-after", "content-language")


@contextlib.asynccontextmanager
async def running(
    settings: Settings, clock: Clock | None = None
) -> AsyncGenerator[asyncio.Task[None]]:
    """Serves HTTP until it is left; requests under way are then finished.

    Yields:
        The task that serves; it ends by itself only if serving fails.
    """
    clock = clock or SystemClock()
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(telemetry.configure("gateway", settings))
        tls = Identity(settings.tls_certificate, settings.tls_key, settings.tls_authority)
        upstreams = Upstreams(await _channels(settings, tls, stack))
        keys = AccessKeys(_fetch_keys(upstreams, settings), clock)
        kind = jwt.TokenKind(ACCESS_TOKEN_TYPE, settings.token_issuer, settings.token_audience)
        ended = EndedSessions(_fetch_ended_sessions(upstreams, settings), clock)
        signing_keys = jwt.KeyFile(settings.signing_keys)
        sessions = Sessions(keys, kind, signing_keys, clock, ended=ended)
        streams = Streams(sessions, clock)
        ended.tell(streams.end_session)
        transcoder = Transcoder(SERVICES)
        client_files = client.files(settings.web)
        pages = {
            **client_files,
            **_pages(transcoder, settings),
            "/.well-known/jwks.json": _jwks(keys),
            live.PATH: streams.answer,
            export.PATH: Export(
                export.exported(SERVICES),
                upstreams,
                sessions,
                clock,
                call_seconds=settings.call_timeout,
            ).answer,
        }
        application = Application(
            transcoder,
            upstreams,
            sessions,
            pages,
            _limits(settings),
            clock=clock,
            origin=settings.origin,
            validity=tls.validity(),
            trusted_hops=settings.trusted_hops,
            links={
                **unsubscribe.links(_UNSUBSCRIBE, upstreams, settings.call_timeout),
                **release.links(_RELEASE, upstreams, settings.call_timeout),
            },
            elsewhere=client_files.get("/"),
        )
        for work in (
            ended.keep_up(),
            bus.listen(settings.nats_url, tls, "gateway", ended_sessions.SUBJECT, ended),
            bus.listen(settings.nats_url, tls, "gateway", live.SUBJECT, streams),
        ):
            await stack.enter_async_context(background(work))
        yield await stack.enter_async_context(_serving(application, streams, settings))


def _fetch_keys(upstreams: Upstreams, settings: Settings) -> Callable[[], Awaitable[str]]:
    list_keys = upstreams.call(_LIST_SIGNING_KEYS)

    async def fetch() -> str:
        request = identity_pb.ListSigningKeysRequest()
        try:
            answer = await list_keys(request, timeout=settings.call_timeout, metadata=())
        except grpc.aio.AioRpcError as error:
            raise errors.Unavailable from error
        return cast("identity_pb.ListSigningKeysResponse", answer).jwk_set_json

    return fetch


def _fetch_ended_sessions(upstreams: Upstreams, settings: Settings) -> Fetch:
    list_ended = upstreams.call(_LIST_ENDED_SESSIONS)

    async def fetch(after: datetime) -> Sequence[tuple[UUID, datetime]]:
        request = identity_pb.ListEndedSessionsRequest()
        request.after.FromDatetime(after)
        try:
            answer = await list_ended(request, timeout=settings.call_timeout, metadata=())
        except grpc.aio.AioRpcError as error:
            raise errors.Unavailable from error
        sessions = cast("identity_pb.ListEndedSessionsResponse", answer).sessions
        return [(UUID(each.session_id), each.ended_at.ToDatetime(UTC)) for each in sessions]

    return fetch


def _limits(settings: Settings) -> Limits:
    return Limits(
        call_seconds=settings.call_timeout,
        body_seconds=settings.body_timeout,
        calls_at_once=settings.calls_at_once,
        call_wait=settings.call_wait,
        body_bytes=settings.max_body_bytes,
        header_bytes=settings.max_header_bytes,
    )


async def _channels(
    settings: Settings, tls: Identity, stack: contextlib.AsyncExitStack
) -> Mapping[str, grpc.aio.Channel]:
    addresses = {
        identity_pb.DESCRIPTOR.package: settings.identity,
        metering_pb.DESCRIPTOR.package: settings.metering,
        events_pb.DESCRIPTOR.package: settings.events,
        consent_pb.DESCRIPTOR.package: settings.consent,
    }
    return {
        package: await stack.enter_async_context(open_channel(address, tls))
        for package, address in addresses.items()
    }


def describe(transcoder: Transcoder, descriptors: Path) -> openapi.Schema:
    """Returns the OpenAPI document of all that the gateway serves under `/v1`.

    Args:
        transcoder: The routes.
        descriptors: The protos with their comments, a FileDescriptorSet.
    """
    comments = Comments(descriptors.read_bytes())
    return openapi.document(
        transcoder.routes, comments, API_VERSION, live.told(), export.exported(SERVICES)
    )


def _pages(transcoder: Transcoder, settings: Settings) -> Mapping[str, Handler]:
    document = describe(transcoder, settings.descriptors)
    return {
        "/openapi.json": Page(orjson.dumps(document), "application/json"),
        "/asyncapi.json": Page(settings.asyncapi.read_bytes(), "application/json"),
        "/docs": Page(docs.page(document), "text/html; charset=utf-8", docs.POLICY),
        docs.STYLE_PATH: Page(docs.STYLE, "text/css; charset=utf-8"),
        **page.shared(),
        **undo.pages(),
        **unsubscribe.pages(),
        **release.pages(),
    }


def _jwks(keys: AccessKeys) -> Handler:
    async def answer(_request: Request) -> Response:
        """Publishes the keys that access tokens are signed with."""
        key_set = (await keys.keys()).as_dict(private=False)
        return public_json(orjson.dumps(key_set), "application/jwk-set+json", _KEYS_FRESH_SECONDS)

    return answer


@contextlib.asynccontextmanager
async def _serving(
    application: Application, streams: Streams, settings: Settings
) -> AsyncGenerator[asyncio.Task[None]]:
    server = server_of(_with_cors(application, settings), settings)
    serving = asyncio.create_task(server.serve())
    try:
        yield serving
    finally:
        application.stopping = True
        if not serving.done():
            await asyncio.sleep(settings.drain_seconds)
        streams.stop()
        server.stop()
        await asyncio.wait({serving}, timeout=settings.grace_seconds)


def _with_cors(application: Application, settings: Settings) -> Callable[..., Any]:
    if not settings.cors_origins:
        return application
    return CORSMiddleware(
        application,
        allow_origins=settings.cors_origins,
        allow_methods=("GET", "POST", "PUT", "PATCH", "DELETE"),
        allow_headers=(*_ALLOWED_HEADERS, IDEMPOTENCY_KEY.lower()),
        expose_headers=_EXPOSED_HEADERS,
    )
