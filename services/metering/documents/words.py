"""The words in files, in Nynorsk, Bokmål and English."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kit.texts import Language
from services.metering.domain.exports import Rows
from services.metering.domain.readings import Quality


@dataclass(frozen=True)
class FlowWords:
    """What the columns of one direction are called.

    Attributes:
        name: The direction.
        kwh: The energy.
        quality: How its value came to be.
        cost: What it costs; below zero where the customer is paid.
        missing: How many hours have no value.
        estimated: How many hours are estimates.
    """

    name: str
    kwh: str
    quality: str
    cost: str
    missing: str
    estimated: str


@dataclass(frozen=True)
class Words:
    """All words of a file."""

    start: str
    end: str
    utc: str
    day: str
    month: str
    total: str
    address: str
    metering_point: str
    power: str
    grid: str
    hours_sheet: str
    days_sheet: str
    months_sheet: str
    qualities: Mapping[int, str]
    missing: str
    consumption: FlowWords
    production: FlowWords


WORDS: Final[Mapping[Language, Words]] = {
    "nn": Words(
        start="Start",
        end="Slutt",
        utc="UTC",
        day="Dag",
        month="Månad",
        total="Sum",
        address="Adresse",
        metering_point="målepunkt",
        power="Straum kr",
        grid="Nett kr",
        hours_sheet="Timar",
        days_sheet="Dagar",
        months_sheet="Månader",
        qualities={
            Quality.MEASURED: "Målt",
            Quality.CALCULATED: "Berekna",
            Quality.FINAL_ESTIMATED: "Endeleg estimert",
            Quality.ESTIMATED: "Estimert",
            Quality.TEMPORARY: "Mellombels",
        },
        missing="Manglar",
        consumption=FlowWords(
            name="Forbruk",
            kwh="Forbruk kWh",
            quality="Kvalitet forbruk",
            cost="Kostnad kr",
            missing="Timar som manglar",
            estimated="Estimerte timar",
        ),
        production=FlowWords(
            name="Produksjon",
            kwh="Produksjon kWh",
            quality="Kvalitet produksjon",
            cost="Kostnad produksjon kr",
            missing="Produksjon: timar som manglar",
            estimated="Produksjon: estimerte timar",
        ),
    ),
    "nb": Words(
        start="Start",
        end="Slutt",
        utc="UTC",
        day="Dag",
        month="Måned",
        total="Sum",
        address="Adresse",
        metering_point="målepunkt",
        power="Strøm kr",
        grid="Nett kr",
        hours_sheet="Timer",
        days_sheet="Dager",
        months_sheet="Måneder",
        qualities={
            Quality.MEASURED: "Målt",
            Quality.CALCULATED: "Beregnet",
            Quality.FINAL_ESTIMATED: "Endelig estimert",
            Quality.ESTIMATED: "Estimert",
            Quality.TEMPORARY: "Midlertidig",
        },
        missing="Mangler",
        consumption=FlowWords(
            name="Forbruk",
            kwh="Forbruk kWh",
            quality="Kvalitet forbruk",
            cost="Kostnad kr",
            missing="Timer som mangler",
            estimated="Estimerte timer",
        ),
        production=FlowWords(
            name="Produksjon",
            kwh="Produksjon kWh",
            quality="Kvalitet produksjon",
            cost="Kostnad produksjon kr",
            missing="Produksjon: timer som mangler",
            estimated="Produksjon: estimerte timer",
        ),
    ),
    "en": Words(
        start="Start",
        end="End",
        utc="UTC",
        day="Day",
        month="Month",
        total="Total",
        address="Address",
        metering_point="metering point",
        power="Power NOK",
        grid="Grid NOK",
        hours_sheet="Hours",
        days_sheet="Days",
        months_sheet="Months",
        qualities={
            Quality.MEASURED: "Measured",
            Quality.CALCULATED: "Calculated",
            Quality.FINAL_ESTIMATED: "Final estimate",
            Quality.ESTIMATED: "Estimated",
            Quality.TEMPORARY: "Temporary",
        },
        missing="Missing",
        consumption=FlowWords(
            name="Consumption",
            kwh="Consumption kWh",
            quality="Quality of consumption",
            cost="Cost NOK",
            missing="Missing hours",
            estimated="Estimated hours",
        ),
        production=FlowWords(
            name="Production",
            kwh="Production kWh",
            quality="Quality of production",
            cost="Cost of production NOK",
            missing="Production: missing hours",
            estimated="Production: estimated hours",
        ),
    ),
}


def qualities(hours: Rows, words: Words) -> Sequence[str]:
    """Says of each hour how its value came to be; nothing of one that is not over."""
    columns = zip(hours.qualities.tolist(), hours.missing_hours.tolist(), strict=True)
    return [
        words.missing if missing else words.qualities.get(quality, "")
        for quality, missing in columns
    ]
