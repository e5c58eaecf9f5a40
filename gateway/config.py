"""The gateway's settings, read once from `KUNDEAPP_GATEWAY_…`; only this reads the environment."""

from importlib import resources
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from kit.settings import ProcessSettings

_ORIGIN = r"^(https?://[a-z0-9.:\[\]-]+)?$"


class Settings(ProcessSettings):
    """What the gateway can be told."""

    model_config = SettingsConfigDict(env_prefix="KUNDEAPP_GATEWAY_", frozen=True)

    listen: str = "127.0.0.1:8080"
    """Where HTTP is served, host and port."""
    http2: bool = False
    """Whether HTTP/2 without TLS (h2c) is served beside HTTP/1.1, for a proxy in front."""
    public_url: str = Field(default="", pattern=_ORIGIN)
    """Where browsers find the gateway, as they write an origin: `https://kundeapp.example.com`.
    Only pages from there may use a browser's cookies. `http://localhost:` and the port of `listen`
    if empty."""
    trusted_hops: int = Field(default=0, ge=0)
    """How many proxies of ours a request passes in front of the gateway. Each must append to
    X-Forwarded-For the address, without a port, that it was called from."""
    identity: str
    """Where identity's gRPC is, as gRPC names it: `host:port` or `dns:///service:port`."""
    metering: str
    """Where metering's gRPC is."""
    events: str
    """Where the gRPC of events is."""
    consent: str
    """Where consent's gRPC is."""
    nats_url: str
    """The bus, which feeds the live streams: `tls://host:port`, comma-separated for a cluster."""

    signing_keys: Path
    """A private JWK Set (RFC 7517) with EC keys on P-256: the first one signs internal tokens. Read
    again when it changes."""
    token_issuer: str = "kundeapp-identity"  # noqa: S105 - a name
    """The `iss` that access tokens must have."""
    token_audience: str = "kundeapp"  # noqa: S105 - a name
    """The `aud` that access tokens must have."""

    call_timeout: float = Field(default=5, gt=0)
    """How long a service may take to answer, in seconds."""
    calls_at_once: int = Field(default=64, ge=1)
    """How many calls of people who are logged in are under way at once to each service. Of others,
    such as logins, there are half as many beside these."""
    call_wait: float = Field(default=0.25, ge=0)
    """How long a call may wait for others to end, in seconds; whoever would wait longer is told
    when to come back."""
    max_connections: int = Field(default=10_000, ge=1)
    """How many connections are held at once, each live stream being one; further ones wait to be
    accepted. Less if the process may not open as many files."""
    body_timeout: float = Field(default=10, gt=0)
    """How long a request's headers, and then its body, may take to arrive, in seconds."""
    reading_timeout: float = Field(default=30, gt=0)
    """How long a client may take nothing of what is sent to it, in seconds; it is then cut off."""
    max_body_bytes: int = Field(default=2**20, ge=1024)
    """How large the body of a request may be."""
    max_header_bytes: int = Field(default=16 * 2**10, ge=1024)
    """How large the path, query and headers of a request may be together."""
    cors_origins: tuple[str, ...] = ()
    """Origins whose pages may call the API, `https://…`; none unless told."""
    grace_seconds: float = Field(default=10, ge=0)
    """How long requests under way may take when the process is asked to stop."""

    web: Path | None = None
    """The folder of the web client that `make web` builds, which is served at `/`; None for an API
    without one."""
    descriptors: Path = Path(str(resources.files("kundeapp") / "protos.binpb"))
    """The protos with their comments, a FileDescriptorSet, which the API page is made from."""
    asyncapi: Path = Path(str(resources.files("kundeapp") / "asyncapi.json"))
    """What describes the events of the services, an AsyncAPI document."""

    @property
    def origin(self) -> str:
        """Where our own pages are."""
        return self.public_url or f"http://localhost:{self.listen.rpartition(':')[2]}"
