"""What stands around every page, and how somebody gets in."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.browser.conftest import Visitor
from tests.e2e.suite import Suite

pytestmark = pytest.mark.browser


def test_a_customer_logs_in_and_finds_what_there_is(
    visitor: Callable[..., Visitor], suite: Suite, screen: str
) -> None:
    someone = visitor(screen)
    page = someone.opens("/")
    expect(page.get_by_role("heading", name="Velkomen til Di side")).to_be_visible()
    someone.shoots("welcome")
    someone.finds_no_barrier()
    ingrid = suite.demo["customers"][0]
    someone.logs_in(ingrid["email"], ingrid["password"])
    expect(page.get_by_role("heading", name="Hei, Ingrid")).to_be_visible()
    someone.shoots("home")
    someone.shuts_nobody_out()


def test_customer_service_is_found_without_a_login(visitor: Callable[..., Visitor]) -> None:
    someone = visitor("desktop")
    page = someone.opens("/")
    page.get_by_role("link", name="Kundeservice").click()
    expect(page.get_by_role("heading", name="Kundeservice")).to_be_focused()
    expect(page.get_by_text("Besøk oss")).to_be_visible()
    someone.shoots("customer-service")
    someone.shuts_nobody_out()
