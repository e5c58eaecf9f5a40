"""The page that a message's "unsubscribe" leads to: it says from what, and its button does it.

The link is `/avmelding/<token>`. Opening it changes nothing and asks no service anything, since
scanners of mail open every link: the page's script asks what stands behind it. Its button is that
of a form, which works without a script. Providers of mail send another form to the API (RFC 8058);
some programs open that address, from a message's header, in a browser, and it leads here.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from google.protobuf.descriptor import MethodDescriptor
from grpc import StatusCode

from gateway import page
from gateway.app import NO_STORE, SECURITY, Handler, Page, Request, Response, Upstream
from kit.texts import Language
from kundeapp.consent.v1.mailings_pb2 import UnsubscribeRequest

FOLDER: Final = "/avmelding"
API_FOLDER: Final = "/v1/unsubscribe"
SCRIPT: Final = f"{FOLDER}.js"


def pages() -> Mapping[str, Handler]:
    """Returns the page's script, by path."""
    return {SCRIPT: page.script("unsubscribe.js")}


def links(
    rpc: MethodDescriptor, upstream: Upstream, call_seconds: float
) -> Mapping[str, Mapping[str, Handler]]:
    """Returns what answers the links, by the path before the token and then by method.

    Args:
        rpc: What unsubscribes.
        upstream: Where that is.
        call_seconds: How long it may take.
    """
    unsubscribe = page.acting(
        upstream.call(rpc),
        lambda token: UnsubscribeRequest(token=token),
        call_seconds=call_seconds,
        done=_showing("done"),
        refused={StatusCode.NOT_FOUND: _showing("broken", HTTPStatus.NOT_FOUND)},
        away=_showing("away", HTTPStatus.SERVICE_UNAVAILABLE),
    )
    return {
        FOLDER: {"GET": page.in_all(_whole), "POST": unsubscribe},
        API_FOLDER: {"GET": _lead_here},
    }


async def _lead_here(request: Request) -> Response:
    """Leads a browser from the API's address to the page."""
    token = request.path.rpartition("/")[2]
    location = (b"location", f"{FOLDER}/{token}".encode("latin-1"))
    return Response(HTTPStatus.SEE_OTHER, b"", (location, NO_STORE, *SECURITY))


def _whole(language: Language) -> Page:
    words = _WORDS[language]
    parts = {name: _PARTS[name] for name in ("ask", "done", "already", "broken")}
    main = page.sections(parts, words, "ask")
    return page.written(language, words["title"], main, script_path=SCRIPT)


def _showing(part: str, status: HTTPStatus = HTTPStatus.OK) -> Handler:
    return page.showing(_WORDS, _PARTS, part, status)


_WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    "nn": {
        "title": "Meld deg av",
        "ask": "Vil du melde deg av?",
        "then": "Då får du ikkje fleire meldingar av same slag som den du kom frå.",
        "purpose": "Gjeld",
        "channel": "Kjem som",
        "email": "e-post",
        "sms": "SMS",
        "push": "varsel i appen",
        "phone": "telefon",
        "post": "brev",
        "still": "Det du sjølv har bestilt, til dømes billettar, får du framleis melding om.",
        "button": "Meld meg av",
        "offline": "Vi fekk ikkje kontakt. Sjå etter at du er på nett, og prøv igjen.",
        "done": "Du er meld av",
        "no_more": "Du får ikkje fleire meldingar av dette slaget.",
        "already": "Du er alt meld av",
        "back": "Ombestemmer du deg, slår du meldingane på igjen i appen eller på Di side, under "
        "«Min profil &ndash; personvern».",
        "broken": "Lenkja verkar ikkje",
        "again": "Opne lenkja i meldinga ein gong til. Går det ikkje, kopierer du heile lenkja inn "
        "i adressefeltet.",
        "instead": "Du kan òg slå av meldingar i appen eller på Di side, under "
        "«Min profil &ndash; personvern».",
        "away": "Vi fekk ikkje kontakt",
    },
    "nb": {
        "title": "Meld deg av",
        "ask": "Vil du melde deg av?",
        "then": "Da får du ikke flere meldinger av samme slag som den du kom fra.",
        "purpose": "Gjelder",
        "channel": "Kommer som",
        "email": "e-post",
        "sms": "SMS",
        "push": "varsel i appen",
        "phone": "telefon",
        "post": "brev",
        "still": "Det du selv har bestilt, for eksempel billetter, får du fortsatt melding om.",
        "button": "Meld meg av",
        "offline": "Vi fikk ikke kontakt. Se etter at du er på nett, og prøv igjen.",
        "done": "Du er meldt av",
        "no_more": "Du får ikke flere meldinger av dette slaget.",
        "already": "Du er allerede meldt av",
        "back": "Ombestemmer du deg, slår du meldingene på igjen i appen eller på Di side, under "
        "«Min profil &ndash; personvern».",
        "broken": "Lenken virker ikke",
        "again": "Åpne lenken i meldingen en gang til. Går det ikke, kopierer du hele lenken inn i "
        "adressefeltet.",
        "instead": "Du kan også slå av meldinger i appen eller på Di side, under "
        "«Min profil &ndash; personvern».",
        "away": "Vi fikk ikke kontakt",
    },
    "en": {
        "title": "Unsubscribe",
        "ask": "Do you want to unsubscribe?",
        "then": "You will then get no more messages of the kind that you came from.",
        "purpose": "About",
        "channel": "Sent by",
        "email": "e-mail",
        "sms": "SMS",
        "push": "notification in the app",
        "phone": "phone",
        "post": "letter",
        "still": "You will still hear about what you have ordered yourself, such as tickets.",
        "button": "Unsubscribe",
        "offline": "We could not be reached. Make sure that you are online, and try again.",
        "done": "You are unsubscribed",
        "no_more": "You will get no more messages of this kind.",
        "already": "You are unsubscribed already",
        "back": "If you change your mind, turn the messages on again in the app or on Di side, "
        "under “Min profil &ndash; personvern”.",
        "broken": "The link does not work",
        "again": "Open the link in the message once more. If that does not help, copy the whole "
        "link into the address bar.",
        "instead": "You can also turn messages off in the app or on Di side, under "
        "“Min profil &ndash; personvern”.",
        "away": "We could not be reached",
    },
}

_FORM: Final = """<form method="post">
<button id="unsubscribe">{button}</button>
</form>
"""
_ENDED: Final = """<p class="lead">{no_more}</p>
<p>{back}</p>
"""
_PARTS: Final = {
    "ask": f"""<h1>{{ask}}</h1>
<p>{{then}}</p>
<dl id="what" hidden>
<div><dt>{{purpose}}</dt><dd id="purpose"></dd></div>
<div><dt>{{channel}}</dt><dd id="channel" data-email="{{email}}" data-sms="{{sms}}" \
data-push="{{push}}" data-phone="{{phone}}" data-post="{{post}}"></dd></div>
</dl>
<p>{{still}}</p>
<p id="problem" class="problem" role="alert" data-offline="{{offline}}" hidden></p>
{_FORM}""",
    "done": f"""<h1 tabindex="-1">{{done}}</h1>
{_ENDED}""",
    "already": f"""<h1 tabindex="-1">{{already}}</h1>
{_ENDED}""",
    "broken": """<h1 tabindex="-1">{broken}</h1>
<p>{again}</p>
<p>{instead}</p>
""",
    "away": f"""<h1>{{away}}</h1>
<p>{{offline}}</p>
{_FORM}""",
}
