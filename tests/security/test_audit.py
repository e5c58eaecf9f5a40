"""What the audit makes of what its tools say; `make audit` runs the tools themselves."""

import json
import subprocess
from collections.abc import Callable, Sequence
from types import SimpleNamespace

import pytest

from tests.security import audit

KNOWN = {"results": {"a.py": [{"type": "Key", "hashed_secret": "1", "line_number": 3}]}}
OTHER = {"results": {"b.py": [{"type": "Key", "hashed_secret": "2", "line_number": 7}]}}

Says = Callable[[object], None]


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Says:
    """Has every tool say something."""

    def say(answer: object) -> None:
        text = answer if isinstance(answer, str) else json.dumps(answer)

        def run(_command: Sequence[str], **_: object) -> object:
            return SimpleNamespace(stdout=text.encode())

        monkeypatch.setattr(subprocess, "run", run)

    return say


def packages(**of_idna: object) -> dict[str, object]:
    return {"dependencies": [{"name": "idna", "version": "3.6", **of_idna}]}


def test_an_advisory_about_a_package_is_found(says: Says) -> None:
    says(packages(vulns=[{"id": "PYSEC-2024-60"}]))
    assert audit.check_python("requirements.txt") == ["requirements.txt: idna 3.6: PYSEC-2024-60"]
    says({"vulnerabilities": {"vite": {"severity": "high"}}})
    assert audit.check_node("gateway/web") == ["gateway/web: vite: high"]


@pytest.mark.parametrize(
    "answer", [packages(skip_reason="not found"), {"message": "405"}, "no JSON", ""]
)
def test_what_could_not_be_looked_up_is_said_to_be_unchecked(
    says: Says, capsys: pytest.CaptureFixture[str], answer: object
) -> None:
    says(answer)
    assert not audit.check_python("requirements.txt")
    assert not audit.check_node("gateway/web")
    assert capsys.readouterr().out.count("NOT CHECKED") == 2


def test_what_was_looked_up_is_not_said_to_be_unchecked(
    says: Says, capsys: pytest.CaptureFixture[str]
) -> None:
    says({**packages(vulns=[]), "vulnerabilities": {}})
    assert not audit.check_python("requirements.txt")
    assert not audit.check_node("gateway/web")
    assert "NOT CHECKED" not in capsys.readouterr().out


def test_a_secret_that_nobody_has_reviewed_is_found_and_so_is_one_that_is_gone(
    says: Says, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "BASELINE", SimpleNamespace(read_text=lambda: json.dumps(KNOWN)))
    says(KNOWN)
    assert not audit.check_secrets()
    says(OTHER)
    assert audit.check_secrets() == ["b.py:7: Key", "a.py: Key is gone; write the baseline anew"]


def test_every_file_of_packages_is_looked_at() -> None:
    files = {
        file.relative_to(audit.ROOT).as_posix()
        for pattern in ("requirements*.txt", "deploy/requirements*.txt")
        for file in audit.ROOT.glob(pattern)
    }
    assert files == set(audit.REQUIREMENTS)
