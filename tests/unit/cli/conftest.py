"""A data folder in which a suite was run, for every test of the CLI."""

import json
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder in which a suite was run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUNDEAPP_DATA", str(tmp_path / "data"))
    (tmp_path / "data" / "cli").mkdir(parents=True)
    settings = {
        "gateway": "http://localhost:1",
        "identity": "localhost:1",
        "metering": "localhost:1",
        "events": "localhost:1",
        "consent": "localhost:1",
        "tls_certificate": "cli.pem",
        "tls_key": "cli.key",
        "tls_authority": "authority.pem",
    }
    (tmp_path / "data" / "cli" / "settings.json").write_text(json.dumps(settings))
    return tmp_path
