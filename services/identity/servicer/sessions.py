"""Sessions."""

from datetime import UTC, datetime
from uuid import UUID

from kit import errors
from kit.moments import moment_of
from kit.server import Call
from kundeapp.identity.v1 import identity_service_pb2 as pb
from kundeapp.identity.v1 import second_factors_pb2
from services.identity.domain.store import Store
from services.identity.handlers import passkeys, second_factors, sessions, step_up
from services.identity.servicer import messages
from services.identity.servicer.part import Part

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Sessions(Part):
    """Sessions."""

    async def CreateSession(self, request: pb.CreateSessionRequest, call: Call) -> pb.Session:
        """Logs in."""
        visitor = messages.visitor_of(request, call)
        proof = await sessions.prove_password(
            self.gate, visitor, email=request.email, password=request.password
        )
        known = await self.answered(call, request, pb.Session)
        if known is not None:
            return known
        proof = await second_factors.prove_second_factor(self.gate, proof, request.second_factor)

        async def create(store: Store) -> pb.Session:
            opened = await sessions.create_session(store, self.issuer, proof, visitor)
            return messages.session_of(opened)

        return await self.once(call, request, create, pb.Session)

    async def ConfirmCurrentSession(
        self, request: second_factors_pb2.ConfirmCurrentSessionRequest, call: Call
    ) -> pb.Session:
        """Proves once more who the caller is."""
        account_id, session_id = call.caller.account, call.caller.session_id
        if session_id is None:
            raise errors.Unauthenticated
        known = await self.answered(call, request, pb.Session)
        if known is not None:
            return known
        if request.HasField("passkey"):
            passkey = await passkeys.prove_passkey(self.gate, messages.answer_of(request.passkey))

            async def confirm(store: Store) -> pb.Session:
                opened = await step_up.confirm_with_passkey(
                    store, self.issuer, passkey, account_id, session_id
                )
                return messages.session_of(opened)

        else:
            proof = await step_up.prove_password_of(self.gate, account_id, request.password)
            proof = await second_factors.prove_second_factor(
                self.gate, proof, request.second_factor
            )

            async def confirm(store: Store) -> pb.Session:
                opened = await step_up.confirm_with_password(store, self.issuer, proof, session_id)
                return messages.session_of(opened)

        return await self.once(call, request, confirm, pb.Session)

    async def RefreshSession(self, request: pb.RefreshSessionRequest, _call: Call) -> pb.Session:
        """Exchanges a refresh token."""
        return messages.session_of(
            await sessions.refresh_session(self.stores, self.issuer, request.refresh_token)
        )

    async def EndCurrentSession(
        self, request: pb.EndCurrentSessionRequest, call: Call
    ) -> pb.EndCurrentSessionResponse:
        """Logs out."""
        session_id = call.caller.session_id
        if session_id is None:
            raise errors.Unauthenticated

        async def end(store: Store) -> pb.EndCurrentSessionResponse:
            await sessions.end_session(store, self.clock, session_id)
            return pb.EndCurrentSessionResponse()

        return await self.once(call, request, end, pb.EndCurrentSessionResponse)

    async def ListMySessions(
        self, _request: pb.ListMySessionsRequest, call: Call
    ) -> pb.ListMySessionsResponse:
        """Lists where the caller is logged in."""
        async with self.stores() as store:
            logins = await sessions.list_logins(store, self.clock, call.caller.account)
        return pb.ListMySessionsResponse(
            sessions=[messages.login_of(login, call.caller.session_id) for login in logins]
        )

    async def EndSession(self, request: pb.EndSessionRequest, call: Call) -> pb.EndSessionResponse:
        """Logs a device out."""
        try:
            session_id = UUID(request.session_id)
        except ValueError:
            raise errors.NotFound from None

        async def end(store: Store) -> pb.EndSessionResponse:
            await sessions.end_own_session(store, self.clock, call.caller.account, session_id)
            return pb.EndSessionResponse()

        return await self.once(call, request, end, pb.EndSessionResponse)

    async def EndAllSessions(
        self, request: pb.EndAllSessionsRequest, call: Call
    ) -> pb.EndAllSessionsResponse:
        """Logs devices out."""
        keep = call.caller.session_id if request.keep_current else None

        async def end(store: Store) -> pb.EndAllSessionsResponse:
            ended = await sessions.end_all_sessions(
                store, self.clock, call.caller.account, keep=keep
            )
            return pb.EndAllSessionsResponse(ended=ended)

        return await self.once(call, request, end, pb.EndAllSessionsResponse)

    async def ListEndedSessions(
        self, request: pb.ListEndedSessionsRequest, _call: Call
    ) -> pb.ListEndedSessionsResponse:
        """Lists the sessions that ended lately."""
        async with self.stores() as store:
            ended = await sessions.list_ended_sessions(
                store, self.clock, moment_of(request, "after") or _EPOCH
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
