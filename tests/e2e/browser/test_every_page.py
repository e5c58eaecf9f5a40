"""Every page that has an address shuts nobody out, also one that is listed only tomorrow."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser.conftest import ROOT, Visitor
from tests.e2e.browser.staff import Desk, Staff
from tests.e2e.suite import Suite

pytestmark = pytest.mark.browser

SOURCE = ROOT / "gateway" / "web" / "src"
ROUTES: Mapping[str, str] = dict(
    re.findall(r'^  (\w+): "(/[^"]*)",$', (SOURCE / "routes.ts").read_text(), re.MULTILINE)
)
NOBODY, CUSTOMER, HOST, CARER = "nobody", "customer", "EVENT_STAFF", "CUSTOMER_SERVICE"
BEFORE_THE_LOGIN = frozenset({"login", "provider", "register", "recover", "forgot"})
OF_CUSTOMER_SERVICE = frozenset({"lookUp", "suppressions"})

State = Mapping[str, Any]


@pytest.fixture(scope="module")
def states(browser: Browser, suite: Suite, staff: Staff) -> Mapping[str, State | None]:
    """The cookies and the store of the browser of each reader; the customer has tickets."""
    ingrid = suite.demo["customers"][0]
    context = browser.new_context(locale="nn-NO")
    someone = Visitor(context, context.new_page(), suite.url, suite.data)
    someone.logs_in(ingrid["email"], ingrid["password"])
    customer: State = dict(context.storage_state())
    context.close()
    return {NOBODY: None, CUSTOMER: customer, **{role: staff.state(role) for role in (HOST, CARER)}}


@pytest.fixture(scope="module")
def places(suite: Suite, desk: Desk) -> Mapping[str, str]:
    """What fills the places in addresses: things of the demonstration."""
    ingrid = suite.demo["customers"][0]
    held = suite.log_in(ingrid["email"], ingrid["password"]).get("/v1/me/reservations").json()
    reservation = held["reservations"][0]
    mailing = desk.get("/v1/mailings")["mailings"][0]
    return {
        "event": reservation["eventId"],
        "reservation": reservation["id"],
        "mailing": mailing["id"],
        "year": "2026",
        "month": "04",
        "day": "06",
    }


def _reader_of(name: str) -> str:
    """Returns who a page is for."""
    if name in BEFORE_THE_LOGIN:
        return NOBODY
    if not ROUTES[name].startswith(ROUTES["staff"]):
        return CUSTOMER
    return CARER if name in OF_CUSTOMER_SERVICE else HOST


def test_every_page_that_the_client_shows_has_an_address_here() -> None:
    shown = re.findall(r"ROUTES\.(\w+)", (SOURCE / "app.tsx").read_text())
    assert len(shown) > len(BEFORE_THE_LOGIN)
    assert set(shown) <= set(ROUTES)


@pytest.mark.parametrize("reader", [NOBODY, CUSTOMER, HOST, CARER])
def test_a_page_shuts_nobody_out(
    visitor: Callable[..., Visitor],
    states: Mapping[str, State | None],
    places: Mapping[str, str],
    subtests: pytest.Subtests,
    reader: str,
) -> None:
    someone = visitor(storage_state=states[reader])
    for name, route in ROUTES.items():
        if _reader_of(name) == reader:
            with subtests.test(name):
                page = someone.opens(re.sub(r":(\w+)\??", lambda place: places[place[1]], route))
                expect(page.get_by_role("heading", level=1)).to_be_visible()
                expect(page.locator(".ds-skeleton")).to_have_count(0)
                expect(page.get_by_text("Sida finst ikkje")).to_have_count(0)
                expect(page.get_by_text("Denne sida er for")).to_have_count(0)
                if reader != NOBODY:
                    expect(page.get_by_text("Gløymt passordet?")).to_have_count(0)
                someone.shoots(name)
                someone.shuts_nobody_out()


def test_barriers_and_what_is_cut_off_are_found(visitor: Callable[..., Visitor]) -> None:
    someone = visitor()
    page = someone.opens("/kundeservice")
    expect(page.get_by_text("Besøk oss")).to_be_visible()
    planted = "part.dataset.planted = ''; document.querySelector('main').append(part)"
    page.evaluate(f"const part = document.createElement('img'); {planted}")
    with pytest.raises(AssertionError, match="image-alt"):
        someone.finds_no_barrier()
    page.evaluate("document.querySelector('[data-planted]').remove()")
    someone.finds_no_barrier()
    page.evaluate(
        "const part = document.createElement('div'); part.style.width = '13rem';"
        f"part.style.height = '1px'; {planted}"
    )
    with pytest.raises(AssertionError, match="too wide"):
        someone.loses_nothing_at_twice_the_size()
