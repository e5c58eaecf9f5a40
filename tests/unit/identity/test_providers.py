"""Providers: what they publish, what they answer, and what of it is believed; without a socket."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from traceback import format_exception
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from kit import errors
from kit.testing import FrozenClock, logged_by
from services.identity.domain.federation import Flow, FlowSecret, ProviderAnswer
from services.identity.domain.problems import ProviderLoginFailed, ProviderUnavailable
from services.identity.domain.sessions import Client
from services.identity.providers import OpenIdProviders, providers_of
from services.identity.providers.http import LONGEST_ANSWER, TIMEOUT_SECONDS

ISSUER = "https://bankid.example.no/realm"
BANKID = {
    "id": "bankid",
    "name": "BankID",
    "issuer": ISSUER,
    "client_id": "kunde app",
    "authentication": "none",
    "is_strong": True,
}
REDIRECTS = {Client.WEB: "https://diside.example.no/i", Client.APP: "https://app.example.no/i"}
CODE = "an authorization code"
SECRET = FlowSecret("a flow secret")
METADATA = {
    "issuer": ISSUER,
    "authorization_endpoint": ISSUER + "/auth",
    "token_endpoint": ISSUER + "/token",
    "jwks_uri": ISSUER + "/keys",
    "id_token_signing_alg_values_supported": ["ES256"],
    "authorization_response_iss_parameter_supported": True,
}

Handler = Callable[[httpx.Request], httpx.Response]


@dataclass
class Bank:
    """A provider that answers as it is told, and remembers what it was asked.

    Attributes:
        answers: What it answers, by path.
        asked: What it was asked.
    """

    clock: FrozenClock
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "1"}))
    answers: dict[str, httpx.Response | Exception] = field(
        default_factory=dict[str, httpx.Response | Exception]
    )
    asked: list[httpx.Request] = field(default_factory=list[httpx.Request])

    def __post_init__(self) -> None:
        self.publish()
        self.publish_keys(self.key)
        self.answer_with_token()

    def publish(self, **changed: object) -> None:
        metadata = {key: each for key, each in (METADATA | changed).items() if each is not None}
        self.answers["/realm/.well-known/openid-configuration"] = httpx.Response(200, json=metadata)

    def publish_keys(self, *keys: ECKey | RSAKey | OctKey, **more: Any) -> None:
        listed = [key.as_dict(private=False) for key in keys]
        self.answers["/realm/keys"] = httpx.Response(200, json={"keys": listed} | more)

    def answer_with_token(self, **changed: object) -> None:
        now = int(self.clock.now().timestamp())
        claims = {
            "iss": ISSUER,
            "sub": "9578-5999-4-1765512",
            "aud": "kunde app",
            "iat": now,
            "exp": now + 300,
            "nonce": SECRET.nonce,
        }
        header = {"alg": "ES256", "kid": self.key.kid}
        token = jwt.encode(header, claims | changed, self.key)
        self.answer("token", 200, {"id_token": token, "access_token": "x", "token_type": "Bearer"})

    def answer(self, path: str, status: int, content: Any, **headers: str) -> None:
        self.answers[f"/realm/{path}"] = httpx.Response(status, json=content, headers=headers)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers[request.url.path]
        if isinstance(answer, Exception):
            raise answer
        # A response is read once.
        return httpx.Response(answer.status_code, content=answer.content, headers=answer.headers)

    def times_asked(self, path: str) -> int:
        return len([each for each in self.asked if each.url.path == f"/realm/{path}"])


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def bank(clock: FrozenClock) -> Bank:
    return Bank(clock)


def written(folder: Path, *providers: dict[str, Any]) -> Path:
    file = folder / "providers.json"
    file.write_bytes(orjson.dumps(providers))
    return file


@pytest.fixture
def providers(bank: Bank, clock: FrozenClock, tmp_path: Path) -> OpenIdProviders:
    return asking(bank, clock, written(tmp_path, BANKID))


def asking(bank: Bank, clock: FrozenClock, file: Path) -> OpenIdProviders:
    client = httpx.AsyncClient(transport=httpx.MockTransport(bank.handle), trust_env=False)
    return OpenIdProviders(providers_of(file), REDIRECTS, client, clock)


def flow(clock: FrozenClock) -> Flow:
    return Flow("bankid", Client.WEB, None, clock.now() + timedelta(minutes=10))


async def identify(providers: OpenIdProviders, clock: FrozenClock, *, issuer: str = ISSUER) -> str:
    identity = await providers.identify(flow(clock), SECRET, ProviderAnswer(CODE, issuer))
    assert identity.issuer == ISSUER
    return identity.subject


async def test_a_person_is_sent_there_with_all_that_binds_the_answer(
    providers: OpenIdProviders,
) -> None:
    url = await providers.authorization_url("bankid", Client.APP, "the state", SECRET)

    assert url.startswith(ISSUER + "/auth?")
    assert dict(parse_qsl(urlsplit(url).query)) == {
        "response_type": "code",
        "client_id": "kunde app",
        "redirect_uri": "https://app.example.no/i",
        "scope": "openid",
        "state": "the state",
        "nonce": SECRET.nonce,
        "code_challenge": SECRET.challenge,
        "code_challenge_method": "S256",
    }
    assert SECRET.value not in url
    assert SECRET.verifier not in url


async def test_a_code_is_exchanged_for_whom_the_provider_vouches_for(
    providers: OpenIdProviders, bank: Bank, clock: FrozenClock
) -> None:
    assert await identify(providers, clock) == "9578-5999-4-1765512"

    [exchange] = [each for each in bank.asked if each.method == "POST"]
    assert {key: value for key, [value] in parse_qs(exchange.content.decode()).items()} == {
        "grant_type": "authorization_code",
        "code": CODE,
        "redirect_uri": "https://diside.example.no/i",
        "code_verifier": SECRET.verifier,
        "client_id": "kunde app",
    }


@pytest.mark.parametrize(
    ("authentication", "header", "form"),
    [
        ("client_secret_basic", "Basic a3VuZGUrYXBwOnMlM0FlY3JldA==", {}),
        (
            "client_secret_post",
            None,
            {"client_id": ["kunde app"], "client_secret": ["s:ecret"]},
        ),
    ],
)
async def test_our_secret_is_shown_as_the_provider_wants(
    bank: Bank,
    clock: FrozenClock,
    tmp_path: Path,
    *,
    authentication: str,
    header: str | None,
    form: dict[str, list[str]],
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s:ecret\n")
    shown = {"authentication": authentication, "client_secret_file": str(secret)}
    await identify(asking(bank, clock, written(tmp_path, BANKID | shown)), clock)

    [exchange] = [each for each in bank.asked if each.method == "POST"]
    assert exchange.headers.get("Authorization") == header
    told = parse_qs(exchange.content.decode())
    assert {key: told[key] for key in told if key.startswith("client_")} == form


async def test_a_level_of_assurance_is_asked_for_and_must_be_reached(
    bank: Bank, clock: FrozenClock, tmp_path: Path
) -> None:
    levels = {"acr_values": ["high", "higher"]}
    providers = asking(bank, clock, written(tmp_path, BANKID | levels))
    url = await providers.authorization_url("bankid", Client.APP, "the state", SECRET)
    assert parse_qs(urlsplit(url).query)["acr_values"] == ["high higher"]

    with pytest.raises(ProviderLoginFailed):
        await identify(providers, clock)
    bank.answer_with_token(acr="high")
    assert await identify(providers, clock)


@pytest.mark.parametrize("issuer", ["", "https://evil.example", ISSUER + "/"])
async def test_the_answer_of_another_provider_is_refused_before_its_code_is_shown(
    providers: OpenIdProviders, bank: Bank, clock: FrozenClock, issuer: str
) -> None:
    with pytest.raises(ProviderLoginFailed):
        await identify(providers, clock, issuer=issuer)

    assert bank.times_asked("token") == 0


async def test_a_provider_that_never_names_itself_need_not_but_must_not_lie(
    providers: OpenIdProviders, bank: Bank, clock: FrozenClock
) -> None:
    bank.publish(authorization_response_iss_parameter_supported=None)

    assert await identify(providers, clock, issuer="")
    with pytest.raises(ProviderLoginFailed):
        await identify(providers, clock, issuer="https://evil.example")


async def test_a_code_that_the_provider_refuses_logs_nobody_in(
    providers: OpenIdProviders, bank: Bank, clock: FrozenClock
) -> None:
    bank.answer("token", 400, {"error": "invalid_grant"})

    with pytest.raises(ProviderLoginFailed):
        await identify(providers, clock)


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": ISSUER + "/"},
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": None},
        {"token_endpoint": "http://bankid.example.no/token"},
        {"jwks_uri": "http://localhost/keys"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://user@bankid.example.no/auth"},
        {"authorization_endpoint": "https://[/auth"},
        {"jwks_uri": "https://bankid.example.no:x/keys"},
        {"id_token_signing_alg_values_supported": "ES256"},
    ],
    ids=str,
)
async def test_a_provider_that_publishes_something_wrong_is_out_of_reach(
    providers: OpenIdProviders, bank: Bank, changed: dict[str, Any]
) -> None:
    bank.publish(**changed)

    with pytest.raises(ProviderUnavailable):
        await providers.authorization_url("bankid", Client.WEB, "the state", SECRET)


@pytest.mark.parametrize("path", [".well-known/openid-configuration", "keys", "token"])
@pytest.mark.parametrize(
    "answer",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("too slow"),
        httpx.Response(500, json={}),
        httpx.Response(401, json={"error": "invalid_client"}),
        httpx.Response(302, headers={"location": "https://evil.example/"}),
        httpx.Response(200, text="no JSON"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={}),
    ],
    ids=str,
)
async def test_a_provider_that_answers_badly_is_out_of_reach(
    providers: OpenIdProviders,
    bank: Bank,
    clock: FrozenClock,
    path: str,
    answer: httpx.Response | Exception,
) -> None:
    bank.answers[f"/realm/{path}"] = answer

    with pytest.raises(ProviderUnavailable):
        await identify(providers, clock)
    assert {each.url.host for each in bank.asked} == {"bankid.example.no"}


@pytest.mark.parametrize("path", [".well-known/openid-configuration", "keys", "token"])
async def test_an_answer_is_read_up_to_a_length_and_no_further(
    providers: OpenIdProviders, bank: Bank, clock: FrozenClock, path: str
) -> None:
    good = bank.answers[f"/realm/{path}"]
    assert isinstance(good, httpx.Response)
    filling = b" " * (LONGEST_ANSWER - len(good.content))
    bank.answers[f"/realm/{path}"] = httpx.Response(200, content=filling + good.content)
    assert await identify(providers, clock)

    bank.answers[f"/realm/{path}"] = httpx.Response(200, content=b" " + filling + good.content)
    clock.advance(timedelta(minutes=10))
    with pytest.raises(ProviderUnavailable):
        await identify(providers, clock)


async def test_a_provider_that_is_down_is_asked_again_after_ten_seconds(
    providers: OpenIdProviders, bank: Bank, clock: FrozenClock
) -> None:
    good = bank.answers["/realm/.well-known/openid-configuration"]
    bank.answers["/realm/.well-known/openid-configuration"] = httpx.ConnectError("refused")
    for _ in range(3):
        with pytest.raises(ProviderUnavailable):
            await identify(providers, clock)
    assert len(bank.asked) == 1

    bank.answers["/realm/.well-known/openid-configuration"] = good
    clock.advance(timedelta(seconds=10))
    assert await identify(providers, clock)


async def test_a_provider_that_hangs_lets_the_others_wait_once(
    bank: Bank, clock: FrozenClock, tmp_path: Path
) -> None:
    async def hang(request: httpx.Request) -> httpx.Response:
        bank.asked.append(request)
        clock.advance(timedelta(seconds=TIMEOUT_SECONDS))
        raise httpx.ReadTimeout("too slow")

    client = httpx.AsyncClient(transport=httpx.MockTransport(hang), trust_env=False)
    providers = OpenIdProviders(providers_of(written(tmp_path, BANKID)), REDIRECTS, client, clock)
    for _ in range(3):
        with pytest.raises(ProviderUnavailable):
            await identify(providers, clock)
    clock.advance(timedelta(seconds=9))
    with pytest.raises(ProviderUnavailable):
        await identify(providers, clock)

    assert len(bank.asked) == 1


async def test_what_a_provider_publishes_is_remembered_for_ten_minutes(
    providers: OpenIdProviders, bank: Bank, clock: FrozenClock
) -> None:
    for _ in range(3):
        await identify(providers, clock)
    assert bank.times_asked("keys") == bank.times_asked(".well-known/openid-configuration") == 1

    clock.advance(timedelta(minutes=10))
    bank.answer_with_token()
    await identify(providers, clock)
    assert bank.times_asked("keys") == bank.times_asked(".well-known/openid-configuration") == 2


async def test_a_key_that_is_new_is_fetched_at_once_and_unknown_ones_seldom(
    providers: OpenIdProviders, bank: Bank, clock: FrozenClock
) -> None:
    await identify(providers, clock)
    clock.advance(timedelta(seconds=10))
    bank.key = ECKey.generate_key("P-256", {"kid": "2"})
    bank.publish_keys(bank.key)
    bank.answer_with_token()
    assert await identify(providers, clock)
    assert bank.times_asked("keys") == 2

    bank.key = ECKey.generate_key("P-256", {"kid": "3"})
    bank.answer_with_token()
    for _ in range(3):
        with pytest.raises(ProviderLoginFailed):
            await identify(providers, clock)
    assert bank.times_asked("keys") == 2


async def test_a_key_that_is_withdrawn_stops_working(
    providers: OpenIdProviders, bank: Bank, clock: FrozenClock
) -> None:
    await identify(providers, clock)
    bank.publish_keys(ECKey.generate_key("P-256", {"kid": "2"}))
    clock.advance(timedelta(minutes=10))
    bank.answer_with_token()

    with pytest.raises(ProviderLoginFailed):
        await identify(providers, clock)


async def test_keys_that_are_no_use_are_left_out(
    providers: OpenIdProviders, bank: Bank, clock: FrozenClock
) -> None:
    good = bank.key.as_dict(private=False)
    secret = OctKey.generate_key(256, {"kid": "s"}).as_dict(private=True)
    strange = {"kty": "AKP", "alg": "ML-DSA-44", "pub": "x", "kid": "q"}
    for_encryption = good | {"kid": "1", "use": "enc"}
    bank.publish_keys(keys=[None, 7, {}, {"kty": "RSA"}, strange, secret, good])
    assert await identify(providers, clock)

    clock.advance(timedelta(minutes=10))
    bank.publish_keys(keys=[for_encryption])
    bank.answer_with_token()
    with pytest.raises(ProviderLoginFailed):
        await identify(providers, clock)


async def test_a_login_leaves_no_secret_in_the_log(
    providers: OpenIdProviders, bank: Bank, clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with logged_by("services.identity.providers.client") as logged:
        await identify(providers, clock)
        bank.answer("token", 500, {"id_token": "the token"})
        with pytest.raises(ProviderUnavailable) as unavailable:
            await identify(providers, clock)

    [warning] = logged
    assert warning["provider"] == "bankid"
    told = caplog.text + str(logged) + "".join(format_exception(unavailable.value))
    for secret in (CODE, "the token", SECRET.value, SECRET.verifier):
        assert secret not in told


async def test_an_unknown_provider_is_not_found(providers: OpenIdProviders) -> None:
    with pytest.raises(errors.NotFound):
        await providers.authorization_url("vipps", Client.WEB, "the state", SECRET)
    with pytest.raises(errors.NotFound):
        providers.get("vipps")


def test_a_trailing_slash_of_an_issuer_is_part_of_its_name(tmp_path: Path) -> None:
    [provider] = providers_of(written(tmp_path, BANKID | {"issuer": ISSUER + "/"}))

    assert provider.provider.issuer == ISSUER + "/"


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "Bank ID"},
        {"id": "bank/id"},
        {"name": ""},
        {"issuer": "http://bankid.example.no"},
        {"issuer": "https://bankid.example.no?realm=1"},
        {"issuer": "https://bankid.example.no#1"},
        {"issuer": "bankid.example.no"},
        {"client_id": ""},
        {"scopes": ["email"]},
        {"authentication": "private_key_jwt"},
        {"authentication": "client_secret_basic"},
        {"client_secret_file": "/a/file"},
        {"client_secret": "a secret"},
    ],
    ids=str,
)
def test_a_file_with_a_mistake_is_refused_and_not_repeated(
    tmp_path: Path, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="1 validation error") as refusal:
        providers_of(written(tmp_path, BANKID | wrong))
    assert "a secret" not in str(refusal.value)


@pytest.mark.parametrize("same", [{"id": "vipps"}, {"issuer": "https://vipps.example.no"}])
def test_two_providers_of_the_same_id_or_issuer_are_refused(
    tmp_path: Path, same: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="more than once"):
        providers_of(written(tmp_path, BANKID, BANKID | same))


def test_verifier_and_nonce_are_of_one_flow_alone_and_give_nothing_away() -> None:
    derived = {SECRET.verifier, SECRET.nonce, SECRET.challenge, FlowSecret("another").verifier}

    assert len(derived) == 4
    assert all(len(each) == 43 for each in derived)
    assert SECRET.value not in repr(SECRET)
