"""Who may call what: every RPC, called by every kind of caller, on a live server.

A new RPC fails here until somebody has thought about who may call it and written it down.
"""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.rpc import error_details_pb2

from kit import access, errors, jwt, status
from kit.access import InternalTokens, UndeclaredAccess
from kit.jwt import KeyFile
from kit.local.pki import WORKLOADS, LocalPki
from kit.server import Call, Server
from kit.settings import ServiceSettings
from kit.testing import FrozenClock
from kundeapp.access.v1 import access_pb2
from tests.security.callers import Tokens, access_roles
from tests.security.rpcs import rpcs, services

PUBLIC = "public"
CUSTOMER = "customer"
OPERATOR = frozenset({"OPERATOR"})
EVENT_STAFF = frozenset({"EVENT_STAFF"})
CUSTOMER_SERVICE = frozenset({"CUSTOMER_SERVICE"})


def only(*workloads: str) -> tuple[str, ...]:
    return workloads


TABLE: dict[str, str | frozenset[str] | tuple[str, ...]] = {
    "kundeapp.events.v1.EventsService.ListEvents": PUBLIC,
    "kundeapp.events.v1.EventsService.GetEvent": PUBLIC,
    "kundeapp.events.v1.EventsService.CreateEvent": EVENT_STAFF,
    "kundeapp.events.v1.EventsService.UpdateEvent": EVENT_STAFF,
    "kundeapp.events.v1.EventsService.PublishEvent": EVENT_STAFF,
    "kundeapp.events.v1.EventsService.CancelEvent": EVENT_STAFF,
    "kundeapp.events.v1.EventsService.DrawBallot": EVENT_STAFF,
    "kundeapp.events.v1.EventsService.GetDraw": PUBLIC,
    "kundeapp.events.v1.EventsService.ReserveTickets": CUSTOMER,
    "kundeapp.events.v1.EventsService.ListMyReservations": CUSTOMER,
    "kundeapp.events.v1.EventsService.GetReservation": CUSTOMER,
    "kundeapp.events.v1.EventsService.ReleaseTickets": CUSTOMER,
    "kundeapp.events.v1.EventsService.UseTicket": CUSTOMER,
    "kundeapp.events.v1.EventsService.UnuseTicket": CUSTOMER,
    "kundeapp.events.v1.EventsService.GetTicketSvg": CUSTOMER,
    "kundeapp.events.v1.EventsService.GetTicketPng": CUSTOMER,
    "kundeapp.events.v1.EventsService.GetTicketsPdf": CUSTOMER,
    "kundeapp.events.v1.EventsService.JoinWaitlist": CUSTOMER,
    "kundeapp.events.v1.EventsService.ListMyWaitlistEntries": CUSTOMER,
    "kundeapp.events.v1.EventsService.UpdateWaitlistEntry": CUSTOMER,
    "kundeapp.events.v1.EventsService.LeaveWaitlist": CUSTOMER,
    "kundeapp.events.v1.EventsService.AcceptOffer": CUSTOMER,
    "kundeapp.events.v1.EventsService.DeclineOffer": CUSTOMER,
    "kundeapp.events.v1.EventsService.ListWaitlistEntries": EVENT_STAFF | CUSTOMER_SERVICE,
    "kundeapp.events.v1.EventsService.GetGuestList": EVENT_STAFF | CUSTOMER_SERVICE,
    "kundeapp.events.v1.EventsService.GetGuestListCsv": EVENT_STAFF | CUSTOMER_SERVICE,
    "kundeapp.events.v1.EventsService.GetGuestListPdf": EVENT_STAFF | CUSTOMER_SERVICE,
    "kundeapp.events.v1.EventsService.ListReservationChanges": EVENT_STAFF | CUSTOMER_SERVICE,
    "kundeapp.events.v1.EventsService.AuditInventory": EVENT_STAFF | OPERATOR,
    "kundeapp.events.v1.EventsService.AdmitGuests": EVENT_STAFF,
    "kundeapp.events.v1.EventsService.UndoAdmission": EVENT_STAFF,
    "kundeapp.events.v1.EventsService.SyncDoor": EVENT_STAFF,
    "kundeapp.events.v1.EventsService.GetTicketsForMail": only("consent"),
    "kundeapp.events.v1.EventsService.GetGuestListForMail": only("consent"),
    "kundeapp.events.v1.EventsService.GetReservationForLink": only("consent"),
    "kundeapp.events.v1.EventsService.ReleaseByLink": only("consent"),
    "kundeapp.events.v1.EventsService.ExportMyData": CUSTOMER,
    "kundeapp.consent.v1.ConsentService.ListPurposes": PUBLIC,
    "kundeapp.consent.v1.ConsentService.PutPurpose": OPERATOR,
    "kundeapp.consent.v1.ConsentService.GetNotice": PUBLIC,
    "kundeapp.consent.v1.ConsentService.PublishNotice": OPERATOR,
    "kundeapp.consent.v1.ConsentService.GetMyConsents": CUSTOMER,
    "kundeapp.consent.v1.ConsentService.ChangeMyConsents": CUSTOMER,
    "kundeapp.consent.v1.ConsentService.WithdrawAllMyConsents": CUSTOMER,
    "kundeapp.consent.v1.ConsentService.ListMyConsentHistory": CUSTOMER,
    "kundeapp.consent.v1.ConsentService.GetMyConsentReceipt": CUSTOMER,
    "kundeapp.consent.v1.ConsentService.GetMyConsentReceiptFile": CUSTOMER,
    "kundeapp.consent.v1.ConsentService.WithdrawForCustomer": CUSTOMER_SERVICE,
    "kundeapp.consent.v1.ConsentService.ImportConsents": OPERATOR,
    "kundeapp.consent.v1.ConsentService.VerifyLedger": only("cli"),
    "kundeapp.consent.v1.ConsentService.CreateMailing": EVENT_STAFF,
    "kundeapp.consent.v1.ConsentService.UpdateMailing": EVENT_STAFF,
    "kundeapp.consent.v1.ConsentService.GetMailing": EVENT_STAFF,
    "kundeapp.consent.v1.ConsentService.ListMailings": EVENT_STAFF,
    "kundeapp.consent.v1.ConsentService.PreviewMailing": EVENT_STAFF,
    "kundeapp.consent.v1.ConsentService.SendTestMailing": EVENT_STAFF,
    "kundeapp.consent.v1.ConsentService.ScheduleMailing": EVENT_STAFF,
    "kundeapp.consent.v1.ConsentService.UnscheduleMailing": EVENT_STAFF,
    "kundeapp.consent.v1.ConsentService.StopMailing": EVENT_STAFF,
    "kundeapp.consent.v1.ConsentService.DeleteMailing": EVENT_STAFF,
    "kundeapp.consent.v1.ConsentService.Unsubscribe": PUBLIC,
    "kundeapp.consent.v1.ConsentService.GetSubscription": PUBLIC,
    "kundeapp.consent.v1.ConsentService.ExportMyData": CUSTOMER,
    "kundeapp.consent.v1.ConsentService.LookUpRelease": PUBLIC,
    "kundeapp.consent.v1.ConsentService.ReleaseByLink": PUBLIC,
    "kundeapp.consent.v1.ConsentService.GetCustomerService": PUBLIC,
    "kundeapp.consent.v1.ConsentService.BatchCheckPermissions": only(
        "identity", "metering", "events"
    ),
    "kundeapp.consent.v1.ConsentService.CountAudience": OPERATOR | EVENT_STAFF,
    "kundeapp.consent.v1.ConsentService.ExportAudience": OPERATOR | EVENT_STAFF,
    "kundeapp.consent.v1.ConsentService.AddSuppressions": OPERATOR | CUSTOMER_SERVICE,
    "kundeapp.consent.v1.ConsentService.RemoveSuppression": OPERATOR | CUSTOMER_SERVICE,
    "kundeapp.consent.v1.ConsentService.CheckSuppression": OPERATOR | CUSTOMER_SERVICE,
    "kundeapp.consent.v1.ConsentService.CountSuppressions": OPERATOR | CUSTOMER_SERVICE,
    "kundeapp.metering.v1.MeteringService.ExportMyData": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.ExportMyData": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.LookUpCustomer": CUSTOMER_SERVICE,
    "kundeapp.identity.v1.IdentityService.IssuePin": CUSTOMER_SERVICE,
    "kundeapp.identity.v1.IdentityService.ResetSecondFactors": CUSTOMER_SERVICE,
    "kundeapp.identity.v1.IdentityService.EndCustomerSessions": CUSTOMER_SERVICE,
    "kundeapp.identity.v1.IdentityService.EraseCustomer": OPERATOR,
    "kundeapp.identity.v1.IdentityService.DeleteMyAccount": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.RegisterAccount": PUBLIC,
    "kundeapp.identity.v1.IdentityService.ConfirmRegistration": PUBLIC,
    "kundeapp.identity.v1.IdentityService.RecoverCustomer": PUBLIC,
    "kundeapp.identity.v1.IdentityService.ConfirmCustomerRecovery": PUBLIC,
    "kundeapp.identity.v1.IdentityService.ForgetPassword": PUBLIC,
    "kundeapp.identity.v1.IdentityService.ResetPassword": PUBLIC,
    "kundeapp.identity.v1.IdentityService.ChangeEmail": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.ConfirmEmail": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.UndoEmailChange": PUBLIC,
    "kundeapp.identity.v1.IdentityService.ChangeMobile": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.ConfirmMobile": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.LinkCustomer": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.ConfirmCustomerLink": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.CreateSession": PUBLIC,
    "kundeapp.identity.v1.IdentityService.RefreshSession": PUBLIC,
    "kundeapp.identity.v1.IdentityService.ListIdentityProviders": PUBLIC,
    "kundeapp.identity.v1.IdentityService.BeginProviderLogin": PUBLIC,
    "kundeapp.identity.v1.IdentityService.CompleteProviderLogin": PUBLIC,
    "kundeapp.identity.v1.IdentityService.BeginProviderLink": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.CompleteProviderLink": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.ListMyIdentityProviders": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.UnlinkIdentityProvider": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.EndCurrentSession": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.ListMySessions": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.EndSession": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.EndAllSessions": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.ChangePassword": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.GetSecondFactors": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.BeginTotp": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.ConfirmTotp": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.RemoveTotp": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.RenewRecoveryCodes": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.BeginPasskey": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.ConfirmPasskey": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.ListMyPasskeys": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.RemovePasskey": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.CreatePasskeyChallenge": PUBLIC,
    "kundeapp.identity.v1.IdentityService.CreateSessionWithPasskey": PUBLIC,
    "kundeapp.identity.v1.IdentityService.ConfirmCurrentSession": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.ListEndedSessions": only("gateway"),
    "kundeapp.identity.v1.IdentityService.GetMe": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.ChangeMyAccount": CUSTOMER,
    "kundeapp.identity.v1.IdentityService.ImportCustomers": OPERATOR,
    "kundeapp.identity.v1.IdentityService.BatchGetCustomers": only("events"),
    "kundeapp.identity.v1.IdentityService.BatchGetContacts": only("consent"),
    "kundeapp.identity.v1.IdentityService.ListStaffContacts": only("consent"),
    "kundeapp.identity.v1.IdentityService.PutStaffAccount": only("cli"),
    "kundeapp.identity.v1.IdentityService.ListSigningKeys": only("gateway"),
    "kundeapp.metering.v1.MeteringService.ListMeteringPoints": CUSTOMER,
    "kundeapp.metering.v1.MeteringService.GetUsage": CUSTOMER,
    "kundeapp.metering.v1.MeteringService.GetBill": CUSTOMER,
    "kundeapp.metering.v1.MeteringService.EstimateBill": CUSTOMER,
    "kundeapp.metering.v1.MeteringService.GetCapacity": CUSTOMER,
    "kundeapp.metering.v1.MeteringService.CompareUsage": CUSTOMER,
    "kundeapp.metering.v1.MeteringService.CompareProducts": CUSTOMER,
    "kundeapp.metering.v1.MeteringService.GetSpotPrices": CUSTOMER,
    "kundeapp.metering.v1.MeteringService.ExportUsage": CUSTOMER,
    "kundeapp.metering.v1.MeteringService.ImportMeteringPoints": OPERATOR,
    "kundeapp.metering.v1.MeteringService.ImportReadings": OPERATOR,
    "kundeapp.metering.v1.MeteringService.WriteReadings": OPERATOR,
    "kundeapp.metering.v1.MeteringService.ImportPrices": OPERATOR,
    "kundeapp.metering.v1.MeteringService.ImportRates": OPERATOR,
    "kundeapp.metering.v1.MeteringService.ImportExchangeRates": OPERATOR,
    "kundeapp.operations.v1.OperationsService.GetServiceState": only("cli"),
    "kundeapp.operations.v1.OperationsService.ListDeadLetters": OPERATOR,
    "kundeapp.operations.v1.OperationsService.GetDeadLetter": OPERATOR,
    "kundeapp.operations.v1.OperationsService.ReplayDeadLetter": OPERATOR,
    "kundeapp.operations.v1.OperationsService.DiscardDeadLetter": OPERATOR,
    "kundeapp.operations.v1.OperationsService.RepublishEvents": OPERATOR,
}

ADMITTED = grpc.StatusCode.OK
LOG_IN = grpc.StatusCode.UNAUTHENTICATED
DENIED = grpc.StatusCode.PERMISSION_DENIED
NO_CONNECTION = grpc.StatusCode.UNAVAILABLE

_HEALTH = "/grpc.health.v1.Health/Check"

RPCS = pytest.mark.parametrize("rpc", rpcs(), ids=lambda rpc: rpc.name)


class Stub:
    """Answers every RPC of a service with an empty message, and notes who came through."""

    def __init__(self, service: ServiceDescriptor) -> None:
        self.calls: list[Call] = []
        for method in service.methods:
            setattr(self, method.name, self._behaviour(method))

    def _behaviour(self, method: MethodDescriptor) -> Callable[[Any, Call], Any]:
        answer = message_factory.GetMessageClass(method.output_type)

        async def behave(request: Message | AsyncIterator[Message], call: Call) -> Message:
            if not isinstance(request, Message):
                async for _ in request:
                    pass
            self.calls.append(call)
            return answer()

        async def stream(request: Message, call: Call) -> AsyncIterator[Message]:
            yield await behave(request, call)

        return stream if method.server_streaming else behave


@dataclass
class House:
    """A live server for each service, and all that it takes to call them."""

    pki: LocalPki
    foreign_pki: LocalPki
    tokens: Tokens
    clock: FrozenClock
    stubs: dict[str, Stub] = field(default_factory=dict[str, Stub])
    ports: dict[str, int] = field(default_factory=dict[str, int])

    async def call(
        self,
        rpc: MethodDescriptor,
        credentials: grpc.ChannelCredentials | None,
        authorization: str | None = None,
    ) -> grpc.StatusCode:
        """Calls an RPC; checks that its servicer ran if, and only if, the answer says so."""
        service = rpc.containing_service.full_name
        stub, target = self.stubs[service], f"localhost:{self.ports[service]}"
        before = len(stub.calls)
        channel = (
            grpc.aio.insecure_channel(target)
            if credentials is None
            else grpc.aio.secure_channel(target, credentials)
        )
        metadata = () if authorization is None else (("authorization", authorization),)
        async with channel:
            code = await _call(channel, rpc, metadata)
        assert (len(stub.calls) > before) == (code is ADMITTED)
        return code

    async def call_as(
        self, rpc: MethodDescriptor, workload: str, authorization: str | None = None
    ) -> grpc.StatusCode:
        """Calls an RPC with the certificate of a workload."""
        credentials = self.pki.identity(workload).channel_credentials()
        return await self.call(rpc, credentials, authorization)

    async def call_with(
        self, rpc: MethodDescriptor, *roles: str, workload: str = "nats"
    ) -> grpc.StatusCode:
        """Calls an RPC for a person with these roles, by a workload that no rule names."""
        return await self.call_as(rpc, workload, f"Bearer {self.tokens.of(*roles)}")


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[House]:
    pki = LocalPki(tmp_path_factory.mktemp("pki"))
    foreign = LocalPki(tmp_path_factory.mktemp("foreign"))
    pki.prepare()
    foreign.prepare()
    clock = FrozenClock()
    key = KeyFile(pki.internal_signing_keys).signing_key()
    house = House(pki, foreign, Tokens(key, clock.now()), clock)
    async with contextlib.AsyncExitStack() as stack:
        for service in services():
            stub = Stub(service)
            server = await stack.enter_async_context(
                Server.serving(
                    service,
                    stub,
                    _settings(pki),
                    InternalTokens(KeyFile(pki.internal_keys), clock),
                    _ready,
                )
            )
            house.stubs[service.full_name] = stub
            house.ports[service.full_name] = server.port
        yield house


def test_every_rpc_is_in_the_table() -> None:
    assert sorted(TABLE) == sorted(rpc.full_name for rpc in rpcs())


@RPCS
def test_the_proto_declares_what_the_table_says(rpc: MethodDescriptor) -> None:
    rule = access.rule_of(rpc)
    said = TABLE[rpc.full_name]
    match said:
        case str():
            assert rule.WhichOneof("caller") == said
        case frozenset():
            assert rule.WhichOneof("caller") == "staff"
            assert {access_pb2.Staff.Role.Name(role) for role in rule.staff.roles} == said
        case tuple():
            assert rule.WhichOneof("caller") == "internal"
            assert tuple(rule.internal.workloads) == said


async def test_a_service_with_an_undeclared_rpc_does_not_start(tmp_path: Path) -> None:
    service = _undeclared_service()
    pki = LocalPki(tmp_path)
    pki.prepare(["identity"])
    tokens = InternalTokens(KeyFile(pki.internal_keys), FrozenClock())
    with pytest.raises(UndeclaredAccess, match=r"UndeclaredService\.Forgotten"):
        async with Server.serving(service, Stub(service), _settings(pki), tokens, _ready):
            raise AssertionError("it serves")


@RPCS
async def test_without_a_certificate_of_the_suite_there_is_no_connection(
    house: House, rpc: MethodDescriptor
) -> None:
    authority = house.pki.identity("gateway").authority.read_bytes()
    foreign = house.foreign_pki.identity("gateway")
    credentials = {
        "in the clear": None,
        "no certificate": grpc.ssl_channel_credentials(authority),
        "certificate of a foreign authority": grpc.ssl_channel_credentials(
            authority, foreign.key.read_bytes(), foreign.certificate.read_bytes()
        ),
    }
    token = f"Bearer {house.tokens.of(*access_roles())}"
    for name, shown in credentials.items():
        assert await house.call(rpc, shown, token) is NO_CONNECTION, name


@RPCS
async def test_a_certificate_that_names_no_workload_is_denied(
    house: House, rpc: MethodDescriptor
) -> None:
    for names in ([], [x509.DNSName("gateway")], [x509.UniformResourceIdentifier("spiffe://x/y")]):
        shown = _certificate_of(house.pki, names)
        token = f"Bearer {house.tokens.of(*access_roles())}"
        assert await house.call(rpc, shown, token) is DENIED


@RPCS
async def test_nobody(house: House, rpc: MethodDescriptor) -> None:
    said = TABLE[rpc.full_name]
    for workload in WORKLOADS:
        match said:
            case "public":
                expected = ADMITTED
            case tuple():
                expected = ADMITTED if workload in said else DENIED
            case _:
                expected = LOG_IN
        assert await house.call_as(rpc, workload) is expected, workload


@RPCS
async def test_a_customer(house: House, rpc: MethodDescriptor) -> None:
    expected = ADMITTED if TABLE[rpc.full_name] in {PUBLIC, CUSTOMER} else DENIED
    assert await house.call_with(rpc) is expected


@RPCS
async def test_staff(house: House, rpc: MethodDescriptor) -> None:
    said = TABLE[rpc.full_name]
    for role in (*sorted(access_roles()), "ROLE_UNSPECIFIED", "operator", "ADMIN"):
        admitted = role in said if isinstance(said, frozenset) else said in {PUBLIC, CUSTOMER}
        assert await house.call_with(rpc, role) is (ADMITTED if admitted else DENIED), role


@RPCS
async def test_staff_without_a_second_factor(house: House, rpc: MethodDescriptor) -> None:
    """Duties count for nothing; logging in again helps, since that asks for the factor."""
    said = TABLE[rpc.full_name]
    for methods in ((), ("pwd",), ("pwd", "otp"), ("MFA",)):
        token = house.tokens.of(*access_roles(), methods=methods)
        match said:
            case frozenset():
                expected = LOG_IN
            case str():
                expected = ADMITTED
            case tuple():
                expected = DENIED
        assert await house.call_as(rpc, "nats", f"Bearer {token}") is expected, methods


@RPCS
async def test_a_workload_that_calls_for_somebody_with_every_role(
    house: House, rpc: MethodDescriptor
) -> None:
    said = TABLE[rpc.full_name]
    for workload in WORKLOADS:
        admitted = not isinstance(said, tuple) or workload in said
        answer = await house.call_with(rpc, *access_roles(), workload=workload)
        assert answer is (ADMITTED if admitted else DENIED), workload


@RPCS
async def test_a_bad_token_opens_nothing_even_what_needs_none(
    house: House, rpc: MethodDescriptor
) -> None:
    said = TABLE[rpc.full_name]
    workload = said[0] if isinstance(said, tuple) else "gateway"
    for name, authorization in house.tokens.bad().items():
        assert await house.call_as(rpc, workload, authorization) is LOG_IN, name
    assert await house.call_with(rpc, *access_roles(), workload=workload) is ADMITTED


@RPCS
async def test_a_token_that_was_let_in_is_not_when_it_is_sent_again_later(
    house: House, rpc: MethodDescriptor
) -> None:
    said = TABLE[rpc.full_name]
    workload = said[0] if isinstance(said, tuple) else "gateway"
    token = f"Bearer {house.tokens.of(*access_roles())}"
    assert await house.call_as(rpc, workload, token) is ADMITTED
    house.clock.advance(access.INTERNAL_TOKEN_LIFETIME)
    try:
        assert await house.call_as(rpc, workload, token) is LOG_IN
    finally:
        house.clock.advance(-access.INTERNAL_TOKEN_LIFETIME)


async def test_a_token_stops_working_when_it_expires_although_it_was_read_before(
    house: House,
) -> None:
    clock = FrozenClock(house.tokens.now)
    tokens = InternalTokens(KeyFile(house.pki.internal_keys), clock)
    token = house.tokens.of()
    assert tokens.caller(token, "gateway").workload == "gateway"
    assert tokens.caller(token, "cli").workload == "cli"
    clock.advance(access.INTERNAL_TOKEN_LIFETIME)
    with pytest.raises(errors.Unauthenticated):
        tokens.caller(token, "gateway")


async def test_a_servicer_is_told_who_calls_and_for_whom(house: House) -> None:
    rpc = next(rpc for rpc in rpcs() if TABLE[rpc.full_name] == CUSTOMER)
    await house.call_with(rpc, "OPERATOR", workload="gateway")
    caller = house.stubs[rpc.containing_service.full_name].calls[-1].caller
    assert caller == replace(access.caller_of(_claims_of(house, "OPERATOR")), workload="gateway")


async def test_health_asks_for_a_certificate_too(house: House) -> None:
    port = next(iter(house.ports.values()))
    authority = house.pki.identity("gateway").authority.read_bytes()
    credentials = grpc.ssl_channel_credentials(authority)
    async with grpc.aio.secure_channel(f"localhost:{port}", credentials) as channel:
        check = channel.unary_unary(_HEALTH, bytes, bytes)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await check(b"")
    assert refused.value.code() is NO_CONNECTION


async def _call(
    channel: grpc.aio.Channel, rpc: MethodDescriptor, metadata: tuple[tuple[str, str], ...]
) -> grpc.StatusCode:
    path = f"/{rpc.containing_service.full_name}/{rpc.name}"
    request = message_factory.GetMessageClass(rpc.input_type)()
    serializer: Any = type(request).SerializeToString
    deserializer = message_factory.GetMessageClass(rpc.output_type).FromString
    try:
        if rpc.client_streaming:
            call: Any = channel.stream_unary(path, serializer, deserializer)
            await call(iter([request]), metadata=metadata)
        elif rpc.server_streaming:
            call = channel.unary_stream(path, serializer, deserializer)
            assert len([message async for message in call(request, metadata=metadata)]) == 1
        else:
            call = channel.unary_unary(path, serializer, deserializer)
            await call(request, metadata=metadata)
    except grpc.aio.AioRpcError as error:
        if error.code() is not NO_CONNECTION:
            _assert_says_why(error)
        return error.code()
    return ADMITTED


def _assert_says_why(error: grpc.aio.AioRpcError) -> None:
    """A refusal names its reason, and nothing of the token or of what was wrong with it."""
    told = status.status_from(error.code(), tuple(error.trailing_metadata() or ()))
    info = error_details_pb2.ErrorInfo()
    assert told.details[0].Unpack(info)
    assert info.reason == {LOG_IN: "UNAUTHENTICATED", DENIED: "PERMISSION_DENIED"}[error.code()]
    assert not info.metadata


def _claims_of(house: House, *roles: str) -> dict[str, Any]:
    keys = KeyFile(house.pki.internal_keys).keys()
    return jwt.verify(access.INTERNAL_TOKEN, keys, house.tokens.of(*roles), house.tokens.now)


def _settings(pki: LocalPki) -> ServiceSettings:
    identity = pki.identity("identity")
    return ServiceSettings(
        tls_certificate=identity.certificate,
        tls_key=identity.key,
        tls_authority=identity.authority,
        internal_keys=pki.internal_keys,
        database_url="postgresql://nowhere",
        nats_url="tls://nowhere",
        grace_seconds=0,
        drain_seconds=0,
    )


async def _ready() -> None:
    return


def _certificate_of(pki: LocalPki, names: list[Any]) -> grpc.ChannelCredentials:
    """Returns a certificate of the suite's own authority, with these names only."""
    authority = x509.load_pem_x509_certificate(pki.identity("gateway").authority.read_bytes())
    signer = serialization.load_pem_private_key(
        (pki.folder / "authority.key").read_bytes(), password=None
    )
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "gateway")]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(authority.not_valid_before_utc)
        .not_valid_after(authority.not_valid_after_utc)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    certificate = builder.sign(signer, hashes.SHA256())
    return grpc.ssl_channel_credentials(
        pki.identity("gateway").authority.read_bytes(),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        certificate.public_bytes(serialization.Encoding.PEM),
    )


def _undeclared_service() -> ServiceDescriptor:
    """Returns a service with an RPC that does not say who may call it."""
    file = descriptor_pb2.FileDescriptorProto(
        name="tests/security/undeclared.proto", package="tests.security", syntax="proto3"
    )
    file.message_type.add(name="Nothing")
    service = file.service.add(name="UndeclaredService")
    service.method.add(
        name="Forgotten",
        input_type=".tests.security.Nothing",
        output_type=".tests.security.Nothing",
    )
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return pool.FindFileByName(file.name).services_by_name["UndeclaredService"]
