"""The accounts of staff."""

from kit.server import Call
from kundeapp.identity.v1 import identity_service_pb2 as pb
from services.identity.handlers import staff
from services.identity.handlers.staff import StaffAccount
from services.identity.servicer import messages
from services.identity.servicer.part import Part


class StaffAccounts(Part):
    """The accounts of staff."""

    async def PutStaffAccount(
        self, request: pb.PutStaffAccountRequest, _call: Call
    ) -> pb.PutStaffAccountResponse:
        """Makes or changes the account of a member of staff."""
        named = StaffAccount(
            email=request.email,
            password=request.password,
            roles=frozenset(messages.role_name(role) for role in request.roles),
            renew_second_factor=request.renew_second_factor,
        )
        put = await staff.put_staff_account(self.gate, self.ids, named)
        return pb.PutStaffAccountResponse(
            account=messages.account_of(put.account),
            totp_secret=put.totp_secret,
            totp_uri=put.totp_uri,
        )

    async def ListStaffContacts(
        self, request: pb.ListStaffContactsRequest, _call: Call
    ) -> pb.ListStaffContactsResponse:
        """Says how the staff with a role are reached."""
        async with self.stores() as store:
            found = await staff.staff_contacts(store, messages.role_name(request.role))
        return pb.ListStaffContactsResponse(staff=map(messages.staff_contact_of, found))
