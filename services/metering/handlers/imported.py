"""What every import counts."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Imported:
    """What an import did, in rows of the file."""

    created: int
    changed: int
    unchanged: int
