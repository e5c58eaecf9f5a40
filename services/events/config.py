"""Events' settings, read once from `KUNDEAPP_EVENTS_…`; nothing else reads the environment."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from kit.settings import PartSettings, ServiceSettings

_PREFIX = "KUNDEAPP_EVENTS_"


class Settings(ServiceSettings):
    """What the service can be told."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True)

    identity: str
    """Where identity's gRPC is, which is asked for customers' names: `host:port`."""
    sweep_seconds: float = Field(default=1, gt=0)
    """How often offers that have ended, lists that have closed and draws are looked for."""


class MigrationSettings(PartSettings):
    """What the migrations can be told."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True)

    database_url: str
    """The service's own database: `postgresql://user:password@host:port/name`."""
