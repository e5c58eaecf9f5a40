"""Spans that stay in memory, for a test to look at."""

import contextlib
from collections.abc import Generator

from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from kit import telemetry


@contextlib.contextmanager
def recorded_spans(ratio: float = 0.0) -> Generator[InMemorySpanExporter]:
    """Collects the spans that this process records.

    Args:
        ratio: The share of new traces that is sampled.
    """
    exporter = InMemorySpanExporter()
    with telemetry.recording(SimpleSpanProcessor(exporter), ratio):
        yield exporter
