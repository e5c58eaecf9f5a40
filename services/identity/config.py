"""Identity's settings, read once from `KUNDEAPP_IDENTITY_…`; nothing else reads the environment."""

from datetime import timedelta
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from kit.courier import CourierSettings
from kit.settings import PartSettings, ServiceSettings
from services.identity.domain.passwords import SHORTEST_PASSWORD

_PREFIX = "KUNDEAPP_IDENTITY_"


class Settings(ServiceSettings, CourierSettings):
    """What the service can be told."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True)

    signing_keys: Path
    """A private JWK Set (RFC 7517) with EC keys on P-256, each with a `kid`: the first one signs
    access tokens, the others are published for as long as their tokens live. Read again when it
    changes."""
    secret_keys: Path
    """A JWK Set with `oct` keys of 256 bits or more, each with a `kid`: the first one is the pepper
    of new passwords and PINs, the others are kept for as long as a hash names them. It must outlive
    the database: without it no password and no PIN is right."""
    token_issuer: str = "kundeapp-identity"  # noqa: S105 - a name
    """The `iss` of access tokens."""
    token_audience: str = "kundeapp"  # noqa: S105 - a name
    """The `aud` of access tokens."""
    access_token_lifetime: timedelta = timedelta(minutes=10)
    """ISO 8601 or seconds."""
    app_session: timedelta = timedelta(days=30)
    """How long a login to the app lasts at the most."""
    web_session: timedelta = timedelta(hours=12)
    """How long a login in a browser lasts at the most."""
    web_idle: timedelta = timedelta(minutes=30)
    """How long a login in a browser lasts when it is not used."""
    public_url: str = "http://localhost:8080"
    """Where customers find Di side: what mails link to, whatever a request says."""
    passkey_rp_id: str = "localhost"
    """The domain that passkeys are made for, without scheme and port; all of them stop working when
    it is changed."""
    passkey_origins: tuple[str, ...] = ("http://localhost:8080",)
    """Where passkeys are taken, as a JSON list: origins of Di side, on that domain or below it, and
    `android:apk-key-hash:…` of the app."""
    shortest_password: int = Field(default=SHORTEST_PASSWORD, ge=10, le=64)
    """In characters. The list of passwords that have leaked knows none of fewer than ten."""
    hashing_threads: int = Field(default=2, ge=1)
    """How many passwords are hashed at once."""
    hashing_wait: float = Field(default=0.25, ge=0)
    """How long a password may wait to be hashed, in seconds; whoever would wait longer is told when
    to come back."""

    providers: Path | None = None
    """The third parties that customers can log in with (docs/identity-providers.md)."""
    provider_redirect_web: str = ""
    """Where they send people back to on Di side, to the letter as they know it."""
    provider_redirect_app: str = ""
    """Where they send people back to in the app, to the letter as they know it."""

    @model_validator(mode="after")
    def _providers_can_send_back(self) -> Self:
        redirects = (self.provider_redirect_web, self.provider_redirect_app)
        if self.providers is not None and not all(redirects):
            raise ValueError(
                f"set {_PREFIX}PROVIDER_REDIRECT_WEB and {_PREFIX}PROVIDER_REDIRECT_APP, "
                "where the providers send people back to"
            )
        return self

    @model_validator(mode="after")
    def _mail_can_be_sent(self) -> Self:
        if self.mailbox is None and not self.smtp_host:
            raise ValueError(f"set {_PREFIX}SMTP_HOST: customers are sent codes by e-mail")
        return self


class MigrationSettings(PartSettings):
    """What the migrations can be told."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True)

    database_url: str
    """The service's own database: `postgresql://user:password@host:port/name`."""
