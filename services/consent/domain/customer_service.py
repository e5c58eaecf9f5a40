"""How customers reach the company, as its settings file says."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from services.consent.domain.opening_hours import Day, Hours, Schedule, Words, in_order

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LANGUAGES: Final = ("nn", "nb", "en")

_ID: Final = re.compile(r"[a-z]+(-[a-z]+)*")
_HOURS: Final = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")
# ITU-T E.164 (2010-11), or a short number of a Norwegian company (Nkom's numbering plan).
_PHONE: Final = re.compile(r"\+[1-9][0-9]{7,14}|0[0-9]{4}")
_EMAIL: Final = re.compile(r"[^@\s]+@[a-z0-9-]+(\.[a-z0-9-]+)+")


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone number.

    Attributes:
        shown: As people read it: `+47 55 00 00 00`.
        number: As a phone dials it: `+4755000000`.
    """

    shown: str
    number: str


@dataclass(frozen=True, slots=True)
class LineOfBusiness:
    """What customers ask about, and who answers.

    Attributes:
        id: `power`.
        name: What people call it, by language.
        phones: In the order in which they are shown.
        email: Empty if there is none.
        schedule: When the phones are answered.
    """

    id: str
    name: Words
    phones: tuple[Phone, ...]
    email: str
    schedule: Schedule


@dataclass(frozen=True, slots=True)
class Visit:
    """Where customers are received.

    Attributes:
        address: Its lines.
        schedule: When the door is open.
    """

    address: tuple[str, ...]
    schedule: Schedule


@dataclass(frozen=True, slots=True)
class Emergency:
    """Whom to call about an outage or a danger, at any hour.

    Attributes:
        name: What it is for, by language.
        phone: The number.
    """

    name: Words
    phone: Phone


@dataclass(frozen=True, slots=True)
class CustomerService:
    """How customers reach the company."""

    lines: tuple[LineOfBusiness, ...]
    visit: Visit
    emergency: Emergency

    @property
    def phone(self) -> Phone:
        """The number for whoever does not know which to call: the first of all."""
        return self.lines[0].phones[0]


class BadCustomerService(ValueError):  # noqa: N818 - says what is bad
    """The settings file cannot be used; the text says where, and why."""


def parse_customer_service(text: str) -> CustomerService:
    """Reads the settings file, TOML as in `customer_service.toml` beside this package.

    Raises:
        BadCustomerService: If it cannot be used.
    """
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadCustomerService(f"it is no TOML: {error}") from error
    top = _Table(tables, "the file")
    lines = [_Table(each, "line_of_business") for each in top.rows("line_of_business")]
    ids = [line.id() for line in lines]
    if not ids or len(set(ids)) != len(ids):
        raise top.bad("needs at least one [[line_of_business]], each with an id of its own")
    visit = top.table("visit")
    odd_days = _odd_days(top, {*ids, visit.place})
    read = CustomerService(
        lines=tuple(
            LineOfBusiness(
                id=id_,
                name=line.words("name"),
                phones=line.phones(),
                email=line.email(),
                schedule=_schedule(line, odd_days[id_]),
            )
            for id_, line in zip(ids, lines, strict=True)
        ),
        visit=Visit(visit.texts("address"), _schedule(visit, odd_days[visit.place])),
        emergency=_emergency(top.table("emergency")),
    )
    for table in (top, visit, *lines):
        table.refuse_unread()
    return read


def _emergency(table: "_Table") -> Emergency:
    emergency = Emergency(table.words("name"), table.phone(table.text("phone")))
    table.refuse_unread()
    return emergency


def _schedule(table: "_Table", odd_days: Mapping[date, Day]) -> Schedule:
    hours = table.table("hours")
    week = tuple(hours.hours(weekday) for weekday in WEEKDAYS)
    hours.refuse_unread()
    return Schedule(week, table.flag("open_on_public_holidays"), odd_days)


def _odd_days(top: "_Table", all_places: set[str]) -> Mapping[str, Mapping[date, Day]]:
    """Returns the odd days of each line of business, and of the visiting address."""
    by_place: dict[str, dict[date, Day]] = {place: {} for place in all_places}
    for row in top.rows("odd_day"):
        table = _Table(row, "odd_day")
        day = table.take("date", date)
        table.place = f"odd_day {day}"
        odd = Day(table.hours("hours"), table.words("name"))
        places = table.texts("only") if "only" in row else tuple(all_places)
        for place in places:
            if place not in by_place:
                raise table.bad(f"{place} is neither a line of business nor `visit`")
            if day in by_place[place]:
                raise table.bad(f"stands twice for {place}")
            by_place[place][day] = odd
        table.refuse_unread()
    return by_place


class _Table:
    """A table of the file, whose entries are taken one by one; what is left over is an error."""

    def __init__(self, entries: Mapping[str, Any], place: str) -> None:
        self.place = place
        self._entries = entries
        self._taken: set[str] = set()

    def bad(self, what: str) -> BadCustomerService:
        return BadCustomerService(f"{self.place}: {what}")

    def take(self, name: str, of: type[Any]) -> Any:
        self._taken.add(name)
        value = self._entries.get(name)
        if type(value) is not of:
            raise self.bad(f"{name} is missing, or no {of.__name__}")
        return value

    def refuse_unread(self) -> None:
        unknown = sorted(set(self._entries) - self._taken)
        if unknown:
            raise self.bad(f"nobody knows what {', '.join(unknown)} means")

    def table(self, name: str) -> "_Table":
        place = name if self.place == "the file" else f"{self.place}, {name}"
        return _Table(self.take(name, dict), place)

    def rows(self, name: str) -> Sequence[Mapping[str, Any]]:
        rows: list[Any] = self.take(name, list) if name in self._entries else []
        if not all(isinstance(row, dict) for row in rows):
            raise self.bad(f"{name} is no list of tables")
        return rows

    def id(self) -> str:
        id_ = self.text("id")
        if not _ID.fullmatch(id_) or id_ == "visit":
            raise self.bad(f"{id_!r} is no id: lower-case letters and hyphens, and not `visit`")
        self.place = f"line_of_business {id_}"
        return id_

    def text(self, name: str) -> str:
        text: str = self.take(name, str)
        if not text.strip():
            raise self.bad(f"{name} is empty")
        return text

    def flag(self, name: str) -> bool:
        return self.take(name, bool) if name in self._entries else False

    def texts(self, name: str) -> tuple[str, ...]:
        texts: list[Any] = self.take(name, list)
        if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
            raise self.bad(f"{name} is empty, or holds something else than texts")
        return tuple(texts)

    def words(self, name: str) -> Words:
        table = self.table(name)
        words = {language: table.text(language) for language in LANGUAGES}
        table.refuse_unread()
        return words

    def phones(self) -> tuple[Phone, ...]:
        return tuple(map(self.phone, self.texts("phones")))

    def phone(self, shown: str) -> Phone:
        number = shown.replace(" ", "")
        if not _PHONE.fullmatch(number):
            raise self.bad(f"{shown!r} is no phone number; write it as +47 55 00 00 00, or 05500")
        return Phone(shown, number)

    def email(self) -> str:
        email = self.text("email") if "email" in self._entries else ""
        if email and not _EMAIL.fullmatch(email):
            raise self.bad(f"{email!r} is no e-mail address")
        return email

    def hours(self, name: str) -> tuple[Hours, ...]:
        several: list[Any] = self.take(name, list)
        try:
            return in_order([_hours(str(each)) for each in several])
        except ValueError as error:
            raise self.bad(f"{name}: {error}") from error


def _hours(text: str) -> Hours:
    read = _HOURS.fullmatch(text)
    if read is None:
        raise ValueError(f"{text!r} are no hours; write them as 08:00-16:00")
    opens, minutes, closes, more = map(int, read.groups())
    return Hours(opens * 60 + minutes, closes * 60 + more)
