"""What runs locally, on which ports, and with which settings."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from kit.local.nats import LocalNats
from kit.local.pki import LocalPki
from kit.local.postgres import LocalPostgres
from kit.local.processes import LOOPBACK, Child

SERVICES = ("identity", "metering", "consent", "events")

_WEB = Path(__file__).parents[2] / "gateway" / "web" / "dist"
"""Where `make web` builds the web client, which only some who run the suite need."""

_OFFSETS = {
    "gateway": 0,
    "identity": 1,
    "metering": 2,
    "consent": 3,
    "events": 4,
    "postgres": 5,
    "nats": 6,
    "mailbox": 7,
    "gateway_admin": 10,
    "identity_admin": 11,
    "metering_admin": 12,
    "consent_admin": 13,
    "events_admin": 14,
}


class RunSettings(BaseSettings):
    """Where everything is kept, and the ports, each from `KUNDEAPP_…`."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="KUNDEAPP_")

    data: Path = Path(".data")
    """The folder that holds everything."""
    port: int = Field(default=8080, ge=1, le=65_000)
    """The gateway's port; the others follow it unless they are set."""
    identity_port: int = 0
    metering_port: int = 0
    consent_port: int = 0
    events_port: int = 0
    postgres_port: int = 0
    nats_port: int = 0
    mailbox_port: int = 0
    gateway_admin_port: int = 0
    identity_admin_port: int = 0
    metering_admin_port: int = 0
    consent_admin_port: int = 0
    events_admin_port: int = 0

    def port_of(self, name: str) -> int:
        """Returns the port of a process, 0 in its setting meaning the usual one."""
        chosen: int = 0 if name == "gateway" else getattr(self, f"{name}_port")
        return chosen or self.port + _OFFSETS[name]

    def address_of(self, name: str) -> str:
        """Returns host and port of a process."""
        return f"{LOOPBACK}:{self.port_of(name)}"

    @property
    def url(self) -> str:
        """The gateway's URL."""
        return f"http://localhost:{self.port}"


class Plan:
    """The processes, not started.

    Attributes:
        settings: Ports and folder.
        data: The folder, absolute.
        pki: Certificates and keys.
        postgres: The database server.
        nats: The bus.
    """

    def __init__(self, settings: RunSettings) -> None:
        self.settings = settings
        self.data = settings.data.resolve()
        self.logs = self.data / "logs"
        self.mailbox = self.data / "mailbox"
        self.pki = LocalPki(self.data / "pki")
        self.postgres = LocalPostgres(
            self.data / "postgres",
            settings.port_of("postgres"),
            log=self.logs / "postgres.log",
        )
        self.nats = LocalNats(
            self.data / "nats",
            settings.port_of("nats"),
            identity=self.pki.identity("nats"),
            log=self.logs / "nats.log",
        )

    def end_leftover(self, name: str) -> None:
        """Ends a service, or the gateway, of an earlier run that was killed."""
        Child(name, (), self.logs, self._record(name), {}).end_leftover()

    def child(self, name: str) -> Child:
        """Returns a service, or the gateway; PostgreSQL must have been started once."""
        module = "gateway" if name == "gateway" else f"services.{name}"
        return Child(
            name=name,
            command=(sys.executable, "-m", module),
            log=self.logs / f"{name}.log",
            record=self._record(name),
            environment=self._environment(name),
        )

    def migration(self, name: str) -> Child:
        """Returns the process that brings a service's database up to date."""
        return Child(
            name=f"{name}-migrations",
            command=(sys.executable, "-m", f"services.{name}.migrations"),
            log=self.logs / f"{name}-migrations.log",
            record=self._record(f"{name}-migrations"),
            environment=self._environment(name),
        )

    def cli_settings(self) -> dict[str, str]:
        """Returns what the CLI needs to find this suite, by the names of its settings."""
        tls = self.pki.identity("cli")
        return {
            "gateway": self.settings.url,
            **{name: self.settings.address_of(name) for name in SERVICES},
            "tls_certificate": str(tls.certificate),
            "tls_key": str(tls.key),
            "tls_authority": str(tls.authority),
        }

    def _record(self, name: str) -> Path:
        return self.data / "run" / f"{name}.json"

    def _environment(self, name: str) -> Mapping[str, str]:
        tls = self.pki.identity(name)
        settings = {
            "tls_certificate": tls.certificate,
            "tls_key": tls.key,
            "tls_authority": tls.authority,
            "admin_port": self.settings.port_of(f"{name}_admin"),
            "log_format": "console",
            # Ctrl-C stops all of it: nobody is left to be sent elsewhere.
            "drain_seconds": 0,
            "listen": self.settings.address_of(name),
            **(self._gateway() if name == "gateway" else self._service(name)),
        }
        prefix = f"KUNDEAPP_{name}_"
        ours = {f"{prefix}{key}".upper(): str(value) for key, value in settings.items()}
        return {**os.environ, **ours}

    def _gateway(self) -> dict[str, object]:
        return {
            "signing_keys": self.pki.internal_signing_keys,
            "nats_url": self.nats.url,
            **({"web": _WEB} if (_WEB / "index.html").is_file() else {}),
            **{name: self.settings.address_of(name) for name in SERVICES},
        }

    def _service(self, name: str) -> dict[str, object]:
        settings: dict[str, object] = {
            "database_url": self.postgres.url(name),
            "nats_url": self.nats.url,
            "internal_keys": self.pki.internal_keys,
        }
        if name == "identity":
            settings["signing_keys"] = self.pki.access_signing_keys
            settings["secret_keys"] = self.pki.identity_secret_keys
            settings["mailbox"] = self.mailbox
            settings["public_url"] = self.settings.url
            settings["passkey_origins"] = json.dumps([self.settings.url])
        if name == "consent":
            # At night, too, whoever tries it out sees what is sent.
            settings |= {"quiet_from": 0, "quiet_until": 0, "digest_minutes": 1}
            settings["secret_keys"] = self.pki.consent_secret_keys
            settings["mailbox"] = self.mailbox
            settings["public_url"] = self.settings.url
            settings["identity"] = self.settings.address_of("identity")
            settings["events"] = self.settings.address_of("events")
        if name == "events":
            settings["identity"] = self.settings.address_of("identity")
        return settings
