"""The HTTP application: bare ASGI, from a request to its response."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final, Protocol, TypeAlias, cast
from urllib.parse import unquote

import grpc
import orjson
import prometheus_client
import structlog
from google.api import httpbody_pb2
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message

from gateway import cookies, network, problems
from gateway.cookies import Cookies
from gateway.session import SessionIsOver, Sessions
from gateway.transcoder import Body, Match, Route, Transcoder
from gateway.upstream import Call, Metadata, service_of
from kit import access, errors, noted, status, telemetry, texts
from kit.access import Caller, InternalToken
from kit.clock import Clock
from kit.telemetry import SpanKind, Trace
from kit.texts import Language
from kit.tls import FOR_EVER, CertificateEnded, Validity
from kit.turns import Turns

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]

_JSON = (b"content-type", b"application/json")
_CLOSE = (b"connection", b"close")
NO_STORE = (b"cache-control", b"no-store")
NOTHING: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The Content-Security-Policy of what is no page: a browser that shows it all the same loads, sends
and frames nothing."""
SECURITY: Headers = (
    (b"content-security-policy", NOTHING.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=63072000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
)
_OF_AN_ANSWER: Headers = (_JSON, NO_STORE, *SECURITY)
_NO_PART_OF_A_FILE_NAME = re.compile(r"[^A-Za-z0-9._-]")
_KEPT_FILES = {
    "text/csv": ".csv",
    "application/json": ".json",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/atom+xml": ".xml",
}
"""Tables and records, which are to be kept, and how their names end; what else a browser can show
well, it shows."""
_ANONYMOUS = Caller(workload=access.GATEWAY)
_UNROUTED = "-"
_WITHOUT_CONTENT = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
_ONCE = frozenset(
    {
        b"authorization",
        b"content-encoding",
        b"content-type",
        b"host",
        b"idempotency-key",
        b"origin",
        b"sec-fetch-site",
        b"transfer-encoding",
    }
)
"""Headers that mean something here: of two, somebody in front may have read the other one."""
_LONGEST_LENGTH = 20
"""In digits; what has more is too large whichever they are."""
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})

_log = structlog.get_logger("gateway")
_seconds = prometheus_client.Histogram(
    "kundeapp_http_request_seconds",
    "How long requests took, by route and status.",
    ("method", "route", "status"),
)
_failed = prometheus_client.Counter(
    "kundeapp_gateway_calls_failed_total",
    "Calls that a service did not answer as it should, as the gateway saw it.",
    ("method", "code"),
)


@lru_cache(maxsize=1024)
def _seconds_of(method: str, route: str, code: int) -> prometheus_client.Histogram:
    return _seconds.labels(method if method in _METHODS else "other", route, code)


class Upstream(Protocol):
    """Hands out RPCs, and knows which services answer."""

    def call(self, rpc: MethodDescriptor) -> Call:
        """Returns an RPC, ready to be called."""
        ...

    async def ready(self) -> Mapping[str, bool]:
        """Returns which services answer, by name."""
        ...


@dataclass(frozen=True)
class Limits:
    """What a request may cost.

    Attributes:
        call_seconds: How long a service may take to answer.
        calls_at_once: How many calls of people who are logged in are under way at once to each
            service; of others, there are half as many beside these.
        call_wait: How long a call may wait for others to end.
        body_seconds: How long the body may take to arrive.
        body_bytes: How large the body may be.
        header_bytes: How large path, query and headers may be together.
    """

    call_seconds: float = 5
    calls_at_once: int = 64
    call_wait: float = 0.25
    body_seconds: float = 10
    body_bytes: int = 2**20
    header_bytes: int = 16 * 2**10


@dataclass(frozen=True, slots=True)
class Response:
    """What is sent back.

    Attributes:
        status: The status.
        body: The content.
        headers: All headers but Content-Length.
        code: The reason of a refusal, empty otherwise.
        feed: What is sent instead of a content, for as long as it goes on.
    """

    status: int
    body: bytes
    headers: Headers = _OF_AN_ANSWER
    code: str = ""
    feed: "Feed | None" = None


class Feed(Protocol):
    """A content that goes on."""

    async def flow(self, receive: Receive, send: Send) -> None:
        """Sends it to its end, or until the client is gone."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """What a handler needs to know of a request.

    Attributes:
        method: The HTTP method.
        path: Percent-encoded.
        query: The query string, percent-encoded.
        headers: By lower-case name; the last one of a name.
        receive: Where the body comes from.
        language: What a person reads.
        cookies: What a browser keeps for us.
        network: Where it comes from; empty if unknown.
    """

    method: str
    path: str
    query: str
    headers: Mapping[bytes, bytes]
    receive: Receive
    language: Language
    cookies: Cookies
    network: str = ""

    def header(self, name: bytes) -> str | None:
        """Returns a header, None without it."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    def authorization(self) -> str | None:
        """Returns the Authorization header, or what a browser's cookie says in its place.

        Raises:
            CrossSiteRequest: If there is a cookie, and another site may have it sent.
        """
        header = self.header(b"authorization")
        if header is not None:
            return header
        token = self.cookies.take(cookies.ACCESS)
        return None if token is None else f"Bearer {token}"


def public_json(body: bytes, media_type: str, seconds: int) -> Response:
    """Returns JSON that is the same for everyone.

    Args:
        body: The JSON.
        media_type: Its type.
        seconds: How long it may be kept by whoever gets it.
    """
    return Response(
        HTTPStatus.OK,
        body,
        (
            (b"content-type", media_type.encode()),
            (b"cache-control", f"public, max-age={seconds}".encode()),
            *SECURITY,
        ),
    )


class CallFailed(Exception):  # noqa: N818 - says what happened
    """A service refused a call, or did not answer; the client is told as the service said it.

    Attributes:
        rpc: What was called.
        error: What came of it.
    """

    def __init__(self, rpc: MethodDescriptor, error: grpc.aio.AioRpcError) -> None:
        super().__init__(rpc.full_name)
        self.rpc = rpc
        self.error = error


@dataclass(frozen=True)
class Page:
    """A fixed answer, such as the API page.

    Attributes:
        content: The content.
        media_type: Its type.
        policy: Its Content-Security-Policy.
        others: Further headers.
        status: What it is answered with.
    """

    content: bytes
    media_type: str
    policy: str = NOTHING
    others: Headers = ()
    status: HTTPStatus = HTTPStatus.OK

    async def __call__(self, _request: Request) -> Response:
        """Answers a request for it."""
        headers = (
            (b"content-type", self.media_type.encode()),
            (b"cache-control", b"no-cache"),
            (b"content-security-policy", self.policy.encode()),
            *SECURITY[1:],
            *self.others,
        )
        return Response(self.status, self.content, headers)


Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class _Written:
    """What is written by hand for a path.

    Attributes:
        route: The path, without a token that it ends in.
        handlers: By method.
        declared: The methods that the protos declare for the same path.
    """

    route: str
    handlers: Mapping[str, Handler]
    declared: Iterable[str] = ()


class Application:
    """The gateway as an ASGI application; it has no lifespan of its own.

    Attributes:
        stopping: Whether the process has been asked to stop; it is then no longer ready, and keeps
            no connection open for a next request.
    """

    def __init__(
        self,
        transcoder: Transcoder,
        upstream: Upstream,
        sessions: Sessions,
        pages: Mapping[str, Handler],
        limits: Limits,
        *,
        clock: Clock,
        origin: str,
        validity: Validity = FOR_EVER,
        trusted_hops: int = 0,
        links: Mapping[str, Mapping[str, Handler]] | None = None,
        elsewhere: Handler | None = None,
    ) -> None:
        """Prepares every route.

        Args:
            transcoder: The routes.
            upstream: Where their RPCs are.
            sessions: Who is behind a request.
            pages: Handlers of GET, by path.
            limits: What a request may cost.
            clock: Tells for how long a cookie is kept.
            origin: Where our own pages are: `https://host`.
            validity: For how long the services listen to this process.
            trusted_hops: How many proxies of ours stand in front.
            links: Handlers of links that end in a token, by the path before it and then by method.
            elsewhere: Shows people what is at any other address: the web client knows its own.

        Raises:
            UndeclaredAccess: If an RPC does not say who may call it.
        """
        self.stopping = False
        self._transcoder = transcoder
        self._upstream = upstream
        self._sessions = sessions
        self._limits = limits
        self._clock = clock
        self._origin = origin
        self._validity = validity
        self._trusted_hops = trusted_hops
        rpcs = [route.rpc for route in transcoder.routes]
        turns = {service: _turns(service, limits) for service in set(map(service_of, rpcs))}
        self._calls = {
            rpc.full_name: (upstream.call(rpc), access.rule_of(rpc), turns[service_of(rpc)])
            for rpc in rpcs
        }
        self._fixed: Mapping[str, Mapping[str, Handler]] = {
            **{path: {"GET": page} for path, page in pages.items()},
            "/healthz": {"GET": _healthz},
            "/readyz": {"GET": self._readyz},
            "/readyz/gateway": {"GET": self._readyz_gateway},
            "/v1/internalTokens": {"POST": self._exchange_token},
        }
        self._links = links or {}
        self._elsewhere = elsewhere

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request; see the ASGI specification, 3.0."""
        if scope["type"] != "http":
            raise ValueError(f"the gateway serves HTTP, no {scope['type']}")
        started = time.perf_counter()
        headers = _headers(scope)
        language = texts.language_of(headers.get(b"accept-language", b"").decode("latin-1"))
        request = Request(
            method=scope["method"],
            path=_path(scope),
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            receive=receive,
            language=language,
            cookies=Cookies(scope["method"], headers, self._origin),
            network=network.of_client(scope["client"], scope["headers"], self._trusted_hops),
        )
        parent = Trace.parse(headers.get(b"traceparent", b"").decode("latin-1"))
        with (
            telemetry.span("HTTP request", SpanKind.SERVER, parent=parent) as span,
            noted.noting() as facts,
        ):
            route, response = await self._respond(request, scope, _trace_id(span.trace))
            span.name = f"{request.method} {route}"
            span.attributes = {
                "http.request.method": request.method,
                "http.route": route,
                "http.response.status_code": int(response.status),
            }
            if _is_failure(response.status, response.code):
                span.fail()
            if response.code == SessionIsOver.reason and request.cookies.used:
                removals = map(cookies.removing, cookies.OF_A_SESSION)
                response = replace(response, headers=(*response.headers, *removals))
            if self.stopping and scope["http_version"].startswith("1"):
                response = replace(response, headers=(*response.headers, _CLOSE))
            await _send(send, response, with_body=request.method != "HEAD")
            seconds = time.perf_counter() - started
            _seconds_of(request.method, route, int(response.status)).observe(seconds)
            # The route and not the path: a path may name a person's meter.
            _log.info(
                "request",
                method=request.method,
                route=route,
                status=int(response.status),
                code=response.code,
                milliseconds=round(seconds * 1000, 1),
                **facts,
            )
        if response.feed is not None:
            await response.feed.flow(receive, send)

    async def _respond(self, request: Request, scope: Scope, trace_id: str) -> tuple[str, Response]:
        """Returns the route that was found, and the response, whatever happens."""
        route = _UNROUTED
        language = request.language
        try:
            _refuse_large_headers(scope, self._limits.header_bytes)
            _refuse_repeated_headers(scope, request.headers)
            written = self._written(request)
            if written is not None:
                route = written.route
                return route, await _answer_written(written, request)
            if request.method == "OPTIONS":
                return route, self._options(request.path)
            match = self._transcoder.find(request.method, request.path)
            route = match.endpoint.template.text
            return route, await self._transcode(match, request)
        except errors.Problem as problem:
            return route, _refusal(problems.of_problem(problem, language, trace_id))
        except CallFailed as failed:
            return route, _refusal(_of_rpc_error(failed.error, failed.rpc, language, trace_id))
        except Exception:  # noqa: BLE001 - the last resort: the client learns the trace id only
            _log.exception("request failed", route=route)
            failure = problems.of_failure(grpc.StatusCode.INTERNAL, language, trace_id)
            return route, _refusal(failure)

    def _written(self, request: Request) -> "_Written | None":
        """Returns what is no RPC, and answers a request; None if it may be one."""
        fixed = self._fixed.get(request.path)
        if fixed is not None:
            return _Written(request.path, fixed)
        folder = request.path.rpartition("/")[0]
        linked = self._links.get(folder)
        if linked is None:
            return self._shown_elsewhere(request)
        declared = self._transcoder.methods(request.path)
        if request.method in declared:
            return None
        return _Written(f"{folder}/{{token}}", linked, declared)

    def _shown_elsewhere(self, request: Request) -> "_Written | None":
        """Returns what shows people any other address, to the browser of one."""
        if self._elsewhere is None or not _is_for_a_person(request):
            return None
        return _Written(_UNROUTED, {"GET": self._elsewhere})

    def _options(self, path: str) -> Response:
        methods = self._transcoder.methods(path)
        if not methods:
            raise errors.NotFound
        return _options(methods)

    async def _transcode(self, match: Match[Route], request: Request) -> Response:
        route = match.endpoint
        call, rule, turns = self._calls[route.rpc.full_name]
        # Any site can have a browser send a form, so a login has nothing to do with it.
        is_anybodys = route.form is not None
        internal = None if is_anybodys else await self._admit(request, rule)
        message = route.decode(
            match.segments,
            request.query,
            await self._body(request),
            request.header(b"idempotency-key"),
        )
        if route.cookies.taken:
            route.cookies.fill(message, request.cookies.take)
        metadata = metadata_of(request, internal)
        async with turns[internal is not None].turn():
            try:
                answer = await call(message, timeout=self._limits.call_seconds, metadata=metadata)
            except grpc.aio.AioRpcError as error:
                raise CallFailed(route.rpc, error) from None
        headers = _OF_AN_ANSWER
        if route.is_file:
            headers = _of_a_file(cast("httpbody_pb2.HttpBody", answer), request.path)
        if route.cookies.given:
            headers = (*headers, *self._take_out(route, request, answer))
        if route.cookies.forgotten and request.cookies.used:
            headers = (*headers, *map(cookies.removing, route.cookies.forgotten))
        return Response(HTTPStatus.OK, route.encode(answer), headers)

    def _take_out(self, route: Route, request: Request, answer: Message) -> Headers:
        """Returns the headers that have a browser keep what is then no more in the answer.

        Raises:
            CrossSiteRequest: If it is another site that would log the browser in.
        """
        kept = route.cookies.take_out(answer, self._clock.now())
        if kept:
            request.cookies.refuse_cross_site()
        return tuple(map(cookies.setting, kept))

    async def _admit(self, request: Request, rule: Any) -> InternalToken | None:
        """Returns for whom the call is; the service checks again, and is the one that decides.

        Raises:
            Unauthenticated: If somebody must log in first.
            Denied: If the caller may not.
            CrossSiteRequest: If a cookie says who calls, and another site may have it sent.
        """
        caller, internal = _ANONYMOUS, None
        authorization = request.authorization()
        if authorization is not None:
            try:
                session = await self._sessions.session(authorization)
                caller, internal = session.caller, session.internal
            except (errors.Unauthenticated, errors.Unavailable):
                # What is public is open with an expired token: it may be there to be renewed.
                if rule.WhichOneof("caller") != "public":
                    raise
        access.admit(rule, caller)
        return internal

    async def _body(self, request: Request) -> Body:
        """Returns the body.

        Raises:
            Malformed: If it breaks off.
            PayloadTooLarge: If it is too large.
            RequestTimeout: If it does not arrive in time.
            UnsupportedMediaType: If it is packed.
        """
        headers = request.headers
        length = headers.get(b"content-length")
        if b"transfer-encoding" not in headers and length in (None, b"0"):
            return Body()
        limit = self._limits.body_bytes
        if length is not None and length.isdigit() and int(length[:_LONGEST_LENGTH]) > limit:
            raise problems.PayloadTooLarge(limit=limit)
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                content = await _read(request.receive, limit)
        except TimeoutError:
            raise problems.RequestTimeout from None
        if headers.get(b"content-encoding", b"identity") != b"identity" or (
            headers.get(b"transfer-encoding", b"chunked") != b"chunked"
        ):
            raise problems.UnsupportedMediaType
        return Body(content, request.header(b"content-type") or "")

    async def _readyz(self, _request: Request) -> Response:
        """Says whether requests can be served: the services answer, and the process stays."""
        services = await self._upstream.ready()
        ready = all(services.values()) and self._takes_requests()
        code = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        return Response(code, orjson.dumps({"ready": ready, "services": services}))

    async def _readyz_gateway(self, _request: Request) -> Response:
        """Says whether this process takes requests, whichever services answer behind it."""
        ready = self._takes_requests()
        code = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        return Response(code, orjson.dumps({"ready": ready}))

    def _takes_requests(self) -> bool:
        try:
            self._validity.require()
        except CertificateEnded as error:
            _log.warning("not ready", error=repr(error))
            return False
        return not self.stopping

    async def _exchange_token(self, request: Request) -> Response:
        """Gives staff an internal token, with which the CLI calls the services itself.

        Raises:
            Unauthenticated: If nobody is logged in.
            Denied: If it is no member of staff.
        """
        session = await self._sessions.session(request.authorization() or "")
        if not session.caller.roles:
            raise errors.Denied
        token = self._sessions.mint(session.caller)
        expires_at = token.expires_at.isoformat().replace("+00:00", "Z")
        body = {"internalToken": token.value, "expiresAt": expires_at}
        return Response(HTTPStatus.OK, orjson.dumps(body))


def _turns(service: str, limits: Limits) -> Mapping[bool, Turns]:
    """Returns turns to call a service: by whether somebody is logged in, those apart from others.

    So nobody who is logged in waits for somebody who is not, nor anybody for a service that they
    do not need.
    """
    at_once, wait = limits.calls_at_once, limits.call_wait
    return {
        True: Turns("gateway", service, at_once, wait),
        False: Turns("gateway", f"{service}-others", -(-at_once // 2), wait),
    }


def _is_for_a_person(request: Request) -> bool:
    """Tells whether a browser was led to an address outside of the API, to show what is there."""
    return (
        request.method in {"GET", "HEAD"}
        and not request.path.startswith("/v1/")
        and b"text/html" in request.headers.get(b"accept", b"")
    )


def metadata_of(request: Request, internal: InternalToken | None = None) -> Metadata:
    """Returns what goes with a call to a service, which is made for a request.

    Args:
        request: The request.
        internal: Says for whom the call is; None for nobody.
    """
    metadata = [("accept-language", request.language)]
    traceparent = telemetry.traceparent()
    if traceparent is not None:
        metadata.append(("traceparent", traceparent))
    if request.network:
        metadata.append((access.NETWORK, request.network))
    if internal is not None:
        metadata.append(("authorization", f"Bearer {internal.value}"))
    return metadata


async def _healthz(_request: Request) -> Response:
    """Says that the process runs."""
    return Response(HTTPStatus.OK, b'{"ok":true}')


async def _answer_written(written: _Written, request: Request) -> Response:
    methods = (*written.handlers, *written.declared)
    method = "GET" if request.method == "HEAD" else request.method
    if method == "OPTIONS":
        return _options(methods)
    handler = written.handlers.get(method)
    if handler is None:
        raise problems.MethodNotAllowed(methods)
    return await handler(request)


def _of_a_file(file: httpbody_pb2.HttpBody, path: str) -> Headers:
    """Returns the headers of a file, which a browser saves under the last part of its path."""
    media_type = file.content_type or "application/octet-stream"
    name = _NO_PART_OF_A_FILE_NAME.sub("_", unquote(path.rpartition("/")[2]))
    extension = _KEPT_FILES.get(media_type.partition(";")[0])
    disposition = "inline" if extension is None else "attachment"
    if extension is not None and not name.endswith(extension):
        name += extension
    return (
        (b"content-type", media_type.encode("latin-1")),
        (b"content-disposition", f'{disposition}; filename="{name}"'.encode()),
        NO_STORE,
        *SECURITY,
    )


def _options(methods: Any) -> Response:
    allow = (b"allow", problems.allow(methods).encode())
    return Response(HTTPStatus.NO_CONTENT, b"", (allow, NO_STORE, *SECURITY))


def _refusal(document: problems.Document) -> Response:
    headers = tuple((name.encode(), value.encode()) for name, value in document.headers)
    return Response(document.status, document.body, (*headers, NO_STORE, *SECURITY), document.code)


def _of_rpc_error(
    error: grpc.aio.AioRpcError, rpc: MethodDescriptor, language: Language, trace_id: str
) -> problems.Document:
    code = error.code()
    if code == grpc.StatusCode.CANCELLED:  # the service went away in the middle of the call
        return problems.of_failure(grpc.StatusCode.UNAVAILABLE, language, trace_id)
    trailing = [(key, value) for key, value in error.trailing_metadata() or ()]
    document = problems.of_status(
        status.status_from(code, trailing), rpc.input_type, language, trace_id
    )
    if _is_failure(document.status, document.code):
        _failed.labels(rpc.full_name, code.name).inc()
        _log.warning("call failed", rpc=rpc.full_name, grpc_code=code.name, detail=error.details())
    return document


def _is_failure(code: int, reason: str) -> bool:
    """Tells whether something is out of order; that more is asked than can be done is not."""
    return code >= HTTPStatus.INTERNAL_SERVER_ERROR and reason != errors.Overloaded.reason


async def _read(receive: Receive, limit: int) -> bytes:
    content = b""
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise errors.Malformed(detail="the content breaks off")
        content += event.get("body", b"")
        if len(content) > limit:
            raise problems.PayloadTooLarge(limit=limit)
        if not event.get("more_body", False):
            return content


async def _send(send: Send, response: Response, *, with_body: bool) -> None:
    headers = list(response.headers)
    if response.status not in _WITHOUT_CONTENT and response.feed is None:
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": int(response.status), "headers": headers})
    if response.feed is None:
        await send({"type": "http.response.body", "body": response.body if with_body else b""})


def _refuse_large_headers(scope: Scope, limit: int) -> None:
    size = len(scope["path"]) + len(scope["query_string"])
    size += sum(len(name) + len(value) for name, value in scope["headers"])
    if size > limit:
        raise problems.HeadersTooLarge


def _refuse_repeated_headers(scope: Scope, headers: Mapping[bytes, bytes]) -> None:
    if len(headers) == len(scope["headers"]):
        return
    counted = Counter(name for name, _ in scope["headers"] if name in _ONCE)
    for name, count in counted.items():
        if count > 1:
            raise errors.Malformed(detail=f"the header {name.decode()} comes twice")


def _headers(scope: Scope) -> dict[bytes, bytes]:
    headers: dict[bytes, bytes] = dict(scope["headers"])
    if b"cookie" in headers:
        # HTTP/2 lets a browser split them over several headers (RFC 9113, 8.2.3).
        several = (value for name, value in scope["headers"] if name == b"cookie")
        headers[b"cookie"] = b"; ".join(several)
    return headers


def _path(scope: Scope) -> str:
    return scope["raw_path"].decode("latin-1")


def _trace_id(trace: Trace) -> str:
    return f"{trace.trace_id:032x}"
