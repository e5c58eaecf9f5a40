"""What the suite's own connections are made of: new versions, strong ciphers, and nobody else's."""

# nats-py leaves its keyword arguments untyped.
# pyright: reportUnknownMemberType=false

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator
from pathlib import Path

import grpc
import nats
import pytest
from nats.errors import NoServersError

from kit.channel import open_channel
from kit.local.pki import LocalPki
from kit.local.processes import LOOPBACK
from kit.testing import Neighbours
from kit.tls import Identity
from tests.integration.kit.test_server import House, nothing, serving

VERSIONS = {version.name: version for version in ssl.TLSVersion if version.name.startswith("TLSv")}
ANY = "ALL:COMPLEMENTOFALL"
STRONG = "ECDHE-ECDSA-AES128-GCM-SHA256"
WEAK = (
    "ECDHE-ECDSA-AES128-SHA",  # CBC, with a MAC of SHA-1
    "ECDHE-ECDSA-AES256-SHA384",  # CBC
    "ECDHE-ECDSA-NULL-SHA",
    "AECDH-AES128-SHA",  # without a certificate
)


@pytest.fixture
async def service(neighbours: Neighbours) -> AsyncGenerator[House]:
    async with serving(neighbours, nothing) as house:
        yield house


async def shakes_hands(
    port: int, identity: Identity, version: str, ciphers: str = ANY, *, greets: bool = False
) -> bool:
    """Tells whether a server talks to a workload that knows one version and these ciphers alone.

    Args:
        port: Where it is.
        identity: The workload.
        version: The version of TLS.
        ciphers: The ciphers, as OpenSSL names them; all that there are without any.
        greets: Whether it says in the clear first that it wants TLS, as NATS does.
    """
    context = identity.client_context()
    context.set_alpn_protocols(["h2"])
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = VERSIONS[version]

    def talk() -> bool:
        with socket.create_connection((LOOPBACK, port), timeout=10) as connection:
            if greets:
                assert connection.recv(4096).startswith(b"INFO ")
            try:
                with context.wrap_socket(connection, server_hostname="localhost") as wrapped:
                    return wrapped.version() is not None
            except (ssl.SSLError, ConnectionError):
                return False

    return await asyncio.to_thread(talk)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize(
    ("version", "is_taken"),
    [("TLSv1", False), ("TLSv1_1", False), ("TLSv1_2", True), ("TLSv1_3", True)],
)
async def test_a_service_talks_tls_1_2_and_1_3_alone(
    neighbours: Neighbours, service: House, version: str, *, is_taken: bool
) -> None:
    gateway = neighbours.pki.identity("gateway")
    assert await shakes_hands(service.server.port, gateway, version) is is_taken


@pytest.mark.parametrize("cipher", [*WEAK, STRONG])
async def test_a_service_talks_by_strong_ciphers_alone(
    neighbours: Neighbours, service: House, cipher: str
) -> None:
    gateway = neighbours.pki.identity("gateway")
    is_taken = await shakes_hands(service.server.port, gateway, "TLSv1_2", cipher)
    assert is_taken is (cipher == STRONG)


@pytest.mark.parametrize(("version", "is_taken"), [("TLSv1_2", False), ("TLSv1_3", True)])
async def test_the_bus_talks_tls_1_3_alone(
    neighbours: Neighbours, version: str, *, is_taken: bool
) -> None:
    port, gateway = neighbours.nats.port, neighbours.pki.identity("gateway")
    assert port is not None
    assert await shakes_hands(port, gateway, version, greets=True) is is_taken


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> LocalPki:
    """Certificates of the right names by another authority."""
    pki = LocalPki(tmp_path_factory.mktemp("stranger"))
    pki.prepare()
    return pki


def trusting(workload: Identity, authority: Path) -> Identity:
    return Identity(workload.certificate, workload.key, authority)


async def test_a_caller_talks_to_a_service_of_its_own_authority_alone(
    neighbours: Neighbours, service: House, stranger: LocalPki
) -> None:
    ours = neighbours.pki.identity("gateway")
    of_a_stranger = trusting(ours, stranger.identity("gateway").authority)
    target = f"localhost:{service.server.port}"
    async with open_channel(target, ours) as channel:
        assert await House(service.server, channel).call()
    async with open_channel(target, of_a_stranger) as channel:
        assert await refusal_of(channel, service) is grpc.StatusCode.UNAVAILABLE


async def test_a_caller_talks_to_the_service_that_it_means_alone(
    neighbours: Neighbours, service: House
) -> None:
    """The server is identity's, which a caller of metering finds out by its certificate."""
    credentials = neighbours.pki.identity("gateway").channel_credentials()
    target = f"localhost:{service.server.port}"
    for name, expected in (("identity", None), ("metering", grpc.StatusCode.UNAVAILABLE)):
        options = (("grpc.ssl_target_name_override", name),)
        async with grpc.aio.secure_channel(target, credentials, options=options) as channel:
            assert await refusal_of(channel, service) is expected, name


async def refusal_of(channel: grpc.aio.Channel, service: House) -> grpc.StatusCode | None:
    try:
        await House(service.server, channel).call()
    except grpc.aio.AioRpcError as error:
        return error.code()
    return None


async def test_a_client_of_the_bus_talks_to_one_of_its_own_authority_alone(
    neighbours: Neighbours, stranger: LocalPki
) -> None:
    ours = neighbours.pki.identity("gateway")
    of_a_stranger = trusting(ours, stranger.identity("gateway").authority)
    client = await nats.connect(neighbours.nats.url, tls=ours.client_context())
    await client.close()
    with pytest.raises((ssl.SSLError, NoServersError)):
        await nats.connect(
            neighbours.nats.url, tls=of_a_stranger.client_context(), allow_reconnect=False
        )
