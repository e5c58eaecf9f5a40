"""Taking in what was decided elsewhere, with where it can be looked up."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kit.clock import Clock
from services.consent.domain.consent_file import ConsentFile, Faults, Line
from services.consent.domain.ledger import TOLERANCE, Actor, By, Change, Decision, Shown
from services.consent.domain.notices import Notice
from services.consent.domain.purposes import Purpose
from services.consent.domain.store import Store, Stores
from services.consent.handlers.ledger import record


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did.

    Attributes:
        rows: How many rows the file has, without the header.
        recorded: How many were written down; the others changed nothing.
    """

    rows: int
    recorded: int


async def import_consents(
    stores: Stores, clock: Clock, account_id: UUID, pieces: AsyncIterator[bytes]
) -> ImportReport:
    """Takes in decisions from a CSV file, all or none.

    They are written down in the order in which they were made, and what was decided later than one
    of them stays. Of two that were made at the same moment, a no wins.

    Args:
        stores: Opens transactions.
        clock: Tells the time.
        account_id: The member of staff who imports.
        pieces: The file.

    Raises:
        BadFile: If any line is bad; nothing is changed then.
    """
    file = ConsentFile()
    async for piece in pieces:
        file.feed(piece)
    lines = await asyncio.to_thread(file.lines)
    async with stores() as store:
        changes = await _changes(store, clock.now(), account_id, lines)
        entries = await record(store, clock, changes)
    return ImportReport(len(lines), len(entries))


@dataclass(frozen=True, slots=True)
class _Known:
    customers: Mapping[str, UUID]
    purposes: Mapping[str, Purpose]
    notices: Mapping[str, Notice]


async def _changes(
    store: Store, now: datetime, account_id: UUID, lines: Sequence[Line]
) -> Sequence[Change]:
    purposes = {purpose.id: purpose for purpose in await store.purposes()}
    known = _Known(
        await store.customers_by_number({line.customer_number for line in lines}),
        purposes,
        await store.notices({purpose.notice for purpose in purposes.values()}),
    )
    faults = Faults()
    for line in lines:
        _check(line, known, now, faults)
    faults.refuse()
    in_order = sorted(
        lines, key=lambda line: (line.happened_at, line.decision is not Decision.WITHDRAWN)
    )
    return [
        Change(
            known.customers[line.customer_number],
            line.purpose,
            line.channel,
            line.decision,
            By(Actor.STAFF, f"IMPORT/{line.source}", account_id, line.evidence),
            Shown(line.notice_version, b"", ""),
            line.happened_at,
            yields=True,
        )
        for line in in_order
    ]


def _check(line: Line, known: _Known, now: datetime, faults: Faults) -> None:
    if line.customer_number not in known.customers:
        faults.add(line.number, "UNKNOWN_CUSTOMER_NUMBER")
    if line.happened_at > now + TOLERANCE:
        faults.add(line.number, "IN_FUTURE")
    purpose = known.purposes.get(line.purpose)
    if purpose is None:
        faults.add(line.number, "UNKNOWN_PURPOSE")
        return
    if (line.purpose, line.channel) not in purpose.pairs:
        faults.add(line.number, "UNKNOWN_CHANNEL")
    newest = known.notices[purpose.notice].version
    needed = 1 if line.decision is Decision.GIVEN else 0
    if not needed <= line.notice_version <= newest:
        faults.add(line.number, "UNKNOWN_NOTICE_VERSION", newest=newest)
