"""Channels to the gRPC services of the suite."""

from collections.abc import Sequence
from typing import Final

import grpc

from kit.tls import Identity

OPTIONS: Final[Sequence[tuple[str, str | int]]] = (
    # Client-side balancing over the addresses of a headless service.
    ("grpc.lb_policy_name", "round_robin"),
    # A service that restarts is found again within a second, not within two minutes.
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.max_receive_message_length", 16 * 2**20),
)


def open_channel(target: str, workload: Identity) -> grpc.aio.Channel:
    """Returns a channel to all replicas of a service.

    Args:
        target: Where it is: `host:port` or `dns:///service:port`.
        workload: Whose certificate is shown.
    """
    return grpc.aio.secure_channel(target, workload.channel_credentials(), options=OPTIONS)
