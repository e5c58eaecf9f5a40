"""What docs/abuses.md promises has a test."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAME = re.compile(r"`(test_\w+)`")


def test_every_abuse_has_its_test() -> None:
    rows = [
        line
        for line in (ROOT / "docs" / "abuses.md").read_text().splitlines()
        if line.startswith("| ") and not line.startswith(("| attempt", "| ---"))
    ]
    tests = "\n".join(file.read_text() for file in (ROOT / "tests").rglob("test_*.py"))

    assert len(rows) >= 15
    for row in rows:
        [name] = NAME.findall(row)
        assert re.search(rf"def {name}\(", tests), row
