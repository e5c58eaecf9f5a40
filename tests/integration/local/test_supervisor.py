"""The supervisor: what ends by accident is started again, what was stopped stays down."""

import os
import queue
import signal
import sys
import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cli.local.control import ask, listening
from cli.local.supervisor import Supervisor, Watched
from cli.outcome import CommandError, Exit
from kit.local.processes import Child

ENDS_WELL = (
    "import signal, sys, time\n"
    "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
    "print('up', flush=True)\n"
    "time.sleep(600)\n"
)


@dataclass
class Sleeper:
    """A process that ends with status 0 when it is asked to."""

    child: Child

    def start(self) -> None:
        self.child.log.unlink(missing_ok=True)
        self.child.start()
        self.child.wait_until_ready(lambda: "up" in self.child.log.read_text(), timeout=10)

    def stop(self) -> None:
        self.child.stop()


@dataclass
class Suite:
    """A database and a service, of a kind, under a supervisor."""

    data: Path
    postgres: Sleeper
    identity: Sleeper
    said: queue.SimpleQueue[str] = field(default_factory=queue.SimpleQueue[str])

    def says(self) -> str:
        return self.said.get(timeout=10)


@pytest.fixture
def suite(tmp_path: Path) -> Generator[Suite]:
    (tmp_path / "run").mkdir()
    postgres, identity = (_sleeper(tmp_path, name) for name in ("postgres", "identity"))
    made = Suite(tmp_path, postgres, identity)
    for sleeper in (postgres, identity):
        sleeper.start()
    watched = (Watched(postgres, stays_down=True), Watched(identity, stays_down=False))
    supervisor = Supervisor(watched, made.said.put)
    threading.Thread(target=supervisor.supervise, daemon=True).start()
    with listening(tmp_path, supervisor.ask):
        yield made
    for sleeper in (postgres, identity):
        sleeper.stop()


def _sleeper(folder: Path, name: str) -> Sleeper:
    command = (sys.executable, "-I", "-S", "-c", ENDS_WELL)
    return Sleeper(Child(name, command, folder / f"{name}.log", folder / name, dict(os.environ)))


def _kill(sleeper: Sleeper, how: signal.Signals) -> None:
    os.kill(sleeper.child.pid, how)


def test_a_service_that_crashes_is_started_again(suite: Suite) -> None:
    _kill(suite.identity, signal.SIGKILL)

    assert suite.says().startswith("identity ended by signal 9")
    assert suite.says() == "identity is up again."
    assert suite.identity.child.running


def test_the_wait_grows_with_each_crash(suite: Suite) -> None:
    _kill(suite.identity, signal.SIGKILL)
    assert "in 0.5 s" in suite.says()
    assert suite.says() == "identity is up again."

    _kill(suite.identity, signal.SIGKILL)

    assert "in 1 s" in suite.says()
    assert suite.says() == "identity is up again."


def test_a_database_that_somebody_stops_stays_down(suite: Suite) -> None:
    _kill(suite.postgres, signal.SIGTERM)

    assert suite.says() == "postgres was stopped. Start it again with: kundeapp start postgres"
    assert not suite.postgres.child.running
    assert ask(suite.data, "start", "postgres") == "postgres is started."
    assert suite.postgres.child.running


def test_a_database_that_crashes_is_started_again(suite: Suite) -> None:
    _kill(suite.postgres, signal.SIGKILL)

    assert suite.says().startswith("postgres ended by signal 9")
    assert suite.says() == "postgres is up again."


def test_a_process_can_be_stopped_and_started(suite: Suite) -> None:
    assert ask(suite.data, "stop", "identity") == "identity is stopped."
    assert not suite.identity.child.running
    assert ask(suite.data, "stop", "identity") == "identity was stopped already."

    assert ask(suite.data, "start", "identity") == "identity is started."
    assert suite.identity.child.running
    assert ask(suite.data, "start", "identity") == "identity was started already."


def test_an_unknown_process_is_refused_with_the_names_there_are(suite: Suite) -> None:
    with pytest.raises(CommandError, match="none of postgres, identity") as refused:
        ask(suite.data, "stop", "mysql")
    assert refused.value.status is Exit.REFUSED


def test_nobody_without_the_key_is_listened_to(suite: Suite) -> None:
    file = suite.data / "run" / "control.json"
    assert file.stat().st_mode & 0o777 == 0o600
    known = file.read_text()
    file.write_text(known.replace('"key": "', '"key": "00'))

    with pytest.raises(CommandError) as refused:
        ask(suite.data, "stop", "identity")
    assert refused.value.status is Exit.UNREACHABLE

    file.write_text(known)
    assert ask(suite.data, "stop", "identity") == "identity is stopped."
