"""Rates for tests: those that are shipped, and made-up ones that change at awkward times."""

from datetime import date
from pathlib import Path

from hypothesis import strategies as st

import services.metering

SHIPPED = (Path(services.metering.__file__).parent / "rates.toml").read_text()

_MADE_UP = """
[[zone]]
price_areas = ["NO1", "NO2", "NO3", "NO5"]
zone = "STANDARD"
from = 2005-01-01
source = "made up"

[[zone]]
price_areas = ["NO4"]
zone = "NORTH"
from = 2005-01-01
source = "made up"

[[vat]]
zones = ["STANDARD"]
percent = {vat}
from = 2005-01-01
to = {change}
source = "made up"

[[vat]]
zones = ["STANDARD"]
percent = 25
from = {change}
source = "made up"

[[vat]]
zones = ["NORTH", "ACTION_ZONE"]
percent = 0
from = 2005-01-01
source = "made up"

[[consumption_tax]]
zones = ["STANDARD", "NORTH"]
ore_per_kwh = {ore}
from = 2005-01-01
to = {change}
source = "made up"

[[consumption_tax]]
zones = ["STANDARD"]
ore_per_kwh = 7.13
from = {later}
source = "made up"

[[enova]]
zones = ["STANDARD", "NORTH", "ACTION_ZONE"]
ore_per_kwh = 1
from = 2005-01-01
source = "made up"

[[stromstotte]]
threshold_ore_per_kwh = {ore}
percent = {percent}
cap_kwh_per_month = {{ HOME = {cap} }}
from = 2005-01-01
to = {later}
source = "made up"

[[stromstotte]]
threshold_ore_per_kwh = 77
percent = 90
cap_kwh_per_month = {{ HOME = 100, CABIN = 12.345 }}
from = {later}
source = "made up"

[[norgespris]]
ore_per_kwh = {ore}
cap_kwh_per_month = {{ HOME = {cap}, CABIN = 1 }}
from = 2005-01-01
to = {change}
source = "made up"

[[norgespris]]
ore_per_kwh = 40
cap_kwh_per_month = {{ HOME = {cap} }}
from = {change}
source = "made up"

[[grid_company]]
name = "Seasons"
also_called = ["Seasons AS"]
from = 2005-01-01
source = "made up"

[[grid_company]]
name = "Exempt"
zone = "ACTION_ZONE"
from = {change}
source = "made up"

[[grid_energy]]
company = "Seasons"
bands = [
    {{ name = "winter night", ore_per_kwh = 3.333, hours = "22-06", months = [10, 12, 1, 2, 3] }},
    {{ name = "holiday", ore_per_kwh = {ore}, weekdays = ["SAT", "SUN"], public_holidays = true }},
    {{ name = "odd days", ore_per_kwh = 8.001, hours = "00-24", weekdays = ["MON", "WED"] }},
    {{ name = "rest", ore_per_kwh = 0.1 }},
]
holidays_too = ["12-24", "03-30", "10-26"]
from = 2005-01-01
to = {later}
source = "made up"

[[grid_energy]]
company = "Exempt"
bands = [
    {{ name = "two", ore_per_kwh = {ore}, hours = "02-03", weekdays = ["SUN"] }},
    {{ name = "x", ore_per_kwh = {ore}, weekdays = ["THU", "FRI"], public_holidays = false }},
    {{ name = "rest", ore_per_kwh = 10.5 }},
]
from = 2005-01-01
source = "made up"

[[grid_capacity]]
company = "Seasons"
days = 3
steps = [{{ from_kw = 0, kr_per_year = 1000.01 }}, {{ from_kw = 2, kr_per_year = {year} }}]
from = 2005-01-01
to = {change}
source = "made up"

[[grid_capacity]]
company = "Seasons"
days = 2
steps = [
    {{ from_kw = 0, kr_per_year = 0 }},
    {{ from_kw = 1.5, kr_per_year = 77.7 }},
    {{ from_kw = 2, kr_per_year = 1200 }},
]
from = {change}
source = "made up"

[[grid_capacity]]
company = "Exempt"
days = 1
steps = [{{ from_kw = 0, kr_per_year = 5 }}, {{ from_kw = 1, kr_per_year = {year} }}]
from = 2005-01-01
to = {later}
source = "made up"

[[product]]
name = "SPOT"
energy = "SPOT"
settlement = "STROMSTOTTE"
markup_ore_per_kwh = {ore}
monthly_fee_kr = 39.01
surplus_ore_per_kwh = -2.5
from = 2005-01-01
to = {change}
source = "made up"

[[product]]
name = "SPOT"
energy = "FIXED"
ore_per_kwh = 80.005
settlement = "NONE"
markup_ore_per_kwh = 0
monthly_fee_kr = 0
surplus_ore_per_kwh = 4
from = {later}
source = "made up"

[[product]]
name = "NORGESPRIS"
energy = "SPOT"
settlement = "NORGESPRIS"
markup_ore_per_kwh = -1.001
monthly_fee_kr = {year}
surplus_ore_per_kwh = 0
from = 2005-01-01
source = "made up"

[[product]]
name = "FIXED"
energy = "FIXED"
ore_per_kwh = {ore}
settlement = "STROMSTOTTE"
markup_ore_per_kwh = 1
monthly_fee_kr = 11.11
surplus_ore_per_kwh = 0
from = 2005-01-01
source = "made up"
"""


@st.composite
def made_up(draw: st.DrawFn, change: date, later: date) -> str:
    """A file of rates that change at one date and then at another, or are unknown between."""

    def number(most: int, decimals: int) -> str:
        return f"{draw(st.integers(1, most * 10**decimals)) / 10**decimals:.{decimals}f}"

    return _MADE_UP.format(
        change=change,
        later=later,
        vat=number(30, 2),
        ore=number(99, 3),
        percent=number(100, 2),
        cap=number(60, 3),
        year=number(9999, 2),
    )
