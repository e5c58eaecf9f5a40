"""The accounts of staff."""

from kit.server import Call
from kundeapp.identity.v1 import identity_service_pb2 as pb
from services.identity.handlers import staff
from services.identity.handlers.staff import StaffAccount
from services.identity.servicer import messages
from services.identity.servicer.part import Part


class StaffAccounts(Part):
    """The accounts of staff."""

    async def PutStaffAccount(self, request: pb.PutStaffAccountRequest, _call: Call) -> pb.Account:
        """Makes or changes the account of a member of staff."""
        named = StaffAccount(
            email=request.email,
            password=request.password,
            roles=frozenset(messages.role_name(role) for role in request.roles),
        )
        account = await staff.put_staff_account(self.gate, self.ids, named)
        return messages.account_of(account)
