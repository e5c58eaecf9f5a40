"""Starts identity: `python -m services.identity`."""

from kit import server
from services.identity.bootstrap import running
from services.identity.config import Settings

if __name__ == "__main__":
    server.main("identity", Settings(), running)  # pyright: ignore[reportCallIssue] - read from the environment
