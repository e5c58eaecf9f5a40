"""What is said of dead letters and of outboxes."""

import importlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from google.protobuf import descriptor_pool, json_format, message_factory
from google.protobuf.timestamp_pb2 import Timestamp

from cli.moments import show
from cli.outcome import Report
from kundeapp.operations.v1 import operations_service_pb2 as pb


def letters_report(letters: Sequence[tuple[str, pb.DeadLetter]]) -> Report:
    """Lists events that could not be handled, each with the service that has it."""
    return Report(
        f"{len(letters)} dead letters",
        [
            (
                service,
                letter.consumer,
                letter.event_id,
                letter.type.rpartition(".")[2],
                _shown(letter.buried_at),
                _outcome(letter),
                letter.failure,
            )
            for service, letter in letters
        ],
        {"deadLetters": [{"service": service, **_data(letter)} for service, letter in letters]},
        columns=("Service", "Consumer", "Event", "Kind", "Given up at", "Is", "Failure"),
    )


def letter_report(title: str, letter: pb.DeadLetter) -> Report:
    """Shows an event that could not be handled, with what it says."""
    content = content_of(letter)
    rows = [
        ("consumer", letter.consumer),
        ("event", letter.event_id),
        ("kind", letter.type),
        ("subject", letter.subject),
        ("happened at", _shown(letter.occurred_at)),
        ("given up at", _shown(letter.buried_at)),
        ("failure", letter.failure),
        ("trace", letter.traceparent or "none"),
        ("says", "unreadable here" if content is None else json.dumps(content, ensure_ascii=False)),
        ("is", _outcome(letter)),
    ]
    if letter.settled_by:
        rows += [
            ("settled at", _shown(letter.settled_at)),
            ("by account", letter.settled_by),
            ("because", letter.settled_because),
        ]
    return Report(title, rows, {**_data(letter), "content": content})


def content_of(letter: pb.DeadLetter) -> dict[str, Any] | None:
    """Returns what an event says; None if its message is not known here, or cannot be read."""
    package = letter.type.rpartition(".")[0]
    service = package.split(".")[-2] if package.count(".") else package
    try:
        importlib.import_module(f"{package}.{service}_events_pb2")
        descriptor = descriptor_pool.Default().FindMessageTypeByName(letter.type)
        message = message_factory.GetMessageClass(descriptor).FromString(letter.payload)
    except Exception:  # noqa: BLE001 - whatever lies there, the rest of the letter is shown
        return None
    return json_format.MessageToDict(message)


def outbox_report(states: Sequence[pb.ServiceState]) -> Report:
    """Says what waits to be published, service by service."""
    return Report(
        "Events that wait to be published",
        [
            (
                state.service,
                f"{state.outbox.waiting}",
                _shown(state.outbox.oldest),
                _shown(state.outbox.last_sent_at),
                state.database.problem or state.bus.problem or "nothing",
            )
            for state in states
        ],
        {
            "outboxes": [
                {
                    "service": state.service,
                    "waiting": state.outbox.waiting,
                    "oldest": _moment(state.outbox.oldest),
                    "lastSentAt": _moment(state.outbox.last_sent_at),
                    "databaseProblem": state.database.problem,
                    "busProblem": state.bus.problem,
                }
                for state in states
            ]
        },
        columns=("Service", "Waiting", "Oldest", "Last published", "In the way"),
    )


def republished_report(service: str, since: datetime, events: int) -> Report:
    """Says what is published again."""
    return Report(
        "Published again",
        (("service", service), ("since", show(since)), ("events", f"{events}")),
        {"service": service, "since": since.isoformat(), "events": events},
    )


def _data(letter: pb.DeadLetter) -> dict[str, object]:
    return {
        "consumer": letter.consumer,
        "eventId": letter.event_id,
        "subject": letter.subject,
        "type": letter.type,
        "occurredAt": _moment(letter.occurred_at),
        "traceparent": letter.traceparent,
        "failure": letter.failure,
        "buriedAt": _moment(letter.buried_at),
        "outcome": _name(letter),
        "settledAt": _moment(letter.settled_at),
        "settledBy": letter.settled_by,
        "settledBecause": letter.settled_because,
    }


def _outcome(letter: pb.DeadLetter) -> str:
    return (_name(letter) or "open").lower()


def _name(letter: pb.DeadLetter) -> str | None:
    return pb.DeadLetter.Outcome.Name(letter.outcome) if letter.outcome else None


def _moment(timestamp: Timestamp) -> str | None:
    return timestamp.ToJsonString() if timestamp.ByteSize() else None


def _shown(timestamp: Timestamp) -> str:
    return show(timestamp.ToDatetime(UTC)) if timestamp.ByteSize() else "-"
