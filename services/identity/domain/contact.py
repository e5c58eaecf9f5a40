"""E-mail addresses and mobile numbers: how they are written, and when two are the same."""

import re
import unicodedata

_LONGEST_EMAIL = 254
_LONGEST_LOCAL_PART = 64
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}")
_ATOM = r"[^\s\"(),:;<>@\[\\\].]+"
_LOCAL_PART = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")

_SEPARATORS = re.compile(r"[\s.()-]+")
_MOBILE = re.compile(r"\+[1-9][0-9]{6,14}")
_NORWEGIAN_MOBILE = re.compile(r"\+47[49][0-9]{7}")
_WITHOUT_COUNTRY = re.compile(r"[49][0-9]{7}")


def is_email(text: str) -> bool:
    """Tells whether a text is an e-mail address that mail can be sent to.

    Takes the dot-atom form of RFC 5321 and RFC 6531 with a domain of two labels or more; quoted
    local parts and addresses of machines without a name are refused, as no customer has one.
    """
    local_part, _, domain = text.rpartition("@")
    return (
        text.isprintable()
        and len(text.encode()) <= _LONGEST_EMAIL
        and len(local_part.encode()) <= _LONGEST_LOCAL_PART
        and _LOCAL_PART.fullmatch(local_part) is not None
        and _DOMAIN.fullmatch(domain) is not None
    )


def email_key(email: str) -> str:
    """Returns what two ways of writing the same address have in common.

    Case is left out although RFC 5321 lets it count in the local part: no provider that customers
    use tells `Kari@` from `kari@`, and people write both.
    """
    return unicodedata.normalize("NFKC", email.strip()).lower()


def mobile_number(text: str) -> str | None:
    """Returns a mobile number in E.164 (`+4791234567`), or None if it is none.

    Eight digits without a country are Norwegian. A Norwegian mobile number starts with 4 or 9
    (Nkom's numbering plan, E.164 series); of other countries only the length is checked.
    """
    compact = _SEPARATORS.sub("", text)
    if compact.startswith("00"):
        compact = "+" + compact[2:]
    if _WITHOUT_COUNTRY.fullmatch(compact):
        compact = "+47" + compact
    if compact.startswith("+47"):
        return compact if _NORWEGIAN_MOBILE.fullmatch(compact) else None
    return compact if _MOBILE.fullmatch(compact) else None
