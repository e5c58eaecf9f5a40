"""Watches the processes of the suite: says what ends, and starts again what should not have.

Everything happens in one thread, in the order of one queue: what ended, and what was asked for.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn, Protocol

from cli.local.control import Answer
from kit.local.errors import LocalError
from kit.local.processes import Child

if TYPE_CHECKING:
    from subprocess import Popen

Say = Callable[[str], None]

_FIRST_DELAY = 0.5
_LONGEST_DELAY = 30.0
_HEALTHY_SECONDS = 60.0


class Process(Protocol):
    """A process that can be started and stopped."""

    @property
    def child(self) -> Child:
        """The process itself."""
        ...

    def start(self) -> None:
        """Starts it and waits until it is ready."""
        ...

    def stop(self) -> None:
        """Stops it; does nothing when it is down."""
        ...


@dataclass
class Watched:
    """A process, and how it has fared.

    Attributes:
        process: The process.
        stays_down: Whether ending without an error means that somebody wanted it to end.
        crashes: How often in a row it has ended by itself.
        started_at: When it was started last, monotonic seconds.
        due_at: When it is to be started again, monotonic seconds; None if it is not.
    """

    process: Process
    stays_down: bool
    crashes: int = 0
    started_at: float = 0.0
    due_at: float | None = None

    @property
    def name(self) -> str:
        """What people call it."""
        return self.process.child.name


@dataclass(frozen=True)
class _Ended:
    watched: Watched
    run: "Popen[bytes]"


@dataclass(frozen=True)
class _Asked:
    action: str
    name: str
    answer: "queue.SimpleQueue[Answer]" = field(default_factory=queue.SimpleQueue[Answer])


class Supervisor:
    """Keeps processes running that were started already."""

    def __init__(self, watched: Sequence[Watched], say: Say) -> None:
        self._watched = {each.name: each for each in watched}
        self._say = say
        self._events: queue.SimpleQueue[_Ended | _Asked] = queue.SimpleQueue()
        for each in watched:
            self._watch(each)

    def ask(self, action: str, name: str) -> Answer:
        """Stops or starts a process; to be called from another thread than `supervise`."""
        asked = _Asked(action, name)
        self._events.put(asked)
        return asked.answer.get()

    def supervise(self) -> NoReturn:
        """Keeps watch until it is interrupted."""
        while True:
            try:
                event = self._events.get(timeout=self._seconds_to_next_start())
            except queue.Empty:
                self._start_what_is_due()
                continue
            match event:
                case _Ended(watched, run):
                    self._ended(watched, run)
                case _Asked(action, name, answer):
                    answer.put(self._answer(action, name))

    def _watch(self, watched: Watched) -> None:
        """Reports the end of a process, from a thread that waits for it."""
        watched.started_at = time.monotonic()
        watched.due_at = None
        run = watched.process.child.process
        if run is None:
            return

        def wait() -> None:
            run.wait()
            self._events.put(_Ended(watched, run))

        threading.Thread(target=wait, daemon=True).start()

    def _ended(self, watched: Watched, run: "Popen[bytes]") -> None:
        if watched.process.child.process is not run:
            return  # it was stopped, or stopped and started, by us
        watched.process.stop()
        status = run.returncode
        if status == 0 and watched.stays_down:
            self._say(
                f"{watched.name} was stopped. Start it again with: kundeapp start {watched.name}"
            )
            return
        how = f"by signal {-status}" if status < 0 else f"with status {status}"
        self._start_later(watched, f"ended {how}; see {watched.process.child.log}")

    def _start_later(self, watched: Watched, what: str) -> None:
        now = time.monotonic()
        if now - watched.started_at > _HEALTHY_SECONDS:
            watched.crashes = 0
        delay = min(_FIRST_DELAY * 2**watched.crashes, _LONGEST_DELAY)
        watched.crashes += 1
        watched.due_at = now + delay
        self._say(f"{watched.name} {what}. It is started again in {delay:g} s.")

    def _seconds_to_next_start(self) -> float | None:
        due = [each.due_at for each in self._watched.values() if each.due_at is not None]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _start_what_is_due(self) -> None:
        now = time.monotonic()
        for watched in self._watched.values():
            if watched.due_at is not None and watched.due_at <= now:
                try:
                    self._start(watched)
                except LocalError as error:
                    self._start_later(watched, f"could not be started: {error}")
                else:
                    self._say(f"{watched.name} is up again.")

    def _start(self, watched: Watched) -> None:
        watched.process.start()
        self._watch(watched)

    def _answer(self, action: str, name: str) -> Answer:
        watched = self._watched.get(name)
        if watched is None:
            return Answer(done=False, message=f"{name} is none of {', '.join(self._watched)}.")
        if action == "stop":
            return self._stop_for_somebody(watched)
        return self._start_for_somebody(watched)

    def _stop_for_somebody(self, watched: Watched) -> Answer:
        was_up = watched.process.child.running
        watched.due_at = None
        watched.process.stop()
        if not was_up:
            return Answer(done=True, message=f"{watched.name} was stopped already.")
        self._say(f"{watched.name} was stopped. Start it again with: kundeapp start {watched.name}")
        return Answer(done=True, message=f"{watched.name} is stopped.")

    def _start_for_somebody(self, watched: Watched) -> Answer:
        if watched.process.child.running:
            return Answer(done=True, message=f"{watched.name} was started already.")
        try:
            self._start(watched)
        except LocalError as error:
            return Answer(done=False, message=str(error))
        watched.crashes = 0
        self._say(f"{watched.name} is up again.")
        return Answer(done=True, message=f"{watched.name} is started.")
