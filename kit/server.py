"""The gRPC server of a service: access, deadlines, errors and telemetry around every RPC.

There are no interceptors: each method is wrapped once, when the server is made, with all that is
known of it by then, such as the rule that its proto declares. A method without a rule keeps the
server from starting.
"""

import asyncio
import contextlib
import signal
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias, cast

import grpc
import prometheus_client
import structlog
import uvloop
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.rpc import status_pb2
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from kit import (
    access,
    channel,
    errors,
    memory,
    noted,
    probes,
    status,
    telemetry,
    texts,
    tls,
)
from kit.access import Caller, InternalTokens
from kit.errors import Problem
from kit.probes import Probes
from kit.settings import ServiceSettings
from kit.telemetry import SpanKind, Trace
from kit.texts import Language

LONGEST_CALL_SECONDS = 30.0
READINESS_SECONDS = 1.0
SILENCE_SECONDS = 5.0
"""How long what a service needs may be silent until the service takes itself for not ready."""
MAX_MESSAGE_BYTES = 4 * 2**20
MOST_CALLS = 500
"""How many calls of one connection are under way at once; more wait in the caller."""
CONNECTION_SECONDS = 300.0
"""A caller finds new replicas only when it connects anew; it finishes what is under way first."""

_BEARER = "Bearer "
_Context: TypeAlias = "grpc.aio.ServicerContext[Message, Message]"
_seconds = prometheus_client.Histogram(
    "kundeapp_rpc_seconds",
    "How long RPCs took.",
    ["method", "code"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
_refused = prometheus_client.Counter(
    "kundeapp_rpc_refused_total",
    "RPCs that were refused, by the reason that the caller was told.",
    ["method", "reason"],
)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """What a servicer is told of a call beside the request.

    Attributes:
        caller: Who calls.
        method: The full name of the method, such as `kundeapp.events.v1.EventsService.GetEvent`.
        language: The language that the caller wants to be answered in.
        network: Where the person calls from: an IPv4 address, or an IPv6 /64. Empty if unknown, as
            it is unless the gateway calls.
    """

    caller: Caller
    method: str
    language: Language
    network: str = ""


class Server:
    """A gRPC server that is serving.

    Attributes:
        port: Where it listens.
        probe_port: Where it says how it is, without TLS; 0 for nowhere.
    """

    def __init__(self, server: grpc.aio.Server, port: int, probe_port: int) -> None:
        self._server = server
        self.port = port
        self.probe_port = probe_port

    @staticmethod
    @contextlib.asynccontextmanager
    async def serving(
        service: ServiceDescriptor,
        servicer: object,
        settings: ServiceSettings,
        tokens: InternalTokens,
        ready: Callable[[], Awaitable[None]],
        *,
        beside: Mapping[ServiceDescriptor, object] = MappingProxyType({}),
    ) -> "AsyncGenerator[Server]":
        """Serves until it is left: first it says that it takes no more, then finishes its calls.

        Args:
            service: The service, from the protos.
            servicer: An object with a method for each RPC: `async def Name(request, call)`, which
                returns the answer, or yields its messages where the answer is a stream.
            settings: Where to listen, and with which certificate.
            tokens: How to read internal tokens.
            ready: Raises while the service cannot do its work.
            beside: Further services on the same port, with their servicers.

        Raises:
            UndeclaredAccess: If an RPC does not say who may call it.
            AttributeError: If the servicer lacks a method.
            OSError: If the address cannot be listened on.
        """
        server = grpc.aio.server(
            options=(
                ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
                ("grpc.max_concurrent_streams", MOST_CALLS),
                ("grpc.so_reuseport", 0),
                ("grpc.max_connection_age_ms", int(CONNECTION_SECONDS * 1000)),
                # Or callers that ask as often as they do would be cut off as floods.
                ("grpc.http2.min_ping_interval_without_data_ms", channel.KEEPALIVE_MS // 2),
            ),
        )
        served = {service: servicer, **beside}
        server.add_generic_rpc_handlers(
            [_handlers(each, behaviour, tokens) for each, behaviour in served.items()]
        )
        health_servicer = health.aio.HealthServicer()
        by_name = cast("grpc.aio.Server", _ByName(server))
        health_pb2_grpc.add_HealthServicer_to_server(health_servicer, by_name)
        names = (*(each.full_name for each in served), health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, by_name)
        identity = tls.Identity(settings.tls_certificate, settings.tls_key, settings.tls_authority)
        validity = identity.validity()
        try:
            port = server.add_secure_port(settings.listen, identity.server_credentials())
        except RuntimeError as error:
            raise OSError(f"{settings.listen} cannot be listened on: is it in use?") from error
        await health_servicer.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
        await health_servicer.set(channel.ACCEPTING, health_pb2.HealthCheckResponse.SERVING)
        async with probes.answering(settings.probe_listen) as told:
            await server.start()

            async def can_work() -> None:
                validity.require()
                await ready()

            watch = asyncio.create_task(_watch(health_servicer, told, can_work, service.full_name))
            try:
                yield Server(server, port, told.port)
            finally:
                watch.cancel()
                await told.tell(ready=False)
                await health_servicer.enter_graceful_shutdown()
                await asyncio.sleep(settings.drain_seconds)
                await server.stop(settings.grace_seconds)


class _ByName:
    """A server to generated code, which finds methods by name only, as it finds ours.

    Generated code also registers each method with gRPC's core, and grpc.aio then waits for all of
    them anew at every call, whatever it calls.
    """

    def __init__(self, server: grpc.aio.Server) -> None:
        self.add_generic_rpc_handlers = server.add_generic_rpc_handlers

    def add_registered_method_handlers(self, *_: object) -> None:
        """Registers nothing."""


def main(
    process: str,
    settings: ServiceSettings,
    running: Callable[[Any], contextlib.AbstractAsyncContextManager[object]],
) -> None:
    """Runs a service until it is asked to stop by SIGTERM or SIGINT.

    Args:
        process: The name of the process.
        settings: Its settings.
        running: Its composition root: the service runs for as long as the context is open.
    """

    async def work() -> None:
        stop = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        async with running(settings):
            memory.collect_rarely()
            _log.info("serving", listen=settings.listen)
            await stop.wait()
            _log.info("stopping")

    memory.keep_large_buffers()
    with telemetry.configure(process, settings):
        uvloop.run(work())


async def _watch(
    servicer: health.aio.HealthServicer,
    told: Probes,
    ready: Callable[[], Awaitable[None]],
    service: str,
) -> None:
    """Keeps the health service telling the truth, whatever it is that keeps a service from work."""
    while True:
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                await ready()
        except Exception as error:  # noqa: BLE001 - such as a database that is not there
            _log.warning("not ready", error=repr(error), cause=repr(error.__cause__))
            state = health_pb2.HealthCheckResponse.NOT_SERVING
        else:
            state = health_pb2.HealthCheckResponse.SERVING
        await servicer.set("", state)
        await servicer.set(service, state)
        await told.tell(ready=state == health_pb2.HealthCheckResponse.SERVING)
        await asyncio.sleep(READINESS_SECONDS)


def _handlers(
    service: ServiceDescriptor, servicer: object, tokens: InternalTokens
) -> grpc.GenericRpcHandler:
    handlers = {method.name: _handler(method, servicer, tokens) for method in service.methods}
    return grpc.method_handlers_generic_handler(service.full_name, handlers)


def _handler(
    method: MethodDescriptor, servicer: object, tokens: InternalTokens
) -> "grpc.RpcMethodHandler[Any, Any]":
    make = _MAKERS[method.client_streaming, method.server_streaming]
    answer = message_factory.GetMessageClass(method.output_type)
    return make(
        cast("Any", _Guard(method, getattr(servicer, method.name), tokens).handle),
        request_deserializer=message_factory.GetMessageClass(method.input_type).FromString,
        response_serializer=cast("Any", answer.SerializeToString),
    )


_MAKERS = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}
"""By whether the request and the answer are streamed."""


class _Guard:
    """All that stands around one method."""

    def __init__(
        self,
        method: MethodDescriptor,
        behaviour: Callable[[Any, Call], Any],
        tokens: InternalTokens,
    ) -> None:
        self._name = method.full_name
        self._rule = access.rule_of(method)
        self._behaviour = behaviour
        self._tokens = tokens
        self._takes_stream = method.client_streaming
        self._gives_stream = method.server_streaming
        self._observe = {
            code: _seconds.labels(method.full_name, code.name).observe for code in grpc.StatusCode
        }

    async def handle(
        self, request: Message | AsyncIterator[Message], context: _Context
    ) -> Message | None:
        started = time.perf_counter()
        metadata = _texts_of(context)
        parent = Trace.parse(metadata.get("traceparent"))
        with (
            telemetry.span(self._name, SpanKind.SERVER, parent=parent) as span,
            noted.noting() as facts,
        ):
            outcome = await self._outcome(request, context, metadata)
            code = grpc.StatusCode.OK
            if isinstance(outcome, status_pb2.Status):
                code = status.code_of(outcome)
                if code is grpc.StatusCode.INTERNAL:
                    span.fail()
            seconds = time.perf_counter() - started
            self._observe[code](seconds)
            span.attributes = {
                "rpc.system.name": "grpc",
                "rpc.method": self._name,
                "rpc.response.status_code": code.name,
            }
            milliseconds = round(seconds * 1000, 3)
            _log.info("rpc", method=self._name, code=code.name, ms=milliseconds, **facts)
        if isinstance(outcome, status_pb2.Status):
            details = ((status.DETAILS_KEY, outcome.SerializeToString()),)
            await context.abort(code, outcome.message, details)
        return outcome

    async def _outcome(
        self,
        request: Message | AsyncIterator[Message],
        context: _Context,
        metadata: Mapping[str, str],
    ) -> Message | status_pb2.Status | None:
        language = texts.language_of(metadata.get("accept-language", ""))
        try:
            caller = self._admitted(context, metadata)
            network = metadata.get(access.NETWORK, "") if caller.workload == access.GATEWAY else ""
            call = Call(caller, self._name, language, network)
            if self._gives_stream:
                return await self._stream(request, call, context)
            return await self._answer(request, call, context)
        except Problem as problem:
            _refused.labels(self._name, problem.reason).inc()
            noted.note(reason=problem.reason)
            if isinstance(problem, errors.Unavailable):
                _log.warning("neighbour out of reach", cause=repr(problem.__cause__))
            return status.status_of(problem, language)
        except TimeoutError:
            return status.status_of_failure(grpc.StatusCode.DEADLINE_EXCEEDED, language)
        except Exception:  # noqa: BLE001 - whatever it was, the caller gets an answer
            _log.exception("rpc failed", method=self._name)
            return status.status_of_failure(grpc.StatusCode.INTERNAL, language)

    def _admitted(self, context: _Context, metadata: Mapping[str, str]) -> Caller:
        # gRPC takes the certificate's alternative names for identities; the whole context of the
        # connection, which has the certificate itself, costs ten times as much to ask for.
        workload = tls.workload_of(cast("Iterable[bytes]", context.peer_identities() or ()))
        if workload is None:
            raise errors.Denied
        authorization = metadata.get("authorization")
        if authorization is None:
            caller = Caller(workload)
        elif authorization.startswith(_BEARER):
            caller = self._tokens.caller(authorization.removeprefix(_BEARER), workload)
        else:
            raise errors.Unauthenticated
        noted.note(workload=workload, account=caller.account_id, session=caller.session_id)
        access.admit(self._rule, caller)
        return caller

    async def _answer(self, request: Any, call: Call, context: _Context) -> Message:
        remaining = cast("float | None", context.time_remaining())
        if self._takes_stream or remaining is not None:
            return await self._behaviour(request, call)
        async with asyncio.timeout(LONGEST_CALL_SECONDS):
            return await self._behaviour(request, call)

    async def _stream(self, request: Any, call: Call, context: _Context) -> None:
        """Sends one message after the other, each of them when the caller has taken the last.

        A caller who leaves ends it in the midst, and the servicer's method with it. Without a
        deadline, a stream lasts for as long as it takes its caller, but none of its messages may
        be longer in the making than the answer of another call.
        """
        async with contextlib.aclosing(self._behaviour(request, call)) as messages:
            while True:
                async with asyncio.timeout(LONGEST_CALL_SECONDS):
                    message = await anext(messages, None)
                if message is None:
                    return
                await context.write(message)


def _texts_of(context: _Context) -> dict[str, str]:
    metadata = cast("Sequence[tuple[str, str | bytes]]", context.invocation_metadata() or ())
    return {key: value for key, value in metadata if isinstance(value, str)}
