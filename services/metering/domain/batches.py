"""Values of many series that are stored together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from services.metering.domain.calendar import Whole
from services.metering.domain.files.series import BATCH_VALUES
from services.metering.domain.layout import Flags
from services.metering.domain.readings import Direction, Readings


class SeriesKey(NamedTuple):
    """What tells one series from another: the metering point, and which way the energy went."""

    gsrn: str
    direction: Direction


@dataclass(frozen=True, eq=False)
class Batch:
    """Values of several series.

    Attributes:
        keys: The series, without repetition.
        owners: Which of them each value belongs to, from 0.
        readings: The values; no hour of a series twice.
    """

    keys: Sequence[SeriesKey]
    owners: Whole
    readings: Readings

    @staticmethod
    def of(stretches: Sequence[tuple[SeriesKey, Readings]]) -> "Batch":
        """Puts stretches of series together; no two of the same series may share an hour."""
        numbers: dict[SeriesKey, int] = {}
        owners = [numbers.setdefault(key, len(numbers)) for key, _ in stretches]
        parts = [readings for _, readings in stretches]
        return Batch(
            keys=list(numbers),
            owners=np.repeat(owners, [len(part.hours) for part in parts]),
            readings=Readings(
                np.concatenate([part.hours for part in parts]),
                np.concatenate([part.wh for part in parts]),
                np.concatenate([part.qualities for part in parts]),
                np.concatenate([part.registered for part in parts]),
            ),
        )


class Batcher:
    """Gathers stretches of series to batches.

    Which batches there are follows from the stretches alone, so that an import that is taken up
    again finds those that it had stored.
    """

    def __init__(self) -> None:
        self._stretches: list[tuple[SeriesKey, Readings]] = []
        self._ends: dict[SeriesKey, int] = {}
        self._values = 0

    def add(self, key: SeriesKey, readings: Readings) -> Iterator[Batch]:
        """Takes a stretch, and yields the batches that it completes.

        One that does not come after what is gathered of its series begins a new batch, so that it
        is merged into what came before it.
        """
        if readings.hours[0] < self._ends.get(key, 0):
            yield from self.rest()
        self._stretches.append((key, readings))
        self._ends[key] = int(readings.hours[-1]) + 1
        self._values += len(readings.hours)
        if self._values >= BATCH_VALUES:
            yield from self.rest()

    def rest(self) -> Iterator[Batch]:
        """Yields what is gathered, if it is anything."""
        if self._stretches:
            batch = Batch.of(self._stretches)
            self._stretches, self._ends, self._values = [], {}, 0
            yield batch


def without(batch: Batch, left_out: Flags) -> Batch:
    """Returns a batch without some of its values; its series stay."""
    kept = ~left_out
    return Batch(batch.keys, batch.owners[kept], batch.readings.chosen(kept))
