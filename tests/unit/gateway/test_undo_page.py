"""The page that undoes a change of e-mail: what it says, and what it may do."""

import re
from typing import get_args

import pytest

from gateway import page, undo
from gateway.app import Request, Response
from gateway.cookies import Cookies
from kit.texts import Language

LANGUAGES: tuple[Language, ...] = get_args(Language)


async def get(path: str, language: Language = "nn") -> Response:
    async def nothing() -> dict[str, object]:
        raise AssertionError("a page reads no body")

    request = Request("GET", path, "", {}, nothing, language, Cookies("GET", {}, ""))
    return await {**undo.pages(), **page.shared()}[path](request)


async def text_of(language: Language) -> str:
    return (await get(undo.PATH, language)).body.decode()


@pytest.mark.parametrize(
    ("language", "button", "password"),
    [
        ("nn", "Angre endringa", "Gløymt passord"),
        ("nb", "Angre endringen", "Glemt passord"),
        ("en", "Undo the change", "Forgot password"),
    ],
)
async def test_it_speaks_the_language_of_its_reader(
    language: Language, button: str, password: str
) -> None:
    response = await get(undo.PATH, language)
    text = response.body.decode()
    assert f'<html lang="{language}">' in text
    assert f">{button}</button>" in text
    assert password in text
    assert (b"content-language", language.encode()) in response.headers
    assert (b"vary", b"accept-language") in response.headers


@pytest.mark.parametrize("language", LANGUAGES)
async def test_it_has_one_button_and_works_on_without_script(language: Language) -> None:
    text = await text_of(language)
    assert text.count("<button") == 1
    (without_script,) = re.findall(r"<noscript>(.*)</noscript>", text)
    assert re.search("kundeservice|customer service", without_script)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_nothing_runs_or_looks_that_is_not_a_file_of_ours(language: Language) -> None:
    text = await text_of(language)
    assert "style=" not in text
    assert "<style" not in text
    assert not re.search(r"\son[a-z]+=", text)
    assert re.findall(r"<script[^>]*>(.*?)</script>", text) == [""]
    loaded = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert set(loaded) == {"/page.css", f"{undo.PATH}.js"}
    assert set(loaded) <= {*undo.pages(), *page.shared()}


async def test_it_is_kept_to_itself() -> None:
    headers = dict((await get(undo.PATH)).headers)
    assert headers[b"referrer-policy"] == b"no-referrer"
    assert headers[b"x-robots-tag"] == b"noindex"
    policy = headers[b"content-security-policy"].decode()
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "http" not in policy


async def test_its_script_finds_what_it_shows() -> None:
    script = (await get(f"{undo.PATH}.js")).body.decode()
    ids = set(re.findall(r' id="([a-z]+)"', await text_of("nn")))
    named = re.findall(r'getElementById\("([a-z]+)"\)|show\("([a-z]+)"\)|"#([a-z]+) ', script)
    assert {"".join(each) for each in named} <= ids
    assert {"ask", "broken", "done"} <= ids
    assert "innerHTML" not in script


async def test_style_and_script_have_their_types() -> None:
    for path, kind in (("/page.css", b"text/css"), (f"{undo.PATH}.js", b"text/javascript")):
        assert dict((await get(path)).headers)[b"content-type"].startswith(kind)
