"""Tickets that are given back by the link in a letter, with consent and events both running."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest

import services.events
from kit.ids import SystemIds
from kit.keyed_hash import secret_keys
from kit.testing import FrozenClock, Neighbours
from kundeapp.consent.v1 import releases_pb2 as pb
from kundeapp.events.v1 import events_service_pb2 as events_pb
from kundeapp.events.v1.events_service_pb2_grpc import EventsServiceStub
from services.consent.config import Settings
from services.consent.domain.releases import ReleaseLink
from services.consent.tokens import KeyedReleaseTokens
from services.events.bootstrap import running as events_running
from services.events.config import Settings as EventsSettings
from tests.integration.consent.world import NOBODY, Consent, serving
from tests.integration.events.world import Customer, Events, refused

_EVENTS_MIGRATIONS = Path(services.events.__file__).parent / "migrations"
_A_DAY = timedelta(days=1)


@dataclass
class Both:
    """Consent and events."""

    consent: Consent
    events: Events
    tokens: KeyedReleaseTokens
    clock: FrozenClock
    kari: Customer

    async def reservation(self, tickets: int, *, capacity: int = 10) -> events_pb.Reservation:
        """Reserves tickets to an event of the day after tomorrow."""
        event_id = await self.events.event(capacity, starts_in=2 * _A_DAY)
        return await self.events.reserve(self.kari, event_id, tickets)

    def token(self, reservation: events_pb.Reservation) -> str:
        """Returns the token of the link in a letter about a reservation."""
        return self.tokens.of(self.link(reservation))

    def link(self, reservation: events_pb.Reservation) -> ReleaseLink:
        """Returns what such a link is about."""
        starts_at = reservation.event_starts_at.ToDatetime(UTC)
        return ReleaseLink(UUID(reservation.id), self.kari.id, starts_at)

    async def look(self, token: str, language: str = "nn") -> pb.Release:
        request = pb.LookUpReleaseRequest(token=token)
        metadata = [("accept-language", language)]
        return await self.consent.stub.LookUpRelease(request, metadata=metadata)

    async def release(self, token: str, key: str = "", **quantity: Any) -> pb.Release:
        request = pb.ReleaseByLinkRequest(token=token, request_id=key, **quantity)
        return await self.consent.stub.ReleaseByLink(request)


@pytest.fixture
async def both(
    neighbours: Neighbours, settings: Settings, clock: FrozenClock
) -> AsyncGenerator[Both]:
    events_settings = neighbours.settings(
        EventsSettings,
        await neighbours.database(_EVENTS_MIGRATIONS),
        workload="events",
        identity=NOBODY,
        sweep_seconds=0.05,
    )
    async with events_running(events_settings, clock, SystemIds()) as server:
        address = f"localhost:{server.port}"
        async with (
            neighbours.channel(server.port) as channel,
            serving(neighbours, settings.model_copy(update={"events": address}), clock) as consent,
        ):
            events = Events(neighbours, events_settings, clock, EventsServiceStub(channel))
            tokens = KeyedReleaseTokens(secret_keys(settings.secret_keys))
            yield Both(consent, events, tokens, clock, await events.customer())


async def test_the_page_shows_what_the_link_is_about(both: Both) -> None:
    reservation = await both.reservation(3)

    page = await both.look(both.token(reservation))

    assert (page.state, page.tickets, page.releasable) == (pb.Release.OPEN, 3, 3)
    assert (page.event_title, page.event_venue) == ("Haustkonsert", "Ørsta kulturhus")
    assert page.event_starts_at == reservation.event_starts_at
    assert page.event_starts_shown == "onsdag 4. mars 2026 kl.\u00a013.00"
    english = await both.look(both.token(reservation), "en")
    assert english.event_starts_shown == "Wednesday 4 March 2026 at\u00a013:00"


async def test_looking_a_hundred_times_changes_nothing(both: Both) -> None:
    reservation = await both.reservation(3)
    for _ in range(100):
        await both.look(both.token(reservation))
    assert await both.events.published("Released") == []


async def test_one_tap_gives_all_back_and_they_go_to_the_next_in_line(both: Both) -> None:
    reservation = await both.reservation(3, capacity=3)
    ola = await both.events.customer()
    entry = await both.events.join(ola, reservation.event_id, 2)

    page = await both.release(both.token(reservation), all=True)

    assert (page.state, page.tickets) == (pb.Release.NOTHING_LEFT, 0)
    assert (await both.events.entry(ola)).id == entry.id
    assert (await both.events.entry(ola)).status == events_pb.WaitlistEntry.OFFERED
    await both.events.invariants(reservation.event_id)


async def test_some_are_given_back_and_the_others_stay(both: Both) -> None:
    reservation = await both.reservation(4)
    page = await both.release(both.token(reservation), tickets=1)
    assert (page.state, page.tickets, page.releasable) == (pb.Release.OPEN, 3, 3)


async def test_a_retry_gets_the_first_answer_and_gives_no_more_back(both: Both) -> None:
    reservation = await both.reservation(4)
    token, key = both.token(reservation), str(uuid4())
    answers = await asyncio.gather(*(both.release(token, key, tickets=1) for _ in range(10)))
    assert {answer.tickets for answer in answers} == {3}
    assert (await both.look(token)).tickets == 3
    with refused("IDEMPOTENCY_KEY_REUSED"):
        await both.release(token, key, tickets=2)


async def test_what_events_refuses_is_told_as_it_says(both: Both) -> None:
    reservation = await both.reservation(2)
    token = both.token(reservation)
    with refused("NOT_THAT_MANY_TICKETS") as refusing:
        await both.release(token, tickets=3)
    assert refusing.refusal.facts == {"available": "2"}
    wrongs: list[dict[str, Any]] = [{}, {"all": False}, *({"tickets": n} for n in (0, -1, 51))]
    for wrong in wrongs:
        with refused("INVALID_FIELDS") as refusing:
            await both.release(token, **wrong)
        assert refusing.refusal.fields == [("tickets", "OUT_OF_RANGE")]


async def test_a_cancelled_event_has_nothing_to_give_back(both: Both) -> None:
    reservation = await both.reservation(2)
    token = both.token(reservation)
    await both.events.cancel(reservation.event_id)
    assert (await both.look(token)).state == pb.Release.EVENT_CANCELLED
    with refused("EVENT_CANCELLED"):
        await both.release(token, all=True)


async def test_the_link_ends_when_the_event_begins(both: Both) -> None:
    reservation = await both.reservation(2)
    token = both.token(reservation)
    both.clock.advance(2 * _A_DAY)
    with refused("RELEASE_LINK_EXPIRED"):
        await both.look(token)
    with refused("RELEASE_LINK_EXPIRED"):
        await both.release(token, all=True)
    later = both.tokens.of(replace(both.link(reservation), expires_at=both.clock.now() + _A_DAY))
    assert (await both.look(later)).state == pb.Release.EVENT_OVER
    with refused("EVENT_OVER"):
        await both.release(later, all=True)


async def test_forged_and_unknown_links_look_the_same(both: Both) -> None:
    reservation = await both.reservation(2)
    link, good = both.link(reservation), both.token(reservation)
    answers = set[bytes]()
    for token in (
        "",
        good[:-1],
        f"{good}A",
        good.swapcase(),
        both.tokens.of(replace(link, customer_id=uuid4())),
        both.tokens.of(replace(link, reservation_id=uuid4())),
    ):
        with refused("RELEASE_LINK_UNKNOWN") as refusing:
            await both.look(token)
        answers.add(refusing.refusal.answer)
        with refused("RELEASE_LINK_UNKNOWN") as refusing:
            await both.release(token, all=True)
        answers.add(refusing.refusal.answer)
    assert len(answers) == 1
    assert (await both.look(good)).tickets == 2


async def test_consent_without_events_says_so(consent: Consent, both: Both) -> None:
    reservation = await both.reservation(2)
    request = pb.LookUpReleaseRequest(token=both.token(reservation))
    with pytest.raises(grpc.aio.AioRpcError) as failed:  # `consent` knows no events
        await consent.stub.LookUpRelease(request)
    assert failed.value.code() is grpc.StatusCode.UNAVAILABLE
