"""Brings consent's database to the newest schema."""

from pathlib import Path

from kit import migrations
from services.consent.config import MigrationSettings

if __name__ == "__main__":
    migrations.main(Path(__file__).parent, MigrationSettings().database_url)  # pyright: ignore[reportCallIssue] - read from the environment
