"""Staff: events, guest lists, the door, news and customers, each as far as the role goes."""

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import segno
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from pypdf import PdfReader

from cli.demo.consents import agree_to_news
from cli.gateway import Gateway
from cli.local import mailbox
from kit.local.processes import wait_until
from tests.e2e.browser.conftest import SCREENS, SCREENSHOTS, Visitor, launched
from tests.e2e.browser.staff import Desk, Staff, brought, pin_of
from tests.e2e.suite import Customer, Suite

pytestmark = pytest.mark.browser

NAMES = (
    "Kari Ås",
    "Ola Aasen",
    "Liv Ødegård",
    "Per Ærlig",
    "Nils Zahl",
    "Anne-Margrethe von Hohenlohe-Skarsvåg",
)
QUANTITIES = (4, 2, 1, 3, 1, 2)
NEWS_READER = "314159"
PASSWORD = "furutre-attmed-naustet"

Make = Callable[..., Visitor]
Reserved = Mapping[str, Mapping[str, Any]]


@pytest.fixture
def host(visitor: Make, staff: Staff) -> Callable[..., Visitor]:
    """Makes members of event staff, each with a device of their own."""

    def make(screen: str = "phone") -> Visitor:
        return visitor(screen, storage_state=staff.state("EVENT_STAFF"))

    return make


@pytest.fixture(scope="session")
def numbers(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Sequence[str]:
    return brought(suite, tmp_path_factory.mktemp("guests"), NAMES)


def _with_guests(desk: Desk, numbers: Sequence[str], title: str) -> tuple[str, Reserved]:
    """Makes an event with guests; returns it, and the reservations by name."""
    event = desk.event(title)
    reserved = {
        name: desk.reserve(event, number, quantity)
        for name, number, quantity in zip(NAMES, numbers, QUANTITIES, strict=True)
    }

    def are_named() -> bool:
        parties = desk.get(f"/v1/events/{event}/guestList")["parties"]
        return all(party["name"] for party in parties)

    assert wait_until(are_named, timeout=20)
    return event, reserved


def test_each_role_sees_what_it_may_do(visitor: Make, staff: Staff) -> None:
    for role, shown, hidden in (
        ("EVENT_STAFF", ("Arrangement", "Nyhende"), "Kundeoppslag"),
        ("CUSTOMER_SERVICE", ("Arrangement", "Kundeoppslag", "Sperringar"), "Nyhende"),
        ("OPERATOR", ("Sperringar",), "Arrangement"),
    ):
        someone = visitor(storage_state=staff.state(role))
        page = someone.opens("/ansatt")
        for tile in shown:
            expect(page.get_by_role("link", name=tile).first).to_be_visible()
        expect(page.get_by_role("link", name=hidden)).to_have_count(0)
        someone.shoots(f"home-{role.lower()}")
        someone.shuts_nobody_out()
    someone.opens("/ansatt/nyhende")
    expect(page.get_by_text("Denne sida er for arrangementsvertar")).to_be_visible()
    someone.shoots("not-this-role")


def test_a_customer_is_told_that_it_is_for_staff(visitor: Make, suite: Suite) -> None:
    customer = visitor()
    ingrid = suite.demo["customers"][0]
    customer.logs_in(ingrid["email"], ingrid["password"])
    event = customer.context.request.get(f"{suite.url}/v1/events").json()["events"][0]["id"]
    for path in ("/ansatt", f"/ansatt/arrangement/{event}/dor"):
        page = customer.opens(path)
        expect(page.get_by_text("Denne sida er for dei som arbeider hos oss.")).to_be_visible()
    customer.shoots("for-staff")
    customer.finds_no_barrier()


def test_an_event_is_made_published_changed_and_cancelled(host: Make, desk: Desk) -> None:
    someone = host("desktop")
    page = someone.opens("/ansatt/arrangement")
    page.get_by_role("link", name="Nytt arrangement").click()
    page.get_by_label("Tittel").fill("Vårkonsert ved fjorden")
    page.get_by_label("Stad").fill("Ørsta kulturhus")
    page.get_by_label("Omtale").fill("Storbandet spelar.\nTa med gode sko.")
    page.get_by_label("Startar").fill("2027-03-28T02:30")
    expect(page.get_by_text("Dette klokkeslettet finst ikkje")).to_be_visible()
    page.get_by_label("Startar").fill("2027-03-28T19:00")
    expect(page.get_by_text("sundag 28. mars kl. 19:00")).to_be_visible()
    page.get_by_label("Reservasjon til").fill("2027-03-27T12:00")
    page.get_by_label("Kor mange plassar").fill("12")
    someone.shoots("new-event")
    someone.shuts_nobody_out()
    page.get_by_role("button", name="Lagre som kladd").click()

    expect(page.get_by_role("heading", name="Vårkonsert ved fjorden")).to_be_focused()
    event = page.url.rpartition("/")[2]
    made = desk.get(f"/v1/events/{event}")
    assert (made["startsAt"], made["salesCloseAt"]) == (
        "2027-03-28T17:00:00Z",
        "2027-03-27T11:00:00Z",
    )
    expect(page.get_by_text("Kladd", exact=True)).to_be_visible()
    someone.shoots("draft")
    page.get_by_role("button", name="Publiser").click()
    expect(page.get_by_text("Publisert", exact=True)).to_be_visible()

    # What others do is seen while it happens.
    desk.reserve(event, "100002", 3)
    numbers = page.get_by_label("Billettar no")
    expect(numbers.get_by_text("9", exact=True)).to_be_visible()
    expect(page.get_by_text("reserverte 3")).to_be_visible()

    page.get_by_role("button", name="Endre plassar").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Kor mange plassar").fill("2")
    expect(dialog.get_by_text("1 færre enn det som er reservert")).to_be_visible()
    someone.shoots("fewer-seats")
    someone.shuts_nobody_out()
    dialog.get_by_role("button", name="Lagre").click()
    expect(page.get_by_text("Fleire har billett enn det er plass til.")).to_be_visible()
    someone.shoots("event")
    someone.shuts_nobody_out()

    page.get_by_role("link", name="Endre", exact=True).click()
    page.get_by_label("Tittel").fill("Vårkonsert")
    page.get_by_role("button", name="Lagre endringane").click()
    expect(page.get_by_role("heading", name="Vårkonsert", exact=True)).to_be_visible()

    page.get_by_role("button", name="Avlys").click()
    expect(dialog.get_by_text("Billettar som blir ugyldige: 3.")).to_be_visible()
    dialog.get_by_label("Grunn").fill("Storbandet er sjukt.")
    someone.shoots("cancel")
    someone.finds_no_barrier()
    dialog.get_by_role("button", name="Avlys arrangementet").click()
    expect(page.get_by_text("Avlyst: Storbandet er sjukt.")).to_be_visible()
    expect(page.get_by_role("button", name="Endre plassar")).to_have_count(0)


def test_a_ballot_is_drawn_and_says_who_got_tickets_and_who_did_not(
    host: Make, visitor: Make, desk: Desk, suite: Suite, numbers: Sequence[str]
) -> None:
    closing = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    event = desk.event("Trekking", capacity=2, mode="BALLOT", ballotClosesAt=closing)
    registered = {
        email: suite.register(number, pin_of(number), email, PASSWORD)
        for number, email in zip(numbers[3:5], ("per@example.com", "nils@example.com"), strict=True)
    }
    wish = {"wanted": 2, "least": 2}
    path = f"/v1/events/{event}/waitlistEntries"

    def is_in(customer: Customer) -> bool:
        """One who was just imported is heard of in a moment."""
        return customer.post(path, wish).status_code == HTTPStatus.OK

    for customer in registered.values():
        assert wait_until(partial(is_in, customer), timeout=20)

    someone = host()
    page = someone.opens(f"/ansatt/arrangement/{event}")
    expect(page.get_by_text("Lodding", exact=True)).to_be_visible()
    draw = page.get_by_role("button", name="Trekk no")
    expect(draw).to_have_count(0)
    # The page does not hear that the ballot, a second later, is drawn by itself.
    soon = datetime.now(UTC) + timedelta(seconds=1)
    desk.patch(f"/v1/events/{event}", {"ballotClosesAt": soon.isoformat()})
    before = desk.get(f"/v1/events/{event}")
    page.route("**/v1/me/stream", lambda route: route.abort())
    page.route(f"**/v1/events/{event}", lambda route: route.fulfill(json=before))
    page.reload()
    expect(draw).to_be_visible()
    page.unroute(f"**/v1/events/{event}")
    draw.click()
    expect(page.get_by_text(re.compile("^Trekt "))).to_be_visible()
    expect(draw).to_have_count(0)
    someone.shoots("drawn")

    drawn = {email: _entry(customer, event)["status"] for email, customer in registered.items()}
    assert sorted(drawn.values()) == ["OFFERED", "WAITING"]
    lucky, other = sorted(drawn, key=lambda email: drawn[email])
    winner = visitor()
    page = winner.logs_in(lucky, PASSWORD)
    winner.opens(f"/kraftklubben/{event}")
    page.get_by_role("button", name="Ta imot 2 billettar").click()
    expect(page.get_by_role("heading", name="Du har 2 billettar")).to_be_visible()
    page.get_by_role("link", name="Vis billettane").click()
    expect(page.get_by_role("heading", name="Billett 2 av 2")).to_be_visible()

    loser = visitor()
    page = loser.logs_in(other, PASSWORD)
    loser.opens(f"/kraftklubben/{event}")
    expect(page.get_by_role("heading", name="Du står på ventelista")).to_be_visible()
    expect(page.get_by_text("trekkinga rakk ikkje til deg")).to_be_visible()
    loser.shoots("not-drawn")
    loser.shuts_nobody_out()


def _entry(customer: Customer, event: str) -> Mapping[str, Any]:
    entries = customer.get("/v1/me/waitlistEntries").json()["waitlistEntries"]
    return next(each for each in entries if each["eventId"] == event)


def test_what_is_wrong_with_an_event_is_said_at_its_field(host: Make) -> None:
    someone = host()
    page = someone.opens("/ansatt/arrangement/nytt")
    page.get_by_label("Tittel").fill("Fort")
    page.get_by_label("Stad").fill("Her")
    page.get_by_label("Startar").fill("2020-01-01T12:00")
    page.get_by_label("Kor mange plassar").fill("10")
    page.get_by_text("Lodding").click()
    page.get_by_label("Påmeldinga til loddinga stengjer").fill("2019-12-01T12:00")
    page.get_by_role("button", name="Lagre som kladd").click()
    expect(page.get_by_label("Startar")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("Vel eit tidspunkt etter «Reservasjon frå».").first).to_be_visible()
    expect(page.get_by_label("Tittel")).to_have_value("Fort")
    someone.shoots("refused")
    someone.shuts_nobody_out()


def test_all_events_are_listed_by_where_they_are(host: Make) -> None:
    someone = host("desktop")
    page = someone.opens("/ansatt/arrangement")
    expect(page.get_by_role("heading", name="Komande")).to_be_visible()
    expect(page.get_by_role("link", name="Matmarknad på kaia")).to_contain_text("Kladd")
    someone.shoots("events")
    someone.shuts_nobody_out()


def test_a_guest_list_is_searched_printed_and_taken_along(
    host: Make, desk: Desk, numbers: Sequence[str], tmp_path: Path
) -> None:
    event, reserved = _with_guests(desk, numbers, "Gjestekveld")
    someone = host("desktop")
    page = someone.opens(f"/ansatt/arrangement/{event}/gjester")
    rows = page.locator("tbody").first.get_by_role("row")
    expect(rows).to_have_count(len(NAMES))
    shown = [row.get_by_role("rowheader").inner_text().strip() for row in rows.all()]
    assert [name.partition(",")[0] for name in shown] == [
        "Hohenlohe-Skarsvåg",
        "Zahl",
        "Ærlig",
        "Ødegård",
        "Ås",
        "Aasen",
    ]
    expect(page.get_by_text("6 følgje, 13 billettar av 40 plassar, 0 inne")).to_be_visible()
    someone.shoots("guests")
    someone.shuts_nobody_out()

    search = page.get_by_label("Søk på namn, kundenummer eller kode")
    for typed in ("ødeg", numbers[2], reserved["Liv Ødegård"]["tickets"][0]["code"]):
        search.fill(typed)
        expect(rows).to_have_count(1)
        expect(rows.first).to_contain_text("Ødegård, Liv")
    search.fill("ingen")
    expect(page.get_by_text("Ingen på lista passar med «ingen».")).to_be_visible()
    search.fill("")

    with page.expect_download() as pdf:
        page.get_by_role("button", name="Last ned PDF").click()
    pdf.value.save_as(tmp_path / "guests.pdf")
    printed = "".join(sheet.extract_text() for sheet in PdfReader(tmp_path / "guests.pdf").pages)
    assert "Ødegård" in printed
    with page.expect_download() as csv:
        page.get_by_role("button", name="Last ned CSV").click()
    csv.value.save_as(tmp_path / "guests.csv")
    assert (tmp_path / "guests.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert "Ødegård" in (tmp_path / "guests.csv").read_text()

    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Hovudmeny")).to_be_hidden()
    expect(page.get_by_role("button", name="Last ned PDF")).to_be_hidden()
    someone.shoots("guests-print")
    page.pdf(path=tmp_path / "printed.pdf", prefer_css_page_size=True)
    [sheet] = PdfReader(tmp_path / "printed.pdf").pages
    assert (round(sheet.mediabox.width), round(sheet.mediabox.height)) == (595, 842)  # A4
    assert "Aasen, Ola" in sheet.extract_text()
    someone.context.close()

    someone = host()
    page = someone.opens(f"/ansatt/arrangement/{event}/gjester")
    expect(page.get_by_text("Ødegård, Liv")).to_be_visible()
    someone.shoots("guests")
    someone.shuts_nobody_out()


def _one_fewer(dialog: Locator) -> None:
    stepper = dialog.get_by_role("group", name="Kor mange slepp inn")
    stepper.get_by_role("button", name="Éin færre").click()


def _party(page: Page, name: str) -> Locator:
    """The row of a party at the door."""
    return page.get_by_role("list").get_by_role("button", name=name)


def test_a_party_arrives_in_parts_and_an_admission_is_taken_back(
    host: Make, desk: Desk, numbers: Sequence[str]
) -> None:
    event, _ = _with_guests(desk, numbers, "Døra i delar")
    someone = host()
    page = someone.opens(f"/ansatt/arrangement/{event}/dor")
    expect(page.get_by_text("0 av 13 inne")).to_be_visible()
    expect(page.get_by_text("På nett. Alt er sendt.")).to_be_visible()
    someone.shoots("door")
    someone.shuts_nobody_out()

    dialog = page.get_by_role("dialog")
    _party(page, "Ås, Kari").click()
    for _ in range(3):
        _one_fewer(dialog)
    someone.shoots("party")
    someone.finds_no_barrier()
    dialog.get_by_role("button", name="Slepp inn 1").click()
    expect(page.get_by_text("1 inne: Ås, Kari")).to_be_visible()
    expect(page.get_by_text("1 av 13 inne")).to_be_visible()
    expect(_party(page, "Ås, Kari")).to_contain_text("1 av 4 inne")
    someone.shoots("admitted")

    page.get_by_label("Namn, kundenummer eller kode").fill("kari")
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Slepp inn 3").click()
    expect(_party(page, "Ås, Kari")).to_contain_text("Alle inne")
    expect(page.get_by_text("4 av 13 inne")).to_be_visible()

    page.get_by_role("button", name="Angre").click()
    expect(page.get_by_text("Teke tilbake 3: Ås, Kari")).to_be_visible()
    expect(page.get_by_text("1 av 13 inne")).to_be_visible()
    _party(page, "Ås, Kari").click()
    dialog.get_by_text("Angre innslepp").click()
    dialog.get_by_role("button", name="Ta tilbake 1").click()
    expect(page.get_by_text("0 av 13 inne")).to_be_visible()
    expect(page.get_by_text("På nett. Alt er sendt.")).to_be_visible()
    assert desk.get(f"/v1/events/{event}/guestList")["totalAdmitted"] == 0


def test_nothing_that_was_tapped_without_a_network_is_lost(
    host: Make, desk: Desk, numbers: Sequence[str]
) -> None:
    event, reserved = _with_guests(desk, numbers, "Døra utan nett")
    someone = host()
    path = f"/ansatt/arrangement/{event}/dor"
    page = someone.opens(path)
    expect(page.get_by_text("På nett. Alt er sendt.")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")

    someone.context.set_offline(True)
    dialog = page.get_by_role("dialog")
    _party(page, "Ærlig, Per").click()
    dialog.get_by_role("button", name="Slepp inn 3").click()
    expect(page.get_by_text("Utan nett. 1 ventar på å bli sendt.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("3 av 13 inne")).to_be_visible()
    expect(_party(page, "Ærlig, Per")).to_contain_text("Alle inne")

    # A code that is typed is a ticket, and the same one shown again is said.
    code = reserved["Ola Aasen"]["tickets"][0]["code"]
    page.get_by_label("Namn, kundenummer eller kode").fill(code.lower())
    page.keyboard.press("Enter")
    _one_fewer(dialog)
    dialog.get_by_role("button", name="Slepp inn 1").click()
    expect(page.get_by_text("Utan nett. 2 ventar på å bli sende.")).to_be_visible()
    page.get_by_label("Namn, kundenummer eller kode").fill(code)
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("Denne billetten er vist før.")).to_be_visible()
    someone.shoots("shown-before")
    dialog.get_by_role("button", name="Lukk").click()
    someone.shoots("offline")
    someone.finds_no_barrier()

    # In another tab of the same device it is there as well.
    page.close()
    page = someone.page = someone.context.new_page()
    page.goto(someone.url + path)
    expect(page.get_by_text("Utan nett. 2 ventar på å bli sende.")).to_be_visible()
    assert desk.get(f"/v1/events/{event}/guestList")["totalAdmitted"] == 0

    someone.context.set_offline(False)
    expect(page.get_by_text("På nett. Alt er sendt.")).to_be_visible()
    assert desk.get(f"/v1/events/{event}/guestList")["totalAdmitted"] == 4


def test_what_was_not_sent_outlives_a_logout(
    host: Make, desk: Desk, numbers: Sequence[str], staff: Staff
) -> None:
    event, _ = _with_guests(desk, numbers, "Døra etter utlogging")
    someone = host()
    path = f"/ansatt/arrangement/{event}/dor"
    page = someone.opens(path)
    expect(page.get_by_text("På nett. Alt er sendt.")).to_be_visible()
    page.route("**/door:*", lambda route: route.abort())
    _party(page, "Zahl, Nils").click()
    page.get_by_role("dialog").get_by_role("button", name="Slepp inn 1").click()
    expect(page.get_by_text("1 ventar på å bli sendt.")).to_be_visible()

    someone.context.clear_cookies()
    page.unroute("**/door:*")
    page = someone.opens("/logg-inn")
    told = page.get_by_text("1 registrering frå døra er ikkje sende frå denne eininga.")
    expect(told).to_be_visible()
    someone.shoots("left-behind")
    someone.finds_no_barrier()

    cookies = staff.state("EVENT_STAFF")["cookies"]
    someone.context.add_cookies(cookies)
    page.evaluate("localStorage.setItem('session', '')")  # as the client notes it
    page = someone.opens("/ansatt")
    page.get_by_role("link", name="Opne døra og send").click()
    expect(page.get_by_text("På nett. Alt er sendt.")).to_be_visible()
    assert desk.get(f"/v1/events/{event}/guestList")["totalAdmitted"] == 1

    # With nothing left to send, a logout leaves nothing behind.
    someone.context.clear_cookies()
    page = someone.opens("/logg-inn")
    expect(page.get_by_label("E-post")).to_be_visible()
    expect(told).to_have_count(0)
    is_forgotten = "localStorage.getItem('door') === null"
    assert wait_until(lambda: bool(page.evaluate(is_forgotten)), timeout=5)


def test_the_same_party_at_two_doors_is_flagged_and_left_to_staff(
    host: Make, desk: Desk, numbers: Sequence[str]
) -> None:
    event, _ = _with_guests(desk, numbers, "To dører")
    first, second = host(), host()
    for device, name in ((first, "Inngang A"), (second, "Inngang B")):
        page = device.opens(f"/ansatt/arrangement/{event}/dor")
        expect(page.get_by_text("På nett. Alt er sendt.")).to_be_visible()
        page.get_by_text("Innstillingar").click()
        page.get_by_label("Namnet på denne eininga").fill(name)
        page.get_by_text("Innstillingar").click()

    def lets_in(device: Visitor, button: str) -> None:
        _party(device.page, "Ærlig, Per").click()
        device.page.get_by_role("dialog").get_by_role("button", name=button).click()

    # Both on the net, and the second has not heard of the first: it is asked before anybody is
    # recorded.
    version = desk.get(f"/v1/events/{event}/guestList")["version"]
    before = desk.get(f"/v1/events/{event}/guestList?sinceVersion={version}")
    second.page.route("**/guestList?*", lambda route: route.fulfill(json=before))
    lets_in(first, "Slepp inn 3")
    expect(first.page.get_by_text("3 av 13 inne")).to_be_visible()
    expect(first.page.get_by_text("På nett. Alt er sendt.")).to_be_visible()
    lets_in(second, "Slepp inn 3")
    alert = second.page.get_by_role("alert")
    expect(alert).to_contain_text("Ærlig, Per er ikkje registrert: dei er alt inne.")
    expect(alert).to_contain_text("3 inne på 3 billettar, 0 står att.")
    expect(alert).to_contain_text("ved Inngang A")
    second.shoots("refused-at-the-second-door")
    second.shuts_nobody_out()
    alert.get_by_role("button", name="Ikkje slepp inn").click()
    expect(alert).to_have_count(0)
    assert desk.get(f"/v1/events/{event}/guestList")["totalAdmitted"] == 3
    second.page.unroute("**/guestList?*")

    # One without a network: all is recorded, and what does not add up is flagged.
    second.context.set_offline(True)
    _party(second.page, "Ødegård, Liv").click()
    dialog = second.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Slepp inn 1").click()
    _party(first.page, "Ødegård, Liv").click()
    first.page.get_by_role("dialog").get_by_role("button", name="Slepp inn 1").click()
    expect(first.page.get_by_text("4 av 13 inne")).to_be_visible()
    expect(first.page.get_by_text("På nett. Alt er sendt.")).to_be_visible()
    second.context.set_offline(False)
    expect(alert).to_contain_text("Ødegård, Liv: det stemmer ikkje.")
    expect(alert).to_contain_text("2 inne på 1 billett,")
    second.shoots("conflict")
    alert.get_by_role("button", name="Ta tilbake 1").click()
    expect(alert).to_have_count(0)
    expect(second.page.get_by_text("4 av 13 inne")).to_be_visible()


@contextmanager
def _camera(browser: Browser, shown: str, folder: Path) -> Generator[Browser]:
    """Runs a browser before whose camera a QR code is held."""
    side, scale = 480, 9
    code = segno.make(shown, error="m")
    file = folder / "code.png"
    code.save(str(file), scale=scale, border=4)
    picture = Image.new("L", (640, side), 255)
    with Image.open(file) as drawn:
        picture.paste(drawn.convert("L"), ((640 - drawn.width) // 2, (side - drawn.height) // 2))
    video = folder / "camera.y4m"
    grey = bytes([128]) * (640 * side // 4)
    frame = b"FRAME\n" + picture.tobytes() + grey + grey
    video.write_bytes(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n" + frame * 4)
    running = launched(
        browser.browser_type,
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={video}",
    )
    yield running
    running.close()


def test_a_ticket_is_scanned_with_the_camera(
    browser: Browser,
    staff: Staff,
    desk: Desk,
    numbers: Sequence[str],
    tmp_path: Path,
) -> None:
    event, reserved = _with_guests(desk, numbers, "Kamera")
    ticket = reserved["Ola Aasen"]["tickets"][0]
    with _camera(browser, ticket["token"], tmp_path) as with_camera:
        options: dict[str, Any] = {
            **SCREENS["phone"],
            "permissions": ["camera"],
            "storage_state": staff.state("EVENT_STAFF"),
        }
        context = with_camera.new_context(**options)
        folder = SCREENSHOTS / "test_a_ticket_is_scanned_with_the_camera" / "phone"
        someone = Visitor(context, context.new_page(), desk.url, folder)
        page = someone.opens(f"/ansatt/arrangement/{event}/dor")
        page.get_by_role("button", name="Skann billett").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("Aasen, Ola")
        expect(dialog).to_contain_text(ticket["code"])
        someone.shoots("scanned")
        dialog.get_by_role("button", name="Slepp inn 2").click()
        expect(page.get_by_text("2 inne: Aasen, Ola")).to_be_visible()
        # The ticket is still before the camera, and is read again only by a new look.
        page.get_by_role("button", name="Stopp skanning").click()
        page.get_by_role("button", name="Skann billett").click()
        expect(dialog).to_contain_text("Denne billetten er vist før.")
        dialog.get_by_role("button", name="Lukk").click()
        someone.shoots("scanning")
        someone.finds_no_barrier()
        page.get_by_role("button", name="Stopp skanning").click()
        context.close()
    assert desk.get(f"/v1/events/{event}/guestList")["totalAdmitted"] == 2


TAKEN_ONCE_AND_WITH_A_LIGHT = """() => {
    const cameras = navigator.mediaDevices, open = cameras.getUserMedia.bind(cameras);
    cameras.getUserMedia = async () => {
        cameras.getUserMedia = open;
        throw new DOMException("in use", "NotReadableError");
    };
    const track = MediaStreamTrack.prototype;
    track.getCapabilities = () => ({torch: true});
    track.applyConstraints = async ({advanced}) => { window.light = advanced[0].torch; };
}"""
"""What the simulated camera of Chromium does not do: be in use elsewhere, and have a light."""


def test_a_camera_that_is_denied_or_taken_is_said_and_its_light_is_turned_on(
    browser: Browser, staff: Staff, desk: Desk, numbers: Sequence[str], tmp_path: Path
) -> None:
    event, reserved = _with_guests(desk, numbers, "Utan lov")
    ticket = reserved["Liv Ødegård"]["tickets"][0]
    with _camera(browser, ticket["token"], tmp_path) as with_camera:
        options: dict[str, Any] = {**SCREENS["phone"], "storage_state": staff.state("EVENT_STAFF")}
        context = with_camera.new_context(**options)
        folder = SCREENSHOTS / "test_a_camera_that_is_denied_or_taken" / "phone"
        someone = Visitor(context, context.new_page(), desk.url, folder)
        page = someone.opens(f"/ansatt/arrangement/{event}/dor")
        page.get_by_role("button", name="Skann billett").click()
        expect(page.get_by_text("Nettlesaren har ikkje lov til å bruke kameraet.")).to_be_visible()
        someone.shoots("denied")
        someone.shuts_nobody_out()
        dialog = page.get_by_role("dialog", name="Ødegård, Liv")
        page.get_by_label("Namn, kundenummer eller kode").fill(ticket["code"])
        page.keyboard.press("Enter")
        dialog.get_by_role("button", name="Lukk").click()

        context.grant_permissions(["camera"])
        page.evaluate(TAKEN_ONCE_AND_WITH_A_LIGHT)
        page.get_by_role("button", name="Prøv igjen").click()
        expect(page.get_by_text("Kameraet er i bruk av noko anna.")).to_be_visible()
        someone.shoots("taken")
        someone.shuts_nobody_out()
        page.get_by_role("button", name="Prøv igjen").click()
        expect(dialog).to_contain_text(ticket["code"])
        dialog.get_by_role("button", name="Lukk").click()

        page.get_by_role("button", name="Slå på lys").click()
        expect(page.get_by_role("button", name="Slå av lys")).to_be_visible()
        assert page.evaluate("window.light") is True
        someone.shoots("light")
        page.get_by_role("button", name="Slå av lys").click()
        assert wait_until(lambda: page.evaluate("window.light") is False, timeout=5)
        page.get_by_role("button", name="Stopp skanning").click()
        context.close()


def test_without_a_camera_the_door_says_what_to_do(
    host: Make, desk: Desk, numbers: Sequence[str]
) -> None:
    event, _ = _with_guests(desk, numbers, "Utan kamera")
    someone = host()
    page = someone.opens(f"/ansatt/arrangement/{event}/dor")
    page.get_by_role("button", name="Skann billett").click()
    refused = page.get_by_text("Søk på namn eller kode.").or_(
        page.get_by_text("eller søk på namn eller kode.")
    )
    expect(refused).to_be_visible()
    someone.shoots("no-camera")
    someone.finds_no_barrier()
    page.get_by_label("Namn, kundenummer eller kode").fill("XXXX-YYYY")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Denne billetten er ikkje på lista")
    expect(dialog).to_be_visible()
    someone.shoots("unknown-ticket")
    someone.finds_no_barrier()
    dialog.get_by_role("button", name="Slepp inn 1 likevel").click()
    expect(page.get_by_text("1 av 13 inne")).to_be_visible()
    expect(page.get_by_text("På nett. Alt er sendt.")).to_be_visible()


def _reader(suite: Suite, folder: Path) -> str:
    """Makes a customer who wants news; returns the e-mail."""
    email, pin = f"leser.{NEWS_READER}@example.com", "60417391"
    file = folder / "reader.csv"
    file.write_text(
        f"customer_number,name,email,mobile,pin\n{NEWS_READER},Sigrid Lesarheim,{email},,{pin}\n"
    )
    assert suite.cli("import", "customers", str(file)).status == 0
    reader = suite.register(NEWS_READER, pin, email, PASSWORD)
    agree_to_news(Gateway(suite.url), reader.token)
    # News goes to whom consent knows an address of when it is sent.
    assert wait_until(lambda: reader.get("/v1/me/consents").json()["reachable"], timeout=20)
    return email


def test_news_is_written_and_looked_at_before_it_goes(host: Make) -> None:
    someone = host("desktop")
    problems: list[str] = []
    someone.page.on(
        "console", lambda line: problems.append(line.text) if line.type == "error" else None
    )
    page = someone.opens("/ansatt/nyhende")
    expect(page.get_by_role("link", name="Vinteren i Kraftklubben")).to_be_visible()
    someone.shoots("mailings")
    someone.shuts_nobody_out()

    page.get_by_role("link", name="Skriv nytt").click()
    page.get_by_label("Emne, Nynorsk").fill("Haust i klubben")
    page.get_by_label("Tekst, Nynorsk").fill("Hei!\n\n- **Konsert** i kulturhuset\n- Omvising")
    page.get_by_text("English (tom)").click()
    page.get_by_label("Emne, English").fill("Autumn in the club")
    page.get_by_label("Tekst, English").fill("Hello!")
    page.get_by_role("button", name="Lagre kladden").click()

    letter = page.frame_locator("iframe")
    expect(letter.get_by_role("heading", name="Haust i klubben")).to_be_visible()
    expect(letter.get_by_text("Konsert")).to_have_css("font-weight", "700")
    # The letter has its own look, although our policy allows no style in pages.
    expect(letter.locator(".letter")).to_have_css("border-radius", "14px")
    expect(page.get_by_text(re.compile(r"\d kund(e|ar) får det\."))).to_be_visible()
    someone.shoots("draft-of-news")
    someone.shuts_nobody_out()
    page.get_by_role("group", name="Slik ser det ut: Språk").get_by_text("English").click()
    expect(letter.get_by_role("heading", name="Autumn in the club")).to_be_visible()

    page.get_by_label("Emne, Nynorsk").fill("Haust i Kraftklubben")
    expect(page.get_by_text("Du har endringar som ikkje er lagra.")).to_be_visible()
    expect(page.get_by_role("button", name="Send …")).to_have_count(0)
    page.get_by_role("button", name="Lagre").click()
    expect(page.get_by_role("heading", name="Haust i Kraftklubben").first).to_be_visible()

    page.get_by_role("button", name="Send prøve til meg").click()
    expect(page.get_by_text("Prøva er på veg til e-posten din.")).to_be_visible()
    _plan(page, "2027-06-01T12:00")
    someone.shoots("planning")
    someone.shuts_nobody_out()
    page.get_by_role("dialog").get_by_role("button", name="Planlegg").click()
    expect(page.get_by_text("Startar tysdag 1. juni kl. 12:00.")).to_be_visible()
    someone.shoots("scheduled")
    someone.finds_no_barrier()
    page.get_by_role("button", name="Gjer til kladd igjen").click()
    expect(page.get_by_text("Kladd", exact=True)).to_be_visible()
    _plan(page, "2027-06-02T12:00")
    page.get_by_role("dialog").get_by_role("button", name="Planlegg").click()
    page.get_by_role("button", name="Stopp").click()
    someone.shuts_nobody_out()
    page.get_by_role("dialog").get_by_role("button", name="Stopp").click()
    expect(page.get_by_text("Stoppa", exact=True)).to_be_visible()
    assert not problems, problems


def _plan(page: Page, local: str) -> None:
    page.get_by_role("button", name="Send …").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Seinare").click()
    dialog.get_by_label("Tidspunkt").fill(local)


def test_news_goes_to_a_customer_who_consented(
    host: Make, desk: Desk, suite: Suite, tmp_path: Path
) -> None:
    email = _reader(suite, tmp_path)
    texts = {"nn": {"subject": "Vinter i Kraftklubben", "body": "Hei!"}}
    draft = desk.post("/v1/mailings", {"purpose": "kraftklubben", "texts": texts})
    someone = host("desktop")
    page = someone.opens(f"/ansatt/nyhende/{draft['id']}")
    dialog = page.get_by_role("dialog")
    page.get_by_role("button", name="Send …").click()
    dialog.get_by_role("button", name="Send no").click()
    expect(page.get_by_text("Sendt", exact=True)).to_be_visible(timeout=20_000)
    someone.shoots("sent")
    someone.finds_no_barrier()
    assert wait_until(lambda: _has_got(suite, email, "Vinter i Kraftklubben"), timeout=20)
    page.get_by_role("button", name="Slett").click()
    dialog.get_by_role("button", name="Slett").click()
    expect(page.get_by_role("heading", name="Nyhende", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Vinter i Kraftklubben")).to_have_count(0)


def _has_got(suite: Suite, email: str, subject: str) -> bool:
    return any(
        letter.recipient == email and letter.subject == subject
        for letter in mailbox.letters(suite.mailbox)
    )


def test_a_customer_is_looked_up_for_a_reason(
    visitor: Make, staff: Staff, numbers: Sequence[str]
) -> None:
    someone = visitor("desktop", storage_state=staff.state("CUSTOMER_SERVICE"))
    page = someone.opens("/ansatt/kundar")
    expect(page.get_by_text("Kunden kan lese dette.")).to_be_visible()
    page.get_by_label("Kundenummer").fill(numbers[0])
    page.get_by_role("button", name="Slå opp").click()
    expect(page.get_by_role("heading", name="Kari Ås")).to_have_count(0)  # a reason is needed
    page.get_by_label("Grunn").fill("Ringde om billettane sine")
    page.get_by_role("button", name="Slå opp").click()
    expect(page.get_by_role("heading", name="Kari Ås")).to_be_visible()
    expect(page.get_by_text(f"gjest.{numbers[0]}@example.com")).to_be_visible()
    someone.shoots("customer")
    someone.shuts_nobody_out()

    dialog = page.get_by_role("dialog")
    page.get_by_role("button", name="Lag ny PIN").click()
    expect(dialog.get_by_label("Grunn")).to_have_value("Ringde om billettane sine")
    dialog.get_by_role("button", name="Lag ny PIN").click()
    expect(dialog.locator(".pin")).to_have_text(re.compile(r"^\d{4} \d{4}$"))
    someone.shoots("pin")
    someone.finds_no_barrier()
    dialog.get_by_role("button", name="Ferdig").click()

    for told in ("Skrive ned: 1 trekt samtykke.", "Alt var eit nei frå før."):
        page.get_by_role("button", name="Trekk samtykke").click()
        dialog.get_by_label("Kraftklubben: e-post").check()
        someone.shoots("withdraw")
        someone.shuts_nobody_out()
        dialog.get_by_role("button", name="Trekk samtykke").click()
        expect(page.get_by_text(told)).to_be_visible()


def test_second_factors_are_taken_off_for_a_customer_who_has_lost_them(
    visitor: Make, staff: Staff, suite: Suite, numbers: Sequence[str]
) -> None:
    suite.register(numbers[1], pin_of(numbers[1]), "ola@example.com", PASSWORD)
    someone = visitor(storage_state=staff.state("CUSTOMER_SERVICE"))
    page = someone.opens("/ansatt/kundar")
    page.get_by_label("Kundenummer").fill(numbers[1])
    page.get_by_label("Grunn").fill("Har mista telefonen")
    page.get_by_role("button", name="Slå opp").click()
    expect(page.get_by_text("ola@example.com")).to_be_visible()
    page.get_by_role("button", name="Fjern tofaktor").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Gjer dette berre når du er sikker på kven")).to_be_visible()
    someone.shoots("reset")
    someone.finds_no_barrier()
    dialog.get_by_role("button", name="Fjern tofaktor").click()
    expect(page.get_by_text("Tofaktor er fjerna.")).to_be_visible()
    someone.shoots("customer")
    someone.loses_nothing_at_twice_the_size()

    page.get_by_role("button", name="Logg ut overalt").click()
    someone.shoots("end-sessions")
    someone.shuts_nobody_out()
    dialog.get_by_role("button", name="Logg ut overalt").click()
    expect(page.get_by_text("Logga ut. Innloggingar som tok slutt: 0.")).to_be_visible()


def test_an_address_is_suppressed_and_allowed_again(visitor: Make, staff: Staff) -> None:
    someone = visitor("desktop", storage_state=staff.state("OPERATOR"))
    page = someone.opens("/ansatt/sperringar")
    page.get_by_label("E-postadresse eller mobilnummer").fill("nei.takk@example.com")
    page.get_by_role("button", name="Sjekk").click()
    expect(page.get_by_text("nei.takk@example.com er ikkje sperra.")).to_be_visible()
    dialog = page.get_by_role("dialog")
    page.get_by_role("button", name="Sperr adressa").click()
    dialog.get_by_label("Merknad").fill("Bad om det på telefon")
    someone.shuts_nobody_out()
    dialog.get_by_role("button", name="Sperr adressa").click()
    expect(page.get_by_text("nei.takk@example.com er sperra:")).to_be_visible()
    someone.shoots("suppressed")
    someone.shuts_nobody_out()
    page.get_by_role("button", name="Opne for adressa").click()
    dialog.get_by_label("Kvifor").fill("Ombestemte seg")
    someone.shoots("allow")
    someone.shuts_nobody_out()
    dialog.get_by_role("button", name="Opne for adressa").click()
    expect(page.get_by_text("nei.takk@example.com er ikkje sperra.")).to_be_visible()
