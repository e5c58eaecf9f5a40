"""How people get in: login, registration, lost numbers and forgotten passwords."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from kit.local.processes import wait_until
from tests.e2e.browser.access import code_sent, codes_sent, press, refuse
from tests.e2e.browser.conftest import Visitor
from tests.e2e.households import brought
from tests.e2e.suite import Suite

pytestmark = pytest.mark.browser

PASSWORD = "furutre-attmed-naustet"
NEW_PASSWORD = "tolv grøne stikkelsbær"
PIN, SHORT_PIN = "73520164", "4711"

Visit = Callable[..., Visitor]


@pytest.fixture(scope="module")
def people(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Suite:
    """Brings in customers of whom nobody has registered yet."""
    file = tmp_path_factory.mktemp("access") / "customers.csv"
    rows = (
        f"290101,Astrid Myklebust,{_email('astrid')},+4790290101,{PIN}",
        f"290102,Birger Hauge,{_email('birger')},+4790290102,{SHORT_PIN}",
        f"290103,Cecilie Nordheim,{_email('cecilie')},+4790290103,{PIN}",
    )
    file.write_text("\n".join(("customer_number,name,email,mobile,pin", *rows)) + "\n")
    brought(suite, "customers", file)
    return suite


def _email(name: str) -> str:
    return f"{name}.inn@example.com"


@pytest.mark.parametrize("path", ["/logg-inn", "/registrer", "/kundenummer", "/gloymt-passord"])
def test_every_way_in_is_open_to_all(visitor: Visit, path: str) -> None:
    someone = visitor("desktop")
    page = someone.opens(path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    someone.shoots(path.strip("/"))
    someone.shuts_nobody_out()


@pytest.mark.parametrize(
    ("path", "label", "kind"),
    [
        ("/logg-inn", "Passord", "current-password"),
        ("/registrer", "Vel eit passord", "new-password"),
    ],
)
def test_a_password_is_hidden_until_one_asks_and_may_be_pasted(
    visitor: Visit, path: str, label: str, kind: str
) -> None:
    someone = visitor()
    someone.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = someone.opens(path)
    field = page.get_by_label(label)
    expect(field).to_have_attribute("type", "password")
    expect(field).to_have_attribute("autocomplete", kind)
    page.evaluate("text => navigator.clipboard.writeText(text)", PASSWORD)
    field.focus()
    page.keyboard.press("ControlOrMeta+V")
    expect(field).to_have_value(PASSWORD)
    press(page, "Vis")()
    expect(field).to_have_attribute("type", "text")


def test_a_lost_number_leads_to_an_account(visitor: Visit, people: Suite) -> None:
    someone = visitor()
    page = someone.opens("/logg-inn")
    page.get_by_role("link", name="Mista kundenummer eller PIN?").click()
    page.get_by_label("E-post eller mobil").fill("902 90 101")
    code = code_sent(people, press(page, "Send kode"), "+4790290101")
    expect(page.get_by_role("heading", name="Skriv koden")).to_be_focused()
    page.get_by_label("Kode").fill("000000" if code != "000000" else "111111")
    press(page, "Vis kundenummer og PIN")()
    expect(page.get_by_label("Kode")).to_be_focused()
    expect(page.get_by_text("Koden er feil")).to_be_visible()
    someone.shoots("wrong-code")
    someone.finds_no_barrier()
    page.reload()
    page.get_by_label("Kode").fill(code)
    press(page, "Vis kundenummer og PIN")()
    expect(page.get_by_text("290101")).to_be_visible()
    someone.shoots("found")
    someone.finds_no_barrier()
    press(page, "Registrer deg med desse")()

    expect(page.get_by_label("Kundenummer", exact=True)).to_have_value("290101")
    expect(page.get_by_label("PIN", exact=True)).to_have_value(re.compile(r"^\d{8}$"))
    page.get_by_label("E-post").fill(_email("astrid"))
    page.get_by_label("Vel eit passord").fill("kundeapp2026")
    press(page, "Gå vidare")()
    expect(page.get_by_label("Vel eit passord")).to_be_focused()
    expect(page.get_by_text("lett å gjette")).to_be_visible()
    someone.shoots("weak-password")
    page.get_by_label("Vel eit passord").fill(PASSWORD)
    code = code_sent(people, press(page, "Gå vidare"), _email("astrid"))
    expect(page.get_by_role("heading", name="Stadfest e-posten")).to_be_focused()
    page.reload()
    expect(page.get_by_text(f"Vi har sendt ein kode til {_email('astrid')}.")).to_be_visible()
    page.get_by_label("Kode frå e-posten").fill(code)
    press(page, "Opne kontoen")()

    expect(page.get_by_text("Kontoen din er klar")).to_be_visible()
    expect(page.get_by_label("E-post")).to_have_value(_email("astrid"))
    someone.shoots("registered")
    page.get_by_label("Passord").fill(PASSWORD)
    press(page, "Logg inn")()
    expect(page.get_by_role("heading", name="Hei, Astrid")).to_be_visible()


def test_a_short_pin_takes_a_second_code_and_nobody_registers_twice(
    visitor: Visit, people: Suite
) -> None:
    someone = visitor()
    page = someone.opens("/registrer")

    def fill() -> None:
        page.get_by_label("Kundenummer", exact=True).fill("290102")
        page.get_by_label("PIN", exact=True).fill(SHORT_PIN)
        page.get_by_label("E-post").fill("birger.konto@example.com")
        page.get_by_label("Vel eit passord").fill(PASSWORD)

    fill()
    code, contact_code = codes_sent(
        people, press(page, "Gå vidare"), "birger.konto@example.com", "+4790290102"
    )
    page.get_by_label("Kode frå e-posten").fill(code)
    page.get_by_label("Kode frå SMS-en").fill(contact_code)
    someone.shoots("two-codes")
    someone.shuts_nobody_out()
    press(page, "Opne kontoen")()
    expect(page.get_by_role("heading", name="Hei, Birger")).to_be_visible()

    someone.opens("/registrer")
    fill()
    press(page, "Gå vidare")()
    expect(page.get_by_text("Du har alt ein konto")).to_be_visible()
    someone.shoots("has-account")
    someone.finds_no_barrier()


def test_a_forgotten_password_is_chosen_anew_and_all_devices_are_logged_out(
    visitor: Visit, people: Suite
) -> None:
    elsewhere = people.register("290103", PIN, _email("cecilie"), PASSWORD)
    someone = visitor()
    page = someone.opens("/gloymt-passord")
    page.get_by_label("E-post").fill(_email("cecilie"))
    code = code_sent(people, press(page, "Send kode"), _email("cecilie"))
    expect(page.get_by_role("heading", name="Vel nytt passord")).to_be_focused()
    page.get_by_label("Kode").fill(code)
    page.get_by_label("Nytt passord").fill("kort")
    press(page, "Byt passord")()
    expect(page.get_by_text("Passordet er for kort")).to_be_visible()
    someone.shoots("new-password")
    someone.shuts_nobody_out()
    page.get_by_label("Nytt passord").fill(NEW_PASSWORD)
    press(page, "Byt passord")()
    expect(page.get_by_text("Passordet er bytt")).to_be_visible()
    assert wait_until(lambda: elsewhere.get("/v1/me").status_code == 401, timeout=5)
    page.get_by_label("Passord").fill(NEW_PASSWORD)
    press(page, "Logg inn")()
    expect(page.get_by_role("heading", name="Hei, Cecilie")).to_be_visible()


def test_what_was_typed_is_there_when_the_network_is_back(visitor: Visit, people: Suite) -> None:
    known = people.demo["customers"][1]
    someone = visitor()
    page = someone.opens("/logg-inn")
    page.get_by_label("E-post").fill(known["email"])
    page.get_by_label("Passord").fill(known["password"])
    someone.context.set_offline(offline=True)
    press(page, "Logg inn")()
    expect(page.get_by_text("Vi får ikkje kontakt")).to_be_visible()
    someone.shoots("offline")
    someone.context.set_offline(offline=False)
    refuse(page, "/v1/sessions", 429, "TOO_MANY_REQUESTS", retryAfter=40)
    press(page, "Logg inn")()
    expect(page.get_by_text("Avvist: TOO_MANY_REQUESTS")).to_be_visible()
    refuse(page, "/v1/sessions", 503, "UNAVAILABLE")
    press(page, "Logg inn")()
    expect(page.get_by_text("Noko hos oss svarer ikkje")).to_be_visible()
    someone.shoots("away")
    press(page, "Logg inn")()
    expect(page.get_by_role("heading", name="Hei, Odd")).to_be_visible()


def test_a_third_party_logs_somebody_in(visitor: Visit, people: Suite) -> None:
    known = people.demo["customers"][1]
    someone = visitor()
    page = someone.opens("/kundeservice")
    providers = {
        "providers": [{"id": "bankid", "name": "BankID"}, {"id": "vipps", "name": "Vipps"}]
    }
    page.route("**/v1/identityProviders", lambda route: route.fulfill(json=providers))
    back = f"{people.url}/logg-inn/leverandor"
    flow = {
        "authorizationUrl": f"{back}?state=s-1&code=c-1&iss=https%3A%2F%2Fbankid.example",
        "flowSecret": "",
        "client": "WEB",
        "expiresAt": None,
    }
    page.route("**/v1/identityProviders/bankid:begin", lambda route: route.fulfill(json=flow))

    someone.opens("/logg-inn")
    refuse(page, "/v1/identityProviders:complete", 401, "PROVIDER_NOT_LINKED")
    someone.shoots("providers")
    someone.finds_no_barrier()
    press(page, "Hald fram med BankID")()
    expect(page.get_by_text("Avvist: PROVIDER_NOT_LINKED")).to_be_visible()
    assert page.url == back  # without the code, which stays in no history
    someone.shoots("not-linked")
    someone.finds_no_barrier()
    page.get_by_role("link", name="Til innlogginga").click()

    answers: list[object] = []

    def complete(route: Route) -> None:
        """Logs in as the third party would have had it: with a real session of this browser."""
        answers.append(route.request.post_data_json)
        login = {"email": known["email"], "password": known["password"], "client": "WEB"}
        page.request.post(f"{people.url}/v1/sessions", data=login, headers={"Origin": people.url})
        route.fulfill(json={})

    page.route("**/v1/identityProviders:complete", complete)
    press(page, "Hald fram med BankID")()
    expect(page.get_by_role("heading", name="Hei, Odd")).to_be_visible()
    [answer] = answers
    assert answer == {
        "state": "s-1",
        "code": "c-1",
        "iss": "https://bankid.example",
        "device": "Chrome, Linux",
    }

    someone.opens("/logg-inn/leverandor?error=access_denied&state=s-2")
    expect(page.get_by_text("Du avbraut hos leverandøren.")).to_be_visible()
    someone.shoots("declined")
