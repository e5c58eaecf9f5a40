"""What tests of getting in have in common: buttons, codes that are sent, and refusals."""

from collections.abc import Callable, Sequence

from playwright.sync_api import Page, Route

from cli.demo.codes import code_for, newest
from tests.e2e.suite import Suite

Act = Callable[[], object]


def press(page: Page, name: str) -> Act:
    """Returns what presses a button."""
    return page.get_by_role("button", name=name, exact=True).click


def codes_sent(suite: Suite, act: Act, *recipients: str) -> Sequence[str]:
    """Does something, and reads the codes that people are sent for it."""
    before = newest(suite.mailbox)
    act()
    return [code_for(suite.mailbox, each, after=before) for each in recipients]


def code_sent(suite: Suite, act: Act, recipient: str) -> str:
    """Does something, and reads the code that somebody is sent for it."""
    [code] = codes_sent(suite, act, recipient)
    return code


def refuse(page: Page, path: str, status: int, code: str, **facts: object) -> None:
    """Has a call refused once as the gateway would, where no test can wait for it to do so."""

    def answer(route: Route) -> None:
        problem = {"type": f"/docs#{code}", "title": code, "status": status, "code": code}
        told = {"detail": f"Avvist: {code}", "traceId": "4bf92f3577b34da6a3ce929d0e0e4736"}
        route.fulfill(
            status=status,
            json={**problem, **told, **facts},
            content_type="application/problem+json",
        )

    page.route(f"**{path}", answer, times=1)
