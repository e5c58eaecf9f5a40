"""Starts events: `python -m services.events`."""

from kit import server
from services.events.bootstrap import running
from services.events.config import Settings

if __name__ == "__main__":
    server.main("events", Settings(), running)  # pyright: ignore[reportCallIssue] - read from the environment
