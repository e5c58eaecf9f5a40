"""Signed tokens: JWTs (RFC 7519) with ES256 (RFC 7518), read as strictly as RFC 8725 asks."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

ALGORITHM = "ES256"
_HEADER_PARAMETERS = {"alg", "kid", "typ"}
_ISSUED_AT = "iat"
"""Not held against our clock, which may be a little behind that of whoever signs: a login would be
refused at once. When a token ends is what counts."""


class InvalidToken(Exception):  # noqa: N818 - names what it found
    """The token is malformed, forged, of another kind, for somebody else, or out of its time."""


class UnknownKey(InvalidToken):
    """The token names a key that is not in the set; a newer set may have it."""


@dataclass(frozen=True)
class TokenKind:
    """What sets one kind of token apart from every other.

    Attributes:
        type: The `typ` header, explicit typing as RFC 8725, 3.11 asks.
        issuer: The `iss` claim.
        audience: The `aud` claim.
    """

    type: str
    issuer: str
    audience: str


def generate_key(key_id: str) -> ECKey:
    """Returns a new private key for ES256."""
    return ECKey.generate_key("P-256", {"kid": key_id, "alg": ALGORITHM, "use": "sig"})


def sign(kind: TokenKind, key: ECKey, claims: Mapping[str, Any]) -> str:
    """Returns a token with the claims given, and with those that make up its kind."""
    header = {"alg": ALGORITHM, "typ": kind.type, "kid": key.kid}
    body = {"iss": kind.issuer, "aud": kind.audience, **claims}
    return jwt.encode(header, body, key, algorithms=[ALGORITHM])


def verify(kind: TokenKind, keys: KeySet, token: str, now: datetime) -> dict[str, Any]:
    """Returns the claims of a token.

    Raises:
        UnknownKey: If the token names a key that is not in the set.
        InvalidToken: If it is no valid token of this kind at this moment.
    """
    key_id = _checked_header(kind, token)
    key = next((key for key in keys.keys if key.kid == key_id), None)
    if key is None:
        raise UnknownKey(key_id)
    try:
        claims = jwt.decode(token, key, algorithms=[ALGORITHM]).claims
        jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            iss={"essential": True, "value": kind.issuer},
            aud={"essential": True, "value": kind.audience},
            exp={"essential": True},
            sub={"essential": True},
        ).validate({name: value for name, value in claims.items() if name != _ISSUED_AT})
    except (JoseError, ValueError, RecursionError) as error:
        raise InvalidToken(str(error)) from error
    return claims


def _checked_header(kind: TokenKind, token: str) -> str:
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError) as error:
        raise InvalidToken("not a JWT") from error
    if header.keys() != _HEADER_PARAMETERS:
        raise InvalidToken("unexpected header parameters")
    if header["alg"] != ALGORITHM or header["typ"] != kind.type:
        raise InvalidToken("another kind of token")
    return str(header["kid"])


class KeyFile:
    """A JWK Set (RFC 7517) in a file, read again when the file changes, so that keys can rotate."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._version: tuple[int, int] | None = None
        self._keys = KeySet([])

    def keys(self) -> KeySet:
        """Returns the keys, the current one first.

        Raises:
            OSError: If the file cannot be read.
            ValueError: If it holds no JWK Set.
        """
        stat = self._path.stat()
        version = (stat.st_mtime_ns, stat.st_ino)
        with self._lock:
            if version != self._version:
                self._keys = self._read()
                self._version = version
            return self._keys

    def _read(self) -> KeySet:
        try:
            return KeySet.import_key_set(orjson.loads(self._path.read_bytes()))
        except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{self._path} holds no JWK Set with a key") from error

    def signing_key(self) -> ECKey:
        """Returns the key to sign with: the first one.

        Raises:
            ValueError: If it is no private EC key, or there is none.
        """
        keys = self.keys().keys
        if not keys or not isinstance(keys[0], ECKey) or not keys[0].is_private:
            raise ValueError(f"{self._path} must hold a private EC key first")
        return keys[0]
