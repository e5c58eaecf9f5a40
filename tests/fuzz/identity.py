"""What identity reads: customers, contacts, codes, tokens, providers' answers, passkeys."""

import base64
import contextlib
import tempfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final
from uuid import UUID

import httpx
import orjson
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import ECKey, KeySet

from kit import access, jwt
from kit.testing import FrozenClock
from services.identity.domain.contact import email_key, is_email, mobile_number
from services.identity.domain.customer_file import CustomerFile
from services.identity.domain.customers import is_customer_number, is_pin
from services.identity.domain.federation import Flow, FlowSecret, ProviderAnswer
from services.identity.domain.problems import (
    BadFile,
    PasskeyRefused,
    ProviderLoginFailed,
    ProviderUnavailable,
)
from services.identity.domain.second_factor import is_code
from services.identity.domain.sessions import Client
from services.identity.handlers.checks import email_error, uuid_error
from services.identity.passkeys import WebAuthn
from services.identity.providers import OpenIdProviders, providers_of
from services.identity.providers.configured import ConfiguredProvider
from tests.authenticator import Algorithm, Authenticator
from tests.fuzz.target import Target, pieces, read_or_refused, run, text_of

NOW: Final = datetime(2026, 4, 6, 11, tzinfo=UTC)
HEADER_OF_CUSTOMERS: Final = b"customer_number,name,email,mobile,pin"
KARI: Final = b"100001,Kari Nordmann,kari@example.no,91234567,12345678"
ASE: Final = b'100003,"Lie, \xc3\x85se",ase@example.no,+47 912 34 567,,moved'
CUSTOMERS: Final = (
    b"\n".join([HEADER_OF_CUSTOMERS, KARI, b"100002,Ola,,,", b""]),
    b"\r\n".join([b"\xef\xbb\xbf" + HEADER_OF_CUSTOMERS + b",status", ASE]),
)


def customers(data: bytes) -> None:
    """The file of customers."""
    whole = read_or_refused(lambda: _customers([data]), BadFile)
    assert read_or_refused(lambda: _customers(pieces(data)), BadFile) == whole


def _customers(parts: Iterable[bytes]) -> object:
    file = CustomerFile()
    for part in parts:
        file.feed(part)
    return list(file.entries())


def contacts(data: bytes) -> None:
    """E-mail addresses and mobile numbers; what is one is one however it was written."""
    text = text_of(data)
    if is_email(text):
        assert email_key(text) == email_key(f" {text} ")
    number = mobile_number(text)
    assert number is None or mobile_number(number) == number
    email_error(text)


def numbers_and_codes(data: bytes) -> None:
    """Customer numbers, PINs, codes and identifiers."""
    text = text_of(data)
    for check in (is_customer_number, is_pin, is_code):
        assert check(text) in {True, False}
    assert (uuid_error("id", text) is None) == _is_uuid(text)


def _is_uuid(text: str) -> bool:
    with contextlib.suppress(ValueError):
        return bool(str(UUID(text)))
    return False


KIND: Final = jwt.TokenKind("at+jwt", "kundeapp-identity", "kundeapp")
KEY: Final = jwt.generate_key("1")
LATER: Final = int((NOW + timedelta(minutes=10)).timestamp())
CALLER: Final = access.Caller(
    account_id=UUID(int=1),
    customer_ids=(UUID(int=2),),
    roles=frozenset({"OPERATOR"}),
    session_id=UUID(int=3),
    authenticated_at=NOW,
    methods=("pwd", "mfa"),
)
CLAIMS: Final = {
    "iss": KIND.issuer,
    "aud": KIND.audience,
    "exp": LATER,
    **access.claims_of(CALLER),
}
HEADER: Final = {"alg": "ES256", "typ": KIND.type, "kid": "1"}


def tokens(data: bytes) -> None:
    """Tokens as anybody may send them."""
    _caller(text_of(data))


def signed_tokens(data: bytes) -> None:
    """Tokens whose header and claims are hostile, although one of our keys has signed them."""
    header, _, claims = data.partition(b"\n")
    _caller(_signed(header, claims, KEY))


def _caller(token: str) -> None:
    def read() -> access.Caller:
        return access.caller_of(jwt.verify(KIND, KeySet([KEY]), token, NOW))

    read_or_refused(read, jwt.InvalidToken)


def _signed(header: bytes, claims: bytes, key: ECKey) -> str:
    """Signs what need be no JSON."""
    content = f"{_base64url(header)}.{_base64url(claims)}"
    assert key.private_key is not None
    r, s = decode_dss_signature(key.private_key.sign(content.encode(), ECDSA(SHA256())))
    return f"{content}.{_base64url(r.to_bytes(32) + s.to_bytes(32))}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


ISSUER: Final = "https://bankid.example.no/realm"
PROVIDER: Final = {
    "id": "bankid",
    "name": "BankID",
    "issuer": ISSUER,
    "client_id": "kundeapp",
    "authentication": "none",
    "acr_values": ["high"],
}
REDIRECTS: Final = {Client.WEB: "https://diside.example.no/i", Client.APP: "https://app.example.no"}
SECRET: Final = FlowSecret("a flow secret")
METADATA: Final = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/auth",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
    "id_token_signing_alg_values_supported": ["ES256"],
}
ID_HEADER: Final = {"alg": "ES256", "kid": "1", "typ": "JWT"}
ID_CLAIMS: Final = {
    "iss": ISSUER,
    "sub": "9578-5999-4-1765512",
    "aud": "kundeapp",
    "exp": LATER,
    "iat": int(NOW.timestamp()),
    "nonce": SECRET.nonce,
    "acr": "high",
    "auth_time": 1,
}
_PARTS: Final = 5


def provider_answers(data: bytes) -> None:
    """All that a provider publishes and answers: metadata, keys, and a token that it has signed.

    A line each: metadata, keys, the header and the claims of the token, and the answer around it.
    """
    metadata, keys, header, claims, answer, *_ = [*data.split(b"\n"), *[b""] * _PARTS]
    token = _signed(header, claims, KEY).encode()
    answers = {
        "/realm/.well-known/openid-configuration": metadata,
        "/realm/keys": keys,
        "/realm/token": answer.replace(b"TOKEN", token),
    }

    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=answers.get(request.url.path, b""))

    flow = Flow("bankid", Client.WEB, None, NOW + timedelta(minutes=10))

    async def identify() -> object:
        async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as client:
            providers = OpenIdProviders(_configured(), REDIRECTS, client, FrozenClock(NOW))
            url = await providers.authorization_url("bankid", Client.WEB, "state", SECRET)
            assert url.startswith("https:")
            return await providers.identify(flow, SECRET, ProviderAnswer("code", ISSUER))

    read_or_refused(lambda: run(identify()), ProviderLoginFailed, ProviderUnavailable)


def provider_files(data: bytes) -> None:
    """The settings file that names the providers."""
    read_or_refused(lambda: _providers_of(data), ValueError)


def _providers_of(data: bytes) -> Sequence[ConfiguredProvider]:
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        return providers_of(Path(file.name))


@cache
def _configured() -> Sequence[ConfiguredProvider]:
    return _providers_of(orjson.dumps([PROVIDER]))


ORIGIN: Final = "https://kundeapp.example.no"
CHALLENGE: Final = b"c" * 32
PASSKEYS: Final = WebAuthn("kundeapp.example.no", [ORIGIN])


def _ceremony() -> tuple[bytes, str, str]:
    """Returns a public key, and what a device says when it makes and when it shows its passkey."""
    device = Authenticator(ORIGIN, Algorithm.EDDSA)
    created = device.create(
        PASSKEYS.creation_options(UUID(int=7), "kari@example.no", [], CHALLENGE)
    )
    public_key = PASSKEYS.attested(created, CHALLENGE).public_key
    return public_key, created, device.get(PASSKEYS.request_options(CHALLENGE))


PUBLIC_KEY, CREATED, SHOWN = _ceremony()


def passkeys(data: bytes) -> None:
    """What a device says of a passkey, as JSON."""
    _take_passkey(text_of(data))


def passkey_parts(data: bytes) -> None:
    """What a device says of a passkey, with what stands in its JSON as bytes.

    Parts are separated by an empty line: client data, and an attestation or what was signed.
    """
    client_data, other = data.partition(b"\n\n")[::2]
    response = {
        "clientDataJSON": _base64url(client_data),
        "attestationObject": _base64url(other),
        "authenticatorData": _base64url(other),
        "signature": _base64url(other[-64:]),
        "userHandle": _base64url(other[:16]),
    }
    shell = {**orjson.loads(CREATED), "response": response}
    _take_passkey(orjson.dumps(shell).decode())


def _take_passkey(credential: str) -> None:
    for take in (
        lambda: PASSKEYS.attested(credential, CHALLENGE),
        lambda: PASSKEYS.presented(credential),
        lambda: PASSKEYS.proven_count(credential, CHALLENGE, PUBLIC_KEY),
    ):
        read_or_refused(take, PasskeyRefused)


def _part(credential: str, name: str) -> bytes:
    text: str = orjson.loads(credential)["response"][name]
    return base64.urlsafe_b64decode(text + "==")


TARGETS: Final = (
    Target("customers", customers, CUSTOMERS, (b"DECEASED", b"status"), 20),
    Target(
        "e-mail addresses and mobile numbers",
        contacts,
        [b"kari.nordmann@example.no", b"+47 912 34 567", b"004791234567", "ås@blåbær.no".encode()],
        inputs=100,
    ),
    Target(
        "customer numbers, PINs and codes",
        numbers_and_codes,
        [b"100001", b"12345678", b"123 456", str(UUID(int=1)).encode(), b"urn:uuid:{00}"],
        inputs=100,
    ),
    Target("tokens", tokens, [jwt.sign(KIND, KEY, CLAIMS).encode()], (b"eyJ", b".."), 60),
    Target(
        "signed tokens",
        signed_tokens,
        [
            orjson.dumps(HEADER) + b"\n" + orjson.dumps(CLAIMS),
            orjson.dumps(HEADER) + b'\n{"aud":' + b"[" * 5000,
        ],
        (b'"b64":false', b'"crit":[]', b'"exp"', b'"nbf"'),
        40,
    ),
    Target(
        "answers of login providers",
        provider_answers,
        [
            b"\n".join(
                (
                    orjson.dumps(METADATA),
                    orjson.dumps({"keys": [KEY.as_dict(private=False)]}),
                    orjson.dumps(ID_HEADER),
                    orjson.dumps(ID_CLAIMS),
                    b'{"id_token":"TOKEN"}',
                )
            )
        ],
        (b'"azp"', b"https://[", b"RS256", b"invalid_grant", b'"kty":"RSA"', b'"oct"'),
        10,
    ),
    Target("files of login providers", provider_files, [orjson.dumps([PROVIDER])], inputs=20),
    Target("passkeys", passkeys, [CREATED.encode(), SHOWN.encode()], (b"crossOrigin",), 30),
    Target(
        "parts of passkeys",
        passkey_parts,
        [
            _part(CREATED, "clientDataJSON") + b"\n\n" + _part(CREATED, "attestationObject"),
            _part(SHOWN, "clientDataJSON") + b"\n\n" + _part(SHOWN, "authenticatorData"),
        ],
        (b"\x9b\xff\xff\xff\xff", b"\x5b\x00\x00\x00\x01", b"\xa1" * 900, b"packed", b"fmt"),
        30,
    ),
)
