"""Whatever a file holds, it is read or refused: nothing else can happen to whoever brings it."""

import random
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit import texts
from services.metering.domain.calendar import local_moment_of
from services.metering.domain.files.readings import open_readings_file
from services.metering.domain.files.series import ReadingsFile
from services.metering.domain.problems import BadFile
from services.metering.domain.quotes import in_kroner
from tests.unit.metering.prices_files import (
    csv_prices,
    csv_rates,
    entsoe,
    opened,
    point,
    rate_row,
    rates_of,
)
from tests.unit.metering.readings_files import (
    elhub_json,
    elhub_xml,
    metered,
    old_portal,
    portal,
    read,
    xml_series,
)

HOURS = [local_moment_of(hour) for hour in range(497_000, 497_003)]
OLD = [f'25.10.2026 0{hour}:00,25.10.2026 0{hour + 1}:00,"1,000",Målt' for hour in (1, 2, 2, 3)]

READINGS = [
    portal(HOURS),
    portal([HOURS[0]] * 3, minutes=15),
    old_portal(*OLD),
    elhub_json(HOURS),
    elhub_json(HOURS, minutes=15),
    elhub_xml(xml_series(HOURS[0], metered(count=3), 3)),
    b"start;kwh\n2026-04-01T00:00:00+02:00;1.5\n2026-04-01T01:00:00+02:00;2",
]
PRICES = [
    csv_prices("2026-02-17T00:00:00+01:00;1", "2026-02-17T01:15:00+01:00;-0.5"),
    entsoe([point(1, "1"), point(3, "-2.5"), point(24, "3")]),
]
RATES = csv_rates(rate_row("2026-10-09", "10.7155"), rate_row("2026-10-08", "10.71"))

TOKENS = [
    *(b'"', b"<", b">", b"&", b";", b",", b"\n", b"\x00", b"\xff", b"\xef\xbb\xbf", b"{", b"}"),
    *(b"[", b"]", b"null", b"1e999999999", b"-", b"9" * 150, b"</", b"/>", b"<!--", b"<![CDATA["),
    *(b"&amp;", b"&#0;", b"&x;", b"\\ud800", b"NaN", b"2026-02-30", b"0001-01-01T00:00:00Z"),
    *(b"9999-12-31T23:59:59Z", b"+24:00", b"true", b"\r", b"A03", b"PT15M", b"4294967296"),
]


@st.composite
def mutated(draw: st.DrawFn, files: list[bytes]) -> bytes:
    """A file with some bytes gone, doubled, moved or replaced."""
    data = draw(st.sampled_from(files))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 30)))
        other = draw(st.integers(0, len(data)))
        piece = draw(
            st.sampled_from([b"", data[start:end] * 2, data[other : other + 30]])
            | st.sampled_from(TOKENS)
            | st.binary(max_size=4)
        )
        data = data[:start] + piece + data[end:]
    return data


def expect_read_or_refused(act: Callable[[], object]) -> None:
    refusal = None
    try:
        act()
    except BadFile as refused:
        refusal = refused
    for error in refusal.fields if refusal else ():
        assert "{" not in texts.render(error.reason, "nn", error.facts)


@settings(max_examples=400, deadline=None)
@given(mutated(READINGS))
def test_readings_are_read_or_refused(data: bytes) -> None:
    def act() -> None:
        found = read(data)
        assert found.refused <= found.rows
        assert all(0 <= value[0] <= 1_000_000 for value in found.values.values())

    expect_read_or_refused(act)


@settings(max_examples=200, deadline=None)
@given(mutated(PRICES))
def test_prices_are_read_or_refused(data: bytes) -> None:
    def act() -> None:
        file = opened(data)
        prices = in_kroner(file.end(), rates_of(RATES)[0], file.tally)
        assert all(abs(amount) <= 10_000_000 for amount in prices.amounts.tolist())

    expect_read_or_refused(act)


@settings(max_examples=100, deadline=None)
@given(mutated([RATES]))
def test_rates_are_read_or_refused(data: bytes) -> None:
    expect_read_or_refused(lambda: rates_of(data))


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


def test_a_thousand_random_cuts_of_every_file_are_read_or_refused() -> None:
    source = random.Random(7)  # noqa: S311 - which bytes go is no secret
    for _ in range(1000):
        data = source.choice(READINGS)
        cut = data[: source.randrange(len(data))]
        expect_read_or_refused(lambda cut=cut: read(cut))
