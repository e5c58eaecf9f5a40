"""Whatever comes over gRPC or off the bus is answered, handled or set aside; nothing fails."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path

import pytest

from kit.testing import Neighbours
from kundeapp.events.v1.events_events_pb2 import EventCancelled
from tests.fuzz import bus, rpcs
from tests.fuzz.bus import Hearer
from tests.fuzz.mutation import mutated

TIMES = 4
EVENTS = 60

CALLED_OFF = "kundeapp.events.event.1.cancelled"


async def test_no_request_to_any_rpc_fails_other_than_by_a_refusal(
    neighbours: Neighbours, tmp_path: Path
) -> None:
    async with rpcs.running(neighbours, tmp_path) as suite:
        answers = await suite.ask_everything(TIMES, lambda: None)
    assert answers["INVALID_ARGUMENT"]
    assert answers["OK"]


@pytest.fixture(scope="module")
async def hearers(neighbours: Neighbours) -> AsyncGenerator[Sequence[Hearer]]:
    async with bus.hearers(neighbours) as hearers:
        yield hearers


async def test_every_event_is_handled_or_set_aside(hearers: Sequence[Hearer]) -> None:
    for number in range(EVENTS):
        seed = bus.SEEDS[number % len(bus.SEEDS)]
        await bus.hear(hearers, seed)
        await bus.hear(hearers, mutated(seed, bus.SEEDS, bus.WORDS, number))


async def test_each_kind_of_event_that_anybody_hears_is_among_them(
    hearers: Sequence[Hearer],
) -> None:
    heard = {kind.DESCRIPTOR.full_name for each in hearers for kind in each.consumer.handlers}
    assert heard <= {bus.kind_of(seed) for seed in bus.SEEDS}


@pytest.mark.parametrize(
    ("subject", "headers"),
    [
        (CALLED_OFF, {"ce-time": "2026-03-02T12:00:00"}),
        (CALLED_OFF, {"ce-time": "0001-01-01T00:00:00+23:59"}),
        (CALLED_OFF, {"ce-time": "9999-12-31T23:59:59-01:00"}),
        (CALLED_OFF.replace("1", "\0"), {}),
        (CALLED_OFF, {"traceparent": "00-\0"}),
        (CALLED_OFF, {"ce-id": "x"}),
        (CALLED_OFF, {"ce-type": "x\0"}),
    ],
)
async def test_an_event_that_cannot_even_be_set_aside_keeps_no_other_from_being_heard(
    hearers: Sequence[Hearer], subject: str, headers: Mapping[str, str]
) -> None:
    await bus.hear(hearers, bus.event(subject, EventCancelled(event_id="none"), **headers))
    await bus.hear(hearers, bus.SEEDS[0])
