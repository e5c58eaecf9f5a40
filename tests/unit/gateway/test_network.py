"""Which network a service is told that a call comes from."""

from pathlib import Path

import pytest

from gateway.network import of_client
from tests.unit.gateway.browsing import House

PEER, CLIENT, PROXY = "192.0.2.7", "203.0.113.9", "198.51.100.1"


async def told(folder: Path, *forwarded: str, hops: int = 0, peer: str = PEER) -> str | None:
    house = House(folder, trusted_hops=hops)
    headers = [("x-forwarded-for", each) for each in forwarded]
    response = await house.call("GET /v1/query", headers=headers, peer=peer)
    assert response.status_code == 200
    return house.echo.told.get("x-client-network")


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::1", "::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", None),
        ("unix:", None),
    ],
)
async def test_it_is_an_ipv4_address_or_half_an_ipv6_address(
    tmp_path: Path, peer: str, network: str | None
) -> None:
    assert await told(tmp_path, peer=peer) == network


def test_a_socket_without_an_address_is_in_no_network() -> None:
    assert of_client(None, (), 0) == ""


async def test_without_proxies_of_ours_the_header_is_the_clients_own_word(tmp_path: Path) -> None:
    assert await told(tmp_path, CLIENT) == PEER


async def test_a_proxy_of_ours_says_who_called_it(tmp_path: Path) -> None:
    assert await told(tmp_path, CLIENT, hops=1) == CLIENT
    assert await told(tmp_path, f"{CLIENT}, {PROXY}", hops=2) == CLIENT
    assert await told(tmp_path, "2001:db8::1", hops=1) == "2001:db8::/64"


@pytest.mark.parametrize(
    "spoofed", ["10.0.0.1", "10.0.0.1, 10.0.0.2", "nonsense", "", ",,,", "x" * 99]
)
async def test_what_a_client_puts_in_front_counts_for_nothing(tmp_path: Path, spoofed: str) -> None:
    assert await told(tmp_path, f"{spoofed}, {CLIENT}", hops=1) == CLIENT
    assert await told(tmp_path, f"{spoofed}, {CLIENT}, {PROXY}", hops=2) == CLIENT


async def test_a_second_header_does_not_hide_the_first(tmp_path: Path) -> None:
    assert await told(tmp_path, "10.0.0.1", CLIENT, hops=1) == CLIENT
    assert await told(tmp_path, "10.0.0.1", CLIENT, PROXY, hops=2) == CLIENT


@pytest.mark.parametrize(
    "forwarded", ["", "nonsense", f"{CLIENT}:4711", f'"{CLIENT}"', "1" * 5000, "203.0.113.256"]
)
async def test_a_header_that_makes_no_sense_is_passed_over(tmp_path: Path, forwarded: str) -> None:
    assert await told(tmp_path, forwarded, hops=1) == PEER


async def test_a_header_that_is_too_short_is_passed_over(tmp_path: Path) -> None:
    assert await told(tmp_path, hops=1) == PEER
    assert await told(tmp_path, CLIENT, hops=2) == PEER


async def test_nobody_can_say_it_for_the_gateway(tmp_path: Path) -> None:
    house = House(tmp_path)
    headers = {"x-client-network": CLIENT, "grpc-metadata-x-client-network": CLIENT}
    await house.call("GET /v1/query", headers=headers)
    assert house.echo.told["x-client-network"] == PEER
