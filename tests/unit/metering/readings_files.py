"""Files of readings in every format, made of the same hours, and what they are read as."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.metering.domain.calendar import OSLO
from services.metering.domain.files.readings import open_readings_file
from services.metering.domain.files.series import Series
from services.metering.domain.readings import Direction, Quality

GSRN = "707057500000000001"
OTHER_GSRN = "707057500000000018"
REGISTERED = "2026-12-01T06:00:00+01:00"

ELHUB_HEADER = "Fra;Til;Målenavn;Volum;Enhet;Kvalitet;Registreringstidspunkt"


@dataclass(frozen=True)
class Read:
    """What a file was read as: values of all series, and what was refused."""

    values: dict[tuple[str | None, Direction, int], tuple[int, Quality, int]]
    rows: int
    refused: int
    problems: list[tuple[str, str]]

    def wh(self, direction: Direction = Direction.CONSUMPTION) -> list[int]:
        """The Wh of a direction, in order of time."""
        found = {key[2]: value[0] for key, value in self.values.items() if key[1] is direction}
        return [found[hour] for hour in sorted(found)]

    def hours(self, direction: Direction = Direction.CONSUMPTION) -> list[int]:
        """The hours of a direction by number."""
        return sorted(key[2] for key in self.values if key[1] is direction)


def read(*pieces: bytes) -> Read:
    """Reads a file that comes in pieces."""
    file = open_readings_file(b"".join(pieces)[:64])
    series = [each for piece in pieces for each in file.feed(piece)]
    series.extend(file.end())
    problems = [(problem.field, problem.reason) for problem in file.tally.problems]
    return Read(values_of(series), file.tally.rows, file.tally.refused, problems)


def values_of(
    series: Iterable[Series],
) -> dict[tuple[str | None, Direction, int], tuple[int, Quality, int]]:
    """Returns each value by its point, direction and hour; none may come twice."""
    values: dict[tuple[str | None, Direction, int], tuple[int, Quality, int]] = {}
    for each in series:
        columns = (
            each.readings.hours.tolist(),
            each.readings.wh.tolist(),
            each.readings.qualities.tolist(),
            each.readings.registered.tolist(),
        )
        for hour, wh, quality, registered in zip(*columns, strict=True):
            key = (each.gsrn, each.direction, hour)
            assert key not in values
            values[key] = (wh, Quality(quality), registered)
    return values


def hours_from(first: str, count: int) -> list[datetime]:
    """Returns hours as clocks show them, with their offset."""
    start = int(datetime.fromisoformat(first).timestamp())
    return [datetime.fromtimestamp(start + 3600 * each, OSLO) for each in range(count)]


def portal(
    starts: Sequence[datetime],
    minutes: int = 60,
    kwh: str = "1,000",
    meter: str = "Forbruk",
    quality: str = "Målt",
) -> bytes:
    """Returns a file of Elhub's portal, with the same value in each row."""
    rows = (
        f"{start.isoformat()};{later(start, minutes).isoformat()};KWH {minutes} {meter};{kwh};kWh;"
        f"{quality};{REGISTERED}"
        for start in starts
    )
    return "\n".join([ELHUB_HEADER, *rows]).encode()


def old_portal(*rows: str, header: str = "Fra,Til,KWH 60 Forbruk,Kvalitet") -> bytes:
    """Returns a file of Elhub's old portal; a row is the start, the end and the value."""
    return "\n".join([header, *rows]).encode()


def elhub_json(
    starts: Sequence[datetime],
    minutes: int = 60,
    kwh: object = 1.0,
    around: dict[str, object] | None = None,
) -> bytes:
    """Returns a file of Elhub's API, with the same value in each element."""
    values = [
        {
            "startTime": start.isoformat(),
            "endTime": later(start, minutes).isoformat(),
            "quantityKwh": kwh,
            "quality": "MEASURED",
            "lastUpdatedTime": REGISTERED,
        }
        for start in starts
    ]
    point = {"meteringPointId": GSRN, "direction": "CONSUMPTION"}
    return json.dumps({**(point if around is None else around), "meterValues": values}).encode()


XML_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<m:NotifyValidatedDataForBillingEnergy xmlns:m="urn:no:elhub:emif:metering:v1">
<m:Header><m:Identification>d2c1</m:Identification></m:Header>"""


def xml_series(
    first: datetime,
    observations: Iterable[str],
    count: int,
    resolution: str = "PT1H",
    **replaced: str,
) -> str:
    """Returns a series of Elhub's message."""
    minutes = 15 if resolution == "PT15M" else 60
    told = {
        "point": GSRN,
        "unit": "KWH",
        "product": "8716867000030",
        "direction": "Out",
        "end": later(first, minutes * count).isoformat(),
    } | replaced
    return f"""<m:PayloadEnergyTimeSeries>
<m:Identification>5f0c</m:Identification>
<m:RegistrationDateTime>2026-11-30T06:00:00+01:00</m:RegistrationDateTime>
<m:InsertDateTime>{REGISTERED}</m:InsertDateTime>
<m:ObservationPeriodTimeSeriesPeriod>
<m:ResolutionDuration>{resolution}</m:ResolutionDuration>
<m:Start>{first.isoformat()}</m:Start><m:End>{told["end"]}</m:End>
</m:ObservationPeriodTimeSeriesPeriod>
<m:ProductIncludedProductCharacteristics>
<m:Identification schemeAgencyIdentifier="9">{told["product"]}</m:Identification>
<m:UnitType listAgencyIdentifier="330">{told["unit"]}</m:UnitType>
<m:Direction>{told["direction"]}</m:Direction>
</m:ProductIncludedProductCharacteristics>
<m:MeteringPointUsedDomainLocation>
<m:Identification schemeAgencyIdentifier="9">{told["point"]}</m:Identification>
</m:MeteringPointUsedDomainLocation>
{"".join(observations)}</m:PayloadEnergyTimeSeries>"""


def metered(kwh: str = "1.000", first: int = 1, count: int = 1) -> Iterator[str]:
    """Yields observations with the same value."""
    for position in range(first, first + count):
        yield f'<m:Observation Sequence="{position}"><m:Metered>{kwh}</m:Metered></m:Observation>'


def elhub_xml(*series: str) -> bytes:
    """Returns a message of Elhub."""
    return "\n".join([XML_HEAD, *series, "</m:NotifyValidatedDataForBillingEnergy>"]).encode()


def later(moment: datetime, minutes: int) -> datetime:
    """Returns a moment that comes later, with the offset that clocks have then."""
    utc = moment.astimezone(ZoneInfo("UTC"))
    return (utc + timedelta(minutes=minutes)).astimezone(OSLO)
