"""Child processes that end with us, and never anyone else's."""

import contextlib
import fcntl
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kit.local import launch
from kit.local.errors import FolderBusyError, LocalError, NotStartedError, PortBusyError

LOOPBACK = "127.0.0.1"
_TICK = 0.03


@contextlib.contextmanager
def locked(folder: Path) -> Generator[None]:
    """Holds a folder for this process, for as long as it lives at most.

    Raises:
        FolderBusyError: Another process holds it.
        LocalError: It cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        opened = (folder / "lock").open("a+", encoding="ascii")
    except OSError as error:
        raise LocalError(f"{folder} cannot be written: {error.strerror}") from error
    with opened as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise FolderBusyError(folder, file.read().strip()) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def first_of_free_ports(count: int) -> int:
    """Returns the first of some ports in a row that nobody listens on just now.

    Linux gives the ports from 32768 on to connections, also to those of the suite itself: one could
    have a port that the suite is yet to listen on, at its start or after a kill. These are below.
    """
    while True:
        first = random.randrange(10_000, 32_000, count)  # noqa: S311 - which ports is no secret
        with contextlib.suppress(PortBusyError):
            for port in range(first, first + count):
                require_port("suite", port)
            return first


def require_port(name: str, port: int) -> None:
    """Makes sure that a port is free.

    Raises:
        PortBusyError: It is not.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            raise PortBusyError(name, port) from None


def free_port() -> int:
    """Finds a port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(condition: Callable[[], bool], timeout: float) -> bool:
    """Waits for a condition, and says whether it came true within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_TICK)
    return True


@dataclass(frozen=True)
class User:
    """Somebody to run as."""

    uid: int
    gid: int


@dataclass
class Child:
    """A child process with a log and a record, by which a later start can find what was left.

    Call `start` in a thread that lives as long as the child should: on Linux the child is told
    when that thread ends.

    Attributes:
        name: What people call it.
        command: The program, by absolute path, and its arguments.
        log: The file that its output is appended to.
        record: The file that says which process it is.
        environment: All of its environment.
        stop_signal: What asks it to end.
        kill_signal: What ends it at once.
        user: Whom it runs as; None for whoever we are.
    """

    name: str
    command: Sequence[str]
    log: Path
    record: Path
    environment: Mapping[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    kill_signal: signal.Signals = signal.SIGKILL
    user: User | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> subprocess.Popen[bytes]:
        """Starts it; ends what an earlier start of the same record left running."""
        self.end_leftover()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            # Its own process group, so that Ctrl-C at the terminal reaches only the parent, which
            # stops its children in order.
            self.process = subprocess.Popen(  # noqa: S603  # the command is ours
                launched(self.command, self.user, self.stop_signal),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(self.environment),
                process_group=0,
            )
        self.record.write_text(json.dumps({"pid": self.pid, "birth": birth(self.pid)}))
        return self.process

    @property
    def pid(self) -> int:
        """The process id; 0 before the first start."""
        return self.process.pid if self.process else 0

    @property
    def running(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    def wait_until_ready(self, ready: Callable[[], bool], timeout: float) -> None:
        """Waits until `ready` says so.

        Raises:
            NotStartedError: It ended first, or took longer than `timeout` seconds.
        """
        if not wait_until(lambda: not self.running or ready(), timeout):
            raise NotStartedError(self.name, f"was not ready after {timeout:.0f} s", self.log)
        if not self.running:
            raise NotStartedError(self.name, "ended while it was starting", self.log)

    def finish(self, timeout: float) -> None:
        """Waits until it has done what it was started for.

        Raises:
            NotStartedError: It failed, or took longer than `timeout` seconds.
        """
        if self.process is None or not wait_until(lambda: not self.running, timeout):
            raise NotStartedError(self.name, f"was not done after {timeout:.0f} s", self.log)
        if self.process.returncode != 0:
            raise NotStartedError(
                self.name, f"failed with status {self.process.returncode}", self.log
            )

    def ask_to_end(self) -> None:
        """Asks it to end, and does not wait. Does nothing when it has ended."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.stop_signal)

    def stop(self, timeout: float = 10) -> None:
        """Asks it to end, and ends it after `timeout` seconds. Does nothing when it has ended."""
        if self.process is None:
            return
        self.ask_to_end()
        if self.process.poll() is None:
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.send_signal(self.kill_signal)
                self.process.wait()
        self.process = None
        self.record.unlink(missing_ok=True)

    def end_leftover(self, timeout: float = 10) -> None:
        """Ends the process that the record names, if it is still that same process."""
        try:
            left = json.loads(self.record.read_text())
            pid, born = int(left["pid"]), str(left["birth"])
        except (FileNotFoundError, ValueError, KeyError):
            return
        for how in (self.stop_signal, self.kill_signal):
            if birth(pid) != born:
                break
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
            wait_until(lambda: birth(pid) != born, timeout)
        else:
            raise LocalError(f"{self.name} still runs as process {pid} and does not end")
        self.record.unlink(missing_ok=True)


def launched(
    command: Sequence[str], user: User | None, death_signal: signal.Signals
) -> tuple[str, ...]:
    """Wraps a command so that it ends with us and runs as `user`."""
    uid, gid = (user.uid, user.gid) if user else (-1, -1)
    numbers = (os.getpid(), int(death_signal), uid, gid)
    return (sys.executable, "-I", "-S", launch.__file__, *map(str, numbers), *command)


def birth(pid: int) -> str | None:
    """Says when a process began, so that a process id that is used again is told apart.

    Returns:
        Words of the kernel that only that process has, or None when there is no such process.
    """
    if sys.platform == "linux":
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
            boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        except (FileNotFoundError, ProcessLookupError):
            return None
        # The name stands in parentheses and may hold any character; state and start time follow.
        fields = stat.rpartition(")")[2].split()
        state, started = fields[0], fields[19]
        return None if state in "ZX" else f"{boot}/{started}"
    ps = ("/bin/ps", "-o", "lstart=", "-p", str(pid))
    answer = subprocess.run(ps, capture_output=True, text=True, check=False)  # noqa: S603  # ours
    return answer.stdout.strip() or None
