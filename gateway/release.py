"""The page that "Are you still coming?" leads to: one tap gives tickets back.

The link is `/framleis/<token>`. As with `gateway.unsubscribe`, opening it changes nothing, the
script asks what stands behind it, and without a script its button gives all tickets back.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from google.protobuf.descriptor import MethodDescriptor
from grpc import StatusCode

from gateway import page
from gateway.app import Handler, Page, Upstream
from kit.texts import Language
from kundeapp.consent.v1.releases_pb2 import ReleaseByLinkRequest

FOLDER: Final = "/framleis"
SCRIPT: Final = f"{FOLDER}.js"


def pages() -> Mapping[str, Handler]:
    """Returns the page's script, by path."""
    return {SCRIPT: page.script("release.js")}


def links(
    rpc: MethodDescriptor, upstream: Upstream, call_seconds: float
) -> Mapping[str, Mapping[str, Handler]]:
    """Returns what answers the links, by the path before the token and then by method.

    Args:
        rpc: What gives tickets back.
        upstream: Where that is.
        call_seconds: How long it may take.
    """
    release = page.acting(
        upstream.call(rpc),
        lambda token: ReleaseByLinkRequest(token=token, all=True),
        call_seconds=call_seconds,
        done=_showing("done"),
        refused={
            StatusCode.NOT_FOUND: _showing("broken", HTTPStatus.NOT_FOUND),
            StatusCode.FAILED_PRECONDITION: _showing("closed", HTTPStatus.CONFLICT),
        },
        away=_showing("away", HTTPStatus.SERVICE_UNAVAILABLE),
    )
    return {FOLDER: {"GET": page.in_all(_whole), "POST": release}}


def _whole(language: Language) -> Page:
    words = _WORDS[language]
    names = ("ask", "done", "nothing", "admitted", "over", "cancelled", "broken")
    main = page.sections({name: _PARTS[name] for name in names}, words, "ask")
    return page.written(language, words["title"], main, script_path=SCRIPT)


def _showing(part: str, status: HTTPStatus = HTTPStatus.OK) -> Handler:
    return page.showing(_WORDS, _PARTS, part, status)


_WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    "nn": {
        "title": "Kjem du framleis?",
        "ask": "Kjem du framleis?",
        "stay": "Kjem du, treng du ikkje gjere noko. Billettane dine gjeld.",
        "go": "Kan du ikkje, går billettane til nestemann på ventelista.",
        "event": "Arrangement",
        "when": "Tid",
        "where": "Stad",
        "tickets": "Billettar",
        "all": "Gi tilbake alle",
        "all_of": "Gi tilbake alle {n}",
        "only_one": "Gi tilbake billetten",
        "some": "Kjem nokre av dykk? Gi tilbake berre dei de ikkje treng:",
        "fewer": "Færre",
        "more": "Fleire",
        "some_one": "Gi tilbake 1 billett",
        "some_many": "Gi tilbake {n} billettar",
        "offline": "Vi fekk ikkje kontakt. Sjå etter at du er på nett, og prøv igjen.",
        "done": "Billettane er gitt tilbake",
        "done_one": "Éin billett er gitt tilbake",
        "done_many": "{n} billettar er gitt tilbake",
        "numbers": "Éin To Tre Fire Fem Seks Sju Åtte Ni Ti Elleve Tolv",
        "next_one": "Han går til nestemann på ventelista. Takk for at du sa frå!",
        "next_many": "Dei går til nestemann på ventelista. Takk for at du sa frå!",
        "left_one": "Du har framleis 1 billett.",
        "left_many": "Du har framleis {n} billettar.",
        "nothing": "Du har ingen billettar å gi tilbake",
        "returned": "Billettane er alt gitt tilbake. Du treng ikkje gjere noko meir.",
        "admitted": "Gjestene dine er alt inne",
        "enjoy": "Billettane er brukte, og du kan ikkje gi dei tilbake.",
        "over": "Fristen er ute",
        "began": "Lenkja galdt til arrangementet starta. Er det flytta, finn du billettane i appen "
        "eller på Di side.",
        "cancelled": "Arrangementet er avlyst",
        "freed": "Du treng ikkje gjere noko. Billettane gjeld ikkje lenger.",
        "closed": "Det er ingen billettar å gi tilbake",
        "why": "Anten er dei alt gitt tilbake eller brukte, eller så har arrangementet starta "
        "eller blitt avlyst. Billettane dine ser du i appen eller på Di side.",
        "broken": "Lenkja verkar ikkje",
        "again": "Opne lenkja i meldinga ein gong til. Går det ikkje, kopierer du heile lenkja inn "
        "i adressefeltet.",
        "instead": "Du kan òg gi tilbake billettar i appen eller på Di side.",
        "away": "Vi fekk ikkje kontakt",
    },
    "nb": {
        "title": "Kommer du fortsatt?",
        "ask": "Kommer du fortsatt?",
        "stay": "Kommer du, trenger du ikke gjøre noe. Billettene dine gjelder.",
        "go": "Kan du ikke, går billettene til nestemann på ventelisten.",
        "event": "Arrangement",
        "when": "Tid",
        "where": "Sted",
        "tickets": "Billetter",
        "all": "Gi tilbake alle",
        "all_of": "Gi tilbake alle {n}",
        "only_one": "Gi tilbake billetten",
        "some": "Kommer noen av dere? Gi tilbake bare dem dere ikke trenger:",
        "fewer": "Færre",
        "more": "Flere",
        "some_one": "Gi tilbake 1 billett",
        "some_many": "Gi tilbake {n} billetter",
        "offline": "Vi fikk ikke kontakt. Se etter at du er på nett, og prøv igjen.",
        "done": "Billettene er gitt tilbake",
        "done_one": "Én billett er gitt tilbake",
        "done_many": "{n} billetter er gitt tilbake",
        "numbers": "Én To Tre Fire Fem Seks Sju Åtte Ni Ti Elleve Tolv",
        "next_one": "Den går til nestemann på ventelisten. Takk for at du sa fra!",
        "next_many": "De går til nestemann på ventelisten. Takk for at du sa fra!",
        "left_one": "Du har fortsatt 1 billett.",
        "left_many": "Du har fortsatt {n} billetter.",
        "nothing": "Du har ingen billetter å gi tilbake",
        "returned": "Billettene er allerede gitt tilbake. Du trenger ikke gjøre noe mer.",
        "admitted": "Gjestene dine er allerede inne",
        "enjoy": "Billettene er brukt, og du kan ikke gi dem tilbake.",
        "over": "Fristen er ute",
        "began": "Lenken gjaldt til arrangementet startet. Er det flyttet, finner du billettene i "
        "appen eller på Di side.",
        "cancelled": "Arrangementet er avlyst",
        "freed": "Du trenger ikke gjøre noe. Billettene gjelder ikke lenger.",
        "closed": "Det er ingen billetter å gi tilbake",
        "why": "Enten er de allerede gitt tilbake eller brukt, eller så har arrangementet startet "
        "eller blitt avlyst. Billettene dine ser du i appen eller på Di side.",
        "broken": "Lenken virker ikke",
        "again": "Åpne lenken i meldingen en gang til. Går det ikke, kopierer du hele lenken inn i "
        "adressefeltet.",
        "instead": "Du kan også gi tilbake billetter i appen eller på Di side.",
        "away": "Vi fikk ikke kontakt",
    },
    "en": {
        "title": "Are you still coming?",
        "ask": "Are you still coming?",
        "stay": "If you are, there is nothing you need to do. Your tickets are valid.",
        "go": "If you cannot, the tickets go to the next in line.",
        "event": "Event",
        "when": "Time",
        "where": "Place",
        "tickets": "Tickets",
        "all": "Give back all",
        "all_of": "Give back all {n}",
        "only_one": "Give back the ticket",
        "some": "Are some of you coming? Give back only those you do not need:",
        "fewer": "Fewer",
        "more": "More",
        "some_one": "Give back 1 ticket",
        "some_many": "Give back {n} tickets",
        "offline": "We could not be reached. Make sure that you are online, and try again.",
        "done": "The tickets are given back",
        "done_one": "One ticket is given back",
        "done_many": "{n} tickets are given back",
        "numbers": "One Two Three Four Five Six Seven Eight Nine Ten Eleven Twelve",
        "next_one": "It goes to the next in line. Thank you for telling us!",
        "next_many": "They go to the next in line. Thank you for telling us!",
        "left_one": "You still have 1 ticket.",
        "left_many": "You still have {n} tickets.",
        "nothing": "You have no tickets to give back",
        "returned": "The tickets have been given back already. There is nothing more to do.",
        "admitted": "Your guests are in already",
        "enjoy": "The tickets are used, and you cannot give them back.",
        "over": "It is too late",
        "began": "The link was good until the event began. If it has been moved, you find your "
        "tickets in the app or on Di side.",
        "cancelled": "The event is cancelled",
        "freed": "There is nothing you need to do. The tickets are no longer valid.",
        "closed": "There are no tickets to give back",
        "why": "They have been given back or used already, or the event has begun or was "
        "cancelled. You see your tickets in the app or on Di side.",
        "broken": "The link does not work",
        "again": "Open the link in the message once more. If that does not help, copy the whole "
        "link into the address bar.",
        "instead": "You can also give tickets back in the app or on Di side.",
        "away": "We could not be reached",
    },
}

_FORM: Final = """<form method="post">
<button id="all" data-all="{all_of}" data-one="{only_one}">{all}</button>
</form>
"""
_PARTS: Final = {
    "ask": f"""<h1>{{ask}}</h1>
<dl id="what" hidden>
<div><dt>{{event}}</dt><dd id="event"></dd></div>
<div><dt>{{when}}</dt><dd id="when"></dd></div>
<div><dt>{{where}}</dt><dd id="where"></dd></div>
<div><dt>{{tickets}}</dt><dd id="tickets"></dd></div>
</dl>
<p>{{stay}}</p>
<p>{{go}}</p>
<p id="problem" class="problem" role="alert" data-offline="{{offline}}" hidden></p>
{_FORM}<div id="some" role="group" aria-labelledby="some-label" hidden>
<p id="some-label">{{some}}</p>
<div class="stepper">
<button id="fewer" type="button" class="step" aria-label="{{fewer}}">&minus;</button>
<output id="count">1</output>
<button id="more" type="button" class="step" aria-label="{{more}}">+</button>
<button id="release" type="button" class="quiet" data-one="{{some_one}}" \\
data-many="{{some_many}}"></button>
</div>
</div>
""",
    "done": """<h1 tabindex="-1" data-one="{done_one}" data-many="{done_many}" \\
data-numbers="{numbers}">{done}</h1>
<p id="next" class="lead" data-one="{next_one}" data-many="{next_many}">{next_many}</p>
<p id="left" data-one="{left_one}" data-many="{left_many}" hidden></p>
""",
    "nothing": """<h1 tabindex="-1">{nothing}</h1>
<p class="lead">{returned}</p>
""",
    "admitted": """<h1 tabindex="-1">{admitted}</h1>
<p class="lead">{enjoy}</p>
""",
    "over": """<h1 tabindex="-1">{over}</h1>
<p class="lead">{began}</p>
""",
    "cancelled": """<h1 tabindex="-1">{cancelled}</h1>
<p class="lead">{freed}</p>
""",
    "closed": """<h1>{closed}</h1>
<p>{why}</p>
""",
    "broken": """<h1 tabindex="-1">{broken}</h1>
<p>{again}</p>
<p>{instead}</p>
""",
    "away": f"""<h1>{{away}}</h1>
<p>{{offline}}</p>
{_FORM}""",
}
