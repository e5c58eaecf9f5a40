"""The cluster of NATS servers as it is deployed, on this machine."""

import sysconfig
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from kit.local.pki import LocalPki
from kit.local.processes import LOOPBACK, Child, free_port, wait_until

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "k8s" / "components" / "nats"
SIZE = 3


@dataclass
class Cluster:
    """Three servers with the deployed configuration; only ports, folders and names are others.

    Attributes:
        folder: Where everything is kept.
        pki: Certificates and keys; they name the same workloads as in production.
    """

    folder: Path
    pki: LocalPki
    servers: list[Child] = field(default_factory=list[Child])
    _ports: list[Mapping[str, int]] = field(default_factory=list[Mapping[str, int]])

    def start(self) -> None:
        """Starts the servers and waits until all of them have found a leader."""
        self._ports = [
            {what: free_port() for what in ("client", "cluster", "monitor")} for _ in range(SIZE)
        ]
        (self.folder / "users.json").write_text((CONFIGURATION / "users.json").read_text())
        for number in range(SIZE):
            self.servers.append(self._server(number))
            self.servers[number].start()
        if not wait_until(lambda: all(map(self._is_healthy, range(SIZE))), timeout=30):
            logs = "\n".join(server.log.read_text()[-2000:] for server in self.servers)
            raise AssertionError(f"the cluster does not come up:\n{logs}")

    def stop(self) -> None:
        """Stops the servers."""
        for server in self.servers:
            server.stop()

    @property
    def url(self) -> str:
        """The setting that says where the bus is."""
        return ",".join(f"tls://localhost:{ports['client']}" for ports in self._ports)

    @contextmanager
    def saying(self) -> Generator[Callable[[], list[str]]]:
        """Yields what tells the lines that the servers have logged since."""
        before = [len(server.log.read_text()) for server in self.servers]

        def since() -> list[str]:
            logs = (server.log.read_text() for server in self.servers)
            return [
                line
                for log, seen in zip(logs, before, strict=True)
                for line in log[seen:].splitlines()
            ]

        yield since

    def _server(self, number: int) -> Child:
        config = self.folder / f"nats-{number}.conf"
        config.write_text(self._configuration(number))
        return Child(
            name=f"nats-{number}",
            command=(str(Path(sysconfig.get_path("scripts")) / "nats-server"), "-c", str(config)),
            log=self.folder / f"nats-{number}.log",
            record=self.folder / f"nats-{number}.json",
            environment={"SERVER_NAME": f"nats-{number}"},
        )

    def _configuration(self, number: int) -> str:
        text = (CONFIGURATION / "nats.conf").read_text()
        ports, identity = self._ports[number], self.pki.identity("nats")
        changes = {
            "0.0.0.0:4222": f"{LOOPBACK}:{ports['client']}",
            "0.0.0.0:6222": f"{LOOPBACK}:{ports['cluster']}",
            "0.0.0.0:8222": f"{LOOPBACK}:{ports['monitor']}",
            "/etc/kundeapp/tls/tls.crt": str(identity.certificate),
            "/etc/kundeapp/tls/tls.key": str(identity.key),
            "/etc/kundeapp/tls/ca.crt": str(identity.authority),
            "/run/nats": str(self.folder / f"run-{number}"),
            "/data": str(self.folder / f"data-{number}"),
            **{
                f"nats-{other}.nats-cluster:6222": f"localhost:{self._ports[other]['cluster']}"
                for other in range(SIZE)
            },
        }
        (self.folder / f"run-{number}").mkdir(exist_ok=True)
        for deployed, here in changes.items():
            assert deployed in text, f"nats.conf says {deployed} no longer"
            text = text.replace(deployed, here)
        return text

    def _is_healthy(self, number: int) -> bool:
        try:
            url = f"http://{LOOPBACK}:{self._ports[number]['monitor']}/healthz"
            return httpx.get(url, trust_env=False).is_success
        except httpx.TransportError:
            return False
