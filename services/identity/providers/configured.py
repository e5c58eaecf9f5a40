"""The file that names the providers; docs/identity-providers.md shows one."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    StringConstraints,
    TypeAdapter,
    model_validator,
)

from services.identity.domain.federation import Provider

_LOCAL = frozenset({"localhost", "127.0.0.1"})


def is_safe(url: str) -> bool:
    """Tells whether a URL is https, or http on this machine, and is nothing but an address."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # which is read only now
    except ValueError:
        return False
    is_private = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)
    return is_private and bool(parts.hostname) and parts.username is None and not parts.fragment


def _issuer(text: str) -> str:
    if not is_safe(text) or urlsplit(text).query:
        raise ValueError("an issuer is an https URL without query and fragment")
    return text


class ConfiguredProvider(BaseModel):
    """A provider, and how we are known there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
    """Its name in our URLs."""
    name: Annotated[str, StringConstraints(min_length=1, max_length=50)]
    """Its name for people."""
    issuer: Annotated[str, AfterValidator(_issuer)]
    """Its name in tokens, to the letter: a slash at the end counts."""
    client_id: Annotated[str, StringConstraints(min_length=1)]
    """Our name there."""
    client_secret_file: Path | None = None
    """The file that holds our secret there."""
    authentication: Literal["client_secret_basic", "client_secret_post", "none"] = (
        "client_secret_basic"
    )
    """How the secret is shown (OpenID Connect Core, 9)."""
    scopes: tuple[str, ...] = ("openid",)
    """What is asked for; nothing but the subject is used."""
    acr_values: tuple[str, ...] = ()
    """The levels of assurance that will do; one must stand in the ID token. Any if empty."""
    is_strong: bool = False
    """Whether a login there takes two factors, so that we ask for no second one."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if "openid" not in self.scopes:
            raise ValueError("the scope openid is missing")
        if (self.client_secret_file is None) != (self.authentication == "none"):
            raise ValueError("client_secret_file goes with every authentication but none")
        return self

    @property
    def provider(self) -> Provider:
        """What the rest of identity knows of it."""
        return Provider(self.id, self.name, self.issuer, self.is_strong)


# A secret that was put into the file by mistake is not to be repeated.
_FILE = TypeAdapter(tuple[ConfiguredProvider, ...], config=ConfigDict(hide_input_in_errors=True))


def providers_of(file: Path) -> tuple[ConfiguredProvider, ...]:
    """Returns the providers that a file names.

    Raises:
        OSError: If it cannot be read.
        ValueError: If something in it is wrong, or two providers have the same id or issuer: a
            link is to an issuer, so that it could not tell them apart.
    """
    providers = _FILE.validate_json(file.read_bytes())
    for names in ([each.id for each in providers], [each.issuer for each in providers]):
        name, times = Counter(names).most_common(1)[0] if names else ("", 0)
        if times > 1:
            raise ValueError(f"{file} names {name} more than once")
    return providers
