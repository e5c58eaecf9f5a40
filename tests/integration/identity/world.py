"""Identity as its neighbours see it: over gRPC, each with its certificate."""

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, TypeVar, cast

import asyncpg
import grpc
import httpx
import orjson
from google.protobuf import message_factory
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from joserfc.jwk import KeySet
from pyotp.totp import TOTP

from kit import access, jwt, status
from kit.access import Caller
from kit.database import Database, Transaction
from kit.ids import SystemIds
from kit.keyed_hash import KeyedHash, secret_keys
from kit.testing import FrozenClock, Neighbours, eventually
from kundeapp.access.v1 import access_pb2
from kundeapp.identity.v1 import identity_events_pb2
from kundeapp.identity.v1 import identity_service_pb2 as pb
from services.identity.bootstrap import SERVICE, servicer
from services.identity.config import Settings
from services.identity.domain.federation import Providers
from services.identity.domain.letters import Letter
from services.identity.domain.store import Store, Stores
from services.identity.hashing import Argon2Passwords, Cost
from services.identity.providers import OpenIdProviders
from services.identity.servicer import IdentityServicer
from services.identity.storage import Post

HEADER = "customer_number,name,email,mobile,pin\n"
EMAIL = "kari@example.no"
PASSWORD = "fire tilfeldige ord"
PIN = "12345678"
PIECE_BYTES = 64 * 1024
OPERATOR = ("OPERATOR",)
NO_PROVIDERS = OpenIdProviders((), {}, httpx.AsyncClient(trust_env=False), FrozenClock())

_Answer = TypeVar("_Answer", bound=Message)
_Hashes = TypeVar("_Hashes", bound=Argon2Passwords)


def customers_file(rows: int, pin: str = "") -> str:
    lines = (
        f"{100_000 + row},Kunde {row},kunde{row}@example.no,9{row:07d},{pin}\n"
        for row in range(rows)
    )
    return HEADER + "".join(lines)


@dataclass
class Refusal:
    """What a refused call was told."""

    reason: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    answer: bytes = b""
    facts: Mapping[str, str] = field(default_factory=dict[str, str])


@contextlib.contextmanager
def refused(reason: str, *, or_none: bool = False) -> Generator[Refusal]:
    """Expects a call to be refused for a reason."""
    refusal = Refusal()
    try:
        yield refusal
    except grpc.aio.AioRpcError as error:
        told = status.status_from(error.code(), tuple(error.trailing_metadata()))
        info, violations = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        for detail in told.details:
            _ = detail.Unpack(info) or detail.Unpack(violations)
        refusal.reason, refusal.facts = info.reason, dict(info.metadata)
        refusal.fields = [(each.field, each.reason) for each in violations.field_violations]
        refusal.answer = told.SerializeToString(deterministic=True)
    assert refusal.reason == reason or (or_none and not refusal.reason), refusal


async def outcome(call: Awaitable[object]) -> str:
    """Returns the reason for which a call is refused, empty if it is not."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        told = status.status_from(error.code(), tuple(error.trailing_metadata()))
        info = error_details_pb2.ErrorInfo()
        assert any(detail.Unpack(info) for detail in told.details)
        return info.reason
    return ""


@dataclass(frozen=True)
class Silence:
    """Sends no letters."""

    async def send(self, transaction: Transaction, *letters: Letter, wanted: bool = True) -> None:
        """Does nothing."""


@dataclass(frozen=True)
class StoresOf:
    """Opens transactions with a kind of store."""

    database: Database
    store_of: Callable[[Transaction, Post], Store]

    @asynccontextmanager
    async def __call__(self) -> AsyncGenerator[Store]:
        async with self.database.transaction() as transaction:
            yield self.store_of(transaction, Silence())


@dataclass
class App:
    """An authenticator app."""

    secret: str
    last_step: int = -1

    def code(self, now: datetime) -> str:
        """Returns a code that was not given before and is taken at this moment."""
        otp = TOTP(self.secret)
        self.last_step = max(self.last_step + 1, otp.timecode(now) - 1)
        assert self.last_step <= otp.timecode(now) + 1, "no more codes at this moment"
        return otp.generate_otp(self.last_step)


@dataclass(frozen=True)
class Identity:
    """The service, the clock it goes by, and its database.

    Attributes:
        neighbours: What it needs around it, and the gateway's key.
        channels: A channel for each workload.
        apps: The authenticator apps of staff, by e-mail.
    """

    neighbours: Neighbours
    settings: Settings
    channels: Mapping[str, grpc.aio.Channel]
    database: Database
    clock: FrozenClock
    ids: SystemIds
    apps: dict[str, App] = field(default_factory=dict[str, App])

    async def import_customers(
        self, file: str, roles: Sequence[str] = OPERATOR
    ) -> pb.ImportCustomersReport:
        call = self._import_call(roles)
        data = file.encode()
        # A call that is refused before all is sent says why when it is awaited.
        with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
            for start in range(0, len(data), PIECE_BYTES):
                await call.write(pb.ImportCustomersRequest(data=data[start : start + PIECE_BYTES]))
            await call.done_writing()
        return await call

    async def vanish_while_importing(self, file: str) -> None:
        """Sends a file, and is gone before it says that this was all."""
        call = self._import_call(OPERATOR)
        await call.write(pb.ImportCustomersRequest(data=file.encode()))
        call.cancel()

    def _import_call(
        self, roles: Sequence[str]
    ) -> grpc.aio.StreamUnaryCall[pb.ImportCustomersRequest, pb.ImportCustomersReport]:
        staff = Caller(
            account_id=self.ids.new_id(),
            session_id=self.ids.new_id(),
            roles=frozenset(roles),
            authenticated_at=self.clock.now(),
            methods=("pwd", "otp", "mfa"),
        )
        call = self.channels["cli"].stream_unary(
            _path("ImportCustomers"),
            request_serializer=pb.ImportCustomersRequest.SerializeToString,
            response_deserializer=pb.ImportCustomersReport.FromString,
        )
        return call(metadata=self._metadata(staff))

    async def customer(self, number: str, pin: str = PIN) -> None:
        await self.import_customers(HEADER + f"{number},Kari Nordmann,,,{pin}\n")

    async def register(
        self,
        customer_number: str,
        *,
        pin: str = PIN,
        email: str = EMAIL,
        password: str = PASSWORD,
        request_id: str = "",
    ) -> pb.Account:
        """Opens an account, with the code that goes to the e-mail."""
        asked = await self.begin_registration(
            customer_number, pin=pin, email=email, password=password
        )
        code = await self.code("registration-code", to=email)
        return await self.confirm(asked, code, request_id=request_id)

    async def confirm(
        self,
        asked: pb.Verification,
        code: str,
        *,
        contact_code: str = "",
        request_id: str = "",
    ) -> pb.Account:
        """Opens the account that a registration was begun for."""
        request = pb.ConfirmRegistrationRequest(
            request_id=request_id,
            verification_id=asked.id,
            code=code,
            contact_code=contact_code,
        )
        return await self.call("ConfirmRegistration", request)

    async def begin_registration(
        self,
        customer_number: str,
        *,
        pin: str = PIN,
        email: str = EMAIL,
        password: str = PASSWORD,
        request_id: str = "",
    ) -> pb.Verification:
        request = pb.RegisterAccountRequest(
            request_id=request_id,
            customer_number=customer_number,
            pin=pin,
            email=email,
            password=password,
        )
        return await self.call("RegisterAccount", request)

    async def log_in(
        self,
        email: str = EMAIL,
        *,
        password: str = PASSWORD,
        second_factor: str = "",
        request_id: str = "",
    ) -> pb.Session:
        """Logs in; staff whose app is at hand show a code of it."""
        if email in self.apps and not second_factor:
            second_factor = self.apps[email].code(self.clock.now())
        request = pb.CreateSessionRequest(
            request_id=request_id, email=email, password=password, second_factor=second_factor
        )
        return await self._call("CreateSession", request, pb.Session)

    async def refresh(self, token: str) -> pb.Session:
        request = pb.RefreshSessionRequest(refresh_token=token)
        return await self._call("RefreshSession", request, pb.Session)

    async def log_out(self, session: pb.Session | None) -> None:
        request = pb.EndCurrentSessionRequest()
        caller = self.caller(session) if session else None
        await self._call("EndCurrentSession", request, pb.EndCurrentSessionResponse, caller)

    async def me(self, session: pb.Session | None) -> pb.Account:
        caller = self.caller(session) if session else None
        return await self._call("GetMe", pb.GetMeRequest(), pb.Account, caller)

    async def put_staff(
        self,
        email: str,
        roles: Sequence[str | int],
        *,
        password: str = PASSWORD,
        renew_second_factor: bool = False,
        workload: str = "cli",
    ) -> pb.Account:
        """Makes or changes a member of staff, whose authenticator app is at hand from then on."""
        numbers = [
            access_pb2.Staff.Role.Value(role) if isinstance(role, str) else role for role in roles
        ]
        request = pb.PutStaffAccountRequest(
            email=email,
            password=password,
            roles=cast("Any", numbers),
            renew_second_factor=renew_second_factor,
        )
        put = await self._call(
            "PutStaffAccount", request, pb.PutStaffAccountResponse, workload=workload
        )
        if put.totp_secret:
            self.apps[put.account.email] = App(put.totp_secret)
        return put.account

    async def customers(
        self, customer_ids: Sequence[str], workload: str = "events"
    ) -> pb.BatchGetCustomersResponse:
        request = pb.BatchGetCustomersRequest(customer_ids=customer_ids)
        return await self._call(
            "BatchGetCustomers", request, pb.BatchGetCustomersResponse, workload=workload
        )

    async def contacts(
        self, customer_ids: Sequence[str], workload: str = "consent"
    ) -> Mapping[str, pb.CustomerContacts]:
        """Returns how customers are reached, by their ids."""
        request = pb.BatchGetContactsRequest(customer_ids=customer_ids)
        answer = await self._call(
            "BatchGetContacts", request, pb.BatchGetContactsResponse, workload=workload
        )
        return {contacts.customer_id: contacts for contacts in answer.customers}

    async def staff_contacts(
        self, role: str | int, workload: str = "consent"
    ) -> Sequence[pb.ListStaffContactsResponse.StaffContact]:
        """Returns how the staff with a role are reached."""
        number = access_pb2.Staff.Role.Value(role) if isinstance(role, str) else role
        request = pb.ListStaffContactsRequest(role=cast("Any", number))
        answer = await self._call(
            "ListStaffContacts", request, pb.ListStaffContactsResponse, workload=workload
        )
        return answer.staff

    async def signing_keys(self, workload: str = "gateway") -> KeySet:
        answer = await self._call(
            "ListSigningKeys",
            pb.ListSigningKeysRequest(),
            pb.ListSigningKeysResponse,
            workload=workload,
        )
        return KeySet.import_key_set(orjson.loads(answer.jwk_set_json))

    def caller(self, session: pb.Session) -> Caller:
        """Returns whom the gateway would call for, for the holder of a session's access token."""
        kind = jwt.TokenKind("at+jwt", "kundeapp-identity", "kundeapp")
        keys = jwt.KeyFile(self.settings.signing_keys).keys()
        issued_at = session.access_token_expires_at.ToDatetime(self.clock.now().tzinfo)
        issued_at -= self.settings.access_token_lifetime
        return access.caller_of(jwt.verify(kind, keys, session.access_token, issued_at))

    def servicer(
        self,
        hashes: Argon2Passwords,
        stores: Stores | None = None,
        providers: Providers = NO_PROVIDERS,
    ) -> IdentityServicer:
        """Returns the service without gRPC around it."""
        made = servicer(
            self.settings,
            self.database,
            hashes,
            Silence(),
            providers,
            ids=self.ids,
            clock=self.clock,
        )
        if stores is None:
            return made
        gate = replace(made.gate, stores=stores)
        return replace(
            made,
            stores=stores,
            gate=gate,
            desk=replace(made.desk, gate=gate),
            federation=replace(made.federation, stores=stores),
        )

    @contextlib.contextmanager
    def cheap_hashes(self, kind: type[_Hashes] = Argon2Passwords) -> Generator[_Hashes]:
        """Hashes at next to no cost, under the service's own key."""
        cost = Cost(memory_kib=64, passes=1)
        hashes = kind(self.keyed("password"), cost, threads=1, longest_wait=30.0)
        try:
            yield hashes
        finally:
            hashes.close()

    async def letters(self, purpose: str) -> list[EmailMessage]:
        """Returns the mails and SMS of a purpose in the order in which they were queued."""

        async def are_sent() -> bool:
            return not await self.fetch("SELECT FROM courier_message WHERE outcome IS NULL")

        await eventually(are_sent)
        rows = await self.fetch(
            "SELECT id FROM courier_message WHERE purpose = $1 AND outcome = 'SENT' ORDER BY id",
            purpose,
        )
        mailbox = self.settings.mailbox
        assert mailbox is not None
        return [
            message_from_bytes(file.read_bytes(), policy=policy.default)
            for row in rows
            for file in mailbox.glob(f"*-{row['id']}.*")
        ]

    async def code(self, purpose: str, *, to: str) -> str:
        """Returns the code in the last letter of a purpose to somebody."""
        letters = [each for each in await self.letters(purpose) if each["To"] == to]
        [code] = re.findall(r"\b\d{6}\b", letters[-1].get_content())
        return code

    def keyed(self, purpose: str) -> KeyedHash:
        return KeyedHash(secret_keys(self.settings.secret_keys), purpose)

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        async with self.database.reader() as connection:
            return await connection.fetch(query, *arguments)

    async def execute(self, statement: str, *arguments: object) -> None:
        async with self.database.reader() as connection:
            await connection.execute(statement, *arguments)

    async def pin_tries(self, customer_number: str) -> int:
        [row] = await self.fetch(
            "SELECT pin_tries FROM customer WHERE number = $1", customer_number
        )
        return row["pin_tries"]

    async def count_events(self) -> int:
        [row] = await self.fetch("SELECT count(*) FROM outbox")
        return row[0]

    async def events(self, name: str) -> list[Any]:
        """Returns the events of a kind, in order, as messages."""
        kind: type[Message] = getattr(identity_events_pb2, name)
        rows = await self.fetch(
            "SELECT payload FROM outbox WHERE type = $1 ORDER BY seq", kind.DESCRIPTOR.full_name
        )
        return [kind.FromString(row["payload"]) for row in rows]

    async def call(
        self,
        rpc: str,
        request: Message,
        *,
        session: pb.Session | None = None,
        network: str = "192.0.2.1",
        language: str = "nn",
    ) -> Any:
        """Calls an RPC as the gateway does.

        Args:
            rpc: The RPC.
            request: The request.
            session: Whose access token is shown, None for nobody's.
            network: Where the person calls from.
            language: What they read.
        """
        answer = message_factory.GetMessageClass(SERVICE.methods_by_name[rpc].output_type)
        caller = self.caller(session) if session else None
        told = {access.NETWORK: network, "accept-language": language}
        return await self._call(rpc, request, answer, caller, **told)

    async def _call(
        self,
        rpc: str,
        request: Message,
        answer: type[_Answer],
        caller: Caller | None = None,
        workload: str = "gateway",
        **told: str,
    ) -> _Answer:
        call = self.channels[workload].unary_unary(
            _path(rpc),
            request_serializer=type(request).SerializeToString,
            response_deserializer=answer.FromString,
        )
        metadata = self.neighbours.metadata(caller, now=self.clock.now(), **told)
        return await call(request, metadata=metadata)

    def _metadata(self, caller: Caller | None) -> Sequence[tuple[str, str]]:
        return self.neighbours.metadata(caller, now=self.clock.now())


def _path(rpc: str) -> str:
    return f"/{SERVICE.full_name}/{rpc}"
