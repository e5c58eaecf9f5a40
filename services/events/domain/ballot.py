"""The draw of a ballot, which anyone can do again.

The seed is chosen when the event is made and kept secret; its SHA-256 is public from then on, so
that nobody, staff included, can choose another seed once it is known who takes part. After the draw
the seed is public too.
"""

import hashlib
from collections.abc import Iterable, Sequence
from uuid import UUID

SEED_BYTES = 32


def commitment_of(seed: bytes) -> str:
    """Returns what is published of a seed before the draw: its SHA-256 as 64 hexadecimal digits."""
    return hashlib.sha256(seed).hexdigest()


def drawn_order(seed: bytes, entries: Iterable[UUID]) -> Sequence[UUID]:
    """Returns entries in the order of the SHA-256 of the seed followed by the entry."""
    return sorted(entries, key=lambda entry: hashlib.sha256(seed + entry.bytes).digest())
