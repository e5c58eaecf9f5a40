"""Links that give tickets back: who made them, for how long they are good, and what they show."""

import base64
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.keyed_hash import SecretKey
from kit.testing import FrozenClock
from services.consent.domain.releases import (
    LinkExpired,
    LinkUnknown,
    ReleaseLink,
    Reservation,
    State,
    state_of,
)
from services.consent.handlers.releases import Returns, look, release
from services.consent.handlers.writing import Links
from services.consent.tokens import KeyedReleaseTokens, KeyedUnsubscribeTokens

START = datetime(2026, 12, 5, 18, tzinfo=UTC)
LINK = ReleaseLink(UUID(int=1), UUID(int=2), START)
OLD, NEW = SecretKey("2026-01", b"a" * 32), SecretKey("2026-07", b"b" * 32)
TOKENS = KeyedReleaseTokens([OLD])
HELD = Reservation("Matkurs", "Stord", START, is_cancelled=False, tickets=4, releasable=4)


@dataclass
class Events:
    """Stands in for events: has one reservation.

    Attributes:
        asked: What it was asked for, with the number of tickets and the key.
    """

    asked: list[tuple[ReleaseLink, int | None, str]] = field(
        default_factory=list[tuple[ReleaseLink, int | None, str]]
    )

    async def get(self, link: ReleaseLink) -> Reservation:
        self.asked.append((link, 0, ""))
        return HELD

    async def release(
        self, link: ReleaseLink, quantity: int | None, request_id: str
    ) -> Reservation:
        self.asked.append((link, quantity, request_id))
        return replace(HELD, tickets=0, releasable=0)


def bytes_of(token: str) -> bytes:
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))


def text_of(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


@pytest.fixture
def events() -> Events:
    return Events()


def returns(events: Events, now: datetime = START - timedelta(days=1)) -> Returns:
    return Returns(TOKENS, events, FrozenClock(now))


class TestAToken:
    def test_says_whose_tickets_and_until_when(self) -> None:
        assert TOKENS.read(TOKENS.of(LINK)) == LINK

    def test_stands_in_an_address_as_it_is(self) -> None:
        links = Links("https://kundeapp.example.com", KeyedUnsubscribeTokens([OLD]), TOKENS)
        address = links.release(LINK.reservation_id, LINK.customer_id, START)
        assert address == f"https://kundeapp.example.com/framleis/{TOKENS.of(LINK)}"
        assert TOKENS.of(LINK).replace("-", "").replace("_", "").isalnum()

    def test_is_good_under_a_key_that_was_renewed(self) -> None:
        assert KeyedReleaseTokens([NEW, OLD]).read(TOKENS.of(LINK)) == LINK
        assert KeyedReleaseTokens([NEW]).read(TOKENS.of(LINK)) is None

    @given(st.integers(0, 55), st.integers(1, 255))
    def test_with_any_byte_changed_is_none(self, at: int, by: int) -> None:
        content = bytearray(bytes_of(TOKENS.of(LINK)))
        content[at] ^= by
        assert TOKENS.read(text_of(bytes(content))) is None

    @given(st.one_of(st.text(max_size=300), st.binary(max_size=100).map(text_of)))
    def test_of_anybody_else_is_none(self, text: str) -> None:
        assert TOKENS.read(text) is None

    def test_is_none_of_those_that_unsubscribe(self) -> None:
        assert KeyedUnsubscribeTokens([OLD]).read(TOKENS.of(LINK)) is None

    @pytest.mark.parametrize("change", ["=", " ", "\n", "A"])
    def test_has_one_way_to_be_written(self, change: str) -> None:
        assert TOKENS.read(TOKENS.of(LINK) + change) is None


class TestALink:
    async def test_shows_the_reservation_and_changes_nothing(self, events: Events) -> None:
        assert await look(returns(events), TOKENS.of(LINK)) == HELD
        assert events.asked == [(LINK, 0, "")]

    @pytest.mark.parametrize("quantity", [None, 1, 4])
    async def test_gives_back_under_the_key_of_the_request(
        self, events: Events, quantity: int | None
    ) -> None:
        token = TOKENS.of(LINK)
        left = await release(returns(events), token, quantity=quantity, request_id="key")
        assert left.tickets == 0
        assert events.asked == [(LINK, quantity, "key")]

    async def test_is_good_until_the_event_begins(self, events: Events) -> None:
        token, just_before = TOKENS.of(LINK), START - timedelta(microseconds=1)
        assert await look(returns(events, just_before), token) == HELD
        events.asked.clear()
        with pytest.raises(LinkExpired):
            await look(returns(events, START), token)
        with pytest.raises(LinkExpired):
            await release(returns(events, START), token, quantity=None, request_id="")
        assert events.asked == []

    async def test_that_was_not_made_here_asks_nobody(self, events: Events) -> None:
        forged = KeyedReleaseTokens([NEW]).of(LINK)
        for token in (forged, "", "x"):
            with pytest.raises(LinkUnknown):
                await look(returns(events), token)
            with pytest.raises(LinkUnknown):
                await release(returns(events), token, quantity=1, request_id="")
        assert events.asked == []


@pytest.mark.parametrize(
    ("reservation", "now", "state"),
    [
        (HELD, START - timedelta(seconds=1), State.OPEN),
        (replace(HELD, releasable=1), START - timedelta(seconds=1), State.OPEN),
        (replace(HELD, releasable=0), START - timedelta(seconds=1), State.GUESTS_ADMITTED),
        (
            replace(HELD, tickets=0, releasable=0),
            START - timedelta(seconds=1),
            State.NOTHING_LEFT,
        ),
        (replace(HELD, releasable=0), START, State.EVENT_OVER),
        (replace(HELD, tickets=0, releasable=0), START, State.EVENT_OVER),
        (replace(HELD, is_cancelled=True), START - timedelta(days=1), State.EVENT_CANCELLED),
        (replace(HELD, is_cancelled=True), START, State.EVENT_CANCELLED),
    ],
)
def test_a_reservation_is_open_or_says_why_not(
    reservation: Reservation, now: datetime, state: State
) -> None:
    assert state_of(reservation, now) is state
