"""What consent reads: decisions, addresses, links in letters, news, settings, page tokens."""

import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import services.consent
from cli.consent.files import AnchorFile, read_texts
from cli.news.files import read_news
from cli.outcome import CommandError
from kit.errors import Invalid
from kit.keyed_hash import SecretKey
from services.consent.domain.channels import Channel
from services.consent.domain.consent_file import HEADER, ConsentFile
from services.consent.domain.contacts import address_of
from services.consent.domain.customer_service import BadCustomerService, parse_customer_service
from services.consent.domain.letters import Permit
from services.consent.domain.mailings import mailing_of
from services.consent.domain.notices import is_slug
from services.consent.domain.problems import BadFile
from services.consent.domain.releases import ReleaseLink
from services.consent.domain.unsubscribing import Subscription
from services.consent.handlers.consents import history
from services.consent.handlers.mailings import list_newest_first
from services.consent.handlers.verification import verify
from services.consent.letters.markdown import html_of
from services.consent.letters.markdown import text_of as text_of_markdown
from services.consent.servicer.fields import uuid_of
from services.consent.tokens import KeyedReleaseTokens, KeyedUnsubscribeTokens
from tests.fuzz.target import EmptyStore, Target, pieces, read_or_refused, run, text_of

_FOLDER = Path(services.consent.__file__).parent
KARI: Final = UUID("0190b2c4-7d1e-7c3a-9f55-3a6c1e0f4d21")
CONSENTS: Final = (
    ",".join(HEADER)
    + "\n100001,kraftklubben,email,given,2019-03-02T12:00:00Z,paper-form,Arkiv 2019/4512,1\n"
    + "100002,general,,withdrawn,2019-03-02T12:00:00+01:00,phone,Sak 12,\n"
).encode()


def consents(data: bytes) -> None:
    """The file of decisions that were made elsewhere; each can be stored as it was read."""
    whole = read_or_refused(lambda: _consents([data]), BadFile)
    assert read_or_refused(lambda: _consents(pieces(data)), BadFile) == whole


def _consents(parts: Iterable[bytes]) -> object:
    file = ConsentFile()
    for part in parts:
        file.feed(part)
    lines = list(file.lines())
    for line in lines:
        assert line.happened_at.astimezone(UTC) == line.happened_at
    return lines


def addresses(data: bytes) -> None:
    """E-mail addresses and phone numbers that staff look up or suppress."""
    text = text_of(data)
    address = address_of(text)
    assert address is None or address_of(address.value) == address
    is_slug(text)


_KEYS: Final = [SecretKey("new", b"n" * 32), SecretKey("old", b"o" * 32)]
UNSUBSCRIBE: Final = KeyedUnsubscribeTokens(_KEYS)
RELEASE: Final = KeyedReleaseTokens(_KEYS)
_SUBSCRIPTION: Final = Subscription(KARI, "kraftklubben", Channel.EMAIL)
_LINK: Final = ReleaseLink(KARI, UUID(int=5), datetime(2026, 4, 6, tzinfo=UTC))


def links(data: bytes) -> None:
    """Tokens of links in letters: only those that were made here are good, and as they were."""
    token = text_of(data)
    for tokens in (UNSUBSCRIBE, RELEASE):
        about = tokens.read(token)
        if about is not None:
            assert about in {_SUBSCRIPTION, _LINK}


def page_tokens(data: bytes) -> None:
    """Where a page begins, and other identifiers."""
    token = text_of(data)
    store: Any = EmptyStore()
    for work in (
        history(store, [], 1, token),
        list_newest_first(store, 1, token),
        verify(store, [], token),
    ):
        read_or_refused(lambda work=work: run(work), Invalid)
    read_or_refused(lambda: uuid_of("id", token), Invalid)
    read_or_refused(lambda: Permit.read(token), ValueError)
    if token.startswith("mailing/"):
        read_or_refused(lambda: mailing_of(token), ValueError)


def news(data: bytes) -> None:
    """News in Markdown: nothing in them becomes markup of the mail, or is loaded from elsewhere."""
    source = text_of(data)
    html = html_of(source).lower()
    for tag in ("<script", "<img", "<iframe", "<style", "<link", 'href="javascript', 'href="data'):
        assert tag not in html
    text_of_markdown(source)


def customer_service(data: bytes) -> None:
    """The settings file that says how customers reach the company."""
    read_or_refused(lambda: parse_customer_service(text_of(data)), BadCustomerService)


def command_files(data: bytes) -> None:
    """The files of news, notices and anchors that staff give to commands."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        path = Path(file.name)
        for read in (
            lambda: read_news(path),
            lambda: read_texts(path),
            lambda: AnchorFile(path).read(),
        ):
            read_or_refused(read, CommandError)


def _sections(file: str) -> list[bytes]:
    return (_FOLDER / file).read_bytes().split(b"\n\n")


TARGETS: Final = (
    Target("consents", consents, [CONSENTS], (b"expired", b"PUSH", b"+23:59"), 20),
    Target(
        "addresses to suppress",
        addresses,
        [b"kari@example.no", b"912 34 567", b"+47 (912) 34-567", "KARI@BLÅBÆR.no".encode()],
        inputs=100,
    ),
    Target(
        "links in letters",
        links,
        [UNSUBSCRIBE.of(_SUBSCRIPTION).encode(), RELEASE.of(_LINK).encode()],
        (b"_", b"="),
        100,
    ),
    Target(
        "page tokens of consent",
        page_tokens,
        [
            b"17",
            str(KARI).encode(),
            f"views/{KARI}".encode(),
            f"rows/5/{'a' * 64}/2/1".encode(),
            Permit(None, "kraftklubben", Channel.EMAIL, KARI).key.encode(),
            f"mailing/{KARI}".encode(),
        ],
        inputs=20,
    ),
    Target(
        "news",
        news,
        [
            b"# Hei\n\n* ein\n* to\n\n> sitat [her](https://example.no) ![b](https://x.no/y.png)\n",
            b"1. a\n   b  \n2. `c`\n\n```\n<script>\n```\n---\n<mailto:a@b.no>\n",
        ],
        (
            b"](javascript:",
            b"<img src=",
            b"&#x3c;",
            b"](data:",
            b"> " * 500,
            b"*" * 500,
            b"[" * 500,
        ),
        inputs=10,
    ),
    Target(
        "settings of customer service",
        customer_service,
        [(_FOLDER / "customer_service.toml").read_bytes()],
        (b"odd_day = [1]", b"99:99-00:00", b"2026-12-24", b"[" * 2000),
        10,
    ),
    Target(
        "files of commands",
        command_files,
        [
            b'purpose = "news"\n[nn]\nsubject = "Hei"\nbody = "Hei"\n',
            b'{"position": 1, "digest": "ab", "at": "2026"}\n',
            *(b"\xff", b"[" * 5000, b"x = " + b"[" * 5000),
            *_sections("notices.toml")[:8],
        ],
        (b"[[notice]]", b"[[purpose]]", b"rank = 99999999999", b"channels = [1]"),
        20,
    ),
)
