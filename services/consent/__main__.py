"""Starts consent: `python -m services.consent`."""

from kit import server
from services.consent.bootstrap import running
from services.consent.config import Settings

if __name__ == "__main__":
    server.main("consent", Settings(), running)  # pyright: ignore[reportCallIssue] - read from the environment
