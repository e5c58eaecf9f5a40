"""The login of a member of staff: kept in a file, renewed when it is old, traded for a token."""

import contextlib
import fcntl
import json
import os
from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from cli.outcome import CommandError, Exit, Fault

_TIMEOUT = 30.0
_MARGIN = timedelta(seconds=30)


@dataclass(frozen=True)
class Login:
    """A session at a gateway, as its file keeps it.

    Attributes:
        gateway: The gateway that issued the tokens.
        email: Who is logged in.
        access_token: The token for the gateway.
        access_token_expires_at: When it stops working, RFC 3339.
        refresh_token: The token to get the next one with.
    """

    gateway: str
    email: str
    access_token: str
    access_token_expires_at: str
    refresh_token: str

    def is_fresh(self, now: datetime) -> bool:
        """Whether the access token works for a while yet."""
        return now + _MARGIN < datetime.fromisoformat(self.access_token_expires_at)


class Sessions:
    """Logs in and out at a gateway, and keeps the login in a file for its owner only."""

    def __init__(self, gateway: str, file: Path) -> None:
        self._gateway = gateway
        self._file = file

    def log_in(self, email: str, password: str) -> Login:
        """Logs in.

        Raises:
            CommandError: The gateway refused or did not answer.
        """
        with self._client() as client:
            session = _post(client, "/v1/sessions", {"email": email, "password": password})
        with self._locked():
            return self._keep(email, session)

    def log_out(self) -> bool:
        """Ends the session; says whether there was one.

        Raises:
            CommandError: The gateway did not answer; the login is kept.
        """
        with self._locked(), self._client() as client:
            login = self.current()
            if login is None:
                return False
            # A session that has ended already is as good as ended.
            with contextlib.suppress(NotLoggedInError):
                token = self._fresh(client, login).access_token
                _send(client, "DELETE", "/v1/sessions/current", token=token)
            self._file.unlink(missing_ok=True)
            return True

    def internal_token(self) -> str:
        """Trades the login for a token that the services take.

        Raises:
            CommandError: Nobody is logged in, or is no member of staff, or the gateway is down.
        """
        with self._locked(), self._client() as client:
            login = self.current()
            if login is None:
                raise NotLoggedInError
            token = self._fresh(client, login).access_token
            return str(_post(client, "/v1/internalTokens", {}, token)["internalToken"])

    def current(self) -> Login | None:
        """Returns the login at this gateway that the file holds, if any."""
        try:
            login = Login(**json.loads(self._file.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        return login if login.gateway == self._gateway else None

    def _fresh(self, client: httpx.Client, login: Login) -> Login:
        if login.is_fresh(datetime.now(UTC)):
            return login
        body = {"refreshToken": login.refresh_token}
        return self._keep(login.email, _post(client, "/v1/sessions:refresh", body))

    def _keep(self, email: str, session: Mapping[str, Any]) -> Login:
        login = Login(
            gateway=self._gateway,
            email=email,
            access_token=session["accessToken"],
            access_token_expires_at=session["accessTokenExpiresAt"],
            refresh_token=session["refreshToken"],
        )
        new = self._file.with_suffix(".new")
        new.unlink(missing_ok=True)
        new.touch(mode=0o600)
        new.write_text(json.dumps(asdict(login)))
        new.replace(self._file)
        return login

    @contextlib.contextmanager
    def _locked(self) -> Generator[None]:
        """Keeps two commands from spending the same refresh token."""
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(self._file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _client(self) -> httpx.Client:
        return httpx.Client(base_url=self._gateway, timeout=_TIMEOUT)


class NotLoggedInError(CommandError):
    """Nobody is logged in, or the session has ended."""

    def __init__(self, message: str = "You are not logged in.") -> None:
        super().__init__(Exit.NOT_ALLOWED, "UNAUTHENTICATED", f"{message} Run: kundeapp login")


def _post(
    client: httpx.Client, path: str, body: Mapping[str, object], token: str | None = None
) -> Mapping[str, Any]:
    answer: Mapping[str, Any] = _send(client, "POST", path, body, token).json()
    return answer


def _send(
    client: httpx.Client,
    method: str,
    path: str,
    body: Mapping[str, object] | None = None,
    token: str | None = None,
) -> httpx.Response:
    headers = {"Accept-Language": "en", "Idempotency-Key": str(uuid4())}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        response = client.request(method, path, json=body, headers=headers)
    except httpx.TransportError as error:
        message = f"The gateway at {client.base_url} does not answer: {error}"
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
    message = str(problem.get("detail") or problem.get("title") or f"HTTP {response.status_code}")
    if code in {"UNAUTHENTICATED", "SESSION_ENDED"}:
        return NotLoggedInError("Your session has ended.")
    faults = tuple(
        Fault(
            str(error.get("field", "")),
            str(error.get("code", "")),
            str(error.get("message") or error.get("detail") or ""),
        )
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
