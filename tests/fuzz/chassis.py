"""What every process reads: settings, key files, headers."""

import os
import tempfile
from datetime import UTC
from pathlib import Path
from typing import Any, Final
from unittest import mock

import orjson
from pydantic import ValidationError
from pydantic_settings import SettingsError

import gateway.config
import services.consent.config
import services.events.config
import services.identity.config
import services.metering.config
from cli import moments
from kit import jwt, texts
from kit.keyed_hash import KeyedHash, secret_keys
from kit.telemetry import Trace
from kit.tls import workload_of
from tests.fuzz.target import Target, read_or_refused, text_of

_SETTINGS: Final[tuple[Any, ...]] = (
    gateway.config.Settings,
    services.consent.config.Settings,
    services.events.config.Settings,
    services.identity.config.Settings,
    services.metering.config.Settings,
)


def settings(data: bytes) -> None:
    """The environment, a variable a line; every part has its own prefix in place of `X_`."""
    lines = (line.partition("=") for line in text_of(data).replace("\0", "").split("\n"))
    given = {name: value for name, _, value in lines if name}
    for kind in _SETTINGS:
        prefix = str(kind.model_config.get("env_prefix"))
        environment = {name.replace("X_", prefix, 1): value for name, value in given.items()}
        with mock.patch.dict(os.environ, environment, clear=True):
            read_or_refused(kind, ValidationError, SettingsError)


def keys(data: bytes) -> None:
    """Files of keys."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        path = Path(file.name)
        for read in (jwt.KeyFile(path).keys, jwt.KeyFile(path).signing_key):
            read_or_refused(read, ValueError)
        read_or_refused(lambda: KeyedHash(secret_keys(path), "test").of("x"), ValueError)


def headers(data: bytes) -> None:
    """Languages, traces, names in certificates, and facts of refusals as people are told them."""
    text = text_of(data)
    language = texts.language_of(text)
    assert bool(texts.said(text, language)) == bool(text)
    Trace.parse(text)
    workload_of([data])


def local_moments(data: bytes) -> None:
    """Moments as staff write them; each can be shown and sent."""

    def read() -> None:
        moment = moments.parse(text_of(data))
        assert moments.show(moment)
        assert moment.astimezone(UTC)

    read_or_refused(read, ValueError)


_EC: Final = jwt.generate_key("1").as_dict(private=True)
_OCT: Final = {"kty": "oct", "kid": "2026-01", "k": "A" * 43}

_ENVIRONMENT: Final = (
    b"X_TLS_CERTIFICATE=/c\nX_TLS_KEY=/k\nX_TLS_AUTHORITY=/a\nX_INTERNAL_KEYS=/i\n"
    b"X_DATABASE_URL=postgresql:///x\nX_NATS_URL=tls://x\nX_SECRET_KEYS=/s\nX_IDENTITY=x:1\n"
    b"X_EVENTS=x:1\nX_SIGNING_KEYS=/s\nX_SMTP_HOST=x\nX_METERING=x\nX_CONSENT=x\n"
    b'X_CONSUME_FROM=2026-01-01T00:00:00Z\nX_PASSKEY_ORIGINS=["https://x"]\n'
    b"X_TRACE_RATIO=0.5\nX_WEB_IDLE=PT30M\nX_ADMIN_PORT=1\nX_QUIET_FROM=22"
)

TARGETS: Final = (
    Target(
        "settings",
        settings,
        [_ENVIRONMENT],
        (b"=", b"X_TRACE_RATIO=nan", b"X_WEB_IDLE=P999999999D", b"X_PASSKEY_ORIGINS={"),
        3,
    ),
    Target(
        "files of keys",
        keys,
        [orjson.dumps({"keys": [_EC]}), orjson.dumps({"keys": [_OCT]})],
        (b'"kid":5', b'"kty":"RSA"', b'"k":"AA"', b"P-521", b"$"),
        20,
    ),
    Target(
        "headers",
        headers,
        [
            b"nb-NO,nb;q=0.9,en;q=0.8",
            b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            b"spiffe://kundeapp/workload/gateway",
            b"2026-03-02T12:00:00+01:00",
        ],
        (b";q=nan", b";q=1e999", b"q="),
        100,
    ),
    Target(
        "moments of staff",
        local_moments,
        [b"2026-12-05 19:00", b"2026-12-05T19:00:00+01:00"],
        (b"2026-10-25 02:30", b"0001-01-01 00:00", b"9999-12-31 23:59"),
        60,
    ),
)
