"""Keys are renewed while customers go on."""

import json
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jws

from kit import jwt
from kit.local.processes import wait_until
from tests.e2e.suite import Suite

pytestmark = pytest.mark.e2e


class Customers:
    """Two who ask again and again, one of them renewing the token each time."""

    def __init__(self, suite: Suite) -> None:
        self._url = suite.url
        self._known: Mapping[str, Any] = suite.demo["customers"][2]
        self._stop = threading.Event()
        self.answers: list[int] = []
        self.key_ids: set[str] = set()

    @contextmanager
    def asking(self) -> Generator[None]:
        threads = [threading.Thread(target=work) for work in (self._stay, self._renew)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def answered(self, more: int) -> bool:
        """Waits until so many more answers have come."""
        enough = len(self.answers) + more
        return wait_until(lambda: len(self.answers) >= enough, 20)

    def _stay(self) -> None:
        token = self._log_in()["accessToken"]
        with httpx.Client(base_url=self._url, timeout=20) as http:
            while not self._stop.is_set():
                self._me(http, token)

    def _renew(self) -> None:
        session = self._log_in()
        with httpx.Client(base_url=self._url, timeout=20) as http:
            while not self._stop.is_set():
                body = {"refreshToken": session["refreshToken"]}
                renewed = http.post("/v1/sessions:refresh", json=body)
                self.answers.append(renewed.status_code)
                session = renewed.json()
                self._me(http, session["accessToken"])

    def _log_in(self) -> Mapping[str, Any]:
        body = {"email": self._known["email"], "password": self._known["password"]}
        session: Mapping[str, Any] = httpx.post(f"{self._url}/v1/sessions", json=body).json()
        return session

    def _me(self, http: httpx.Client, token: str) -> None:
        self.key_ids.add(str(jws.extract_compact(token.encode()).headers()["kid"]))
        answer = http.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
        self.answers.append(answer.status_code)


def _keys(file: Path) -> list[Mapping[str, Any]]:
    keys: list[Mapping[str, Any]] = json.loads(file.read_text())["keys"]
    return keys


def _write(file: Path, keys: list[Mapping[str, Any]]) -> None:
    new = file.with_suffix(".new")
    new.write_text(json.dumps({"keys": keys}))
    new.chmod(file.stat().st_mode)
    new.replace(file)


def test_signing_keys_are_renewed_and_no_request_fails(suite: Suite) -> None:
    pki = suite.data / "pki"
    access, internal = pki / "access-signing-keys.json", pki / "internal-signing-keys.json"
    public = pki / "internal-keys.json"
    customers = Customers(suite)
    with customers.asking():
        assert customers.answered(20)
        # The new key comes first, and the old one stays for as long as its tokens live.
        _write(access, [jwt.generate_key("access-new").as_dict(private=True), *_keys(access)])
        assert customers.answered(40)
        # Whoever checks a token must know a key before anybody signs with it.
        renewed = jwt.generate_key("internal-new")
        _write(public, [*_keys(public), renewed.as_dict(private=False)])
        assert customers.answered(20)
        _write(internal, [renewed.as_dict(private=True), *_keys(internal)])
        assert customers.answered(40)

    assert set(customers.answers) == {200}
    assert "access-new" in customers.key_ids
    assert len(customers.key_ids) == 2
