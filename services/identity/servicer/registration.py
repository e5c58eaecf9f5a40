"""Opening an account, and linking further customers to one."""

from kit.server import Call
from kundeapp.identity.v1 import identity_service_pb2 as pb
from services.identity.domain.accounts import Account
from services.identity.domain.challenges import Challenge, Purpose
from services.identity.domain.store import Store
from services.identity.handlers import registration
from services.identity.handlers.codes import Answer
from services.identity.handlers.registration import Registration
from services.identity.servicer import messages
from services.identity.servicer.part import Part


class Registrations(Part):
    """Opening an account, and linking further customers to one."""

    async def RegisterAccount(
        self, request: pb.RegisterAccountRequest, call: Call
    ) -> pb.Verification:
        """Begins to open the account of a customer."""
        asker = messages.asker_of(call)
        asked = Registration(
            customer_number=request.customer_number.strip(),
            pin=request.pin.strip(),
            email=request.email,
            password=request.password,
        )
        applicant = await registration.admit_applicant(self.gate, asker, asked)

        async def begin(store: Store) -> pb.Verification:
            return messages.verification_of(
                await registration.begin_registration(store, self.desk, asker, applicant)
            )

        return await self.once(call, request, begin, pb.Verification)

    async def ConfirmRegistration(
        self, request: pb.ConfirmRegistrationRequest, call: Call
    ) -> pb.Account:
        """Opens the account of a customer."""

        async def confirm(store: Store, challenge: Challenge) -> pb.Account:
            return messages.account_of(
                await registration.confirm_registration(store, self.desk, challenge)
            )

        code = Answer(request.verification_id, request.code, request.contact_code)
        return await self.confirm(call, request, Purpose.REGISTRATION, code, confirm, pb.Account)

    async def LinkCustomer(
        self, request: pb.LinkCustomerRequest, call: Call
    ) -> pb.LinkCustomerResponse:
        """Lets the caller's account stand for a further customer."""
        asker = messages.owner_of(call)
        customer = await registration.prove_customer(
            self.gate, asker, request.customer_number.strip(), request.pin.strip()
        )

        async def link(store: Store) -> pb.LinkCustomerResponse:
            linked = await registration.link_customer(
                store, self.desk, asker, call.caller.account, customer
            )
            if isinstance(linked, Account):
                return pb.LinkCustomerResponse(account=messages.account_of(linked))
            return pb.LinkCustomerResponse(verification=messages.verification_of(linked))

        return await self.once(call, request, link, pb.LinkCustomerResponse)

    async def ConfirmCustomerLink(
        self, request: pb.ConfirmCustomerLinkRequest, call: Call
    ) -> pb.Account:
        """Lets the caller's account stand for a further customer, with a code."""

        async def confirm(store: Store, challenge: Challenge) -> pb.Account:
            return messages.account_of(await registration.confirm_link(store, self.desk, challenge))

        code = Answer(request.verification_id, request.code, account_id=call.caller.account)
        return await self.confirm(call, request, Purpose.CUSTOMER_LINK, code, confirm, pb.Account)
