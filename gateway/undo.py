"""The page that a mail to an old address leads to: it undoes a change of the account's e-mail.

The link is `/konto/angre#<token>`. What stands behind the # is sent to nobody, so that no log sees
the token, and opening the page changes nothing, as scanners of mail do: its button does.
"""

from collections.abc import Mapping
from typing import Final

from gateway import page
from gateway.app import Handler, Page
from kit.texts import Language

PATH: Final = "/konto/angre"


def pages() -> Mapping[str, Handler]:
    """Returns the page with its script, by path."""
    script = f"{PATH}.js"

    def whole(language: Language) -> Page:
        words = _WORDS[language]
        return page.written(language, words["title"], _HTML.format_map(words), script_path=script)

    return {PATH: page.in_all(whole), script: page.script("undo.js")}


_WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    "nn": {
        "title": "Angre endra e-post",
        "changed": "E-posten til kontoen din er endra",
        "if_you": "Kontoen din på Di side har fått ei ny e-postadresse. Var det du som bytte, "
        "treng du ikkje gjere noko.",
        "if_not": "Var det ikkje du, angrar du endringa her. Då gjeld den gamle adressa igjen, og "
        "alle einingar blir logga ut.",
        "undo": "Angre endringa",
        "offline": "Vi fekk ikkje kontakt. Sjå etter at du er på nett, og prøv igjen.",
        "done": "Endringa er angra",
        "back": "Den gamle e-postadressa gjeld igjen, og alle einingar er logga ut.",
        "next": "Vel eit nytt passord før du loggar inn att: trykk på «Gløymt passord» i appen "
        "eller på Di side.",
        "broken": "Lenkja er ikkje heil",
        "again": "Opne lenkja i e-posten ein gong til. Går det ikkje, kopierer du heile lenkja inn "
        "i adressefeltet.",
        "no_script": "Knappen verkar ikkje i denne nettlesaren, fordi JavaScript er slått av. Opne "
        "lenkja i ein annan nettlesar, eller ring kundeservice, så angrar dei endringa for deg.",
    },
    "nb": {
        "title": "Angre endret e-post",
        "changed": "E-posten til kontoen din er endret",
        "if_you": "Kontoen din på Di side har fått en ny e-postadresse. Var det du som byttet, "
        "trenger du ikke gjøre noe.",
        "if_not": "Var det ikke du, angrer du endringen her. Da gjelder den gamle adressen igjen, "
        "og alle enheter blir logget ut.",
        "undo": "Angre endringen",
        "offline": "Vi fikk ikke kontakt. Se etter at du er på nett, og prøv igjen.",
        "done": "Endringen er angret",
        "back": "Den gamle e-postadressen gjelder igjen, og alle enheter er logget ut.",
        "next": "Velg et nytt passord før du logger inn igjen: trykk på «Glemt passord» i appen "
        "eller på Di side.",
        "broken": "Lenken er ikke hel",
        "again": "Åpne lenken i e-posten en gang til. Går det ikke, kopierer du hele lenken inn i "
        "adressefeltet.",
        "no_script": "Knappen virker ikke i denne nettleseren, fordi JavaScript er slått av. Åpne "
        "lenken i en annen nettleser, eller ring kundeservice, så angrer de endringen for deg.",
    },
    "en": {
        "title": "Undo a changed e-mail",
        "changed": "The e-mail of your account was changed",
        "if_you": "Your account on Di side has a new e-mail address. If you changed it, there is "
        "nothing you need to do.",
        "if_not": "If it was not you, undo the change here. The old address is then back, and all "
        "devices are logged out.",
        "undo": "Undo the change",
        "offline": "We could not be reached. Make sure that you are online, and try again.",
        "done": "The change is undone",
        "back": "The old e-mail address is back, and all devices are logged out.",
        "next": "Choose a new password before you log in again: press “Forgot password” in the app "
        "or on Di side.",
        "broken": "The link is not complete",
        "again": "Open the link in the mail once more. If that does not help, copy the whole "
        "link into the address bar.",
        "no_script": "The button does not work in this browser, because JavaScript is off. Open "
        "the link in another browser, or call customer service, who will undo the change for you.",
    },
}

_HTML: Final = """\
<noscript><h1>{changed}</h1><p>{if_you}</p><p class="problem">{no_script}</p></noscript>
<section id="ask" hidden>
<h1>{changed}</h1>
<p>{if_you}</p>
<p>{if_not}</p>
<p id="problem" class="problem" role="alert" data-offline="{offline}" hidden></p>
<button id="undo" type="button">{undo}</button>
</section>
<section id="done" hidden>
<h1 tabindex="-1">{done}</h1>
<p>{back}</p>
<p>{next}</p>
</section>
<section id="broken" hidden>
<h1>{broken}</h1>
<p>{again}</p>
</section>
"""
