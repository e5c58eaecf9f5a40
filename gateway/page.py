"""What the pages have in common that letters lead to: nothing on them is anybody else's."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import grpc
from google.protobuf.message import Message

from gateway.app import Handler, Page, Request, Response, metadata_of
from gateway.upstream import Call
from kit.texts import Language

POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SCRIPT: Final = "text/javascript; charset=utf-8"

_STYLE: Final = "/page.css"
_TOOLS: Final = "/page.js"
_STATIC: Final = Path(__file__).parent / "static"


def shared() -> Mapping[str, Handler]:
    """Returns the style of all pages and what their scripts share, by path."""
    return {
        _STYLE: Page((_STATIC / "page.css").read_bytes(), "text/css; charset=utf-8"),
        _TOOLS: script("page.js"),
    }


def script(name: str) -> Page:
    """Returns one of our scripts."""
    return Page((_STATIC / name).read_bytes(), SCRIPT)


def written(
    language: Language,
    title: str,
    main: str,
    *,
    script_path: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> Page:
    """Returns a page.

    Args:
        language: That it is written in.
        title: What a tab of the browser says.
        main: What it says, as HTML.
        script_path: Where its script is, a module; empty for a page that has none.
        status: What it is answered with.
    """
    html = _HTML.format(
        language=language,
        title=title,
        style=_STYLE,
        script=f'<script type="module" src="{script_path}"></script>\n' if script_path else "",
        main=main,
        help=_HELP[language],
    )
    return Page(
        html.encode(),
        "text/html; charset=utf-8",
        POLICY,
        (
            (b"content-language", language.encode()),
            (b"vary", b"accept-language"),
            (b"x-robots-tag", b"noindex"),
        ),
        status,
    )


def in_all(make: Callable[[Language], Page]) -> Handler:
    """Returns what shows a page in its reader's language; it is made in each of them at once."""
    by_language = {language: make(language) for language in _HELP}

    async def answer(request: Request) -> Response:
        return await by_language[request.language](request)

    return answer


def showing(
    words: Mapping[Language, Mapping[str, str]],
    parts: Mapping[str, str],
    part: str,
    status: HTTPStatus = HTTPStatus.OK,
) -> Handler:
    """Returns what shows one part of a page alone, titled by the words of its name.

    Args:
        words: What the parts say.
        parts: The parts by their ids, as HTML.
        part: The id of the one.
        status: What it is answered with.
    """
    return in_all(
        lambda language: written(
            language,
            words[language][part],
            sections({part: parts[part]}, words[language], part),
            status=status,
        )
    )


def acting(
    call: Call,
    asked_of: Callable[[str], Message],
    *,
    call_seconds: float,
    done: Handler,
    refused: Mapping[grpc.StatusCode, Handler],
    away: Handler,
) -> Handler:
    """Returns what a page's own form is sent to: it does what the page's script would have done.

    No cookie is looked at, so that it does not matter which site has a browser send the form: the
    token in the path is all that counts.

    Args:
        call: The RPC that does it.
        asked_of: Makes its request from the token of the link.
        call_seconds: How long it may take.
        done: Shows that it is done.
        refused: Shows that it was refused, by how.
        away: Shows that it failed.
    """

    async def act(request: Request) -> Response:
        asked = asked_of(token_of(request))
        try:
            await call(asked, timeout=call_seconds, metadata=metadata_of(request))
        except grpc.aio.AioRpcError as error:
            return await refused.get(error.code(), away)(request)
        return await done(request)

    return act


def token_of(request: Request) -> str:
    """Returns the token that a link ends in."""
    return unquote(request.path.rpartition("/")[2], errors="replace")


def sections(html: Mapping[str, str], words: Mapping[str, str], shown: str) -> str:
    """Returns parts of a page of which one is shown, and the others once a script does.

    Args:
        html: The parts by their ids.
        words: What they say.
        shown: The id of the one.
    """
    return "".join(
        f'<section id="{name}"{"" if name == shown else " hidden"}>\n'
        f"{part.format_map(words)}</section>\n"
        for name, part in html.items()
    )


_HELP: Final[Mapping[Language, str]] = {
    "nn": "Treng du hjelp? Ring kundeservice. Nummeret står på fakturaen.",
    "nb": "Trenger du hjelp? Ring kundeservice. Nummeret står på fakturaen.",
    "en": "Do you need help? Call customer service. The number is on your bill.",
}

_HTML: Final = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{title} | Di side</title>
<link rel="stylesheet" href="{style}">
{script}</head>
<body>
<header><p>Di side</p></header>
<main>
{main}</main>
<footer><p>{help}</p></footer>
</body>
</html>
"""
