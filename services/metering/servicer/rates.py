"""Rates that operators bring."""

from collections.abc import AsyncIterator

from kit.errors import FieldError
from kit.server import Call
from kundeapp.metering.v1 import rates_pb2 as pb
from services.metering.domain.problems import BadFile
from services.metering.handlers import rates
from services.metering.servicer.files import check_piece
from services.metering.servicer.part import Part

_LARGEST_FILE = 2 * 1024 * 1024
"""In bytes; a hundred times what three grid companies have."""


class RateImports(Part):
    """Takes in rates."""

    async def ImportRates(
        self, requests: AsyncIterator[pb.ImportRatesRequest], _call: Call
    ) -> pb.ImportRatesReport:
        """Takes a book of rates."""
        text = await _text(requests)
        async with self.database.transaction() as transaction:
            done = await rates.import_rates(self.store_of(transaction), text=text)
        return pb.ImportRatesReport(
            rows=done.rows,
            created=done.created,
            changed=done.changed,
            removed=done.removed,
            unchanged=done.unchanged,
            revision=done.revision,
        )


async def _text(requests: AsyncIterator[pb.ImportRatesRequest]) -> str:
    data = bytearray()
    async for request in requests:
        check_piece(request.data)
        data += request.data
        if len(data) > _LARGEST_FILE:
            raise _bad("FILE_TOO_LARGE", limit=_LARGEST_FILE)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadFile([FieldError(f"line {line}", "LINE_NOT_UTF8")], bad_lines=1) from None


def _bad(reason: str, **facts: int) -> BadFile:
    return BadFile([FieldError("data", reason, facts)], bad_lines=1)
