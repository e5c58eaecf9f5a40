"""Forged access tokens at the gateway, most of them signed with identity's own key."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.e2e.suite import Suite

pytestmark = pytest.mark.e2e

MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def key(suite: Suite) -> ECKey:
    file = suite.data / "pki" / "access-signing-keys.json"
    return ECKey.import_key(json.loads(file.read_text())["keys"][0])


@pytest.fixture(scope="module")
def claims(suite: Suite, key: ECKey) -> Mapping[str, Any]:
    """What a good token says."""
    known = suite.demo["customers"][0]
    token = suite.log_in(known["email"], known["password"]).token
    assert _status(suite, token) == 200
    return jwt.decode(token, key).claims


def _status(suite: Suite, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{suite.url}/v1/me", headers=headers).status_code


def _signed(key: ECKey, claims: Mapping[str, Any], **header: object) -> str:
    full = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid, **header}
    return jwt.encode(full, dict(claims), key, algorithms=["ES256"])


def _at(moment: timedelta) -> int:
    return int((datetime.now(UTC) + moment).timestamp())


def test_the_same_claims_signed_again_are_good(
    suite: Suite, key: ECKey, claims: Mapping[str, Any]
) -> None:
    assert _status(suite, _signed(key, claims)) == 200


def test_an_unsigned_token_is_refused(suite: Suite, key: ECKey, claims: Mapping[str, Any]) -> None:
    header, body, signature = _signed(key, claims).split(".")
    unsigned = json.dumps({"alg": "none", "typ": "at+jwt", "kid": key.kid}).encode()
    none = base64.urlsafe_b64encode(unsigned).rstrip(b"=").decode()

    assert _status(suite, f"{none}.{body}.") == 401
    assert _status(suite, f"{none}.{body}.{signature}") == 401
    assert _status(suite, f"{header}.{body}.") == 401


def test_a_token_that_brings_its_own_key_is_refused(
    suite: Suite, key: ECKey, claims: Mapping[str, Any]
) -> None:
    forger = ECKey.generate_key("P-256", {"kid": str(key.kid)})

    assert _status(suite, _signed(forger, claims)) == 401
    assert _status(suite, _signed(forger, claims, jwk=forger.as_dict(private=False))) == 401
    assert _status(suite, _signed(key, claims, jwk=key.as_dict(private=False))) == 401


def test_an_unknown_critical_extension_is_refused(
    suite: Suite, key: ECKey, claims: Mapping[str, Any]
) -> None:
    header, body, signature = _signed(key, claims).split(".")
    known = json.loads(base64.urlsafe_b64decode(header + "=="))
    critical = json.dumps({**known, "crit": ["x"], "x": 1}).encode()
    encoded = base64.urlsafe_b64encode(critical).rstrip(b"=").decode()

    assert _status(suite, f"{encoded}.{body}.{signature}") == 401


def test_an_id_token_is_no_access_token(
    suite: Suite, key: ECKey, claims: Mapping[str, Any]
) -> None:
    assert _status(suite, _signed(key, {**claims, "nonce": "n"}, typ="JWT")) == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "another"},
        {"aud": "kundeapp-internal"},
        {"iss": "kundeapp-gateway"},
        {"exp": _at(-MINUTE)},
        {"nbf": _at(10 * MINUTE)},
        {"exp": None},
    ],
    ids=[
        "another audience",
        "the services' audience",
        "another issuer",
        "expired",
        "not yet valid",
        "without an end",
    ],
)
def test_a_token_for_another_or_out_of_its_time_is_refused(
    suite: Suite, key: ECKey, claims: Mapping[str, Any], wrong: Mapping[str, Any]
) -> None:
    assert _status(suite, _signed(key, {**claims, **wrong})) == 401
