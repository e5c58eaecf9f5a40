"""Readings that operators and other services bring."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from uuid import UUID

import prometheus_client

from kit.errors import FieldError, Invalid
from kit.server import Call
from kundeapp.metering.v1 import imports_pb2 as pb
from services.metering.domain.batches import Batch
from services.metering.domain.calendar import local_moment_of
from services.metering.domain.files.incoming import IncomingFile
from services.metering.domain.outcomes import Outcomes, Totals
from services.metering.domain.problems import SHOWN_LINES
from services.metering.handlers import readings
from services.metering.servicer.files import check_piece
from services.metering.servicer.part import Part
from services.metering.servicer.problems import problems_of
from services.metering.servicer.series import ReadSeries, read_series
from services.metering.servicer.together import together

_HASH_BYTES = 32
_AT_ONCE = 2
"""How many transactions are under way at once: one in the database while the next is merged."""

_hours = prometheus_client.Counter(
    "kundeapp_metering_hours_total", "Hours that imports brought.", ["outcome"]
)

_Written = tuple[ReadSeries, Sequence[Outcomes]]


class Readings(Part):
    """Takes in readings."""

    async def ImportReadings(
        self, requests: AsyncIterator[pb.ImportReadingsRequest], call: Call
    ) -> pb.ImportReadingsReport:
        """Takes a file of readings."""
        start = (await anext(requests, pb.ImportReadingsRequest())).start
        if len(start.sha256) != _HASH_BYTES:
            raise Invalid(FieldError("start.sha256", "NOT_A_SHA256"))
        if start.gsrn:
            async with self.database.transaction() as transaction:
                await readings.require_point(self.store_of(transaction), gsrn=start.gsrn)

        file = IncomingFile(start.gsrn, start.sha256)
        number = stored = 0
        async for batch in _batches(file, requests):
            if number == 0:
                async with self.database.transaction() as transaction:
                    stored = await self.store_of(transaction).begin_import(file.key)
            async with self.database.transaction() as transaction:
                await readings.import_batch(
                    self.store_of(transaction), key=file.key, number=number, batch=batch
                )
            number += 1

        async with self.database.transaction() as transaction:
            outcomes = await readings.end_import(
                self.store_of(transaction),
                key=file.key,
                batches=number,
                import_id=self.ids.new_id(),
            )
        problems = [*file.problems, *readings.unknown_points(outcomes)]
        totals = outcomes.totals()
        _count(totals)
        report = _report(totals)
        report.rows = file.rows
        report.refused += file.refused
        report.problems.extend(problems_of(problems, call.language))
        report.resumed = stored > 0
        return report

    async def WriteReadings(
        self, requests: AsyncIterator[pb.WriteReadingsRequest], call: Call
    ) -> pb.WriteReadingsReport:
        """Takes values of many series."""
        report = pb.WriteReadingsReport()
        problems: list[FieldError] = []
        async with contextlib.aclosing(self._written(requests)) as messages:
            async for read, written in messages:
                report.values += read.refused
                report.refused += read.refused
                problems.extend(read.problems[: SHOWN_LINES - len(problems)])
                for outcomes in written:
                    totals = outcomes.totals()
                    _count(totals)
                    report.values += totals.values
                    report.created += totals.created
                    report.changed += totals.changed
                    report.unchanged += totals.unchanged
                    report.refused += totals.refused
                    problems.extend(
                        readings.unknown_points(outcomes)[: SHOWN_LINES - len(problems)]
                    )
        report.problems.extend(problems_of(problems, call.language))
        return report

    async def _written(
        self, requests: AsyncIterator[pb.WriteReadingsRequest]
    ) -> AsyncGenerator[_Written]:
        """Stores messages as they come, and yields what came of them.

        Messages that came while the ones before were stored go together into a transaction. While
        the database stores some, the next are read and merged. That begins once the series of those
        before are locked, and waits for those that they share: the last one is stored last.
        """
        import_id = self.ids.new_id()
        under_way: list[asyncio.Task[_Written]] = []
        try:
            async with contextlib.aclosing(together(requests)) as groups:
                async for group in groups:
                    locked = asyncio.Event()
                    under_way.append(asyncio.create_task(self._write(group, import_id, locked)))
                    await locked.wait()
                    if len(under_way) == _AT_ONCE:
                        yield await under_way.pop(0)
            while under_way:
                yield await under_way.pop(0)
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _write(
        self, group: Sequence[pb.WriteReadingsRequest], import_id: UUID, locked: asyncio.Event
    ) -> _Written:
        try:
            # Not in a thread, which would wait for the relay's turns longer than this takes.
            read = read_series([series for request in group for series in request.series])
            async with self.database.transaction() as transaction:
                return read, await readings.write_readings(
                    self.store_of(transaction),
                    batches=read.batches,
                    import_id=import_id,
                    locked=locked.set,
                )
        finally:
            locked.set()


async def _batches(
    file: IncomingFile, requests: AsyncIterator[pb.ImportReadingsRequest]
) -> AsyncIterator[Batch]:
    """Reads a file as it comes, in a thread, so that other requests go on meanwhile."""
    async for request in requests:
        if request.WhichOneof("part") != "data":
            raise Invalid(FieldError("data", "REQUIRED_FIELD"))
        check_piece(request.data)
        for batch in await asyncio.to_thread(file.feed, request.data):
            yield batch
    for batch in await asyncio.to_thread(file.end):
        yield batch


def _count(totals: Totals) -> None:
    for outcome in ("created", "changed", "unchanged", "refused"):
        _hours.labels(outcome).inc(getattr(totals, outcome))


def _report(totals: Totals) -> pb.ImportReadingsReport:
    return pb.ImportReadingsReport(
        created=totals.created,
        changed=totals.changed,
        unchanged=totals.unchanged,
        refused=totals.refused,
        kwh=totals.wh,
        points=totals.points,
        first_start=_moment(totals.first_hour),
        last_end=_moment(totals.end_hour),
    )


def _moment(hour: int | None) -> str:
    """Says when an hour starts, by Norwegian clocks."""
    return "" if hour is None else local_moment_of(hour).isoformat()
