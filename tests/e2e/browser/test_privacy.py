"""What a customer reads, agrees to, and takes back."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.browser.conftest import Visitor
from tests.e2e.newcomers import arrive
from tests.e2e.suite import Suite

pytestmark = pytest.mark.browser

NO_NEWS = "Vi kan ikkje sende deg nyheiter om Kraftklubben"


@pytest.fixture
def someone(visitor: Callable[..., Visitor], suite: Suite, tmp_path: Path) -> Visitor:
    """A customer who has just registered and logged in."""
    newcomer = arrive(suite, tmp_path)
    visiting = visitor()
    page = visiting.logs_in(newcomer.email, newcomer.password)
    expect(page.get_by_role("link", name="Gå til personvern")).to_be_visible()
    return visiting


def test_a_newcomer_reads_goes_on_and_decides_what_may_be_sent(someone: Visitor) -> None:
    page = someone.page
    page.get_by_role("link", name="Gå til personvern").click()
    expect(page.get_by_text(NO_NEWS).first).to_be_visible()
    page.get_by_role("region", name="Personvernerklæring").get_by_text("Les teksten").click()
    expect(page.get_by_text("Kven andre får noko")).to_be_visible()
    someone.shoots("unread")
    someone.finds_no_barrier()
    page.get_by_role("button", name="OK, gå vidare").click()
    expect(page.get_by_text("Du har lese og gått vidare")).to_be_visible()

    email = page.get_by_role("region", name="Kraftklubben").get_by_role("switch", name="E-post")
    email.click()
    expect(email).to_be_checked()
    expect(page.get_by_text(NO_NEWS)).to_have_count(0)
    page.reload()
    expect(email).to_be_checked()
    someone.shoots("decided")
    someone.loses_nothing_at_twice_the_size()

    email.click()
    expect(email).not_to_be_checked()
    expect(page.get_by_text(NO_NEWS).first).to_be_visible()

    page.get_by_role("link", name="Alt du har valt").click()
    expect(page.get_by_role("listitem").filter(has_text="Kraftklubben · E-post")).to_have_count(2)
    someone.shoots("history")
    someone.shuts_nobody_out()


def test_all_is_taken_back_with_one_tap(someone: Visitor) -> None:
    page = someone.opens("/profil/personvern")
    switches = page.get_by_role("switch")
    for index in range(2):
        switches.nth(index).click()
        expect(switches.nth(index)).to_be_checked()
    page.get_by_role("button", name="Sei nei til alt").click()
    for index in range(2):
        expect(switches.nth(index)).not_to_be_checked()


def test_a_yes_to_a_text_that_was_changed_meanwhile_shows_the_new_one(someone: Visitor) -> None:
    page = someone.page

    def an_older_text(route: Route) -> None:
        answer = route.fetch()
        mine = answer.json()
        for consent in mine["consents"]:
            consent["noticeSha256"] = "0" * 64
        route.fulfill(response=answer, body=json.dumps(mine))

    page.route("**/v1/me/consents", an_older_text, times=1)
    someone.opens("/profil/personvern")
    email = page.get_by_role("region", name="Kraftklubben").get_by_role("switch", name="E-post")
    email.click()
    expect(page.get_by_text("Teksten vart endra medan du las")).to_be_visible()
    expect(email).not_to_be_checked()
    someone.shoots("changed")
    email.click()
    expect(email).to_be_checked()
    expect(page.get_by_text("Teksten vart endra medan du las")).to_have_count(0)
