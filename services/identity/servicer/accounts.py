"""The caller's account."""

from kit import access
from kit.export import page
from kit.server import Call
from kundeapp.identity.v1 import identity_service_pb2 as pb
from kundeapp.privacy.v1.export_pb2 import ExportMyDataRequest, ExportMyDataResponse
from services.identity.domain.store import Store
from services.identity.handlers import accounts, closing, passwords
from services.identity.servicer import export, messages
from services.identity.servicer.part import Part


class Accounts(Part):
    """The caller's account."""

    async def GetMe(self, _request: pb.GetMeRequest, call: Call) -> pb.Account:
        """Shows the caller's account."""
        async with self.stores() as store:
            return messages.account_of(await accounts.get_me(store, call.caller.account))

    async def ChangeMyAccount(self, request: pb.ChangeMyAccountRequest, call: Call) -> pb.Account:
        """Changes the caller's account."""

        async def change(store: Store) -> pb.Account:
            return messages.account_of(
                await accounts.change_language(store, call.caller.account, request.language)
            )

        return await self.once(call, request, change, pb.Account)

    async def ChangePassword(
        self, request: pb.ChangePasswordRequest, call: Call
    ) -> pb.ChangePasswordResponse:
        """Changes the caller's password."""
        known = await self.answered(call, request, pb.ChangePasswordResponse)
        if known is not None:
            return known
        new = await passwords.prove_for_new_password(
            self.gate,
            call.caller.account,
            current=request.current_password,
            new=request.new_password,
        )

        async def change(store: Store) -> pb.ChangePasswordResponse:
            await passwords.change_password(store, self.clock, new, call.caller.session_id)
            return pb.ChangePasswordResponse()

        return await self.once(call, request, change, pb.ChangePasswordResponse)

    async def DeleteMyAccount(
        self, request: pb.DeleteMyAccountRequest, call: Call
    ) -> pb.DeleteMyAccountResponse:
        """Deletes the caller's account."""
        access.require_recent_login(call.caller, self.clock.now())

        async def delete(store: Store) -> pb.DeleteMyAccountResponse:
            await closing.delete_account(store, self.clock, call.caller.account)
            return pb.DeleteMyAccountResponse()

        return await self.once(call, request, delete, pb.DeleteMyAccountResponse)

    async def ExportMyData(self, request: ExportMyDataRequest, call: Call) -> ExportMyDataResponse:
        """Hands out what is held about the caller."""
        async with self.database.transaction() as transaction:
            store = self.store_of(transaction)
            account = await accounts.get_me(store, call.caller.account)
            sections = export.sections(store, account, transaction.connection)
            return await page(request, call, self.clock.now(), sections)
