"""Checking the ledger, and keeping what it was."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from kit.clock import Clock
from kit.errors import FieldError, Invalid
from services.consent.domain import anchors
from services.consent.domain.anchors import (
    ANCHORED_EVERY,
    LONGEST_ANCHORS,
    START,
    Anchor,
    Finding,
    Walk,
)
from services.consent.domain.published import LedgerAnchored
from services.consent.domain.store import Store

ROWS_A_PART: Final = 5_000
CUSTOMERS_A_PART: Final = 1_000

_ROWS = re.compile(r"rows/(\d{1,18})/([0-9a-f]{64})/(\d{1,18})/([01])")
_VIEWS = "views/"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a check.

    Attributes:
        findings: What is wrong.
        rows: How many rows were looked at.
        anchor: What the ledger is up to the last of them; None in the parts about what holds.
        next_token: Where the next part begins, empty on the last one.
    """

    findings: Sequence[Finding]
    rows: int
    anchor: Anchor | None
    next_token: str


async def verify(store: Store, known: Sequence[Anchor], token: str) -> Part:
    """Checks a part of the ledger: first its rows, then what holds by them.

    No part locks anything, and rows that are written meanwhile are looked at in their turn.

    Args:
        store: The store.
        known: What the ledger was earlier, as it was kept elsewhere.
        token: Where the part begins, empty for the first one.

    Raises:
        Invalid: If the token came from no part, or there are too many anchors.
    """
    if len(known) > LONGEST_ANCHORS:
        raise Invalid(FieldError("anchors", "TOO_MANY_RECORDS", {"limit": LONGEST_ANCHORS}))
    if token.startswith(_VIEWS):
        return await _verify_views(store, _customer_of(token))
    walk = _walk_of(token) if token else Walk()
    own = [kept.anchor for kept in await store.anchors()]
    return await _verify_rows(store, walk, [*known, *own])


async def anchor(store: Store, clock: Clock) -> Anchor | None:
    """Keeps what the ledger is now, and tells of it, unless that was done within a day.

    Returns:
        The anchor, None if none was made.
    """
    await store.lock_anchors()
    kept = await store.anchors()
    now = clock.now()
    if kept and now - kept[-1].anchored_at < ANCHORED_EVERY:
        return None
    last = current = kept[-1].anchor if kept else START
    while hashes := await store.row_hashes(current.position, ROWS_A_PART):
        for position, row_hash in hashes:
            current = current.after(position, row_hash)
    if current == last:
        return None
    await store.add_anchor(current, now)
    store.publish(LedgerAnchored(current.position, current.digest.hex(), now))
    return current


async def _verify_rows(store: Store, walk: Walk, known: Sequence[Anchor]) -> Part:
    rows = await store.linked_entries(walk.at.position, ROWS_A_PART)
    walk, findings = await asyncio.to_thread(anchors.check, walk, rows, known)
    if len(rows) == ROWS_A_PART:
        return Part(findings, len(rows), walk.at, _token_of(walk))
    return Part([*findings, *anchors.check_end(walk, known)], len(rows), walk.at, _VIEWS)


async def _verify_views(store: Store, after: UUID | None) -> Part:
    customers = await store.customers_decided(after, CUSTOMERS_A_PART)
    findings = await store.wrong_views(customers)
    following = f"{_VIEWS}{customers[-1]}" if len(customers) == CUSTOMERS_A_PART else ""
    return Part(findings, 0, None, following)


def _token_of(walk: Walk) -> str:
    return f"rows/{walk.at.position}/{walk.at.digest.hex()}/{walk.agreed_at}/{walk.is_rewritten:d}"


def _walk_of(token: str) -> Walk:
    found = _ROWS.fullmatch(token)
    if found is None:
        raise Invalid(FieldError("page_token", "NOT_A_PAGE_TOKEN"))
    position, digest, agreed_at, is_rewritten = found.groups()
    at = Anchor(int(position), bytes.fromhex(digest))
    return Walk(at, int(agreed_at), is_rewritten == "1")


def _customer_of(token: str) -> UUID | None:
    text = token.removeprefix(_VIEWS)
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Invalid(FieldError("page_token", "NOT_A_PAGE_TOKEN")) from None
