"""Households of a test's own, and the files in which an operator brings their hours and prices."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import httpx

from cli.moments import OSLO
from kit.local.processes import wait_until
from tests.e2e.suite import Customer, Done, Suite

Wh = Mapping[datetime, int]
"""Energy by the start of its hour."""

_PIN = "73520164"
_PASSWORD = "furutre-attmed-naustet"


@dataclass(frozen=True)
class Contract:
    """Who holds a metering point, from one date to another."""

    gsrn: str
    number: str
    first: str
    end: str = ""
    area: str = "NO1"
    grid_company: str = "BKK"
    product: str = "SPOT"


def take_in(suite: Suite, folder: Path, *contracts: Contract) -> Mapping[str, Customer]:
    """Imports contracts and who holds them, and lets each of these register.

    Returns:
        The customers, logged in, by number.
    """
    numbers = dict.fromkeys(contract.number for contract in contracts)
    registered = register(suite, folder, *numbers)
    bring_contracts(suite, folder, *contracts)
    # Metering learns from identity's events whose points they are.
    for contract in contracts:
        see = partial(_sees, registered[contract.number], contract.gsrn)
        assert wait_until(see, timeout=20)
    return registered


def register(suite: Suite, folder: Path, *numbers: str) -> Mapping[str, Customer]:
    """Imports customers and lets each of them register; returns them by number."""
    people = [
        f"{number},Kari Elvestrand,{_email(number)},+4799{number},{_PIN}" for number in numbers
    ]
    customers = _file(folder, "customers.csv", "customer_number,name,email,mobile,pin", people)
    brought(suite, "customers", customers)
    return {number: suite.register(number, _PIN, _email(number), _PASSWORD) for number in numbers}


def login_of(number: str) -> tuple[str, str]:
    """Returns the e-mail address and password with which a customer registered."""
    return _email(number), _PASSWORD


def bring_contracts(suite: Suite, folder: Path, *contracts: Contract) -> None:
    """Imports contracts of customers who are there."""
    rows = [
        f"{each.gsrn},{each.number},{each.first},{each.end},{each.area},{each.grid_company},"
        f'{each.product},"Elvevegen 1, 0123 Oslo"'
        for each in contracts
    ]
    header = "gsrn,customer_number,from,to,price_area,grid_company,product,address"
    brought(suite, "metering-points", _file(folder, "points.csv", header, rows))


def brought(suite: Suite, kind: str, file: Path, *options: str) -> Mapping[str, Any]:
    """Imports a file of which nothing is refused; returns what the CLI printed."""
    done = imported(suite, kind, file, *options)
    assert done.status == 0, done.printed
    return done.printed


def imported(suite: Suite, kind: str, file: Path, *options: str) -> Done:
    """Imports a file, whatever comes of it."""
    return suite.cli("import", kind, str(file), *options)


def shown(customer: Customer, path: str, **query: str) -> Mapping[str, Any]:
    """Returns an answer, its numbers with every digit."""
    response = customer.get(path, **query).raise_for_status()
    answer: Mapping[str, Any] = json.loads(response.text, parse_float=Decimal)
    return answer


def wrong_fields(response: httpx.Response) -> Sequence[tuple[str, str]]:
    """Returns which fields of a request were refused, and why."""
    assert response.status_code == 422, response.text
    return [(each["field"], each["code"]) for each in response.json()["errors"]]


def hours(first: str, end: str) -> Sequence[datetime]:
    """Returns the hours from one local date to another, as clocks show them."""
    start, stop = (
        int(datetime.combine(date.fromisoformat(day), time(), OSLO).timestamp())
        for day in (first, end)
    )
    return [_hour_at(second) for second in range(start, stop, 3600)]


def after(hour: datetime) -> datetime:
    """Returns the next hour, which need not be the next on the clock."""
    return _hour_at(int(hour.timestamp()) + 3600)


def portal(
    folder: Path,
    wh: Wh,
    *,
    quality: Callable[[datetime], str] = lambda _: "Målt",
    registered: str = "2026-07-01T06:30:00+02:00",
    meter: str = "Forbruk",
) -> Path:
    """Writes hours as Elhub's customer portal exports them."""
    header = "\ufeffFra;Til;Målenavn;Volum;Enhet;Kvalitet;Registreringstidspunkt"
    rows = [
        f"{hour.isoformat()};{after(hour).isoformat()};KWH 60 {meter};{_kwh(value, ',')};kWh;"
        f"{quality(hour)};{registered}"
        for hour, value in wh.items()
    ]
    return _file(folder, f"{meter}.csv", header, rows)


def old_portal(folder: Path, wh: Wh) -> Path:
    """Writes hours as the portal exported them before: by the clock, without a zone."""
    rows = [
        f'{hour:%d.%m.%Y %H:%M},{after(hour):%d.%m.%Y %H:%M},"{_kwh(value, ",")}",Målt'
        for hour, value in wh.items()
    ]
    return _file(folder, "old.csv", "Fra,Til,KWH 60 Forbruk,Kvalitet", rows)


def elhub_json(folder: Path, wh_of: Mapping[str, Wh]) -> Path:
    """Writes the hours of metering points as Elhub's API gives them."""
    points = [
        {
            "meteringPointId": gsrn,
            "direction": "CONSUMPTION",
            "meterValues": [
                {
                    "startTime": hour.isoformat(),
                    "endTime": after(hour).isoformat(),
                    "quantityKwh": _kwh(value, "."),
                    "quality": "MEASURED",
                    "lastUpdatedTime": "2026-07-01T06:30:00+02:00",
                }
                for hour, value in wh.items()
            ],
        }
        for gsrn, wh in wh_of.items()
    ]
    file = folder / "readings.json"
    file.write_text(json.dumps({"data": points}))
    return file


def elhub_xml(folder: Path, gsrn: str, wh: Wh) -> Path:
    """Writes hours that follow each other as Elhub's message to suppliers tells them."""
    starts = list(wh)
    observations = "\n".join(
        f'<Observation Sequence="{place}"><Metered>{_kwh(value, ".")}</Metered></Observation>'
        for place, value in enumerate(wh.values(), start=1)
    )
    file = folder / "readings.xml"
    file.write_text(
        f"""<?xml version="1.0" encoding="UTF-8"?>
<NotifyValidatedDataForBillingEnergy xmlns="urn:no:elhub:emif:metering:v1">
<PayloadEnergyTimeSeries>
<InsertDateTime>2026-07-01T06:30:00+02:00</InsertDateTime>
<ObservationPeriodTimeSeriesPeriod><ResolutionDuration>PT1H</ResolutionDuration>
<Start>{starts[0].isoformat()}</Start><End>{after(starts[-1]).isoformat()}</End>
</ObservationPeriodTimeSeriesPeriod>
<ProductIncludedProductCharacteristics>
<Identification schemeAgencyIdentifier="9">8716867000030</Identification><UnitType>KWH</UnitType>
<Direction>Out</Direction></ProductIncludedProductCharacteristics>
<MeteringPointUsedDomainLocation>
<Identification schemeAgencyIdentifier="9">{escape(gsrn)}</Identification>
</MeteringPointUsedDomainLocation>
{observations}
</PayloadEnergyTimeSeries>
</NotifyValidatedDataForBillingEnergy>"""
    )
    return file


def prices(folder: Path, price_of: Mapping[datetime, int]) -> Path:
    """Writes spot prices, which are given in 1e-5 kr/kWh."""
    rows = [f"{hour.isoformat()};{price / 100_000:.5f}" for hour, price in price_of.items()]
    return _file(folder, "prices.csv", "start;nok_per_kwh_ex_vat", rows)


def entsoe(folder: Path, day: str, euro_per_mwh: Sequence[str], code: str) -> Path:
    """Writes the prices of a day's hours as ENTSO-E publishes them.

    Args:
        folder: Where to.
        day: The local date of delivery.
        euro_per_mwh: A price for each hour.
        code: The bidding zone's energy identification code.
    """
    start = datetime.combine(date.fromisoformat(day), time(), OSLO)
    end = start + timedelta(days=1)
    interval = "".join(
        f"<{name}>{moment.astimezone(UTC):%Y-%m-%dT%H:%MZ}</{name}>"
        for name, moment in (("start", start), ("end", end))
    )
    points = "".join(
        f"<Point><position>{place}</position><price.amount>{price}</price.amount></Point>"
        for place, price in enumerate(euro_per_mwh, start=1)
    )
    file = folder / "prices.xml"
    file.write_text(
        f"""<?xml version="1.0" encoding="utf-8"?>
<Publication_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3">
<mRID>68f4</mRID><type>A44</type>
<period.timeInterval>{interval}</period.timeInterval>
<TimeSeries><mRID>1</mRID>
<in_Domain.mRID codingScheme="A01">{code}</in_Domain.mRID>
<out_Domain.mRID codingScheme="A01">{code}</out_Domain.mRID>
<currency_Unit.name>EUR</currency_Unit.name>
<price_Measure_Unit.name>MWH</price_Measure_Unit.name><curveType>A03</curveType>
<Period><timeInterval>{interval}</timeInterval><resolution>PT60M</resolution>{points}</Period>
</TimeSeries></Publication_MarketDocument>"""
    )
    return file


def exchange_rates(folder: Path, rate_of: Mapping[str, str]) -> Path:
    """Writes what a euro cost in kroner on some dates as Norges Bank gives it."""
    header = (
        "FREQ;Frequency;BASE_CUR;Base Currency;QUOTE_CUR;Quote Currency;TENOR;Tenor;DECIMALS;"
        "CALCULATED;UNIT_MULT;Unit Multiplier;COLLECTION;Collection Indicator;TIME_PERIOD;OBS_VALUE"
    )
    rows = [
        "B;Business;EUR;Euro;NOK;Norwegian krone;SP;Spot;4;false;0;Units;C;"
        f"ECB concertation time 14:15 CET;{day};{rate}"
        for day, rate in rate_of.items()
    ]
    return _file(folder, "rates.csv", header, rows)


def _sees(customer: Customer, gsrn: str) -> bool:
    points = customer.get("/v1/meteringPoints").json()["meteringPoints"]
    return gsrn in [point["gsrn"] for point in points]


def _email(number: str) -> str:
    return f"kari.{number}@example.com"


def _hour_at(second: int) -> datetime:
    """With a plain offset: by a zone, Python takes the two hours at 02:00 for the same."""
    return datetime.fromisoformat(datetime.fromtimestamp(second, OSLO).isoformat())


def _kwh(wh: int, mark: str) -> str:
    sign, size = "-" if wh < 0 else "", abs(wh)
    return f"{sign}{size // 1000}{mark}{size % 1000:03d}"


def _file(folder: Path, name: str, header: str, rows: Iterable[str]) -> Path:
    file = folder / name
    file.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return file
