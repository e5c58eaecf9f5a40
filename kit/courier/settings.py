"""How messages reach people; a service that sends some inherits these settings."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class CourierSettings(BaseSettings):
    """Where messages go; a channel without a setting cannot be used."""

    model_config = SettingsConfigDict(frozen=True)

    mailbox: Path | None = None
    """A folder that takes every message instead of its being sent, on a developer's machine."""

    mail_from: str = "Kundeapp <kundeapp@localhost>"
    """Whom mails are from, and whose domain stands in their Message-ID."""
    smtp_host: str = ""
    """The mail server."""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_tls: Literal["none", "starttls", "tls"] = "starttls"
    """How the connection is kept private; without it nothing is sent."""
    smtp_authority: Path | None = None
    """The authority of the mail server's certificate, PEM; a public one if not set."""
    smtp_user: str = ""
    """The name to log in with; no login if empty."""
    smtp_password_file: Path | None = None
    """The file that holds the password."""

    sms_url: str = ""
    """Where SMS are posted (docs/courier.md)."""
    sms_token_file: Path | None = None
    """The file that holds the token for it."""
    push_url: str = ""
    """Where push messages are posted (docs/courier.md)."""
    push_token_file: Path | None = None
    """The file that holds the token for it."""

    messages_per_hour: int = Field(default=10, ge=1)
    """How many messages of one purpose a recipient gets in an hour at most; others are dropped."""
