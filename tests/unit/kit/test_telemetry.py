"""Traces: how they travel, and which of them are recorded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.trace import StatusCode

from kit import telemetry
from kit.telemetry import SpanKind, Trace
from kit.testing import recorded_spans

SAMPLED = Trace(trace_id=0xABC, span_id=0xDEF, sampled=True)
UNSAMPLED = Trace(trace_id=0xABC, span_id=0xDEF, sampled=False)

traces = st.builds(
    Trace, st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), sampled=st.booleans()
)
_HEX = "0123456789abcdef"


@given(traces)
def test_a_place_in_a_trace_travels(trace: Trace) -> None:
    assert Trace.parse(trace.traceparent) == trace


@given(st.text(st.sampled_from(_HEX + "-"), min_size=52, max_size=52).map("00-".__add__))
def test_what_is_read_is_what_was_written(header: str) -> None:
    trace = Trace.parse(header)
    assert trace is None or trace.traceparent[:53] == header[:53]


@given(st.text())
def test_nonsense_is_no_trace(header: str) -> None:
    assert Trace.parse(header) is None


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "00-" + "0" * 32 + "-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-" + "0" * 16 + "-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473600f0-67aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e47_6-00f067aa0ba902b7-01",
        "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\n",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
    ],
)
def test_a_malformed_header_is_no_trace(header: str | None) -> None:
    assert Trace.parse(header) is None


def test_flags_that_are_not_known_yet_are_passed_over() -> None:
    trace = Trace.parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-fe")
    assert trace is not None
    assert not trace.sampled


def test_an_unsampled_span_that_succeeds_is_not_recorded() -> None:
    with recorded_spans() as spans:
        with telemetry.span("work"):
            pass
        with telemetry.span("work", parent=UNSAMPLED):
            pass
        assert spans.get_finished_spans() == ()


def test_an_unsampled_span_that_fails_is_recorded() -> None:
    with recorded_spans() as spans:
        with pytest.raises(LookupError), telemetry.span("raises"):
            raise LookupError
        with telemetry.span("says so", parent=UNSAMPLED) as span:
            span.fail()
        raised, said = spans.get_finished_spans()
    assert (raised.name, said.name) == ("raises", "says so")
    assert raised.status.status_code is said.status.status_code is StatusCode.ERROR
    assert said.context is not None
    assert said.context.trace_id == UNSAMPLED.trace_id


def test_a_cancelled_span_has_not_failed() -> None:
    with recorded_spans() as spans:
        with pytest.raises(KeyboardInterrupt), telemetry.span("stopped"):
            raise KeyboardInterrupt
        assert spans.get_finished_spans() == ()


def test_a_sampled_span_is_recorded_below_its_parent() -> None:
    with recorded_spans() as spans:
        outermost = telemetry.span("outer", SpanKind.SERVER, parent=SAMPLED, attributes={"a": 1})
        with outermost, telemetry.span("inner"):
            telemetry.record("past", SpanKind.CLIENT, 0.5, {})
        past, inner, outer = spans.get_finished_spans()
    assert [span.name for span in (past, inner, outer)] == ["past", "inner", "outer"]
    assert outer.parent is not None
    assert outer.parent.span_id == SAMPLED.span_id
    assert outer.context is not None
    assert inner.context is not None
    assert inner.parent is not None
    assert past.parent is not None
    assert inner.parent.span_id == outer.context.span_id
    assert past.parent.span_id == inner.context.span_id
    assert past.start_time is not None
    assert past.end_time is not None
    assert past.end_time - past.start_time >= 500_000_000
    assert dict(outer.attributes or {}) == {"a": 1}
    assert outer.kind is SpanKind.SERVER
    assert outer.status.status_code is StatusCode.UNSET


def test_the_ratio_decides_for_a_whole_new_trace() -> None:
    with recorded_spans(ratio=1.0) as spans:
        with telemetry.span("outer"), telemetry.span("inner"):
            pass
        assert len(spans.get_finished_spans()) == 2
    with recorded_spans(ratio=0.3) as spans:
        for _ in range(1000):
            with telemetry.span("outer"), telemetry.span("inner"):
                pass
        recorded = spans.get_finished_spans()
    names = [span.name for span in recorded]
    assert names.count("outer") == names.count("inner")
    assert 200 < names.count("outer") < 400


def test_outside_any_trace_there_is_no_place_and_nothing_to_record() -> None:
    with recorded_spans(ratio=1.0) as spans:
        assert telemetry.current() is None
        assert telemetry.traceparent() is None
        telemetry.record("sql", SpanKind.CLIENT, 0.1, {})
        assert spans.get_finished_spans() == ()
        with telemetry.span("work") as span:
            assert telemetry.current() == span.trace
            assert telemetry.traceparent() == span.trace.traceparent
        assert telemetry.current() is None


def test_without_a_processor_nothing_happens() -> None:
    with pytest.raises(LookupError), telemetry.span("work", parent=SAMPLED):
        raise LookupError


def test_what_postgresql_tells_of_a_row_stands_in_no_log() -> None:
    said = "duplicate key\nDETAIL:  Key (email)=(kari@example.no) already exists.\nHINT: none\n"
    event = telemetry.leave_out_details(None, "error", {"event": "failed", "exception": said})

    assert event["exception"] == "duplicate key\nDETAIL: left out\nHINT: none\n"
