"""The certificates and keys of a development set-up, made once and kept.

Production gets the same files from its secret store (cert-manager, for example), and nothing here
runs.
"""

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from joserfc.jwk import ECKey, OctKey

from kit import jwt
from kit.tls import Identity, workload_uri

WORKLOADS = ("gateway", "identity", "metering", "consent", "events", "cli", "nats")

_AUTHORITY_LIFETIME = timedelta(days=3650)
_LEAF_LIFETIME = timedelta(days=365)
_RENEWED_BEFORE_END = timedelta(days=30)
_CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class LocalPki:
    """The secrets of a development set-up in a folder; private files are for the owner only.

    Attributes:
        folder: Where they are kept.
    """

    folder: Path

    def prepare(self, workloads: Iterable[str] = WORKLOADS) -> None:
        """Makes what is missing, and renews certificates that end within 30 days."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        now = datetime.now(UTC)
        authority = _load(self._authority, self._authority_key)
        if authority is None or _ends_soon(authority.certificate, now):
            authority = _new_authority(now)
            _write_private(self._authority_key, _pem(authority.key))
            _write(self._authority, authority.pem)
        for workload in workloads:
            self._prepare_workload(workload, authority, now)
        self._prepare_tokens()

    def renew(self, workload: str, lifetime: timedelta = _LEAF_LIFETIME) -> None:
        """Makes a new certificate and key for a workload.

        Raises:
            FileNotFoundError: If nothing was prepared.
        """
        authority = _load(self._authority, self._authority_key)
        if authority is None:
            raise FileNotFoundError(self._authority)
        pair = _new_leaf(workload, authority, datetime.now(UTC), lifetime)
        files = self.identity(workload)
        _write_private(files.key, _pem(pair.key))
        _write(files.certificate, pair.pem)

    def identity(self, workload: str) -> Identity:
        """Returns the certificate, key and authority of a workload."""
        return Identity(
            certificate=self.folder / f"{workload}.pem",
            key=self.folder / f"{workload}.key",
            authority=self._authority,
        )

    @property
    def internal_signing_keys(self) -> Path:
        """The gateway's keys for internal tokens, a JWK Set with private parts."""
        return self.folder / "internal-signing-keys.json"

    @property
    def internal_keys(self) -> Path:
        """The public parts of the gateway's keys, a JWK Set."""
        return self.folder / "internal-keys.json"

    @property
    def access_signing_keys(self) -> Path:
        """Identity's keys for access tokens, a JWK Set with private parts."""
        return self.folder / "access-signing-keys.json"

    @property
    def identity_secret_keys(self) -> Path:
        """What identity mixes into its hashes, the pepper: a JWK Set with a key of 256 bits."""
        return self.folder / "identity-secret-keys.json"

    @property
    def consent_secret_keys(self) -> Path:
        """What consent hashes addresses and signs links with: a JWK Set with a key of 256 bits."""
        return self.folder / "consent-secret-keys.json"

    @property
    def _authority(self) -> Path:
        return self.folder / "authority.pem"

    @property
    def _authority_key(self) -> Path:
        return self.folder / "authority.key"

    def _prepare_workload(self, workload: str, authority: "_Pair", now: datetime) -> None:
        files = self.identity(workload)
        known = _load(files.certificate, files.key)
        if (
            known is not None
            and not _ends_soon(known.certificate, now)
            and known.certificate.issuer == authority.certificate.subject
        ):
            return
        self.renew(workload)

    def _prepare_tokens(self) -> None:
        for path in (self.internal_signing_keys, self.access_signing_keys):
            if not path.exists():
                _write_private(path, _jwk_set(jwt.generate_key(secrets.token_urlsafe(9))))
        for path in (self.identity_secret_keys, self.consent_secret_keys):
            if not path.exists():
                key = OctKey.generate_key(256, {"kid": secrets.token_urlsafe(9)})
                _write_private(path, _jwk_set(key))
        keys = json.loads(self.internal_signing_keys.read_bytes())["keys"]
        public = [ECKey.import_key(key).as_dict(private=False) for key in keys]
        _write(self.internal_keys, json.dumps({"keys": public}).encode())


@dataclass(frozen=True)
class _Pair:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def _new_authority(now: datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    # A name of its own, so that certificates of an authority that was replaced are told apart.
    name = _name(f"Kundeapp development {secrets.token_hex(4)}")
    builder = (
        _builder(name, name, key, now, _AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
    )
    return _Pair(builder.sign(key, hashes.SHA256()), key)


def _new_leaf(workload: str, authority: _Pair, now: datetime, lifetime: timedelta) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    names = (
        x509.UniformResourceIdentifier(workload_uri(workload)),
        x509.DNSName("localhost"),
        x509.DNSName(workload),
        x509.IPAddress(IPv4Address("127.0.0.1")),
    )
    uses = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
    issuer = authority.certificate.subject
    builder = (
        _builder(_name(workload), issuer, key, now, lifetime)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()),
            critical=False,
        )
    )
    return _Pair(builder.sign(authority.key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    now: datetime,
    lifetime: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _ends_soon(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_after_utc - now < _RENEWED_BEFORE_END


def _load(certificate: Path, key: Path) -> _Pair | None:
    if not (certificate.exists() and key.exists()):
        return None
    loaded = serialization.load_pem_private_key(key.read_bytes(), password=None)
    if not isinstance(loaded, ec.EllipticCurvePrivateKey):
        return None
    return _Pair(x509.load_pem_x509_certificate(certificate.read_bytes()), loaded)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _jwk_set(key: ECKey | OctKey) -> bytes:
    return json.dumps({"keys": [key.as_dict(private=True)]}).encode()


def _write(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Writes a file whole or not at all, and not at all if it has that content already."""
    if path.exists() and path.read_bytes() == content:
        return
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    new.touch(mode=mode)
    new.write_bytes(content)
    new.replace(path)


def _write_private(path: Path, content: bytes) -> None:
    _write(path, content, mode=0o600)
