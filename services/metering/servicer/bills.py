"""Bills, estimates and capacity steps."""

from datetime import datetime

from kit.server import Call
from kundeapp.metering.v1 import bills_pb2 as pb
from kundeapp.metering.v1 import usage_pb2
from services.metering.domain.bill import Bill, BillLine
from services.metering.domain.calendar import local_moment_of, moment_of
from services.metering.domain.period import Period
from services.metering.domain.pricing import CapacityStanding, CapacityStep
from services.metering.handlers import bills
from services.metering.servicer.part import Part
from services.metering.servicer.usage import known, total_of


class Bills(Part):
    """Shows bills."""

    async def GetBill(self, request: pb.GetBillRequest, call: Call) -> pb.Bill:
        """Shows the bill of a month."""
        async with self.database.reader() as connection:
            month, bill = await bills.get_bill(
                self.point(connection, request.gsrn, call), month=request.month
            )
        return _bill(request.gsrn, month, bill, self.clock.now())

    async def EstimateBill(self, request: pb.EstimateBillRequest, call: Call) -> pb.EstimatedBill:
        """Estimates the bill of a month."""
        now = self.clock.now()
        async with self.database.reader() as connection:
            estimated = await bills.estimate_bill(
                self.point(connection, request.gsrn, call), month=request.month
            )
        return pb.EstimatedBill(
            estimate=estimated.is_estimate,
            estimated_values=estimated.estimated_values,
            estimated_prices=estimated.estimated_prices,
            so_far=_bill(request.gsrn, estimated.month, estimated.so_far, now),
            bill=_bill(request.gsrn, estimated.month, estimated.bill, now),
        )

    async def GetCapacity(self, request: pb.GetCapacityRequest, call: Call) -> pb.Capacity:
        """Shows where the caller stands on the capacity steps."""
        async with self.database.reader() as connection:
            month, standing = await bills.get_capacity(
                self.point(connection, request.gsrn, call), month=request.month
            )
        return _capacity(request.gsrn, month, standing, self.clock.now())


def _bill(gsrn: str, month: Period, bill: Bill, now: datetime) -> pb.Bill:
    return pb.Bill(
        metering_point=gsrn,
        month=_name(month),
        held_from=local_moment_of(bill.first_hour).isoformat(),
        held_to=local_moment_of(bill.end_hour).isoformat(),
        lines=[_line(line) for line in bill.lines],
        power=known(bill.power),
        grid=known(bill.grid),
        total=known(bill.total),
        consumption=total_of(bill.consumption),
        production=None if bill.production is None else total_of(bill.production),
        capacity=_capacity(gsrn, month, bill.capacity, now),
    )


def _line(line: BillLine) -> pb.Bill.Line:
    return pb.Bill.Line(
        part=pb.Bill.Part.Value(line.part.value),
        component=usage_pb2.Usage.Component.Value(line.component.value),
        band=line.band or "",
        kwh=line.wh,
        price=line.price,
        mean_price=line.mean_price,
        amount=known(line.amount),
    )


def _capacity(gsrn: str, month: Period, standing: CapacityStanding, now: datetime) -> pb.Capacity:
    return pb.Capacity(
        metering_point=gsrn,
        month=_name(month),
        over=now >= moment_of(month.end_hour),
        peaks=[
            pb.Capacity.Peak(start=local_moment_of(peak.hour).isoformat(), kwh=peak.wh)
            for peak in standing.peaks
        ],
        mean_kw=standing.mean_w,
        step=standing.step and _step(standing.step),
        next_step=standing.next_step and _step(standing.next_step),
        lacking_kw=standing.lacking_w,
        steps=[_step(step) for step in standing.steps],
    )


def _step(step: CapacityStep) -> pb.Capacity.Step:
    return pb.Capacity.Step(from_kw=step.from_w, to_kw=step.to_w, month_amount=step.month_amount)


def _name(month: Period) -> str:
    return f"{month.from_date:%Y-%m}"
