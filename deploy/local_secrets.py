"""Prints the Secrets of the overlay `local`, with the keys of `make run` and new passwords.

`python -m deploy.local_secrets | kubectl apply --namespace kundeapp --filename -`
"""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cli.config import DataSettings
from cli.local.plan import SERVICES
from kit.local.pki import LocalPki

_URL = (
    "postgresql://{service}:{password}@postgres-rw:5432/{service}"
    "?sslmode=verify-full&sslrootcert=/etc/kundeapp/postgres/ca.crt"
)


def manifests(pki: LocalPki) -> Iterator[dict[str, Any]]:
    """Yields the Secrets.

    Args:
        pki: The keys, which have been made.
    """
    more = {
        "identity": {
            "signing-keys.json": pki.access_signing_keys,
            "secret-keys.json": pki.identity_secret_keys,
        },
        "consent": {"secret-keys.json": pki.consent_secret_keys},
    }
    for service in SERVICES:
        password = secrets.token_urlsafe(24)
        files = {"internal-keys.json": pki.internal_keys, **more.get(service, {})}
        url = _URL.format(service=service, password=password)
        yield _secret(
            f"{service}-secrets", {f"kundeapp_{service}_database_url": url, **_contents(files)}
        )
        yield {
            **_secret(f"postgres-{service}", {"username": service, "password": password}),
            "type": "kubernetes.io/basic-auth",
        }
    yield _secret("gateway-secrets", _contents({"signing-keys.json": pki.internal_signing_keys}))


def _secret(name: str, data: dict[str, str]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data}


def _contents(files: dict[str, Path]) -> dict[str, str]:
    return {name: path.read_text("ascii") for name, path in files.items()}


if __name__ == "__main__":
    local = LocalPki(DataSettings().data / "pki")
    local.prepare()
    print("\n---\n".join(map(json.dumps, manifests(local))))
