"""What becomes of imported values, and what is told of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import numpy as np

from services.metering.domain.batches import Batch, SeriesKey
from services.metering.domain.calendar import END_HOUR, Whole, moment_of
from services.metering.domain.layout import Flags
from services.metering.domain.readings import Direction

NEVER: Final = END_HOUR
"""The hour at which a range without any hour begins: the end of the calendar."""


MAX_POINTS: Final = 10_000
"""How many metering points an event names at most: a fifth of what NATS takes in a message."""


@dataclass(frozen=True)
class ReadingsImported:
    """An import brought values that were not known before.

    Attributes:
        import_id: The import; one of very many metering points tells it several times.
        gsrns: The metering points that they are of.
        from_time: The start of the first of these values.
        to_time: The end of the last one.
        new_values: How many there are.
    """

    import_id: UUID
    gsrns: Sequence[str]
    from_time: datetime
    to_time: datetime
    new_values: int


@dataclass(frozen=True)
class ReadingsCorrected:
    """Known values of a series became others.

    Attributes:
        gsrn: The metering point.
        direction: Which way the energy went.
        from_time: The start of the first of these values.
        to_time: The end of the last one.
        changed_values: How many there are.
    """

    gsrn: str
    direction: Direction
    from_time: datetime
    to_time: datetime
    changed_values: int


@dataclass(frozen=True, eq=False)
class Spans:
    """Ranges of hours, one entry a series; one without any hour goes from NEVER to 0.

    Attributes:
        first_hours: The first hour of each by number.
        end_hours: The hour that each ends before.
    """

    first_hours: Whole
    end_hours: Whole

    @staticmethod
    def of(series: int, owners: Whole, hours: Whole) -> "Spans":
        """Returns the range of each series' hours."""
        spans = Spans(np.full(series, NEVER), np.zeros(series, np.int64))
        if len(hours):
            runs = np.flatnonzero(np.concatenate(([True], owners[1:] != owners[:-1])))
            np.minimum.at(spans.first_hours, owners[runs], np.minimum.reduceat(hours, runs))
            np.maximum.at(spans.end_hours, owners[runs], np.maximum.reduceat(hours, runs) + 1)
        return spans


@dataclass(frozen=True)
class Totals:
    """What became of all values.

    Attributes:
        values: How many came.
        created: How many of these were not known before.
        changed: How many replaced others.
        unchanged: How many were known already, or older than what is known.
        refused: How many are of points that are not in the register.
        wh: The energy of those that are in it, in Wh.
        points: How many metering points these are of.
        first_hour: The first hour of these by number; None if there is none.
        end_hour: The hour that they end before.
    """

    values: int
    created: int
    changed: int
    unchanged: int
    refused: int
    wh: int
    points: int
    first_hour: int | None
    end_hour: int | None


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What became of values, in columns with one entry a series.

    Attributes:
        keys: The series.
        created: How many values were not known before.
        changed: How many replaced others.
        unchanged: How many were known already, or older than what is known.
        refused: How many came for a point that is not in the register.
        wh: The energy of all but these, in Wh.
        stored: The range of all but these.
        created_in: The range of the values that were not known before.
        changed_in: The range of those that replaced others.
    """

    keys: Sequence[SeriesKey]
    created: Whole
    changed: Whole
    unchanged: Whole
    refused: Whole
    wh: Whole
    stored: Spans
    created_in: Spans
    changed_in: Spans

    @staticmethod
    def of(batch: Batch, refused: Flags, created: Flags, changed: Flags) -> "Outcomes":
        """Counts what became of each value of a batch; the rest is unchanged."""
        series = len(batch.keys)
        taken = ~refused

        def count(values: Flags) -> Whole:
            return np.bincount(batch.owners[values], minlength=series)

        def spans(values: Flags) -> Spans:
            return Spans.of(series, batch.owners[values], batch.readings.hours[values])

        # Added up in float64, which is exact below 2**53 Wh.
        wh = np.bincount(batch.owners[taken], batch.readings.wh[taken], minlength=series)
        return Outcomes(
            keys=batch.keys,
            created=count(created),
            changed=count(changed),
            unchanged=count(taken & ~created & ~changed),
            refused=count(refused),
            wh=wh.astype(np.int64),
            stored=spans(taken),
            created_in=spans(created),
            changed_in=spans(changed),
        )

    def totals(self) -> Totals:
        """Adds up all series."""
        created, changed = int(self.created.sum()), int(self.changed.sum())
        unchanged, refused = int(self.unchanged.sum()), int(self.refused.sum())
        end_hour = int(self.stored.end_hours.max(initial=0))
        return Totals(
            values=created + changed + unchanged + refused,
            created=created,
            changed=changed,
            unchanged=unchanged,
            refused=refused,
            wh=int(self.wh.sum()),
            points=len({self.keys[at].gsrn for at in np.flatnonzero(self.refused == 0).tolist()}),
            first_hour=int(self.stored.first_hours.min()) if end_hour else None,
            end_hour=end_hour or None,
        )

    def unknown_points(self) -> Sequence[tuple[str, int]]:
        """Returns the points that are not in the register, each with how many values came."""
        values: dict[str, int] = {}
        for at in np.flatnonzero(self.refused).tolist():
            gsrn = self.keys[at].gsrn
            values[gsrn] = values.get(gsrn, 0) + int(self.refused[at])
        return sorted(values.items())

    def events(self, import_id: UUID) -> Iterator[ReadingsImported | ReadingsCorrected]:
        """Yields what is told: new values of all points together, changed ones of each series."""
        with_new = np.flatnonzero(self.created)
        for first in range(0, len(with_new), MAX_POINTS):
            at = with_new[first : first + MAX_POINTS]
            yield ReadingsImported(
                import_id,
                sorted({self.keys[number].gsrn for number in list[int](at.tolist())}),
                moment_of(int(self.created_in.first_hours[at].min())),
                moment_of(int(self.created_in.end_hours[at].max())),
                int(self.created[at].sum()),
            )
        for at in np.flatnonzero(self.changed).tolist():
            yield ReadingsCorrected(
                *self.keys[at],
                moment_of(int(self.changed_in.first_hours[at])),
                moment_of(int(self.changed_in.end_hours[at])),
                int(self.changed[at]),
            )
