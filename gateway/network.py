"""From which network a request comes, so that services can slow down one that tries too much."""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

# An IPv6 address with an IPv4 address at its end.
_LONGEST: Final = 45

# A household or a server is given a /64 at least (RFC 6177), and may use every address in it.
_IPV6_PREFIX: Final = 64


def of_client(
    peer: tuple[str, int] | None, headers: Iterable[tuple[bytes, bytes]], trusted_hops: int
) -> str:
    """Returns the network of a client: an IPv4 address, or the /64 of an IPv6 address.

    Each of our proxies appends to X-Forwarded-For whom it was called by. What stands to the left of
    their entries is the client's own word, and counts for nothing.

    Args:
        peer: The address and port of who is connected, None for a socket that has none.
        headers: All headers, by lower-case names.
        trusted_hops: How many proxies of ours stand in front.

    Returns:
        The network, empty where there is none; the peer's if the header is not as it should be.
    """
    if trusted_hops:
        entries = b",".join(value for name, value in headers if name == b"x-forwarded-for")
        addresses = entries.decode("latin-1").split(",")
        if len(addresses) >= trusted_hops:
            network = _network_of(addresses[-trusted_hops].strip())
            if network:
                return network
    return _network_of(peer[0]) if peer else ""


def _network_of(address: str) -> str:
    return _network(address) if len(address) <= _LONGEST else ""


@lru_cache(maxsize=4096)
def _network(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address), _IPV6_PREFIX), strict=False))
