"""What is measured of readings and prices."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from kit.testing import eventually, metric
from tests.integration.metering.files import (
    GSRN,
    OTHER_GSRN,
    contracts,
    elhub,
    hours_of,
    prices,
)
from tests.integration.metering.world import Metering

TODAY = datetime.now(ZoneInfo("Europe/Oslo")).date()
BEFORE_YESTERDAY = (TODAY - timedelta(days=2)).isoformat()


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kit.gauges.MEASURE_SECONDS", 0.05)


def sampled() -> tuple[float | None, float | None]:
    """Returns how many hours there should be, and how many are missing."""
    name = "kundeapp_metering_sampled_hours"
    return metric(name, state="expected"), metric(name, state="missing")


async def test_hours_that_should_be_there_and_are_not_are_found(metering: Metering) -> None:
    hours = hours_of(BEFORE_YESTERDAY)
    await metering.import_contracts(
        contracts(f"{GSRN},1001,2026-01-01,", f"{OTHER_GSRN},1002,2026-01-01,")
    )
    await eventually(lambda: sampled() == (2 * len(hours), 2 * len(hours)))
    await metering.import_readings(GSRN, elhub(hours))
    await eventually(lambda: sampled() == (2 * len(hours), len(hours)))
    await metering.import_readings(OTHER_GSRN, elhub(hours[:-3]))
    await eventually(lambda: sampled() == (2 * len(hours), 3))


async def test_of_a_point_that_nobody_held_all_day_no_hour_is_missed(metering: Metering) -> None:
    yesterday = (TODAY - timedelta(days=1)).isoformat()
    await metering.import_contracts(
        contracts(
            f"{GSRN},1001,2026-01-01,{BEFORE_YESTERDAY}",
            f"{OTHER_GSRN},1002,{yesterday},",
        )
    )
    await metering.sql("INSERT INTO price_day VALUES ('NO1', '2026-01-01', '')")
    await eventually(lambda: prices_end("NO1"))  # measured after the contracts were there
    assert sampled() == (0, 0)


async def test_until_when_prices_are_known_is_told_by_area(metering: Metering) -> None:
    for area, days in (("NO3", 1), ("NO5", 2)):
        await metering.import_prices(area, prices(hours_of("2026-03-28", days)))
    # The clocks go forward on the 29th.
    await eventually(lambda: prices_end("NO5") == moment("2026-03-30T00:00:00+02:00"))
    assert prices_end("NO3") == moment("2026-03-29T00:00:00+01:00")


async def test_hours_that_imports_bring_are_counted_by_what_became_of_them(
    metering: Metering,
) -> None:
    def counted() -> dict[str, float]:
        outcomes = ("created", "changed", "unchanged", "refused")
        name = "kundeapp_metering_hours_total"
        return {outcome: metric(name, outcome=outcome) or 0 for outcome in outcomes}

    await metering.import_contracts(contracts(f"{GSRN},1001,2026-01-01,"))
    before = counted()
    for _ in range(2):
        await metering.import_readings(GSRN, elhub(hours_of("2026-04-01")))
    after = counted()
    assert {outcome: after[outcome] - before[outcome] for outcome in after} == {
        "created": 24,
        "changed": 0,
        "unchanged": 24,
        "refused": 0,
    }


def prices_end(area: str) -> float | None:
    return metric("kundeapp_metering_prices_end_timestamp_seconds", area=area)


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
