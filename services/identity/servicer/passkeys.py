"""Passkeys."""

from uuid import UUID

from kit import errors
from kit.access import require_recent_login
from kit.server import Call
from kundeapp.identity.v1 import identity_service_pb2
from kundeapp.identity.v1 import second_factors_pb2 as pb
from services.identity.domain.passkeys import Passkey
from services.identity.domain.store import Store
from services.identity.handlers import passkeys
from services.identity.handlers.passkeys import Asked
from services.identity.servicer import messages
from services.identity.servicer.part import Part


class Passkeys(Part):
    """Passkeys."""

    async def BeginPasskey(
        self, request: pb.BeginPasskeyRequest, call: Call
    ) -> pb.PasskeyChallenge:
        """Begins adding a passkey."""
        require_recent_login(call.caller, self.clock.now())

        async def begin(store: Store) -> pb.PasskeyChallenge:
            asked = await passkeys.ask_for_new_passkey(
                store, self.gate.factors, self.clock, call.caller.account
            )
            return _challenge(asked)

        return await self.once(call, request, begin, pb.PasskeyChallenge)

    async def ConfirmPasskey(self, request: pb.ConfirmPasskeyRequest, call: Call) -> pb.Passkey:
        """Adds a passkey."""
        require_recent_login(call.caller, self.clock.now())
        known = await self.answered(call, request, pb.Passkey)
        if known is not None:
            return known
        passkey = await passkeys.admit_new_passkey(
            self.gate, call.caller.account, messages.answer_of(request.answer), request.name
        )

        async def add(store: Store) -> pb.Passkey:
            await passkeys.add_passkey(store, passkey)
            return _passkey(passkey)

        return await self.once(call, request, add, pb.Passkey)

    async def ListMyPasskeys(
        self, _request: pb.ListMyPasskeysRequest, call: Call
    ) -> pb.ListMyPasskeysResponse:
        """Lists the caller's passkeys."""
        async with self.stores() as store:
            known = await passkeys.list_passkeys(store, call.caller.account)
        return pb.ListMyPasskeysResponse(passkeys=map(_passkey, known))

    async def RemovePasskey(
        self, request: pb.RemovePasskeyRequest, call: Call
    ) -> pb.RemovePasskeyResponse:
        """Takes a passkey off the account."""
        require_recent_login(call.caller, self.clock.now())
        try:
            passkey_id = UUID(request.passkey_id)
        except ValueError:
            raise errors.NotFound from None

        async def remove(store: Store) -> pb.RemovePasskeyResponse:
            await passkeys.remove_passkey(store, call.caller.account, passkey_id)
            return pb.RemovePasskeyResponse()

        return await self.once(call, request, remove, pb.RemovePasskeyResponse)

    async def CreatePasskeyChallenge(
        self, _request: pb.CreatePasskeyChallengeRequest, call: Call
    ) -> pb.PasskeyChallenge:
        """Hands out a challenge; a retry gets another one, which is as good."""
        return _challenge(await passkeys.ask_for_passkey(self.gate, call.network))

    async def CreateSessionWithPasskey(
        self, request: identity_service_pb2.CreateSessionWithPasskeyRequest, call: Call
    ) -> identity_service_pb2.Session:
        """Logs in with a passkey."""
        known = await self.answered(call, request, identity_service_pb2.Session)
        if known is not None:
            return known
        visitor = messages.visitor_of(request, call)
        passkey = await passkeys.prove_passkey(self.gate, messages.answer_of(request.answer))

        async def create(store: Store) -> identity_service_pb2.Session:
            opened = await passkeys.create_session_with_passkey(
                store, self.issuer, passkey, visitor
            )
            return messages.session_of(opened)

        return await self.once(call, request, create, identity_service_pb2.Session)


def _challenge(asked: Asked) -> pb.PasskeyChallenge:
    answer = pb.PasskeyChallenge(
        challenge_id=str(asked.challenge.id), options_json=asked.options_json
    )
    answer.expires_at.FromDatetime(asked.challenge.expires_at)
    return answer


def _passkey(passkey: Passkey) -> pb.Passkey:
    answer = pb.Passkey(id=str(passkey.id), name=passkey.name)
    answer.created_at.FromDatetime(passkey.created_at)
    if passkey.last_used_at is not None:
        answer.last_used_at.FromDatetime(passkey.last_used_at)
    return answer
