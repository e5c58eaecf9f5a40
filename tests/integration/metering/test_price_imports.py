"""What an import of prices and of exchange rates does to what is stored."""

import asyncio
from datetime import date

import asyncpg
import numpy as np
import pytest

from services.metering.domain.calendar import day_of
from services.metering.domain.layout import Layout
from services.metering.domain.prices import UNKNOWN_PRICE
from services.metering.storage import PostgresReader
from tests.integration.metering.files import hours_of, prices
from tests.integration.metering.world import Metering, refused
from tests.unit.metering.prices_files import csv_rates, entsoe, point, rate_row


async def subjects(metering: Metering) -> list[str]:
    return [row["subject"] for row in await metering.sql("SELECT subject FROM outbox ORDER BY seq")]


async def amounts(metering: Metering) -> list[tuple[float, bool]]:
    rows = await metering.sql("SELECT * FROM spot_price ORDER BY starts_at")
    return [(float(row["nok_per_kwh_ex_vat"]), row["is_provisional"]) for row in rows]


async def test_prices_again_change_nothing_and_publish_nothing(metering: Metering) -> None:
    file = prices(hours_of("2026-04-06"))
    first = await metering.import_prices("NO3", file)
    assert (first.rows, first.created) == (24, 24)
    assert (first.first_start, first.last_end) == (
        "2026-04-06T00:00:00+02:00",
        "2026-04-07T00:00:00+02:00",
    )
    before = await metering.contents()
    again = await metering.import_prices("NO3", file)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 24)
    assert await metering.contents() == before
    assert await subjects(metering) == ["kundeapp.metering.area.NO3.priced"]


async def test_a_final_price_stands_whatever_provisional_one_comes(metering: Metering) -> None:
    hours = hours_of("2026-04-06")
    await metering.import_prices("NO3", prices(hours, "1"), provisional=True)
    final = await metering.import_prices("NO3", prices(hours[:12], "2"))
    assert final.changed == 12
    late = await metering.import_prices("NO3", prices(hours, "3"), provisional=True)
    assert (late.changed, late.unchanged) == (12, 12)
    assert await amounts(metering) == [(2, False)] * 12 + [(3, True)] * 12
    assert len(await subjects(metering)) == 3


async def test_prices_in_euro_wait_for_their_exchange_rates(metering: Metering) -> None:
    file = entsoe([point(1, "50.10"), point(2, "-5.32")])
    without = await metering.import_prices("NO3", file)
    assert (without.rows, without.created, without.refused) == (2, 0, 24)
    [problem] = without.problems
    assert problem.reason == "EXCHANGE_RATE_MISSING"
    assert "2026-02-10" in problem.text
    assert await subjects(metering) == []

    rates = await metering.import_exchange_rates(csv_rates(rate_row("2026-02-16", "11.5")))
    assert (rates.rows, rates.created, rates.first_date) == (1, 1, "2026-02-16")
    taken = await metering.import_prices("NO3", file)
    assert (taken.created, taken.refused) == (24, 0)
    assert await amounts(metering) == [(0.57615, False)] + [(-0.06118, False)] * 23


async def test_exchange_rates_again_change_nothing_and_others_replace_them(
    metering: Metering,
) -> None:
    file = csv_rates(rate_row("2026-02-16", "11.5"), rate_row("2026-02-17", "x"))
    first = await metering.import_exchange_rates(file)
    assert (first.created, first.refused) == (1, 1)
    assert [(each.where, each.reason) for each in first.problems] == [("line 3", "NOT_A_NUMBER")]
    before = await metering.contents()
    assert (await metering.import_exchange_rates(file)).unchanged == 1
    assert await metering.contents() == before
    other = await metering.import_exchange_rates(csv_rates(rate_row("2026-02-16", "11.6")))
    assert other.changed == 1
    [row] = await metering.sql("SELECT nok_per_eur FROM exchange_rate")
    assert float(row["nok_per_eur"]) == 11.6


async def test_prices_of_another_area_are_refused_whole(metering: Metering) -> None:
    with refused() as answer:
        await metering.import_prices("NO4", entsoe([point(1, "1")], area="NO3"))
    assert answer.refusal.reason == "BAD_FILE"
    assert answer.refusal.fields == [("file", "OTHER_PRICE_AREA")]


async def test_a_wrong_line_is_named_in_the_callers_language(metering: Metering) -> None:
    file = prices(hours_of("2026-04-06")).replace(b"1.00000", b"gratis", 1)
    report = await metering.import_prices("NO3", file)
    assert (report.rows, report.created, report.refused) == (24, 23, 1)
    [problem] = report.problems
    assert (problem.where, problem.reason) == ("line 2", "NOT_A_NUMBER")
    assert problem.text


async def test_two_imports_of_an_area_at_once_lose_nothing(metering: Metering) -> None:
    hours = hours_of("2026-04-06")
    await asyncio.gather(
        *(metering.import_prices("NO3", prices([hour], f"{n}")) for n, hour in enumerate(hours))
    )
    assert [amount for amount, _ in await amounts(metering)] == list(range(24))


async def test_the_days_of_an_area_are_shown_hour_by_hour(metering: Metering) -> None:
    await metering.import_prices("NO3", prices(hours_of("2026-10-25"), "0.5"), provisional=True)
    connection = await asyncpg.connect(metering.database_url)
    layout = Layout(np.arange(day_of(date(2026, 10, 24)), day_of(date(2026, 10, 27))))
    try:
        shown = await PostgresReader(connection).spot_days("NO3", layout)
    finally:
        await connection.close()
    before, changed, after = layout.slices()
    assert [len(shown.amounts[day]) for day in (before, changed, after)] == [24, 25, 24]
    assert set(shown.amounts[changed].tolist()) == {50_000}
    assert shown.provisional[changed].all()
    assert set(shown.amounts[before].tolist()) == {UNKNOWN_PRICE}


@pytest.mark.parametrize("area", ["", "SE3"])
async def test_an_area_that_there_is_not_is_refused(metering: Metering, area: str) -> None:
    with refused() as answer:
        await metering.import_prices(area, prices(hours_of("2026-04-06")))
    assert answer.refusal.fields == [("price_area", "NOT_A_CHOICE")]
