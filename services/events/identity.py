"""Asks identity who customers are."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

import grpc

from kit.errors import Unavailable
from kundeapp.identity.v1 import identity_service_pb2 as pb

if TYPE_CHECKING:  # the class is in the stubs only
    from kundeapp.identity.v1.identity_service_pb2_grpc import IdentityServiceAsyncStub

_TIMEOUT_SECONDS = 5.0


class IdentityCustomers:
    """`Customers` behind identity's gRPC."""

    def __init__(self, stub: "IdentityServiceAsyncStub") -> None:
        self._stub = stub

    async def names(self, customer_ids: Collection[UUID]) -> Mapping[UUID, str]:
        """Returns the names of those that are known.

        Raises:
            Unavailable: If identity is out of reach.
        """
        request = pb.BatchGetCustomersRequest(
            customer_ids=[str(customer_id) for customer_id in customer_ids]
        )
        try:
            answer = await self._stub.BatchGetCustomers(request, timeout=_TIMEOUT_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise Unavailable from error
        return {UUID(customer.id): customer.name for customer in answer.customers}
