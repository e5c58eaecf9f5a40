"""The rate book: every rate that was and is, and what holds at an hour."""

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final, TypeVar, cast

from kit.errors import FieldError
from services.metering.domain.prices import PRICE_AREAS
from services.metering.domain.pricing import rows as read
from services.metering.domain.pricing.rates import (
    GridCapacity,
    GridCompany,
    GridEnergy,
    Norgespris,
    Product,
    RateRow,
    Stromstotte,
    Terms,
    Timeline,
    Zone,
)
from services.metering.domain.problems import BadFile, Refused

LONGEST_LINE: Final = 1000
"""In characters; three times what any of our rows has. The time that it takes to read a line grows
with the square of the names in it (`a.a.a.a = 1`)."""

Rate = TypeVar("Rate")


@dataclass(frozen=True)
class Conditions:
    """What holds at an hour on some terms; None where the book has no rate.

    Attributes:
        vat: In hundredths of a per cent.
        consumption_tax: In 1e-5 kr/kWh ex. VAT.
        enova: The levy to the Energy Fund, in 1e-5 kr/kWh ex. VAT.
        stromstotte: What the state pays of high spot prices.
        norgespris: The price that the state settles to.
        grid_energy: The grid's energy rate.
        grid_capacity: The grid's capacity rate.
        product: The power product.
    """

    vat: int | None
    consumption_tax: int | None
    enova: int | None
    stromstotte: Stromstotte | None
    norgespris: Norgespris | None
    grid_energy: GridEnergy | None
    grid_capacity: GridCapacity | None
    product: Product | None


@dataclass(frozen=True, eq=False)
class RateBook:
    """All rates. Nothing else knows a figure: where the book is silent, a cost is unknown.

    Attributes:
        rows: The rates as they are stored.
        band_names: The names of all energy bands, each once.
    """

    rows: Sequence[RateRow]
    band_names: Sequence[str]
    _changes: Sequence[int]
    _aliases: Mapping[str, str]
    _zones: Mapping[str, Timeline[Zone]]
    _vat: Mapping[str, Timeline[int]]
    _consumption_tax: Mapping[str, Timeline[int]]
    _enova: Mapping[str, Timeline[int]]
    _stromstotte: Mapping[str, Timeline[Stromstotte]]
    _norgespris: Mapping[str, Timeline[Norgespris]]
    _companies: Mapping[str, Timeline[GridCompany]]
    _grid_energy: Mapping[str, Timeline[GridEnergy]]
    _grid_capacity: Mapping[str, Timeline[GridCapacity]]
    _products: Mapping[str, Timeline[Product]]

    @property
    def products(self) -> Sequence[str]:
        """The products that are or were sold."""
        return sorted(self._products)

    @property
    def companies(self) -> Sequence[str]:
        """The grid companies, by their first names."""
        return sorted(self._companies)

    def company(self, name: str) -> str | None:
        """Returns the first name of a grid company by any of its names, None if it is unknown."""
        return self._aliases.get(_folded(name))

    def stretches(self, first_hour: int, end_hour: int) -> Iterator[tuple[int, int]]:
        """Cuts a range of hours wherever any rate begins or ends."""
        inside = [hour for hour in self._changes if first_hour < hour < end_hour]
        return pairwise([first_hour, *inside, end_hour])

    def conditions(self, terms: Terms, hour: int) -> Conditions:
        """Returns what holds at an hour.

        The zone follows from the price area, unless the grid company's row says another: who is
        exempt from VAT depends on the county (merverdiavgiftsloven § 6-6).
        """
        company = self.company(terms.grid_company) or ""
        row = _at(self._companies, company, hour)
        zone = (row and row.zone) or _at(self._zones, terms.price_area, hour)
        taxes = zone.value if zone else ""
        return Conditions(
            vat=_at(self._vat, taxes, hour),
            consumption_tax=_at(self._consumption_tax, taxes, hour),
            enova=_at(self._enova, taxes, hour),
            stromstotte=_at(self._stromstotte, _COUNTRY, hour),
            norgespris=_at(self._norgespris, _COUNTRY, hour),
            grid_energy=_at(self._grid_energy, company, hour),
            grid_capacity=_at(self._grid_capacity, company, hour),
            product=_at(self._products, terms.product, hour),
        )


def parse_rate_book(text: str) -> RateBook:
    """Reads a rate book, TOML as in `rates.toml` beside this package.

    Raises:
        BadFile: If it cannot be read; each of the first bad rows is named by its table and its
            number in it, from 1.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LONGEST_LINE:
            raise _bad([Refused("LINE_TOO_LONG", limit=LONGEST_LINE).at(f"line {number}")])
    try:
        tables = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise _bad([Refused("RATES_NOT_TOML", detail=str(error)).at("TOML")]) from None
    entries: list[_Entry] = []
    for kind, items in tables.items():
        if kind not in _KINDS or not isinstance(items, list):
            raise _bad([Refused("NOT_A_CHOICE", choices=", ".join(_KINDS)).at(kind)])
        rows = cast("list[object]", items)
        entries += [_Entry(f"{kind} row {number}", kind, row) for number, row in enumerate(rows, 1)]
    return _book(entries)


def rate_book_of(rows: Iterable[RateRow]) -> RateBook:
    """Makes a rate book of rows that one was stored as.

    Raises:
        BadFile: As `parse_rate_book`.
    """
    return _book([_entry_of(row) for row in rows])


@dataclass(frozen=True)
class _Entry:
    """A row of the file: what it is called, its table, and what stands in it."""

    label: str
    kind: str
    fields: object


@dataclass(frozen=True)
class _Kind:
    """A table of the file.

    Attributes:
        read: Reads a row's rate.
        scope: The field that says what it is the rate of; None if it is the whole country's.
        choices: What that may be; None if it is a name.
    """

    read: Callable[[read.Fields], Any]
    scope: str | None = None
    choices: Sequence[str] | None = None


_COUNTRY: Final = ""
_ZONES: Final = [zone.value for zone in Zone]
_KINDS: Final[Mapping[str, _Kind]] = {
    "zone": _Kind(read.zone, "price_areas", PRICE_AREAS),
    "vat": _Kind(read.vat, "zones", _ZONES),
    "consumption_tax": _Kind(read.tax, "zones", _ZONES),
    "enova": _Kind(read.tax, "zones", _ZONES),
    "stromstotte": _Kind(read.stromstotte),
    "norgespris": _Kind(read.norgespris),
    "grid_company": _Kind(read.grid_company, "name"),
    "grid_energy": _Kind(read.grid_energy, "company"),
    "grid_capacity": _Kind(read.grid_capacity, "company"),
    "product": _Kind(read.product, "name"),
}
_DATED: Final = ("from", "to", "source")


@dataclass(frozen=True)
class _Read:
    """A row that has been read."""

    label: str
    row: RateRow
    rate: Any


def _book(entries: Sequence[_Entry]) -> RateBook:
    problems: list[FieldError] = []
    known: list[_Read] = []
    for entry in entries:
        try:
            known += _read(entry)
        except Refused as refused:
            problems.append(refused.at(entry.label))
    if problems:
        raise _bad(problems)
    known.sort(key=lambda each: each.row.key)
    aliases, problems = _aliases(known)
    problems += [*_overlaps(known), *_nameless(known)]
    if problems:
        raise _bad(problems)
    in_order = [(each.row, each.rate) for each in known]

    def timelines(kind: str) -> Mapping[str, Timeline[Any]]:
        rates: dict[str, list[tuple[int, int, Any]]] = {}
        for row, rate in in_order:
            if row.kind == kind:
                stretch = (row.first_hour, row.end_hour, rate)
                rates.setdefault(row.scope, []).append(stretch)
        return {scope: Timeline(each) for scope, each in rates.items()}

    changes = {hour for row, _ in in_order for hour in (row.first_hour, row.end_hour)}
    bands = [
        band.name for _, rate in in_order if isinstance(rate, GridEnergy) for band in rate.bands
    ]
    return RateBook(
        rows=[row for row, _ in in_order],
        band_names=list(dict.fromkeys(bands)),
        _changes=sorted(changes),
        _aliases=aliases,
        _zones=timelines("zone"),
        _vat=timelines("vat"),
        _consumption_tax=timelines("consumption_tax"),
        _enova=timelines("enova"),
        _stromstotte=timelines("stromstotte"),
        _norgespris=timelines("norgespris"),
        _companies=timelines("grid_company"),
        _grid_energy=timelines("grid_energy"),
        _grid_capacity=timelines("grid_capacity"),
        _products=timelines("product"),
    )


def _entry_of(row: RateRow) -> _Entry:
    dated: dict[str, object] = {"from": row.from_date, "source": row.source}
    if row.to_date is not None:
        dated["to"] = row.to_date
    kind = _KINDS[row.kind]
    if kind.scope is not None:
        dated[kind.scope] = row.scope
    return _Entry(f"{row.kind} {row.scope} {row.from_date}", row.kind, {**row.data, **dated})


def _read(entry: _Entry) -> Sequence[_Read]:
    kind = _KINDS[entry.kind]
    values = read.mapping(entry.kind, entry.fields)
    fields = read.Fields(values)
    from_date = fields.date("from")
    to_date = fields.optional("to", fields.date)
    if to_date is not None and to_date <= from_date:
        raise Refused("NOT_AFTER_FROM", **{"from": from_date.isoformat()})
    source = fields.text("source")
    if kind.scope is None:
        scopes: Sequence[str] = [_COUNTRY]
    else:
        scopes = fields.texts(kind.scope, kind.choices)
    rate = kind.read(fields)
    fields.end()
    data = {
        name: _plain(value)
        for name, value in values.items()
        if name not in _DATED and name != kind.scope
    }
    return [
        _Read(entry.label, RateRow(entry.kind, scope, from_date, to_date, data, source), rate)
        for scope in scopes
    ]


def _plain(value: object) -> object:
    """Returns a value of the file in JSON's types; a decimal number becomes a text, exactly."""
    match value:
        case Decimal():
            return str(value)
        case list():
            return [_plain(each) for each in cast("list[object]", value)]
        case dict():
            fields = cast("dict[str, object]", value)
            return {name: _plain(each) for name, each in fields.items()}
        case _:
            return value


def _overlaps(known: Sequence[_Read]) -> Iterator[FieldError]:
    for earlier, later in pairwise(known):
        same = earlier.row.key[:2] == later.row.key[:2]
        if same and later.row.first_hour < earlier.row.end_hour:
            begins = later.row.from_date.isoformat()
            yield Refused("RATES_OVERLAP", other=earlier.label, **{"from": begins}).at(later.label)


def _aliases(known: Sequence[_Read]) -> tuple[Mapping[str, str], list[FieldError]]:
    """Returns the first name of each company by all its names, and names that two would have."""
    aliases: dict[str, str] = {}
    names = [
        (each, name)
        for each in known
        if isinstance(each.rate, GridCompany)
        for name in (each.row.scope, *each.rate.also_called)
    ]
    problems = [
        Refused("RATE_NAME_TAKEN", name=name).at(each.label)
        for each, name in names
        if aliases.setdefault(_folded(name), each.row.scope) != each.row.scope
    ]
    return aliases, problems


def _nameless(known: Sequence[_Read]) -> Iterator[FieldError]:
    companies = {each.row.scope for each in known if isinstance(each.rate, GridCompany)}
    for each in known:
        if isinstance(each.rate, GridEnergy | GridCapacity) and each.row.scope not in companies:
            yield Refused("RATE_COMPANY_UNKNOWN", name=each.row.scope).at(each.label)


def _at(timelines: Mapping[str, Timeline[Rate]], scope: str, hour: int) -> Rate | None:
    timeline = timelines.get(scope)
    return None if timeline is None else timeline.at(hour)


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _bad(problems: Sequence[FieldError]) -> BadFile:
    return BadFile(problems, len(problems))
