"""Files of readings as they are read: stretches of series, and what is wrong with the rest."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from services.metering.domain.files.tally import Tally
from services.metering.domain.readings import Direction, Readings

BATCH_VALUES: Final = 20_000
"""How many values are handed over and stored together: fewer cost more each, more only hold memory
and locks for longer."""


@dataclass(frozen=True, eq=False)
class Series:
    """Values of one metering point and direction; hours rise, and none comes twice.

    Attributes:
        gsrn: The metering point; None where the file does not say.
        direction: Which way the energy went.
        readings: The values, at most BATCH_VALUES.
    """

    gsrn: str | None
    direction: Direction
    readings: Readings


class ReadingsFile(Protocol):
    """A file that is being read: feed it with the bytes as they come.

    The stretches that it yields follow from the file alone, however the bytes are cut.
    """

    @property
    def tally(self) -> Tally:
        """How many rows or values there are so far, and what is wrong with those refused."""
        ...

    def feed(self, data: bytes) -> Iterator[Series]:
        """Reads the next bytes, and yields what is complete.

        Raises:
            BadFile: If it is no file of readings.
        """
        ...

    def end(self) -> Iterator[Series]:
        """Yields the rest, once all bytes are fed.

        Raises:
            BadFile: If it was no file of readings.
        """
        ...
