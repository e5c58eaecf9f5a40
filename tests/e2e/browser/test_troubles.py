"""What goes wrong between a customer and us: each is said with what to do, and nothing is lost."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.browser.conftest import Visitor
from tests.e2e.newcomers import Newcomer, arrive
from tests.e2e.suite import Suite

pytestmark = pytest.mark.browser

PRIVACY = "/profil/personvern"


@pytest.fixture(scope="module")
def newcomer(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Newcomer:
    return arrive(suite, tmp_path_factory.mktemp("newcomer"))


@pytest.fixture
def someone(visitor: Callable[..., Visitor], newcomer: Newcomer) -> Visitor:
    visiting = visitor()
    page = visiting.logs_in(newcomer.email, newcomer.password)
    expect(page.get_by_role("link", name="Gå til personvern")).to_be_visible()
    return visiting


def refusing(status: int, code: str, retry_after: int) -> Callable[[Route], None]:
    """Answers in place of the gateway, as it does when it is too much or a service is away."""
    document = {
        "type": f"/docs#{code}",
        "title": code,
        "status": status,
        "detail": "For mange forsøk. Vent litt og prøv igjen.",
        "code": code,
        "retryAfter": retry_after,
        "traceId": "0af7651916cd43dd8448eb211c80319c",
    }

    def answer(route: Route) -> None:
        route.fulfill(
            status=status, content_type="application/problem+json", body=json.dumps(document)
        )

    return answer


def test_a_lost_connection_is_said_and_what_was_typed_stays(
    visitor: Callable[..., Visitor], newcomer: Newcomer
) -> None:
    someone = visitor()
    page = someone.opens("/logg-inn")
    page.get_by_label("E-post").fill(newcomer.email)
    page.get_by_label("Passord").fill(newcomer.password)
    someone.context.set_offline(offline=True)
    page.get_by_role("button", name="Logg inn").click()
    expect(page.get_by_role("status").filter(has_text="Vi får ikkje kontakt")).to_be_visible()
    someone.shoots("offline")
    someone.finds_no_barrier()
    expect(page.get_by_label("E-post")).to_have_value(newcomer.email)
    someone.context.set_offline(offline=False)
    page.get_by_role("button", name="Logg inn").click()
    expect(page.get_by_role("navigation", name="Hovudmeny")).to_be_visible()


def test_who_is_logged_out_in_the_middle_logs_in_and_it_is_done(
    someone: Visitor, newcomer: Newcomer
) -> None:
    page = someone.opens(PRIVACY)
    push = page.get_by_role("switch", name="Varsel i appen").first
    expect(push).not_to_be_checked()
    someone.context.clear_cookies()
    push.click()
    dialog = page.get_by_role("dialog", name="Logg inn igjen")
    expect(dialog).to_be_visible()
    someone.shoots("logged-out", whole=False)
    someone.finds_no_barrier()
    dialog.get_by_label("E-post").fill(newcomer.email)
    dialog.get_by_label("Passord").fill(newcomer.password)
    dialog.get_by_role("button", name="Logg inn").click()
    expect(dialog).to_have_count(0)
    expect(push).to_be_checked()


def test_who_does_not_log_in_again_is_told_that_it_was_not_done(someone: Visitor) -> None:
    page = someone.opens(PRIVACY)
    sms = page.get_by_role("switch", name="SMS").first
    expect(sms).not_to_be_checked()
    someone.context.clear_cookies()
    sms.click()
    expect(page.get_by_role("dialog", name="Logg inn igjen")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Du er logga ut. Logg inn for å halde fram.").first).to_be_visible()
    expect(sms).not_to_be_checked()


def test_a_service_that_is_away_is_said_with_a_way_to_try_again(someone: Visitor) -> None:
    page = someone.page
    page.route("**/v1/me/consents", refusing(503, "UNAVAILABLE", 0))
    someone.opens(PRIVACY)
    expect(page.get_by_text("Noko hos oss svarer ikkje akkurat no")).to_be_visible(timeout=15_000)
    expect(page.get_by_text("0af7651916cd43dd8448eb211c80319c")).to_be_visible()
    someone.shoots("away")
    someone.finds_no_barrier()
    page.unroute("**/v1/me/consents")
    page.get_by_role("button", name="Prøv igjen").click()
    expect(page.get_by_role("switch").first).to_be_visible()


def test_too_much_is_said_with_when_to_try_again(
    visitor: Callable[..., Visitor], newcomer: Newcomer
) -> None:
    someone = visitor()
    page = someone.opens("/logg-inn")
    page.route("**/v1/sessions", refusing(429, "TOO_MANY_TRIES", 90))
    page.get_by_label("E-post").fill(newcomer.email)
    page.get_by_label("Passord").fill("eit anna passord")
    page.get_by_role("button", name="Logg inn").click()
    expect(page.get_by_text("For mange forsøk")).to_be_visible()
    expect(page.get_by_text("Prøv igjen om 1 min")).to_be_visible()
    someone.shoots("throttled")
    someone.finds_no_barrier()
    expect(page.get_by_label("Passord")).to_have_value("eit anna passord")


def test_a_slow_network_shows_that_something_is_coming(someone: Visitor) -> None:
    page = someone.page
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route("**/v1/me/consents", hold)
    someone.opens(PRIVACY)
    expect(page.get_by_role("status").filter(has_text="Hentar")).to_be_attached()
    someone.shoots("slow")
    assert waiting
    waiting[-1].continue_()
    expect(page.get_by_role("switch").first).to_be_visible()


def test_a_page_that_does_not_exist_leads_home(visitor: Callable[..., Visitor]) -> None:
    someone = visitor()
    page = someone.opens("/finst-ikkje")
    expect(page.get_by_role("heading", name="Sida finst ikkje")).to_be_visible()
    someone.shoots("missing")
    someone.finds_no_barrier()
    page.get_by_role("link", name="Gå til framsida").click()
    expect(page.get_by_role("heading", name="Velkomen til Di side")).to_be_visible()
