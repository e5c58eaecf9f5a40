"""The draw of a ballot: fixed beforehand, and to be done again by anyone."""

import hashlib
from collections import Counter
from random import Random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.events.domain.ballot import SEED_BYTES, commitment_of, drawn_order
from services.events.domain.event import Ballot
from tests.unit.events.samples import BALLOT, NOW

seeds = st.binary(min_size=SEED_BYTES, max_size=SEED_BYTES)
entries = st.lists(st.uuids(), max_size=20, unique=True)


@given(seeds, entries)
def test_the_order_is_that_of_the_sha_256_of_seed_and_entry(
    seed: bytes, entries: list[UUID]
) -> None:
    order = drawn_order(seed, entries)
    digests = [hashlib.sha256(seed + bytes.fromhex(entry.hex)).hexdigest() for entry in order]
    assert digests == sorted(digests)
    assert Counter(order) == Counter(entries)


@given(seeds, entries, st.randoms())
def test_who_registered_first_has_nothing_to_do_with_it(
    seed: bytes, entries: list[UUID], random: Random
) -> None:
    shuffled = list(entries)
    random.shuffle(shuffled)
    assert drawn_order(seed, shuffled) == drawn_order(seed, entries)


def test_every_place_is_as_likely_for_whoever_it_is() -> None:
    parties = [UUID(int=number) for number in range(5)]
    first = Counter(
        drawn_order(hashlib.sha256(bytes([number % 256, number // 256])).digest(), parties)[0]
        for number in range(5000)
    )
    # Five standard deviations of a binomial with 5000 draws of one in five are 141.
    assert all(abs(count - 1000) < 141 for count in first.values())


def test_what_is_published_before_the_draw_is_the_sha_256_of_the_seed() -> None:
    expected = hashlib.sha256(BALLOT.seed).hexdigest()
    assert commitment_of(BALLOT.seed) == BALLOT.commitment == expected


def test_the_seed_does_not_slip_into_what_is_written_of_a_ballot() -> None:
    secret = bytes(range(SEED_BYTES))
    assert repr(secret) not in repr(Ballot(NOW, secret))
