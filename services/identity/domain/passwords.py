"""Which passwords are taken.

NIST SP 800-63B-4 (August 2025), 3.1.1.2: a length, no composition rules, every character of
Unicode, and a list of common, expected and compromised passwords that the whole password is
compared with. Comparing the word behind a password, and not only its letters, is our addition:
`Kundeapp2026!` is as easy to guess as `kundeapp`. Of compromised passwords there are too many for
that: those are compared as they stand.
"""

import unicodedata
from collections.abc import Callable, Iterable

from kit.errors import FieldError

LONGEST_PASSWORD = 128
SHORTEST_PASSWORD = 12

_LOOKALIKES = str.maketrans("0134578@$!€", "oieastbasie")
_KEYBOARD_RUNS = (
    "0123456789" * 3,
    "abcdefghijklmnopqrstuvwxyzæøå" * 2,
    "qwertyuiopåasdfghjkløæzxcvbnm",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "!@#$%^&*()_+",
    '!"#¤%&/()=?`',
)
_SHORTEST_WORD = 4
_SHORTEST_UNIT = 6


def normalise(password: str) -> str:
    """Returns the password as it is counted and hashed: NFKC, so that it is the same everywhere.

    The same letters reach us composed from one keyboard and decomposed from another.
    """
    return unicodedata.normalize("NFKC", password)


class PasswordRules:
    """The rules, with what is refused besides."""

    def __init__(
        self,
        refused: Iterable[str],
        has_leaked: Callable[[str], bool],
        shortest: int = SHORTEST_PASSWORD,
    ) -> None:
        """Takes what is refused.

        Args:
            refused: Words and passwords that are refused with whatever is hung on them.
            has_leaked: Tells whether a password stands in lists that have leaked, as it is.
            shortest: How long a password is at least, in characters.
        """
        self._refused = frozenset(form for word in refused for form in _forms(word))
        self._has_leaked = has_leaked
        self._shortest = shortest

    def error_in(self, password: str, email: str, field: str = "password") -> FieldError | None:
        """Returns what is wrong with a password, or None.

        Args:
            password: The password, normalised.
            email: The address that it is to be used with.
            field: The name of the field that it came in.
        """
        if len(password) < self._shortest:
            return FieldError(field, "PASSWORD_TOO_SHORT", {"shortest": self._shortest})
        if len(password) > LONGEST_PASSWORD:
            return FieldError(field, "PASSWORD_TOO_LONG", {"longest": LONGEST_PASSWORD})
        forms = _forms(password)
        if forms & (_forms(email) | _forms(email.rpartition("@")[0])):
            return FieldError(field, "PASSWORD_IS_EMAIL")
        if forms & self._refused or _is_run(password) or self._is_leaked(password):
            return FieldError(field, "PASSWORD_TOO_COMMON")
        return None

    def _is_leaked(self, password: str) -> bool:
        return self._has_leaked(password) or self._has_leaked(password.lower())


def words_of(text: str) -> Iterable[str]:
    """Returns the words of a list, one a line; lines that begin with # are comments."""
    return (line for line in text.splitlines() if line and not line.startswith("#"))


def _forms(text: str) -> frozenset[str]:
    """Returns what somebody who guesses would take a text for.

    Its letters and digits, in small letters: as they stand; without the digits and signs around
    them; with letters for the signs that look like them; and of each the part that repeats.
    """
    small = _small(text)
    start = next((at for at, sign in enumerate(small) if sign.isalpha()), len(small))
    end = next((at for at in range(len(small), 0, -1) if small[at - 1].isalpha()), 0)
    core = small[start:end]
    forms = {_alphanumeric(form) for form in (small, core, core.translate(_LOOKALIKES))}
    forms |= {_unit(form) for form in forms}
    return frozenset(form for form in forms if len(form) >= _SHORTEST_WORD)


def _is_run(password: str) -> bool:
    """Tells whether next to nothing is repeated, or the alphabet or the keyboard is run along."""
    small = _small(password)
    unit = _unit(_alphanumeric(small) or small)
    return len(unit) < _SHORTEST_UNIT or any(
        unit in run or unit[::-1] in run for run in _KEYBOARD_RUNS
    )


def _small(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _alphanumeric(text: str) -> str:
    return "".join(sign for sign in text if sign.isalnum())


def _unit(text: str) -> str:
    """Returns the shortest text that makes up this one when it is repeated."""
    return text[: (text + text).find(text, 1)] if text else text
