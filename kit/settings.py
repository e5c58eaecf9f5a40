"""What every process of the suite can be told; each part's own settings build on it."""

from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, Field
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

SECRETS = Path("/run/secrets/kundeapp")
"""The folder of what must not stand in the environment, such as a URL with a password."""


class PartSettings(BaseSettings):
    """Settings that are read once, from the environment or else from a file in `SECRETS`.

    The file of a setting has the name of its variable in lower case, such as
    `kundeapp_identity_database_url`.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Puts the files behind the environment, where there are any."""
        del dotenv_settings, file_secret_settings
        files = (SecretsSettingsSource(settings_cls, SECRETS),) if SECRETS.is_dir() else ()
        return init_settings, env_settings, *files


class ProcessSettings(PartSettings):
    """Settings of any process: its certificate, and how it logs, traces and counts.

    Each stands under the prefix of the part (`KUNDEAPP_IDENTITY_…`).
    """

    tls_certificate: Path
    """This workload's certificate chain, PEM."""
    tls_key: Path
    """This workload's private key, PEM."""
    tls_authority: Path
    """The certificate of the authority that signs every workload's certificate, PEM."""

    log_format: Literal["json", "console"] = "json"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    trace_ratio: float = Field(default=0.01, ge=0, le=1)
    """The share of requests that are traced; a request that fails always is."""
    otlp_endpoint: str = ""
    """Where traces go: the host and port of an OTLP collector's gRPC; nowhere if empty."""
    otlp_plain: bool = False
    """Whether the collector is spoken to without TLS, as one on the same node may be; otherwise it
    and this workload show each other their certificates."""
    admin_port: int = Field(default=0, ge=0, le=65535)
    """The port of `/metrics`; none if 0."""
    admin_host: str = "127.0.0.1"

    drain_seconds: float = Field(default=2, ge=0)
    """For how long the process goes on answering when it is asked to stop, while it says that it
    takes no more: longer than those who call need to hear of it."""


class ServiceSettings(ProcessSettings):
    """Settings of a gRPC service: where it listens, its database, the bus."""

    listen: str = "127.0.0.1:0"
    """Where the gRPC server listens, host and port."""
    probe_listen: str = ""
    """Where Kubernetes asks how the service is, without TLS, host and port; nowhere if empty."""
    internal_keys: Path
    """The gateway's public keys, a JWK Set (RFC 7517), which internal tokens are checked with."""
    database_url: str
    """The service's own database: `postgresql://user:password@host:port/name`."""
    database_connections: int = Field(default=10, ge=1)
    """Connections for transactions, and as many again for the reads of hot paths."""
    nats_url: str
    """The bus: `tls://host:port`, comma-separated where it is a cluster."""
    nats_replicas: int = Field(default=1, ge=1, le=5)
    """On how many servers of the cluster an event is kept."""
    consume_from: AwareDatetime | None = None
    """Where consumers begin anew, RFC 3339: some minutes before the moment that the database was
    restored to (docs/restore.md). What was handled before is passed over."""
    grace_seconds: float = Field(default=10, ge=0)
    """How long requests under way may take when the process is asked to stop."""
