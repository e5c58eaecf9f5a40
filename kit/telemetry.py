"""One trace from the browser to the consumer, logs that carry it, and metrics.

Whether a trace is recorded is decided before any span is made: a span costs nothing but two
identifiers unless its trace was sampled or it failed. Identifiers travel as W3C Trace Context.
"""

import contextlib
import logging
import random
import re
import sys
import time
from collections.abc import Generator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import orjson
import prometheus_client
import structlog
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from kit.settings import ProcessSettings
from kit.tls import Identity

__all__ = [
    "Span",
    "SpanKind",
    "Trace",
    "configure",
    "current",
    "record",
    "recording",
    "span",
    "traceparent",
]

_SCOPE = InstrumentationScope("kit.telemetry")
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_DETAIL = re.compile(r"DETAIL: .*")
_certificate_ends = prometheus_client.Gauge(
    "kundeapp_certificate_ends_timestamp_seconds",
    "When the certificate ends that a process was started with.",
    ["process"],
)


@dataclass(frozen=True, slots=True)
class Trace:
    """Where in which trace the process is.

    Attributes:
        trace_id: 128 bits, never 0.
        span_id: 64 bits, never 0.
        sampled: Whether the trace is recorded.
    """

    trace_id: int
    span_id: int
    sampled: bool

    @property
    def traceparent(self) -> str:
        """The W3C Trace Context header that hands this place on."""
        return f"00-{self.trace_id:032x}-{self.span_id:016x}-{int(self.sampled):02x}"

    @staticmethod
    def parse(header: str | None) -> "Trace | None":
        """Returns the place that a `traceparent` header names, None if it names none."""
        parts = _TRACEPARENT.fullmatch(header or "")
        if parts is None:
            return None
        trace_id, span_id, flags = (int(part, 16) for part in parts.groups())
        return Trace(trace_id, span_id, bool(flags & 1)) if trace_id and span_id else None


_current: ContextVar[Trace | None] = ContextVar("kit_trace", default=None)


class _Recorder:
    """Hands finished spans to a processor; none is configured until a process says so."""

    def __init__(self) -> None:
        self.ratio = 0.0
        self.processor: SpanProcessor | None = None
        self.resource = Resource.get_empty()


_recorder = _Recorder()


def current() -> Trace | None:
    """Returns where in which trace the process is, None outside any."""
    return _current.get()


def traceparent() -> str | None:
    """Returns the header that hands the present place on, None outside any trace."""
    trace = _current.get()
    return None if trace is None else trace.traceparent


class Span:
    """A piece of work in a trace; a context manager.

    It is recorded when its trace is sampled, and also when it fails: by an exception that leaves
    it, or by `fail`.
    """

    __slots__ = (
        "_failed",
        "_token",
        "attributes",
        "ended",
        "kind",
        "name",
        "parent",
        "started",
        "trace",
    )

    def __init__(
        self, name: str, kind: SpanKind, parent: Trace | None, attributes: Mapping[str, Any]
    ) -> None:
        self.name = name
        self.kind = kind
        self.parent = parent
        self.attributes = attributes
        self.trace = _child_of(parent)
        self.started = time.time_ns()
        self.ended = self.started
        self._failed = False

    def __enter__(self) -> Self:
        self._token = _current.set(self.trace)
        return self

    def fail(self) -> None:
        """Marks the work as failed, so that it is recorded in any case."""
        self._failed = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _current.reset(self._token)
        self.ended = time.time_ns()
        failed = self._failed or isinstance(error, Exception)
        if self.trace.sampled or failed:
            _export(self, failed=failed)


def span(
    name: str,
    kind: SpanKind = SpanKind.INTERNAL,
    *,
    parent: Trace | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> Span:
    """Begins a piece of work, below `parent` or, without it, below the present place."""
    return Span(name, kind, parent or _current.get(), attributes or {})


def record(name: str, kind: SpanKind, seconds: float, attributes: Mapping[str, Any]) -> None:
    """Records a piece of work that has just ended below the present place, if that is sampled."""
    parent = _current.get()
    if parent is not None and parent.sampled:
        past = Span(name, kind, parent, attributes)
        past.started -= int(seconds * 1e9)
        _export(past, failed=False)


def _child_of(parent: Trace | None) -> Trace:
    span_id = random.getrandbits(64) | 1
    if parent is not None:
        return Trace(parent.trace_id, span_id, parent.sampled)
    sampled = random.random() < _recorder.ratio  # noqa: S311 - a sample, no secret
    return Trace(random.getrandbits(128) | 1, span_id, sampled)


def _export(work: Span, *, failed: bool) -> None:
    if _recorder.processor is None:
        return
    _recorder.processor.on_end(
        ReadableSpan(
            name=work.name,
            context=_span_context(work.trace),
            parent=None if work.parent is None else _span_context(work.parent),
            resource=_recorder.resource,
            attributes=dict(work.attributes),
            kind=work.kind,
            status=Status(StatusCode.ERROR if failed else StatusCode.UNSET),
            start_time=work.started,
            end_time=work.ended,
            instrumentation_scope=_SCOPE,
        )
    )


def _span_context(trace: Trace) -> SpanContext:
    sampled = TraceFlags(TraceFlags.SAMPLED)
    return SpanContext(trace.trace_id, trace.span_id, is_remote=False, trace_flags=sampled)


@contextlib.contextmanager
def configure(process: str, settings: ProcessSettings) -> Generator[None]:
    """Sets up logs, traces and metrics of a process, and flushes them at the end.

    Args:
        process: The name of the process, such as `metering`.
        settings: How it logs and where its traces go.
    """
    _configure_logs(process, settings)
    identity = Identity(settings.tls_certificate, settings.tls_key, settings.tls_authority)
    _certificate_ends.labels(process).set(identity.validity().ends_at.timestamp())
    _recorder.resource = Resource.create({"service.name": process, "service.namespace": "kundeapp"})
    processor = None
    if settings.otlp_endpoint:
        processor = BatchSpanProcessor(_exporter(settings, identity))
    if settings.admin_port:
        server, thread = prometheus_client.start_http_server(
            settings.admin_port, addr=settings.admin_host
        )
    else:
        server, thread = None, None
    try:
        with recording(processor, settings.trace_ratio):
            yield
    finally:
        if server is not None and thread is not None:
            server.shutdown()
            thread.join()


def _exporter(settings: ProcessSettings, identity: Identity) -> OTLPSpanExporter:
    if settings.otlp_plain:
        return OTLPSpanExporter(endpoint=settings.otlp_endpoint, insecure=True)
    credentials = identity.channel_credentials()
    return OTLPSpanExporter(
        endpoint=settings.otlp_endpoint, insecure=False, credentials=credentials
    )


@contextlib.contextmanager
def recording(processor: SpanProcessor | None, ratio: float) -> Generator[None]:
    """Hands spans to a processor, and shuts it down at the end.

    Args:
        processor: What takes finished spans; None to record nothing.
        ratio: The share of new traces that is sampled.
    """
    _recorder.processor, _recorder.ratio = processor, ratio
    try:
        yield
    finally:
        _recorder.processor, _recorder.ratio = None, 0.0
        if processor is not None:
            processor.shutdown()


def _configure_logs(process: str, settings: ProcessSettings) -> None:
    """Sends what the suite logs, and the warnings of its libraries, to standard output.

    So does what ends the process: it is the last line of the log, and not a traceback beside it.

    Loggers keep what they were configured with, so it is the process's own output, and not one
    that stands in for it for a while.
    """
    output = sys.__stdout__ or sys.stdout
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _name_process(process),
        _add_trace,
        structlog.processors.format_exc_info,
        leave_out_details,
    ]
    renderer = (
        structlog.processors.JSONRenderer(serializer=_to_json)
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=output.isatty())
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(output),
        cache_logger_on_first_use=True,
    )
    libraries = logging.StreamHandler(output)
    libraries.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
        )
    )
    logging.basicConfig(handlers=[libraries], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_crash


def _log_crash(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if issubclass(kind, Exception):
        structlog.get_logger(__name__).critical("crashed", exc_info=error)
    else:
        sys.__excepthook__(kind, error, traceback)


def leave_out_details(
    _logger: object, _name: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Takes out what PostgreSQL adds to its errors: values of the row, which may be a person's."""
    for key in ("exception", "error", "cause"):
        if isinstance(event.get(key), str):
            event[key] = _DETAIL.sub("DETAIL: left out", event[key])
    return event


def _to_json(event: structlog.typing.EventDict, **_: object) -> str:
    return orjson.dumps(event, default=str).decode()


def _name_process(process: str) -> structlog.typing.Processor:
    def add(
        _logger: object, _method: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        event["process"] = process
        return event

    return add


def _add_trace(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    trace = _current.get()
    if trace is not None:
        event["trace_id"] = f"{trace.trace_id:032x}"
        event["span_id"] = f"{trace.span_id:016x}"
    return event
