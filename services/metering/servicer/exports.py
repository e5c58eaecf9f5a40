"""Hours as files."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final

from google.api.httpbody_pb2 import HttpBody

from kit.errors import FieldError, Invalid
from kit.server import Call
from kit.texts import Language
from kundeapp.metering.v1 import exports_pb2 as pb
from services.metering.documents.green_button import green_button
from services.metering.documents.usage_csv import usage_csv
from services.metering.documents.usage_xlsx import usage_xlsx
from services.metering.domain.exports import FileFormat
from services.metering.handlers.exports import HeldExport, find_export
from services.metering.servicer.part import Part

_MEDIA_TYPES: Final = {
    FileFormat.CSV: "text/csv; charset=utf-8",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileFormat.GREEN_BUTTON: "application/atom+xml; charset=utf-8",
}
_WRITERS: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="export")
"""Few at once, whoever asks: a large file takes up to two seconds of a core and 14 MiB
(bench/exports.py)."""


class Exports(Part):
    """Hands out hours as files."""

    async def ExportUsage(self, request: pb.ExportUsageRequest, call: Call) -> HttpBody:
        """Hands out the hours of a metering point as a file."""
        file_format = _format(request.format)
        async with (
            self.database.reader() as connection,
            # Both directions as they were at the same moment.
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            found = await find_export(
                self.point(connection, request.gsrn, call),
                from_date=request.from_date,
                to_date=request.to_date,
            )
        arguments = found, file_format, call.language, self.clock.now()
        data = await asyncio.get_running_loop().run_in_executor(_WRITERS, _written, *arguments)
        return HttpBody(content_type=_MEDIA_TYPES[file_format], data=data)


def _format(number: pb.ExportUsageRequest.Format.ValueType) -> FileFormat:
    try:
        return FileFormat(pb.ExportUsageRequest.Format.Name(number))
    except ValueError:
        choices = ", ".join(each.value for each in FileFormat)
        raise Invalid(FieldError("format", "NOT_A_CHOICE", {"choices": choices})) from None


def _written(found: HeldExport, kind: FileFormat, language: Language, now: datetime) -> bytes:
    export = found.priced()
    match kind:
        case FileFormat.CSV:
            return usage_csv(export, language)
        case FileFormat.XLSX:
            return usage_xlsx(export, language)
        case FileFormat.GREEN_BUTTON:
            return green_button(export, language, now)
