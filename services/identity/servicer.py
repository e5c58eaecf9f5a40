"""gRPC in: from protobuf to a use case, and back."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, timedelta
from uuid import UUID

from kit import errors
from kit.clock import Clock
from kit.database import Database, Transaction
from kit.idempotency import Key, KeyReused, known_answers, once
from kit.ids import Ids
from kit.server import Call
from kundeapp.access.v1 import access_pb2
from kundeapp.identity.v1 import identity_service_pb2 as pb
from services.identity import handlers
from services.identity.domain.accounts import Account
from services.identity.domain.customers import Customer, Pins
from services.identity.domain.passwords import PasswordRules
from services.identity.domain.sessions import Login, Successors
from services.identity.domain.store import PasswordHashes, Store, Stores
from services.identity.handlers import OpenSession, Registration, StaffAccount
from services.identity.tokens import SignedAccessTokens


@dataclass(frozen=True)
class IdentityServicer:
    """One method for each RPC of `kundeapp.identity.v1.IdentityService`, which says what it does.

    Attributes:
        database: Where a request that may be repeated has its transaction.
        store_of: Makes the store of such a transaction.
        stores: Opens the other transactions.
        rules: Which passwords are taken.
        hashes: Passwords at rest.
        pins: PINs at rest.
        successors: What follows a refresh token.
        tokens: Access tokens.
        retry_secret: Hides what is remembered of a request with a password or a PIN in it.
        session_lifetime: How long a login lasts at the most.
    """

    database: Database
    store_of: Callable[[Transaction], Store]
    stores: Stores
    rules: PasswordRules
    hashes: PasswordHashes
    pins: Pins
    successors: Successors
    tokens: SignedAccessTokens
    retry_secret: bytes
    session_lifetime: timedelta
    ids: Ids
    clock: Clock

    async def RegisterAccount(self, request: pb.RegisterAccountRequest, call: Call) -> pb.Account:
        """Opens the account of a customer."""
        registration = Registration(
            customer_number=request.customer_number.strip(),
            pin=request.pin.strip(),
            email=request.email,
            password=request.password,
        )
        applicant = await handlers.admit_applicant(
            self.stores, self.pins, self.rules, self.hashes, registration
        )

        async with self.database.transaction() as transaction:

            async def register() -> pb.Account:
                store = self.store_of(transaction)
                return _account(await handlers.register_account(store, self.ids, applicant))

            return await once(transaction, call, request, register, pb.Account, self.retry_secret)

    async def CreateSession(self, request: pb.CreateSessionRequest, call: Call) -> pb.Session:
        """Logs in."""
        proof = await handlers.prove_password(
            self.stores, self.hashes, request.email, request.password
        )

        async with self.database.transaction() as transaction:

            async def create() -> pb.Session:
                opened = await handlers.create_session(
                    self.store_of(transaction),
                    proof,
                    device=request.device,
                    tokens=self.tokens,
                    ids=self.ids,
                    clock=self.clock,
                    lifetime=self.session_lifetime,
                )
                return _session(opened)

            return await once(transaction, call, request, create, pb.Session, self.retry_secret)

    async def RefreshSession(self, request: pb.RefreshSessionRequest, _call: Call) -> pb.Session:
        """Exchanges a refresh token."""
        opened = await handlers.refresh_session(
            self.stores, self.tokens, self.successors, self.clock, request.refresh_token
        )
        return _session(opened)

    async def EndCurrentSession(
        self, request: pb.EndCurrentSessionRequest, call: Call
    ) -> pb.EndCurrentSessionResponse:
        """Logs out."""
        session_id = call.caller.session_id
        if session_id is None:
            raise errors.Unauthenticated

        async with self.database.transaction() as transaction:

            async def end() -> pb.EndCurrentSessionResponse:
                await handlers.end_session(self.store_of(transaction), self.clock, session_id)
                return pb.EndCurrentSessionResponse()

            return await once(transaction, call, request, end, pb.EndCurrentSessionResponse)

    async def ListMySessions(
        self, _request: pb.ListMySessionsRequest, call: Call
    ) -> pb.ListMySessionsResponse:
        """Lists where the caller is logged in."""
        async with self.stores() as store:
            logins = await handlers.list_logins(store, self.clock, call.caller.account)
        return pb.ListMySessionsResponse(
            sessions=[_login(login, call.caller.session_id) for login in logins]
        )

    async def EndSession(self, request: pb.EndSessionRequest, call: Call) -> pb.EndSessionResponse:
        """Logs a device out."""
        try:
            session_id = UUID(request.session_id)
        except ValueError:
            raise errors.NotFound from None

        async with self.database.transaction() as transaction:

            async def end() -> pb.EndSessionResponse:
                store = self.store_of(transaction)
                await handlers.end_own_session(store, self.clock, call.caller.account, session_id)
                return pb.EndSessionResponse()

            return await once(transaction, call, request, end, pb.EndSessionResponse)

    async def EndAllSessions(
        self, request: pb.EndAllSessionsRequest, call: Call
    ) -> pb.EndAllSessionsResponse:
        """Logs devices out."""
        keep = call.caller.session_id if request.keep_current else None

        async with self.database.transaction() as transaction:

            async def end() -> pb.EndAllSessionsResponse:
                store = self.store_of(transaction)
                ended = await handlers.end_all_sessions(
                    store, self.clock, call.caller.account, keep=keep
                )
                return pb.EndAllSessionsResponse(ended=ended)

            return await once(transaction, call, request, end, pb.EndAllSessionsResponse)

    async def ChangePassword(
        self, request: pb.ChangePasswordRequest, call: Call
    ) -> pb.ChangePasswordResponse:
        """Changes the caller's password."""
        key = Key.of(call, request, self.retry_secret)
        if key is not None:
            # A retry shows the old password, which is no longer right.
            async with self.database.reader() as connection:
                known = await known_answers(connection, [key], pb.ChangePasswordResponse)
            answer = known.get(key)
            if isinstance(answer, KeyReused):
                raise answer
            if answer is not None:
                return answer
        new = await handlers.prove_for_new_password(
            self.stores,
            self.rules,
            self.hashes,
            call.caller.account,
            current=request.current_password,
            new=request.new_password,
        )

        async with self.database.transaction() as transaction:

            async def change() -> pb.ChangePasswordResponse:
                store = self.store_of(transaction)
                await handlers.change_password(store, self.clock, new, call.caller.session_id)
                return pb.ChangePasswordResponse()

            return await once(
                transaction, call, request, change, pb.ChangePasswordResponse, self.retry_secret
            )

    async def GetMe(self, _request: pb.GetMeRequest, call: Call) -> pb.Account:
        """Shows the caller's account."""
        async with self.stores() as store:
            return _account(await handlers.get_me(store, call.caller.account))

    async def ImportCustomers(
        self, requests: AsyncIterator[pb.ImportCustomersRequest], _call: Call
    ) -> pb.ImportCustomersReport:
        """Takes customers into the register."""
        pieces = (request.data async for request in requests)
        report = await handlers.import_customers(self.stores, self.pins, self.ids, pieces)
        return pb.ImportCustomersReport(
            rows=report.rows,
            created=report.created,
            changed=report.changed,
            unchanged=report.unchanged,
            new_pins=[
                pb.ImportCustomersReport.NewPin(customer_number=new.customer_number, pin=new.pin)
                for new in report.new_pins
            ],
        )

    async def BatchGetCustomers(
        self, request: pb.BatchGetCustomersRequest, _call: Call
    ) -> pb.BatchGetCustomersResponse:
        """Says who customers are."""
        async with self.stores() as store:
            customers = await handlers.customers_by_id(store, request.customer_ids)
        return pb.BatchGetCustomersResponse(customers=map(_customer, customers))

    async def PutStaffAccount(self, request: pb.PutStaffAccountRequest, _call: Call) -> pb.Account:
        """Makes or changes the account of a member of staff."""
        staff = StaffAccount(
            email=request.email,
            password=request.password,
            roles=frozenset(_role_name(role) for role in request.roles),
        )
        account = await handlers.put_staff_account(
            self.stores,
            staff,
            rules=self.rules,
            hashes=self.hashes,
            ids=self.ids,
            clock=self.clock,
        )
        return _account(account)

    async def ListEndedSessions(
        self, request: pb.ListEndedSessionsRequest, _call: Call
    ) -> pb.ListEndedSessionsResponse:
        """Lists the sessions that ended lately."""
        async with self.stores() as store:
            ended = await handlers.list_ended_sessions(
                store, self.clock, request.after.ToDatetime(UTC)
            )
        answer = pb.ListEndedSessionsResponse()
        for session in ended:
            told = answer.sessions.add(session_id=str(session.id))
            if session.ended_at is not None:
                told.ended_at.FromDatetime(session.ended_at)
        return answer

    async def ListSigningKeys(
        self, _request: pb.ListSigningKeysRequest, _call: Call
    ) -> pb.ListSigningKeysResponse:
        """Lists the public keys of access tokens."""
        return pb.ListSigningKeysResponse(jwk_set_json=self.tokens.public_key_set())


def _account(account: Account) -> pb.Account:
    return pb.Account(
        id=str(account.id),
        email=account.email,
        customers=map(_customer, account.customers),
        roles=[access_pb2.Staff.Role.Value(role) for role in sorted(account.roles)],
    )


def _customer(customer: Customer) -> pb.Customer:
    return pb.Customer(id=str(customer.id), customer_number=customer.number, name=customer.name)


def _session(opened: OpenSession) -> pb.Session:
    answer = pb.Session(
        id=str(opened.session.id),
        access_token=opened.access_token.value,
        refresh_token=opened.refresh_token,
    )
    answer.access_token_expires_at.FromDatetime(opened.access_token.expires_at)
    answer.expires_at.FromDatetime(opened.session.expires_at)
    return answer


def _login(login: Login, current: UUID | None) -> pb.ListMySessionsResponse.Login:
    answer = pb.ListMySessionsResponse.Login(
        id=str(login.session.id),
        device=login.device,
        current=login.session.id == current,
    )
    answer.created_at.FromDatetime(login.created_at)
    answer.last_used_at.FromDatetime(login.last_used_at)
    answer.expires_at.FromDatetime(login.session.expires_at)
    return answer


def _role_name(role: int) -> str:
    """Returns the name of a role, or its number where this version knows none."""
    known = access_pb2.Staff.Role.DESCRIPTOR.values_by_number.get(role)
    return known.name if known else str(role)
