"""Min profil: how one is reached, how one gets in, what is held about one, and the way out."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect
from pyotp.totp import TOTP

from tests.e2e.browser.access import code_sent, press, refuse
from tests.e2e.browser.conftest import Visitor
from tests.e2e.households import brought
from tests.e2e.suite import Customer, Suite

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("people")]

PASSWORD = "furutre-attmed-naustet"
EINAR_NOW = "einar.ny@example.com"
NEW_PASSWORD = "tolv grøne stikkelsbær"
PIN, SHORT_PIN = "73520164", "4711"
EINAR, FRIDA = "einar.profil@example.com", "frida.profil@example.com"
GUNN, HELGE = "gunn.profil@example.com", "helge.profil@example.com"

Visit = Callable[..., Visitor]


@pytest.fixture(scope="module")
def people(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Suite:
    """Brings in customers; Einar, Frida and Gunn have registered."""
    file = tmp_path_factory.mktemp("profile") / "customers.csv"
    rows = (
        f"290201,Einar Fjellstad,{EINAR},+4790290201,{PIN}",
        f"290202,Frida Vik,{FRIDA},+4790290202,{PIN}",
        f"290203,Frida Viks hytte med eit langt namn ved Storevatnet,,+4790290203,{SHORT_PIN}",
        f"290204,Gunn Aasheim,{GUNN},,{PIN}",
    )
    file.write_text("\n".join(("customer_number,name,email,mobile,pin", *rows)) + "\n")
    brought(suite, "customers", file)
    suite.register("290201", PIN, EINAR, PASSWORD)
    suite.register("290202", PIN, FRIDA, PASSWORD)
    suite.register("290204", PIN, GUNN, PASSWORD)
    return suite


def test_the_profile_shows_who_one_is(visitor: Visit) -> None:
    someone = visitor("desktop")
    page = someone.logs_in(FRIDA, PASSWORD)
    for path, title in (
        ("/profil", "Min profil"),
        ("/profil/tryggleik", "Tryggleik"),
        ("/profil/mine-data", "Mine data"),
    ):
        someone.opens(path)
        expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
        expect(page.get_by_text("Hentar …")).to_have_count(0)
        someone.shoots(path.rpartition("/")[2])
        someone.shuts_nobody_out()


def test_a_customer_changes_how_they_are_reached(visitor: Visit, people: Suite) -> None:
    someone = visitor()
    page = someone.logs_in(EINAR, PASSWORD)
    someone.opens("/profil")
    page.get_by_role("link", name="Endre e-post").click()
    page.get_by_label("Ny e-post").fill("einar")
    press(page, "Send kode")()
    expect(page.get_by_text("Skriv ei e-postadresse")).to_be_visible()
    page.get_by_label("Ny e-post").fill(EINAR_NOW)
    refuse(page, "/v1/me/email:change", 401, "REAUTHENTICATION_NEEDED")
    press(page, "Send kode")()
    dialog = page.get_by_role("dialog", name="Stadfest at det er du")
    dialog.get_by_label("Passord").fill("ikkje dette passordet")
    press(page, "Stadfest")()
    expect(page.get_by_text("passord er feil")).to_be_visible()
    someone.shoots("proof")
    someone.finds_no_barrier()
    dialog.get_by_label("Passord").fill(PASSWORD)
    code = code_sent(people, press(page, "Stadfest"), EINAR_NOW)
    expect(page.get_by_text(f"Vi har sendt ein kode til {EINAR_NOW}.")).to_be_visible()
    page.reload()
    page.get_by_label("Kode").fill(code)
    someone.shoots("code")
    someone.finds_no_barrier()
    press(page, "Stadfest")()
    expect(page.get_by_text("E-posten er endra.")).to_be_visible()
    expect(page.get_by_text(EINAR_NOW)).to_be_visible()

    page.get_by_role("link", name="mobil").click()
    page.get_by_label("Mobilnummer").fill("902 90 299")
    code = code_sent(people, press(page, "Send kode"), "+4790290299")
    page.get_by_label("Kode").fill(code)
    press(page, "Stadfest")()
    expect(page.get_by_text("902 90 299".replace(" ", "\u00a0"))).to_be_visible()


def test_letters_come_in_the_language_that_one_chooses(visitor: Visit) -> None:
    someone = visitor()
    page = someone.logs_in(FRIDA, PASSWORD)
    someone.opens("/profil")
    page.get_by_label("Språk", exact=True).select_option("nb")
    page.get_by_role("button", name="Skjermen er på bokmål").click()
    expect(page.get_by_text("Lagret: vi skriver til deg på bokmål.")).to_be_visible()
    expect(page.get_by_role("radio", name="Bokmål")).to_be_checked()
    page.get_by_label("Språk", exact=True).select_option("nn")
    page.get_by_role("group", name="Språk i brev").get_by_text("Nynorsk").click()
    expect(page.get_by_text("Lagra: vi skriv til deg på nynorsk.")).to_be_visible()


def test_an_account_stands_for_a_further_customer(visitor: Visit, people: Suite) -> None:
    someone = visitor()
    page = someone.logs_in(FRIDA, PASSWORD)
    someone.opens("/profil")
    page.get_by_role("link", name="Legg til eit kundeforhold").click()
    page.get_by_label("Kundenummer").fill("290203")
    page.get_by_label("PIN").fill("4712")
    press(page, "Legg til")()
    expect(page.get_by_text("Kundenummer eller PIN er feil")).to_be_visible()
    someone.shoots("wrong-pin")
    someone.finds_no_barrier()
    page.get_by_label("PIN").fill(SHORT_PIN)
    code = code_sent(people, press(page, "Legg til"), "+4790290203")
    page.get_by_label("Kode").fill(code)
    press(page, "Legg til")()
    expect(page.get_by_text("Kundeforholdet er lagt til.")).to_be_visible()
    expect(page.get_by_text("Kundenummer 290203")).to_be_visible()
    someone.shoots("profile")
    someone.loses_nothing_at_twice_the_size()


def test_a_passkey_logs_in_and_proves_who_one_is(visitor: Visit) -> None:
    someone = visitor()
    devtools: Any = someone.context.new_cdp_session(someone.page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page = someone.logs_in(FRIDA, PASSWORD)
    someone.opens("/profil/tryggleik")
    press(page, "Legg til passnøkkel")()
    expect(page.get_by_label("Kva skal passnøkkelen heite?")).to_have_value("Chrome, Linux")
    page.get_by_label("Kva skal passnøkkelen heite?").fill("Frida sin telefon")
    press(page, "Lag passnøkkel")()
    expect(page.get_by_text("Passnøkkelen er klar.")).to_be_visible()
    someone.shoots("passkey")
    someone.finds_no_barrier()
    press(page, "Legg til passnøkkel")()
    press(page, "Lag passnøkkel")()
    expect(page.get_by_text("Denne eininga har alt ein passnøkkel")).to_be_visible()

    someone.opens("/profil")
    press(page, "Logg ut")()
    # The simulated device takes the passkey that the browser offers at the e-mail field.
    expect(page.get_by_role("heading", name="Hei, Frida")).to_be_visible()

    someone.opens("/profil/tryggleik")
    refuse(page, "/v1/me/passkeys/*", 401, "REAUTHENTICATION_NEEDED")
    press(page, "Slett Frida sin telefon")()
    expect(page.get_by_role("dialog")).to_be_visible()
    someone.shuts_nobody_out()
    page.get_by_role("dialog").get_by_role("button", name="Slett").click()
    press(page, "Bruk passnøkkel")()
    expect(page.get_by_text("Du har ingen passnøklar enno.")).to_be_visible()


def test_an_app_is_set_up_used_and_taken_away(visitor: Visit) -> None:
    someone = visitor()
    page = someone.logs_in(FRIDA, PASSWORD)
    someone.opens("/profil/tryggleik")
    app, codes = _sets_up_an_app(someone)

    elsewhere = visitor()
    other = elsewhere.opens("/logg-inn")
    other.get_by_label("E-post").fill(FRIDA)
    other.get_by_label("Passord").fill(PASSWORD)
    press(other, "Logg inn")()
    expect(other.get_by_label("Kode frå autentiseringsappen")).to_be_focused()
    other.get_by_label("Kode frå autentiseringsappen").fill(app.at(0))
    press(other, "Logg inn")()
    expect(other.get_by_text("Koden er feil eller brukt.")).to_be_visible()
    elsewhere.shoots("second-factor")
    elsewhere.shuts_nobody_out()
    press(other, "Har du ikkje appen? Bruk ein gjenopprettingskode")()
    other.get_by_label("Gjenopprettingskode").fill(codes[0])
    press(other, "Logg inn")()
    expect(other.get_by_role("heading", name="Hei, Frida")).to_be_visible()

    page.reload()
    expect(page.get_by_text("9 gjenopprettingskodar att")).to_be_visible()
    press(page, "Nye gjenopprettingskodar")()
    press(page, "Lag nye")()
    renewed = _recovery_codes(page)
    assert not set(renewed) & set(codes)
    press(page, "Eg har lagra kodane")()
    _turns_the_app_off(someone, renewed[0])


def _sets_up_an_app(someone: Visitor) -> tuple[TOTP, Sequence[str]]:
    """Returns the app that was set up, and the recovery codes."""
    page = someone.page
    someone.context.grant_permissions(["clipboard-read", "clipboard-write"])
    press(page, "Set opp app")()
    expect(page.get_by_role("img", name="QR-kode for autentiseringsappen")).to_be_visible()
    someone.shoots("qr")
    someone.shuts_nobody_out()
    app = TOTP(page.locator(".secret").inner_text().replace(" ", ""))
    page.get_by_label("Koden som appen viser").fill(app.at(0))
    press(page, "Slå på")()
    expect(page.get_by_text("Koden er feil eller brukt.")).to_be_visible()
    page.get_by_label("Koden som appen viser").fill(app.now())
    press(page, "Slå på")()
    codes = _recovery_codes(page)
    assert len(codes) == 10
    someone.shoots("recovery-codes")
    someone.finds_no_barrier()
    press(page, "Kopier")()
    expect(page.get_by_text("Kodane er kopierte.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "\n".join(codes)
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", level=1)).to_be_hidden()
    expect(page.get_by_text(codes[9])).to_be_visible()
    someone.shoots("print")
    page.emulate_media(media="screen")
    press(page, "Eg har lagra kodane")()
    expect(page.get_by_text("10 gjenopprettingskodar att")).to_be_visible()
    return app, codes


def _recovery_codes(page: Page) -> Sequence[str]:
    expect(page.get_by_role("heading", name="Gjenopprettingskodane dine")).to_be_focused()
    return page.locator(".recovery-codes li").all_inner_texts()


def _turns_the_app_off(someone: Visitor, recovery_code: str) -> None:
    page = someone.page
    refuse(page, "/v1/me/totp", 401, "REAUTHENTICATION_NEEDED")
    press(page, "Slå av")()
    someone.shoots("turn-off")
    page.get_by_role("dialog").get_by_role("button", name="Slå av").click()
    dialog = page.get_by_role("dialog", name="Stadfest at det er du")
    dialog.get_by_label("Passord").fill(PASSWORD)
    press(page, "Har du ikkje appen? Bruk ein gjenopprettingskode")()
    dialog.get_by_label("Gjenopprettingskode").fill(recovery_code)
    someone.shoots("proof-with-code")
    press(page, "Stadfest")()
    expect(page.get_by_text("Autentiseringsappen er slått av.")).to_be_visible()


def test_devices_are_listed_and_logged_out(visitor: Visit, people: Suite) -> None:
    lost = _at_a_device(people, FRIDA, "Nettbrettet på hytta")
    someone = visitor()
    page = someone.logs_in(FRIDA, PASSWORD)
    someone.opens("/profil/tryggleik")
    expect(page.get_by_text("Denne eininga")).to_be_visible()
    press(page, "Logg ut Nettbrettet på hytta")()
    expect(page.get_by_text("Nettbrettet på hytta")).to_have_count(0)
    expect(page.get_by_text("Eininga er logga ut.")).to_have_count(1)
    assert lost.get("/v1/me").status_code == 401

    press(page, "Byt passord")()
    page.get_by_label("Passordet du har no").fill("ikkje dette passordet")
    page.get_by_label("Nytt passord").fill(NEW_PASSWORD)
    press(page, "Byt passord")()
    expect(page.get_by_text("passord er feil")).to_be_visible()
    expect(page.get_by_label("Passordet du har no")).to_be_focused()
    someone.shoots("wrong-password")
    page.get_by_label("Passordet du har no").fill(PASSWORD)
    page.get_by_label("Nytt passord").fill("12345678")
    press(page, "Byt passord")()
    expect(page.get_by_text("Passordet er for kort")).to_be_visible()
    page.get_by_label("Nytt passord").fill(NEW_PASSWORD)
    press(page, "Byt passord")()
    expect(page.get_by_text("Passordet er bytt")).to_be_visible()
    expect(page.get_by_text("Denne eininga")).to_have_count(1)
    someone.opens("/profil")
    press(page, "Logg ut overalt")()
    someone.shoots("log-out-everywhere")
    someone.shuts_nobody_out()
    page.get_by_role("dialog").get_by_role("button", name="Logg ut overalt").click()
    expect(page.get_by_text("Du er logga ut overalt.")).to_be_visible()
    someone.shoots("logged-out")
    people.log_in(FRIDA, NEW_PASSWORD).post(
        "/v1/me/password:change", {"currentPassword": NEW_PASSWORD, "newPassword": PASSWORD}
    ).raise_for_status()


def _at_a_device(suite: Suite, email: str, device: str) -> Customer:
    login = {"email": email, "password": PASSWORD, "device": device}
    session = httpx.post(f"{suite.url}/v1/sessions", json=login).raise_for_status()
    return Customer(suite.url, session.json()["accessToken"])


def test_a_session_that_ends_in_the_middle_goes_on_after_a_login(visitor: Visit) -> None:
    someone = visitor()
    page = someone.logs_in(FRIDA, PASSWORD)
    someone.opens("/profil/kundeforhold")
    page.get_by_label("Kundenummer").fill("290299")
    page.get_by_label("PIN").fill("12345678")
    someone.context.clear_cookies()
    press(page, "Legg til")()
    dialog = page.get_by_role("dialog", name="Logg inn igjen")
    expect(dialog.get_by_label("E-post")).to_have_value(FRIDA)
    someone.shoots("logged-out-in-the-middle")
    someone.finds_no_barrier()
    dialog.get_by_label("Passord").fill(PASSWORD)
    press(page, "Logg inn")()
    expect(page.get_by_text("Kundenummer eller PIN er feil")).to_be_visible()
    expect(page.get_by_label("Kundenummer")).to_have_value("290299")


def test_nothing_of_a_person_stays_in_the_browser_after_a_logout(
    visitor: Visit, people: Suite
) -> None:
    someone = visitor()
    page = someone.logs_in(GUNN, PASSWORD)
    other_tab = someone.context.new_page()
    other_tab.goto(f"{people.url}/profil")
    expect(other_tab.get_by_text(GUNN)).to_be_visible()
    someone.opens("/profil")
    page.evaluate(KEEP)
    assert page.evaluate(KEPT) == [1, ["mine"], "mine", "mine"]
    someone.context.set_offline(offline=True)
    press(page, "Logg ut")()
    expect(page.get_by_text("Vi får ikkje kontakt")).to_be_visible()
    someone.context.set_offline(offline=False)
    press(page, "Logg ut")()
    expect(page.get_by_text("Du er logga ut.")).to_be_visible()
    assert page.evaluate(KEPT) == [0, [], None, None]
    expect(other_tab.get_by_role("heading", name="Velkomen til Di side")).to_be_visible()
    someone.opens("/profil")
    expect(page.get_by_role("heading", name="Logg inn")).to_be_visible()


KEEP = """async () => {
    localStorage.setItem("mine", "mine");
    sessionStorage.setItem("mine", "mine");
    await (await caches.open("mine")).put("/mine", new Response("mine"));
    await new Promise((resolve) => {
        const opening = indexedDB.open("mine");
        opening.onupgradeneeded = () => opening.result.createObjectStore("mine");
        opening.onsuccess = () => {
            const change = opening.result.transaction("mine", "readwrite");
            change.objectStore("mine").put("mine", "mine");
            change.oncomplete = resolve;
        };
    });
}"""
KEPT = """async () => {
    const count = await new Promise((resolve) => {
        indexedDB.open("mine").onsuccess = (event) => {
            const asked = event.target.result.transaction("mine").objectStore("mine").count();
            asked.onsuccess = () => resolve(asked.result);
        };
    });
    const names = (await caches.keys()).filter((name) => !name.startsWith("workbox-precache"));
    return [count, names, localStorage.getItem("mine"), sessionStorage.getItem("mine")];
}"""


def test_a_customer_takes_out_all_that_is_held_and_deletes_the_account(visitor: Visit) -> None:
    someone = visitor()
    page = someone.logs_in(GUNN, PASSWORD)
    someone.opens("/profil")
    page.get_by_role("link", name="Mine data").click()
    refuse(page, "/v1/me/export", 401, "REAUTHENTICATION_NEEDED")
    press(page, "Last ned")()
    dialog = page.get_by_role("dialog", name="Stadfest at det er du")
    press(page, "Avbryt")()
    expect(page.get_by_text("Ingenting er endra")).to_be_visible()
    refuse(page, "/v1/me/export", 401, "REAUTHENTICATION_NEEDED")
    press(page, "Last ned")()
    dialog.get_by_label("Passord").fill(PASSWORD)
    with page.expect_download() as download:
        press(page, "Stadfest")()
    name = download.value.suggested_filename
    assert re.fullmatch(r"kundeapp-export-\d{4}-\d\d-\d\d\.json", name)
    file = json.loads(Path(download.value.path()).read_text())
    assert file["services"]["identity"]["account"][0]["email"] == GUNN
    expect(page.get_by_text("Fila er lasta ned.")).to_be_visible()

    press(page, "Slett kontoen …")()
    press(page, "Slett kontoen")()
    expect(page.get_by_text("Kryss av for at du forstår")).to_be_visible()
    someone.shoots("delete")
    someone.finds_no_barrier()
    page.get_by_label("Eg forstår at kontoen blir sletta for godt").check()
    press(page, "Slett kontoen")()
    expect(page.get_by_text("Kontoen er sletta.")).to_be_visible()
    page.get_by_label("E-post").fill(GUNN)
    page.get_by_label("Passord").fill(PASSWORD)
    press(page, "Logg inn")()
    expect(page.get_by_text("E-post eller passord er feil.")).to_be_visible()


def test_staff_have_a_profile_without_customers(visitor: Visit, suite: Suite) -> None:
    put = ("staff", "put", HELGE, "--role", "event-staff", "--password-stdin")
    member = suite.cli(*put, typed=PASSWORD).printed
    someone = visitor()
    page = someone.logs_in(HELGE, PASSWORD, TOTP(member["totpSecret"]).now())
    someone.opens("/profil")
    expect(page.get_by_text("Rollene dine")).to_be_visible()
    expect(page.get_by_text("Kundeforhold")).to_have_count(0)
    expect(page.get_by_role("link", name="Personvern")).to_have_count(0)
    someone.shoots("profile")
    someone.finds_no_barrier()
    someone.opens("/profil/tryggleik")
    expect(page.get_by_role("button", name="Byt app")).to_be_visible()
    expect(page.get_by_role("button", name="Slå av")).to_have_count(0)
    someone.shoots("security")
    someone.opens("/profil/mine-data")
    expect(page.get_by_text("Be ein operatør")).to_be_visible()
