"""Where the CLI finds the suite, read from the environment and from what `kundeapp run` left."""

import json
from pathlib import Path
from typing import Any

from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from kit.tls import Identity


class DataSettings(BaseSettings):
    """The folder that `kundeapp run` keeps everything in."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="KUNDEAPP_")

    data: Path = Path(".data")


class Settings(BaseSettings):
    """Addresses and certificate of the CLI, each from `KUNDEAPP_CLI_…`.

    What the environment leaves out is taken from the data folder, where `kundeapp run` writes the
    addresses of the suite that it started; on another machine all of them must be set.
    """

    model_config = SettingsConfigDict(frozen=True, env_prefix="KUNDEAPP_CLI_", extra="ignore")

    gateway: str
    """The gateway, for logging in: `https://kundeapp.example.com`."""
    identity: str
    """Identity's gRPC server, host and port."""
    metering: str
    """Metering's gRPC server, host and port."""
    events: str
    """Events' gRPC server, host and port."""
    consent: str
    """Consent's gRPC server, host and port."""
    tls_certificate: Path
    """The certificate of the workload `cli`, PEM."""
    tls_key: Path
    """Its private key, PEM."""
    tls_authority: Path
    """The certificate of the authority that signs every workload's certificate, PEM."""
    session: Path
    """The file that the login is kept in."""

    @property
    def tls(self) -> Identity:
        """The certificate, key and authority."""
        return Identity(self.tls_certificate, self.tls_key, self.tls_authority)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Puts the environment before the data folder."""
        del dotenv_settings, file_secret_settings
        data = DataSettings().data
        left: dict[str, Any] = {"session": data / "cli" / "session.json"}
        addresses = addresses_file(data)
        if addresses.exists():
            left |= json.loads(addresses.read_text())
        return init_settings, env_settings, InitSettingsSource(settings_cls, left)


def addresses_file(data: Path) -> Path:
    """Returns the file in a data folder that holds the settings of its suite."""
    return data / "cli" / "settings.json"
