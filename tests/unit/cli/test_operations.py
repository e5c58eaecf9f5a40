"""What operators are told: each thing that is wrong, with what to do, and nothing else."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from typer.testing import CliRunner

from cli.__main__ import app
from cli.operations import doctor, findings
from cli.operations.findings import Finding, Verdict
from cli.operations.reports import content_of
from cli.operations.service import OperationsService
from cli.outcome import Exit
from kundeapp.identity.v1.identity_events_pb2 import CustomerCreated
from kundeapp.operations.v1 import operations_service_pb2 as pb

runner = CliRunner()

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
EVENT = "0195e0c0-0000-7000-8000-000000000001"


def _answering(answer: object) -> Callable[..., object]:
    def call(*_: object) -> object:
        return answer

    return call


def sound() -> pb.ServiceState:
    """Returns what a service says that lacks nothing."""
    state = pb.ServiceState(
        service="events",
        database=pb.ServiceState.Database(
            version="18.1",
            revision="0004",
            newest_revision="0004",
            standbys=[pb.ServiceState.Standby(name="b", state="streaming", lag_seconds=0.1)],
        ),
        bus=pb.ServiceState.Bus(
            has_stream=True,
            replicas=3,
            wanted_replicas=3,
            current_replicas=3,
            stored_bytes=10,
            most_bytes=100,
            consumers=[pb.ServiceState.Consumer(name="events-customers", exists=True)],
        ),
        transports=[pb.ServiceState.Transport(channel="EMAIL")],
    )
    state.now.FromDatetime(NOW)
    state.database.now.FromDatetime(NOW)
    return state


def test_of_a_sound_service_nothing_is_to_be_mended() -> None:
    found = findings.of_state(sound(), NOW)

    assert len(found) >= 10
    assert {each.verdict for each in found} == {Verdict.OK}
    assert not any(each.remedy for each in found)


def _outbox(seconds: int) -> Callable[[pb.ServiceState], None]:
    def plant(state: pb.ServiceState) -> None:
        state.outbox.waiting = 3
        state.outbox.oldest.FromDatetime(NOW - timedelta(seconds=seconds))

    return plant


def _setting(path: str, value: object) -> Callable[[pb.ServiceState], None]:
    def plant(state: pb.ServiceState) -> None:
        *parents, name = path.split(".")
        target: object = state
        for parent in parents:
            target = getattr(target, parent)
            if parent in {"standbys", "consumers", "transports"}:
                [target] = cast("Sequence[object]", target)
        setattr(target, name, value)

    return plant


def _clock(path: str, seconds: int) -> Callable[[pb.ServiceState], None]:
    def plant(state: pb.ServiceState) -> None:
        clock = state.now if path == "now" else state.database.now
        clock.FromDatetime(NOW + timedelta(seconds=seconds))

    return plant


FAULT, WARNING = Verdict.FAULT, Verdict.WARNING

PLANTED = [
    (_clock("now", 6), "events: clock", FAULT, "NTP"),
    (_clock("now", -2), "events: clock", WARNING, "NTP"),
    (_clock("database", 6), "events: database clock", FAULT, "NTP"),
    (_setting("database.problem", "refused"), "events: database", FAULT, "Start it"),
    (_setting("database.version", "14.9"), "events: database", FAULT, "Upgrade"),
    (_setting("database.revision", "0003"), "events: migrations", FAULT, "services.events.migr"),
    (_setting("database.revision", "0005"), "events: migrations", WARNING, "upgrade is under"),
    (_setting("database.standbys.lag_seconds", 61), "events: standby b", FAULT, "its log"),
    (_setting("database.standbys.lag_seconds", 11), "events: standby b", WARNING, "its log"),
    (_setting("database.standbys.state", ""), "events: standby b", WARNING, "pg_monitor"),
    (_setting("database.archiving_fails_at", "0A"), "events: archive", FAULT, "archive_command"),
    (_outbox(61), "events: outbox", FAULT, "NATS"),
    (_outbox(11), "events: outbox", WARNING, "NATS"),
    (_setting("dead_letters", 1), "events: dead letters", FAULT, "dead-letters list events"),
    (_setting("bus.problem", "refused"), "events: bus", FAULT, "Start NATS"),
    (_setting("bus.has_stream", 0), "events: bus", FAULT, "outbox republish"),
    (_setting("bus.current_replicas", 1), "events: bus", FAULT, "Bring the servers"),
    (_setting("bus.current_replicas", 2), "events: bus", WARNING, "Bring the servers"),
    (_setting("bus.replicas", 1), "events: bus", WARNING, "sets the number"),
    (_setting("bus.stored_bytes", 95), "events: bus storage", FAULT, "Make room"),
    (_setting("bus.stored_bytes", 85), "events: bus storage", WARNING, "Make room"),
    (
        _setting("bus.consumers.exists", 0),
        "events: consumer events-customers",
        FAULT,
        "Restart",
    ),
    (_setting("bus.consumers.redelivered", 1), "events: consumer events-customers", WARNING, "log"),
    (_setting("bus.consumers.waiting", 1001), "events: consumer events-customers", WARNING, "log"),
    (_setting("transports.problem", "refused"), "events: email", FAULT, "messages wait"),
]


@pytest.mark.parametrize(("plant", "what", "verdict", "remedy"), PLANTED)
def test_what_is_wrong_is_found_and_only_that(
    plant: Callable[[pb.ServiceState], None], what: str, verdict: Verdict, remedy: str
) -> None:
    state = sound()
    plant(state)

    unsound = [each for each in findings.of_state(state, NOW) if each.verdict is not Verdict.OK]

    assert (what, verdict) in [(each.what, each.verdict) for each in unsound]
    [found] = [each for each in unsound if each.what == what]
    assert remedy in found.remedy
    # A service's own clock is held against its database's as well.
    assert all(each.what == what or "clock" in each.what for each in unsound)


@pytest.mark.parametrize(
    ("left", "verdict"),
    [
        (timedelta(days=31), Verdict.OK),
        (timedelta(days=29), WARNING),
        (timedelta(days=6), FAULT),
        (timedelta(days=-1), FAULT),
    ],
)
def test_a_certificate_is_renewed_in_time(left: timedelta, verdict: Verdict) -> None:
    assert findings.of_certificate("x", NOW + left, NOW).verdict is verdict


@pytest.mark.parametrize(
    ("free", "verdict"), [(21, Verdict.OK), (19, WARNING), (9, FAULT), (0, FAULT)]
)
def test_a_disk_is_enlarged_in_time(free: int, verdict: Verdict) -> None:
    assert findings.of_disk("x", free, 100).verdict is verdict


@pytest.mark.parametrize(
    ("verdict", "status"),
    [(Verdict.OK, Exit.OK), (WARNING, Exit.OK), (FAULT, Exit.REFUSED)],
)
def test_the_doctor_ends_with_1_only_if_something_must_be_mended(
    verdict: Verdict, status: Exit, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [Finding("a", Verdict.OK, "fine"), Finding("b", verdict, "so", "do this")]
    monkeypatch.setattr(doctor, "examine", _answering(doctor.report(found)))

    said = runner.invoke(app, ["doctor", "--json"])

    assert said.exit_code == status
    answer = json.loads(said.stdout)
    assert answer["healthy"] == (verdict is not FAULT)
    assert answer["checks"][1] == {
        "what": "b",
        "verdict": verdict.value,
        "found": "so",
        "remedy": "do this",
    }


def test_the_doctor_names_every_part_that_is_down() -> None:
    """Nothing runs where the settings point to, and there is no certificate either."""
    said = runner.invoke(app, ["doctor", "--json"])

    assert said.exit_code == Exit.REFUSED
    faults = {each["what"]: each for each in json.loads(said.stdout)["checks"] if each["remedy"]}
    assert {"cli: certificate", "authority: certificate", "gateway"} <= set(faults)
    for service in ("identity", "metering", "consent", "events"):
        assert f"{service}: health" in faults
        assert f"{service}: state" in faults


def letter() -> pb.DeadLetter:
    created = CustomerCreated(customer_id=EVENT, customer_number="100001")
    return pb.DeadLetter(
        consumer="events-customers",
        event_id=EVENT,
        type=CustomerCreated.DESCRIPTOR.full_name,
        payload=created.SerializeToString(),
        failure="LookupError('x')",
    )


def test_a_dead_letter_is_shown_with_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OperationsService, "dead_letter", _answering(letter()))

    said = runner.invoke(
        app, ["dead-letters", "show", "events", "events-customers", EVENT, "--json"]
    )

    assert said.exit_code == Exit.OK
    assert json.loads(said.stdout)["content"] == {"customerId": EVENT, "customerNumber": "100001"}


@pytest.mark.parametrize("kind", ["kundeapp.identity.v1.Unheard", "nonsense", ""])
def test_an_event_of_a_kind_that_is_not_known_here_is_shown_without_what_it_says(kind: str) -> None:
    unknown = letter()
    unknown.type = kind
    assert content_of(unknown) is None


@pytest.mark.parametrize("command", ["replay", "discard"])
def test_a_letter_is_settled_with_a_reason(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[tuple[str, ...]]()

    def settle(_: OperationsService, *what: str) -> pb.DeadLetter:
        asked.append(what)
        return letter()

    monkeypatch.setattr(OperationsService, command, settle)
    arguments = ["dead-letters", command, "events", "events-customers", EVENT]

    assert runner.invoke(app, arguments).exit_code == Exit.USAGE
    assert runner.invoke(app, [*arguments, "--reason", "Mended"]).exit_code == Exit.OK
    assert asked == [("events-customers", EVENT, "Mended")]


def test_letters_of_all_services_stand_in_one_list(monkeypatch: pytest.MonkeyPatch) -> None:
    def listed(_: OperationsService, *, settled: bool) -> list[pb.DeadLetter]:
        assert not settled
        return [letter()]

    monkeypatch.setattr(OperationsService, "dead_letters", listed)

    said = runner.invoke(app, ["dead-letters", "list", "--json"])

    services = [each["service"] for each in json.loads(said.stdout)["deadLetters"]]
    assert services == ["identity", "metering", "consent", "events"]


def test_events_are_published_again_from_a_moment_on(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[datetime]()

    def republish(_: OperationsService, since: datetime) -> int:
        asked.append(since)
        return 7

    monkeypatch.setattr(OperationsService, "republish", republish)
    command = ["outbox", "republish", "identity", "--since"]

    said = runner.invoke(app, [*command, "2026-12-05 12:00", "--json"])

    assert json.loads(said.stdout)["events"] == 7
    assert asked == [datetime(2026, 12, 5, 11, tzinfo=UTC)]
    assert runner.invoke(app, [*command, "yesterday"]).exit_code == Exit.USAGE
