"""A device that holds passkeys, in software; it does what it is told, also what no device would.

It speaks WebAuthn (W3C, Level 3) from the other side than the service does, and shares no code
with the library that the service verifies with.
"""

import base64
import hashlib
import json
import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

USER_PRESENT, USER_VERIFIED, HAS_KEY = 0x01, 0x04, 0x40


class Algorithm(IntEnum):
    """A way to sign, by its number in COSE."""

    ES256 = -7
    EDDSA = -8
    RS256 = -257


_Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


@dataclass
class Credential:
    """A key on the device.

    Attributes:
        id: What the device calls it.
        rp_id: The domain that it is for.
        user_handle: Whom it is of.
        key: The private key.
    """

    id: bytes
    rp_id: str
    user_handle: bytes
    key: _Key = field(repr=False)


@dataclass
class Authenticator:
    """A device.

    Attributes:
        origin: The page that it believes to be on.
        algorithm: How it signs.
        verifies_user: Whether it asks for a finger or a PIN.
        cross_origin: Whether the page is within a page of somebody else's.
        sign_count: How often it has signed; None if it does not count.
    """

    origin: str
    algorithm: Algorithm = Algorithm.ES256
    verifies_user: bool = True
    cross_origin: bool = False
    sign_count: int | None = 0
    credentials: list[Credential] = field(default_factory=list[Credential])

    def create(self, options_json: str, *, credential_id: bytes = b"") -> str:
        """Makes a passkey, as `navigator.credentials.create()` does; under another's id if told."""
        options = json.loads(options_json)
        key = _new_key(self.algorithm)
        user_handle = _decoded(options["user"]["id"])
        credential_id = credential_id or hashlib.sha256(_cose_key(key)).digest()
        credential = Credential(credential_id, options["rp"]["id"], user_handle, key)
        self.credentials.append(credential)
        attested = bytes(16) + struct.pack(">H", len(credential.id)) + credential.id
        data = self._authenticator_data(credential, HAS_KEY) + attested + _cose_key(key)
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client_data = self._client_data("webauthn.create", options["challenge"])
        return _credential_json(
            credential,
            {
                "clientDataJSON": _encoded(client_data),
                "attestationObject": _encoded(attestation),
                "transports": ["internal"],
            },
        )

    def get(self, options_json: str, credential: Credential | None = None) -> str:
        """Signs with a passkey, the last one if none is named, as `navigator.credentials.get()`."""
        options = json.loads(options_json)
        credential = credential or self.credentials[-1]
        data = self._authenticator_data(credential)
        client_data = self._client_data("webauthn.get", options["challenge"])
        signature = _signature(credential.key, data + hashlib.sha256(client_data).digest())
        return _credential_json(
            credential,
            {
                "clientDataJSON": _encoded(client_data),
                "authenticatorData": _encoded(data),
                "signature": _encoded(signature),
                "userHandle": _encoded(credential.user_handle),
            },
        )

    def _authenticator_data(self, credential: Credential, flags: int = 0) -> bytes:
        if self.sign_count is not None:
            self.sign_count += 1
        flags |= USER_PRESENT | (USER_VERIFIED if self.verifies_user else 0)
        rp_id_hash = hashlib.sha256(credential.rp_id.encode()).digest()
        return rp_id_hash + struct.pack(">BI", flags, self.sign_count or 0)

    def _client_data(self, kind: str, challenge: str) -> bytes:
        client_data = {
            "type": kind,
            "challenge": challenge,
            "origin": self.origin,
            "crossOrigin": self.cross_origin,
        }
        return json.dumps(client_data).encode()


def _new_key(algorithm: Algorithm) -> _Key:
    match algorithm:
        case Algorithm.ES256:
            return ec.generate_private_key(ec.SECP256R1())
        case Algorithm.EDDSA:
            return ed25519.Ed25519PrivateKey.generate()
        case Algorithm.RS256:
            return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _cose_key(key: _Key) -> bytes:
    """Returns the public key as RFC 9053 and RFC 8230 write it."""
    match key:
        case ec.EllipticCurvePrivateKey():
            point = key.public_key().public_numbers()
            x, y = point.x.to_bytes(32, "big"), point.y.to_bytes(32, "big")
            return cbor2.dumps({1: 2, 3: Algorithm.ES256.value, -1: 1, -2: x, -3: y})
        case ed25519.Ed25519PrivateKey():
            raw = key.public_key().public_bytes_raw()
            return cbor2.dumps({1: 1, 3: Algorithm.EDDSA.value, -1: 6, -2: raw})
        case rsa.RSAPrivateKey():
            numbers = key.public_key().public_numbers()
            n, e = numbers.n.to_bytes(256, "big"), numbers.e.to_bytes(3, "big")
            return cbor2.dumps({1: 3, 3: Algorithm.RS256.value, -1: n, -2: e})


def _signature(key: _Key, data: bytes) -> bytes:
    match key:
        case ec.EllipticCurvePrivateKey():
            return key.sign(data, ec.ECDSA(SHA256()))
        case ed25519.Ed25519PrivateKey():
            return key.sign(data)
        case rsa.RSAPrivateKey():
            return key.sign(data, padding.PKCS1v15(), SHA256())


def _credential_json(credential: Credential, response: dict[str, Any]) -> str:
    name = _encoded(credential.id)
    return json.dumps(
        {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        }
    )


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
