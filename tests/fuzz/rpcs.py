"""What services are asked over gRPC: every RPC, with hostile requests, on real databases."""

import random
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message

import services.consent.bootstrap
import services.events.bootstrap
import services.identity.bootstrap
import services.metering.bootstrap
from kit import access
from kit.testing import Neighbours
from tests.security.callers import PERSON, access_roles
from tests.security.rpcs import services as declared

_OPERATIONS: Final = "kundeapp.operations.v1"
_DEEPEST = 4
_UUID: Final = "0195e0c0-0000-7000-8000-000000000001"
_TEXTS: Final = (
    *("", "\0", "a\0b", "kari\0@example.no", "x" * 5000, "9" * 400, "-1", "😀", "\u202e\u0085"),
    *(
        _UUID,
        "kari@example.no",
        "100001",
        "707057500000000001",
        "2026-02-17",
        "2026-02",
        "0001-01-01",
    ),
    *("nn", "NO3", "a/b/c", "ab" * 32, "privacy-statement", "general", "true"),
)
_HOSTILE: Final[Mapping[int, tuple[Any, ...]]] = {
    FieldDescriptor.TYPE_STRING: _TEXTS,
    FieldDescriptor.TYPE_BYTES: (b"", b"\0", bytes(32), b"x" * 4096, b"{}", b"<a>"),
    FieldDescriptor.TYPE_BOOL: (True, False),
    FieldDescriptor.TYPE_ENUM: (0, 1, 2, 3, 999, -1),
    FieldDescriptor.TYPE_INT32: (0, 1, -1, 2, 100, 2**31 - 1, -(2**31)),
    FieldDescriptor.TYPE_UINT32: (0, 1, 2**32 - 1),
    FieldDescriptor.TYPE_INT64: (
        *(0, 1, -1, 2**31, 2**63 - 1, -(2**63), 1_772_452_800),
        *(253_402_300_799, 253_402_300_800, -62_135_596_801),  # around the ends of calendars
    ),
    FieldDescriptor.TYPE_UINT64: (0, 1, 2**64 - 1),
    FieldDescriptor.TYPE_DOUBLE: (0.0, 1.5, float("inf"), float("nan"), -1e300),
}
_FAILURES: Final = frozenset(
    {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DEADLINE_EXCEEDED}
)


@dataclass(frozen=True)
class Suite:
    """The four services.

    Attributes:
        neighbours: What they stand on.
        channels: To each of them, by its package and the workload that calls.
    """

    neighbours: Neighbours
    channels: Mapping[tuple[str, str], grpc.aio.Channel]

    async def ask_everything(self, times: int, asked: Callable[[], None]) -> "Counter[str]":
        """Calls every RPC with hostile requests, and counts what was answered.

        Args:
            times: How often each.
            asked: Is told of each call.

        Raises:
            AssertionError: If a call fails other than by a refusal.
        """
        answers = Counter[str]()
        for service in declared():
            package = service.file.package
            for rpc in service.methods:
                workload = _workload_of(rpc)
                called = [
                    channel
                    for (name, caller), channel in self.channels.items()
                    if caller == workload and package in {name, _OPERATIONS}
                ]
                for channel in called:
                    for number in range(times):
                        source = random.Random(f"{rpc.full_name} {number}")  # noqa: S311 - no secret
                        code = await self._ask(channel, rpc, source)
                        answers[code.name] += 1
                        asked()
        return answers

    async def _ask(
        self, channel: grpc.aio.Channel, rpc: MethodDescriptor, source: random.Random
    ) -> grpc.StatusCode:
        kind = message_factory.GetMessageClass(rpc.input_type)
        several = [_filled(kind(), source) for _ in range(source.choice((0, 1, 3)))]
        request = _filled(kind(), source)
        person = replace(
            PERSON,
            roles=access_roles(),
            methods=("pwd", "otp", "mfa"),
            authenticated_at=datetime.now(UTC),
        )
        path = f"/{rpc.containing_service.full_name}/{rpc.name}"
        codecs: dict[str, Any] = {
            "request_serializer": kind.SerializeToString,
            "response_deserializer": message_factory.GetMessageClass(rpc.output_type).FromString,
        }
        options: dict[str, Any] = {"metadata": self.neighbours.metadata(person), "timeout": 15}
        try:
            if rpc.client_streaming:
                await channel.stream_unary(path, **codecs)(iter(several), **options)
            elif rpc.server_streaming:
                async for _ in channel.unary_stream(path, **codecs)(request, **options):
                    pass
            else:
                await channel.unary_unary(path, **codecs)(request, **options)
        except grpc.aio.AioRpcError as error:
            if error.code() in _FAILURES:
                sent = several if rpc.client_streaming else request
                raise AssertionError(f"{rpc.full_name} fails with {sent}") from error
            return error.code()
        return grpc.StatusCode.OK


@asynccontextmanager
async def running(neighbours: Neighbours, mailbox: Path) -> AsyncGenerator[Suite]:
    """Runs the four services in this process."""
    await neighbours.forget_events()
    pki, ports = neighbours.pki, dict[str, int]()
    async with AsyncExitStack() as stack:

        async def start(part: Any, **more: object) -> None:
            name = part.__name__.split(".")[1]
            url = await neighbours.database(Path(part.__file__).with_name("migrations"))
            settings = neighbours.settings(part.Settings, url, workload=name, **more)
            ports[name] = (await stack.enter_async_context(part.running(settings))).port

        await start(
            services.identity.bootstrap,
            signing_keys=pki.access_signing_keys,
            secret_keys=pki.identity_secret_keys,
            mailbox=mailbox,
        )
        await start(services.metering.bootstrap)
        identity = f"localhost:{ports['identity']}"
        await start(services.events.bootstrap, identity=identity)
        await start(
            services.consent.bootstrap,
            identity=identity,
            events=f"localhost:{ports['events']}",
            secret_keys=pki.consent_secret_keys,
        )
        channels = {
            (f"kundeapp.{name}.v1", workload): await stack.enter_async_context(
                neighbours.channel(port, workload=workload)
            )
            for name, port in ports.items()
            for workload in ("gateway", "cli", "consent", "events", "metering")
        }
        yield Suite(neighbours, channels)


def _workload_of(rpc: MethodDescriptor) -> str:
    """Returns who may call an RPC."""
    rule = access.rule_of(rpc)
    return rule.internal.workloads[0] if rule.WhichOneof("caller") == "internal" else "gateway"


def _filled(message: Any, source: random.Random, depth: int = 0) -> Message:
    """Fills a message with what nobody should send."""
    for field in message.DESCRIPTOR.fields:
        if source.random() < 1 / 4:
            continue
        if field.is_repeated:
            target = getattr(message, field.name)
            for _ in range(source.choice((0, 1, 2))):
                if field.message_type is None:
                    target.append(_hostile(field, source))
                elif depth < _DEEPEST and not field.message_type.GetOptions().map_entry:
                    _filled(target.add(), source, depth + 1)
        elif field.message_type is None:
            setattr(message, field.name, _hostile(field, source))
        elif depth < _DEEPEST:
            getattr(message, field.name).SetInParent()
            _filled(getattr(message, field.name), source, depth + 1)
    return message


def _hostile(field: FieldDescriptor, source: random.Random) -> Any:
    return source.choice(_HOSTILE[field.type])
