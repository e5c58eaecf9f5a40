"""What a provider publishes of itself: its metadata and its keys, remembered for a while."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Generic, TypeVar, cast

import httpx
import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, RSAKey
from pydantic import BaseModel, ConfigDict, ValidationError

from kit.clock import Clock
from services.identity.providers.configured import is_safe
from services.identity.providers.failures import NoAnswer
from services.identity.providers.http import fetch

SHORTEST_RSA_KEY = 2048
"""In bits (RFC 7518, 3.3)."""

_GOES_STALE_AFTER = timedelta(minutes=10)
_ASK_AT_MOST_EVERY = timedelta(seconds=10)

_T = TypeVar("_T")

Keys = dict[str, RSAKey | ECKey]
"""Public keys by their `kid`."""


class Metadata(BaseModel):
    """What we need of OpenID Connect Discovery 1.0, 3, and of RFC 9207, 3."""

    model_config = ConfigDict(frozen=True, strict=True)

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    id_token_signing_alg_values_supported: list[str]
    authorization_response_iss_parameter_supported: bool = False


class Published(Generic[_T]):
    """A document of a provider, fetched again when it goes stale.

    A provider that does not answer is asked again after ten seconds, and one that does not know a
    key is not asked more often either, so that nobody can make us ask without end.
    """

    def __init__(self, fetch: Callable[[], Awaitable[_T]], clock: Clock) -> None:
        """Keeps how to fetch it.

        Args:
            fetch: Returns it, or raises NoAnswer.
            clock: Tells how old it is.
        """
        self._fetch = fetch
        self._clock = clock
        self._known: tuple[_T, datetime] | None = None
        self._next_try: datetime | None = None
        self._lock = asyncio.Lock()

    async def get(self) -> _T:
        """Returns it, ten minutes old at most.

        Raises:
            NoAnswer: If it cannot be fetched.
        """
        return await self._younger_than(_GOES_STALE_AFTER)

    async def newer(self) -> _T:
        """Returns it, ten seconds old at most.

        Raises:
            NoAnswer: If it cannot be fetched.
        """
        return await self._younger_than(_ASK_AT_MOST_EVERY)

    async def _younger_than(self, age: timedelta) -> _T:
        async with self._lock:
            now = self._clock.now()
            if self._known is not None and now - self._known[1] < age:
                return self._known[0]
            if self._next_try is not None and now < self._next_try:
                raise NoAnswer("asked a moment ago")
            try:
                self._known = await self._fetch(), now
            except NoAnswer:
                # From the end of the attempt on: one that hangs must not make the next one hang.
                self._next_try = self._clock.now() + _ASK_AT_MOST_EVERY
                raise
            return self._known[0]


async def metadata_of(client: httpx.AsyncClient, issuer: str) -> Metadata:
    """Returns the metadata of an issuer.

    Raises:
        NoAnswer: If it cannot be had, or is another's.
    """
    url = issuer.rstrip("/") + "/.well-known/openid-configuration"
    try:
        metadata = Metadata.model_validate(await _json(client, url))
    except ValidationError as error:
        raise NoAnswer("no metadata") from error
    if metadata.issuer != issuer:
        raise NoAnswer("the metadata of another issuer")
    endpoints = (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri)
    is_local = issuer.startswith("http:")
    if not all(is_safe(url) and (is_local or url.startswith("https:")) for url in endpoints):
        raise NoAnswer("an endpoint that is not https")
    return metadata


async def keys_of(client: httpx.AsyncClient, url: str) -> Keys:
    """Returns the keys of a JWK Set that can check what we accept; others are left out.

    Raises:
        NoAnswer: If it cannot be had.
    """
    document = await _json(client, url)
    listed = document.get("keys")
    if not isinstance(listed, list):
        raise NoAnswer("no JWK Set")
    keys = (_key(each) for each in cast("list[Any]", listed))
    return {key.kid: key for key in keys if key is not None and key.kid}


def _key(data: Any) -> RSAKey | ECKey | None:
    try:
        key = JWKRegistry.import_key(data)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None
    if isinstance(key, ECKey):
        return key
    is_long = isinstance(key, RSAKey) and key.raw_value.key_size >= SHORTEST_RSA_KEY
    return key if isinstance(key, RSAKey) and is_long else None


async def _json(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    answer = await fetch(client, url)
    if answer.status != HTTPStatus.OK:
        raise NoAnswer(f"HTTP {answer.status}")
    try:
        content = orjson.loads(answer.body)
    except ValueError:
        raise NoAnswer("no JSON") from None
    if not isinstance(content, dict):
        raise NoAnswer("no JSON object")
    return cast("dict[str, Any]", content)
