"""Links that give tickets back."""

from kit.errors import FieldError, Invalid
from kit.server import Call
from kundeapp.consent.v1 import releases_pb2 as pb
from services.consent.domain.releases import Reservation, state_of
from services.consent.handlers import releases
from services.consent.letters import speech
from services.consent.servicer.part import Part

_MOST = 50


class Releases(Part):
    """Links that give tickets back."""

    async def LookUpRelease(self, request: pb.LookUpReleaseRequest, call: Call) -> pb.Release:
        """Shows what a link can give back."""
        return self._release(await releases.look(self.returns, request.token), call)

    async def ReleaseByLink(self, request: pb.ReleaseByLinkRequest, call: Call) -> pb.Release:
        """Gives tickets back by a link; events remembers the answer for a retry."""
        reservation = await releases.release(
            self.returns,
            request.token,
            quantity=_quantity(request),
            request_id=request.request_id,
        )
        return self._release(reservation, call)

    def _release(self, reservation: Reservation, call: Call) -> pb.Release:
        starts_at = speech.moment(reservation.event_starts_at, call.language)
        answer = pb.Release(
            state=pb.Release.State.Value(state_of(reservation, self.clock.now())),
            event_title=reservation.event_title,
            event_venue=reservation.event_venue,
            event_starts_shown=speech.unbroken(starts_at),
            tickets=reservation.tickets,
            releasable=reservation.releasable,
        )
        answer.event_starts_at.FromDatetime(reservation.event_starts_at)
        return answer


def _quantity(request: pb.ReleaseByLinkRequest) -> int | None:
    """Returns how many tickets are given back, None for all."""
    if request.all:
        return None
    if not 1 <= request.tickets <= _MOST:
        facts = {"minimum": 1, "maximum": _MOST}
        raise Invalid(FieldError("tickets", "OUT_OF_RANGE", facts))
    return request.tickets
