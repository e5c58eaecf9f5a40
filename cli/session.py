"""The login of a member of staff: kept in a file, renewed when it is old, traded for a token."""

import contextlib
import fcntl
import json
import os
import platform
from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from cli.config import Settings
from cli.gateway import Gateway, NotLoggedInError
from cli.private import write_private

_MARGIN = timedelta(seconds=30)
_LONGEST_DEVICE = 100


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

    def __init__(self, gateway: Gateway, file: Path) -> None:
        self._gateway = gateway
        self._file = file
        self._devices = file.with_name("devices.json")

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Takes the gateway and the file from the settings."""
        return cls(Gateway(settings.gateway), settings.session)

    def log_in(self, email: str, password: str, second_factor: str = "") -> Login:
        """Logs in.

        Raises:
            CommandError: The gateway refused or did not answer; with the code SECOND_FACTOR_NEEDED
                if the password is right.
        """
        login = {
            "email": email,
            "password": password,
            "secondFactor": second_factor,
            "device": f"kundeapp CLI, {platform.node()}"[:_LONGEST_DEVICE],
            "deviceToken": self._known_as().get(email, ""),
        }
        session = self._gateway.post("/v1/sessions", login)
        with self._locked():
            if session["deviceToken"]:
                known_as = {**self._known_as(), email: session["deviceToken"]}
                write_private(self._devices, json.dumps(known_as))
            return self._keep(email, session)

    def log_out(self) -> bool:
        """Ends the session; says whether there was one.

        Raises:
            CommandError: The gateway did not answer; the login is kept.
        """
        with self._locked():
            login = self.current()
            if login is None:
                return False
            # A session that has ended already is as good as ended.
            with contextlib.suppress(NotLoggedInError):
                token = self._fresh(login).access_token
                self._gateway.delete("/v1/sessions/current", token)
            self._file.unlink(missing_ok=True)
            return True

    def internal_token(self) -> str:
        """Trades the login for a token that the services take.

        Raises:
            CommandError: Nobody is logged in, or is no member of staff, or the gateway is down.
        """
        with self._locked():
            login = self.current()
            if login is None:
                raise NotLoggedInError
            token = self._fresh(login).access_token
            return str(self._gateway.post("/v1/internalTokens", {}, token)["internalToken"])

    def current(self) -> Login | None:
        """Returns the login at this gateway that the file holds, if any."""
        try:
            login = Login(**json.loads(self._file.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        return login if login.gateway == self._gateway.url else None

    def _known_as(self) -> Mapping[str, str]:
        """Returns what the accounts that have logged in here know this device by."""
        try:
            known: Mapping[str, str] = json.loads(self._devices.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return known

    def _fresh(self, login: Login) -> Login:
        if login.is_fresh(datetime.now(UTC)):
            return login
        body = {"refreshToken": login.refresh_token}
        return self._keep(login.email, self._gateway.post("/v1/sessions:refresh", body))

    def _keep(self, email: str, session: Mapping[str, Any]) -> Login:
        login = Login(
            gateway=self._gateway.url,
            email=email,
            access_token=session["accessToken"],
            access_token_expires_at=session["accessTokenExpiresAt"],
            refresh_token=session["refreshToken"],
        )
        write_private(self._file, json.dumps(asdict(login)))
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
