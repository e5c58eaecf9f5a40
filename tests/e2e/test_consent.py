"""What a customer allows, and what then comes by mail, and what does not."""

import email
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from typing import Any

import httpx
import pytest

from kit.local.processes import wait_until
from tests.e2e.suite import Customer, Suite

pytestmark = pytest.mark.e2e

KRAFTKLUBBEN = "kraftklubben"
PATIENCE_SECONDS = 30.0


def _mails(suite: Suite, to: str, about: str) -> list[EmailMessage]:
    """Returns the mails to somebody that say something, the newest last."""
    found: list[EmailMessage] = []
    for file in sorted(suite.mailbox.glob("*.eml")):
        mail = email.message_from_bytes(file.read_bytes(), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        if mail["To"] == to and about in mail["Subject"] + _text(mail):
            found.append(mail)
    return found


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return part.get_content()


def _mail(suite: Suite, to: str, about: str) -> EmailMessage:
    """Waits for a mail to somebody that says something."""
    assert wait_until(lambda: bool(_mails(suite, to, about)), PATIENCE_SECONDS), about
    return _mails(suite, to, about)[-1]


@pytest.fixture(scope="module")
def event_staff(suite: Suite) -> str:
    suite.log_in_at_the_cli("EVENT_STAFF", "event-staff")
    return "event-staff"


def _logged_in(suite: Suite, number: int) -> tuple[Customer, str]:
    """Returns a customer of the demonstration, and their e-mail."""
    person = suite.demo["customers"][number]
    return suite.log_in(person["email"], person["password"]), person["email"]


def _event(suite: Suite, session: str, title: str, ahead: timedelta = timedelta(days=30)) -> str:
    starts_at = datetime.now(UTC) + ahead
    command = ("events", "create", "--title", title, "--venue", "Kulturhuset", "--capacity", "9")
    event = suite.cli(*command, "--starts-at", starts_at.isoformat(), session=session).printed
    assert suite.cli("events", "publish", event["id"], session=session).status == 0
    return event["id"]


def _consent(consents: Mapping[str, Any], purpose: str) -> Mapping[str, Any]:
    return next(each for each in consents["consents"] if each["purpose"] == purpose)


def _change(
    consents: Mapping[str, Any], purpose: str, channel: str, *, granted: bool
) -> Mapping[str, object]:
    """Returns a switch that was moved, with the text that was shown."""
    shown = _consent(consents, purpose)
    change: dict[str, object] = {"purpose": purpose, "granted": granted}
    if channel:
        change["channel"] = channel
    if granted:
        change |= {
            "noticeVersion": shown["noticeVersion"],
            "noticeSha256": shown["noticeSha256"],
            "language": shown["language"],
        }
    return change


def _switch(customer: Customer, purpose: str, channel: str, *, granted: bool) -> Mapping[str, Any]:
    shown = customer.get("/v1/me/consents").json()
    change = _change(shown, purpose, channel, granted=granted)
    answer = customer.patch("/v1/me/consents", {"changes": [change]})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_reservation_comes_by_mail_with_its_tickets_and_staff_hear_of_it(
    suite: Suite, event_staff: str
) -> None:
    customer, address = _logged_in(suite, 2)
    event = _event(suite, event_staff, "Ein kveld med billettar på e-post", timedelta(hours=20))

    reserved = customer.post(f"/v1/events/{event}/reservations", {"quantity": 2}).json()

    mail = _mail(suite, address, "Ein kveld med billettar på e-post")
    [pdf] = mail.iter_attachments()
    assert pdf.get_content_type() == "application/pdf"
    assert pdf.get_content().startswith(b"%PDF-")
    assert mail["List-Unsubscribe"] is None
    [staff] = [each for each in suite.demo["staff"] if "EVENT_STAFF" in each["roles"]]
    guest_list = _mail(suite, staff["email"], "Ein kveld med billettar på e-post")
    kinds = sorted(file.get_content_type() for file in guest_list.iter_attachments())
    assert kinds == ["application/pdf", "text/csv"]
    released = customer.post(f"/v1/reservations/{reserved['id']}:release", {"quantity": 2})
    assert released.status_code == 200, released.text


def test_the_news_of_the_demonstration_go_to_its_first_customer_and_to_nobody_else(
    suite: Suite, event_staff: str
) -> None:
    title = "Vinteren i Kraftklubben"
    ingrid, address = _logged_in(suite, 0)
    assert ingrid.get("/v1/me/consents").json()["reachable"]
    listed = suite.cli("news", "list", session=event_staff).printed["mailings"]
    [draft] = [each["id"] for each in listed if each["title"] == title]

    assert suite.cli("news", "schedule", draft, session=event_staff).status == 0

    def mailing() -> Mapping[str, Any]:
        listed = suite.cli("news", "list", session=event_staff).printed["mailings"]
        return next(each for each in listed if each["id"] == draft)

    assert wait_until(lambda: mailing()["state"] == "SENT", PATIENCE_SECONDS), mailing()
    mail = _mail(suite, address, title)
    assert "Fjordklang fyller Ørsta kulturhus" in _text(mail)
    assert mailing()["progress"]["sent"] == 1
    for other in suite.demo["customers"][1:]:
        assert _mails(suite, other["email"], title) == []


def test_letters_are_in_the_language_that_the_customer_has_chosen(
    suite: Suite, event_staff: str
) -> None:
    customer, address = _logged_in(suite, 2)
    event = _event(suite, event_staff, "Ein kveld på to språk")
    path = f"/v1/events/{event}/reservations"
    reserved = customer.post(path, {"quantity": 1}).json()
    assert _mail(suite, address, "1 billett til Ein kveld på to språk")

    assert customer.patch("/v1/me", {"language": "en"}).json()["language"] == "en"

    customer.post(f"/v1/reservations/{reserved['id']}:release", {"quantity": 1}).raise_for_status()
    assert _mail(suite, address, "Given back: 1 ticket for Ein kveld på to språk")
    assert customer.patch("/v1/me", {"language": "sv"}).status_code == 422
    customer.patch("/v1/me", {"language": "nn"}).raise_for_status()


def test_news_reach_those_who_want_them_until_they_take_leave_with_one_click(
    suite: Suite, event_staff: str
) -> None:
    wants, address = _logged_in(suite, 0)
    silent, other = _logged_in(suite, 2)
    silent.post("/v1/me/consents:withdrawAll", {}).raise_for_status()
    _switch(wants, KRAFTKLUBBEN, "EMAIL", granted=True)

    _event(suite, event_staff, "Den fyrste nyheita")

    mail = _mail(suite, address, "Den fyrste nyheita")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = re.fullmatch(r"<(http.*)>", mail["List-Unsubscribe"])
    assert link is not None
    url = link[1]
    for _ in range(100):
        httpx.get(url)
        httpx.head(url)
    shown = wants.get("/v1/me/consents").json()
    assert _consent(shown, KRAFTKLUBBEN)["reachable"]

    taken = httpx.post(url, data={"List-Unsubscribe": "One-Click"})

    assert (taken.status_code, "location" in taken.headers) == (200, False)
    assert not _consent(wants.get("/v1/me/consents").json(), KRAFTKLUBBEN)["reachable"]
    _switch(silent, KRAFTKLUBBEN, "EMAIL", granted=True)
    _event(suite, event_staff, "Den andre nyheita")
    # Once it has come to one who wants it, it has gone to all who do.
    _mail(suite, other, "Den andre nyheita")
    assert _mails(suite, address, "Den andre nyheita") == []
    assert _mails(suite, other, "Den fyrste nyheita") == []
    silent.post("/v1/me/consents:withdrawAll", {}).raise_for_status()
