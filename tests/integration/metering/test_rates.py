"""Rate books: what an import does to what is stored, and to what customers see."""

import asyncio
from collections.abc import AsyncIterator

import grpc
import pytest

from kundeapp.metering.v1 import rates_pb2 as pb
from tests.integration.metering.files import GSRN, RATES, contracts, elhub, hours_of, prices
from tests.integration.metering.world import Metering, refused

DAY = ("2026-04-06", "2026-04-07")
DEARER = RATES.replace("ore_per_kwh = 1\n", "ore_per_kwh = 2\n")
"""Enova is an øre more, in all three zones."""


async def stored(metering: Metering) -> list[tuple[int, int]]:
    rows = await metering.sql(
        "SELECT revision, count(*) FROM rate GROUP BY revision ORDER BY revision"
    )
    return [(row["revision"], row["count"]) for row in rows]


async def cost(metering: Metering) -> int | None:
    [row] = await metering.sql("SELECT id FROM customer")
    usage = await metering.usage(row["id"], GSRN, "DAY", *DAY)
    return usage.total.cost if usage.total.HasField("cost") else None


async def with_a_day(metering: Metering) -> None:
    await metering.customer("1001")
    await metering.import_contracts(contracts(f"{GSRN},1001,2026-01-01,"))
    await metering.import_readings(GSRN, elhub(hours_of(DAY[0])))
    await metering.import_prices("NO5", prices(hours_of(DAY[0])))


async def test_a_book_is_stored_with_its_file_and_again_changes_nothing(
    metering: Metering,
) -> None:
    first = await metering.import_rates(RATES)
    assert first == pb.ImportRatesReport(rows=first.rows, created=first.rows, revision=1)
    again = await metering.import_rates(RATES)
    assert again == pb.ImportRatesReport(rows=first.rows, unchanged=first.rows, revision=1)
    assert await stored(metering) == [(1, first.rows)]
    [book] = await metering.sql("SELECT text FROM rate_book")
    assert book["text"] == RATES


async def test_another_book_replaces_it_as_a_whole_and_the_old_one_is_kept(
    metering: Metering,
) -> None:
    first = await metering.import_rates(RATES)
    report = await metering.import_rates(
        DEARER.replace('name = "FIXED"', 'name = "STEADY"') + '\n[[product]]\nname = "NEW"\n'
        'energy = "SPOT"\nsettlement = "NONE"\nmarkup_ore_per_kwh = 0\nmonthly_fee_kr = 0\n'
        'surplus_ore_per_kwh = 0\nfrom = 2026-01-01\nsource = "made up"\n'
    )
    assert report == pb.ImportRatesReport(
        rows=first.rows + 1,
        created=2,
        changed=3,
        removed=1,
        unchanged=first.rows - 4,
        revision=2,
    )
    assert await stored(metering) == [(1, first.rows), (2, first.rows + 1)]


async def test_a_rate_that_is_only_taken_out_is_gone(metering: Metering) -> None:
    await with_a_day(metering)
    first = await metering.import_rates(RATES)
    parts = RATES.split("\n[[")
    report = await metering.import_rates(
        "\n[[".join(part for part in parts if 'name = "SPOT"' not in part)
    )
    assert report == pb.ImportRatesReport(
        rows=first.rows - 1, removed=1, unchanged=first.rows - 1, revision=2
    )
    assert await cost(metering) is None


async def test_costs_follow_the_book_from_the_next_answer_on(metering: Metering) -> None:
    await with_a_day(metering)
    assert await cost(metering) is None
    await metering.import_rates(RATES)
    before = await cost(metering)
    assert before is not None
    await metering.import_rates(DEARER)
    assert await cost(metering) == before + 24 * 1000 * 1250
    await metering.import_rates(RATES)
    assert await cost(metering) == before


async def test_a_bad_book_is_refused_whole_and_the_old_one_holds(metering: Metering) -> None:
    await with_a_day(metering)
    await metering.import_rates(RATES)
    before = await cost(metering)
    with refused() as book:
        await metering.import_rates(DEARER.replace("percent = 25", "percent = 25.001"))
    assert book.refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert book.refusal.reason == "BAD_FILE"
    assert book.refusal.fields == [("vat row 1", "RATE_TOO_FINE")]
    assert await cost(metering) == before


@pytest.mark.parametrize(
    ("data", "field", "reason"),
    [
        (b"a = 1\n# \xff", "line 2", "LINE_NOT_UTF8"),
        (b"[[vat", "TOML", "RATES_NOT_TOML"),
        (b"#" * (1024 * 1024 + 1), "data", "PIECE_TOO_LARGE"),
    ],
)
async def test_what_is_no_file_of_rates_is_refused(
    metering: Metering, data: bytes, field: str, reason: str
) -> None:
    async def requests() -> AsyncIterator[pb.ImportRatesRequest]:
        yield pb.ImportRatesRequest(data=data)

    with refused() as book:
        await metering.stub.ImportRates(requests(), metadata=metering.operator())
    assert book.refusal.fields == [(field, reason)]


async def test_a_file_that_is_too_large_is_refused(metering: Metering) -> None:
    with refused() as book:
        await metering.import_rates("#" * (2 * 1024 * 1024 + 1))
    assert book.refusal.fields == [("data", "FILE_TOO_LARGE")]


async def test_two_imports_at_once_are_one_after_the_other(metering: Metering) -> None:
    reports = await asyncio.gather(*(metering.import_rates(RATES) for _ in range(4)))
    assert sorted(report.created > 0 for report in reports) == [False, False, False, True]
    assert {report.revision for report in reports} == {1}


async def test_a_contract_names_a_product_of_the_book(metering: Metering) -> None:
    await metering.import_rates(RATES)
    file = contracts(f"{GSRN},1001,2026-01-01,").replace(b"SPOT", b"GREEN")
    with refused() as products:
        await metering.import_contracts(file)
    assert products.refusal.fields == [("line 2", "NOT_A_CHOICE")]
