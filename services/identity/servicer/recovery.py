"""Lost customer numbers and PINs, and forgotten passwords."""

from kit.server import Call
from kundeapp.identity.v1 import identity_service_pb2 as pb
from services.identity.domain.challenges import Challenge, Purpose
from services.identity.domain.store import Store
from services.identity.handlers import codes, recovery
from services.identity.handlers.codes import Answer
from services.identity.servicer import messages
from services.identity.servicer.part import Part


class Recoveries(Part):
    """Lost customer numbers and PINs, and forgotten passwords."""

    async def RecoverCustomer(
        self, request: pb.RecoverCustomerRequest, call: Call
    ) -> pb.Verification:
        """Begins to find a customer number."""
        asker = messages.asker_of(call)

        async def begin(store: Store) -> pb.Verification:
            return messages.verification_of(
                await recovery.begin_customer_recovery(store, self.desk, asker, request.contact)
            )

        return await self.once(call, request, begin, pb.Verification)

    async def ConfirmCustomerRecovery(
        self, request: pb.ConfirmCustomerRecoveryRequest, call: Call
    ) -> pb.ConfirmCustomerRecoveryResponse:
        """Tells customer numbers and PINs."""

        async def confirm(store: Store, challenge: Challenge) -> pb.ConfirmCustomerRecoveryResponse:
            recovered = await recovery.confirm_customer_recovery(store, self.desk, challenge)
            return pb.ConfirmCustomerRecoveryResponse(
                customers=[messages.recovered_of(each) for each in recovered]
            )

        code = Answer(request.verification_id, request.code)
        return await self.confirm(
            call,
            request,
            Purpose.CUSTOMER_NUMBER,
            code,
            confirm,
            pb.ConfirmCustomerRecoveryResponse,
        )

    async def ForgetPassword(
        self, request: pb.ForgetPasswordRequest, call: Call
    ) -> pb.Verification:
        """Begins to choose a new password."""
        asker = messages.asker_of(call)

        async def begin(store: Store) -> pb.Verification:
            return messages.verification_of(
                await recovery.begin_password_reset(store, self.desk, asker, request.email)
            )

        return await self.once(call, request, begin, pb.Verification)

    async def ResetPassword(
        self, request: pb.ResetPasswordRequest, call: Call
    ) -> pb.ResetPasswordResponse:
        """Chooses a new password."""
        known = await self.answered(call, request, pb.ResetPasswordResponse)
        if known is not None:
            return known
        code = Answer(request.verification_id, request.code)
        challenge = await codes.prove(self.desk, Purpose.PASSWORD, code)
        new_hash = await recovery.hash_new_password(self.desk, challenge, request.new_password)

        async def reset(store: Store) -> pb.ResetPasswordResponse:
            await recovery.reset_password(store, self.desk, challenge, new_hash)
            return pb.ResetPasswordResponse()

        return await self.once(call, request, reset, pb.ResetPasswordResponse)
