"""Asks identity how customers are reached."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import grpc

from kit.errors import Unavailable
from kundeapp.access.v1.access_pb2 import Staff
from kundeapp.identity.v1 import identity_service_pb2 as pb
from services.consent.domain.contacts import Contact, email_address, phone_number
from services.consent.domain.recipients import Recipient

if TYPE_CHECKING:  # the class is in the stubs only
    from kundeapp.identity.v1.identity_service_pb2_grpc import IdentityServiceAsyncStub

TIMEOUT_SECONDS = 5.0


class IdentityCustomers:
    """`Contacts`, `Recipients` and `Names` behind identity's gRPC."""

    def __init__(self, stub: "IdentityServiceAsyncStub") -> None:
        self._stub = stub

    async def contacts(self, customer_ids: Collection[UUID]) -> Mapping[UUID, Contact]:
        """Returns how those are reached that are known.

        Raises:
            Unavailable: If identity is out of reach.
        """
        contacts = await _contacts_of(self._stub, customer_ids)
        return {UUID(said.customer_id): _contact(said) for said in contacts}

    async def customers(self, customer_ids: Collection[UUID]) -> Mapping[UUID, Recipient]:
        """Returns how those customers are reached that are known.

        Raises:
            Unavailable: If identity is out of reach.
        """
        contacts = await _contacts_of(self._stub, customer_ids)
        return {UUID(said.customer_id): _recipient(said) for said in contacts}

    async def names(self, customer_ids: Collection[UUID]) -> Mapping[UUID, str]:
        """Returns the names of those customers that are known.

        Raises:
            Unavailable: If identity is out of reach.
        """
        contacts = await _contacts_of(self._stub, customer_ids)
        return {UUID(said.customer_id): said.name for said in contacts}

    async def event_staff(self) -> Sequence[Recipient]:
        """Returns how the staff are reached who run events.

        Raises:
            Unavailable: If identity is out of reach.
        """
        request = pb.ListStaffContactsRequest(role=Staff.Role.EVENT_STAFF)
        try:
            answer = await self._stub.ListStaffContacts(request, timeout=TIMEOUT_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise Unavailable from error
        return [
            Recipient(UUID(said.account_id), said.language, said.email, is_email_confirmed=True)
            for said in answer.staff
        ]


async def _contacts_of(
    stub: "IdentityServiceAsyncStub", customer_ids: Collection[UUID]
) -> Sequence[pb.CustomerContacts]:
    request = pb.BatchGetContactsRequest(
        customer_ids=[str(customer_id) for customer_id in customer_ids]
    )
    try:
        answer = await stub.BatchGetContacts(request, timeout=TIMEOUT_SECONDS)
    except grpc.aio.AioRpcError as error:
        raise Unavailable from error
    return answer.customers


def _recipient(said: pb.CustomerContacts) -> Recipient:
    return Recipient(
        account_id=UUID(said.account_id) if said.account_id else None,
        language=said.language or "nn",
        email=said.email,
        is_email_confirmed=said.email_confirmed,
        mobile=said.mobile,
        is_mobile_confirmed=said.mobile_confirmed,
    )


def _contact(said: pb.CustomerContacts) -> Contact:
    return Contact(
        account_id=UUID(said.account_id) if said.account_id else None,
        language=said.language,
        email=email_address(said.email) if said.email else None,
        is_email_confirmed=said.email_confirmed,
        mobile=phone_number(said.mobile) if said.mobile else None,
        is_mobile_confirmed=said.mobile_confirmed,
    )
