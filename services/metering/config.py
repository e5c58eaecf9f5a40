"""Metering's settings, read once from `KUNDEAPP_METERING_…`; nothing else reads the environment."""

from pydantic_settings import SettingsConfigDict

from kit.settings import PartSettings, ServiceSettings

_PREFIX = "KUNDEAPP_METERING_"


class Settings(ServiceSettings):
    """What the service can be told."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True)


class MigrationSettings(PartSettings):
    """What the migrations can be told."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True)

    database_url: str
    """The service's own database: `postgresql://user:password@host:port/name`."""
