"""Where settings are read from: the environment, or else a folder of secrets."""

from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic_settings import SettingsConfigDict

from kit import settings


class Settings(settings.PartSettings):
    """What a part can be told, in these tests."""

    model_config = SettingsConfigDict(env_prefix="KUNDEAPP_PART_")

    database_url: str


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "SECRETS", tmp_path)
    monkeypatch.delenv("KUNDEAPP_PART_DATABASE_URL", raising=False)
    return tmp_path


def test_a_setting_can_stand_in_a_file_of_its_variables_name(secrets: Path) -> None:
    (secrets / "kundeapp_part_database_url").write_text("postgresql://from-a-file\n")
    (secrets / "signing-keys.json").write_text("{}")
    assert Settings().database_url == "postgresql://from-a-file"  # pyright: ignore[reportCallIssue] - read from the file


def test_the_environment_goes_before_the_files(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (secrets / "kundeapp_part_database_url").write_text("postgresql://from-a-file")
    monkeypatch.setenv("KUNDEAPP_PART_DATABASE_URL", "postgresql://from-the-environment")
    assert Settings().database_url == "postgresql://from-the-environment"  # pyright: ignore[reportCallIssue] - read from the environment


def test_a_file_that_kubernetes_links_to_is_read(secrets: Path) -> None:
    (secrets / "..2026_11_30").mkdir()
    (secrets / "..2026_11_30" / "kundeapp_part_database_url").write_text("postgresql://linked")
    (secrets / "..data").symlink_to("..2026_11_30")
    (secrets / "kundeapp_part_database_url").symlink_to("..data/kundeapp_part_database_url")
    assert Settings().database_url == "postgresql://linked"  # pyright: ignore[reportCallIssue] - read from the file


def test_without_the_folder_what_is_missing_is_named(secrets: Path) -> None:
    secrets.rmdir()
    with pytest.raises(ValidationError, match="database_url"):
        Settings()  # pyright: ignore[reportCallIssue] - nowhere to be found
