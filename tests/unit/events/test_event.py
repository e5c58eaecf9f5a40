"""What staff may say of an event, and what moves along with its start."""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kit import texts
from kit.errors import Invalid, Problem
from services.events.domain.event import (
    Ballot,
    Changes,
    Event,
    Status,
    changed,
    new_event,
)
from services.events.domain.problems import (
    BallotClosed,
    BallotIsDrawn,
    EventIsCancelled,
    SalesNotOpen,
    WaitingListClosed,
)
from tests.unit.events.samples import BALLOT, EVENT, NOW, named

EVENT_ID = UUID(int=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STARTS_AT = NOW + 30 * DAY
SAID = Changes(title="Haustkonsert", venue="Ørsta kulturhus", starts_at=STARTS_AT, capacity=200)
SEED = b"s" * 32
WITH_BALLOT = replace(EVENT, ballot=BALLOT)


def made(said: Changes = SAID, seed: bytes | None = None) -> Event:
    return new_event(EVENT_ID, said, seed, NOW)


def test_a_new_event_is_a_draft_with_the_usual_times_and_numbers() -> None:
    assert made() == Event(
        id=EVENT_ID,
        title="Haustkonsert",
        text="",
        venue="Ørsta kulturhus",
        starts_at=STARTS_AT,
        sales_open_at=NOW,
        sales_close_at=STARTS_AT,
        waiting_list_closes_at=STARTS_AT - 6 * HOUR,
        max_per_customer=4,
        status=Status.DRAFT,
    )


def test_what_is_said_is_taken() -> None:
    said = replace(
        SAID,
        text="Kom i god tid.\nDørene opnar kl. 18.",
        sales_open_at=NOW + DAY,
        sales_close_at=STARTS_AT - DAY,
        waiting_list_closes_at=STARTS_AT - 2 * DAY,
        max_per_customer=50,
        ballot_closes_at=NOW + 7 * DAY,
    )
    event = made(said, SEED)
    for name in ("text", "sales_open_at", "sales_close_at", "waiting_list_closes_at"):
        assert getattr(event, name) == getattr(said, name)
    assert event.max_per_customer == 50
    assert event.ballot == Ballot(NOW + 7 * DAY, SEED)


def test_titles_and_venues_are_written_on_one_line() -> None:
    event = made(replace(SAID, title="  Haust\nkonsert ", venue=" Ørsta   kulturhus"))
    assert (event.title, event.venue) == ("Haust konsert", "Ørsta kulturhus")


def test_everything_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        new_event(EVENT_ID, Changes(), SEED, NOW)
    assert named(refused.value) == [
        (name, "REQUIRED_FIELD")
        for name in ("title", "venue", "starts_at", "capacity", "ballot_closes_at")
    ]


BAD_VALUES = [
    ("title", "", "TEXT_LENGTH"),
    ("title", " ", "TEXT_LENGTH"),
    ("title", "a" * 121, "TEXT_LENGTH"),
    ("title", "a\x00b", "TEXT_LENGTH"),
    ("venue", "", "TEXT_LENGTH"),
    ("venue", "\n", "TEXT_LENGTH"),
    ("venue", "a" * 201, "TEXT_LENGTH"),
    ("text", "a" * 4001, "TEXT_LENGTH"),
    ("text", "a\x1bb", "TEXT_LENGTH"),
    ("capacity", -1, "OUT_OF_RANGE"),
    ("capacity", 100_001, "OUT_OF_RANGE"),
    ("max_per_customer", 0, "OUT_OF_RANGE"),
    ("max_per_customer", 51, "OUT_OF_RANGE"),
]
BAD_MOMENTS = [
    ("starts_at", NOW, "starts_at", "STARTS_IN_THE_PAST"),
    ("sales_open_at", STARTS_AT, "sales_close_at", "NOT_AFTER"),
    ("sales_close_at", NOW - 2 * DAY, "sales_close_at", "NOT_AFTER"),
    ("sales_close_at", STARTS_AT + HOUR, "sales_close_at", "AFTER"),
    ("waiting_list_closes_at", STARTS_AT + HOUR, "waiting_list_closes_at", "AFTER"),
]
BAD_BALLOTS = [
    ("ballot_closes_at", EVENT.sales_open_at, "NOT_AFTER"),
    ("ballot_closes_at", EVENT.waiting_list_closes_at + HOUR, "AFTER"),
]


@pytest.mark.parametrize(("name", "value", "reason"), BAD_VALUES)
def test_a_value_that_makes_no_sense_is_refused_by_its_field(
    name: str, value: Any, reason: str
) -> None:
    with pytest.raises(Invalid) as refused:
        made(replace(SAID, **{name: value}))
    assert named(refused.value) == [(name, reason)]
    with pytest.raises(Invalid) as refused:
        changed(EVENT, Changes(**{name: value}), NOW)
    assert named(refused.value) == [(name, reason)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", "a" * 120),
        ("venue", "a" * 200),
        ("text", "a" * 4000),
        ("text", ""),
        ("capacity", 0),
        ("capacity", 100_000),
        ("max_per_customer", 1),
        ("max_per_customer", 50),
    ],
)
def test_the_most_and_the_least_are_taken(name: str, value: Any) -> None:
    made(replace(SAID, **{name: value}))
    changed(EVENT, Changes(**{name: value}), NOW)


@pytest.mark.parametrize(("name", "value", "refused_name", "reason"), BAD_MOMENTS)
def test_a_moment_that_contradicts_another_is_refused_by_its_field(
    name: str, value: Any, refused_name: str, reason: str
) -> None:
    with pytest.raises(Invalid) as refused:
        made(replace(SAID, **{name: value}))
    assert (refused_name, reason) in named(refused.value)
    with pytest.raises(Invalid) as refused:
        changed(EVENT, Changes(**{name: value}), NOW)
    assert (refused_name, reason) in named(refused.value)


@pytest.mark.parametrize(("name", "value", "reason"), BAD_BALLOTS)
def test_a_ballot_closes_while_it_makes_sense_or_is_refused(
    name: str, value: Any, reason: str
) -> None:
    said = replace(SAID, sales_open_at=EVENT.sales_open_at, **{name: value})
    with pytest.raises(Invalid) as refused:
        made(said, SEED)
    assert named(refused.value) == [(name, reason)]
    with pytest.raises(Invalid) as refused:
        changed(WITH_BALLOT, Changes(**{name: value}), NOW)
    assert named(refused.value) == [(name, reason)]


def test_where_there_is_no_ballot_none_can_close() -> None:
    said = Changes(ballot_closes_at=NOW + DAY)
    for refuse in (
        lambda: made(replace(SAID, ballot_closes_at=NOW + DAY)),
        lambda: changed(EVENT, said, NOW),
    ):
        with pytest.raises(Invalid) as refused:
            refuse()
        assert named(refused.value) == [("ballot_closes_at", "NO_BALLOT")]


def test_every_wrong_field_is_named_at_once() -> None:
    said = replace(SAID, title="", venue="a" * 201, capacity=-1, max_per_customer=51)
    with pytest.raises(Invalid) as refused:
        made(said)
    assert [name for name, _ in named(refused.value)] == [
        "title",
        "venue",
        "capacity",
        "max_per_customer",
    ]


@pytest.mark.parametrize("language", ["nn", "nb", "en"])
def test_a_refusal_says_what_would_be_right(language: texts.Language) -> None:
    said = replace(SAID, title="a" * 121, capacity=-1)
    for refused_said in (said, replace(SAID, starts_at=NOW)):
        with pytest.raises(Invalid) as refused:
            made(refused_said)
        for error in refused.value.fields:
            assert "{" not in texts.render(error.reason, language, error.facts)


@pytest.mark.parametrize(
    ("said", "changes"),
    [
        (Changes(title="Vinterkonsert"), {"title"}),
        (Changes(text="Det er fullt."), {"text"}),
        (Changes(venue="Volda"), {"venue"}),
        (
            Changes(starts_at=STARTS_AT + DAY),
            {"starts_at", "sales_close_at", "waiting_list_closes_at"},
        ),
        (Changes(sales_open_at=NOW - 2 * DAY), {"sales_open_at"}),
        (Changes(sales_close_at=STARTS_AT - DAY), {"sales_close_at"}),
        (Changes(waiting_list_closes_at=STARTS_AT - DAY), {"waiting_list_closes_at"}),
        (Changes(capacity=5), set[str]()),
        (Changes(max_per_customer=9), {"max_per_customer"}),
        (Changes(ballot_closes_at=NOW + 8 * DAY), {"ballot"}),
    ],
)
def test_what_is_not_said_stays_as_it_is(said: Changes, changes: set[str]) -> None:
    new = changed(WITH_BALLOT, said, NOW)
    names = {field.name for field in fields(Event)}
    assert {name for name in names if getattr(new, name) != getattr(WITH_BALLOT, name)} == changes


def test_the_ends_of_sales_and_waiting_list_move_along_with_the_start() -> None:
    new = changed(EVENT, Changes(starts_at=EVENT.starts_at - 3 * DAY), NOW)
    assert EVENT.sales_close_at - new.sales_close_at == 3 * DAY
    assert EVENT.waiting_list_closes_at - new.waiting_list_closes_at == 3 * DAY
    assert new.sales_open_at == EVENT.sales_open_at


def test_an_end_that_is_given_does_not_move_along() -> None:
    closes_at = EVENT.starts_at - 5 * DAY
    said = Changes(starts_at=EVENT.starts_at - 3 * DAY, waiting_list_closes_at=closes_at)
    new = changed(EVENT, said, NOW)
    assert new.waiting_list_closes_at == closes_at
    assert new.sales_close_at == EVENT.sales_close_at - 3 * DAY


def test_an_event_that_has_begun_is_still_described_better_but_not_moved_to_the_past() -> None:
    during = EVENT.starts_at + HOUR
    assert changed(EVENT, Changes(text="Vi er i gang."), during).text == "Vi er i gang."
    with pytest.raises(Invalid) as refused:
        changed(EVENT, Changes(starts_at=EVENT.starts_at - HOUR), during)
    assert ("starts_at", "STARTS_IN_THE_PAST") in named(refused.value)


def test_a_cancelled_event_stays_as_it_is() -> None:
    with pytest.raises(EventIsCancelled):
        changed(replace(EVENT, status=Status.CANCELLED), Changes(text="Likevel!"), NOW)


def test_a_drawn_ballot_has_closed_for_good() -> None:
    drawn = replace(EVENT, ballot=replace(BALLOT, drawn_at=BALLOT.closes_at))
    with pytest.raises(BallotIsDrawn):
        changed(drawn, Changes(ballot_closes_at=NOW + 9 * DAY), BALLOT.closes_at)
    assert changed(drawn, Changes(title="Ny"), BALLOT.closes_at).title == "Ny"


def waiting_list_at(moment: Any, event: Event = EVENT) -> type[Problem] | None:
    try:
        event.require_waiting_list(moment)
    except Problem as problem:
        return type(problem)
    return None


def test_the_waiting_list_is_open_from_the_opening_of_sales_to_its_own_end() -> None:
    assert waiting_list_at(EVENT.sales_open_at - HOUR) is SalesNotOpen
    assert waiting_list_at(EVENT.sales_open_at) is None
    assert waiting_list_at(EVENT.waiting_list_closes_at - HOUR) is None
    assert waiting_list_at(EVENT.waiting_list_closes_at) is WaitingListClosed
    assert waiting_list_at(NOW, replace(EVENT, status=Status.CANCELLED)) is EventIsCancelled


def test_the_registration_for_a_ballot_closes_and_the_waiting_list_opens_after_the_draw() -> None:
    assert waiting_list_at(BALLOT.closes_at - HOUR, WITH_BALLOT) is None
    assert waiting_list_at(BALLOT.closes_at, WITH_BALLOT) is BallotClosed
    drawn = replace(EVENT, ballot=replace(BALLOT, drawn_at=BALLOT.closes_at))
    assert waiting_list_at(BALLOT.closes_at, drawn) is None


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(replace(EVENT, status=Status.DRAFT), id="a draft"),
        pytest.param(replace(EVENT, status=Status.CANCELLED), id="a cancelled event"),
        pytest.param(WITH_BALLOT, id="a ballot that is not drawn"),
        pytest.param(replace(EVENT, waiting_list_closes_at=NOW), id="a list that has closed"),
    ],
)
def test_nobody_on_the_waiting_list_is_served_of(event: Event) -> None:
    assert EVENT.serves_waiting_list(NOW)
    assert not event.serves_waiting_list(NOW)


def test_pools_dissolve_a_day_before_the_start_or_when_the_list_closes_if_that_is_earlier() -> None:
    assert EVENT.pools_dissolve_at == EVENT.starts_at - DAY
    closes_early = replace(EVENT, waiting_list_closes_at=EVENT.starts_at - 2 * DAY)
    assert closes_early.pools_dissolve_at == EVENT.starts_at - 2 * DAY
