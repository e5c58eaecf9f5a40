"""The settings file of customer service."""

from datetime import date

import pytest

from services.consent.config import Settings
from services.consent.domain.customer_service import (
    BadCustomerService,
    Phone,
    parse_customer_service,
)
from services.consent.domain.opening_hours import Hours

SHIPPED = Settings.model_fields["customer_service"].default.read_text("utf-8")


def with_change(old: str, new: str) -> str:
    assert old in SHIPPED
    return SHIPPED.replace(old, new, 1)


class TestTheFile:
    def test_that_is_shipped_has_both_lines_of_business(self) -> None:
        service = parse_customer_service(SHIPPED)
        assert [line.id for line in service.lines] == ["power", "broadband"]
        assert service.lines[0].name["nn"] == "Straum"
        assert service.lines[1].schedule.week[5] == (Hours(600, 960),)

    def test_is_plainly_an_example_companys(self) -> None:
        service = parse_customer_service(SHIPPED)
        phones = [*service.lines[0].phones, *service.lines[1].phones, service.emergency.phone]
        # No Norwegian number begins with 0 (Nkom's numbering plan, read 2026-11).
        assert all(phone.number.startswith("+4700") for phone in phones)
        assert all(line.email.endswith("@example.com") for line in service.lines)

    def test_makes_a_day_odd_for_all_unless_it_names_some(self) -> None:
        service = parse_customer_service(SHIPPED)
        eve, wednesday = date(2026, 12, 24), date(2027, 3, 24)
        power, broadband = (line.schedule.odd_days for line in service.lines)
        assert {eve, wednesday} <= set(power)
        assert {eve, wednesday} <= set(service.visit.schedule.odd_days)
        assert eve in broadband
        assert wednesday not in broadband

    def test_names_the_number_to_call_first(self) -> None:
        assert parse_customer_service(SHIPPED).phone == Phone("+47 00 00 00 10", "+4700000010")

    def test_may_have_numbers_of_five_digits_and_hours_around_the_clock(self) -> None:
        text = with_change("+47 00 00 00 10", "05500").replace("08:00-15:30", "00:00-24:00")
        line = parse_customer_service(text).lines[0]
        assert line.phones == (Phone("05500", "05500"),)
        assert line.schedule.week[4] == (Hours(0, 1440),)

    def test_keeps_a_number_as_it_is_read_and_as_it_is_dialled(self) -> None:
        phone = parse_customer_service(SHIPPED).emergency.phone
        assert phone == Phone("+47 00 00 00 99", "+4700000099")


WRONG = [
    ("[emergency]", "[emergency", "no TOML"),
    ("[emergency]", f"deep = {'[' * 5000}\n[emergency]", "no TOML"),
    ("[[odd_day]]", "[[odd]]", "the file: nobody knows what odd means"),
    (
        'monday = ["08:00-16:00"]',
        'monday = ["08:00-16:00", "15:00-17:00"]',
        "line_of_business power, hours: monday: 08:00-16:00 and 15:00-17:00 overlap",
    ),
    (
        "saturday = []",
        "caturday = []",
        "line_of_business power, hours: saturday is missing, or no list",
    ),
    (
        "sunday = []",
        'sunday = []\nlaurdag = ["10:00-12:00"]',
        "line_of_business power, hours: nobody knows what laurdag means",
    ),
    ("+47 00 00 00 10", "2255", "line_of_business power: '2255' is no phone number"),
    ("+47 00 00 00 10", "+47 00 00 00 1O", "is no phone number"),
    ("straum@example.com", "straum@", "line_of_business power: 'straum@' is no e-mail address"),
    ("08:00-15:30", "8-15", "hours: friday: '8-15' are no hours; write them as 08:00-16:00"),
    ("08:00-15:30", "08:00-24:30", "08:00-24:30 do not end after they begin, on the same day"),
    ("08:00-15:30", "08:00-02:30", "do not end after they begin"),
    ("08:00-15:30", "02:30-15:30", "begin or end between 02:00 and 03:00"),
    ('name.nn = "Straum"', "", "line_of_business power, name: nn is missing, or no str"),
    ('name.nn = "Straum"', 'name.nn = " "', "line_of_business power, name: nn is empty"),
    ('name.nn = "Straum"', 'name.nn = "a"\nname.se = "b"', "nobody knows what se means"),
    ('id = "broadband"', 'id = "power"', "each with an id of its own"),
    ('id = "broadband"', 'id = "visit"', "'visit' is no id"),
    ("date = 2026-12-31", "date = 2026-12-24", "odd_day 2026-12-24: stands twice"),
    ("date = 2026-12-31", 'date = "2026-12-31"', "odd_day: date is missing, or no date"),
    ('only = ["power", "visit"]', 'only = ["gas"]', "gas is neither a line of business nor"),
    ('only = ["power", "visit"]', "only = []", "odd_day 2027-03-24: only is empty"),
    ('"Dømegata 1", "0001 Døme"', "", "visit: address is empty"),
    ('phone = "+47 00 00 00 99"', 'phones = "+47 00 00 00 99"', "emergency: phone is missing"),
    ('email = "straum@example.com"', 'mail = "straum@example.com"', "what mail means"),
    ("[visit]", '[visit]\nphone = "1"', "visit: nobody knows what phone means"),
    ("[emergency]", "open = true\n[emergency]", "the file: nobody knows what open means"),
    ("[[odd_day]]", "[[odd_day]]\nnote = 1", "odd_day 2026-12-24: nobody knows what note means"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "complaint"), WRONG)
def test_what_is_wrong_is_said_with_its_place(old: str, new: str, complaint: str) -> None:
    with pytest.raises(BadCustomerService) as refused:
        parse_customer_service(with_change(old, new))
    assert complaint in str(refused.value)
