"""Who is behind a request."""

import base64
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from joserfc import jwt as jose
from joserfc.jwk import ECKey

from gateway.session import ACCESS_TOKEN_TYPE, AccessKeys, Sessions
from kit import access, errors, jwt

NOW = datetime(2026, 4, 6, 12, tzinfo=UTC)
KIND = jwt.TokenKind(ACCESS_TOKEN_TYPE, "kundeapp-identity", "kundeapp")
_IN_TWO_DAYS = int((NOW + timedelta(days=2)).timestamp())
ACCOUNT = UUID("01985b6e-0d5c-7c7e-9a77-3f2f6f0c1a52")


class Clock:
    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment

    def pass_by(self, **time: float) -> None:
        self.moment += timedelta(**time)


class Identity:
    """Publishes keys, and counts how often it is asked."""

    def __init__(self) -> None:
        self.keys = [jwt.generate_key("first")]
        self.asked = 0
        self.is_down = False

    async def publish(self) -> bytes:
        self.asked += 1
        if self.is_down:
            raise errors.Unavailable
        return orjson.dumps({"keys": [key.as_dict(private=False) for key in self.keys]})


class House:
    """Identity and the gateway's sessions, at a moment that stands still."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.identity = Identity()
        self.internal_key = jwt.generate_key("internal")
        file = folder / "keys.json"
        file.write_bytes(orjson.dumps({"keys": [self.internal_key.as_dict(private=True)]}))
        keys = AccessKeys(self.identity.publish, self.clock)
        self.sessions = Sessions(keys, KIND, jwt.KeyFile(file), self.clock)

    def claims(self, **others: object) -> dict[str, Any]:
        return {
            "iss": KIND.issuer,
            "aud": KIND.audience,
            "sub": str(ACCOUNT),
            "sid": str(ACCOUNT),
            "customers": [str(ACCOUNT)],
            "roles": [],
            "auth_time": int(NOW.timestamp()),
            "amr": ["pwd"],
            "iat": int(NOW.timestamp()),
            "exp": int((NOW + timedelta(minutes=10)).timestamp()),
            "jti": "1",
            **others,
        }

    def token(
        self, claims: Mapping[str, Any] | None = None, key: ECKey | None = None, **header: object
    ) -> str:
        key = key or self.identity.keys[0]
        full = {"alg": "ES256", "typ": KIND.type, "kid": key.kid, **header}
        return jose.encode(full, dict(claims or self.claims()), key, algorithms=["ES256"])

    async def caller(self, token: str) -> access.Caller:
        return (await self.sessions.session(f"Bearer {token}")).caller


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def segment(part: Mapping[str, Any]) -> str:
    return encoded(orjson.dumps(part))


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_a_valid_token_says_who_calls(house: House) -> None:
    caller = await house.caller(house.token())
    assert caller.account_id == ACCOUNT
    assert caller.customer_ids == (ACCOUNT,)
    assert caller.methods == ("pwd",)


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Bearer x", "Basic eDp5", "Bearer a.b.c", "Bearer é"]
)
async def test_what_is_no_token_is_refused(house: House, authorization: str) -> None:
    with pytest.raises(errors.Unauthenticated):
        await house.sessions.session(authorization)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "another"},
        {"aud": "kundeapp-internal"},
        {"exp": int(NOW.timestamp()) - 1},
        {"exp": None},
        {"nbf": int(NOW.timestamp()) + 60},
        {"sub": "nobody"},
        {"customers": None},
        {"sid": None},
    ],
)
async def test_a_claim_that_is_wrong_is_refused(house: House, claims: dict[str, Any]) -> None:
    with pytest.raises(errors.Unauthenticated):
        await house.caller(house.token(house.claims(**claims)))


@pytest.mark.parametrize("typ", ["JWT", "AT+JWT", "application/at+jwt", "kundeapp-internal+jwt"])
async def test_another_type_of_token_is_refused(house: House, typ: str) -> None:
    with pytest.raises(errors.Unauthenticated):
        await house.caller(house.token(typ=typ))


async def test_a_token_that_brings_its_own_key_is_refused(house: House) -> None:
    forger = jwt.generate_key("first")
    with pytest.raises(errors.Unauthenticated):
        await house.caller(house.token(key=forger, jwk=forger.as_dict(private=False)))


async def test_a_token_of_another_key_with_the_same_name_is_refused(house: House) -> None:
    with pytest.raises(errors.Unauthenticated):
        await house.caller(house.token(key=jwt.generate_key("first")))


async def test_an_extension_that_is_critical_and_unknown_is_refused(house: House) -> None:
    head, body, signature = house.token().split(".")
    forged = segment({**json.loads(base64.urlsafe_b64decode(head + "==")), "crit": ["x"], "x": 1})
    with pytest.raises(errors.Unauthenticated):
        await house.caller(f"{forged}.{body}.{signature}")


@pytest.mark.parametrize("algorithm", ["HS256", "none"])
async def test_no_other_algorithm_is_taken(house: House, algorithm: str) -> None:
    header = {"alg": algorithm, "typ": KIND.type, "kid": "first"}
    signed = f"{segment(header)}.{segment(house.claims())}"
    public_key = house.identity.keys[0].as_pem(private=False)
    signature = hmac.digest(public_key, signed.encode(), "sha256") if algorithm != "none" else b""
    with pytest.raises(errors.Unauthenticated):
        await house.caller(f"{signed}.{encoded(signature)}")


async def test_a_token_ends_even_when_it_is_remembered(house: House) -> None:
    token = house.token()
    await house.caller(token)
    house.clock.pass_by(minutes=10, seconds=1)
    with pytest.raises(errors.Unauthenticated):
        await house.caller(token)


async def test_a_new_key_is_fetched_when_a_token_names_it(house: House) -> None:
    await house.caller(house.token())
    house.identity.keys.insert(0, jwt.generate_key("second"))
    await house.caller(house.token())
    assert house.identity.asked == 2


async def test_forged_key_names_do_not_make_the_gateway_ask_without_end(house: House) -> None:
    forged = jwt.generate_key("forged")
    for _ in range(50):
        with pytest.raises(errors.Unauthenticated):
            await house.caller(house.token(key=forged))
    assert house.identity.asked == 1 + 10
    house.clock.pass_by(seconds=11)
    with pytest.raises(errors.Unauthenticated):
        await house.caller(house.token(key=forged))
    assert house.identity.asked == 1 + 11


async def test_a_withdrawn_key_stops_working(house: House) -> None:
    await house.caller(house.token())
    withdrawn = house.identity.keys.pop()
    house.identity.keys.append(jwt.generate_key("second"))
    house.clock.pass_by(minutes=5, seconds=1)
    with pytest.raises(errors.Unauthenticated):
        await house.caller(house.token(house.claims(jti="2"), key=withdrawn))


async def test_known_keys_outlive_a_restart_of_identity(house: House) -> None:
    await house.caller(house.token())
    house.identity.is_down = True
    house.clock.pass_by(minutes=6)
    assert await house.caller(house.token(house.claims(jti="2")))


async def test_without_any_key_the_gateway_is_unavailable_and_tries_again(house: House) -> None:
    house.identity.is_down = True
    with pytest.raises(errors.Unavailable):
        await house.caller(house.token())
    house.identity.is_down = False
    house.clock.pass_by(seconds=1)
    assert await house.caller(house.token())


async def test_an_internal_token_is_kept_for_a_session_and_renewed_in_time(house: House) -> None:
    authorization = f"Bearer {house.token()}"
    first = (await house.sessions.session(authorization)).internal
    house.clock.pass_by(seconds=40)
    second = (await house.sessions.session(authorization)).internal
    house.clock.pass_by(seconds=10)
    third = (await house.sessions.session(authorization)).internal
    assert first == second
    assert third.expires_at > second.expires_at


async def test_after_our_clock_was_ahead_internal_tokens_are_of_now_again(house: House) -> None:
    authorization = f"Bearer {house.token(house.claims(exp=_IN_TWO_DAYS))}"
    house.clock.pass_by(days=1)
    await house.sessions.session(authorization)
    house.clock.pass_by(days=-1)
    token = (await house.sessions.session(authorization)).internal
    assert token.expires_at == NOW + access.INTERNAL_TOKEN_LIFETIME


async def test_after_our_clock_was_ahead_keys_are_fetched_as_ever(house: House) -> None:
    house.clock.pass_by(days=1)
    for _ in range(11):
        with pytest.raises(errors.Unauthenticated):
            await house.caller(house.token(key=jwt.generate_key("forged")))
    house.clock.pass_by(days=-1)
    house.identity.keys.insert(0, jwt.generate_key("second"))
    assert await house.caller(house.token())
    withdrawn = house.identity.keys.pop()
    house.clock.pass_by(minutes=5, seconds=1)
    with pytest.raises(errors.Unauthenticated):
        await house.caller(house.token(house.claims(jti="2"), key=withdrawn))


async def test_services_can_read_the_internal_token(house: House, tmp_path: Path) -> None:
    file = tmp_path / "public.json"
    file.write_bytes(orjson.dumps({"keys": [house.internal_key.as_dict(private=False)]}))
    token = (await house.sessions.session(f"Bearer {house.token()}")).internal
    reader = access.InternalTokens(jwt.KeyFile(file), house.clock)
    assert reader.caller(token.value, "gateway").account_id == ACCOUNT
