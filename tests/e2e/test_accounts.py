"""An account, from a lost customer number to its last session, as its owner lives it over HTTP."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.demo.codes import code_for, newest
from cli.local import mailbox
from kit.local.processes import wait_until
from tests.e2e.suite import Suite

pytestmark = pytest.mark.e2e

NUMBER = "200101"
CONTACT = "ragnhild.kontakt@example.com"
MOBILE = "+4791827364"
EMAIL = "ragnhild.konto@example.com"
NEW_EMAIL = "ragnhild.ny@example.com"
PIN = "60718293"
PASSWORD = "elleve raude bringebær"
NEW_PASSWORD = "tolv grøne stikkelsbær"


class Browser:
    """Somebody at the API as a browser is: with cookies, and an Origin that it sets itself.

    Browsers send Secure cookies to localhost without TLS, which httpx does not.
    """

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self.headers = {"Origin": suite.url, "Sec-Fetch-Site": "same-origin"}
        self.cookies: dict[str, str] = {}
        self.heard: list[str] = []

    def send(self, method: str, path: str, body: Mapping[str, object] | None) -> httpx.Response:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = httpx.request(
            method,
            self.suite.url + path,
            json=body,
            headers={**self.headers, "Cookie": cookies},
            timeout=30,
        )
        for cookie in answer.headers.get_list("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        self.heard.append(answer.text)
        return answer

    def get(self, path: str) -> httpx.Response:
        return self.send("GET", path, None)

    def post(self, path: str, /, **body: object) -> httpx.Response:
        return self.send("POST", path, body)

    def done(self, path: str, /, **body: object) -> dict[str, Any]:
        answer: dict[str, Any] = self.post(path, **body).raise_for_status().json()
        return answer

    def with_code(self, to: str, path: str, /, **body: object) -> tuple[dict[str, Any], str]:
        """Asks for a code and reads it; returns the answer and the code."""
        before = newest(self.suite.mailbox)
        asked = self.done(path, **body)
        return asked, code_for(self.suite.mailbox, to, after=before)


@pytest.fixture(scope="module")
def browser(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Browser:
    file = tmp_path_factory.mktemp("customers") / "customers.csv"
    file.write_text(
        f"customer_number,name,email,mobile,pin\n{NUMBER},Ragnhild Nes,{CONTACT},{MOBILE},{PIN}\n"
    )
    assert suite.cli("import", "customers", str(file)).status == 0
    return Browser(suite)


@pytest.fixture(scope="module")
def secrets(browser: Browser) -> list[str]:
    """Lives the whole life of an account; returns what must be written down nowhere."""
    asked, code = browser.with_code(MOBILE, "/v1/customers:recover", contact="918 27 364")
    [found] = browser.done("/v1/customers:confirmRecovery", verificationId=asked["id"], code=code)[
        "customers"
    ]
    assert found["customerNumber"] == NUMBER
    codes = [code]

    account = {"customerNumber": NUMBER, "pin": found["pin"], "email": EMAIL, "password": PASSWORD}
    asked, code = browser.with_code(EMAIL, "/v1/accounts:register", **account)
    codes.append(code)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    refusal = browser.post("/v1/accounts:confirm", verificationId=asked["id"], code=wrong)
    assert (refusal.status_code, refusal.json()["code"]) == (422, "WRONG_CODE")
    browser.done("/v1/accounts:confirm", verificationId=asked["id"], code=code)
    refusal = browser.post("/v1/accounts:register", **account)
    assert (refusal.status_code, refusal.json()["code"]) == (409, "ACCOUNT_EXISTS")

    session = browser.done("/v1/sessions", email=EMAIL, password=PASSWORD, client="WEB")
    assert not session["accessToken"]
    assert not session["refreshToken"]
    tokens = [browser.cookies[f"__Host-kundeapp-{name}"] for name in ("access", "refresh")]
    assert browser.get("/v1/me").json()["email"] == EMAIL
    browser.done("/v1/sessions:refresh")
    tokens.append(browser.cookies["__Host-kundeapp-refresh"])

    asked, code = browser.with_code(NEW_EMAIL, "/v1/me/email:change", newEmail=NEW_EMAIL)
    codes.append(code)
    browser.done("/v1/me/email:confirm", verificationId=asked["id"], code=code)
    assert wait_until(lambda: bool(_undo_tokens(browser.suite)), 20)
    [undo] = _undo_tokens(browser.suite)

    asked, code = browser.with_code(NEW_EMAIL, "/v1/password:forget", email=NEW_EMAIL)
    codes.append(code)
    browser.done(
        "/v1/password:reset", verificationId=asked["id"], code=code, newPassword=NEW_PASSWORD
    )
    assert browser.get("/v1/me").json()["code"] == "SESSION_ENDED"
    browser.done("/v1/email:undo", token=undo)
    refusal = browser.post("/v1/sessions", email=EMAIL, password=NEW_PASSWORD)
    assert refusal.json()["code"] == "WRONG_CREDENTIALS"

    return [found["pin"], PIN, PASSWORD, NEW_PASSWORD, undo, *tokens, *codes]


def _undo_tokens(suite: Suite) -> list[str]:
    letters = mailbox.letters(suite.mailbox)
    texts = [letter.text for letter in letters if letter.recipient == EMAIL]
    return [token for text in texts for token in re.findall(r"angre#(\S+)", text)]


def _written(suite: Suite) -> Mapping[Path, bytes]:
    """All that the processes have written for others to read: logs, and events on the bus."""
    folders = (suite.data / "logs", suite.data / "nats")
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    return {file: file.read_bytes() for file in [*files, suite.data / "console.log"]}


def test_no_secret_and_no_contact_is_in_any_log_event_or_problem(
    suite: Suite, browser: Browser, secrets: list[str]
) -> None:
    contacts = [CONTACT, MOBILE, EMAIL, NEW_EMAIL, "Ragnhild", "91827364", "918 27 364"]
    written = _written(suite)
    assert any(b"IdentityService.ResetPassword" in content for content in written.values())
    assert any(b"kundeapp.identity.account" in content for content in written.values())
    # Six digits may stand in a log by chance, as part of a longer number or of a duration.
    for secret in [*secrets, *contacts]:
        pattern = re.compile(rb"(?<![\w.])" + re.escape(secret.encode()) + rb"(?![\w.])")
        found = [str(file) for file, content in written.items() if pattern.search(content)]
        assert not found, (secret, found)
    problems = [json.loads(text) for text in browser.heard if '"traceId"' in text]
    assert len(problems) == 4
    for problem in problems:
        assert not [each for each in [*secrets, *contacts] if each in json.dumps(problem)]


def test_a_forged_host_changes_no_letter(suite: Suite, browser: Browser) -> None:
    before = newest(suite.mailbox)
    known = suite.demo["customers"][0]
    forged = {"Host": "tjuv.example.net", "X-Forwarded-Host": "tjuv.example.net"}
    asked = httpx.post(
        f"{suite.url}/v1/password:forget", json={"email": known["email"]}, headers=forged
    )
    code = code_for(suite.mailbox, known["email"], after=before)
    body = {"verificationId": asked.json()["id"], "code": code, "newPassword": known["password"]}
    httpx.post(f"{suite.url}/v1/password:reset", json=body, headers=forged).raise_for_status()

    def texts() -> list[str]:
        letters = mailbox.letters(suite.mailbox)
        return [each.text for each in letters if each.name > before]

    assert wait_until(lambda: any(suite.url in text for text in texts()), 20)
    assert not [text for text in texts() if "tjuv.example.net" in text]
    assert browser.get("/v1/identityProviders").json() == {"providers": []}


def test_another_site_can_do_nothing_with_the_cookies(suite: Suite) -> None:
    known = suite.demo["customers"][0]
    browser = Browser(suite)
    browser.done("/v1/sessions", email=known["email"], password=known["password"], client="WEB")
    browser.headers = {"Origin": "https://tjuv.example.net", "Sec-Fetch-Site": "cross-site"}

    for answer in (
        browser.get("/v1/me"),
        browser.post("/v1/me/sessions:endAll"),
        browser.post("/v1/sessions:refresh"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "CROSS_SITE_REQUEST")
