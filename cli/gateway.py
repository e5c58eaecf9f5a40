"""The HTTP gateway, as far as the CLI needs it: for sessions and the demonstration."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import httpx

from cli.outcome import CommandError, Exit, Fault

_TIMEOUT = 30.0
_LOOPBACK = {"localhost", "127.0.0.1"}


class NotLoggedInError(CommandError):
    """Nobody is logged in, or the session has ended."""

    def __init__(self, message: str = "You are not logged in.") -> None:
        super().__init__(Exit.NOT_ALLOWED, "UNAUTHENTICATED", f"{message} Run: kundeapp login")


class Gateway:
    """A gateway by its URL.

    Every method raises CommandError when it refuses or does not answer.
    """

    def __init__(self, url: str, language: str = "en") -> None:
        """Takes the URL, and the language to be answered in."""
        self.url = url
        self._language = language

    def get(self, path: str, token: str) -> Mapping[str, Any]:
        """Returns the JSON object that a path shows."""
        answer: Mapping[str, Any] = self._send("GET", path, None, token).json()
        return answer

    def post(
        self, path: str, body: Mapping[str, object], token: str | None = None
    ) -> Mapping[str, Any]:
        """Sends a JSON object and returns the one that is answered."""
        answer: Mapping[str, Any] = self._send("POST", path, body, token).json()
        return answer

    def patch(self, path: str, body: Mapping[str, object], token: str) -> Mapping[str, Any]:
        """Changes something with a JSON object and returns the one that is answered."""
        answer: Mapping[str, Any] = self._send("PATCH", path, body, token).json()
        return answer

    def delete(self, path: str, token: str) -> None:
        """Deletes something of the caller's."""
        self._send("DELETE", path, None, token)

    def _send(
        self, method: str, path: str, body: Mapping[str, object] | None, token: str | None
    ) -> httpx.Response:
        headers = {"Accept-Language": self._language, "Idempotency-Key": str(uuid4())}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            response = httpx.request(
                method,
                self.url + path,
                json=body,
                headers=headers,
                timeout=_TIMEOUT,
                # A proxy of the machine's cannot reach the machine itself.
                trust_env=httpx.URL(self.url).host not in _LOOPBACK,
            )
        except httpx.TransportError as error:
            message = f"The gateway at {self.url} does not answer: {error}"
            raise CommandError(Exit.UNREACHABLE, "UNAVAILABLE", message) from error
        if response.is_error:
            raise _refusal(response)
        return response


def _refusal(response: httpx.Response) -> CommandError:
    try:
        problem: Mapping[str, Any] = response.json()
    except ValueError:
        problem = {}
    code = str(problem.get("code", "INTERNAL"))
    message = str(problem.get("detail", f"HTTP {response.status_code}"))
    if code in {"UNAUTHENTICATED", "SESSION_ENDED"}:
        return NotLoggedInError("Your session has ended.")
    faults = tuple(
        Fault(str(error["field"]), str(error["code"]), str(error["detail"]))
        for error in problem.get("errors", ())
    )
    match response.status_code:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            status = Exit.NOT_ALLOWED
        case HTTPStatus.BAD_GATEWAY | HTTPStatus.SERVICE_UNAVAILABLE | HTTPStatus.GATEWAY_TIMEOUT:
            status = Exit.UNREACHABLE
        case _:
            status = Exit.REFUSED
    return CommandError(status, code, message, faults)
