from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit import texts
from services.metering.domain.calendar import hour_of, local_moment_of
from services.metering.domain.contracts import NumberedContract
from services.metering.domain.files import lines
from services.metering.domain.files.contracts import ContractsFormat
from services.metering.domain.files.csv_readings import CsvReadings
from services.metering.domain.files.prices import open_prices_file
from services.metering.domain.files.reader import FileReader, Format
from services.metering.domain.files.values import parse_moment
from services.metering.domain.prices import Prices
from services.metering.domain.problems import BadFile
from services.metering.domain.quotes import in_kroner
from services.metering.domain.readings import NEVER_REGISTERED, Direction, Quality, Readings

DATA = Path(__file__).parents[4] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"needs the real data in {DATA}")

ELHUB = "Fra;Til;Målenavn;Volum;Enhet;Kvalitet;Registreringstidspunkt"
FIRST = "2026-04-01T00:00:00+02:00;2026-04-01T01:00:00+02:00"
ROW = f"{FIRST};KWH 60 Forbruk;2,949;kWh;Målt;2026-04-02T12:47:05+02:00"
CONTRACTS = "gsrn,customer_number,from,to,price_area,grid_company,product,address"
CONTRACT = '707057500000000001,1001,2026-03-01,,NO3,Linja,SPOT,"Storgata 1, 6100 Volda"'

Result = TypeVar("Result")


def read(format_: Format[Result], data: bytes) -> Result:
    file = FileReader(format_)
    file.feed(data)
    return file.result()


def read_readings(*lines: str) -> Readings:
    return read_file("\n".join(lines).encode())


def read_file(*pieces: bytes) -> Readings:
    """Reads a file in which nothing is wrong, and which has no production."""
    file = CsvReadings()
    series = [each for piece in pieces for each in file.feed(piece)]
    series.extend(file.end())
    if file.tally.refused:
        raise BadFile(file.tally.problems, file.tally.refused)
    [only] = series
    assert only.direction is Direction.CONSUMPTION
    return only.readings


def read_prices(*lines: str) -> Prices:
    return prices_of("\n".join(lines).encode())


def prices_of(data: bytes) -> Prices:
    """Reads a file of prices in which nothing is wrong."""
    file = open_prices_file(data, "NO5")
    file.feed(data)
    prices = in_kroner(file.end(), (), file.tally)
    if file.tally.refused:
        raise BadFile(file.tally.problems, file.tally.refused)
    return prices


def read_contracts(*lines: str) -> list[NumberedContract]:
    return list(read(ContractsFormat(["SPOT"]), "\n".join(lines).encode()))


def problems(read_file: Callable[[], object]) -> list[tuple[str, str]]:
    with pytest.raises(BadFile) as refused:
        read_file()
    for error in refused.value.fields:
        for language in ("nn", "nb", "en"):
            assert "{" not in texts.render(error.reason, language, error.facts)
    return [(error.field, error.reason) for error in refused.value.fields]


@needs_data
@settings(max_examples=20, deadline=None)
@given(st.data())
def test_a_real_file_reads_the_same_however_it_is_cut(data: st.DataObject) -> None:
    whole = (DATA / "elhub_2026-04.csv").read_bytes()
    cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)), max_size=20)) | {1, 2, 26, 27})
    edges = zip([0, *cuts], [*cuts, len(whole)], strict=True)
    readings = read_file(*(whole[start:end] for start, end in edges))
    assert len(readings.hours) == 744
    assert readings.wh[:720].sum() == 1_381_827


@needs_data
@pytest.mark.parametrize(("month", "hours"), [("03", 743), ("04", 720)])
def test_a_meter_readers_file_gives_readings_and_prices(month: str, hours: int) -> None:
    data = (DATA / f"household_no5_2026-{month}.csv").read_bytes()
    readings, prices = read_file(data), prices_of(data)
    assert len(readings.hours) == len(prices.hours) == hours
    assert set(readings.registered.tolist()) == {NEVER_REGISTERED}


def test_lines_may_end_in_crlf_and_the_file_with_or_without_an_empty_line() -> None:
    text = f"{ELHUB}\r\n{ROW}"
    for data in (text.encode(), f"{text}\r\n".encode(), f"\ufeff{text}\n".encode()):
        readings = read_file(data)
        assert readings.wh.tolist() == [2949]
        assert readings.hours.tolist() == [hour_of(parse_moment("2026-04-01T00:00:00+02:00"))]


@pytest.mark.parametrize(
    ("word", "quality"),
    [
        ("Målt", Quality.MEASURED),
        ("Estimert", Quality.ESTIMATED),
        ("Endelig estimert", Quality.FINAL_ESTIMATED),
        ("Midlertidig", Quality.TEMPORARY),
        ("Beregnet", Quality.CALCULATED),
    ],
)
def test_elhubs_words_of_quality_are_known(word: str, quality: Quality) -> None:
    assert read_readings(ELHUB, ROW.replace("Målt", word)).qualities.tolist() == [quality]


def test_the_two_hours_of_october_are_told_apart_by_their_offset() -> None:
    lines = ["start;kwh", "2026-10-25T02:00:00+02:00;1.5", "2026-10-25T02:00:00+01:00;2.5"]
    readings = read_readings(*lines)
    assert readings.wh.tolist() == [1500, 2500]
    assert readings.hours[1] - readings.hours[0] == 1


def test_a_broken_line_is_named_and_stops_nothing_else() -> None:
    file = CsvReadings()
    lines = (ELHUB, ROW.replace("2,949", "mange"), ROW, ROW)
    [series] = [*file.feed("\n".join(lines).encode()), *file.end()]
    assert series.readings.wh.tolist() == [2949]
    assert (file.tally.rows, file.tally.refused) == (3, 2)
    found = [(problem.field, problem.reason) for problem in file.tally.problems]
    assert found == [("line 2", "NOT_A_NUMBER"), ("line 4", "HOUR_REPEATED")]


def test_consumption_and_production_are_apart() -> None:
    file = CsvReadings()
    produced = ROW.replace("Forbruk", "Produksjon").replace("2,949", "0,100")
    series = [*file.feed(f"{ELHUB}\n{produced}\n{ROW}".encode()), *file.end()]
    assert {each.direction: each.readings.wh.tolist() for each in series} == {
        Direction.CONSUMPTION: [2949],
        Direction.PRODUCTION: [100],
    }


@pytest.mark.parametrize("piece", [1000, 400_000, 10_000_000])
def test_the_same_stretches_are_handed_over_however_a_file_is_cut(piece: int) -> None:
    first = hour_of(parse_moment("2026-04-01T00:00:00+02:00"))
    hours = (local_moment_of(first + hour).isoformat() for hour in range(25_000))
    data = "\n".join(["start;kwh", *(f"{hour};1" for hour in hours)]).encode()
    file = CsvReadings()
    cuts = (data[at : at + piece] for at in range(0, len(data), piece))
    series = [*(each for cut in cuts for each in file.feed(cut)), *file.end()]
    assert [len(each.readings.hours) for each in series] == [20_000, 5_000]


def test_rows_are_put_in_order_of_time() -> None:
    lines = ["start;kwh", "2026-04-01T01:00:00+02:00;2", "2026-04-01T00:00:00+02:00;1"]
    assert read_readings(*lines).wh.tolist() == [1000, 2000]


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("2,949", "2949", "COMMA_MISSING"),
        ("2,949", "2.949", "COMMA_MISSING"),
        ("2,949", "", "NOT_A_NUMBER"),
        ("2,949", "mange", "NOT_A_NUMBER"),
        ("2,949", "1e3", "NOT_A_NUMBER"),
        ("2,949", "2,9491", "NOT_A_DECIMAL"),
        ("2,949", "-2,949", "NEGATIVE_ENERGY"),
        ("2,949", "1000,001", "ENERGY_TOO_LARGE"),
        ("kWh", "kVArh", "UNIT_NOT_KWH"),
        ("Målt", "Gjettet", "NOT_A_CHOICE"),
        ("Målt", "Avvist", "NO_VALUE"),
        ("Målt", "Manglende verdi", "NO_VALUE"),
        ("01:00:00+02:00", "02:00:00+02:00", "NOT_ONE_HOUR"),
        ("01:00:00+02:00", "00:10:00+02:00", "NOT_A_FULL_QUARTER"),
        ("00:00:00+02:00", "00:00:00", "OFFSET_MISSING"),
        ("00:00:00+02:00", "00:00:00+01:00", "OFFSET_NOT_NORWEGIAN"),
        ("12:47:05+02:00", "12:47:05", "OFFSET_MISSING"),
        ("2026-04-01T00", "01.04.2026 00", "NOT_A_TIMESTAMP"),
        ("2026-04-01T00", "2026-02-30T00", "NOT_A_TIMESTAMP"),
        ("2026-04-01T00", "0001-04-01T00", "OUTSIDE_CALENDAR"),
        (";Målt", "", "LINE_COLUMNS"),
        (";Målt", ";Målt;", "LINE_COLUMNS"),
    ],
)
def test_a_wrong_line_of_elhubs_file_is_named_with_its_reason(
    before: str, after: str, reason: str
) -> None:
    bad = ROW.replace(before, after, 1)
    assert problems(lambda: read_readings(ELHUB, bad, ROW)) == [("line 2", reason)]


def test_midnight_of_the_meter_is_utc_too() -> None:
    readings = read_readings("start;kwh", "2026-03-31T22:00:00Z;1", "2026-03-31T23:00:00+00:00;1")
    assert [local_moment_of(hour).hour for hour in readings.hours.tolist()] == [0, 1]


def test_every_wrong_line_is_counted_and_the_first_twenty_are_shown() -> None:
    wrong = ["2026-04-01T00:00:00+02:00;x"] * 30
    with pytest.raises(BadFile) as refused:
        read_readings("start;kwh", *wrong)
    assert [error.field for error in refused.value.fields] == [f"line {n}" for n in range(2, 22)]
    assert refused.value.facts["badLines"] == 30


def test_two_values_for_one_hour_are_refused_on_the_later_line() -> None:
    with pytest.raises(BadFile) as refused:
        read_readings(ELHUB, ROW, ROW.replace("T00:", "T01:", 1).replace("T01:", "T00:", 1))
    [error] = refused.value.fields
    assert (error.field, error.reason, error.facts) == ("line 3", "HOUR_REPEATED", {"line": 2})


@pytest.mark.parametrize(
    ("data", "field", "reason"),
    [
        (b"", "line 1", "FILE_EMPTY"),
        (ELHUB.encode(), "line 1", "FILE_EMPTY"),
        (f"{ELHUB}\n".encode(), "line 1", "FILE_EMPTY"),
        (f"{ELHUB};\n{ROW}".encode(), "line 1", "FILE_HEADER"),
        (f"{ROW}\n{ROW}".encode(), "line 1", "FILE_HEADER"),
        (f"\n{ELHUB}\n{ROW}".encode(), "line 1", "FILE_HEADER"),
        (f"{ELHUB}\n{ROW}".encode("latin-1"), "line 1", "LINE_NOT_UTF8"),
        (f"{ELHUB}\n".encode() + ROW.encode("latin-1"), "line 2", "LINE_NOT_UTF8"),
        (f"{ELHUB}\n\n{ROW}".encode(), "line 2", "LINE_COLUMNS"),
        (f"{ELHUB}\n{ROW}{' ' * 5000}".encode(), "line 2", "LINE_TOO_LONG"),
    ],
)
def test_a_file_that_is_no_such_file_is_refused(data: bytes, field: str, reason: str) -> None:
    assert problems(lambda: read_file(data)) == [(field, reason)]


def test_a_file_without_end_is_refused_before_it_fills_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lines, "LARGEST_FILE", 1000)
    data = f"{ELHUB}\n{ROW}\n".encode() + f"{ROW}\n".encode() * 10
    [(_, reason)] = problems(lambda: read_file(data))
    assert reason == "FILE_TOO_LARGE"


def test_a_price_is_rounded_to_a_thousandth_of_an_ore_half_away_from_zero() -> None:
    prices = read_prices(
        "start;nok_per_kwh_ex_vat",
        "2026-04-01T00:00:00+02:00;0.990692",
        "2026-04-01T01:00:00+02:00;0.000005",
        "2026-04-01T02:00:00+02:00;-0.000005",
        "2026-04-01T03:00:00+02:00;-0.5",
        "2026-04-01T04:00:00+02:00;2",
    )
    assert prices.amounts.tolist() == [99069, 1, -1, -50000, 200000]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2026-04-01T00:00:00+02:00;0,99", "NOT_A_NUMBER"),
        ("2026-04-01T00:00:00+02:00;", "NOT_A_NUMBER"),
        ("2026-04-01T00:00:00+02:00;100.001", "PRICE_TOO_LARGE"),
        ("2026-04-01T00:00:00;0.99", "OFFSET_MISSING"),
        ("2026-04-01T00:30:00+02:00;0.99", "QUARTERS_MISSING"),
        ("2026-04-01T00:10:00+02:00;0.99", "NOT_A_FULL_QUARTER"),
    ],
)
def test_a_wrong_price_is_named_with_its_reason(row: str, reason: str) -> None:
    assert problems(lambda: read_prices("start;nok_per_kwh_ex_vat", row)) == [("line 2", reason)]


def test_a_contract_is_read_with_commas_in_its_address() -> None:
    [row] = read_contracts(CONTRACTS, CONTRACT)
    assert row.line == 2
    assert row.contract.address == "Storgata 1, 6100 Volda"
    assert row.contract.to_date is None


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("707057500000000001", "707057500000000002", "WRONG_CHECK_DIGIT"),
        ("707057500000000001", "70705750000000001", "NOT_A_GSRN"),
        ("1001", "Kari", "CUSTOMER_NUMBER_INVALID"),
        ("2026-03-01", "1.3.2026", "NOT_A_DATE"),
        ("2026-03-01", "1969-12-31", "OUTSIDE_CALENDAR"),
        ("2026-03-01,", "2026-03-01,2026-02-28", "NOT_AFTER_FROM"),
        ("NO3", "SE3", "NOT_A_CHOICE"),
        ("SPOT", "GRATIS", "NOT_A_CHOICE"),
        ("Linja", "", "TEXT_INVALID"),
        ('"Storgata', '"Stor"gata', "LINE_NOT_CSV"),
        ("Linja,", "", "LINE_COLUMNS"),
    ],
)
def test_a_wrong_contract_is_named_with_its_reason(before: str, after: str, reason: str) -> None:
    bad = CONTRACT.replace(before, after)
    assert problems(lambda: read_contracts(CONTRACTS, bad)) == [("line 2", reason)]


def test_the_same_contract_twice_in_a_file_is_refused() -> None:
    assert problems(lambda: read_contracts(CONTRACTS, CONTRACT, CONTRACT)) == [
        ("line 3", "CONTRACT_REPEATED")
    ]
