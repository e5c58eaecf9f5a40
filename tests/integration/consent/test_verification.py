"""The ledger is checked: whatever is done to it beside the service is found and named."""

from collections.abc import AsyncGenerator, Sequence
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from cli.consent.files import AnchorFile
from kit.postgres import Connection
from kundeapp.consent.v1 import consents_pb2 as pb
from services.consent.domain import ledger
from services.consent.domain.anchors import START
from services.consent.handlers import verification
from services.consent.storage.ledger import entry_of
from tests.integration.consent.world import NOW, Consent, Customer, House, no, refused

CLUB = "kraftklubben"
KARI, OLA = Customer(), Customer()
_Problem = pb.VerifyLedgerResponse.Problem


@pytest.fixture(autouse=True)
async def decided(consent: Consent) -> None:
    """Ten rows: Kari's are 1, 2, 3, 7, 8, 9 and 10, and Ola's 4, 5 and 6."""
    await consent.publish_shipped()
    shown = await consent.show(KARI)
    await consent.change(KARI, *(shown.yes(CLUB, each) for each in ("EMAIL", "SMS", "POST")))
    await consent.change(OLA, shown.yes(CLUB, "EMAIL"), no(CLUB, "SMS"), no(CLUB, "POST"))
    await consent.change(KARI, no(CLUB, "EMAIL"), no(CLUB, "SMS"))
    await consent.change(KARI, shown.yes(CLUB, "EMAIL"), shown.yes(CLUB, "SMS"))


@pytest.fixture
async def intruder(house: House) -> AsyncGenerator[Connection]:
    """Somebody with all rights on the database, who takes the trigger away."""
    connection = await asyncpg.connect(house.url)
    await connection.execute("ALTER TABLE ledger DISABLE TRIGGER append_only")
    yield connection
    await connection.close()


def named(problems: Sequence[_Problem]) -> list[tuple[str, int, int]]:
    return [(_Problem.Kind.Name(each.kind), each.position, each.last_position) for each in problems]


async def test_a_ledger_that_nobody_touched_has_no_findings(consent: Consent) -> None:
    assert await consent.check() == []
    assert consent.anchor.position == 10
    assert await consent.check(consent.anchor) == []


async def test_the_digest_is_made_of_all_hashes_one_after_the_other(
    consent: Consent, house: House
) -> None:
    await consent.check()
    anchor = START
    for entry in await house.entries():
        anchor = anchor.after(entry.position, entry.hash)
    assert consent.anchor.digest == anchor.digest.hex()


@pytest.mark.parametrize(
    "change",
    [
        "decision = 'WITHDRAWN'",
        "notice_version = 7",
        "notice_sha256 = '\\x00'",
        "language = 'nb'",
        "actor = 'STAFF'",
        "actor_id = NULL",
        "source = 'STAFF'",
        "evidence = 'arkivet'",
        "happened_at = happened_at - interval '1 microsecond'",
        "recorded_at = recorded_at + interval '1 microsecond'",
        "purpose = 'general'",
        "channel = 'PUSH'",
        "customer_id = gen_random_uuid()",
        "previous_hash = hash",
    ],
)
async def test_a_row_that_was_changed_is_named_whichever_field_it_was(
    consent: Consent, intruder: Connection, change: str
) -> None:
    await intruder.execute(f"UPDATE ledger SET {change} WHERE position = 2")  # noqa: S608
    found = named(await consent.check())
    assert ("CHANGED", 2, 2) in found
    assert {position for kind, position, _ in found if kind == "CHANGED"} == {2}


async def test_the_customer_and_what_was_decided_are_named_too(
    consent: Consent, intruder: Connection
) -> None:
    await intruder.execute("UPDATE ledger SET evidence = 'x' WHERE position = 5")
    [problem] = await consent.check()
    assert (problem.customer_id, problem.purpose, problem.channel) == (str(OLA.id), CLUB, "SMS")


async def test_a_changed_row_with_a_new_hash_breaks_the_chain_of_its_customer(
    consent: Consent, house: House, intruder: Connection
) -> None:
    await consent.check()
    anchor = consent.anchor
    await intruder.execute("UPDATE ledger SET evidence = 'x' WHERE position = 3")
    [row] = await house.sql("SELECT * FROM ledger WHERE position = 3")
    forged = ledger.hash_of(entry_of(row))
    await intruder.execute("UPDATE ledger SET hash = $1 WHERE position = 3", forged)

    assert named(await consent.check()) == [("CHAIN_BROKEN", 7, 7)]
    assert named(await consent.check(anchor)) == [("CHAIN_BROKEN", 7, 7), ("REWRITTEN", 1, 10)]


async def test_a_row_that_was_removed_is_named_and_the_one_that_followed_it(
    consent: Consent, intruder: Connection
) -> None:
    await intruder.execute("DELETE FROM ledger WHERE position = 3")
    assert named(await consent.check()) == [
        ("MISSING", 3, 3),
        ("CHAIN_BROKEN", 7, 7),
        ("VIEW_DIFFERS", 3, 3),
    ]


async def test_all_rows_of_a_customer_that_were_removed_are_named(
    consent: Consent, intruder: Connection
) -> None:
    await intruder.execute("DELETE FROM ledger WHERE customer_id = $1", OLA.id)
    await intruder.execute("DELETE FROM consent WHERE customer_id = $1", OLA.id)
    assert named(await consent.check()) == [("MISSING", 4, 6)]


async def test_a_view_that_says_something_else_than_the_last_row_is_named(
    consent: Consent, house: House
) -> None:
    await house.sql(
        "UPDATE consent SET decision = 'GIVEN' WHERE customer_id = $1 AND channel = 'SMS'", OLA.id
    )
    await house.sql("DELETE FROM consent WHERE customer_id = $1 AND channel = 'POST'", KARI.id)
    await house.sql(
        "INSERT INTO consent VALUES ($1, 'general', 'SMS', 'GIVEN', 1, 99, now())", OLA.id
    )
    problems = await consent.check()
    found = {(each.customer_id, each.purpose, each.channel, each.position) for each in problems}
    assert found == {
        (str(OLA.id), CLUB, "SMS", 5),
        (str(KARI.id), CLUB, "POST", 3),
        (str(OLA.id), "general", "SMS", 99),
    }
    assert {kind for kind, _, _ in named(problems)} == {"VIEW_DIFFERS"}


async def cut(intruder: Connection) -> None:
    """Removes the last two rows, and has the view say what held before: nothing is left of them."""
    await intruder.execute("DELETE FROM ledger WHERE position > 8")
    await intruder.execute(
        """
        UPDATE consent SET decision = last.decision, position = last.position,
            notice_version = last.notice_version, decided_at = last.happened_at
        FROM ledger AS last
        WHERE last.position IN (7, 8) AND last.customer_id = consent.customer_id
            AND last.purpose = consent.purpose AND last.channel = consent.channel
        """
    )


async def test_a_tail_that_was_cut_is_found_by_an_anchor_and_by_nothing_else(
    consent: Consent, intruder: Connection
) -> None:
    await consent.check()
    anchor = consent.anchor
    await cut(intruder)
    assert await consent.check() == []
    assert named(await consent.check(anchor)) == [("CUT", 9, 10)]


async def test_a_history_that_was_written_anew_is_found_by_an_older_anchor(
    consent: Consent, intruder: Connection
) -> None:
    await consent.check()
    older = consent.anchor
    shown = await consent.show(OLA)
    await consent.change(OLA, shown.yes("general", "SMS"), shown.yes("general", "POST"))
    await consent.check(older)
    newer = consent.anchor

    await intruder.execute("DELETE FROM ledger WHERE position > 10")
    await intruder.execute("DELETE FROM consent WHERE position > 10")
    await consent.change(OLA, no("general", "SMS"), no("general", "POST"))

    assert await consent.check(older) == []
    assert named(await consent.check(older, newer)) == [("REWRITTEN", 11, 12)]
    # Of the anchors that no longer fit, the first one says all there is to say.
    await consent.change(OLA, no("general", "EMAIL"))
    wrong = pb.LedgerAnchor(position=13, digest=newer.digest)
    assert named(await consent.check(older, newer, wrong)) == [("REWRITTEN", 11, 12)]


async def test_anchors_that_an_intruder_has_made_up_are_found_out(
    consent: Consent, house: House
) -> None:
    async with house.store() as store:
        await store.add_anchor(START.after(10, b"made up"), NOW)
    assert named(await consent.check()) == [("REWRITTEN", 1, 10)]


async def test_an_anchor_is_made_once_a_day_and_told_of(consent: Consent, house: House) -> None:
    async def anchored() -> object:
        async with house.store() as store:
            return await verification.anchor(store, house.clock)

    assert await anchored() is not None
    await consent.check()
    [row] = await house.sql("SELECT position, digest FROM ledger_anchor")
    assert (row["position"], row["digest"].hex()) == (10, consent.anchor.digest)

    await consent.change(KARI, no("general", "SMS"))
    house.clock.advance(timedelta(hours=23))
    assert await anchored() is None
    house.clock.advance(timedelta(hours=1))
    assert await anchored() is not None
    house.clock.advance(timedelta(days=1))
    assert await anchored() is None
    assert await consent.check() == []
    events = await house.sql("SELECT subject FROM outbox WHERE type LIKE '%LedgerAnchored'")
    assert [row["subject"] for row in events] == [
        "kundeapp.consent.ledger.10.anchored",
        "kundeapp.consent.ledger.11.anchored",
    ]


async def test_a_cut_tail_is_found_by_the_anchors_of_the_service_too(
    consent: Consent, house: House, intruder: Connection
) -> None:
    async with house.store() as store:
        await verification.anchor(store, house.clock)
    await cut(intruder)
    assert named(await consent.check()) == [("CUT", 9, 10)]


async def test_a_ledger_of_many_parts_is_checked_part_by_part(
    consent: Consent,
    intruder: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await consent.check()
    anchor = consent.anchor
    monkeypatch.setattr(verification, "ROWS_A_PART", 3)
    monkeypatch.setattr(verification, "CUSTOMERS_A_PART", 1)
    assert await consent.check(anchor) == []
    assert consent.anchor == anchor
    await intruder.execute("UPDATE ledger SET evidence = 'x' WHERE position IN (2, 9)")
    await intruder.execute("UPDATE consent SET notice_version = 9")
    found = named(await consent.check(anchor))
    assert [each for each in found if each[0] == "CHANGED"] == [
        ("CHANGED", 2, 2),
        ("CHANGED", 9, 9),
    ]
    assert len(found) == 2 + 6


@pytest.mark.parametrize("token", ["x", "rows/1", "views/x", "rows/1/zz/0/0"])
async def test_a_token_that_came_from_no_part_is_refused(consent: Consent, token: str) -> None:
    async with consent.neighbours.channel(consent.port, workload="cli") as channel:
        stub = type(consent.stub)(channel)
        with refused("INVALID_FIELDS"):
            await stub.VerifyLedger(pb.VerifyLedgerRequest(page_token=token))


def test_a_file_of_anchors_grows_by_a_line(tmp_path: Path) -> None:
    file = AnchorFile(tmp_path / "anchors.jsonl")
    assert file.read() == []
    anchors = [pb.LedgerAnchor(position=each, digest=f"{each:064x}") for each in (3, 9)]
    for anchor in anchors:
        file.add(anchor, NOW)
    assert file.read() == anchors
