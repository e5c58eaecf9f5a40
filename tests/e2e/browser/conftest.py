"""Real browsers on the running suite: a phone and a desktop, and what every page must hold."""

import json
import shutil
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pluggy
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    BrowserType,
    Page,
    expect,
    sync_playwright,
)

from tests.e2e.browser.staff import Desk, Staff
from tests.e2e.suite import Suite

ROOT = Path(__file__).parents[3]
AXE = ROOT / "gateway" / "web" / "node_modules" / "axe-core" / "axe.min.js"
SCREENSHOTS = ROOT / "screenshots"
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SCREENS: Mapping[str, Mapping[str, Any]] = {
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
    },
    "desktop": {"viewport": {"width": 1280, "height": 900}},
}


@pytest.fixture(scope="session")
def browser() -> Generator[Browser]:
    with sync_playwright() as playwright:
        running = launched(playwright.chromium)
        yield running
        running.close()


def launched(chromium: BrowserType, *flags: str) -> Browser:
    """Starts Chromium, with further flags."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "these tests need Chromium: apt-get install chromium"
    return chromium.launch(executable_path=path, chromium_sandbox=False, args=[*FLAGS, *flags])


@pytest.fixture(params=tuple(SCREENS))
def screen(request: pytest.FixtureRequest) -> str:
    """A phone's and then a desktop's; whoever asks for it runs on both."""
    name: str = request.param
    return name


@dataclass
class Visitor:
    """Somebody with a browser of their own, and what they see."""

    context: BrowserContext
    page: Page
    url: str
    screenshots: Path

    def opens(self, path: str) -> Page:
        """Goes to an address."""
        self.page.goto(self.url + path)
        return self.page

    def logs_in(self, email: str, password: str, code: str = "") -> Page:
        """Logs in by the form."""
        page = self.opens("/logg-inn")
        page.get_by_label("E-post").fill(email)
        page.get_by_label("Passord").fill(password)
        page.get_by_role("button", name="Logg inn").click()
        if code:
            page.get_by_label("Kode frå autentiseringsappen").fill(code)
            page.get_by_role("button", name="Logg inn").click()
        expect(page.get_by_role("navigation", name="Hovudmeny")).to_be_visible()
        return page

    def shoots(self, name: str, *, whole: bool = True) -> None:
        """Keeps a picture of the whole page, or of what is on the screen."""
        self.screenshots.mkdir(parents=True, exist_ok=True)
        path = self.screenshots / f"{name}.png"
        self.page.screenshot(path=path, full_page=whole, animations="disabled")

    def finds_no_barrier(self) -> None:
        """Holds that axe-core finds nothing, in light and in dark."""
        self.page.evaluate(AXE.read_text() + ";0")
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            found: list[Mapping[str, Any]] = self.page.evaluate(
                "async () => (await axe.run()).violations"
            )
            told = [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found]
            assert not told, f"{scheme}: {json.dumps(told, indent=1)}"
        self.page.emulate_media(color_scheme="light")

    def loses_nothing_at_twice_the_size(self) -> None:
        """Holds that with text at 200 % the page, or a dialog, loses nothing at the side."""
        self.page.evaluate("document.documentElement.style.fontSize = '200%'")
        wide: int = self.page.evaluate(
            """Math.max(...[document.documentElement, ...document.querySelectorAll("dialog[open]")]
                .map((part) => part.scrollWidth - part.clientWidth))"""
        )
        self.page.evaluate("document.documentElement.style.fontSize = ''")
        assert wide <= 0, f"it is {wide} px too wide"

    def shuts_nobody_out(self) -> None:
        """Holds both of these."""
        self.finds_no_barrier()
        self.loses_nothing_at_twice_the_size()


VISITORS = pytest.StashKey[list[Visitor]]()


@pytest.fixture(scope="session")
def staff(browser: Browser, suite: Suite) -> Staff:
    return Staff(browser, suite)


@pytest.fixture(scope="session")
def desk(staff: Staff, browser: Browser, suite: Suite) -> Generator[Desk]:
    options: dict[str, Any] = {"storage_state": staff.state("EVENT_STAFF")}
    context = browser.new_context(**options)
    yield Desk(suite.url, context.request)
    context.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pluggy.Result[Any]]:
    """Keeps what every visitor saw when a test failed, beside its other pictures."""
    outcome = yield
    report: pytest.TestReport = outcome.get_result()
    if report.when == "call" and report.failed:
        for number, visitor in enumerate(item.stash.get(VISITORS, ())):
            visitor.shoots(f"failed-{number}")


@pytest.fixture
def visitor(
    browser: Browser, suite: Suite, request: pytest.FixtureRequest
) -> Generator[Callable[..., Visitor]]:
    """Makes visitors; each has cookies and a store of their own.

    A page that logs an error to its console, or breaks the Content-Security-Policy, fails the test.
    """
    with ExitStack() as stack:
        said: list[str] = []
        visitors = request.node.stash.setdefault(VISITORS, [])

        def make(screen: str = "phone", **options: Any) -> Visitor:
            usual = {"locale": "nn-NO", "reduced_motion": "reduce"}  # pictures hold still
            with_defaults: dict[str, Any] = {**usual, **SCREENS[screen], **options}
            context = browser.new_context(**with_defaults)
            stack.callback(context.close)
            page = context.new_page()
            page.on("pageerror", lambda error: said.append(str(error)))
            folder = SCREENSHOTS / request.node.originalname / screen
            visitors.append(Visitor(context, page, suite.url, folder))
            return visitors[-1]

        yield make
        assert not said, said
