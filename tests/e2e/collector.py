"""A collector of traces, which speaks OTLP as the ones in production do."""

import contextlib
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, cast

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as pb
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as rpcs

from kit.local.processes import LOOPBACK
from kit.tls import Identity, workload_of


@dataclass(frozen=True)
class Span:
    """A span as it arrived.

    Attributes:
        process: Whose it is, by the resource that it names.
        workload: Who sent it, by the certificate that was shown.
        name: What was done.
        trace_id: Its trace, in hexadecimal digits.
        id: Its own id.
        parent_id: The span that it is a part of; empty if it is the first.
        attributes: What else is told of it.
    """

    process: str
    workload: str | None
    name: str
    trace_id: str
    id: str
    parent_id: str
    attributes: dict[str, str]


@dataclass
class Collector(rpcs.TraceServiceServicer):
    """What has arrived.

    Attributes:
        port: Where it listens.
        spans: The spans, in the order of their arrival.
    """

    port: int = 0
    spans: list[Span] = field(default_factory=list[Span])

    @classmethod
    @contextlib.contextmanager
    def listening(cls, identity: Identity | None) -> Generator["Collector"]:
        """Listens for as long as the context is open.

        Args:
            identity: What it shows to holders of a certificate, and to nobody else; None to speak
                without TLS to anybody.
        """
        collector = cls()
        server = grpc.server(ThreadPoolExecutor(max_workers=2))
        cast("Any", rpcs).add_TraceServiceServicer_to_server(collector, server)  # has no types
        if identity is None:
            collector.port = server.add_insecure_port(f"{LOOPBACK}:0")
        else:
            collector.port = server.add_secure_port(f"{LOOPBACK}:0", identity.server_credentials())
        server.start()
        try:
            yield collector
        finally:
            server.stop(grace=1).wait()

    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        """Takes spans."""
        workload = workload_of(context.peer_identities() or ())
        for resource in request.resource_spans:
            process = _attributes(resource.resource.attributes)["service.name"]
            self.spans += [
                Span(
                    process=process,
                    workload=workload,
                    name=span.name,
                    trace_id=span.trace_id.hex(),
                    id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    attributes=_attributes(span.attributes),
                )
                for scope in resource.scope_spans
                for span in scope.spans
            ]
        return pb.ExportTraceServiceResponse()

    def of(self, trace_id: str) -> Sequence[Span]:
        """Returns what has arrived of a trace."""
        return [span for span in self.spans if span.trace_id == trace_id]


def _attributes(pairs: Any) -> dict[str, str]:
    return {pair.key: str(getattr(pair.value, pair.value.WhichOneof("value"))) for pair in pairs}
