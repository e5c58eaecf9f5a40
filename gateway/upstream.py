"""The gRPC services behind the gateway."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, cast

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2

Metadata: TypeAlias = Sequence[tuple[str, str]]

_HEALTH = "/grpc.health.v1.Health/Check"
_HEALTH_TIMEOUT = 1.0


class Call(Protocol):
    """One RPC, ready to be called; raises grpc.aio.AioRpcError as gRPC does."""

    def __call__(
        self, request: Message, *, timeout: float, metadata: Metadata
    ) -> Awaitable[Message]:
        """Calls it.

        Args:
            request: The request.
            timeout: How long it may take, in seconds.
            metadata: What goes with it.
        """
        ...


class Upstreams:
    """Channels to the services, by the proto package that each one serves."""

    def __init__(self, channels: Mapping[str, grpc.aio.Channel]) -> None:
        self._channels = channels
        check = health_pb2.HealthCheckRequest.SerializeToString
        read = health_pb2.HealthCheckResponse.FromString
        self._checks: Mapping[str, Callable[..., Awaitable[Any]]] = {
            package: channel.unary_unary(_HEALTH, check, read)
            for package, channel in channels.items()
        }

    def call(self, rpc: MethodDescriptor) -> Call:
        """Returns an RPC of one of the services.

        Raises:
            KeyError: If no service serves its package.
        """
        service = rpc.containing_service
        return cast(
            "Call",
            self._channels[service.file.package].unary_unary(
                f"/{service.full_name}/{rpc.name}",
                request_serializer=_serialize,
                response_deserializer=message_factory.GetMessageClass(rpc.output_type).FromString,
            ),
        )

    async def ready(self) -> Mapping[str, bool]:
        """Returns which services answer, by the last word but one of their packages."""
        names = [_name_of(package) for package in self._checks]
        answers = await asyncio.gather(*(self._is_ready(check) for check in self._checks.values()))
        return dict(zip(names, answers, strict=True))

    @staticmethod
    async def _is_ready(check: Callable[..., Awaitable[Any]]) -> bool:
        try:
            answer = await check(health_pb2.HealthCheckRequest(), timeout=_HEALTH_TIMEOUT)
        except grpc.aio.AioRpcError:
            return False
        return answer.status == health_pb2.HealthCheckResponse.SERVING


def service_of(rpc: MethodDescriptor) -> str:
    """Returns the service that answers an RPC: `events`."""
    return _name_of(rpc.containing_service.file.package)


def _name_of(package: str) -> str:
    return package.split(".")[-2]


def _serialize(message: Message) -> bytes:
    return message.SerializeToString()
