"""Readings that operators and other services bring."""

import asyncio
from collections.abc import AsyncIterator

from kit.errors import FieldError, Invalid
from kit.server import Call
from kundeapp.metering.v1 import imports_pb2 as pb
from services.metering.domain.batches import Batch
from services.metering.domain.calendar import local_moment_of
from services.metering.domain.files.incoming import IncomingFile
from services.metering.domain.outcomes import Totals
from services.metering.domain.problems import SHOWN_LINES
from services.metering.handlers import readings
from services.metering.servicer.files import check_piece
from services.metering.servicer.part import Part
from services.metering.servicer.problems import problems_of
from services.metering.servicer.series import read_series

_HASH_BYTES = 32


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
                self.store_of(transaction), key=file.key, batches=number
            )
        problems = [*file.problems, *readings.unknown_points(outcomes)]
        report = _report(outcomes.totals())
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
        async for request in requests:
            # Not in a thread, which would wait for the relay's turns longer than this takes.
            read = read_series(request.series)
            async with self.database.transaction() as transaction:
                written = await readings.write_readings(
                    self.store_of(transaction), batches=read.batches
                )
            report.values += read.refused
            report.refused += read.refused
            problems.extend(read.problems[: SHOWN_LINES - len(problems)])
            for outcomes in written:
                totals = outcomes.totals()
                report.values += totals.values
                report.created += totals.created
                report.changed += totals.changed
                report.unchanged += totals.unchanged
                report.refused += totals.refused
                problems.extend(readings.unknown_points(outcomes)[: SHOWN_LINES - len(problems)])
        report.problems.extend(problems_of(problems, call.language))
        return report


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
