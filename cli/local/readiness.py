"""Whether the suite's own processes are ready, as they say themselves."""

import http.client
from collections.abc import Callable
from http import HTTPStatus

import grpc
from grpc_health.v1 import health_pb2

from kit.local.processes import LOOPBACK
from kit.tls import Identity

_TIMEOUT = 1.0
# A server that is just starting is tried again at once, not after gRPC's usual second.
_OPTIONS = (
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 100),
    ("grpc.use_local_subchannel_pool", 1),
)

Ready = Callable[[], bool]


def grpc_ready(port: int, tls: Identity) -> Ready:
    """Returns a check of gRPC's health service (grpc.health.v1)."""

    def ready() -> bool:
        target = f"{LOOPBACK}:{port}"
        with grpc.secure_channel(target, tls.channel_credentials(), _OPTIONS) as channel:
            check = channel.unary_unary(
                "/grpc.health.v1.Health/Check",
                request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
                response_deserializer=health_pb2.HealthCheckResponse.FromString,
            )
            try:
                answer = check(health_pb2.HealthCheckRequest(), timeout=_TIMEOUT)
            except grpc.RpcError:
                return False
            return answer.status == health_pb2.HealthCheckResponse.SERVING

    return ready


def http_ready(port: int) -> Ready:
    """Returns a check of `/readyz`."""

    def ready() -> bool:
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_TIMEOUT)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return ready
