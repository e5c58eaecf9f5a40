"""Migrations run once, whoever starts them and however often."""

import asyncio

import pytest

from kit import migrations
from kit.testing import Neighbours
from tests.integration.kit.world import MIGRATIONS


async def empty_database(neighbours: Neighbours, name: str) -> str:
    await asyncio.to_thread(neighbours.postgres.create_database, name)
    return neighbours.postgres.url(name)


async def test_the_second_time_everything_is_up_to_date(
    neighbours: Neighbours, capsys: pytest.CaptureFixture[str]
) -> None:
    url = await empty_database(neighbours, "migrated_twice")
    for _ in range(2):
        await asyncio.to_thread(migrations.main, MIGRATIONS, url)
    assert capsys.readouterr().out.splitlines() == ["empty -> 0001", "0001: up to date"]


async def test_two_at_once_are_one(neighbours: Neighbours) -> None:
    url = await empty_database(neighbours, "migrated_at_once")
    outcomes = await asyncio.gather(*(migrations.upgrade(MIGRATIONS, url) for _ in range(5)))
    assert sorted(outcomes, key=str) == [("0001", "0001")] * 4 + [(None, "0001")]


async def test_a_database_that_is_down_is_said_plainly(neighbours: Neighbours) -> None:
    url = neighbours.postgres.url("x").replace(f":{neighbours.postgres.port}/", ":1/")
    with pytest.raises(SystemExit, match=r"out of reach .*retry"):
        await asyncio.to_thread(migrations.main, MIGRATIONS, url)
