"""Channels to the gRPC services of the suite."""

import json
from collections.abc import Sequence
from typing import Final

import grpc

from kit.tls import Identity

ACCEPTING = "kundeapp.accepting"
"""What a server calls healthy until it is asked to stop, whatever it may lack to do its work."""

KEEPALIVE_MS = 10_000
"""How often a caller makes sure that the other side is there. A channel that watches a replica's
health has a call under way all the time, and so asks without any traffic too."""
KEEPALIVE_TIMEOUT_MS = 5_000
"""How long the other side has to say so. Until then calls to a replica whose machine is gone, one
of two, end by their deadlines."""

_LIST = "ipv4:"

OPTIONS: Final[Sequence[tuple[str, str | int]]] = (
    # Client-side balancing over the addresses of a headless service, but for a replica that stops:
    # it takes a while to end, and would refuse what is sent to it at the last.
    (
        "grpc.service_config",
        json.dumps(
            {
                "loadBalancingConfig": [{"round_robin": {}}],
                "healthCheckConfig": {"serviceName": ACCEPTING},
            }
        ),
    ),
    # A service that restarts is found again within a second, not within two minutes.
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.keepalive_time_ms", KEEPALIVE_MS),
    ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
    # While a ping that measures the connection is without an answer, no other is sent: a minute.
    ("grpc.http2.ping_timeout_ms", KEEPALIVE_TIMEOUT_MS),
    ("grpc.max_receive_message_length", 16 * 2**20),
)


def open_channel(target: str, workload: Identity) -> grpc.aio.Channel:
    """Returns a channel to all replicas of a service.

    Args:
        target: Where it is: `host:port`, `dns:///service:port`, or where no name leads to all of
            its replicas `ipv4:address:port,address:port`; then the certificate of each names the
            first of these addresses.
        workload: Whose certificate is shown.
    """
    first, _, others = target.removeprefix(_LIST).partition(",")
    options = (*OPTIONS, ("grpc.default_authority", first)) if others else OPTIONS
    return grpc.aio.secure_channel(target, workload.channel_credentials(), options=options)
