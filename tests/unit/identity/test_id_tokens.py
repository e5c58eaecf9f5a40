"""ID tokens: which ones hold."""

import base64
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from services.identity.providers import id_token
from services.identity.providers.failures import DoesNotHold, UnknownKey
from services.identity.providers.id_token import Expected
from services.identity.providers.published import Keys

NOW = datetime(2026, 4, 6, 11, tzinfo=UTC)
ISSUER = "https://bankid.example.no"
EXPECTED = Expected(
    issuer=ISSUER,
    client_id="kundeapp",
    nonce="the nonce",
    algorithms=frozenset({"RS256", "PS256", "ES256", "HS256", "none"}),
    acr_values=(),
)
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})
STRANGER = RSAKey.generate_key(2048, {"kid": "rsa"})
KEYS: Keys = {"rsa": RSA, "ec": EC}
SIGNING = {"RS256": RSA, "PS256": RSA, "ES256": EC}


def seconds(**since_now: int) -> int:
    return int((NOW + timedelta(**since_now)).timestamp())


def claims(**changed: Any) -> dict[str, Any]:
    """The claims of a good token, but for some; None leaves one out."""
    good = {
        "iss": ISSUER,
        "sub": "9578-5999-4-1765512",
        "aud": "kundeapp",
        "exp": seconds(minutes=5),
        "iat": seconds(),
        "nonce": "the nonce",
    }
    return {name: value for name, value in (good | changed).items() if value is not None}


def signed(
    content: Mapping[str, Any], algorithm: str = "RS256", key: RSAKey | ECKey | None = None
) -> str:
    key = key or SIGNING[algorithm]
    return jwt.encode({"alg": algorithm, "kid": key.kid}, dict(content), key, [algorithm])


def base64url(content: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(content)).rstrip(b"=").decode()


def unsigned(header: object, content: object) -> str:
    return f"{base64url(header)}.{base64url(content)}."


def with_header(**changed: Any) -> str:
    """A good token but for its header; None leaves a parameter out."""
    header = {"alg": "RS256", "kid": "rsa", "typ": "JWT"} | changed
    header = {name: value for name, value in header.items() if value is not None}
    signed_part = unsigned(header, claims()).rstrip(".")
    assert RSA.private_key is not None
    signature = RSA.private_key.sign(signed_part.encode(), PKCS1v15(), SHA256())
    return f"{signed_part}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def with_content(content: bytes) -> str:
    """A token that is signed, whatever its content is."""
    header = base64url({"alg": "RS256", "kid": "rsa"})
    signed_part = f"{header}.{base64.urlsafe_b64encode(content).rstrip(b'=').decode()}"
    assert RSA.private_key is not None
    signature = RSA.private_key.sign(signed_part.encode(), PKCS1v15(), SHA256())
    return f"{signed_part}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def verified(token: str, expected: Expected = EXPECTED) -> Mapping[str, Any]:
    return id_token.verified(token, KEYS, expected, NOW)


def signed_with_the_public_key_as_a_secret() -> str:
    signed_part = unsigned({"alg": "HS256", "kid": "rsa", "typ": "JWT"}, claims()).rstrip(".")
    signature = hmac.digest(RSA.as_pem(private=False), signed_part.encode(), "sha256")
    return f"{signed_part}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def with_a_bent_signature() -> str:
    content, _, signature = signed(claims()).rpartition(".")
    return f"{content}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"


def with_other_claims() -> str:
    header, _, signature = signed(claims()).split(".")
    return f"{header}.{base64url(claims(sub='somebody else'))}.{signature}"


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
def test_a_token_of_the_provider_holds(algorithm: str) -> None:
    assert verified(signed(claims(), algorithm))["sub"] == "9578-5999-4-1765512"


@pytest.mark.parametrize(
    "good",
    [
        claims(aud=["kundeapp"]),
        claims(aud=["kundeapp", "another"], azp="kundeapp"),
        claims(azp="kundeapp"),
        claims(exp=seconds(seconds=-59)),
        claims(iat=seconds(seconds=60)),
        claims(nbf=seconds(seconds=60)),
        claims(sub="s" * 255),
        claims(email="kari@example.no", email_verified=True),
    ],
)
def test_what_the_standard_allows_holds(good: Mapping[str, Any]) -> None:
    assert verified(signed(good))


@pytest.mark.parametrize("header", [{}, {"typ": None}, {"x5t": "a fingerprint"}])
def test_a_header_that_says_nothing_more_holds(header: Mapping[str, Any]) -> None:
    assert verified(with_header(**header))


@pytest.mark.parametrize(
    "bad",
    [
        claims(iss=None),
        claims(iss="https://evil.example"),
        claims(iss=ISSUER + "/"),
        claims(iss=[ISSUER]),
        claims(sub=None),
        claims(sub=""),
        claims(sub=7),
        claims(sub="s" * 256),
        claims(sub="kåre"),
        claims(sub="a\0b"),
        claims(aud=None),
        claims(aud="another"),
        claims(aud=[]),
        claims(aud=["another"]),
        claims(aud=["kundeapp", "another"]),
        claims(aud=["kundeapp", "another"], azp="another"),
        claims(azp="another"),
        claims(exp=None),
        claims(exp=seconds(seconds=-60)),
        claims(exp="tomorrow"),
        claims(exp=True),
        claims(iat=None),
        claims(iat=seconds(seconds=61)),
        claims(nbf=seconds(seconds=61)),
        claims() | {"nonce": None},
        claims(nonce=None),
        claims(nonce=""),
        claims(nonce="another"),
        claims(nonce=["the nonce"]),
    ],
    ids=", ".join,
)
@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_token_with_wrong_claims_is_refused(bad: Mapping[str, Any], algorithm: str) -> None:
    with pytest.raises(DoesNotHold):
        verified(signed(bad, algorithm))


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "at+jwt"},  # an access token (RFC 9068)
        {"typ": "logout+jwt"},
        {"typ": ""},
        {"jwk": RSA.as_dict(private=False)},
        {"jku": ISSUER + "/keys"},
        {"x5u": ISSUER + "/certificate"},
        {"x5c": ["a certificate"]},
        {"crit": ["exp"], "exp": 1},
        {"crit": []},
        {"b64": True},
        {"kid": None},
        {"cty": "JWT"},
    ],
    ids=", ".join,
)
def test_a_token_with_an_unexpected_header_is_refused(header: Mapping[str, Any]) -> None:
    with pytest.raises(DoesNotHold):
        verified(with_header(**header))


@pytest.mark.parametrize(
    "forged",
    [
        lambda: unsigned({"alg": "none", "typ": "JWT"}, claims()),
        lambda: unsigned({"alg": "none", "typ": "JWT", "kid": "rsa"}, claims()),
        lambda: unsigned({"alg": "RS256", "typ": "JWT", "kid": "rsa"}, claims()),
        signed_with_the_public_key_as_a_secret,
        lambda: signed(claims(), key=STRANGER),
        lambda: with_header(alg="PS256"),
        lambda: with_header(alg="ES256", kid="ec"),
        lambda: with_header(kid="ec"),
        with_a_bent_signature,
        with_other_claims,
        lambda: signed(claims()) + ".more",
        lambda: signed(claims()).replace(".", "..", 1),
        lambda: unsigned([], claims()),
        lambda: unsigned(["alg"], claims()),
        lambda: unsigned("alg", claims()),
        lambda: unsigned({"alg": ["RS256"], "kid": "rsa"}, claims()),
        lambda: unsigned({"alg": "RS256", "kid": {"rsa": 1}}, claims()),
        lambda: "",
        lambda: "no token",
        lambda: "å.å.å",
        lambda: signed(claims(filling="x" * 200_000)),
        lambda: with_content(b'{"aud":' + b"[" * 5000),
    ],
)
def test_a_forged_token_is_refused(forged: Callable[[], str]) -> None:
    with pytest.raises(DoesNotHold):
        verified(forged())


def test_a_token_by_an_unknown_key_may_be_of_a_newer_one() -> None:
    with pytest.raises(UnknownKey):
        verified(with_header(kid="new"))


def test_an_algorithm_that_the_provider_does_not_use_is_refused() -> None:
    only_ec = Expected(ISSUER, "kundeapp", "the nonce", frozenset({"ES256"}), ())

    assert verified(signed(claims(), "ES256"), only_ec)
    with pytest.raises(DoesNotHold):
        verified(signed(claims(), "RS256"), only_ec)


def test_a_level_of_assurance_that_is_asked_for_must_be_reached() -> None:
    strong = Expected(ISSUER, "kundeapp", "the nonce", frozenset({"RS256"}), ("high", "higher"))

    assert verified(signed(claims(acr="higher")), strong)
    for acr in ("low", "", None, ["high"]):
        with pytest.raises(DoesNotHold):
            verified(signed(claims(acr=acr)), strong)


@pytest.mark.parametrize(
    ("auth_time", "expected"),
    [
        (seconds(hours=-2), NOW - timedelta(hours=2)),
        (seconds(minutes=1), NOW),
        (None, NOW),
        ("yesterday", NOW),
        (-(10**30), datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_person_whom_the_provider_remembered_did_not_just_log_in(
    auth_time: object, expected: datetime
) -> None:
    assert id_token.authenticated_at({"auth_time": auth_time}, NOW) == expected
