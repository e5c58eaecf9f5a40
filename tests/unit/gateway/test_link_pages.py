"""The pages that letters lead to: what they say, and what they may do."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast, get_args

import pytest

from gateway import page, release, unsubscribe
from gateway.app import Handler, Request, Response
from gateway.bootstrap import SERVICES
from gateway.cookies import Cookies
from kit.texts import Language

LANGUAGES: tuple[Language, ...] = get_args(Language)
CONSENT = SERVICES[3].methods_by_name
TITLES = {
    "/avmelding": ("Vil du melde deg av?", "Vil du melde deg av?", "Do you want to unsubscribe?"),
    "/framleis": ("Kjem du framleis?", "Kommer du fortsatt?", "Are you still coming?"),
}
SECTIONS = {
    "/avmelding": {"ask", "done", "already", "broken"},
    "/framleis": {"ask", "done", "nothing", "admitted", "over", "cancelled", "broken"},
}


@dataclass
class Nobody:
    """Stands in for the services, which a page that is opened does not ask."""

    asked: list[str] = field(default_factory=list[str])

    def call(self, rpc: Any) -> Any:
        async def answer(*_: Any, **__: Any) -> Any:
            self.asked.append(rpc.name)

        return answer


def handlers(nobody: Nobody) -> Mapping[str, Mapping[str, Handler]]:
    upstream = cast("Any", nobody)
    return {
        **unsubscribe.links(CONSENT["Unsubscribe"], upstream, 1),
        **release.links(CONSENT["ReleaseByLink"], upstream, 1),
    }


async def opened(handler: Handler, language: Language = "nn") -> Response:
    async def nothing() -> dict[str, object]:
        raise AssertionError("a page reads no body")

    path = "/avmelding/token"
    return await handler(Request("GET", path, "", {}, nothing, language, Cookies("GET", {}, "")))


async def text_of(folder: str, language: Language = "nn") -> str:
    return (await opened(handlers(Nobody())[folder]["GET"], language)).body.decode()


async def script_of(folder: str) -> str:
    pages = {**unsubscribe.pages(), **release.pages()}
    return (await opened(pages[f"{folder}.js"])).body.decode()


@pytest.mark.parametrize("folder", TITLES)
class TestEachPage:
    async def test_speaks_the_language_of_its_reader(self, folder: str) -> None:
        for language, title in zip(LANGUAGES, TITLES[folder], strict=True):
            text = await text_of(folder, language)
            assert f'<html lang="{language}">' in text
            assert f"<h1>{title}</h1>" in text

    async def test_asks_nobody_when_it_is_opened(self, folder: str) -> None:
        nobody = Nobody()
        response = await opened(handlers(nobody)[folder]["GET"])
        assert (response.status, nobody.asked) == (200, [])

    async def test_has_a_form_that_works_without_a_script(self, folder: str) -> None:
        nobody = Nobody()
        text = await text_of(folder)
        assert len(re.findall(r'<section id="[a-z]+">', text)) == 1
        assert '<form method="post">' in text
        response = await opened(handlers(nobody)[folder]["POST"])
        assert (response.status, len(nobody.asked)) == (200, 1)

    @pytest.mark.parametrize("language", LANGUAGES)
    async def test_runs_and_looks_at_nothing_that_is_not_ours(
        self, folder: str, language: Language
    ) -> None:
        text = await text_of(folder, language)
        assert "style=" not in text
        assert "<style" not in text
        assert not re.search(r"\son[a-z]+=", text)
        assert re.findall(r"<script[^>]*>(.*?)</script>", text) == [""]
        loaded = re.findall(r'(?:src|href)="([^"]*)"', text)
        assert set(loaded) == {"/page.css", f"{folder}.js"}

    async def test_is_kept_to_itself(self, folder: str) -> None:
        headers = dict((await opened(handlers(Nobody())[folder]["GET"])).headers)
        assert headers[b"referrer-policy"] == b"no-referrer"
        assert headers[b"x-robots-tag"] == b"noindex"
        policy = headers[b"content-security-policy"].decode()
        assert policy.startswith("default-src 'none';")
        assert "unsafe" not in policy
        assert "http" not in policy

    async def test_has_all_that_its_script_shows(self, folder: str) -> None:
        text, script = await text_of(folder), await script_of(folder)
        ids = set(re.findall(r' id="([a-z]+)', text))
        assert set(re.findall(r'element\("([a-z]+)', script)) <= ids
        assert set(re.findall(r'<section id="([a-z]+)"', text)) == SECTIONS[folder]
        shown = set(re.findall(r'(?:show|showWhat)\("([a-z]+)"\)', script))
        named = set(re.findall(r': "([a-z]+)",', script))
        assert shown | named <= SECTIONS[folder]
        assert SECTIONS[folder] - {"ask"} == shown | named
        assert "innerHTML" not in script

    async def test_tells_no_service_who_reads_it(self, folder: str) -> None:
        shared = (await opened(page.shared()["/page.js"])).body.decode()
        assert 'credentials: "omit"' in shared
        assert 'from "/page.js"' in await script_of(folder)
        assert "fetch(" not in await script_of(folder)


async def test_states_of_a_release_each_have_their_section() -> None:
    script = await script_of("/framleis")
    release_type = CONSENT["LookUpRelease"].output_type
    states = {value.name for value in release_type.enum_types_by_name["State"].values}
    named = set(re.findall(r'^  ([A-Z_]+): "', script, re.MULTILINE))
    assert named == states - {"STATE_UNSPECIFIED", "OPEN"}
