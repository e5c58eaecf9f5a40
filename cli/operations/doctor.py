"""Looks at everything that the suite stands on, and goes on whatever is down."""

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from shutil import disk_usage
from urllib.parse import urlsplit

import httpx
from cryptography import x509
from grpc_health.v1 import health_pb2

from cli.config import DataSettings, Settings
from cli.operations import findings
from cli.operations.findings import Finding, Verdict
from cli.operations.service import SERVICES, OperationsService, target_of
from cli.outcome import CommandError, Fault, Report
from cli.services import open_channel

_SECONDS = 5.0
_HEALTH = "/grpc.health.v1.Health/Check"


def examine(settings: Settings) -> Report:
    """Looks at everything, all at the same time; the report's faults are what must be mended."""
    looks: Sequence[Callable[[], Iterable[Finding]]] = (
        lambda: _of_our_certificates(settings),
        lambda: [_of_gateway(settings.gateway)],
        *(_look_at_service(settings, service) for service in SERVICES),
        _of_data_folder,
    )
    with ThreadPoolExecutor(len(looks)) as pool:
        return report([*chain.from_iterable(pool.map(_all_of, looks))])


def _all_of(look: Callable[[], Iterable[Finding]]) -> Sequence[Finding]:
    return [*look()]


def report(found: Sequence[Finding]) -> Report:
    """Says how everything is."""
    faults = [each for each in found if each.verdict is Verdict.FAULT]
    warnings = [each for each in found if each.verdict is Verdict.WARNING]
    title = f"{len(found)} looked at: {len(faults)} to mend, {len(warnings)} to watch."
    return Report(
        title,
        [(each.what, each.verdict.value, _in_the_table(each)) for each in found],
        {
            "healthy": not faults,
            "checks": [
                {
                    "what": each.what,
                    "verdict": each.verdict.value,
                    "found": each.found,
                    "remedy": each.remedy,
                }
                for each in found
            ],
        },
        columns=("What", "Is", "Found"),
        faults=[Fault(each.what, "UNSOUND", each.text) for each in faults],
    )


def _in_the_table(finding: Finding) -> str:
    """What to do about a fault stands below, with the other faults."""
    return finding.found if finding.verdict is Verdict.FAULT else finding.text


def _look_at_service(settings: Settings, service: str) -> Callable[[], Iterable[Finding]]:
    def look() -> Iterable[Finding]:
        target = target_of(settings, service)
        yield from _of_served_certificate(settings, service, target)
        yield _of_health(settings, service, target)
        yield from _of_state(settings, service)

    return look


def _of_health(settings: Settings, service: str, target: str) -> Finding:
    what = f"{service}: health"
    try:
        with open_channel(target, settings.tls) as channel:
            check = channel.unary_unary(
                _HEALTH,
                health_pb2.HealthCheckRequest.SerializeToString,
                health_pb2.HealthCheckResponse.FromString,
            )
            answer = check(health_pb2.HealthCheckRequest(), timeout=_SECONDS)
    except CommandError as error:
        remedy = f"See that {service} runs at {target}, and its log."
        return Finding(what, Verdict.FAULT, error.message, remedy)
    state = health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)
    return findings.judged(
        what,
        state,
        fault=answer.status != health_pb2.HealthCheckResponse.SERVING,
        remedy="Its log says `not ready` and why: its database, or it is stopping.",
    )


def _of_state(settings: Settings, service: str) -> Sequence[Finding]:
    asked_at = datetime.now(UTC)
    try:
        state = OperationsService.of(settings, service, _nobody).state()
    except CommandError as error:
        remedy = "Nothing is known of its database, bus and outbox until it answers."
        return [Finding(f"{service}: state", Verdict.FAULT, error.message, remedy)]
    # It looked at its own clock on the way, most likely soon after it was asked.
    return findings.of_state(
        state, max(asked_at, min(state.now.ToDatetime(UTC), datetime.now(UTC)))
    )


def _nobody() -> str:
    raise AssertionError("the state is asked for without a login")


def _of_gateway(url: str) -> Finding:
    what, remedy = "gateway", f"See that it runs at {url}, and its log."
    try:
        answer = httpx.get(f"{url}/readyz", timeout=_SECONDS, trust_env=False)
        services: Mapping[str, bool] = answer.json()["services"]
    except (httpx.HTTPError, ValueError, KeyError) as error:
        found = f"does not answer /readyz: {error or type(error).__name__}"
        return Finding(what, Verdict.FAULT, found, remedy)
    missing = [name for name, answers in services.items() if not answers]
    return findings.judged(
        what,
        f"finds no {', '.join(missing)}" if missing else f"/readyz says {answer.status_code}",
        fault=not answer.is_success,
        remedy="See the addresses that it was given, and whether these services are healthy.",
    )


def _of_our_certificates(settings: Settings) -> Iterable[Finding]:
    now = datetime.now(UTC)
    for what, file in (
        ("cli: certificate", settings.tls_certificate),
        ("authority: certificate", settings.tls_authority),
    ):
        try:
            certificate = x509.load_pem_x509_certificate(file.read_bytes())
        except (OSError, ValueError) as error:
            remedy = "Name the file in KUNDEAPP_CLI_TLS_CERTIFICATE or KUNDEAPP_CLI_TLS_AUTHORITY."
            yield Finding(what, Verdict.FAULT, f"{file} cannot be read: {error}", remedy)
        else:
            yield findings.of_certificate(what, certificate.not_valid_after_utc, now)
    address = urlsplit(settings.gateway)
    if address.scheme == "https":
        context = ssl.create_default_context()
        place = (address.hostname or "", address.port or 443)
        yield _of_certificate_at("gateway: certificate", place, context)


def _of_served_certificate(settings: Settings, service: str, target: str) -> Iterable[Finding]:
    """Judges the certificate of every replica that the service's name leads to."""
    what = f"{service}: certificate"
    host, _, port = target.rpartition("/")[2].rpartition(":")
    try:
        context = settings.tls.client_context()
        context.set_alpn_protocols(["h2"])
        context.check_hostname = False  # gRPC has its say about that; here the end is of interest
        found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        remedy = "Correct the address of the service, or the certificate of the CLI."
        return [Finding(what, Verdict.FAULT, f"{target} cannot be reached: {error}", remedy)]
    addresses = sorted({(str(address[0]), int(address[1])) for *_, address in found})
    return [
        _of_certificate_at(what if len(addresses) == 1 else f"{what} at {place[0]}", place, context)
        for place in addresses
    ]


def _of_certificate_at(what: str, place: tuple[str, int], context: ssl.SSLContext) -> Finding:
    host, port = place
    try:
        with (
            socket.create_connection((host, port), timeout=_SECONDS) as connection,
            context.wrap_socket(connection, server_hostname=host) as secured,
        ):
            shown = secured.getpeercert(binary_form=True)
    except OSError as error:
        remedy = "See that the process runs, and that the same authority has signed both sides."
        return Finding(what, Verdict.FAULT, f"is not shown at {host}:{port}: {error}", remedy)
    certificate = x509.load_der_x509_certificate(shown or b"")
    return findings.of_certificate(what, certificate.not_valid_after_utc, datetime.now(UTC))


def _of_data_folder() -> Iterable[Finding]:
    """Judges the disk of the suite that runs on this machine; elsewhere there is no such folder."""
    folder = Path(DataSettings().data)
    with contextlib.suppress(FileNotFoundError):
        usage = disk_usage(folder)
        yield findings.of_disk(f"disk of {folder}", usage.free, usage.total)
