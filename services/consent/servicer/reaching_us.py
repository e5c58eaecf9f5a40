"""How customers reach the company."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from kit.server import Call
from kit.texts import Language
from kundeapp.consent.v1 import customer_service_pb2 as pb
from services.consent.domain.customer_service import LineOfBusiness, Phone
from services.consent.domain.opening_hours import MIDNIGHT, Hours, Schedule, told
from services.consent.letters import speech
from services.consent.servicer.part import Part

_CLOSED: Final[Mapping[Language, str]] = {"nn": "stengt", "nb": "stengt", "en": "closed"}
_ALL_DAY: Final[Mapping[Language, str]] = {
    "nn": "heile døgnet",
    "nb": "hele døgnet",
    "en": "around the clock",
}


class ReachingUs(Part):
    """How customers reach the company."""

    async def GetCustomerService(
        self, _request: pb.GetCustomerServiceRequest, call: Call
    ) -> pb.CustomerService:
        """Says how to reach customer service, and whether it answers now."""
        now, language, service = self.clock.now(), call.language, self.customer_service
        answer = pb.CustomerService(
            lines=[_line(line, now, language) for line in service.lines],
            visiting_address=pb.VisitingAddress(
                lines=service.visit.address,
                opening=_opening(service.visit.schedule, now, language),
            ),
            emergency=pb.EmergencyPhone(
                name=service.emergency.name[language], phone=_phone(service.emergency.phone)
            ),
        )
        answer.as_of.FromDatetime(now)
        return answer


def _line(line: LineOfBusiness, now: datetime, language: Language) -> pb.LineOfBusiness:
    return pb.LineOfBusiness(
        id=line.id,
        name=line.name[language],
        phones=map(_phone, line.phones),
        email=line.email,
        opening=_opening(line.schedule, now, language),
    )


def _phone(phone: Phone) -> pb.PhoneNumber:
    return pb.PhoneNumber(shown=phone.shown, number=phone.number)


def _opening(schedule: Schedule, now: datetime, language: Language) -> pb.Opening:
    opening = schedule.at(now)
    today, weekday = opening.today, opening.date.weekday()
    answer = pb.Opening(
        open_now=opening.open_now,
        today=_hours_of(weekday, today.hours, language),
        special_day=today.because[language] if today.because else "",
        is_public_holiday=today.is_public_holiday,
        week=[_hours_of(number, hours, language) for number, hours in enumerate(schedule.week)],
    )
    if opening.opens_at is not None:
        answer.opens_at.FromDatetime(opening.opens_at)
    if opening.closes_at is not None:
        answer.closes_at.FromDatetime(opening.closes_at)
    return answer


def _hours_of(weekday: int, several: tuple[Hours, ...], language: Language) -> pb.OpeningHours:
    return pb.OpeningHours(
        weekday=speech.weekday(weekday, language),
        shown=", ".join(_shown(hours, language) for hours in several) or _CLOSED[language],
        hours=[pb.HoursOfDay(opens=told(each.opens), closes=told(each.closes)) for each in several],
    )


def _shown(hours: Hours, language: Language) -> str:
    if (hours.opens, hours.closes) == (0, MIDNIGHT):
        return _ALL_DAY[language]
    text = f"{told(hours.opens)}–{told(hours.closes)}"  # noqa: RUF001 - a dash, as in print
    return text if language == "en" else text.replace(":", ".")
