"""Columns in JSON, digit by digit."""

import json
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.transcoder import columns

INT32 = np.dtype("<i4")
INT64 = np.dtype("<i8")
UNKNOWN32 = -(2**31)
UNKNOWN64 = -(2**63)

SIZES = st.sampled_from([10**2, 10**5, 10**9, 10**14, 10**15, 10**16, 2**63 - 1])
INTEGERS = SIZES.flatmap(lambda size: st.lists(st.integers(-size, size), max_size=40))
REPEATS = st.sampled_from([1, 1, 127, 128, 300])


def expected(values: list[int], unknown: int, scale: int) -> list[Decimal | None]:
    return [None if value == unknown else Decimal(value).scaleb(-scale) for value in values]


def read(rendered: bytes) -> list[Decimal | None]:
    return json.loads(rendered, parse_float=Decimal, parse_int=Decimal)


class TestNumbers:
    @settings(deadline=None)
    @given(values=INTEGERS, with_unknown=st.booleans(), scale=st.integers(0, 12), repeats=REPEATS)
    @example(values=[UNKNOWN64 + 1, 2**63 - 1], with_unknown=True, scale=3, repeats=100)
    @example(values=[5939], with_unknown=False, scale=3, repeats=300)
    @example(values=[9999_999, -9999_999, 0, -1], with_unknown=True, scale=3, repeats=300)
    @example(values=[99_999, 0, 7], with_unknown=False, scale=3, repeats=300)
    @example(values=[100_000, 0], with_unknown=False, scale=3, repeats=300)
    @example(values=[10_000_000], with_unknown=True, scale=3, repeats=300)
    def test_every_digit_of_int64_is_there(
        self, *, values: list[int], with_unknown: bool, scale: int, repeats: int
    ) -> None:
        values = (values + [UNKNOWN64] * with_unknown) * repeats
        rendered = columns.numbers(np.array(values, INT64).tobytes(), columns.INT64, scale)
        assert read(rendered) == expected(values, UNKNOWN64, scale)

    @settings(deadline=None)
    @given(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=40), st.integers(0, 9), REPEATS)
    def test_every_digit_of_int32_is_there(
        self, values: list[int], scale: int, repeats: int
    ) -> None:
        values *= repeats
        rendered = columns.numbers(np.array(values, INT32).tobytes(), columns.INT32, scale)
        assert read(rendered) == expected(values, UNKNOWN32, scale)

    @pytest.mark.parametrize("count", [1, 200])
    def test_a_column_of_unknown_is_null(self, count: int) -> None:
        data = np.full(count, UNKNOWN32, INT32).tobytes()
        assert json.loads(columns.numbers(data, columns.INT32, 0)) == [None] * count

    def test_no_values_are_an_empty_list(self) -> None:
        assert columns.numbers(b"", columns.INT64, 3) == b"[]"

    def test_a_cut_value_is_refused(self) -> None:
        with pytest.raises(columns.MalformedColumn):
            columns.numbers(b"1234567", columns.INT64, 3)

    @given(st.integers(-(2**63), 2**63 - 1), st.integers(0, 18))
    def test_one_decimal_number_has_all_its_digits(self, value: int, scale: int) -> None:
        written = orjson.dumps([columns.number(value, scale)])
        assert read(written) == [Decimal(value).scaleb(-scale)]


ZONES = st.sampled_from(
    ["Europe/Oslo", "", "America/St_Johns", "Australia/Lord_Howe", "Asia/Tokyo"]
)
FROM_1972 = st.integers(63_072_000, 4_102_444_800)


class TestMoments:
    @settings(deadline=None, max_examples=50)
    @given(st.lists(FROM_1972, max_size=30), ZONES)
    def test_every_moment_has_the_offset_of_its_zone(self, seconds: list[int], zone: str) -> None:
        data = np.array(seconds, INT64).tobytes()
        local = [datetime.fromtimestamp(second, ZoneInfo(zone or "UTC")) for second in seconds]
        assert json.loads(columns.moments(data, zone)) == [moment.isoformat() for moment in local]

    @pytest.mark.parametrize("year", [1980, 2025, 2026, 2037, 2040])
    def test_a_year_of_hours_has_both_changes_of_the_clock(self, year: int) -> None:
        zone = ZoneInfo("Europe/Oslo")
        first, last = (int(datetime(y, 1, 1, tzinfo=zone).timestamp()) for y in (year, year + 1))
        seconds = range(first, last, 3600)
        data = np.array(seconds, INT64).tobytes()
        assert json.loads(columns.moments(data, "Europe/Oslo")) == [
            datetime.fromtimestamp(second, zone).isoformat() for second in seconds
        ]

    def test_the_two_hours_of_an_autumn_night_are_told_apart(self) -> None:
        start = int(datetime(2026, 10, 25, 0, tzinfo=ZoneInfo("UTC")).timestamp())
        data = np.array([start, start + 3600], INT64).tobytes()
        assert json.loads(columns.moments(data, "Europe/Oslo")) == [
            "2026-10-25T02:00:00+02:00",
            "2026-10-25T02:00:00+01:00",
        ]

    def test_no_moments_are_an_empty_list(self) -> None:
        assert columns.moments(b"", "Europe/Oslo") == b"[]"

    def test_an_offset_has_no_seconds_and_the_moment_is_still_right(self) -> None:
        # Monrovia was 44 minutes and 30 seconds behind; RFC 3339 can only say minutes.
        noon = int(datetime(1930, 1, 1, 12, tzinfo=ZoneInfo("UTC")).timestamp())
        (text,) = json.loads(columns.moments(np.array([noon], INT64).tobytes(), "Africa/Monrovia"))
        assert text == "1930-01-01T11:15:00-00:45"
        assert datetime.fromisoformat(text).timestamp() == noon


class TestRememberedMoments:
    def test_equal_columns_are_rendered_once(self) -> None:
        moments = columns.Moments()
        data = np.arange(10, dtype=INT64).tobytes()
        assert moments.render(data, "") is moments.render(bytes(bytearray(data)), "")

    def test_columns_that_differ_in_the_middle_are_not_mixed_up(self) -> None:
        moments = columns.Moments()
        one, other = ([0, 1, 9], [0, 2, 9])
        for seconds in (one, other, one):
            rendered = moments.render(np.array(seconds, INT64).tobytes(), "")
            assert rendered == columns.moments(np.array(seconds, INT64).tobytes(), "")

    def test_zones_are_not_mixed_up(self) -> None:
        moments = columns.Moments()
        data = np.zeros(1, INT64).tobytes()
        assert moments.render(data, "Europe/Oslo") != moments.render(data, "Asia/Tokyo")

    def test_what_is_remembered_has_a_bound(self) -> None:
        moments = columns.Moments(remembered_bytes=500)
        one, other = (np.arange(n, n + 10, dtype=INT64).tobytes() for n in (0, 1))
        first = moments.render(one, "")
        moments.render(other, "")
        again = moments.render(one, "")
        assert again == first
        assert again is not first
