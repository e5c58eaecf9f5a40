"""Consent's settings, read once from `KUNDEAPP_CONSENT_…`; nothing else reads the environment."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from kit.courier import CourierSettings
from kit.settings import PartSettings, ServiceSettings

_PREFIX = "KUNDEAPP_CONSENT_"
_CUSTOMER_SERVICE = Path(__file__).with_name("customer_service.toml")


class Settings(ServiceSettings, CourierSettings):
    """What the service can be told."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True)

    identity: str
    """Where identity's gRPC is, which is asked how customers are reached: `host:port`."""
    events: str
    """Where the gRPC of events is, which is asked for tickets and guest lists: `host:port`."""
    secret_keys: Path
    """A JWK Set with `oct` keys of 256 bits or more, each with a `kid`: the first one makes new
    hashes of addresses, seals and links, the others are kept for as long as one of those lives.
    They must outlive the database: without them suppressed addresses are written to again. A new
    key is put behind the others, in every process, before it becomes the first."""
    public_url: str = "http://localhost:8080"
    """Where customers find Di side: what mails link to."""
    digest_minutes: float = Field(default=15, gt=0)
    """For how long what happens to reservations is gathered before staff are told of it."""
    controller_name: str = "Kundeapp"
    """The company that answers for what is done with people's data, as receipts name it."""
    controller_contact: str = "personvern@example.com"
    """How to reach it about privacy."""
    quiet_from: int = Field(default=22, ge=0, le=23)
    """The hour, by the clock in Norway, from which on nobody is written to about what can wait."""
    quiet_until: int = Field(default=7, ge=0, le=23)
    """The hour until which; the same as `quiet_from` for no quiet hours."""
    customer_service: Path = _CUSTOMER_SERVICE
    """How customers reach the company, and when: the file beside this one is an example."""


class MigrationSettings(PartSettings):
    """What the migrations can be told."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True)

    database_url: str
    """The service's own database: `postgresql://user:password@host:port/name`."""
