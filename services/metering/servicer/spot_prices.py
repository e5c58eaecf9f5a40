"""Spot prices as customers read them."""

from kit.server import Call
from kundeapp.metering.v1 import spot_prices_pb2 as pb
from services.metering.domain.calendar import TIME_ZONE, local_moment_of, seconds_of
from services.metering.domain.spot import SpotDay
from services.metering.handlers import spot_prices
from services.metering.servicer.part import Part


class SpotPriceViews(Part):
    """Shows spot prices."""

    async def GetSpotPrices(self, request: pb.GetSpotPricesRequest, _call: Call) -> pb.SpotPrices:
        """Shows the spot prices of today and tomorrow."""
        async with self.database.reader() as connection:
            days = await spot_prices.get_spot_prices(
                self.reader_of(connection),
                self.rate_books,
                price_area=request.price_area,
                now=self.clock.now(),
            )
        return pb.SpotPrices(price_area=request.price_area, days=[_day(day) for day in days])


def _day(day: SpotDay) -> pb.SpotPrices.Day:
    return pb.SpotPrices.Day(
        date=day.day.isoformat(),
        time_zone=TIME_ZONE,
        start=seconds_of(day.start_hours).astype("<i8").tobytes(),
        price_ex_vat=day.ex_vat.astype("<i4").tobytes(),
        price=day.with_vat.astype("<i8").tobytes(),
        provisional=day.provisional.tolist(),
        lowest=day.lowest,
        highest=day.highest,
        mean=day.mean,
        cheapest=[local_moment_of(hour).isoformat() for hour in day.cheapest],
    )
