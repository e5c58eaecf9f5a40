"""The web client: the files that `make web` builds, and where people's addresses in it lead."""

import hashlib
import mimetypes
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Final

from gateway.app import SECURITY, Handler, Headers, Request, Response

INDEX: Final = "index.html"

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS: Final[Headers] = (
    (b"content-security-policy", _POLICY.encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(self), geolocation=(), microphone=()"),
    *SECURITY[1:],
)
_ENCODINGS: Final[Mapping[str, str]] = {"br": ".br", "gzip": ".gz"}
"""How files are packed when they are built, the smallest first."""

_FOR_EVER: Final = b"public, max-age=31536000, immutable"
"""For files whose names change with their content."""
_ASK_FIRST: Final = b"no-cache"

mimetypes.add_type("application/manifest+json", ".webmanifest")
mimetypes.add_type("text/javascript", ".js")


def files(folder: Path | None) -> Mapping[str, Handler]:
    """Returns what hands out the files of the built client, by path; `/` is its page.

    Args:
        folder: Where it is built; None for none of it.

    Raises:
        FileNotFoundError: If there is no client in the folder.
    """
    if folder is None:
        return {}
    if not (folder / INDEX).is_file():
        raise FileNotFoundError(f"{folder} holds no web client; build it with: make web")
    packed = tuple(_ENCODINGS.values())
    handed_out = {
        f"/{path.relative_to(folder).as_posix()}": _File(folder, path)
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in packed
    }
    return {**handed_out, "/": handed_out[f"/{INDEX}"]}


class _File:
    """A file in memory, plain and packed; it is answered with as the browser can unpack it."""

    def __init__(self, folder: Path, path: Path) -> None:
        self._plain = path.read_bytes()
        self._packed = {
            encoding: Path(f"{path}{suffix}").read_bytes()
            for encoding, suffix in _ENCODINGS.items()
            if Path(f"{path}{suffix}").is_file()
        }
        is_named_by_content = path.parent == folder / "assets"
        self._tag = f'"{hashlib.sha256(self._plain).hexdigest()[:32]}"'.encode()
        media_type = mimetypes.guess_type(path)[0] or "application/octet-stream"
        if media_type.startswith("text/"):
            media_type += "; charset=utf-8"
        self._headers: Headers = (
            (b"content-type", media_type.encode()),
            (b"cache-control", _FOR_EVER if is_named_by_content else _ASK_FIRST),
            (b"etag", self._tag),
            (b"vary", b"accept-encoding"),
            *_HEADERS,
        )

    async def __call__(self, request: Request) -> Response:
        """Answers a request for it."""
        if self._tag in request.headers.get(b"if-none-match", b""):
            return Response(HTTPStatus.NOT_MODIFIED, b"", self._headers)
        understood = _encodings(request.header(b"accept-encoding") or "")
        for encoding, content in self._packed.items():
            if encoding in understood:
                headers = (*self._headers, (b"content-encoding", encoding.encode()))
                return Response(HTTPStatus.OK, content, headers)
        return Response(HTTPStatus.OK, self._plain, self._headers)


def _encodings(header: str) -> set[str]:
    """Returns the encodings of an Accept-Encoding header that are not ruled out by `q=0`."""
    listed = (part.replace(" ", "").lower().partition(";q=") for part in header.split(","))
    return {name for name, _, quality in listed if not quality or quality.strip("0.") != ""}
