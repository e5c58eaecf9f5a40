"""ID tokens, checked as OpenID Connect Core 1.0, 3.1.3.7 and RFC 8725 ask."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from joserfc import jws, jwt
from joserfc.errors import JoseError

from services.identity.providers.failures import DoesNotHold, UnknownKey
from services.identity.providers.published import Keys

ALGORITHMS = frozenset({"RS256", "PS256", "ES256"})
LEEWAY_SECONDS = 60
"""How much the provider's clock may differ from ours."""

_LONGEST_SUBJECT = 255  # OpenID Connect Core, 2

# A key, its address or a certificate in the token would be the sender's own word for it (RFC 8725,
# 3.10), and we understand no critical extension; fingerprints say nothing.
_HEADER_PARAMETERS = frozenset({"alg", "kid", "typ", "x5t", "x5t#S256"})


@dataclass(frozen=True)
class Expected:
    """What an ID token must say.

    Attributes:
        issuer: The provider.
        client_id: Our name there.
        nonce: The nonce of this login.
        algorithms: What the provider signs with.
        acr_values: The levels of assurance that will do; any if empty.
    """

    issuer: str
    client_id: str
    nonce: str = field(repr=False)
    algorithms: frozenset[str]
    acr_values: tuple[str, ...]


def verified(token: str, keys: Keys, expected: Expected, now: datetime) -> Mapping[str, Any]:
    """Returns the claims of an ID token.

    Raises:
        UnknownKey: If it names a key that is not among these.
        DoesNotHold: If it does not hold.
    """
    algorithm, key_id = _checked_header(token, expected)
    key = keys.get(key_id)
    if key is None:
        raise UnknownKey
    try:
        claims = jwt.decode(token, key, algorithms=[algorithm]).claims
        jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": expected.issuer},
            sub={"essential": True},
            aud={"essential": True, "value": expected.client_id},
            exp={"essential": True},
            iat={"essential": True},
        ).validate(claims)
    except JoseError as error:
        raise DoesNotHold(str(error)) from None
    except RecursionError:
        raise DoesNotHold("claims that are nested too deeply") from None
    _check_claims(claims, expected)
    return claims


def authenticated_at(claims: Mapping[str, Any], now: datetime) -> datetime:
    """Returns when the person proved who they are: not now, if the provider remembered them."""
    said = claims.get("auth_time")
    if not isinstance(said, int) or isinstance(said, bool):
        return now
    return datetime.fromtimestamp(max(0, min(said, int(now.timestamp()))), UTC)


def _checked_header(token: str, expected: Expected) -> tuple[str, str]:
    try:
        header: Any = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError):
        raise DoesNotHold("no JWT") from None
    if not isinstance(header, dict) or not header.keys() <= _HEADER_PARAMETERS:
        raise DoesNotHold("unexpected header parameters")
    parameters = cast("dict[str, Any]", header)
    if parameters.get("typ", "JWT") != "JWT":
        raise DoesNotHold("another kind of token")
    algorithm, key_id = parameters.get("alg"), parameters.get("kid")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS & expected.algorithms:
        raise DoesNotHold("another algorithm")
    if not isinstance(key_id, str):
        raise DoesNotHold("no key id")
    return algorithm, key_id


def _check_claims(claims: Mapping[str, Any], expected: Expected) -> None:
    if claims.get("nonce") != expected.nonce:
        raise DoesNotHold("nonce")
    audience = claims["aud"]
    has_others = isinstance(audience, list) and audience != [expected.client_id]
    if (has_others or "azp" in claims) and claims.get("azp") != expected.client_id:
        raise DoesNotHold("azp")
    subject: str = claims["sub"]
    is_short = 0 < len(subject) <= _LONGEST_SUBJECT
    if not (is_short and subject.isascii() and subject.isprintable()):
        raise DoesNotHold("sub")
    if expected.acr_values and claims.get("acr") not in expected.acr_values:
        raise DoesNotHold("acr")
