"""Prices and exchange rates that operators bring."""

import asyncio
from collections.abc import AsyncIterator

from kit.errors import FieldError, Invalid
from kit.server import Call
from kundeapp.metering.v1 import prices_pb2 as pb
from services.metering.domain.files.exchange_rates import ExchangeRatesFile
from services.metering.domain.files.incoming import IncomingPrices
from services.metering.domain.files.tally import Tally
from services.metering.domain.quotes import Quotes
from services.metering.handlers import prices
from services.metering.servicer.files import check_piece, first_start, last_end
from services.metering.servicer.part import Part
from services.metering.servicer.problems import problems_of


class PriceImports(Part):
    """Takes in spot prices and exchange rates."""

    async def ImportPrices(
        self, requests: AsyncIterator[pb.ImportPricesRequest], call: Call
    ) -> pb.ImportPricesReport:
        """Takes a file of spot prices."""
        start = (await anext(requests, pb.ImportPricesRequest())).start
        price_area = prices.require_price_area(start.price_area)
        quotes, tally = await _read(requests, price_area)
        async with self.database.transaction() as transaction:
            done = await prices.import_prices(
                self.store_of(transaction),
                price_area=price_area,
                quotes=quotes,
                provisional=start.provisional,
                tally=tally,
            )
        hours = done.prices.hours
        return pb.ImportPricesReport(
            rows=tally.rows,
            created=done.counts.created,
            changed=done.counts.changed,
            unchanged=done.counts.unchanged,
            first_start=first_start(hours) if len(hours) else "",
            last_end=last_end(hours) if len(hours) else "",
            refused=tally.refused,
            problems=problems_of(tally.problems, call.language),
        )

    async def ImportExchangeRates(
        self, requests: AsyncIterator[pb.ImportExchangeRatesRequest], call: Call
    ) -> pb.ImportExchangeRatesReport:
        """Takes a file of exchange rates."""
        file = ExchangeRatesFile()
        async for request in requests:
            check_piece(request.data)
            await asyncio.to_thread(file.feed, request.data)
        rates = await asyncio.to_thread(file.end)
        async with self.database.transaction() as transaction:
            done = await prices.import_exchange_rates(self.store_of(transaction), rates=rates)
        return pb.ImportExchangeRatesReport(
            rows=file.tally.rows,
            created=done.created,
            changed=done.changed,
            unchanged=done.unchanged,
            first_date=rates[0].date.isoformat() if rates else "",
            last_date=rates[-1].date.isoformat() if rates else "",
            refused=file.tally.refused,
            problems=problems_of(file.tally.problems, call.language),
        )


async def _read(
    requests: AsyncIterator[pb.ImportPricesRequest], price_area: str
) -> tuple[Quotes, Tally]:
    """Reads a file as it comes, in a thread, so that other requests go on meanwhile."""
    file = IncomingPrices(price_area)
    async for request in requests:
        if request.WhichOneof("part") != "data":
            raise Invalid(FieldError("data", "REQUIRED_FIELD"))
        check_piece(request.data)
        await asyncio.to_thread(file.feed, request.data)
    return await asyncio.to_thread(file.end)
