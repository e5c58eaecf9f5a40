"""What the pages tell one to do can be done, and what they link to is there."""

import re
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import typer.main

from cli.__main__ import app

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*/*.md"))
    if not {"node_modules", "decisions"} & set(page.parts)
)
"""All but decisions, which speak of what was not done too."""
TARGETS = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
CODE = re.compile(r"^```\w*\n(.*?)^```|`([^`]+)`", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def code_of(page: str) -> Iterator[str]:
    """Yields what is to be typed, or looks like it: the lines of blocks, and what stands inline."""
    for block, inline in CODE.findall(page):
        yield from block.splitlines() if block else [" ".join(inline.split())]


def missing(page: str, folder: Path) -> Iterator[str]:
    """Yields what a page names and is not there."""
    for line in code_of(page):
        words = re.split(r" +", line.split("#", maxsplit=1)[0].strip())
        match words:
            case ["make", *targets]:
                yield from (f"make {each}" for each in targets if not is_target(each))
            case ["kundeapp" | ".venv/bin/kundeapp", *command]:
                yield from unknown(command)
            case [".venv/bin/pytest", *paths]:
                yield from (path for path in paths if not (ROOT / path.partition("::")[0]).exists())
            case ["python" | ".venv/bin/python", "-m", module, *_] if "<" not in module:
                yield from [] if find_spec(module) else [f"python -m {module}"]
            case _:
                pass
    yield from (link for link in LINK.findall(page) if not (folder / link).exists())


def is_target(word: str) -> bool:
    return word in TARGETS or not re.fullmatch(r"[a-z][a-z0-9-]*", word)


def unknown(words: list[str]) -> Iterator[str]:
    """Yields the command if the CLI does not have it."""
    command: Any = typer.main.get_command(app)
    for at, word in enumerate(words):
        commands: Mapping[str, Any] = getattr(command, "commands", {})
        if not commands or not re.fullmatch(r"[a-z-]+", word):
            return
        if word not in commands:
            yield f"kundeapp {' '.join(words[: at + 1])}"
            return
        command = commands[word]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_a_page_names_is_there(page: Path) -> None:
    assert list(missing(page.read_text(), page.parent)) == []


@pytest.mark.parametrize(
    "planted",
    [
        "`make nothing`",
        "```\nmake run\nmake nothing    # comment\n```",
        "Run `.venv/bin/kundeapp customers forget 1`",
        "`kundeapp import nothing`",
        "`.venv/bin/pytest tests/nowhere`",
        "`python -m tests.nothing`",
        "[a page](nowhere.md#part)",
    ],
)
def test_what_is_not_there_is_found(planted: str) -> None:
    assert len(list(missing(planted, ROOT))) == 1
