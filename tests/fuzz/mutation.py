"""Changes inputs as who makes a file by hand, by mistake or in malice changes them."""

import random
from collections.abc import Callable, Sequence
from typing import Final

from tests.fuzz.target import LONGEST_INPUT

_WORDS: Final = (
    *(b'"', b"'", b"<", b">", b"&", b";", b",", b"\n", b"\r", b"\t", b" ", b"\x00", b"\xff"),
    *(b"{", b"}", b"[", b"]", b"=", b":", b"/", b"%", b"%00", b"%ff", b".", b"-", b"+", b"@"),
    *(b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc3", "ß".encode(), "İ".encode(), "\uff11".encode()),
    *(b"\\u0000", b"\\ud800", b"null", b"true", b"NaN", b"-0", b"1e999999999", b"1E-9999999999"),
    *(b"9" * 20, b"9" * 150, b"9" * 4400, b"-1", b"0", b"2147483648", b"9223372036854775808"),
    *(b"2026-02-30", b"0001-01-01T00:00:00+23:59", b"9999-12-31T23:59:59-23:59"),
    *(b"2026-02-17T00:00:00", b"+24:00", b"x" * 1000, b"x" * 5000, b"[" * 3000, b"a." * 3000),
)


def mutated(data: bytes, seeds: Sequence[bytes], words: Sequence[bytes], seed: int) -> bytes:
    """Returns an input with a few changes, which follow from the seed.

    Args:
        data: The input.
        seeds: What parts are taken from.
        words: What means something in such inputs.
        seed: Tells which changes.
    """
    source = random.Random(seed)  # noqa: S311 - which bytes go is no secret
    known = (*_WORDS, *words)
    for _ in range(source.choice((1, 1, 2, 3, 6))):
        change = source.choice(_CHANGES)
        data = change(data, source, seeds, known)[:LONGEST_INPUT]
    return data


_Change = Callable[[bytes, random.Random, Sequence[bytes], Sequence[bytes]], bytes]


def _spot(data: bytes, source: random.Random, longest: int = 30) -> tuple[int, int]:
    start = source.randint(0, len(data))
    return start, min(len(data), start + source.randint(0, longest))


def _put_word(
    data: bytes, source: random.Random, _seeds: Sequence[bytes], words: Sequence[bytes]
) -> bytes:
    start, end = _spot(data, source)
    return data[:start] + source.choice(words) + data[source.choice((start, end)) :]


def _put_bytes(
    data: bytes, source: random.Random, _seeds: Sequence[bytes], _words: Sequence[bytes]
) -> bytes:
    start, end = _spot(data, source, 4)
    return data[:start] + source.randbytes(source.randint(0, 4)) + data[end:]


def _flip(
    data: bytes, source: random.Random, _seeds: Sequence[bytes], _words: Sequence[bytes]
) -> bytes:
    if not data:
        return data
    at = source.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << source.randrange(8)]) + data[at + 1 :]


def _repeat(
    data: bytes, source: random.Random, _seeds: Sequence[bytes], _words: Sequence[bytes]
) -> bytes:
    start, end = _spot(data, source)
    return data[:start] + data[start:end] * source.choice((2, 2, 3, 500)) + data[end:]


def _cut(
    data: bytes, source: random.Random, _seeds: Sequence[bytes], _words: Sequence[bytes]
) -> bytes:
    start, _ = _spot(data, source)
    return source.choice((data[:start], data[start:]))


def _cross(
    data: bytes, source: random.Random, seeds: Sequence[bytes], _words: Sequence[bytes]
) -> bytes:
    other = source.choice(seeds)
    return data[: source.randint(0, len(data))] + other[source.randint(0, len(other)) :]


def _fields(separator: bytes) -> _Change:
    """Returns a change of what stands between separators: one goes, comes twice, or elsewhere."""

    def change(
        data: bytes, source: random.Random, seeds: Sequence[bytes], words: Sequence[bytes]
    ) -> bytes:
        fields = data.split(separator)
        at, to = source.randrange(len(fields)), source.randrange(len(fields))
        match source.randrange(5):
            case 0:
                del fields[at]
            case 1:
                fields.insert(to, fields[at])
            case 2:
                fields[at], fields[to] = fields[to], fields[at]
            case 3:
                fields[at] = source.choice(words)
            case _:
                fields[at] = source.choice(source.choice(seeds).split(separator))
        return separator.join(fields)

    return change


_CHANGES: Final[Sequence[_Change]] = (
    *(_put_word, _put_word, _put_bytes, _flip, _repeat, _cut, _cross),
    *(_fields(each) for each in (b"\n", b"\n", b";", b",", b'"', b"/", b"<")),
)
