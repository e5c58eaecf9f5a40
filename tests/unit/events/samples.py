"""An event, and parties that wait for it, for the tests of events."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st

from kit.errors import Invalid
from services.events.domain.event import Ballot, Event, Status
from services.events.domain.waiting_list import Entry
from services.events.domain.waiting_list import Status as EntryStatus

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
EVENT = Event(
    id=UUID(int=1),
    title="Haustkonsert",
    text="Kom i god tid.",
    venue="Ørsta kulturhus",
    starts_at=NOW + timedelta(days=30),
    sales_open_at=NOW - timedelta(days=1),
    sales_close_at=NOW + timedelta(days=30),
    waiting_list_closes_at=NOW + timedelta(days=30) - timedelta(hours=6),
    max_per_customer=4,
    status=Status.PUBLISHED,
    published_at=NOW - timedelta(days=1),
)
BALLOT = Ballot(NOW + timedelta(days=7), b"s" * 32)


def party(
    place: int,
    wanted: int = 1,
    least: int = 0,
    *,
    skips: int = 0,
    pooled: int = 0,
    waited: timedelta = timedelta(0),
) -> Entry:
    """Returns a party that waits, as many as are wanted or none if nothing is said of the least."""
    return Entry(
        id=UUID(int=place),
        event_id=EVENT.id,
        customer_id=UUID(int=1000 + place),
        status=EntryStatus.WAITING,
        wanted=wanted,
        least=least or wanted,
        place=place,
        joined_at=NOW - waited,
        skips=skips,
        pooled=pooled,
    )


@st.composite
def lines(draw: st.DrawFn) -> list[Entry]:
    """Parties of all kinds in the order of their places, some of them with seats put aside."""
    places = range(1, draw(st.integers(1, 12)))
    parties: list[Entry] = []
    for place in places:
        wanted = draw(st.sampled_from([1, 1, 2, 8]))
        least = draw(st.sampled_from([1, wanted]))
        pooled = draw(st.sampled_from([0, 0, 0, least - 1]))
        skips = draw(st.sampled_from([0, 1, 2, 2, 3]))
        waited = draw(st.sampled_from([0, 0, 0, 47, 48])) * timedelta(hours=1)
        parties.append(party(place, wanted, least, skips=skips, pooled=pooled, waited=waited))
    return parties


def named(refusal: Invalid) -> list[tuple[str, str]]:
    """Returns which fields were refused, and why."""
    return [(error.field, error.reason) for error in refusal.fields]
