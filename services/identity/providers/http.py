"""Requests to a provider: no redirects, little patience, short answers."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from services.identity.providers.failures import NoAnswer

TIMEOUT_SECONDS = 4.0
"""Less than the gateway's own patience, so that people are told that it is the provider."""
CONNECT_SECONDS = 2.0
LONGEST_ANSWER = 256 * 1024
"""In bytes."""


@dataclass(frozen=True)
class Answer:
    """What a provider answered.

    Attributes:
        status: The HTTP status.
        body: All of it; it may hold tokens.
    """

    status: int
    body: bytes

    def __repr__(self) -> str:
        return f"Answer({self.status})"


def open_client() -> httpx.AsyncClient:
    """Returns what talks to providers; to be closed in the end."""
    timeout = httpx.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS)
    return httpx.AsyncClient(timeout=timeout, headers={"Accept": "application/json"})


async def fetch(client: httpx.AsyncClient, url: str) -> Answer:
    """Gets what a provider publishes.

    Raises:
        NoAnswer: If it does not.
    """
    return await _exchange(client, "GET", url)


async def post(
    client: httpx.AsyncClient, url: str, form: Mapping[str, str], headers: Mapping[str, str]
) -> Answer:
    """Posts a form.

    Raises:
        NoAnswer: If there is none.
    """
    return await _exchange(client, "POST", url, data=form, headers=headers)


async def _exchange(client: httpx.AsyncClient, method: str, url: str, **content: Any) -> Answer:
    # httpx counts its timeout anew with each piece of an answer.
    try:
        request = client.build_request(method, url, **content)
        async with asyncio.timeout(TIMEOUT_SECONDS):
            response = await client.send(request, stream=True, follow_redirects=False)
            try:
                return Answer(response.status_code, await _body_of(response))
            finally:
                await response.aclose()
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        # Without its cause: its request holds the code and our secret.
        raise NoAnswer(type(error).__name__) from None


async def _body_of(response: httpx.Response) -> bytes:
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > LONGEST_ANSWER:
            raise NoAnswer(f"longer than {LONGEST_ANSWER} bytes")
    return bytes(body)
