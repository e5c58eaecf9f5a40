import contextlib
import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit import texts
from services.metering.domain.pricing import parse_rate_book, rate_book_of
from services.metering.domain.problems import BadFile
from tests.unit.metering import rates

BOOK = parse_rate_book(rates.SHIPPED)

SMALL = """
[[vat]]
zones = ["STANDARD", "NORTH"]
percent = 25
from = 2005-01-01
to = 2020-01-01
source = "made up"

[[grid_company]]
name = "Here"
also_called = ["Here AS"]
from = 2005-01-01
source = "made up"

[[grid_company]]
name = "There"
from = 2005-01-01
source = "made up"

[[grid_energy]]
company = "Here"
bands = [{ name = "day", ore_per_kwh = 1.5, hours = "06-22" }, { name = "night", ore_per_kwh = 1 }]
holidays_too = ["12-24"]
from = 2005-01-01
source = "made up"

[[grid_capacity]]
company = "Here"
steps = [{ from_kw = 0, kr_per_year = 12 }, { from_kw = 2, kr_per_year = 24 }]
days = 3
from = 2005-01-01
source = "made up"

[[stromstotte]]
threshold_ore_per_kwh = 77
percent = 90
cap_kwh_per_month = { HOME = 5000 }
from = 2005-01-01
source = "made up"
"""
PRODUCT = """
[[product]]
name = "FIXED"
energy = "FIXED"
settlement = "NONE"
markup_ore_per_kwh = 0
monthly_fee_kr = 0
surplus_ore_per_kwh = 0
from = 2005-01-01
source = "made up"
"""


def test_the_shipped_rates_are_for_our_grid_companies_and_products() -> None:
    assert BOOK.companies == ["BKK", "Linja", "Linja Nord", "Linja Sør", "Nordvest Nett"]
    assert BOOK.products == ["FIXED", "NORGESPRIS", "SPOT"]


def test_each_shipped_rate_has_a_source() -> None:
    assert all(len(row.source) > 10 for row in BOOK.rows)


@pytest.mark.parametrize("name", ["BKK", "bkk", "Bkk as", "  BKK   AS "])
def test_a_grid_company_goes_by_any_of_its_names_without_case(name: str) -> None:
    assert BOOK.company(name) == "BKK"


def test_a_company_that_is_not_in_the_book_is_unknown() -> None:
    assert BOOK.company("BKK Nett") is None


def test_a_book_comes_back_whole_from_the_rows_it_is_stored_as() -> None:
    stored = [json.loads(json.dumps(row.data)) for row in BOOK.rows]
    assert stored == [row.data for row in BOOK.rows]
    assert rate_book_of(BOOK.rows).rows == BOOK.rows


def test_a_row_for_several_zones_is_stored_as_one_for_each() -> None:
    vat = [row for row in parse_rate_book(SMALL).rows if row.kind == "vat"]
    assert [(row.scope, row.data, row.to_date) for row in vat] == [
        ("NORTH", {"percent": 25}, date(2020, 1, 1)),
        ("STANDARD", {"percent": 25}, date(2020, 1, 1)),
    ]


def test_a_row_is_stored_in_the_words_of_the_file() -> None:
    [energy] = [row for row in parse_rate_book(SMALL).rows if row.kind == "grid_energy"]
    assert energy.data == {
        "bands": [
            {"name": "day", "ore_per_kwh": "1.5", "hours": "06-22"},
            {"name": "night", "ore_per_kwh": 1},
        ],
        "holidays_too": ["12-24"],
    }


@pytest.mark.parametrize(
    ("before", "after", "field", "reason"),
    [
        ("[[vat]]", "[[vat]", "TOML", "RATES_NOT_TOML"),
        ("[[vat]]", "[[moms]]", "moms", "NOT_A_CHOICE"),
        ("[[vat]]", "vat = 25\n[[enova]]", "vat", "NOT_A_CHOICE"),
        ("percent = 25\n", "", "vat row 1", "RATE_FIELD_MISSING"),
        ("percent = 25\n", "percent = 25\npct = 1\n", "vat row 1", "RATE_FIELD_UNKNOWN"),
        ("percent = 25\n", "percent = 25.001\n", "vat row 1", "RATE_TOO_FINE"),
        ("percent = 25\n", "percent = 1e99999999999999999999\n", "TOML", "RATES_NOT_TOML"),
        ("percent = 25\n", f"percent = 25 # {'x' * 1000}\n", "line 4", "LINE_TOO_LONG"),
        ("percent = 25\n", "percent = 101\n", "vat row 1", "RATE_FIELD_INVALID"),
        ("percent = 25\n", "percent = -1\n", "vat row 1", "RATE_FIELD_INVALID"),
        ("percent = 25\n", "percent = nan\n", "vat row 1", "RATE_FIELD_INVALID"),
        ("percent = 25\n", "percent = true\n", "vat row 1", "RATE_FIELD_INVALID"),
        ("percent = 25\n", 'percent = "much"\n', "vat row 1", "RATE_FIELD_INVALID"),
        ('"STANDARD", "NORTH"', '"SOUTH"', "vat row 1", "RATE_FIELD_INVALID"),
        ('["STANDARD", "NORTH"]', "[]", "vat row 1", "RATE_FIELD_INVALID"),
        ('["STANDARD", "NORTH"]', "25", "vat row 1", "RATE_FIELD_INVALID"),
        ('["STANDARD", "NORTH"]', '["NORTH", "NORTH"]', "vat row 1", "RATES_OVERLAP"),
        ("to = 2020-01-01", "to = 2005-01-01", "vat row 1", "NOT_AFTER_FROM"),
        ("to = 2020-01-01", "to = 2200-01-01", "vat row 1", "OUTSIDE_CALENDAR"),
        ("to = 2020-01-01", "to = 2020-01-01T00:00:00", "vat row 1", "RATE_FIELD_INVALID"),
        ('name = "There"', 'name = "here as"', "grid_company row 2", "RATE_NAME_TAKEN"),
        ('name = "There"', 'name = "Here"', "grid_company row 2", "RATES_OVERLAP"),
        ('name = "There"', 'name = ""', "grid_company row 2", "RATE_FIELD_INVALID"),
        ('"Here"\nbands', '"X"\nbands', "grid_energy row 1", "RATE_COMPANY_UNKNOWN"),
        ("ore_per_kwh = 1.5", "ore_per_kwh = 1.5001", "grid_energy row 1", "RATE_TOO_FINE"),
        ("ore_per_kwh = 1.5", "ore_per_kwh = 1000.1", "grid_energy row 1", "RATE_FIELD_INVALID"),
        ("ore_per_kwh = 1.5", "nok = 1", "grid_energy row 1", "RATE_FIELD_MISSING"),
        ("kwh = 1.5", "kwh = 1.5, o = 1", "grid_energy row 1", "RATE_FIELD_UNKNOWN"),
        (', hours = "06-22"', "", "grid_energy row 1", "BAND_FOR_THE_REST"),
        ("kwh = 1 }", "kwh = 1, months = [1] }", "grid_energy row 1", "BAND_FOR_THE_REST"),
        ('"06-22"', '"6-22"', "grid_energy row 1", "RATE_FIELD_INVALID"),
        ('"06-22"', '"06-06"', "grid_energy row 1", "RATE_FIELD_INVALID"),
        ('"06-22"', '"24-06"', "grid_energy row 1", "RATE_FIELD_INVALID"),
        ('hours = "06-22"', "months = [13]", "grid_energy row 1", "RATE_FIELD_INVALID"),
        ('hours = "06-22"', 'weekdays = ["mon"]', "grid_energy row 1", "RATE_FIELD_INVALID"),
        ('hours = "06-22"', "public_holidays = true", "grid_energy row 1", "RATE_FIELD_MISSING"),
        ('"12-24"', '"02-30"', "grid_energy row 1", "RATE_FIELD_INVALID"),
        ('"12-24"', '"24.12."', "grid_energy row 1", "RATE_FIELD_INVALID"),
        ("from_kw = 2", "from_kw = 0", "grid_capacity row 1", "STEPS_NOT_RISING"),
        ("from_kw = 0", "from_kw = 1", "grid_capacity row 1", "STEPS_NOT_RISING"),
        ("days = 3", "days = 0", "grid_capacity row 1", "RATE_FIELD_INVALID"),
        ("days = 3", "days = 29", "grid_capacity row 1", "RATE_FIELD_INVALID"),
        ("HOME = 5000", "HOUSE = 5000", "stromstotte row 1", "RATE_FIELD_INVALID"),
        ("percent = 90", "percent = 90\nore = 1", "stromstotte row 1", "RATE_FIELD_UNKNOWN"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_table_and_row(
    before: str, after: str, field: str, reason: str
) -> None:
    assert SMALL.count(before) >= 1
    with pytest.raises(BadFile) as refused:
        parse_rate_book(SMALL.replace(before, after, 1))
    error = refused.value.fields[0]
    assert (error.field, error.reason) == (field, reason)
    for language in ("nn", "nb", "en"):
        assert "{" not in texts.render(error.reason, language, error.facts).replace("{…}", "")


def test_a_fixed_price_is_asked_for_and_a_spot_product_has_none() -> None:
    fixed, spot = PRODUCT, PRODUCT.replace('energy = "FIXED"', 'energy = "SPOT"\nore_per_kwh = 5')
    for text, reason in ((fixed, "RATE_FIELD_MISSING"), (spot, "RATE_FIELD_UNKNOWN")):
        with pytest.raises(BadFile) as refused:
            parse_rate_book(text)
        [error] = refused.value.fields
        assert (error.field, error.reason) == ("product row 1", reason)
        assert error.facts["name"] == "ore_per_kwh"


def test_all_bad_rows_are_named_at_once() -> None:
    with pytest.raises(BadFile) as refused:
        parse_rate_book(
            SMALL.replace("percent = ", "percentage = ").replace("days = 3", "days = 0")
        )
    assert [error.field for error in refused.value.fields] == [
        "vat row 1",
        "grid_capacity row 1",
        "stromstotte row 1",
    ]
    assert refused.value.facts["badLines"] == 3


def test_rates_that_follow_each_other_do_not_overlap() -> None:
    later = SMALL[SMALL.index("[[vat]]") : SMALL.index("[[grid_company]]")]
    later = later.replace("to = 2020-01-01\n", "").replace("2005-01-01", "2020-01-01")
    assert len(parse_rate_book(SMALL + later).rows) == len(parse_rate_book(SMALL).rows) + 2
    with pytest.raises(BadFile) as refused:
        parse_rate_book(SMALL + later.replace("2020-01-01", "2019-12-31"))
    first = refused.value.fields[0]
    assert (first.field, first.reason) == ("vat row 2", "RATES_OVERLAP")
    assert first.facts == {"other": "vat row 1", "from": "2019-12-31"}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_a_file_holds_it_is_a_book_or_refused(data: st.DataObject) -> None:
    lines = [str(line) for line in (SMALL + PRODUCT).splitlines()]
    at = data.draw(st.integers(0, len(lines) - 1))
    odd = ["", "[[", "{", "]", '"', "= 1", "[]", "{}", "inf", "1e9999", "9" * 5000, "\0", "\ud7ff"]
    words = lines[at].split(" ")
    words[data.draw(st.integers(0, len(words) - 1))] = data.draw(
        st.one_of(st.sampled_from(odd), st.sampled_from(lines), st.text(max_size=5))
    )
    lines[at] = " ".join(words)
    with contextlib.suppress(BadFile):
        parse_rate_book("\n".join(lines))


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(BadFile) as refused:
        parse_rate_book("vat = " + "[\n" * 100_000)
    assert [error.reason for error in refused.value.fields] == ["RATES_NOT_TOML"]
