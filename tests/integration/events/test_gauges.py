"""What is measured of seats and of the waiting list."""

from datetime import UTC, datetime, timedelta

import pytest

from kit.testing import FrozenClock, eventually, metric
from tests.integration.events.world import Events


@pytest.fixture
def clock() -> FrozenClock:
    """The database's own clock says which events are yet to begin."""
    return FrozenClock(datetime.now(UTC))


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kit.gauges.MEASURE_SECONDS", 0.05)


def seats(state: str) -> float | None:
    return metric("kundeapp_events_seats", state=state)


def parties(state: str) -> float | None:
    return metric("kundeapp_events_waiting_parties", state=state)


async def test_seats_of_what_is_yet_to_begin_are_measured(events: Events) -> None:
    event_id = await events.event(capacity=7)
    await events.event(capacity=100, published=False)
    await events.reserve(await events.customer(), event_id, 3)
    await eventually(lambda: seats("reserved") == 3)
    assert (seats("capacity"), seats("held")) == (7, 0)


async def test_parties_on_waiting_lists_are_counted(events: Events) -> None:
    event_id = await events.event(capacity=1)
    kari, ola = await events.customers(2)
    await events.join(kari, event_id, 1)
    await events.join(ola, event_id, 1)
    await eventually(lambda: (parties("WAITING"), parties("OFFERED")) == (1, 1))
    await eventually(lambda: seats("held") == 1)


async def test_the_age_of_an_offer_that_nobody_was_told_of_is_measured(events: Events) -> None:
    def age() -> float:
        return metric("kundeapp_events_oldest_untold_offer_seconds") or 0

    event_id = await events.event(capacity=1)
    entry = await events.join(await events.customer(), event_id, 1)
    await events.told(entry.id)
    await events.sql("UPDATE offer SET made_at = now() - $1::interval", timedelta(minutes=5))
    await _measured_anew()
    assert (parties("OFFERED"), age()) == (1, 0)
    await events.sql("UPDATE offer SET told_at = NULL")
    await eventually(lambda: 300 <= age() < 330)


async def _measured_anew() -> None:
    """Returns once a measurement has ended that began after the call."""
    for _ in range(2):
        before = _measured_at()
        await eventually(lambda before=before: _measured_at() != before)


def _measured_at() -> float | None:
    return metric("kundeapp_measured_timestamp_seconds", process="events", neighbour="database")
