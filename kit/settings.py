"""What every process of the suite can be told; each part's own settings build on it."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ProcessSettings(BaseSettings):
    """Settings of any process: its certificate, and how it logs, traces and counts.

    Read once from the environment, each under the prefix of the part (`KUNDEAPP_IDENTITY_…`).
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid")

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
    admin_port: int = Field(default=0, ge=0, le=65535)
    """The port of `/metrics`; none if 0."""
    admin_host: str = "127.0.0.1"


class ServiceSettings(ProcessSettings):
    """Settings of a gRPC service: where it listens, its database, the bus."""

    listen: str = "127.0.0.1:0"
    """Where the gRPC server listens, host and port."""
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
    grace_seconds: float = Field(default=10, ge=0)
    """How long requests under way may take when the process is asked to stop."""
