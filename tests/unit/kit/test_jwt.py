"""Tokens are read strictly; `tests/security` shows each forgery to a live server."""

import base64
import contextlib
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, KeySet, RSAKey

from kit import access, errors, jwt
from kit.access import Caller, InternalTokens
from kit.jwt import InvalidToken, KeyFile, TokenKind, UnknownKey
from kit.testing import FrozenClock
from kit.testing.fakes import MOMENT
from tests.security.callers import PERSON, Tokens

KIND = TokenKind("test+jwt", "issuer", "audience")
KEY = jwt.generate_key("one")
KEYS = KeySet([KEY])
CLAIMS = {"sub": "somebody", "exp": int((MOMENT + timedelta(seconds=60)).timestamp())}


def test_a_good_token_gives_its_claims() -> None:
    token = jwt.sign(KIND, KEY, {**CLAIMS, "more": [1, 2]})
    claims = jwt.verify(KIND, KEYS, token, MOMENT)
    assert claims == {**CLAIMS, "more": [1, 2], "iss": "issuer", "aud": "audience"}


def test_a_token_ends_on_the_second() -> None:
    token = jwt.sign(KIND, KEY, CLAIMS)
    jwt.verify(KIND, KEYS, token, MOMENT + timedelta(seconds=59))
    with pytest.raises(InvalidToken):
        jwt.verify(KIND, KEYS, token, MOMENT + timedelta(seconds=60))


def test_a_token_of_somebody_whose_clock_is_ahead_is_good() -> None:
    issued_at = int((MOMENT + timedelta(seconds=5)).timestamp())
    jwt.verify(KIND, KEYS, jwt.sign(KIND, KEY, {**CLAIMS, "iat": issued_at}), MOMENT)


@pytest.mark.parametrize(
    "other",
    [
        TokenKind("at+jwt", KIND.issuer, KIND.audience),
        TokenKind(KIND.type, "somebody", KIND.audience),
        TokenKind(KIND.type, KIND.issuer, "somebody"),
    ],
)
def test_a_token_of_another_kind_is_none_of_this(other: TokenKind) -> None:
    with pytest.raises(InvalidToken):
        jwt.verify(KIND, KEYS, jwt.sign(other, KEY, CLAIMS), MOMENT)


def test_a_key_that_is_not_in_the_set_is_told_apart_so_that_a_newer_set_can_be_fetched() -> None:
    token = jwt.sign(KIND, jwt.generate_key("two"), CLAIMS)
    with pytest.raises(UnknownKey):
        jwt.verify(KIND, KEYS, token, MOMENT)
    with pytest.raises(UnknownKey):
        jwt.verify(KIND, KeySet([]), token, MOMENT)


def test_a_key_of_another_type_under_the_right_name_verifies_nothing() -> None:
    wrong: list[ECKey | RSAKey] = [
        ECKey.generate_key("P-384", {"kid": "one"}),
        RSAKey.generate_key(2048, {"kid": "one"}),
    ]
    for key in wrong:
        with pytest.raises(InvalidToken):
            jwt.verify(KIND, KeySet([key]), jwt.sign(KIND, KEY, CLAIMS), MOMENT)


@given(st.text())
def test_nonsense_is_no_token(token: str) -> None:
    with pytest.raises(InvalidToken):
        jwt.verify(KIND, KEYS, token, MOMENT)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(), parts, max_size=3),
    max_leaves=5,
)


@given(_JSON)
def test_any_header_but_ours_is_refused(header: object) -> None:
    encoded = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    _, payload, signature = jwt.sign(KIND, KEY, CLAIMS).split(".")
    with pytest.raises(InvalidToken):
        jwt.verify(KIND, KEYS, f"{encoded}.{payload}.{signature}", MOMENT)


@given(st.fixed_dictionaries({"alg": _JSON, "typ": _JSON, "kid": _JSON}))
def test_any_value_in_our_header_is_refused(header: dict[str, Any]) -> None:
    encoded = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    _, payload, signature = jwt.sign(KIND, KEY, CLAIMS).split(".")
    with pytest.raises(InvalidToken):
        jwt.verify(KIND, KEYS, f"{encoded}.{payload}.{signature}", MOMENT)


@given(st.sampled_from(["exp", "nbf", "iat", "sub", "aud", "iss"]), _JSON)
def test_a_claim_of_a_wrong_type_is_no_crash(name: str, value: object) -> None:
    token = jwt.sign(KIND, KEY, {**CLAIMS, name: value})
    with contextlib.suppress(InvalidToken):
        jwt.verify(KIND, KEYS, token, MOMENT)


@given(
    st.sampled_from(["sub", "sid", "customers", "roles", "auth_time", "amr"]),
    _JSON | st.just(10**30),
)
def test_a_person_of_a_wrong_type_is_no_crash(name: str, value: object) -> None:
    with contextlib.suppress(InvalidToken):
        access.caller_of({**access.claims_of(PERSON), name: value})


def test_what_is_minted_is_what_is_read(key_file: Path) -> None:
    clock = FrozenClock()
    minted = access.mint_internal_token(KeyFile(key_file).signing_key(), PERSON, clock.now())
    tokens = InternalTokens(KeyFile(key_file), clock)
    assert tokens.caller(minted.value, "gateway") == replace(PERSON, workload="gateway")
    assert minted.expires_at - clock.now() == timedelta(seconds=60)


def test_every_forgery_is_refused_and_remembered_by_nobody(key_file: Path) -> None:
    clock = FrozenClock()
    tokens = InternalTokens(KeyFile(key_file), clock)
    key = KeyFile(key_file).signing_key()
    bearers = Tokens(key, clock.now()).bad().values()
    for token in (bearer.removeprefix("Bearer ") for bearer in bearers if "Bearer" in bearer):
        for _ in range(2):
            with pytest.raises(errors.Unauthenticated):
                tokens.caller(token, "gateway")


def test_keys_can_be_rotated_while_the_process_runs(key_file: Path) -> None:
    keys = KeyFile(key_file)
    assert keys.signing_key().kid == "one"
    new = jwt.generate_key("two")
    _write(key_file, new, KEY)
    assert keys.signing_key().kid == "two"
    assert [key.kid for key in keys.keys().keys] == ["two", "one"]


def test_a_key_file_without_a_private_key_signs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": [KEY.as_dict(private=False)]}))
    with pytest.raises(ValueError, match="private EC key"):
        KeyFile(path).signing_key()


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"keys": []}', '{"keys": 1}', '{"keys": [1]}']
)
def test_a_file_without_keys_is_told_apart_from_a_bad_token(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"keys\.json"):
        KeyFile(path).keys()


def test_nobody_has_no_account() -> None:
    with pytest.raises(errors.Unauthenticated):
        _ = Caller().account
    assert PERSON.account == PERSON.account_id


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    _write(path, KEY)
    return path


def _write(path: Path, *keys: ECKey) -> None:
    """Writes a key file as a secret store does: a new file takes the place of the old."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps({"keys": [key.as_dict(private=True) for key in keys]}))
    new.replace(path)
