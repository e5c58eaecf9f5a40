"""The e-mail and the mobile number of an account."""

from kit import access
from kit.server import Call
from kundeapp.identity.v1 import identity_service_pb2 as pb
from services.identity.domain.challenges import Challenge, Purpose
from services.identity.domain.store import Store
from services.identity.handlers import contact
from services.identity.handlers.codes import Answer
from services.identity.servicer import messages
from services.identity.servicer.part import Part


class Contacts(Part):
    """The e-mail and the mobile number of an account."""

    async def ChangeEmail(self, request: pb.ChangeEmailRequest, call: Call) -> pb.Verification:
        """Begins to change the caller's e-mail."""
        access.require_recent_login(call.caller, self.clock.now())
        asker = messages.owner_of(call)

        async def begin(store: Store) -> pb.Verification:
            return messages.verification_of(
                await contact.begin_email_change(store, self.desk, asker, request.new_email)
            )

        return await self.once(call, request, begin, pb.Verification)

    async def ConfirmEmail(self, request: pb.ConfirmEmailRequest, call: Call) -> pb.Account:
        """Changes the caller's e-mail."""

        async def confirm(store: Store, challenge: Challenge) -> pb.Account:
            return messages.account_of(await contact.confirm_email(store, self.desk, challenge))

        code = Answer(request.verification_id, request.code, account_id=call.caller.account)
        return await self.confirm(call, request, Purpose.EMAIL, code, confirm, pb.Account)

    async def UndoEmailChange(
        self, request: pb.UndoEmailChangeRequest, call: Call
    ) -> pb.UndoEmailChangeResponse:
        """Gives an account its old e-mail back."""

        async def undo(store: Store) -> pb.UndoEmailChangeResponse:
            await contact.undo_email_change(store, self.desk, request.token)
            return pb.UndoEmailChangeResponse()

        return await self.once(call, request, undo, pb.UndoEmailChangeResponse)

    async def ChangeMobile(self, request: pb.ChangeMobileRequest, call: Call) -> pb.Verification:
        """Begins to change the caller's mobile number."""
        access.require_recent_login(call.caller, self.clock.now())
        asker = messages.owner_of(call)

        async def begin(store: Store) -> pb.Verification:
            return messages.verification_of(
                await contact.begin_mobile_change(store, self.desk, asker, request.mobile)
            )

        return await self.once(call, request, begin, pb.Verification)

    async def ConfirmMobile(self, request: pb.ConfirmMobileRequest, call: Call) -> pb.Account:
        """Changes the caller's mobile number."""

        async def confirm(store: Store, challenge: Challenge) -> pb.Account:
            return messages.account_of(await contact.confirm_mobile(store, self.desk, challenge))

        code = Answer(request.verification_id, request.code, account_id=call.caller.account)
        return await self.confirm(call, request, Purpose.MOBILE, code, confirm, pb.Account)
