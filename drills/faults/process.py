"""A process of the suite with a clock that can be moved, and that waits for shorter than usual.

    .venv/bin/python -m drills.faults.process services.events CLOCK

Whoever takes something over from a process that was killed waits until it must be dead: half a
minute for an event, a minute for a letter. Here these times are seconds, so that a thousand kills
take an hour. All else is as it is.
"""

import importlib
import mmap
import runpy
import struct
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kit.clock import SystemClock

SHORTER: Mapping[str, object] = {
    "kit.bus.ACK_SECONDS": 2.0,
    "kit.bus.FETCH_SECONDS": 1.0,
    "kit.bus.PING_SECONDS": 2,
    "kit.bus.REDELIVER_SECONDS": 2,
    "kit.courier.courier.POLL_SECONDS": 0.25,
    "kit.courier.delivery.FIRST_DELAY": timedelta(seconds=0.5),
    "kit.courier.delivery.LONGEST_DELAY": timedelta(seconds=2),
    "kit.courier.delivery.LEASE": timedelta(seconds=5),
    "kit.courier.delivery.SEND_SECONDS": 3.0,
    "kit.courier.delivery.PERMITTED_SECONDS": 2.0,
    "kit.inbox.RETRY_DELAYS_SECONDS": (0.1, 0.2, 0.4, 0.8),
    "kit.outbox.SILENCE_SECONDS": 3.0,
    "kit.postgres.ANSWER_SECONDS": 5.0,
    "services.consent.handlers.contacts.LEASE": timedelta(seconds=3),
    "services.consent.handlers.writing.LEASE": timedelta(seconds=5),
    "services.consent.handlers.writing.FIRST_DELAY": timedelta(seconds=0.5),
    "services.consent.handlers.writing.LONGEST_DELAY": timedelta(seconds=2),
    "services.consent.routines.PROGRAMME_SECONDS": 1.0,
}


class MovedClock:
    """How far the clock of a process is ahead, in a file that both sides have mapped."""

    _SECONDS = struct.Struct("=d")

    def __init__(self, file: Path) -> None:
        """Opens a file, and makes it where there is none."""
        if not file.exists():
            file.write_bytes(self._SECONDS.pack(0.0))
        with file.open("r+b") as opened:
            self._map = mmap.mmap(opened.fileno(), self._SECONDS.size)

    @property
    def ahead(self) -> timedelta:
        """How far it is ahead; negative behind."""
        return timedelta(seconds=self._SECONDS.unpack_from(self._map)[0])

    @ahead.setter
    def ahead(self, ahead: timedelta) -> None:
        self._SECONDS.pack_into(self._map, 0, ahead.total_seconds())

    def now(self) -> datetime:
        """Returns what the process takes for the present moment."""
        return datetime.now(UTC) + self.ahead


def main(module: str, clock: Path) -> None:
    """Runs a process.

    Args:
        module: The module that starts it.
        clock: The file of its clock.
    """
    moved = MovedClock(clock)
    SystemClock.now = lambda _: moved.now()  # type: ignore[method-assign]
    owner = module.partition(".")[2]
    for name, value in SHORTER.items():
        path, _, constant = name.rpartition(".")
        if path.startswith("kit.") or (owner and path.startswith(f"{module}.")):
            home = importlib.import_module(path)
            # Whoever renames one of them should hear of it.
            if not hasattr(home, constant):
                sys.exit(f"{name} is gone")
            setattr(home, constant, value)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
