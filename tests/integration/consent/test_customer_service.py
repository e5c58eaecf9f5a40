"""How customers reach the company, over gRPC."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kit.testing import FrozenClock, Neighbours
from kundeapp.consent.v1 import customer_service_pb2 as pb
from services.consent.config import Settings
from services.consent.domain.customer_service import BadCustomerService
from tests.integration.consent.world import Consent, serving


async def asked(consent: Consent, language: str = "nn") -> pb.CustomerService:
    metadata = [("accept-language", language)]
    request = pb.GetCustomerServiceRequest()
    return await consent.stub.GetCustomerService(request, metadata=metadata)


async def test_anyone_learns_whether_it_is_open_and_until_when(consent: Consent) -> None:
    answer = await asked(consent)  # a Monday in March at 13:00
    power = answer.lines[0]
    assert (power.id, power.name, power.opening.open_now) == ("power", "Straum", True)
    assert power.opening.closes_at.ToDatetime(UTC) == datetime(2026, 3, 2, 15, tzinfo=UTC)
    assert not power.opening.HasField("opens_at")
    assert power.opening.special_day == ""
    assert power.opening.today.shown == "08.00–16.00"  # noqa: RUF001 - a dash, as in print
    assert answer.as_of.ToDatetime(UTC) == datetime(2026, 3, 2, 12, tzinfo=UTC)


async def test_a_week_is_shown_as_people_read_it(consent: Consent) -> None:
    for language, days, weekday, shown, closed in (
        ("nn", "Breiband, TV og telefon", "laurdag", "10.00–16.00", "stengt"),  # noqa: RUF001
        ("nb", "Bredbånd, TV og telefon", "lørdag", "10.00–16.00", "stengt"),  # noqa: RUF001
        ("en", "Broadband, TV and phone", "Saturday", "10:00–16:00", "closed"),  # noqa: RUF001
    ):
        line = (await asked(consent, language)).lines[1]
        assert line.name == days
        assert len(line.opening.week) == 7
        saturday, sunday = line.opening.week[5:]
        assert (saturday.weekday, saturday.shown, sunday.shown) == (weekday, shown, closed)
        assert [(each.opens, each.closes) for each in saturday.hours] == [("10:00", "16:00")]


async def test_a_public_holiday_is_named_and_the_next_opening_is_after_it(
    consent: Consent, clock: FrozenClock
) -> None:
    clock.moment = datetime(2026, 4, 2, 8, tzinfo=UTC)
    opening = (await asked(consent, "nb")).lines[0].opening
    assert (opening.open_now, opening.special_day) == (False, "Skjærtorsdag")
    assert opening.is_public_holiday
    assert (opening.today.weekday, opening.today.shown) == ("torsdag", "stengt")
    assert opening.opens_at.ToDatetime(UTC) == datetime(2026, 4, 7, 6, tzinfo=UTC)
    assert not opening.HasField("closes_at")


async def test_an_odd_day_of_the_company_holds_for_visits_too(
    consent: Consent, clock: FrozenClock
) -> None:
    clock.moment = datetime(2026, 12, 24, 12, tzinfo=UTC)
    opening = (await asked(consent, "en")).visiting_address.opening
    assert (opening.open_now, opening.special_day) == (False, "Christmas Eve")
    assert not opening.is_public_holiday
    assert opening.today.shown == "08:00–12:00"  # noqa: RUF001 - a dash, as in print


async def test_there_is_a_number_for_emergencies(consent: Consent) -> None:
    emergency = (await asked(consent)).emergency
    assert (emergency.phone.shown, emergency.phone.number) == ("+47 00 00 00 99", "+4700000099")


async def test_a_file_that_is_wrong_keeps_the_service_from_starting(
    neighbours: Neighbours, settings: Settings, clock: FrozenClock, tmp_path: Path
) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(settings.customer_service.read_text("utf-8").replace("08:00-15:30", "8"))
    changed = settings.model_copy(update={"customer_service": file})
    with pytest.raises(BadCustomerService, match="power, hours: friday"):
        async with serving(neighbours, changed, clock):
            pass
