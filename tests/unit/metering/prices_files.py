"""Files of prices and of exchange rates."""

from collections.abc import Iterable

from services.metering.domain.exchange_rates import ExchangeRate
from services.metering.domain.files.entsoe import AREA_CODES
from services.metering.domain.files.exchange_rates import ExchangeRatesFile
from services.metering.domain.files.prices import PricesFile, open_prices_file

PRICES_HEADER = "start;nok_per_kwh_ex_vat"
RATES_HEADER = (
    "FREQ;Frequency;BASE_CUR;Base Currency;QUOTE_CUR;Quote Currency;TENOR;Tenor;DECIMALS;CALCULATED"
    ";UNIT_MULT;Unit Multiplier;COLLECTION;Collection Indicator;TIME_PERIOD;OBS_VALUE"
)


def csv_prices(*rows: str) -> bytes:
    """Returns a file of prices in CSV."""
    return "\n".join([PRICES_HEADER, *rows]).encode()


def point(position: int, price: str) -> str:
    """Returns a price of ENTSO-E's document."""
    return f"<Point><position>{position}</position><price.amount>{price}</price.amount></Point>"


def entsoe(
    points: Iterable[str],
    start: str = "2026-02-16T23:00Z",
    end: str = "2026-02-17T23:00Z",
    resolution: str = "PT60M",
    area: str = "NO3",
    **replaced: str,
) -> bytes:
    """Returns a document of ENTSO-E with one period."""
    told = {"curve": "A03", "currency": "EUR", "unit": "MWH", "code": AREA_CODES[area]} | replaced
    return f"""<?xml version="1.0" encoding="utf-8"?>
<Publication_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3">
  <mRID>68f4</mRID><type>A44</type>
  <period.timeInterval><start>{start}</start><end>{end}</end></period.timeInterval>
  <TimeSeries>
    <mRID>1</mRID>
    <in_Domain.mRID codingScheme="A01">{told["code"]}</in_Domain.mRID>
    <out_Domain.mRID codingScheme="A01">{told["code"]}</out_Domain.mRID>
    <currency_Unit.name>{told["currency"]}</currency_Unit.name>
    <price_Measure_Unit.name>{told["unit"]}</price_Measure_Unit.name>
    <curveType>{told["curve"]}</curveType>
    <Period>
      <timeInterval><start>{start}</start><end>{end}</end></timeInterval>
      <resolution>{resolution}</resolution>
      {"".join(points)}
    </Period>
  </TimeSeries>
</Publication_MarketDocument>""".encode()


def rate_row(day: str, rate: str, base: str = "EUR", units: str = "0") -> str:
    """Returns a row of Norges Bank's file."""
    return (
        f"B;Business;{base};Euro;NOK;Norwegian krone;SP;Spot;4;false;{units};Units;C;"
        f"ECB concertation time 14:15 CET;{day};{rate}"
    )


def csv_rates(*rows: str) -> bytes:
    """Returns a file of exchange rates."""
    return "\n".join([RATES_HEADER, *rows]).encode()


def opened(data: bytes, area: str = "NO3") -> PricesFile:
    """Returns a file of prices that has been fed."""
    file = open_prices_file(data, area)
    file.feed(data)
    return file


def rates_of(data: bytes) -> tuple[list[ExchangeRate], list[tuple[str, str]]]:
    """Reads a file of exchange rates, and returns what is wrong with it as well."""
    file = ExchangeRatesFile()
    file.feed(data)
    rates = file.end()
    return rates, [(problem.field, problem.reason) for problem in file.tally.problems]
