"""Access tokens, and the keys that sign them."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import orjson
import pytest
from joserfc.jwk import KeySet, OctKey

from kit import access, jwt
from kit.ids import SystemIds
from services.identity.domain.accounts import Account, Role
from services.identity.domain.customers import Customer
from services.identity.domain.sessions import Session
from services.identity.tokens import SignedAccessTokens

NOW = datetime(2026, 4, 6, 11, 0, 0, 250_000, tzinfo=UTC)
KIND = jwt.TokenKind("at+jwt", "kundeapp-identity", "kundeapp")
CUSTOMER = Customer(UUID(int=3), "100001", "Kari", "", "", None, UUID(int=2))
ACCOUNT = Account(UUID(int=2), "kari@example.no", frozenset({Role.OPERATOR}), (CUSTOMER,))
SESSION = Session(UUID(int=1), ACCOUNT.id, NOW, ("pwd",), NOW + timedelta(days=30))


def write_keys(path: Path, *key_ids: str) -> None:
    keys = [jwt.generate_key(key_id).as_dict(private=True) for key_id in key_ids]
    new = path.with_suffix(".new")
    new.write_bytes(orjson.dumps({"keys": keys}))
    new.replace(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "signing.json"
    write_keys(path, "first")
    return path


@pytest.fixture
def tokens(path: Path) -> SignedAccessTokens:
    return SignedAccessTokens(jwt.KeyFile(path), KIND, timedelta(minutes=10), SystemIds())


def public(tokens: SignedAccessTokens) -> KeySet:
    return KeySet.import_key_set(orjson.loads(tokens.public_key_set()))


def test_a_token_says_who_calls_and_how_they_proved_it(tokens: SignedAccessTokens) -> None:
    token = tokens.issue(SESSION, ACCOUNT, NOW)
    claims = jwt.verify(KIND, public(tokens), token.value, NOW)
    caller = access.caller_of(claims)

    assert caller.account_id == ACCOUNT.id
    assert caller.session_id == SESSION.id
    assert caller.customer_ids == (CUSTOMER.id,)
    assert caller.roles == {"OPERATOR"}
    assert caller.methods == ("pwd",)
    assert caller.authenticated_at == NOW.replace(microsecond=0)


def test_a_token_holds_no_contact_details(tokens: SignedAccessTokens) -> None:
    claims = jwt.verify(KIND, public(tokens), tokens.issue(SESSION, ACCOUNT, NOW).value, NOW)

    assert set(claims) == {
        *("iss", "aud", "sub", "sid", "customers", "roles"),
        *("auth_time", "amr", "iat", "exp", "jti"),
    }


def test_a_token_works_for_ten_minutes(tokens: SignedAccessTokens) -> None:
    token = tokens.issue(SESSION, ACCOUNT, NOW)

    assert token.expires_at == NOW.replace(microsecond=0) + timedelta(minutes=10)
    with pytest.raises(jwt.InvalidToken):
        jwt.verify(KIND, public(tokens), token.value, token.expires_at + timedelta(seconds=1))


def test_a_token_does_not_outlive_its_session(tokens: SignedAccessTokens) -> None:
    late = SESSION.expires_at - timedelta(minutes=1)

    assert tokens.issue(SESSION, ACCOUNT, late).expires_at <= SESSION.expires_at


def test_no_private_key_is_published(tokens: SignedAccessTokens) -> None:
    [key] = orjson.loads(tokens.public_key_set())["keys"]

    assert key["kid"] == "first"
    assert "d" not in key


def test_a_new_key_signs_at_once_and_tokens_of_the_old_one_still_work(
    path: Path, tokens: SignedAccessTokens
) -> None:
    old_keys = orjson.loads(path.read_bytes())["keys"]
    old_token = tokens.issue(SESSION, ACCOUNT, NOW)
    new_key = jwt.generate_key("second").as_dict(private=True)
    path.write_bytes(orjson.dumps({"keys": [new_key, *old_keys]}))
    os.utime(path, ns=(1, 1))

    new_token = tokens.issue(SESSION, ACCOUNT, NOW)

    assert [key.kid for key in public(tokens).keys] == ["second", "first"]
    for token in (old_token, new_token):
        assert jwt.verify(KIND, public(tokens), token.value, NOW)


@pytest.mark.parametrize(
    "key",
    [
        OctKey.generate_key(256, {"kid": "secret"}).as_dict(),
        jwt.generate_key("public").as_dict(private=False),
    ],
)
def test_a_file_without_a_private_key_for_es256_is_refused(
    path: Path, tokens: SignedAccessTokens, key: dict[str, str]
) -> None:
    path.write_bytes(orjson.dumps({"keys": [key]}))
    os.utime(path, ns=(1, 1))

    with pytest.raises(ValueError, match="private EC key"):
        tokens.issue(SESSION, ACCOUNT, NOW)
