"""Every kind of caller, good and bad."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import ECKey

from kit import access, jwt
from kit.access import Caller
from kundeapp.access.v1 import access_pb2

PERSON = Caller(
    account_id=UUID("0195e0c0-0000-7000-8000-000000000001"),
    customer_ids=(UUID("0195e0c0-0000-7000-8000-000000000002"),),
    session_id=UUID("0195e0c0-0000-7000-8000-000000000003"),
    authenticated_at=datetime(2026, 3, 2, 11, tzinfo=UTC),
    methods=("pwd",),
)


@dataclass(frozen=True)
class Tokens:
    """Makes tokens: the right one, and each wrong in one thing only.

    Attributes:
        key: The gateway's own key.
        now: The moment at which they are made and read.
    """

    key: ECKey
    now: datetime

    def of(self, *roles: str, methods: Sequence[str] = ("pwd", "otp", "mfa")) -> str:
        """Returns a good token, of somebody who holds these roles and got in by these methods."""
        person = replace(PERSON, roles=frozenset(roles), methods=tuple(methods))
        return access.mint_internal_token(self.key, person, self.now).value

    def bad(self) -> Mapping[str, str]:
        """Returns bad authorizations by what is wrong with them; all else is right.

        The person holds every role, so that nothing but the named fault can be the cause.
        """
        good = self.of(*access_roles())
        claims = _json_of(good.split(".")[1])
        header = _json_of(good.split(".")[0])
        other_key = jwt.generate_key(header["kid"])
        at = jwt.TokenKind("at+jwt", access.INTERNAL_TOKEN.issuer, access.INTERNAL_TOKEN.audience)
        tokens = {
            "expired": self._signed(header, {**claims, "exp": _seconds(self.now)}),
            "without an end": self._signed(header, _without(claims, "exp")),
            "not valid yet": self._signed(
                header, {**claims, "nbf": _seconds(self.now + timedelta(hours=1))}
            ),
            "an access token": jwt.sign(at, self.key, claims),
            "without a type": self._signed(_without(header, "typ"), claims),
            "alg none": _unsigned({**header, "alg": "none"}, claims),
            "without a signature": good[: good.rindex(".") + 1],
            "signed with another key": jwt.sign(access.INTERNAL_TOKEN, other_key, claims),
            "of an unknown key": self._signed({**header, "kid": "unknown"}, claims),
            "without a key id": self._signed(_without(header, "kid"), claims),
            "signed with the public key as a secret": _hmac_signed(
                {**header, "alg": "HS256"}, claims, self.key.as_pem(private=False)
            ),
            "claims changed after signing": _with_claims(good, {**claims, "roles": ["OPERATOR"]}),
            "for another audience": self._signed(header, {**claims, "aud": "kundeapp"}),
            "without an audience": self._signed(header, _without(claims, "aud")),
            "of another issuer": self._signed(header, {**claims, "iss": "somebody"}),
            "with an unknown crit": self._signed({**header, "crit": ["new"], "new": 1}, claims),
            "with an embedded key": _embedding(other_key, header, claims),
            "with a key's address": self._signed(
                {**header, "jku": "https://localhost/keys"}, claims
            ),
            "without a subject": self._signed(header, _without(claims, "sub")),
            "with a subject that is no UUID": self._signed(header, {**claims, "sub": "x"}),
            "without roles": self._signed(header, _without(claims, "roles")),
            "empty": "",
            "no token": "hello",
            "three dots": "...",
            "a header that is a list": f"{_encoded(b'[]')}.{_encoded(b'{}')}.AA",
        }
        bad = {name: f"Bearer {token}" for name, token in tokens.items()}
        return bad | {"another scheme": f"Basic {good}", "no scheme": good}

    def _signed(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
        return _es256_signed(self.key, header, claims)


def access_roles() -> frozenset[str]:
    """Returns every role there is."""
    return frozenset(access_pb2.Staff.Role.keys()) - {"ROLE_UNSPECIFIED"}


def _es256_signed(key: ECKey, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    """Signs whatever it is given, unlike a library that keeps one from mistakes."""
    signed = f"{_part(header)}.{_part(claims)}"
    private = key.private_key
    assert private is not None
    r, s = utils.decode_dss_signature(private.sign(signed.encode(), ec.ECDSA(SHA256())))
    return f"{signed}.{_encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _hmac_signed(header: Mapping[str, Any], claims: Mapping[str, Any], secret: bytes) -> str:
    signed = f"{_part(header)}.{_part(claims)}"
    return f"{signed}.{_encoded(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def _unsigned(header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    return f"{_part(header)}.{_part(claims)}."


def _embedding(key: ECKey, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    return _es256_signed(key, {**header, "jwk": key.as_dict(private=False)}, claims)


def _with_claims(token: str, claims: Mapping[str, Any]) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{_part(claims)}.{signature}"


def _without(mapping: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return {key: value for key, value in mapping.items() if key != name}


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _part(mapping: Mapping[str, Any]) -> str:
    return _encoded(json.dumps(mapping).encode())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _json_of(part: str) -> dict[str, Any]:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
