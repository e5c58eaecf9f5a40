"""Child processes: they end with us, and nobody else's do."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kit.local.errors import FolderBusyError, NotStartedError, PortBusyError
from kit.local.processes import (
    LOOPBACK,
    Child,
    birth,
    free_port,
    locked,
    require_port,
    wait_until,
)

SLEEP = (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)")


def _child(folder: Path, command: tuple[str, ...] = SLEEP) -> Child:
    return Child("sleeper", command, folder / "log", folder / "record", dict(os.environ))


def _is_up(child: Child) -> bool:
    return "up" in child.log.read_text()


def test_a_child_that_is_asked_to_end_ends(tmp_path: Path) -> None:
    child = _child(tmp_path)
    run = child.start()
    child.wait_until_ready(lambda: _is_up(child), timeout=10)

    child.stop()

    assert run.returncode == -signal.SIGTERM
    assert not child.record.exists()


def test_a_child_that_does_not_listen_is_ended(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True)"
    child = _child(tmp_path, (sys.executable, "-c", f"{deaf}; time.sleep(600)"))
    run = child.start()
    child.wait_until_ready(lambda: _is_up(child), timeout=10)

    child.stop(timeout=0.1)

    assert run.returncode == -signal.SIGKILL


def test_a_child_that_ends_at_once_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    child = _child(tmp_path, (sys.executable, "-c", "raise SystemExit('no such table')"))
    child.start()

    with pytest.raises(NotStartedError, match="no such table"):
        child.wait_until_ready(lambda: False, timeout=10)
    child.stop()


def test_a_task_that_fails_is_told_with_its_status(tmp_path: Path) -> None:
    child = _child(tmp_path, (sys.executable, "-c", "raise SystemExit(3)"))
    child.start()

    with pytest.raises(NotStartedError, match="failed with status 3"):
        child.finish(timeout=10)
    child.stop()


PARENT = """
import sys, time
from pathlib import Path
from kit.local.processes import Child
folder = Path(sys.argv[1])
sleep = (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)")
child = Child("sleeper", sleep, folder / "log", folder / "record", {})
child.start()
child.wait_until_ready(lambda: "up" in child.log.read_text(), timeout=10)
print("ready", flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that a parent died")
def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(  # noqa: S603  # the command is ours
        (sys.executable, "-c", PARENT, str(tmp_path)), stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        record = json.loads((tmp_path / "record").read_text())
        parent.kill()

    assert wait_until(lambda: birth(record["pid"]) != record["birth"], timeout=10)


def test_what_an_earlier_run_left_is_ended_at_the_next_start(tmp_path: Path) -> None:
    left = _child(tmp_path)
    run = left.start()

    again = _child(tmp_path)
    again.start()

    assert run.wait(timeout=10) == -signal.SIGTERM
    assert again.running
    again.stop()


def test_a_process_that_has_our_old_number_is_left_alone(tmp_path: Path) -> None:
    stranger = _child(tmp_path / "stranger")
    run = stranger.start()
    child = _child(tmp_path)
    child.record.write_text(json.dumps({"pid": run.pid, "birth": "another day"}))

    child.start()
    child.stop()

    assert stranger.running
    stranger.stop()


def test_a_folder_is_held_by_one_process(tmp_path: Path) -> None:
    with locked(tmp_path):
        with pytest.raises(FolderBusyError, match=f"process {os.getpid()}"), locked(tmp_path):
            pass
        assert (tmp_path / "lock").read_text() == str(os.getpid())

    with locked(tmp_path):
        pass


def test_a_busy_port_is_named() -> None:
    port = free_port()
    listening = (
        f"import socket; s = socket.create_server(('{LOOPBACK}', {port})); print(s, flush=1)"
    )
    with subprocess.Popen(  # noqa: S603  # the command is ours
        (sys.executable, "-c", f"{listening}; import time; time.sleep(600)"),
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(PortBusyError, match=f"port {port}, for gateway"):
            require_port("gateway", port)
        other.kill()
