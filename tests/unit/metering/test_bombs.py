"""A file that would fill the memory, or never end, is refused before it does."""

import time

import pytest

from services.metering.domain.files.readings import open_readings_file
from services.metering.domain.files.series import ReadingsFile
from services.metering.domain.problems import BadFile

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMB = f'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY l0 "ha">{LAUGHS}]><l>&l9;</l>'
EXTERNAL = '<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><l>&x;</l>'
MEGABYTE = 1024 * 1024


def endless(start: bytes, piece: bytes) -> list[bytes]:
    """100 MB that never come to an end."""
    megabyte = piece * (MEGABYTE // len(piece))
    return [start, *[megabyte] * 100]


def feed_all(file: ReadingsFile, pieces: list[bytes]) -> None:
    for piece in pieces:
        list(file.feed(piece))
    list(file.end())


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        ([BOMB.encode()], "XML_DOCTYPE"),
        ([EXTERNAL.encode()], "XML_DOCTYPE"),
        ([b'<!DOCTYPE l SYSTEM "http://localhost/l.dtd"><l/>'], "XML_DOCTYPE"),
        ([b"<l>" * 10_000], "FILE_TOO_INTRICATE"),
        ([b"<l>", b"<m/>" * 10_001], "FILE_TOO_INTRICATE"),
        (
            ["<l {}>".format(" ".join(f'a{n}=""' for n in range(100))).encode()],
            "FILE_TOO_INTRICATE",
        ),
        (endless(b"<l>", b"ha"), "FILE_TOO_INTRICATE"),
        (endless(b'<l a="', b"ha"), "FILE_TOO_INTRICATE"),
        (endless(b"<!--", b"ha"), "FILE_TOO_INTRICATE"),
        ([b"[" * 10_000], "FILE_TOO_INTRICATE"),
        ([b"[" + b"9" * 5000 + b"]"], "FILE_TOO_INTRICATE"),
        (endless(b"[", b"9"), "FILE_TOO_INTRICATE"),
        (endless(b'["', b"a,"), "FILE_TOO_INTRICATE"),
        (endless(b"[", b"  "), "FILE_TOO_INTRICATE"),
        (endless(b"start;kwh\n", b"ha"), "LINE_TOO_LONG"),
    ],
    ids=lambda value: value if isinstance(value, str) else bytes(value[0][:12]).decode(),
)
def test_a_bomb_is_refused_before_it_goes_off(pieces: list[bytes], reason: str) -> None:
    started = time.process_time()
    file = open_readings_file(pieces[0])
    with pytest.raises(BadFile) as refused:
        feed_all(file, pieces)
    assert [error.reason for error in refused.value.fields] == [reason]
    assert time.process_time() - started < 1
