"""Prices of hours and quarters, in kroner and in euro, final and provisional."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.metering.domain.calendar import day_of, first_hour, hour_of
from services.metering.domain.exchange_rates import ExchangeRate, merge_rates, rates_of_days
from services.metering.domain.files.values import parse_moment
from services.metering.domain.layout import Layout
from services.metering.domain.prices import (
    UNKNOWN_PRICE,
    Prices,
    SpotDays,
    SpotPricesImported,
    merge_prices,
)
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

DAY = date(2026, 2, 17)
RATE = ExchangeRate(date(2026, 2, 16), 11_500_000, "test")
FIRST = first_hour(DAY)


def taken(data: bytes, *rates: ExchangeRate) -> tuple[dict[int, int], list[tuple[str, str]]]:
    """Returns the price of each hour of 17 February by its number, and what is refused."""
    file = opened(data)
    prices = in_kroner(file.end(), rates, file.tally)
    amounts = dict(zip((prices.hours - FIRST).tolist(), prices.amounts.tolist(), strict=True))
    return amounts, [(problem.field, problem.reason) for problem in file.tally.problems]


def quarters(*prices: str, hour: int = 0) -> list[str]:
    return [
        f"2026-02-17T{hour:02}:{minute:02}:00+01:00;{price}"
        for minute, price in zip((0, 15, 30, 45), prices, strict=False)
    ]


class TestQuarters:
    def test_an_hour_costs_the_mean_of_its_quarters_rounded_once(self) -> None:
        amounts, _ = taken(csv_prices(*quarters("0.00001", "0.00001", "0.00002", "0.00002")))
        assert amounts == {0: 2}  # 1.5: half away from zero
        amounts, _ = taken(csv_prices(*quarters("-0.00001", "-0.00001", "-0.00002", "-0.00002")))
        assert amounts == {0: -2}
        amounts, _ = taken(csv_prices(*quarters("0.000014", "0.000014", "0.000014", "0.000014")))
        assert amounts == {0: 1}  # each rounded first would be the same; their sum would not

    @given(st.lists(st.integers(-(10**10), 10**10), min_size=4, max_size=4))
    def test_the_mean_is_exact(self, prices: list[int]) -> None:
        texts = [f"{Decimal(price).scaleb(-9):f}" for price in prices]
        amounts, _ = taken(csv_prices(*quarters(*texts)))
        mean = Decimal(sum(prices)).scaleb(-9) / 4
        assert amounts == {0: int((mean * 10**5).quantize(Decimal(1), ROUND_HALF_UP))}

    def test_an_hour_with_three_quarters_is_refused_and_the_rest_taken(self) -> None:
        rows = [*quarters("1", "1", "1"), *quarters("2", "2", "2", "2", hour=1)]
        assert taken(csv_prices(*rows)) == ({1: 200_000}, [("line 2", "QUARTERS_MISSING")])

    def test_a_quarter_alone_on_the_hour_is_no_hour_where_the_day_has_quarters(self) -> None:
        rows = [*quarters("1"), *quarters("2", "2", "2", "2", hour=1)]
        assert taken(csv_prices(*rows)) == ({1: 200_000}, [("line 2", "QUARTERS_MISSING")])

    def test_a_file_may_go_from_hours_to_quarters_at_midnight(self) -> None:
        rows = ["2026-02-16T23:00:00+01:00;3", *quarters("1", "1", "1", "1")]
        assert taken(csv_prices(*rows)) == ({-1: 300_000, 0: 100_000}, [])

    def test_a_price_that_comes_again_is_refused_and_the_first_one_kept(self) -> None:
        rows = ["2026-02-17T00:00:00+01:00;1", "2026-02-17T00:00:00+01:00;2"]
        assert taken(csv_prices(*rows)) == ({0: 100_000}, [("line 3", "TIME_REPEATED")])

    def test_a_broken_line_stops_nothing_else(self) -> None:
        rows = ["2026-02-17T00:00:00+01:00;x", "2026-02-17T01:00:00+01:00;-0.5"]
        assert taken(csv_prices(*rows)) == ({1: -50_000}, [("line 2", "NOT_A_NUMBER")])


class TestEntsoe:
    def test_euro_are_converted_with_the_rate_of_the_day(self) -> None:
        amounts, problems = taken(entsoe([point(1, "50.10"), point(2, "-5.32")]), RATE)
        assert amounts[0] == 57615  # 50.10 EUR/MWh * 11.5 kr/EUR = 0.57615 kr/kWh
        assert amounts[1] == -6118
        assert problems == []

    def test_a_position_that_is_left_out_has_the_price_before_it(self) -> None:
        amounts, _ = taken(entsoe([point(1, "10"), point(3, "20"), point(24, "30")]), RATE)
        expected = [11500] * 2 + [23000] * 21 + [34500]
        assert amounts == dict(enumerate(expected))

    def test_with_curve_type_a01_nothing_carries_on(self) -> None:
        amounts, _ = taken(entsoe([point(1, "10"), point(3, "20")], curve="A01"), RATE)
        assert amounts == {0: 11500, 2: 23000}

    def test_a_wrong_price_carries_nothing_on_into_what_follows(self) -> None:
        points = [point(1, "10"), point(3, "x"), point(6, "20")]
        amounts, problems = taken(entsoe(points), RATE)
        assert sorted(amounts) == [0, 1, *range(5, 24)]
        assert problems == [("point 2", "NOT_A_NUMBER")]

    def test_quarters_carry_on_as_well(self) -> None:
        points = [point(1, "10"), point(3, "20"), point(5, "30")]
        data = entsoe(points, end="2026-02-17T01:00Z", resolution="PT15M")
        assert taken(data, RATE)[0] == {0: 17250, 1: 34500}

    def test_a_day_of_25_hours_has_100_quarters(self) -> None:
        data = entsoe(
            [point(1, "10")],
            start="2026-10-24T22:00Z",
            end="2026-10-25T23:00Z",
            resolution="PT15M",
        )
        rate = ExchangeRate(date(2026, 10, 23), 10_000_000, "test")
        assert len(taken(data, rate)[0]) == 25

    @pytest.mark.parametrize(
        ("points", "reason"),
        [
            ([point(25, "1")], "POSITION_INVALID"),
            ([point(0, "1")], "POSITION_INVALID"),
            ([point(2, "1"), point(2, "1")], "POSITION_INVALID"),
            ([point(1, "10000.01")], "PRICE_TOO_LARGE"),
        ],
    )
    def test_a_wrong_point_is_named(self, points: list[str], reason: str) -> None:
        assert [each for _, each in taken(entsoe(points), RATE)[1]] == [reason]

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (entsoe([point(1, "1")], area="NO4"), "OTHER_PRICE_AREA"),
            (entsoe([point(1, "1")], code="10YFI-1--------U"), "OTHER_PRICE_AREA"),
            (entsoe([point(1, "1")], currency="NOK"), "NOT_EUR_PER_MWH"),
            (entsoe([point(1, "1")], unit="KWH"), "NOT_EUR_PER_MWH"),
            (entsoe([]), "NOTHING_FOUND"),
            (b"<Acknowledgement_MarketDocument/>", "NOTHING_FOUND"),
        ],
    )
    def test_a_document_about_something_else_is_refused_whole(
        self, data: bytes, reason: str
    ) -> None:
        with pytest.raises(BadFile) as refused:
            opened(data).end()
        assert [error.reason for error in refused.value.fields] == [reason]

    def test_a_price_beyond_reason_in_kroner_is_refused(self) -> None:
        dear = ExchangeRate(RATE.date, 99_000_000, "test")
        amounts, problems = taken(entsoe([point(1, "2000"), point(2, "1")]), dear)
        assert problems == [("point 1", "PRICE_TOO_LARGE")]
        assert amounts[1] == 9900


class TestExchangeRates:
    def test_the_newest_rate_of_the_last_week_holds(self) -> None:
        rates = [
            ExchangeRate(date(2026, 4, 1), 11, ""),  # Wednesday before Easter
            ExchangeRate(date(2026, 4, 7), 12, ""),
        ]
        days = np.array([day_of(date(2026, 4, day)) for day in (1, 2, 6, 7, 8, 14, 15)])
        before = np.array([day_of(date(2026, 3, 31))])
        amounts, known = rates_of_days(rates, days)
        assert amounts[:-1].tolist() == [11, 11, 11, 12, 12, 12]
        assert known.tolist() == [True] * 6 + [False]
        assert not rates_of_days(rates, before)[1].any()
        assert not rates_of_days([], before)[1].any()

    def test_the_days_without_a_rate_are_refused_once_each_and_say_what_to_import(self) -> None:
        file = opened(entsoe([point(1, "10")], end="2026-02-19T23:00Z"))
        rate = ExchangeRate(date(2026, 2, 11), 11_000_000, "test")
        prices = in_kroner(file.end(), [rate], file.tally)
        assert len(prices.hours) == 48
        assert file.tally.refused == 24
        [problem] = file.tally.problems
        assert problem.reason == "EXCHANGE_RATE_MISSING"
        assert problem.facts == {"date": "2026-02-19", "from": "2026-02-12"}

    def test_norges_banks_file_is_read(self) -> None:
        data = csv_rates(
            rate_row("2026-10-09", "10.7155"),
            rate_row("2026-10-09", "95.95", base="SEK", units="2"),
            rate_row("2026-10-08", "10,71"),
        )
        rates, problems = rates_of(data)
        assert [(rate.date.day, rate.nok_per_eur) for rate in rates] == [
            (8, 10_710_000),
            (9, 10_715_500),
        ]
        assert problems == []

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            (rate_row("2026-10-32", "10.7"), "NOT_A_DATE"),
            (rate_row("2026-10", "10.7"), "NOT_A_DATE"),
            (rate_row("2026-10-01", "ND"), "NOT_A_NUMBER"),
            (rate_row("2026-10-01", "0"), "EXCHANGE_RATE_TOO_LARGE"),
            (rate_row("2026-10-01", "100.1"), "EXCHANGE_RATE_TOO_LARGE"),
            (rate_row("2026-10-02", "10.7"), "TIME_REPEATED"),
            ("B;Business", "LINE_COLUMNS"),
        ],
    )
    def test_a_wrong_rate_is_named_and_the_rest_taken(self, row: str, reason: str) -> None:
        rates, problems = rates_of(csv_rates(rate_row("2026-10-02", "10.7"), row))
        assert problems == [("line 3", reason)]
        assert len(rates) == 1

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (csv_rates(), "FILE_EMPTY"),
            (csv_rates(rate_row("2026-10-02", "9.5", base="USD")), "NOTHING_FOUND"),
            (b"date;rate\n2026-10-02;10.7", "FILE_HEADER"),
        ],
    )
    def test_a_file_without_rates_of_the_euro_is_refused(self, data: bytes, reason: str) -> None:
        with pytest.raises(BadFile) as refused:
            rates_of(data)
        assert [error.reason for error in refused.value.fields] == [reason]

    def test_rates_that_are_stored_already_change_nothing(self) -> None:
        other = ExchangeRate(RATE.date, 12_000_000, "test")
        assert merge_rates([RATE], [RATE]).written == []
        merged = merge_rates([RATE], [other])
        assert (merged.created, merged.changed, merged.unchanged) == (0, 1, 0)


class TestMerge:
    LAYOUT = Layout(np.array([day_of(DAY)]))

    def prices(self, *amounts: int) -> Prices:
        hours = np.arange(FIRST, FIRST + len(amounts))
        return Prices(hours, np.array(amounts, np.int32))

    def test_a_provisional_price_never_replaces_a_final_one(self) -> None:
        final = merge_prices(SpotDays.empty(self.LAYOUT), self.prices(1, 2), provisional=False)
        again = merge_prices(final.written, self.prices(9, 2, 3), provisional=True)
        assert (again.created, again.changed, again.unchanged) == (1, 0, 2)
        assert again.written.amounts[:4].tolist() == [1, 2, 3, UNKNOWN_PRICE]
        assert again.written.provisional[:3].tolist() == [False, False, True]

    def test_a_final_price_replaces_a_provisional_one_even_if_it_is_the_same(self) -> None:
        known = merge_prices(SpotDays.empty(self.LAYOUT), self.prices(1, 2), provisional=True)
        final = merge_prices(known.written, self.prices(1, 5), provisional=False)
        assert (final.created, final.changed, final.unchanged) == (0, 2, 0)
        assert not final.written.provisional[:2].any()
        again = merge_prices(final.written, self.prices(1, 5), provisional=False)
        assert again.unchanged == 2
        assert SpotPricesImported.of("NO3", again, provisional=False) is None

    def test_the_event_tells_the_hours_that_changed(self) -> None:
        known = merge_prices(SpotDays.empty(self.LAYOUT), self.prices(1, 2, 3), provisional=False)
        merged = merge_prices(known.written, self.prices(1, 7, 3), provisional=False)
        event = SpotPricesImported.of("NO3", merged, provisional=False)
        assert event is not None
        assert hour_of(event.from_time) == FIRST + 1 == hour_of(event.to_time) - 1
        assert event.from_time == parse_moment("2026-02-17T01:00:00+01:00")
        assert (event.new_prices, event.changed_prices) == (0, 1)
