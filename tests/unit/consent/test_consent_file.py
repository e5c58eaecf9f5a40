"""The file that consents given elsewhere are imported from."""

import pytest

from services.consent.domain.consent_file import HEADER, LARGEST_FILE, ConsentFile
from services.consent.domain.problems import BadFile

GOOD = "100001,kraftklubben,email,given,2019-03-02T12:00:00Z,paper-form,Arkiv 2019/4512,1"


def read(*lines: str, header: str = ",".join(HEADER)) -> ConsentFile:
    file = ConsentFile()
    file.feed("\n".join((header, *lines)).encode())
    return file


def faults(*lines: str) -> list[tuple[str, str]]:
    with pytest.raises(BadFile) as raised:
        read(*lines).lines()
    return [(each.field, each.reason) for each in raised.value.fields]


def test_a_line_is_read_whichever_way_its_words_are_written() -> None:
    [line] = read(GOOD, "").lines()
    assert (line.number, line.customer_number, line.channel) == (2, "100001", "EMAIL")
    assert (line.decision, line.source, line.notice_version) == ("GIVEN", "paper-form", 1)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("given", "expired", "NOT_A_CHOICE"),
        ("given", "kanskje", "NOT_A_CHOICE"),
        ("2019-03-02T12:00:00Z", "2019-03-02T12:00:00", "NOT_A_MOMENT"),
        ("2019-03-02T12:00:00Z", "2. mars", "NOT_A_MOMENT"),
        ("2019-03-02T12:00:00Z", "0001-01-01T00:00:00+23:59", "NOT_A_MOMENT"),
        ("paper-form", "Papir", "NOT_A_SLUG"),
        ("paper-form", "x" * 41, "NOT_A_SLUG"),
        ("Arkiv 2019/4512", "", "TEXT_LENGTH"),
        ("Arkiv 2019/4512", "x" * 201, "TEXT_LENGTH"),
        (",1", ",-1", "OUT_OF_RANGE"),
        (",1", ",1,2", "LINE_COLUMNS"),
        ("Arkiv", '"Arkiv" og "meir', "LINE_NOT_CSV"),
    ],
)
def test_what_is_wrong_with_a_line_is_named(old: str, new: str, reason: str) -> None:
    assert faults(GOOD, GOOD.replace(old, new)) == [("line 3", reason)]


@pytest.mark.parametrize(
    "evidence",
    [
        "Skjema frå kari@example.no",
        "Ringde frå 91 23 45 67",
        "Ringde frå +47 912-34-567",
        "Ringde frå (912) 34 567",
        "Fødselsnummer 010203 12345",
        "Sak 91234567",
        "2019-03-02 91234567",
    ],
)
def test_evidence_that_looks_like_a_contact_is_refused(evidence: str) -> None:
    assert faults(GOOD.replace("Arkiv 2019/4512", evidence)) == [("line 2", "PERSONAL_DATA")]


@pytest.mark.parametrize(
    "evidence",
    ["Skjema 2019-03-02, arkiv 2019/004512", "Samtale 02.03.2019 kl. 12", "Sak 1234567", "Ark @ 3"],
)
def test_evidence_that_refers_to_an_archive_is_taken(evidence: str) -> None:
    [line] = read(GOOD.replace("Arkiv 2019/4512", f'"{evidence}"')).lines()
    assert line.evidence == evidence


def test_twenty_bad_lines_are_named_and_all_are_counted() -> None:
    with pytest.raises(BadFile) as raised:
        read(*["x"] * 30).lines()
    assert len(raised.value.fields) == 20
    assert raised.value.facts["badLines"] == 30


def test_a_file_without_lines_or_with_too_many_is_refused() -> None:
    assert faults() == [("line 1", "FILE_EMPTY")]
    file = read()
    with pytest.raises(BadFile):
        file.feed(b"x" * LARGEST_FILE)
    empty = ConsentFile()
    with pytest.raises(BadFile):
        empty.lines()
