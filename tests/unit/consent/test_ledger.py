"""Rows of the ledger: what they are hashed from, and what follows from one after another."""

import hashlib
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.consent.domain import ledger
from services.consent.domain.ledger import (
    NO_HASH,
    NOTHING,
    Actor,
    By,
    Change,
    Consent,
    Decision,
    Entry,
    Pair,
    Shown,
    Source,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
KARI = UUID("0195e0c0-0000-7000-8000-000000000001")
ACCOUNT = UUID("0195e0c0-0000-7000-8000-000000000002")
ENTRY = Entry(
    position=17,
    customer_id=KARI,
    seq=3,
    purpose="kraftklubben",
    channel="EMAIL",
    decision=Decision.GIVEN,
    notice_version=2,
    notice_sha256=b"\x01" * 32,
    language="nn",
    actor=Actor.CUSTOMER,
    actor_id=ACCOUNT,
    source=Source.SELF_SERVICE,
    evidence="",
    happened_at=NOW - timedelta(microseconds=1),
    recorded_at=NOW,
    previous_hash=b"\x02" * 32,
    hash=NO_HASH,
)


def test_the_hash_is_made_as_it_is_described_and_stays_so_for_ever() -> None:
    """Written out by hand: another encoding would turn every ledger into a broken one."""
    parts = [
        b"17",
        b"0195e0c0-0000-7000-8000-000000000001",
        b"3",
        b"kraftklubben",
        b"EMAIL",
        b"GIVEN",
        b"2",
        b"\x01" * 32,
        b"nn",
        b"CUSTOMER",
        b"0195e0c0-0000-7000-8000-000000000002",
        b"SELF_SERVICE",
        b"",
        b"1772452799999999",
        b"1772452800000000",
        b"\x02" * 32,
    ]
    encoded = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    expected = hashlib.sha256(b"kundeapp.consent.ledger/1" + encoded).digest()
    assert ledger.hash_of(ENTRY) == expected


def test_every_field_but_the_hash_itself_changes_the_hash() -> None:
    others = {
        "position": 18,
        "customer_id": ACCOUNT,
        "decision": Decision.WITHDRAWN,
        "actor": Actor.STAFF,
        "actor_id": None,
        "happened_at": NOW,
        "recorded_at": NOW + timedelta(microseconds=1),
        "seq": 4,
        "notice_version": 3,
        "notice_sha256": b"",
        "previous_hash": NO_HASH,
    }
    for field in fields(Entry):
        other = replace(ENTRY, **{field.name: others.get(field.name, "annan")})
        is_same = ledger.hash_of(other) == ledger.hash_of(ENTRY)
        assert is_same == (field.name == "hash"), field.name


def test_text_that_moves_from_one_field_to_the_next_changes_the_hash() -> None:
    one, other = (
        replace(ENTRY, source="ab", evidence="c"),
        replace(ENTRY, source="a", evidence="bc"),
    )
    assert ledger.hash_of(one) != ledger.hash_of(other)


BY = By(Actor.CUSTOMER, Source.SELF_SERVICE, ACCOUNT)
_pairs = st.sampled_from([("kraftklubben", "EMAIL"), ("kraftklubben", "SMS"), ("statement", "")])
_moments = st.one_of(
    st.none(), st.integers(-60, 10).map(lambda minutes: NOW + timedelta(minutes=minutes))
)


@st.composite
def _changes(draw: st.DrawFn) -> Change:
    purpose, channel = draw(_pairs)
    decision = draw(st.sampled_from(Decision))
    shown = Shown(draw(st.integers(1, 3)), b"", "nn") if decision is Decision.GIVEN else NOTHING
    return Change(
        KARI,
        purpose,
        channel,
        decision,
        BY,
        shown,
        happened_at=draw(_moments),
        yields=draw(st.booleans()),
    )


@given(st.lists(_changes(), max_size=30))
def test_after_any_decisions_what_holds_is_the_fold_of_the_rows_and_a_no_is_never_overruled(
    changes: list[Change],
) -> None:
    held, written = dict[Pair, Consent](), list[Change]()
    for change in changes:
        before = held.get(change.pair)
        settled = ledger.settle(change, before, NOW)
        for each in settled:
            written.append(each)
            held[each.pair] = each.consent(NOW)
        now_held = held.get(change.pair)
        if change.decision is Decision.WITHDRAWN and not change.yields:
            assert now_held is not None
            assert now_held.decision is Decision.WITHDRAWN
        if change.decision is Decision.GIVEN and before and before.decision is Decision.WITHDRAWN:
            assert now_held is not None
            assert (now_held.decision is Decision.WITHDRAWN) == is_older(change, before)
    entries = ledger.chained(written, {}, 0, NOW)
    assert {(entry.purpose, entry.channel): entry.consent for entry in entries} == held
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert [entry.previous_hash for entry in entries] == [
        NO_HASH,
        *(entry.hash for entry in entries),
    ][: len(entries)]
    assert all(entry.happened_at <= entry.recorded_at for entry in entries)


def is_older(change: Change, consent: Consent) -> bool:
    """Tells whether a decision was made before what holds, or must be later and is not."""
    if change.happened_at is None:
        return False
    happened_at = min(change.happened_at, NOW)
    return happened_at < consent.decided_at or (change.yields and happened_at == consent.decided_at)
