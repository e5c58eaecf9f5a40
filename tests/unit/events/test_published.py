"""Each event that the domain publishes has its message, and each message its event."""

import dataclasses
import inspect
from collections.abc import Iterator
from datetime import datetime
from typing import Any, get_args, get_type_hints
from uuid import UUID

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from kit import envelope
from kit.envelope import NotPublishable
from kundeapp.events.v1 import events_events_pb2 as pb
from services.events.domain import published
from tests.unit.events.samples import NOW

EVENT_ID = UUID("0195e0c0-0000-7000-8000-000000000001")
SAMPLES: dict[type, Any] = {UUID: EVENT_ID, str: "text", int: 7, bool: True, datetime: NOW}
TYPES = {
    FieldDescriptor.TYPE_STRING: {"str", "UUID"},
    FieldDescriptor.TYPE_INT32: {"int"},
    FieldDescriptor.TYPE_BOOL: {"bool"},
    FieldDescriptor.TYPE_MESSAGE: {"datetime"},
}

MESSAGES: dict[str, Descriptor] = dict(pb.DESCRIPTOR.message_types_by_name)
CLASSES = {
    name: kind
    for name, kind in inspect.getmembers(published, dataclasses.is_dataclass)
    if isinstance(kind, type)
}


def sample(kind: Any) -> Any:
    return kind(**{name: SAMPLES[of] for name, of in get_type_hints(kind).items()})


def differences(classes: dict[str, type], messages: dict[str, Descriptor]) -> set[str]:
    """Returns what the events of the domain and the messages do not have in common."""
    return set(_differences(classes, messages))


def _differences(classes: dict[str, type], messages: dict[str, Descriptor]) -> Iterator[str]:
    yield from classes.keys() ^ messages.keys()
    for name in classes.keys() & messages.keys():
        hints = get_type_hints(classes[name])
        fields = messages[name].fields_by_name
        yield from (f"{name}.{field}" for field in hints.keys() ^ fields.keys())
        for field in hints.keys() & fields.keys():
            if hints[field].__name__ not in TYPES[fields[field].type]:
                yield f"{name}.{field}"


def test_events_and_messages_have_the_same_names_and_fields() -> None:
    assert differences(CLASSES, MESSAGES) == set()


def test_a_difference_would_be_seen() -> None:
    @dataclasses.dataclass(frozen=True)
    class OfferExpired:
        offer_id: UUID
        entry_id: int
        event_id: UUID
        customer_ids: UUID

    planted = CLASSES | {"OfferExpired": OfferExpired, "NobodyKnowsThis": OfferExpired}
    del planted["OfferMade"]
    assert differences(planted, MESSAGES) == {
        "OfferMade",
        "NobodyKnowsThis",
        "OfferExpired.entry_id",
        "OfferExpired.customer_id",
        "OfferExpired.customer_ids",
    }
    with pytest.raises(NotPublishable):
        envelope.seal("events", OfferExpired(EVENT_ID, 1, EVENT_ID, EVENT_ID), EVENT_ID, NOW)


def test_the_store_publishes_all_of_them() -> None:
    assert set(get_args(published.DomainEvent)) == set(CLASSES.values())


@pytest.mark.parametrize("kind", CLASSES.values(), ids=CLASSES.keys())
def test_an_event_is_frozen_and_travels_under_a_subject_of_its_own(kind: Any) -> None:
    event = sample(kind)
    first = next(iter(get_type_hints(kind)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(event, first, None)

    sealed = envelope.seal("events", event, EVENT_ID, NOW)

    service, aggregate, aggregate_id, what = sealed.subject.removeprefix("kundeapp.").split(".")
    assert (service, aggregate_id) == ("events", str(getattr(event, first)))
    assert what in kind.__name__.lower()
    assert aggregate


def test_no_two_events_travel_under_the_same_subject() -> None:
    subjects = [
        envelope.seal("events", sample(kind), EVENT_ID, NOW).subject for kind in CLASSES.values()
    ]
    assert len(subjects) == len(set(subjects))
