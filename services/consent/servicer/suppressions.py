"""Addresses that nothing is sent to."""

from google.protobuf.timestamp_pb2 import Timestamp

from kit.server import Call
from kundeapp.consent.v1 import permissions_pb2 as pb
from services.consent.domain.store import Store
from services.consent.domain.suppression import Reason, Suppression
from services.consent.handlers import suppression
from services.consent.servicer.fields import word_of
from services.consent.servicer.part import Part


class Suppressions(Part):
    """Addresses that nothing is sent to."""

    async def AddSuppressions(
        self, request: pb.AddSuppressionsRequest, call: Call
    ) -> pb.AddSuppressionsResponse:
        """Has nothing sent to addresses any longer."""
        reason = _reason(request.reason)

        async def run(store: Store) -> pb.AddSuppressionsResponse:
            added = await suppression.add(store, self.desk, request.addresses, reason, request.note)
            return pb.AddSuppressionsResponse(added=added)

        return await self.once(call, request, run, pb.AddSuppressionsResponse)

    async def RemoveSuppression(
        self, request: pb.RemoveSuppressionRequest, call: Call
    ) -> pb.RemoveSuppressionResponse:
        """Has an address written to again."""
        reason = _reason(request.reason)

        async def run(store: Store) -> pb.RemoveSuppressionResponse:
            await suppression.remove(
                store, self.desk, request.address, reason, request.why, call.caller.account
            )
            return pb.RemoveSuppressionResponse()

        return await self.once(call, request, run, pb.RemoveSuppressionResponse)

    async def CheckSuppression(
        self, request: pb.CheckSuppressionRequest, _call: Call
    ) -> pb.CheckSuppressionResponse:
        """Says whether nothing is sent to an address."""
        async with self.stores() as store:
            found = await suppression.check(store, self.desk.hashes, request.address)
        return pb.CheckSuppressionResponse(suppressions=map(_suppression, found))

    async def CountSuppressions(
        self, _request: pb.CountSuppressionsRequest, _call: Call
    ) -> pb.CountSuppressionsResponse:
        """Counts the addresses that nothing is sent to."""
        async with self.stores() as store:
            counted = await suppression.count(store)
        return pb.CountSuppressionsResponse(
            counts=[
                pb.CountSuppressionsResponse.SuppressionCount(
                    medium=pb.Suppression.Medium.Value(medium),
                    reason=pb.Suppression.Reason.Value(reason),
                    addresses=addresses,
                )
                for (medium, reason), addresses in counted.items()
            ]
        )


def _reason(number: int) -> Reason:
    return word_of("reason", Reason, pb.Suppression.Reason, number)


def _suppression(found: Suppression) -> pb.Suppression:
    since = Timestamp()
    since.FromDatetime(found.since)
    return pb.Suppression(
        medium=pb.Suppression.Medium.Value(found.medium),
        reason=pb.Suppression.Reason.Value(found.reason),
        since=since,
        note=found.note,
    )
