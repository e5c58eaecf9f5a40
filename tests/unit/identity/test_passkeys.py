"""What a device says of a passkey, and what of that is believed."""

import base64
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.domain.passkeys import Passkey, is_copy
from services.identity.domain.problems import PasskeyRefused
from services.identity.passkeys import LARGEST_CREDENTIAL, WebAuthn
from tests.authenticator import Algorithm, Authenticator

ACCOUNT = UUID(int=7)
EMAIL = "kari@example.no"
ORIGIN = "https://kundeapp.example.no"
APP = "android:apk-key-hash:Xq0yN2zKkm6YQ1nPq8b7f0d3J5h9sT2uV4wX6yZ8A0B"
NOW = datetime(2026, 4, 6, 11, 0, tzinfo=UTC)
CHALLENGE, OTHER_CHALLENGE = b"c" * 32, b"d" * 32
PASSKEYS = WebAuthn("kundeapp.example.no", [ORIGIN, APP])


def added(device: Authenticator, *, challenge: bytes = CHALLENGE) -> bytes:
    """Adds a passkey and returns its public key."""
    options = PASSKEYS.creation_options(ACCOUNT, EMAIL, [], challenge)
    return PASSKEYS.attested(device.create(options), CHALLENGE).public_key


def shown(device: Authenticator, *, challenge: bytes = CHALLENGE) -> str:
    return device.get(PASSKEYS.request_options(challenge))


@pytest.mark.parametrize("algorithm", Algorithm)
@pytest.mark.parametrize("origin", [ORIGIN, APP])
def test_a_passkey_proves_itself(algorithm: Algorithm, origin: str) -> None:
    device = Authenticator(origin, algorithm)
    public_key = added(device)
    credential = shown(device)

    presented = PASSKEYS.presented(credential)
    assert presented.account_id == ACCOUNT
    assert presented.credential_id == device.credentials[0].id
    assert PASSKEYS.proven_count(credential, CHALLENGE, public_key) == 2


def test_the_options_ask_for_a_discoverable_passkey_with_a_verified_user() -> None:
    creation = json.loads(PASSKEYS.creation_options(ACCOUNT, EMAIL, [], CHALLENGE))
    request = json.loads(PASSKEYS.request_options(CHALLENGE))

    selection = creation["authenticatorSelection"]
    assert selection["residentKey"] == selection["userVerification"] == "required"
    assert [each["alg"] for each in creation["pubKeyCredParams"]] == [-7, -8, -257]
    assert creation["attestation"] == "none"
    assert creation["rp"] == {"id": "kundeapp.example.no", "name": "Kundeapp"}
    assert creation["user"]["name"] == EMAIL
    assert creation["timeout"] == request["timeout"] == 300_000
    assert request["userVerification"] == "required"
    assert request["allowCredentials"] == []
    assert request["rpId"] == "kundeapp.example.no"


def test_a_device_that_holds_a_passkey_is_asked_for_no_second_one() -> None:
    passkey = Passkey(UUID(int=1), ACCOUNT, b"credential", b"key", 0, "Pixel 9", NOW)
    creation = json.loads(PASSKEYS.creation_options(ACCOUNT, EMAIL, [passkey], CHALLENGE))

    [excluded] = creation["excludeCredentials"]
    assert base64.urlsafe_b64decode(excluded["id"] + "==") == passkey.credential_id


@pytest.mark.parametrize(
    "device",
    [
        Authenticator("https://kundeapp.example.com"),
        Authenticator("http://kundeapp.example.no"),
        Authenticator(ORIGIN, verifies_user=False),
        Authenticator(ORIGIN, cross_origin=True),
    ],
    ids=["another origin", "no TLS", "user not verified", "in another's page"],
)
def test_a_passkey_is_neither_added_nor_proven(device: Authenticator) -> None:
    with pytest.raises(PasskeyRefused):
        added(device)
    good = Authenticator(ORIGIN)
    public_key = added(good)
    device.credentials = good.credentials
    with pytest.raises(PasskeyRefused):
        PASSKEYS.proven_count(shown(device), CHALLENGE, public_key)


def test_a_passkey_for_another_domain_is_neither_added_nor_proven() -> None:
    device = Authenticator(ORIGIN)
    public_key = added(device)
    foreign = WebAuthn("other.example.no", [ORIGIN])

    with pytest.raises(PasskeyRefused):
        foreign.proven_count(shown(device), CHALLENGE, public_key)
    options = PASSKEYS.creation_options(ACCOUNT, EMAIL, [], CHALLENGE)
    with pytest.raises(PasskeyRefused):
        foreign.attested(device.create(options), CHALLENGE)


def test_the_answer_to_another_challenge_is_refused() -> None:
    device = Authenticator(ORIGIN)
    public_key = added(device)

    with pytest.raises(PasskeyRefused):
        added(device, challenge=OTHER_CHALLENGE)
    with pytest.raises(PasskeyRefused):
        PASSKEYS.proven_count(shown(device, challenge=OTHER_CHALLENGE), CHALLENGE, public_key)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_another_key_is_refused(algorithm: Algorithm) -> None:
    device = Authenticator(ORIGIN, algorithm)
    first = added(device)
    added(device)

    with pytest.raises(PasskeyRefused):
        PASSKEYS.proven_count(shown(device), CHALLENGE, first)


def test_an_answer_that_was_changed_is_refused() -> None:
    device = Authenticator(ORIGIN)
    public_key = added(device)
    credential = json.loads(shown(device))
    other = json.loads(shown(device))
    credential["response"]["authenticatorData"] = other["response"]["authenticatorData"]

    with pytest.raises(PasskeyRefused):
        PASSKEYS.proven_count(json.dumps(credential), CHALLENGE, public_key)


def test_the_answer_to_one_question_is_none_to_the_other() -> None:
    device = Authenticator(ORIGIN)
    public_key = added(device)
    made = json.loads(device.create(PASSKEYS.creation_options(ACCOUNT, EMAIL, [], CHALLENGE)))
    signed = json.loads(shown(device))

    with pytest.raises(PasskeyRefused):
        PASSKEYS.proven_count(json.dumps({**signed, **made}), CHALLENGE, public_key)
    with pytest.raises(PasskeyRefused):
        PASSKEYS.attested(json.dumps({**made, **signed}), CHALLENGE)


def test_a_passkey_that_does_not_say_whose_it_is_is_refused() -> None:
    device = Authenticator(ORIGIN)
    added(device)
    credential = json.loads(shown(device))
    del credential["response"]["userHandle"]

    with pytest.raises(PasskeyRefused):
        PASSKEYS.presented(json.dumps(credential))


@pytest.mark.parametrize(
    "text", ["", "{", "null", "[]", "{}", '{"id": 1}', "[" * 10_000, "x" * (LARGEST_CREDENTIAL + 1)]
)
def test_what_is_no_credential_is_refused(text: str) -> None:
    with pytest.raises(PasskeyRefused):
        PASSKEYS.presented(text)
    with pytest.raises(PasskeyRefused):
        PASSKEYS.attested(text, CHALLENGE)
    with pytest.raises(PasskeyRefused):
        PASSKEYS.proven_count(text, CHALLENGE, b"")


_SIGNER = Authenticator(ORIGIN)
_PUBLIC_KEY = added(_SIGNER)
_MADE = json.loads(_SIGNER.create(PASSKEYS.creation_options(ACCOUNT, EMAIL, [], CHALLENGE)))
_SIGNED = json.loads(shown(_SIGNER))


@given(
    field=st.sampled_from(["clientDataJSON", "authenticatorData", "signature"]),
    cut=st.integers(0, 120),
    junk=st.binary(max_size=40),
)
def test_rubbish_in_an_answer_is_refused_and_breaks_nothing(
    field: str, cut: int, junk: bytes
) -> None:
    good = base64.urlsafe_b64decode(_SIGNED["response"][field] + "==")
    bad = good[:cut] + junk
    if bad == good:
        return
    response = {**_SIGNED["response"], field: base64.urlsafe_b64encode(bad).decode().rstrip("=")}

    with pytest.raises(PasskeyRefused):
        PASSKEYS.proven_count(json.dumps({**_SIGNED, "response": response}), CHALLENGE, _PUBLIC_KEY)


@given(cut=st.integers(0, 60), junk=st.binary(min_size=1, max_size=60))
def test_rubbish_in_what_a_device_has_made_is_refused_and_breaks_nothing(
    cut: int, junk: bytes
) -> None:
    good = base64.urlsafe_b64decode(_MADE["response"]["attestationObject"] + "==")
    attestation = base64.urlsafe_b64encode(good[:cut] + junk).decode().rstrip("=")
    response = {**_MADE["response"], "attestationObject": attestation}

    with pytest.raises(PasskeyRefused):
        PASSKEYS.attested(json.dumps({**_MADE, "response": response}), CHALLENGE)


@pytest.mark.parametrize(
    ("kept", "presented", "expected"),
    [(0, 0, False), (0, 1, False), (1, 2, False), (5, 5, True), (5, 4, True), (5, 0, True)],
)
def test_a_count_that_does_not_grow_shows_a_copy_unless_nothing_is_counted(
    kept: int, presented: int, *, expected: bool
) -> None:
    assert is_copy(kept, presented) is expected
