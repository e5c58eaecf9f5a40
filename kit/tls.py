"""The certificates that processes of the suite show each other."""

import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import grpc
from cryptography import x509

_WORKLOAD_URI = "spiffe://kundeapp/workload/"


class CertificateEnded(Exception):  # noqa: N818 - says what happened
    """Nobody talks to this process any more: its certificate has ended since it was started."""


@dataclass(frozen=True)
class Validity:
    """For how long the certificate is valid that a process was started with.

    Attributes:
        ends_at: When it ends.
    """

    ends_at: datetime

    def require(self) -> None:
        """Lets pass until then.

        Raises:
            CertificateEnded: From then on.
        """
        if datetime.now(UTC) >= self.ends_at:  # TLS asks the machine's clock, too
            raise CertificateEnded(f"ended at {self.ends_at:%Y-%m-%d %H:%M:%S} UTC: restart")


FOR_EVER = Validity(datetime.max.replace(tzinfo=UTC))
"""That of whoever has no certificate."""


@dataclass(frozen=True)
class Identity:
    """A workload's certificate, its key, and the authority that it trusts; all PEM files."""

    certificate: Path
    key: Path
    authority: Path

    def server_credentials(self) -> grpc.ServerCredentials:
        """Returns credentials for a gRPC server that admits only holders of a certificate."""
        return grpc.ssl_server_credentials(
            [(self.key.read_bytes(), self.certificate.read_bytes())],
            root_certificates=self.authority.read_bytes(),
            require_client_auth=True,
        )

    def channel_credentials(self) -> grpc.ChannelCredentials:
        """Returns credentials for a gRPC channel."""
        return grpc.ssl_channel_credentials(
            root_certificates=self.authority.read_bytes(),
            private_key=self.key.read_bytes(),
            certificate_chain=self.certificate.read_bytes(),
        )

    def client_context(self) -> ssl.SSLContext:
        """Returns a context for other TLS clients, such as the one of NATS."""
        context = ssl.create_default_context(cafile=str(self.authority))
        context.load_cert_chain(self.certificate, self.key)
        return context

    def validity(self) -> Validity:
        """Returns until when the certificate is valid that is there now."""
        certificate = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        return Validity(certificate.not_valid_after_utc)


def workload_uri(workload: str) -> str:
    """Returns the URI (a SPIFFE ID) that names a workload in its certificate."""
    return _WORKLOAD_URI + workload


def workload_of(subject_alternative_names: Iterable[bytes]) -> str | None:
    """Returns the workload that a certificate names, None if it names none."""
    for name in subject_alternative_names:
        text = name.decode("utf-8", "replace")
        if text.startswith(_WORKLOAD_URI):
            return text.removeprefix(_WORKLOAD_URI)
    return None
