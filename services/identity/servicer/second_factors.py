"""Second factors."""

from collections.abc import Sequence

from kit.access import require_recent_login
from kit.server import Call
from kundeapp.identity.v1 import second_factors_pb2 as pb
from services.identity.domain.store import Store
from services.identity.handlers import second_factors
from services.identity.servicer.part import Part


class SecondFactors(Part):
    """Second factors."""

    async def GetSecondFactors(
        self, _request: pb.GetSecondFactorsRequest, call: Call
    ) -> pb.SecondFactors:
        """Tells which second factors the caller has."""
        async with self.stores() as store:
            factors = await second_factors.list_second_factors(store, call.caller.account)
        return pb.SecondFactors(
            totp=factors.totp,
            recovery_codes_left=factors.recovery_codes,
            passkeys=factors.passkeys,
        )

    async def BeginTotp(self, request: pb.BeginTotpRequest, call: Call) -> pb.BeginTotpResponse:
        """Hands out a secret for an authenticator app."""
        require_recent_login(call.caller, self.clock.now())

        async def begin(store: Store) -> pb.BeginTotpResponse:
            new = await second_factors.begin_totp(
                store, self.gate.factors, self.clock, call.caller.account
            )
            answer = pb.BeginTotpResponse(secret=new.secret, uri=new.uri)
            answer.expires_at.FromDatetime(new.expires_at)
            return answer

        return await self.once(call, request, begin, pb.BeginTotpResponse)

    async def ConfirmTotp(self, request: pb.ConfirmTotpRequest, call: Call) -> pb.RecoveryCodes:
        """Sets up an authenticator app."""

        async def confirm(store: Store) -> pb.RecoveryCodes:
            codes = await second_factors.confirm_totp(
                store, self.gate.factors, self.clock, call.caller.account, request.code
            )
            return _recovery_codes(codes)

        return await self.once(call, request, confirm, pb.RecoveryCodes)

    async def RemoveTotp(self, request: pb.RemoveTotpRequest, call: Call) -> pb.RemoveTotpResponse:
        """Takes the authenticator app off the account."""
        require_recent_login(call.caller, self.clock.now())

        async def remove(store: Store) -> pb.RemoveTotpResponse:
            await second_factors.remove_totp(store, call.caller.account)
            return pb.RemoveTotpResponse()

        return await self.once(call, request, remove, pb.RemoveTotpResponse)

    async def RenewRecoveryCodes(
        self, request: pb.RenewRecoveryCodesRequest, call: Call
    ) -> pb.RecoveryCodes:
        """Makes new recovery codes."""
        require_recent_login(call.caller, self.clock.now())

        async def renew(store: Store) -> pb.RecoveryCodes:
            codes = await second_factors.renew_recovery_codes(
                store, self.gate.factors, call.caller.account
            )
            return _recovery_codes(codes)

        return await self.once(call, request, renew, pb.RecoveryCodes)


def _recovery_codes(codes: Sequence[str]) -> pb.RecoveryCodes:
    return pb.RecoveryCodes(recovery_codes=codes)
