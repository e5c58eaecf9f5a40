"""WebAuthn (W3C, Level 3): what browsers and devices are asked, and what they answer, as JSON."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
import webauthn
from webauthn.helpers import (
    base64url_to_bytes,
    parse_authentication_credential_json,
    parse_client_data_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from services.identity.domain.passkeys import (
    CHALLENGE_LIFETIME,
    Attested,
    Passkey,
    Presented,
)
from services.identity.domain.problems import PasskeyRefused
from services.identity.domain.second_factor import ISSUER

LARGEST_CREDENTIAL = 16 * 1024
"""In characters of JSON; a credential with an attestation has some 2,000."""

_ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
_TIMEOUT_MS = int(CHALLENGE_LIFETIME.total_seconds() * 1000)


class WebAuthn:
    """Takes discoverable passkeys that have verified their user."""

    def __init__(self, rp_id: str, origins: Sequence[str]) -> None:
        """Takes what a passkey is bound to.

        Args:
            rp_id: The domain that passkeys are made for.
            origins: Where they may be used: web origins, or `android:apk-key-hash:…` of an app.
        """
        self._rp_id = rp_id
        self._origins = list(origins)

    def creation_options(
        self, account_id: UUID, email: str, known: Sequence[Passkey], challenge: bytes
    ) -> str:
        """Returns what `navigator.credentials.create()` is called with.

        Args:
            account_id: Whose passkey it will be.
            email: What the device shows its owner.
            known: The passkeys that there are; their authenticators make no second one.
            challenge: The bytes to sign.
        """
        options = webauthn.generate_registration_options(
            rp_id=self._rp_id,
            rp_name=ISSUER,
            user_id=account_id.bytes,
            user_name=email,
            challenge=challenge,
            timeout=_TIMEOUT_MS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[
                PublicKeyCredentialDescriptor(id=passkey.credential_id) for passkey in known
            ],
            supported_pub_key_algs=_ALGORITHMS,
        )
        return webauthn.options_to_json(options)

    def request_options(self, challenge: bytes) -> str:
        """Returns what `navigator.credentials.get()` is called with."""
        options = webauthn.generate_authentication_options(
            rp_id=self._rp_id,
            challenge=challenge,
            timeout=_TIMEOUT_MS,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return webauthn.options_to_json(options)

    def attested(self, credential_json: str, challenge: bytes) -> Attested:
        """Returns the passkey that a device has made.

        Raises:
            PasskeyRefused: If it is none for us, not for this challenge, or its user is not
                verified.
        """
        credential = _read(credential_json)
        try:
            made = webauthn.verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._rp_id,
                expected_origin=self._origins,
                require_user_verification=True,
                supported_pub_key_algs=_ALGORITHMS,
            )
        # It parses what anybody may have sent, and says in as many ways that it is wrong.
        except Exception as error:
            raise PasskeyRefused from error
        _refuse_foreign_frames(credential)
        return Attested(made.credential_id, made.credential_public_key, made.sign_count)

    def presented(self, credential_json: str) -> Presented:
        """Returns whom a passkey says it is of, before it is proven.

        Raises:
            PasskeyRefused: If it is no passkey that says so.
        """
        try:
            credential = parse_authentication_credential_json(_read(credential_json))
            return Presented(credential.raw_id, UUID(bytes=credential.response.user_handle or b""))
        except Exception as error:
            raise PasskeyRefused from error

    def proven_count(self, credential_json: str, challenge: bytes, public_key: bytes) -> int:
        """Returns how often a passkey was used, once it has proven itself.

        Raises:
            PasskeyRefused: If it has not: another key, another challenge, another origin, or its
                user is not verified.
        """
        credential = _read(credential_json)
        try:
            proven = webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._rp_id,
                expected_origin=self._origins,
                credential_public_key=public_key,
                # The caller compares, and tells a copy from a forgery.
                credential_current_sign_count=0,
                require_user_verification=True,
            )
        except Exception as error:
            raise PasskeyRefused from error
        _refuse_foreign_frames(credential)
        return proven.new_sign_count


def _read(credential_json: str) -> dict[str, Any]:
    if len(credential_json) > LARGEST_CREDENTIAL:
        raise PasskeyRefused
    try:
        credential = orjson.loads(credential_json)
    except orjson.JSONDecodeError as error:
        raise PasskeyRefused from error
    if not isinstance(credential, dict):
        raise PasskeyRefused
    return credential  # pyright: ignore[reportUnknownVariableType] - the library looks into it


def _refuse_foreign_frames(credential: dict[str, Any]) -> None:
    """Refuses what was signed on a page of ours within a page of somebody else's."""
    client_data = base64url_to_bytes(credential["response"]["clientDataJSON"])
    if parse_client_data_json(client_data).cross_origin:
        raise PasskeyRefused
