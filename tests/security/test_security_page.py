"""docs/security.md speaks of what there is: every table, every use of a key, every session."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from services.identity.config import Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
CODE = "\n".join(
    file.read_text() for folder in ("kit", "services") for file in (ROOT / folder).rglob("*.py")
)
LENGTHS = {
    "web_idle": "30 minutes",
    "web_session": "12 hours",
    "app_session": "30 days",
    "access_token_lifetime": "ten minutes",
}
SPELT_OUT = {"ten": "10"}


def section(title: str) -> str:
    """Returns what stands below a title of the page."""
    return PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def named_in(title: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", section(title)))


def test_every_table_has_its_level() -> None:
    tables = set(re.findall(r"CREATE TABLE (\w+)", CODE))
    assert len(tables) > 50
    assert named_in("What is held, by level") == tables


def test_every_use_of_a_secret_key_is_listed() -> None:
    uses = set(re.findall(r"(?:KeyedHash|Seal)\(\w+, \"(\w+)\"\)", CODE))
    assert {"password", "pin", "totp", "unsubscribe"} <= uses
    assert uses <= named_in("Keys and what they are for")


@pytest.mark.parametrize(("setting", "told"), LENGTHS.items())
def test_sessions_last_as_long_as_is_said(setting: str, told: str) -> None:
    number, unit = told.split()
    assert Settings.model_fields[setting].default == timedelta(
        **{unit: int(SPELT_OUT.get(number, number))}
    )
    lines = re.split(r"\n\n|\n(?=\|)", section("Sessions"))
    assert told in next(line for line in lines if setting in line)
