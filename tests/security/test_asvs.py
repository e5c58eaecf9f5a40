"""What docs/asvs.md says of a requirement can be looked up: a test, a page, or that it is open."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "asvs.md"
LEVEL_1, LEVEL_2 = 70, 183
"""How many requirements ASVS 5.0.0 has on each level."""

ROW = re.compile(r"\| (\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| (.+) \|")
TEST = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
LINK = re.compile(r"\]\(([^)#]+)\)")
SAID = ("Does not apply: ", "**Open**: ")


@dataclass(frozen=True)
class Line:
    """A line of the page: the number of a requirement, its level, and what shows that it is met."""

    number: str
    level: int
    evidence: str


def lines(page: str) -> list[Line]:
    rows = (ROW.fullmatch(row) for row in page.splitlines())
    return [Line(row[1], int(row[2]), row[4]) for row in rows if row is not None]


def missing(page: str) -> Iterator[str]:
    """Yields what a page says and nobody can look up."""
    for line in lines(page):
        tests, links = TEST.findall(line.evidence), LINK.findall(line.evidence)
        for file, name in tests:
            path = ROOT / file
            if not (path.is_file() and re.search(rf"def {name}\(", path.read_text())):
                yield f"{line.number}: {file}::{name}"
        for link in links:
            if not (PAGE.parent / link).is_file():
                yield f"{line.number}: {link}"
        if not (tests or links or any(said in line.evidence for said in SAID)):
            yield f"{line.number}: nothing"


def test_what_is_said_of_each_requirement_can_be_looked_up() -> None:
    assert not list(missing(PAGE.read_text()))


def test_every_requirement_of_both_levels_is_there_once_in_order() -> None:
    found = lines(PAGE.read_text())
    numbers = [tuple(map(int, line.number.split("."))) for line in found]
    assert numbers == sorted(set(numbers))
    assert Counter(line.level for line in found) == {1: LEVEL_1, 2: LEVEL_2}


@pytest.mark.parametrize(
    "evidence",
    [
        "`tests/security/test_asvs.py::test_that_nobody_has_written`",
        "`tests/nowhere.py::test_what_is_said_of_each_requirement_can_be_looked_up`",
        "[a page](nowhere.md)",
        "it is surely so",
        "**Open**: a little; `tests/nowhere.py::test_x`",
    ],
)
def test_what_cannot_be_looked_up_is_found(evidence: str) -> None:
    assert list(missing(f"| 1.1.1 | 2 | something | {evidence} |"))
