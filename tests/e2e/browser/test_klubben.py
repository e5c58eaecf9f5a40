"""Kraftklubben as customers see it: reserving, the waiting list, offers, tickets at the door."""

import io
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from kit.local.processes import wait_until
from tests.e2e.browser.conftest import Visitor
from tests.e2e.households import brought
from tests.e2e.suite import Customer, Suite

pytestmark = pytest.mark.browser

PIN = "64091738"
PASSWORD = "skodde-over-naustet-i-haust"
NAMES = {"300001": "Astri Holmøy", "300002": "Bjarne Kvamsdal", "300003": "Solveig Åsnes"}
TWO_SECONDS = 2_000


@dataclass(frozen=True)
class Person:
    """A customer of the tests' own, over the API; and how they log in."""

    name: str
    email: str
    api: Customer

    def reserves(self, event: str, quantity: int) -> Mapping[str, Any]:
        answer = self.api.post(f"/v1/events/{event}/reservations", {"quantity": quantity})
        return answer.raise_for_status().json()

    def waits(self, event: str, wanted: int, least: int) -> Mapping[str, Any]:
        numbers = {"wanted": wanted, "least": least}
        answer = self.api.post(f"/v1/events/{event}/waitlistEntries", numbers)
        return answer.raise_for_status().json()

    def releases(self, reservation: Mapping[str, Any], quantity: int) -> None:
        path = f"/v1/reservations/{reservation['id']}:release"
        self.api.post(path, {"quantity": quantity}).raise_for_status()

    def has(self, event: str) -> Mapping[str, Any]:
        """The reservation of an event."""
        listed = self.api.get("/v1/me/reservations").json()["reservations"]
        return next(each for each in listed if each["eventId"] == event)

    def enters(self, someone: Visitor, path: str) -> Page:
        """Logs in without the form, which has tests of its own, and goes to an address."""
        page = someone.opens("/icon.svg")
        login = {"email": self.email, "password": PASSWORD, "client": "WEB"}
        status = page.evaluate(
            """async (login) => {
                localStorage.setItem("session", "");  // as the client notes it
                return (await fetch("/v1/sessions", {
                    method: "POST",
                    headers: {"content-type": "application/json"},
                    body: JSON.stringify(login),
                })).status;
            }""",
            login,
        )
        assert status == 200
        return someone.opens(path)


@dataclass(frozen=True)
class EventStaff:
    """A member of event staff, over the API."""

    api: Customer

    def event(self, title: str, *, capacity: int, days: int = 30, **more: object) -> str:
        """Makes an event and publishes it; returns its id."""
        starts_at = datetime.now(UTC).replace(hour=18, minute=0, second=0, microsecond=0)
        described = {
            "title": title,
            "text": "Dørene opnar ein halvtime før. Ta med godt humør.\n\nKaféen er open.",
            "venue": "Kulturhuset",
            "startsAt": (starts_at + timedelta(days=days)).isoformat(),
            "capacity": capacity,
            **more,
        }
        event = self.api.post("/v1/events", described).raise_for_status().json()["id"]
        self.api.post(f"/v1/events/{event}:publish", {}).raise_for_status()
        return str(event)


@pytest.fixture(scope="module")
def staff(suite: Suite) -> EventStaff:
    member = next(each for each in suite.demo["staff"] if "EVENT_STAFF" in each["roles"])
    return EventStaff(suite.staff(member))


@pytest.fixture(scope="module")
def people(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> list[Person]:
    emails = {number: f"klubben.{number}@example.com" for number in NAMES}
    rows = [f"{number},{name},{emails[number]},,{PIN}" for number, name in NAMES.items()]
    file = tmp_path_factory.mktemp("klubben") / "customers.csv"
    file.write_text("\n".join(("customer_number,name,email,mobile,pin", *rows)) + "\n")
    brought(suite, "customers", file)
    return [
        Person(name, emails[number], suite.register(number, PIN, emails[number], PASSWORD))
        for number, name in NAMES.items()
    ]


def _soon(**left: float) -> str:
    return (datetime.now(UTC) + timedelta(**left)).isoformat()


def _stepper(page: Page | Locator, label: str) -> Locator:
    return page.get_by_role("group", name=label)


def _number(stepper: Locator) -> Locator:
    return stepper.get_by_role("status")


def _steps(stepper: Locator, name: str, times: int) -> None:
    for _ in range(times):
        stepper.get_by_role("button", name=name).click()


def _scanned(code: Locator) -> str:
    code.evaluate("code => code.scrollIntoView({block: 'center'})")
    [found] = zxingcpp.read_barcodes(Image.open(io.BytesIO(code.screenshot())))
    return str(found.text)


def _is_checked(someone: Visitor, name: str) -> None:
    """Keeps a picture in light and in dark, and holds that nobody is shut out."""
    someone.shoots(name)
    someone.page.emulate_media(color_scheme="dark")
    someone.shoots(f"{name}-dark")
    someone.shuts_nobody_out()


def test_all_events_say_how_they_stand_and_what_is_ones_own_comes_first(
    visitor: Callable[..., Visitor], staff: EventStaff, people: list[Person], screen: str
) -> None:
    viewer, other, third = people
    concert = staff.event(f"Haustkonsert på {screen}", capacity=120, days=3)
    full = staff.event("Omvising i Tussa kraftverk", capacity=2, days=5)
    staff.event("Frå bekk til straum: familiedag", capacity=6, days=8)
    later = {"salesOpenAt": _soon(days=2)}
    staff.event("Julebord for frivillige", capacity=60, days=20, **later)
    lots = {"mode": "BALLOT", "ballotClosesAt": _soon(days=9)}
    ballot = staff.event("Nattkino i turbinhallen", capacity=40, days=12, **lots)
    cancelled = staff.event("Kajakktur på fjorden", capacity=20, days=6)
    reason = {"reason": "Det er meldt storm. Vi prøver igjen til våren."}
    staff.api.post(f"/v1/events/{cancelled}:cancel", reason).raise_for_status()
    viewer.reserves(concert, 2)
    held = other.reserves(full, 2)
    offered = viewer.waits(full, 2, 1)
    viewer.waits(ballot, 3, 3)
    other.releases(held, 1)
    third.waits(full, 1, 1)

    someone = visitor(screen)
    page = viewer.enters(someone, "/kraftklubben")

    expect(page.get_by_role("heading", name="Du har fått tilbod om 1 billett")).to_be_visible()
    mine = page.get_by_role("region", name="Billettane dine")
    expect(mine.get_by_role("link", name=f"Haustkonsert på {screen}")).to_contain_text(
        "2 billettar"
    )
    waits = page.get_by_role("region", name="Du ventar på")
    expect(waits).to_contain_text("Du er med i trekkinga om 3 billettar")
    events = page.get_by_role("region", name="Arrangement")
    for title, told in (
        (f"Haustkonsert på {screen}", "118 billettar igjen"),
        ("Frå bekk til straum", "6 billettar igjen"),
        ("Omvising i Tussa", "venteliste"),
        ("Julebord", "Opnar"),
        ("Nattkino", "meld deg på før"),
        ("Kajakktur", "Det er meldt storm"),
    ):
        expect(events.get_by_role("link", name=title).last).to_contain_text(told)
    _is_checked(someone, "klubben")

    page.get_by_text("Tidlegare arrangement").click()
    expect(page.get_by_text("Her er ingen enno.")).to_be_visible()
    viewer.api.post(f"/v1/waitlistEntries/{offered['id']}:decline", {}).raise_for_status()


def test_too_few_left_says_how_many_and_sets_the_stepper_to_it(
    visitor: Callable[..., Visitor], staff: EventStaff, people: list[Person]
) -> None:
    astri, bjarne, _ = people
    event = staff.event("Berre fire plassar", capacity=4)
    someone = visitor()
    # Without the stream, so that the page does not know what the other one has taken meanwhile.
    someone.context.route("**/v1/me/stream", lambda route: route.abort())
    page = astri.enters(someone, f"/kraftklubben/{event}")
    stepper = _stepper(page, "Kor mange billettar?")
    _steps(stepper, "Éin til", 1)
    bjarne.reserves(event, 3)

    page.get_by_role("button", name="Reserver 3 billettar").click()

    expect(page.get_by_role("alert")).to_contain_text("Ledige billettar: 1.")
    expect(_number(stepper)).to_have_text("1")
    _is_checked(someone, "too-few-left")
    page.get_by_role("button", name="Reserver 1 billett").click()
    expect(page.get_by_role("heading", name="Du har 1 billett")).to_be_focused()
    assert astri.has(event)["quantity"] == 1
    someone.shoots("reserved")


def test_a_session_that_ends_in_the_middle_loses_nothing(
    visitor: Callable[..., Visitor], staff: EventStaff, people: list[Person]
) -> None:
    astri = people[0]
    event = staff.event("Midt i det heile", capacity=8)
    someone = visitor(reduced_motion="reduce")
    page = astri.enters(someone, f"/kraftklubben/{event}")
    _steps(_stepper(page, "Kor mange billettar?"), "Éin til", 1)
    someone.context.clear_cookies()
    page.get_by_role("button", name="Reserver 3 billettar").click()
    dialog = page.get_by_role("dialog", name="Logg inn igjen")
    dialog.get_by_label("E-post").fill(astri.email)
    dialog.get_by_label("Passord").fill(PASSWORD)
    dialog.get_by_role("button", name="Logg inn").click()

    expect(page.get_by_role("heading", name="Du har 3 billettar")).to_be_visible()


def test_the_stepper_follows_what_is_left_while_others_reserve(
    visitor: Callable[..., Visitor], staff: EventStaff, people: list[Person], screen: str
) -> None:
    astri, bjarne, solveig = people
    event = staff.event("Andre er òg ute etter plass", capacity=4)
    someone = visitor(screen)
    page = astri.enters(someone, f"/kraftklubben/{event}")
    stepper = _stepper(page, "Kor mange billettar?")
    _steps(stepper, "Éin til", 2)
    expect(_number(stepper)).to_have_text("4")
    expect(stepper.get_by_role("button", name="Éin til")).to_be_disabled()
    someone.shoots("event")

    bjarne.reserves(event, 2)

    expect(_number(stepper)).to_have_text("2", timeout=TWO_SECONDS)
    expect(page.get_by_text("No er det berre 2 billettar igjen.")).to_be_visible()
    someone.shoots("fewer-left")

    solveig.reserves(event, 2)

    # What was chosen is kept for the waiting list.
    expect(page.get_by_role("heading", name="Fullteikna")).to_be_visible(timeout=TWO_SECONDS)
    expect(_number(_stepper(page, "Kor mange vil du ha?"))).to_have_text("2")
    _is_checked(someone, "full")


def test_what_one_gives_back_is_offered_to_the_next_in_line_within_two_seconds(
    visitor: Callable[..., Visitor], staff: EventStaff, people: list[Person]
) -> None:
    astri, bjarne, solveig = people
    event = staff.event("Frå den eine til den andre", capacity=3)
    held = astri.reserves(event, 2)
    solveig.reserves(event, 1)
    giving, waiting = visitor(), visitor()
    page = bjarne.enters(waiting, f"/kraftklubben/{event}")
    _steps(_stepper(page, "Kor mange vil du ha?"), "Éin til", 1)
    _steps(_stepper(page, "Minste tal du tek imot"), "Éin færre", 2)
    page.get_by_role("button", name="Set meg på ventelista").click()
    expect(page.get_by_role("heading", name="Du står på ventelista")).to_be_focused()
    expect(page.get_by_text("Du er først i køen")).to_be_visible()
    _is_checked(waiting, "waiting")
    giver = astri.enters(giving, f"/billettar/{held['id']}")
    giver.get_by_text("Kan du ikkje kome?").click()
    giver.get_by_role("button", name="Gi tilbake 1 billett").click()
    sure = giver.get_by_role("dialog").get_by_role("button", name="Ja, gi tilbake")
    expect(sure).to_be_visible()

    given_at = time.monotonic()
    sure.click()
    offer = page.get_by_role("heading", name="Du har fått tilbod om 1 billett")
    expect(offer).to_be_visible(timeout=TWO_SECONDS)
    assert time.monotonic() - given_at < TWO_SECONDS / 1000

    expect(giver.get_by_text("Du har gitt tilbake 1 billett, og har 1 billett")).to_be_visible()
    expect(page.get_by_label("Bli ståande i køen for 2 billettar til")).to_be_checked()
    _is_checked(waiting, "offer")

    page.get_by_role("link", name="Kundeservice").click()
    banner = page.get_by_role("link", name="Du har fått tilbod om 1 billett til Frå den eine")
    expect(banner).to_be_visible()
    expect(page.get_by_role("status").filter(has=banner)).to_be_visible()
    _is_checked(waiting, "offer-banner")
    banner.click()
    page.get_by_role("button", name="Ta imot 1 billett").click()

    expect(page.get_by_role("heading", name="Du har 1 billett")).to_be_focused()
    expect(page.get_by_role("heading", name="Du står på ventelista")).to_be_visible()
    expect(page.get_by_text("Du ventar på 2 billettar.")).to_be_visible()
    expect(banner).to_have_count(0)
    waiting.shoots("accepted-and-waiting-on")


def test_a_part_of_an_offer_is_accepted_and_another_offer_is_declined(
    visitor: Callable[..., Visitor], staff: EventStaff, people: list[Person]
) -> None:
    astri, bjarne, solveig = people
    event = staff.event("Færre enn tilbode", capacity=3)
    held = astri.reserves(event, 3)
    solveig.waits(event, 3, 1)
    bjarne.waits(event, 2, 1)
    astri.releases(held, 3)
    someone = visitor()
    page = solveig.enters(someone, f"/kraftklubben/{event}")
    _steps(_stepper(page, "Kor mange vil du ha?"), "Éin færre", 2)
    expect(page.get_by_text("Resten går til neste i køen.")).to_be_visible()
    page.get_by_role("button", name="Ta imot 1 billett").click()
    expect(page.get_by_role("heading", name="Du har 1 billett")).to_be_focused()

    other = visitor(reduced_motion="reduce")
    page = bjarne.enters(other, f"/kraftklubben/{event}")
    expect(page.get_by_role("heading", name="Du har fått tilbod om 2 billettar")).to_be_visible()
    page.get_by_role("button", name="Nei takk").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Dei går til neste i køen")
    other.shoots("declining")
    other.finds_no_barrier()
    dialog.get_by_role("button", name="Ja, sei nei").click()

    expect(page.get_by_role("heading", name="Reserver billettar")).to_be_visible()
    expect(page.get_by_text("2 billettar igjen")).to_be_visible()


def test_an_offer_that_was_not_answered_leads_back_to_the_line_with_one_tap(
    visitor: Callable[..., Visitor], staff: EventStaff, people: list[Person]
) -> None:
    astri, bjarne, _ = people
    event = staff.event("For seint svar", capacity=1)
    astri.reserves(event, 1)
    waited = bjarne.waits(event, 1, 1)
    someone = visitor()
    page = bjarne.enters(someone, "/kundeservice")
    offer = {"id": "1", "tickets": 1, "madeAt": _soon(hours=-24), "expiresAt": _soon(seconds=5)}
    entry = {**waited, "status": "OFFERED", "partiesAhead": None, "offer": offer}
    answer = {"waitlistEntries": [entry], "nextPageToken": ""}
    page.route("**/v1/me/waitlistEntries?*", lambda route: route.fulfill(json=answer))
    page.goto(f"{someone.url}/kraftklubben/{event}")
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"^\d s igjen$"))

    over = page.get_by_role("heading", name="Tilbodet har gått ut")
    expect(over).to_be_visible(timeout=10_000)
    _is_checked(someone, "expired")
    page.unroute("**/v1/me/waitlistEntries?*")
    page.get_by_role("button", name="Set meg på ventelista att").click()
    expect(page.get_by_role("heading", name="Du står på ventelista")).to_be_visible()


def test_a_countdown_goes_by_the_clock_of_the_service_and_not_by_that_of_the_phone(
    visitor: Callable[..., Visitor], staff: EventStaff, people: list[Person]
) -> None:
    event = staff.event("Feil klokke", capacity=5, salesOpenAt=_soon(minutes=10))
    someone = visitor()
    someone.page.clock.install(time=datetime.now(UTC) + timedelta(hours=5))
    page = people[0].enters(someone, f"/kraftklubben/{event}")
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"^om (10|9) min \d\d s$"))
    someone.shoots("not-open-yet")


def test_a_ballot_is_registered_for_changed_drawn_and_shown(
    visitor: Callable[..., Visitor], staff: EventStaff, people: list[Person]
) -> None:
    closes_at = _soon(days=5)
    event = staff.event("Trekking om badedag", capacity=40, mode="BALLOT", ballotClosesAt=closes_at)
    someone = visitor()
    page = people[0].enters(someone, f"/kraftklubben/{event}")
    expect(page.get_by_text("har like stor sjanse")).to_be_visible()
    _is_checked(someone, "ballot")
    _steps(_stepper(page, "Kor mange vil du ha?"), "Éin til", 1)
    page.get_by_role("button", name="Meld meg på trekkinga").click()
    expect(page.get_by_role("heading", name="Du er med i trekkinga")).to_be_focused()
    page.get_by_role("button", name="Endre talet").click()
    _steps(_stepper(page, "Kor mange vil du ha?"), "Éin færre", 1)
    page.get_by_role("button", name="Lagre").click()
    expect(page.get_by_text("Du er med i trekkinga om 2 billettar.")).to_be_visible()
    someone.shoots("in-the-ballot")
    page.get_by_role("button", name="Meld meg av").click()
    someone.shoots("withdrawing")
    someone.shuts_nobody_out()
    page.get_by_role("dialog").get_by_role("button", name="Ja, meld meg av").click()
    page.get_by_role("button", name="Meld meg på trekkinga").click()
    expect(page.get_by_role("heading", name="Du er med i trekkinga")).to_be_visible()

    staff.api.patch(f"/v1/events/{event}", {"ballotClosesAt": _soon(seconds=1)}).raise_for_status()

    expect(page.get_by_role("heading", name="Du har fått tilbod om 2 billettar")).to_be_visible()
    page.get_by_text("Slik blir det trekt").click()
    expect(page.get_by_text("Talet", exact=True)).to_be_visible()


def test_who_has_tickets_asks_for_more_and_gets_what_is_free_at_once(
    visitor: Callable[..., Visitor], staff: EventStaff, people: list[Person]
) -> None:
    event = staff.event("Éin til", capacity=10)
    people[0].reserves(event, 2)
    someone = visitor(reduced_motion="reduce")
    page = people[0].enters(someone, f"/kraftklubben/{event}")
    page.get_by_text("Treng du fleire?").click()
    _is_checked(someone, "more")
    page.get_by_role("button", name="Be om 1 billett til").click()
    expect(page.get_by_role("heading", name="Du har 3 billettar")).to_be_visible()


def test_tickets_are_scanned_from_the_screen_used_by_accident_and_given_back(
    visitor: Callable[..., Visitor], staff: EventStaff, people: list[Person], screen: str
) -> None:
    event = staff.event(f"Ved døra med {screen}", capacity=10)
    held = people[0].reserves(event, 3)
    someone = visitor(screen, reduced_motion="reduce")
    page = people[0].enters(someone, f"/billettar/{held['id']}")
    expect(page.get_by_role("heading", name="Billett 1 av 3")).to_be_visible()
    tokens = [ticket["token"] for ticket in held["tickets"]]
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        codes = page.get_by_role("img", name="QR-kode for billett").all()
        assert [_scanned(code) for code in codes] == tokens
    page.emulate_media(color_scheme="light")
    _is_checked(someone, "tickets")

    first = page.get_by_role("article").filter(has_text="Billett 1 av 3")
    first.get_by_role("button", name="Bruk billetten").click()
    expect(first).to_contain_text("Markert som brukt kl.")
    someone.shoots("used")
    guests = staff.api.get(f"/v1/events/{event}/guestList").json()
    assert guests["parties"][0]["usedInApp"] == 1
    first.get_by_role("button", name="Angre").click()
    expect(first.get_by_role("button", name="Bruk billetten")).to_be_visible()
    assert _scanned(first.get_by_role("img")) == tokens[0]

    with page.expect_download() as download:
        page.get_by_role("button", name="Last ned som PDF").click()
    assert download.value.path().read_bytes().startswith(b"%PDF")

    page.get_by_text("Kan du ikkje kome?").click()
    _steps(_stepper(page, "Kor mange vil du gi tilbake?"), "Éin til", 1)
    page.get_by_role("button", name="Gi tilbake 2 billettar").click()
    dialog = page.get_by_role("dialog", name="Gi tilbake 2 av 3 billettar?")
    expect(dialog).to_contain_text(held["tickets"][2]["code"])
    someone.shoots("giving-back")
    someone.finds_no_barrier()
    dialog.get_by_role("button", name="Ja, gi tilbake").click()
    expect(page.get_by_role("heading", name="Billett 1 av 1")).to_be_visible()
    page.get_by_role("button", name="Gi tilbake 1 billett").click()
    page.get_by_role("dialog").get_by_role("button", name="Ja, gi tilbake").click()
    expect(page.get_by_role("heading", name="Du har gitt tilbake alle billettane")).to_be_visible()
    someone.shoots("given-back")


def test_tickets_show_without_a_network_to_their_owner_alone(
    visitor: Callable[..., Visitor], staff: EventStaff, people: list[Person]
) -> None:
    astri, bjarne, _ = people
    event = staff.event("Ingen dekning i fjellet", capacity=10)
    held = astri.reserves(event, 2)
    path = f"/billettar/{held['id']}"
    someone = visitor()
    page = astri.enters(someone, path)
    expect(page.get_by_role("heading", name="Billett 2 av 2")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready.then(() => 0)")

    someone.context.set_offline(True)
    page.reload()

    expect(page.get_by_role("heading", name="Billett 2 av 2")).to_be_visible()
    expect(page.get_by_text("Dette er slik det var")).to_be_visible()
    assert _scanned(page.get_by_role("img").first) == held["tickets"][0]["token"]
    first = page.get_by_role("article").first
    first.get_by_role("button", name="Bruk billetten").click()
    expect(first.get_by_role("status").first).to_contain_text("Merket kan vente")
    someone.shoots("offline")
    someone.shuts_nobody_out()
    page.get_by_role("link", name="Kraftklubben").first.click()
    expect(page.get_by_text("Dette er slik det var")).to_be_visible()
    mine = page.get_by_role("region", name="Billettane dine")
    expect(mine.get_by_role("link", name="Ingen dekning i fjellet")).to_be_visible()
    someone.shoots("klubben-offline")

    someone.context.set_offline(False)
    bjarne.enters(someone, path)
    expect(page.get_by_role("heading", name="Sida finst ikkje")).to_be_visible()
    someone.context.set_offline(True)
    page.goto(f"{someone.url}/kraftklubben")
    expect(page.get_by_role("heading", name="Kraftklubben")).to_be_visible()
    kept = page.evaluate(
        """() => new Promise((resolve) => {
            indexedDB.open("kundeapp-1").onsuccess = ({target}) => {
                const all = target.result.transaction("kept").objectStore("kept").getAll();
                all.onsuccess = () => resolve(JSON.stringify(all.result));
            };
        })"""
    )
    assert bjarne.email in kept
    assert held["id"] not in kept
    assert astri.email not in kept


def test_the_stream_comes_back_by_itself(
    visitor: Callable[..., Visitor], staff: EventStaff, people: list[Person]
) -> None:
    astri, bjarne, _ = people
    event = staff.event("Tunnel på vegen", capacity=9)
    someone = visitor()
    page = astri.enters(someone, f"/kraftklubben/{event}")
    expect(page.get_by_text("9 billettar igjen")).to_be_visible()
    someone.context.set_offline(True)
    bjarne.reserves(event, 2)
    someone.context.set_offline(False)
    expect(page.get_by_text("7 billettar igjen")).to_be_visible(timeout=TWO_SECONDS)
    bjarne.releases(bjarne.has(event), 1)
    expect(page.get_by_text("8 billettar igjen")).to_be_visible(timeout=TWO_SECONDS)


def test_a_new_version_waits_until_it_is_wanted(
    visitor: Callable[..., Visitor], people: list[Person]
) -> None:
    someone = visitor()
    page = people[0].enters(someone, "/kraftklubben")
    page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
    page.add_init_script(
        """const workers = navigator.serviceWorker, register = workers.register.bind(workers);
        workers.register = (...given) => register(...given).finally(() => window.looks = true)"""
    )
    page.reload()
    assert wait_until(lambda: page.evaluate("navigator.serviceWorker.controller !== null"), 10)
    # The client looks for new versions once its page is there.
    assert wait_until(lambda: page.evaluate("window.looks === true"), 10)
    page.evaluate("window.typed = 'still here'")
    # Another address makes another worker, as another build does.
    page.evaluate("navigator.serviceWorker.register('/sw.js?next').then(() => 0)")

    update = page.get_by_role("button", name="Oppdater")
    expect(update).to_be_visible()
    _is_checked(someone, "new-version")
    assert page.evaluate("window.typed") == "still here"
    with page.expect_navigation():
        update.click()

    expect(page.get_by_role("heading", name="Kraftklubben", exact=True)).to_be_visible()
    worker: str = page.evaluate("navigator.serviceWorker.controller.scriptURL")
    assert worker.endswith("?next")
