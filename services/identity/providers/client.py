"""Sends people to a provider, and asks it whom it vouches for."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote_plus, urlencode

import httpx
import orjson
import structlog

from kit import errors
from kit.clock import Clock
from services.identity.domain.federation import (
    Flow,
    FlowSecret,
    Provider,
    ProviderAnswer,
    ProviderIdentity,
)
from services.identity.domain.problems import ProviderLoginFailed, ProviderUnavailable
from services.identity.domain.sessions import Client
from services.identity.providers import id_token
from services.identity.providers.configured import ConfiguredProvider
from services.identity.providers.failures import DoesNotHold, NoAnswer, UnknownKey
from services.identity.providers.http import post
from services.identity.providers.id_token import Expected
from services.identity.providers.published import Keys, Metadata, Published, keys_of, metadata_of

_log = structlog.get_logger()


@dataclass(frozen=True)
class _Known:
    """A provider with what it publishes."""

    configured: ConfiguredProvider
    secret: str = field(repr=False)
    metadata: Published[Metadata]
    keys: Published[Keys]


class OpenIdProviders:
    """The providers of a file; one that is down takes no other with it."""

    def __init__(
        self,
        configured: Sequence[ConfiguredProvider],
        redirects: Mapping[Client, str],
        client: httpx.AsyncClient,
        clock: Clock,
    ) -> None:
        """Reads the secrets; asks nobody yet.

        Args:
            configured: The providers.
            redirects: Where they send people back to, as they know it, to the letter.
            client: What talks to them.
            clock: Tells the time.

        Raises:
            OSError: If a secret cannot be read.
        """
        self._client = client
        self._clock = clock
        self._redirects = redirects
        self._known = {each.id: self._remember(each) for each in configured}

    def all(self) -> tuple[Provider, ...]:
        """Returns them, in the order of the file."""
        return tuple(known.configured.provider for known in self._known.values())

    def get(self, provider_id: str) -> Provider:
        """Returns one.

        Raises:
            NotFound: If there is none of this name.
        """
        return self._find(provider_id).configured.provider

    async def authorization_url(
        self, provider_id: str, client: Client, state: str, secret: FlowSecret
    ) -> str:
        """Returns where a person goes to log in there (OpenID Connect Core, 3.1.2.1).

        Raises:
            NotFound: If there is none of this name.
            ProviderUnavailable: If it does not answer.
        """
        known = self._find(provider_id)
        try:
            metadata = await known.metadata.get()
        except NoAnswer as error:
            raise _unavailable(known, str(error)) from None
        query = {
            "response_type": "code",
            "client_id": known.configured.client_id,
            "redirect_uri": self._redirects[client],
            "scope": " ".join(known.configured.scopes),
            "state": state,
            "nonce": secret.nonce,
            "code_challenge": secret.challenge,
            "code_challenge_method": "S256",
        }
        if known.configured.acr_values:
            query["acr_values"] = " ".join(known.configured.acr_values)
        endpoint = metadata.authorization_endpoint
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    async def identify(
        self, flow: Flow, secret: FlowSecret, answer: ProviderAnswer
    ) -> ProviderIdentity:
        """Exchanges a code for whom the provider vouches for.

        Raises:
            NotFound: If there is no such provider any more.
            ProviderLoginFailed: If the answer does not hold.
            ProviderUnavailable: If the provider does not answer.
        """
        known = self._find(flow.provider_id)
        try:
            metadata = await known.metadata.get()
            _check_issuer(metadata, answer.issuer)
            token = await self._exchange(known, metadata, flow.client, secret, answer.code)
            claims = await self._verified(known, metadata, secret, token)
        except NoAnswer as error:
            raise _unavailable(known, str(error)) from None
        except DoesNotHold as error:
            _log.warning(
                "a provider's answer was refused", provider=flow.provider_id, why=str(error)
            )
            raise ProviderLoginFailed(known.configured.name) from None
        authenticated_at = id_token.authenticated_at(claims, self._clock.now())
        return ProviderIdentity(known.configured.issuer, claims["sub"], authenticated_at)

    def _remember(self, configured: ConfiguredProvider) -> _Known:
        file = configured.client_secret_file
        metadata = Published(lambda: metadata_of(self._client, configured.issuer), self._clock)

        async def keys() -> Keys:
            return await keys_of(self._client, (await metadata.get()).jwks_uri)

        secret = file.read_text().strip() if file else ""
        return _Known(configured, secret, metadata, Published(keys, self._clock))

    def _find(self, provider_id: str) -> _Known:
        try:
            return self._known[provider_id]
        except KeyError:
            raise errors.NotFound from None

    async def _exchange(
        self, known: _Known, metadata: Metadata, client: Client, secret: FlowSecret, code: str
    ) -> str:
        """Returns the ID token that a code stands for (OpenID Connect Core, 3.1.3)."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirects[client],
            "code_verifier": secret.verifier,
        }
        headers: dict[str, str] = {}
        match known.configured.authentication:
            case "client_secret_basic":
                headers["Authorization"] = _basic(known.configured.client_id, known.secret)
            case "client_secret_post":
                form |= {"client_id": known.configured.client_id, "client_secret": known.secret}
            case "none":
                form["client_id"] = known.configured.client_id
        answer = await post(self._client, metadata.token_endpoint, form, headers)
        try:
            content = orjson.loads(answer.body)
        except ValueError:
            content = None
        told = cast("dict[str, Any]", content) if isinstance(content, dict) else {}
        if answer.status == HTTPStatus.BAD_REQUEST and told.get("error") == "invalid_grant":
            raise DoesNotHold("invalid_grant")
        token = told.get("id_token")
        if answer.status != HTTPStatus.OK or not isinstance(token, str):
            raise NoAnswer(f"HTTP {answer.status} without an ID token")
        return token

    async def _verified(
        self, known: _Known, metadata: Metadata, secret: FlowSecret, token: str
    ) -> Mapping[str, Any]:
        expected = Expected(
            issuer=known.configured.issuer,
            client_id=known.configured.client_id,
            nonce=secret.nonce,
            algorithms=frozenset(metadata.id_token_signing_alg_values_supported),
            acr_values=known.configured.acr_values,
        )
        now = self._clock.now()
        try:
            return id_token.verified(token, await known.keys.get(), expected, now)
        except UnknownKey:
            return id_token.verified(token, await known.keys.newer(), expected, now)


def _check_issuer(metadata: Metadata, said: str) -> None:
    """Refuses another provider's answer, so that its code is not shown to this one (RFC 9207)."""
    is_promised = metadata.authorization_response_iss_parameter_supported
    if (said or is_promised) and said != metadata.issuer:
        raise DoesNotHold("iss in the answer")


def _basic(client_id: str, secret: str) -> str:
    """Returns the Authorization header, each part form-encoded first (RFC 6749, 2.3.1)."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _unavailable(known: _Known, why: str) -> ProviderUnavailable:
    _log.warning("a provider is out of reach", provider=known.configured.id, why=why)
    return ProviderUnavailable(known.configured.name)
