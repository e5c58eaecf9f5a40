"""Opening an account."""

from kit.server import Call
from kundeapp.identity.v1 import identity_service_pb2 as pb
from services.identity.domain.store import Store
from services.identity.handlers import registration
from services.identity.handlers.registration import Registration
from services.identity.servicer import messages
from services.identity.servicer.part import Part


class Registrations(Part):
    """Opening an account."""

    async def RegisterAccount(self, request: pb.RegisterAccountRequest, call: Call) -> pb.Account:
        """Opens the account of a customer."""
        asked = Registration(
            customer_number=request.customer_number.strip(),
            pin=request.pin.strip(),
            email=request.email,
            password=request.password,
        )
        applicant = await registration.admit_applicant(self.gate, asked)

        async def register(store: Store) -> pb.Account:
            return messages.account_of(
                await registration.register_account(store, self.ids, applicant)
            )

        return await self.once(call, request, register, pb.Account)
