"""Readings are the same whatever file they come in."""

import json
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.metering.domain.calendar import hour_of
from services.metering.domain.files.values import parse_moment
from services.metering.domain.problems import BadFile
from services.metering.domain.readings import Direction, Quality
from tests.unit.metering.readings_files import (
    GSRN,
    OTHER_GSRN,
    REGISTERED,
    elhub_json,
    elhub_xml,
    hours_from,
    metered,
    old_portal,
    portal,
    read,
    xml_series,
)

DAY = hours_from("2026-10-25T00:00:00+02:00", 25)
QUARTERS = [
    datetime.fromtimestamp(DAY[0].timestamp() + 900 * each, DAY[0].tzinfo) for each in range(8)
]
NUMBERS = [hour_of(hour) for hour in DAY]


def local(start: str, end: str, kwh: str = '"1,000"', quality: str = "Målt") -> str:
    return f"25.10.2026 {start},25.10.2026 {end},{kwh},{quality}"


def old_day() -> bytes:
    clocks = [f"{hour:%H:%M}" for hour in DAY]
    rows = [local(start, end) for start, end in zip(clocks, [*clocks[1:], "00:00"], strict=True)]
    return old_portal(*rows[:-1], rows[-1].replace(",25.10.2026 00:00", ",26.10.2026 00:00"))


@pytest.mark.parametrize(
    ("file", "is_named", "is_registered"),
    [
        (portal(DAY), False, True),
        (old_day(), False, False),
        (elhub_json(DAY), True, True),
        (elhub_xml(xml_series(DAY[0], metered(count=25), 25)), True, True),
    ],
    ids=["portal", "old portal", "JSON", "XML"],
)
def test_a_day_of_25_hours_reads_the_same_in_every_format(
    file: bytes, *, is_named: bool, is_registered: bool
) -> None:
    found = read(file)
    registered = int(parse_moment(REGISTERED).timestamp()) if is_registered else 0
    point = GSRN if is_named else None
    assert found.problems == []
    assert found.rows == 25
    assert found.values == {
        (point, Direction.CONSUMPTION, hour): (1000, Quality.MEASURED, registered)
        for hour in NUMBERS
    }


@pytest.mark.parametrize(
    "file",
    [
        portal(QUARTERS, minutes=15, kwh="0,251"),
        elhub_json(QUARTERS, minutes=15, kwh=0.251),
        elhub_xml(xml_series(QUARTERS[0], metered("0.251", count=8), 8, "PT15M")),
        old_portal(
            *(f'{q:%d.%m.%Y %H:%M},{q:%d.%m.%Y %H}:{q.minute + 15:02},"0,251"' for q in QUARTERS),
            header="Fra,Til,KWH 15 Forbruk",
        )
        .replace(b"00:60", b"01:00")
        .replace(b"01:60", b"02:00"),
    ],
    ids=["portal", "JSON", "XML", "old portal"],
)
def test_four_quarters_are_an_hour(file: bytes) -> None:
    found = read(file)
    assert found.problems == []
    assert (found.rows, found.wh()) == (8, [1004, 1004])


def test_an_hour_is_as_unsure_as_its_least_sure_quarter_and_as_new_as_its_newest() -> None:
    rows = portal(QUARTERS[:4], minutes=15).decode().replace("Målt", "Estimert", 1)
    found = read(rows.replace("2026-12-01T06", "2026-12-01T07", 1).encode())
    [(_, quality, registered)] = found.values.values()
    assert quality is Quality.ESTIMATED
    assert registered == int(parse_moment("2026-12-01T07:00:00+01:00").timestamp())


@pytest.mark.parametrize(
    ("file", "place"),
    [
        (portal([*QUARTERS[:3], *QUARTERS[4:]], minutes=15), "line 2"),
        (elhub_json([*QUARTERS[:3], *QUARTERS[4:]], minutes=15), "value 1"),
    ],
)
def test_an_hour_with_three_quarters_is_refused_and_named(file: bytes, place: str) -> None:
    found = read(file)
    assert found.problems == [(place, "QUARTERS_MISSING")]
    assert (found.rows, found.refused, found.wh()) == (7, 3, [4000])


def test_a_wrong_quarter_takes_its_hour_with_it_and_no_other() -> None:
    rows = portal(QUARTERS, minutes=15).decode().replace("1,000", "x", 1)
    found = read(rows.encode())
    assert found.problems == [("line 2", "NOT_A_NUMBER"), ("line 3", "QUARTERS_MISSING")]
    assert (found.refused, found.wh()) == (4, [4000])


@pytest.mark.parametrize(
    ("file", "place"),
    [
        (portal([DAY[0], DAY[1], DAY[0]]), "line 4"),
        (elhub_json([DAY[0], DAY[1], DAY[0]]), "value 3"),
        (
            elhub_xml(xml_series(DAY[0], metered(count=2), 2), xml_series(DAY[1], metered("2"), 1)),
            "series 2, position 1",
        ),
    ],
    ids=["portal", "JSON", "XML"],
)
def test_an_hour_that_comes_again_is_refused_and_the_first_one_kept(
    file: bytes, place: str
) -> None:
    found = read(file)
    [(where, reason)] = found.problems
    assert where == place
    assert reason in {"HOUR_REPEATED", "TIME_REPEATED"}
    assert (found.refused, found.wh()) == (1, [1000, 1000])


@pytest.mark.parametrize(
    "file",
    [
        portal(DAY[:2], kwh="0,500", meter="Produksjon"),
        elhub_json(DAY[:2], kwh=0.5, around={"gsrn": GSRN, "direction": "PRODUCTION"}),
        elhub_xml(xml_series(DAY[0], metered("0.5", count=2), 2, direction="In")),
        old_portal(
            "25.10.2026 00:00;25.10.2026 01:00;1,000;0,500",
            "25.10.2026 01:00;25.10.2026 02:00;1,000;0,500",
            header="Fra;Til;KWH 60 Forbruk;KWH 60 Produksjon",
        ),
    ],
    ids=["portal", "JSON", "XML", "old portal"],
)
def test_production_is_a_series_of_its_own(file: bytes) -> None:
    assert read(file).wh(Direction.PRODUCTION) == [500, 500]


class TestOldPortal:
    def test_the_double_hour_is_told_apart_by_the_order_of_the_lines(self) -> None:
        rows = [
            local("01:00", "02:00", '"1,000"'),
            local("02:00", "03:00", '"2,000"'),
            local("02:00", "03:00", '"3,000"'),
            local("03:00", "04:00", '"4,000"'),
        ]
        rising, falling = read(old_portal(*rows)), read(old_portal(*reversed(rows)))
        assert rising.wh() == [1000, 2000, 3000, 4000]
        assert falling.values == rising.values
        assert rising.hours() == NUMBERS[1:5]

    def test_quarters_of_the_double_hour_are_told_apart(self) -> None:
        clocks = ["01:45", *(f"02:{minute:02}" for minute in (0, 15, 30, 45)), "03:00"]
        order = [clocks[0], *clocks[1:5], *clocks[1:5], clocks[5]]
        ends = {"01:45": "02:00", "02:45": "03:00", "03:00": "03:15"}
        rows = [
            local(start, ends.get(start, f"02:{int(start[3:]) + 15}")).removesuffix(",Målt")
            for start in order
        ]
        found = read(old_portal(*rows, header="Fra,Til,KWH 15 Forbruk"))
        assert found.hours() == NUMBERS[2:4]
        assert [reason for _, reason in found.problems] == ["QUARTERS_MISSING"] * 2

    @pytest.mark.parametrize(
        "clocks",
        [
            ["01:00", "02:00", "03:00"],
            ["01:00", "02:00", "02:00", "02:00", "03:00"],
            ["02:00", "02:00"],
            ["02:00"],
        ],
    )
    def test_where_the_order_cannot_tell_the_double_hour_is_refused(
        self, clocks: list[str]
    ) -> None:
        rows = [local(each, f"{int(each[:2]) + 1:02}:00") for each in clocks]
        found = read(old_portal(*rows))
        doubles = [f"line {n}" for n, each in enumerate(clocks, start=2) if each == "02:00"]
        assert found.problems == [(each, "LOCAL_TIME_TWICE") for each in doubles]
        assert len(found.values) == len(clocks) - len(doubles)

    def test_an_hour_that_clocks_skip_is_refused(self) -> None:
        found = read(
            old_portal(
                '29.03.2026 01:00,29.03.2026 03:00,"1,000",Målt',
                '29.03.2026 02:00,29.03.2026 03:00,"1,000",Målt',
                '29.03.2026 03:00,29.03.2026 04:00,"1,000",Målt',
            )
        )
        assert found.problems == [("line 3", "LOCAL_TIME_SKIPPED")]
        assert found.hours()[1] - found.hours()[0] == 1

    def test_a_value_may_be_cut_at_its_decimal_comma(self) -> None:
        assert read(old_portal(local("00:00", "01:00", "2,949"))).wh() == [2949]

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            (local("00:00", "02:00"), "NOT_ONE_HOUR"),
            (local("00:30", "01:30"), "NOT_A_FULL_HOUR"),
            (local("24:00", "25:00"), "NOT_A_LOCAL_TIME"),
            ('25.10.26 00:00,25.10.26 01:00,"1,000",Målt', "NOT_A_LOCAL_TIME"),
            (local("00:00", "01:00", '"1.000"'), "COMMA_MISSING"),
            (local("00:00", "01:00", quality="Avvist"), "NO_VALUE"),
            (local("00:00", "01:00", '"1,000'), "LINE_NOT_CSV"),
            (local("00:00", "01:00") + ",x", "LINE_COLUMNS"),
        ],
    )
    def test_a_wrong_line_is_named_and_the_rest_is_taken(self, row: str, reason: str) -> None:
        found = read(old_portal(row, local("04:00", "05:00")))
        assert found.problems == [("line 2", reason)]
        assert found.wh() == [1000]


class TestJson:
    def test_what_is_said_of_values_may_stand_after_them(self) -> None:
        before = read(elhub_json(DAY[:2]))
        members = json.loads(elhub_json(DAY[:2]))
        after = {"meterValues": members.pop("meterValues")} | members
        assert read(json.dumps(after).encode()).values == before.values

    def test_a_document_may_hold_many_points(self) -> None:
        points = [
            {
                "type": "meteringPoints",
                "attributes": {"meterValues": json.loads(elhub_json(DAY[:1]))["meterValues"]},
                "id": gsrn,
            }
            for gsrn in (GSRN, OTHER_GSRN)
        ]
        found = read(json.dumps({"data": points}).encode())
        assert {key[0] for key in found.values} == {GSRN, OTHER_GSRN}

    def test_a_resolution_stands_in_for_ends(self) -> None:
        values = [{"startTime": each.isoformat(), "quantityKwh": "1.5"} for each in DAY[:2]]
        around = {"gsrn": GSRN, "resolution": "PT60M", "meterValues": values}
        assert read(json.dumps(around).encode()).wh() == [1500, 1500]
        del around["resolution"]
        found = read(json.dumps(around).encode())
        assert found.problems == [(f"value {n}", "LENGTH_UNKNOWN") for n in (1, 2)]

    @pytest.mark.parametrize(
        ("member", "value", "reason"),
        [
            ("quantityKwh", None, "NO_VALUE"),
            ("quantityKwh", True, "NOT_A_NUMBER"),
            ("quantityKwh", -1, "NEGATIVE_ENERGY"),
            ("quantityKwh", 1e30, "ENERGY_TOO_LARGE"),
            ("quantityKwh", 1e-30, "NOT_A_DECIMAL"),
            ("quantityKwh", 1.2345, "NOT_A_DECIMAL"),
            ("quantityKwh", "1,5", "NOT_A_NUMBER"),
            ("startTime", 3, "NOT_A_TIMESTAMP"),
            ("startTime", "2026-10-25T00:00:00", "OFFSET_MISSING"),
            ("endTime", "2026-10-25T03:00:00+01:00", "LENGTH_UNKNOWN"),
            ("quality", "GUESSED", "NOT_A_CHOICE"),
            ("quality", "Avvist", "NO_VALUE"),
            ("lastUpdatedTime", "i går", "NOT_A_TIMESTAMP"),
            ("meteringPointId", "707057500000000002", "WRONG_CHECK_DIGIT"),
            ("direction", "SIDEWAYS", "NOT_A_CHOICE"),
        ],
    )
    def test_a_wrong_value_is_named_and_the_rest_is_taken(
        self, member: str, value: object, reason: str
    ) -> None:
        document = json.loads(elhub_json(DAY[:2]))
        document["meterValues"][0][member] = value
        found = read(json.dumps(document).encode())
        assert found.problems == [("value 1", reason)]
        assert (found.rows, found.refused, found.wh()) == (2, 1, [1000])

    def test_numbers_are_exact(self) -> None:
        text = elhub_json(DAY[:1]).replace(b'"quantityKwh": 1.0', b'"quantityKwh": 0.29e1')
        assert read(text).wh() == [2900]


class TestXml:
    @pytest.mark.parametrize(
        ("value", "quality"),
        [
            ("<m:Metered>1</m:Metered>", Quality.MEASURED),
            ('<m:Estimated Quality="56">1</m:Estimated>', Quality.ESTIMATED),
            ('<m:Estimated Quality="81">1</m:Estimated>', Quality.FINAL_ESTIMATED),
            ("<m:Temporary>1</m:Temporary>", Quality.TEMPORARY),
            ("<m:Calculated>1</m:Calculated>", Quality.CALCULATED),
        ],
    )
    def test_the_name_of_a_value_tells_its_quality(self, value: str, quality: Quality) -> None:
        observation = f'<m:Observation Sequence="1">{value}</m:Observation>'
        found = read(elhub_xml(xml_series(DAY[0], [observation], 1)))
        assert [value[1] for value in found.values.values()] == [quality]

    def test_ebix_gives_positions_and_qualities_as_elements(self) -> None:
        observations = [
            f"<m:IntervalEnergyObservation><m:Position>{n}</m:Position>"
            "<m:EnergyQuantity>1.5</m:EnergyQuantity><m:QuantityQuality>56</m:QuantityQuality>"
            "</m:IntervalEnergyObservation>"
            for n in (1, 2)
        ]
        found = read(elhub_xml(xml_series(DAY[0], observations, 2)))
        assert found.problems == []
        assert set(found.values.values()) == {
            (1500, Quality.ESTIMATED, int(parse_moment(REGISTERED).timestamp()))
        }

    def test_positions_may_begin_at_0(self) -> None:
        found = read(elhub_xml(xml_series(DAY[0], metered(first=0, count=3), 3)))
        assert found.hours() == NUMBERS[:3]

    def test_many_points_come_in_one_message(self) -> None:
        series = [
            xml_series(DAY[0], metered(count=2), 2, point=gsrn) for gsrn in (GSRN, OTHER_GSRN)
        ]
        assert len(read(elhub_xml(*series)).values) == 4

    @pytest.mark.parametrize(
        ("head", "reason"),
        [
            ({"point": "707057500000000002"}, "WRONG_CHECK_DIGIT"),
            ({"unit": "KVARH"}, "UNIT_NOT_KWH"),
            ({"product": "8716867000139"}, "NOT_ACTIVE_ENERGY"),
            ({"direction": "E20"}, "NOT_A_CHOICE"),
            ({"resolution": "PT30M"}, "LENGTH_UNKNOWN"),
            ({"end": "i morgon"}, "NOT_A_TIMESTAMP"),
        ],
    )
    def test_a_series_that_is_wrong_is_refused_and_the_next_one_taken(
        self, head: dict[str, str], reason: str
    ) -> None:
        wrong = xml_series(DAY[0], metered(count=2), 2, **head)
        found = read(elhub_xml(wrong, xml_series(DAY[0], metered(count=2), 2)))
        places = [f"series 1, position {n}" for n in (1, 2)]
        assert found.problems == [(place, reason) for place in places]
        assert found.wh() == [1000, 1000]

    def test_a_position_outside_of_its_series_is_refused(self) -> None:
        found = read(elhub_xml(xml_series(DAY[0], metered(count=3), 2)))
        assert found.problems == [("series 1, position 3", "POSITION_INVALID")]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{}", "NOTHING_FOUND"),
        (b'{"meterValues": 1}', "NOTHING_FOUND"),
        (b'{"meterValues": [', "JSON_INVALID"),
        (b"[1, 2", "JSON_INVALID"),
        (b'{"a": "\xff"}', "JSON_INVALID"),
        (b"<a/>", "NOTHING_FOUND"),
        (b"<a>", "XML_INVALID"),
        (b"<a></b>", "XML_INVALID"),
        (b"<a>&b;</a>", "XML_INVALID"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "XML_INVALID"),
    ],
)
def test_a_file_that_is_no_such_file_is_refused_whole(data: bytes, reason: str) -> None:
    with pytest.raises(BadFile) as refused:
        read(data)
    assert [error.reason for error in refused.value.fields] == [reason]


MAKERS: list[Callable[[], bytes]] = [
    lambda: portal(DAY),
    old_day,
    lambda: elhub_json(DAY),
    lambda: elhub_xml(xml_series(DAY[0], metered(count=25), 25)),
]


@given(st.sampled_from(MAKERS), st.sets(st.integers(0, 6000), max_size=10))
def test_a_file_reads_the_same_however_it_is_cut(make: Callable[[], bytes], cuts: set[int]) -> None:
    whole = make()
    edges = [0, *sorted(cuts), len(whole) + 6000]
    pieces = [whole[start:end] for start, end in pairwise(edges)]
    assert read(*pieces) == read(whole)
