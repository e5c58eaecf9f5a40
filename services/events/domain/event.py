"""An event: its times, its rules, and how staff may change it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

from kit.errors import FieldError, Invalid
from services.events.domain.ballot import commitment_of
from services.events.domain.problems import (
    BallotClosed,
    BallotIsDrawn,
    BallotOpen,
    EventIsCancelled,
    EventOver,
    SalesClosed,
    SalesNotOpen,
    WaitingListClosed,
)

LARGEST_CAPACITY = 100_000
MOST_PER_CUSTOMER = 50
USUAL_PER_CUSTOMER = 4
LONGEST_TITLE = 120
LONGEST_TEXT = 4000
LONGEST_VENUE = 200
LONGEST_REASON = 500

WAITING_LIST_CLOSES_BEFORE = timedelta(hours=6)
POOLS_DISSOLVE_BEFORE = timedelta(hours=24)


class Status(Enum):
    """Where an event is in its life."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    CANCELLED = "CANCELLED"


class Mode(Enum):
    """How tickets are given out."""

    FIRST_COME = "FIRST_COME"
    BALLOT = "BALLOT"


@dataclass(frozen=True, slots=True)
class Ballot:
    """A ballot.

    Attributes:
        closes_at: When its registration closes.
        seed: What the order follows from, 32 bytes; secret before the draw.
        drawn_at: When it was drawn.
    """

    closes_at: datetime
    seed: bytes = field(repr=False)
    drawn_at: datetime | None = None

    @property
    def commitment(self) -> str:
        """What is published of the seed before the draw."""
        return commitment_of(self.seed)


@dataclass(frozen=True, slots=True)
class Event:
    """A Kraftklubben event.

    Attributes:
        id: The event.
        title: What it is called.
        text: What it is about.
        venue: Where it is.
        starts_at: When it starts.
        sales_open_at: When tickets can be had from, or a ballot be registered for.
        sales_close_at: Until when tickets can be reserved.
        waiting_list_closes_at: Until when the waiting list is served.
        max_per_customer: The most tickets that one customer can have.
        status: Where it is in its life.
        published_at: When it was shown to customers; None while only staff have seen it.
        ballot: The ballot, None where tickets are given out by arrival.
        cancel_reason: Why it was cancelled.
    """

    id: UUID
    title: str
    text: str
    venue: str
    starts_at: datetime
    sales_open_at: datetime
    sales_close_at: datetime
    waiting_list_closes_at: datetime
    max_per_customer: int
    status: Status = Status.DRAFT
    published_at: datetime | None = None
    ballot: Ballot | None = None
    cancel_reason: str = ""

    @property
    def is_published(self) -> bool:
        """Whether customers can have tickets, in its time."""
        return self.status is Status.PUBLISHED

    @property
    def is_secret(self) -> bool:
        """Whether it is there for staff only, as a draft is, and one that was given up."""
        return self.published_at is None

    @property
    def pools_dissolve_at(self) -> datetime:
        """Until when seats are put aside for a party that is too large to be served at once."""
        return min(self.starts_at - POOLS_DISSOLVE_BEFORE, self.waiting_list_closes_at)

    @property
    def awaits_draw(self) -> bool:
        """Whether tickets are given out by a draw that is still to come."""
        return self.ballot is not None and self.ballot.drawn_at is None

    def serves_waiting_list(self, now: datetime) -> bool:
        """Whether parties on the waiting list get offers."""
        return self.is_published and not self.awaits_draw and now < self.waiting_list_closes_at

    def require_not_cancelled(self) -> None:
        """Refuses what makes no sense for a cancelled event.

        Raises:
            EventIsCancelled: If it is.
        """
        if self.status is Status.CANCELLED:
            raise EventIsCancelled

    def require_releases(self, now: datetime) -> None:
        """Lets a release of tickets pass.

        Raises:
            EventIsCancelled: If the event was cancelled.
            EventOver: If it has begun.
        """
        self.require_not_cancelled()
        if now >= self.starts_at:
            raise EventOver

    def require_sales(self, now: datetime) -> None:
        """Lets a reservation pass.

        Raises:
            EventIsCancelled: If the event will not take place.
            SalesNotOpen: If it is too early.
            SalesClosed: If it is too late.
            BallotOpen: If a ballot comes first.
        """
        self.require_not_cancelled()
        self._require_opened(now)
        if now >= self.sales_close_at:
            raise SalesClosed
        if self.ballot is not None and self.awaits_draw:
            raise BallotOpen(closesAt=self.ballot.closes_at.isoformat())

    def require_waiting_list(self, now: datetime) -> None:
        """Lets a party onto the waiting list, or into the ballot.

        Raises:
            EventIsCancelled: If the event will not take place.
            SalesNotOpen: If it is too early.
            BallotClosed: If the registration is over and the draw still to come.
            WaitingListClosed: If it is too late.
        """
        self.require_not_cancelled()
        self._require_opened(now)
        if now >= self.waiting_list_closes_at:
            raise WaitingListClosed
        if self.ballot is not None and self.awaits_draw and now >= self.ballot.closes_at:
            raise BallotClosed

    def _require_opened(self, now: datetime) -> None:
        if now < self.sales_open_at:
            raise SalesNotOpen(opensAt=self.sales_open_at.isoformat())


@dataclass(frozen=True, slots=True)
class Changes:
    """What staff say of an event; None where they say nothing.

    Attributes:
        title: 1 to 120 characters.
        text: At most 4000 characters.
        venue: 1 to 200 characters.
        starts_at: When it starts.
        sales_open_at: When tickets can be had from.
        sales_close_at: Until when tickets can be reserved.
        waiting_list_closes_at: Until when the waiting list is served.
        capacity: Room for how many guests, 0 to 100000.
        max_per_customer: 1 to 50.
        ballot_closes_at: When the registration of a ballot closes.
    """

    title: str | None = None
    text: str | None = None
    venue: str | None = None
    starts_at: datetime | None = None
    sales_open_at: datetime | None = None
    sales_close_at: datetime | None = None
    waiting_list_closes_at: datetime | None = None
    capacity: int | None = None
    max_per_customer: int | None = None
    ballot_closes_at: datetime | None = None


def new_event(event_id: UUID, said: Changes, seed: bytes | None, now: datetime) -> Event:
    """Returns a new draft.

    Args:
        event_id: The event.
        said: What staff say of it.
        seed: The seed of its ballot, None where tickets are given out by arrival.
        now: The present moment.

    Raises:
        Invalid: If something is missing or wrong; all of it is named.
    """
    errors = [*_missing(said, with_ballot=seed is not None), *_bad_values(said)]
    if errors:
        raise Invalid(*errors)
    starts_at = said.starts_at or now
    event = Event(
        id=event_id,
        title=_clean(said.title),
        text=(said.text or "").strip(),
        venue=_clean(said.venue),
        starts_at=starts_at,
        sales_open_at=said.sales_open_at or now,
        sales_close_at=said.sales_close_at or starts_at,
        waiting_list_closes_at=said.waiting_list_closes_at
        or starts_at - WAITING_LIST_CLOSES_BEFORE,
        max_per_customer=said.max_per_customer or USUAL_PER_CUSTOMER,
        ballot=None if seed is None else Ballot(said.ballot_closes_at or now, seed),
    )
    _require_order(event, now)
    return event


def changed(event: Event, said: Changes, now: datetime) -> Event:
    """Returns an event with what staff say of it.

    Where the start moves, the ends of sales and waiting list keep their distance to it, unless they
    are given too.

    Raises:
        EventIsCancelled: If it was cancelled.
        BallotIsDrawn: If the closing of a ballot shall move that was drawn.
        Invalid: If something is wrong; all of it is named.
    """
    event.require_not_cancelled()
    errors = [*_bad_values(said)]
    if said.ballot_closes_at and event.ballot is None:
        errors.append(FieldError("ballot_closes_at", "NO_BALLOT"))
    if errors:
        raise Invalid(*errors)
    moved_by = said.starts_at - event.starts_at if said.starts_at else timedelta(0)
    ballot = event.ballot
    if ballot is not None and said.ballot_closes_at:
        if ballot.drawn_at is not None:
            raise BallotIsDrawn
        ballot = replace(ballot, closes_at=said.ballot_closes_at)
    new = replace(
        event,
        title=event.title if said.title is None else _clean(said.title),
        text=event.text if said.text is None else said.text.strip(),
        venue=event.venue if said.venue is None else _clean(said.venue),
        starts_at=event.starts_at + moved_by,
        sales_open_at=said.sales_open_at or event.sales_open_at,
        sales_close_at=said.sales_close_at or event.sales_close_at + moved_by,
        waiting_list_closes_at=(
            said.waiting_list_closes_at or event.waiting_list_closes_at + moved_by
        ),
        max_per_customer=said.max_per_customer or event.max_per_customer,
        ballot=ballot,
    )
    _require_order(new, now if moved_by else None)
    return new


def _missing(said: Changes, *, with_ballot: bool) -> Iterator[FieldError]:
    needed = {"title": said.title, "venue": said.venue}
    needed |= {"starts_at": said.starts_at, "capacity": said.capacity}
    if with_ballot:
        needed["ballot_closes_at"] = said.ballot_closes_at
    elif said.ballot_closes_at is not None:
        yield FieldError("ballot_closes_at", "NO_BALLOT")
    for name, value in needed.items():
        if value is None:
            yield FieldError(name, "REQUIRED_FIELD")


def _bad_values(said: Changes) -> Iterator[FieldError]:
    yield from text_errors("title", said.title, LONGEST_TITLE)
    yield from text_errors("venue", said.venue, LONGEST_VENUE)
    yield from text_errors("text", said.text, LONGEST_TEXT, shortest=0)
    yield from number_errors("capacity", said.capacity, 0, LARGEST_CAPACITY)
    yield from number_errors("max_per_customer", said.max_per_customer, 1, MOST_PER_CUSTOMER)


def text_errors(
    name: str, text: str | None, longest: int, shortest: int = 1
) -> Iterator[FieldError]:
    """Yields what is wrong with a text, if one is given."""
    if text is None:
        return
    visible = text.replace("\n", "").replace("\r", "")
    if not shortest <= len(text.strip()) <= longest or not (visible.isprintable()):
        yield FieldError(name, "TEXT_LENGTH", {"minimum": shortest, "maximum": longest})


def number_errors(
    name: str, number: int | None, minimum: int, maximum: int
) -> Iterator[FieldError]:
    """Yields what is wrong with a number, if one is given."""
    if number is not None and not minimum <= number <= maximum:
        yield FieldError(name, "OUT_OF_RANGE", {"minimum": minimum, "maximum": maximum})


def _require_order(event: Event, now: datetime | None) -> None:
    """Refuses moments that contradict each other.

    Args:
        event: The event.
        now: The present, where the start must lie after it.
    """
    errors: list[FieldError] = []

    def after(name: str, moment: datetime, other: str, earlier: datetime) -> None:
        if moment <= earlier:
            errors.append(FieldError(name, "NOT_AFTER", {"field": other}))

    def not_after(name: str, moment: datetime, other: str, later: datetime) -> None:
        if moment > later:
            errors.append(FieldError(name, "AFTER", {"field": other}))

    if now is not None and event.starts_at <= now:
        errors.append(FieldError("starts_at", "STARTS_IN_THE_PAST"))
    after("sales_close_at", event.sales_close_at, "salesOpenAt", event.sales_open_at)
    not_after("sales_close_at", event.sales_close_at, "startsAt", event.starts_at)
    not_after("waiting_list_closes_at", event.waiting_list_closes_at, "startsAt", event.starts_at)
    if event.ballot is not None and event.ballot.drawn_at is None:
        closes_at = event.ballot.closes_at
        after("ballot_closes_at", closes_at, "salesOpenAt", event.sales_open_at)
        not_after(
            "ballot_closes_at", closes_at, "waitingListClosesAt", event.waiting_list_closes_at
        )
    if errors:
        raise Invalid(*errors)


def _clean(text: str | None) -> str:
    return " ".join((text or "").split())
