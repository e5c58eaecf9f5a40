"""What the company holds about somebody, of all services in one file (GDPR art. 15 and 20).

Every service that has an RPC `ExportMyData` is asked for it, with the caller's token, part by part.
A service that does not answer fails the whole: half of it would look like all of it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Final, cast
from zoneinfo import ZoneInfo

import grpc
import orjson
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

from gateway import problems
from gateway.app import (
    NO_STORE,
    SECURITY,
    CallFailed,
    Headers,
    Request,
    Response,
    Upstream,
    metadata_of,
)
from gateway.session import Sessions
from kit.clock import Clock
from kundeapp.privacy.v1.export_pb2 import ExportMyDataRequest, ExportMyDataResponse

PATH: Final = "/v1/me/export"
MEDIA_TYPE: Final = "application/json"
MOST_AT_ONCE: Final = 4
LARGEST_BYTES = 64 * 2**20
"""Some 40 metering points for ten years; more would be a burden on everyone else's requests."""

_RPC = "ExportMyData"
_OSLO = ZoneInfo("Europe/Oslo")


def exported(services: Sequence[ServiceDescriptor]) -> Mapping[str, MethodDescriptor]:
    """Returns the RPCs that hand out what a service holds, by the names of the services."""
    return {
        service.file.package.split(".")[-2]: service.methods_by_name[_RPC]
        for service in services
        if _RPC in service.methods_by_name
    }


class Export:
    """Makes the file."""

    def __init__(
        self,
        rpcs: Mapping[str, MethodDescriptor],
        upstream: Upstream,
        sessions: Sessions,
        clock: Clock,
        *,
        call_seconds: float,
    ) -> None:
        """Prepares every call.

        Args:
            rpcs: What is called, by the names of the services.
            upstream: Where it is.
            sessions: Who is behind a request.
            clock: Tells the time.
            call_seconds: How long a service may take to answer with a part.
        """
        self._calls = {name: (rpc, upstream.call(rpc)) for name, rpc in rpcs.items()}
        self._sessions = sessions
        self._clock = clock
        self._call_seconds = call_seconds
        self._turn = asyncio.Semaphore(MOST_AT_ONCE)

    async def answer(self, request: Request) -> Response:
        """Answers GET with the file.

        Raises:
            Unauthenticated: If nobody is logged in.
            CallFailed: If a service refuses, such as a login that is not recent, or is away.
            ExportTooLarge: If it does not fit in a file.
        """
        session = await self._sessions.session(request.authorization() or "")
        now = self._clock.now()
        async with self._turn:
            file = _File()
            for service in self._calls:
                await self._read(service, request, file)
            body = file.written(session.caller.account, now)
        return Response(HTTPStatus.OK, body, _headers(now))

    async def _read(self, service: str, request: Request, file: "_File") -> None:
        rpc, call = self._calls[service]
        token = ""
        while True:
            # Asked for anew, since the internal token may not last as long as the parts.
            session = await self._sessions.session(request.authorization() or "")
            try:
                answer = await call(
                    ExportMyDataRequest(page_token=token),
                    timeout=self._call_seconds,
                    metadata=metadata_of(request, session.internal),
                )
            except grpc.aio.AioRpcError as error:
                raise CallFailed(rpc, error) from None
            part = cast("ExportMyDataResponse", answer)
            file.add(service, part.sections_json)
            token = part.next_page_token
            if not token:
                return


class _File:
    """The file while it is made, as text that is put together only in the end."""

    def __init__(self) -> None:
        self._room = LARGEST_BYTES
        self._services: dict[str, dict[str, list[bytes]]] = {}

    def add(self, service: str, sections_json: bytes) -> None:
        """Adds a part of what a service holds; records of a section are appended.

        Raises:
            ExportTooLarge: If there is no room for it.
        """
        self._room -= len(sections_json)
        if self._room < 0:
            raise problems.ExportTooLarge
        sections = self._services.setdefault(service, {})
        for name, records in orjson.loads(sections_json).items():
            known = sections.setdefault(name, [])
            if records:
                known.append(orjson.dumps(records)[1:-1])

    def written(self, account: object, now: datetime) -> bytes:
        """Returns the file."""
        services = {
            service: {
                name: orjson.Fragment(b"[" + b",".join(parts) + b"]")
                for name, parts in sections.items()
            }
            for service, sections in self._services.items()
        }
        return orjson.dumps(
            {"exportedAt": now.replace(microsecond=0), "account": account, "services": services},
            option=orjson.OPT_UTC_Z,
        )


def _headers(now: datetime) -> Headers:
    name = f"kundeapp-export-{now.astimezone(_OSLO):%Y-%m-%d}.json"
    return (
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-disposition", f'attachment; filename="{name}"'.encode()),
        NO_STORE,
        *SECURITY,
    )
