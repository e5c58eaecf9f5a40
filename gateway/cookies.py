"""Cookies: which requests may use them, and how they are written.

A browser sends cookies along whoever makes it call, so another site could have it call in the
customer's name (CSRF). Ours are `SameSite=Strict`, and beyond that count only in requests that our
own pages make: as Fetch Metadata tells (https://www.w3.org/TR/fetch-metadata/), and, of a browser
that sends none, as Origin does (RFC 6454). Both by the OWASP Cross-Site Request Forgery Prevention
Cheat Sheet, read 2026-11. No CSRF token is needed then, and none is kept.
"""

import re
from collections.abc import Mapping
from typing import Final

from gateway.transcoder import Kept
from kit import errors

PREFIX: Final = "__Host-kundeapp-"
"""What a browser gives to this host alone, over TLS alone (RFC 6265bis, 4.1.3.2)."""

ACCESS: Final = "access"
"""The cookie that counts as an Authorization header."""

OF_A_SESSION: Final = (ACCESS, "refresh")
"""The cookies that are worth nothing once their session has ended."""

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_ATTRIBUTES: Final = "Path=/; Secure; HttpOnly; SameSite=Strict"

# RFC 6265, 4.1.1: cookie-octet.
_VALUE: Final = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+")
# RFC 6265bis, 5.7: what browsers keep at most of name and value together.
_LONGEST: Final = 4096


class CrossSiteRequest(errors.Denied):
    """Another site may have made the browser send a request that uses cookies."""

    reason = "CROSS_SITE_REQUEST"


class Cookies:
    """The cookies of a request.

    A request with an Authorization header has none: it says itself who calls, and no other site can
    make a browser send one.

    Attributes:
        used: Whether one of them was taken.
    """

    __slots__ = ("_headers", "_method", "_origin", "used")

    def __init__(self, method: str, headers: Mapping[bytes, bytes], origin: str) -> None:
        """Keeps what they are taken from.

        Args:
            method: The HTTP method.
            headers: By lower-case name.
            origin: Where our own pages are: `https://host`.
        """
        self._method = method
        self._headers = headers
        self._origin = origin
        self.used = False

    def take(self, name: str) -> str | None:
        """Returns the value of a cookie, None without it.

        One that came twice is none: a browser keeps a single one of ours, so somebody else has set
        the other.

        Raises:
            CrossSiteRequest: If it is there, and another site may have made the browser send it.
        """
        header = self._headers.get(b"cookie")
        if header is None or b"authorization" in self._headers:
            return None
        pairs = (pair.strip().partition("=") for pair in header.decode("latin-1").split(";"))
        values = [value for key, _, value in pairs if key == PREFIX + name]
        if len(values) != 1 or not values[0]:
            return None
        self.refuse_cross_site()
        self.used = True
        return values[0]

    def refuse_cross_site(self) -> None:
        """Refuses the request unless it comes from a page of ours, or from none.

        Raises:
            CrossSiteRequest: If it may come from another site.
        """
        if not self._is_same_origin():
            raise CrossSiteRequest

    def _is_same_origin(self) -> bool:
        is_safe = self._method in _SAFE
        site = self._headers.get(b"sec-fetch-site")
        if site is not None:
            # `none` is an address that a person typed, which only reads.
            return site == b"same-origin" or (site == b"none" and is_safe)
        origin = self._headers.get(b"origin")
        return is_safe if origin is None else origin.decode("latin-1") == self._origin


def setting(kept: Kept) -> tuple[bytes, bytes]:
    """Returns the header that has a browser keep a cookie.

    Raises:
        ValueError: If a browser would not keep it as it is.
    """
    if not _VALUE.fullmatch(kept.value) or len(PREFIX + kept.name + kept.value) > _LONGEST:
        raise ValueError(f"the value of the cookie {kept.name} is none that a browser keeps")
    return _header(kept.name, kept.value, kept.seconds)


def removing(name: str) -> tuple[bytes, bytes]:
    """Returns the header that has a browser forget a cookie."""
    return _header(name, "", 0)


def _header(name: str, value: str, seconds: int) -> tuple[bytes, bytes]:
    return b"set-cookie", f"{PREFIX}{name}={value}; Max-Age={seconds}; {_ATTRIBUTES}".encode()
