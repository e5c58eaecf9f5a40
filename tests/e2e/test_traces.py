"""One trace from a request to what another service does because of it, as a collector gets it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from kit.local.processes import wait_until
from tests.e2e.collector import Collector, Span
from tests.e2e.newcomers import arrive
from tests.e2e.suite import Suite

pytestmark = pytest.mark.e2e

ARRIVAL_SECONDS = 30.0
REQUESTED = "POST /v1/events/{event_id}/reservations"
CONSUMED = "consent-events kundeapp.events.v1.ReservationConfirmed"
WAY = [
    ("gateway", REQUESTED),
    ("events", "kundeapp.events.v1.EventsService.ReserveTickets"),
    ("events", "transaction"),
    ("consent", CONSUMED),
]
"""The spans that lead from the client to the consumer, each of them the parent of the next."""


@dataclass(frozen=True)
class Traced:
    """A reservation that a client makes in a trace of its own."""

    is_sampled: bool
    trace_id: str = field(default_factory=lambda: secrets.token_hex(16))
    client_span: str = field(default_factory=lambda: secrets.token_hex(8))

    def reserve(self, suite: Suite, folder: Path) -> None:
        newcomer = arrive(suite, folder)
        customer = suite.log_in(newcomer.email, newcomer.password)
        shown: list[dict[str, Any]] = customer.get("/v1/events").json()["events"]
        event = next(each for each in shown if each["mode"] == "FIRST_COME" and each["available"])
        answer = httpx.post(
            f"{suite.url}/v1/events/{event['id']}/reservations",
            json={"quantity": 1},
            headers={
                "Authorization": f"Bearer {customer.token}",
                "traceparent": f"00-{self.trace_id}-{self.client_span}-0{self.is_sampled:d}",
            },
        ).raise_for_status()
        released = f"/v1/reservations/{answer.json()['id']}:release"
        customer.post(released, {}).raise_for_status()

    def arrived(self, collector: Collector) -> Sequence[Span]:
        """Waits until the spans of all processes are there, which each sends when it likes."""

        def is_whole() -> bool:
            told = {(span.process, span.name) for span in collector.of(self.trace_id)}
            return told.issuperset(WAY)

        assert wait_until(is_whole, ARRIVAL_SECONDS), collector.of(self.trace_id)
        return collector.of(self.trace_id)


def test_one_trace_leads_from_the_client_over_the_bus_to_the_consumer(
    suite: Suite, collector: Collector, tmp_path: Path
) -> None:
    traced = Traced(is_sampled=True)
    traced.reserve(suite, tmp_path)
    spans = traced.arrived(collector)
    by_id = {span.id: span for span in spans}
    [consumed] = [span for span in spans if span.name == CONSUMED]

    # From the last to the first.
    way = [consumed]
    while way[-1].parent_id in by_id:
        way.append(by_id[way[-1].parent_id])

    assert [(span.process, span.name) for span in reversed(way)] == WAY
    assert way[-1].parent_id == traced.client_span
    assert way[-1].attributes == {
        "http.request.method": "POST",
        "http.route": "/v1/events/{event_id}/reservations",
        "http.response.status_code": "200",
    }
    assert [span.name for span in spans if span.parent_id == consumed.id] == ["transaction"]
    # Each process shows the collector its own certificate.
    assert all(span.workload == span.process for span in spans)


def test_what_a_client_does_not_want_traced_is_not(
    suite: Suite, collector: Collector, tmp_path: Path
) -> None:
    untraced, traced = Traced(is_sampled=False), Traced(is_sampled=True)
    for each in (untraced, traced):
        each.reserve(suite, tmp_path)
    assert traced.arrived(collector)
    assert collector.of(untraced.trace_id) == []
