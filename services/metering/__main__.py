"""Starts metering: `python -m services.metering`."""

from kit import server
from services.metering.bootstrap import running
from services.metering.config import Settings

if __name__ == "__main__":
    server.main("metering", Settings(), running)  # pyright: ignore[reportCallIssue] - read from the environment
