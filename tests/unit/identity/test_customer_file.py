"""The file that customers are imported from is taken whole or refused whole."""

import pytest

from services.identity.domain.customer_file import LARGEST_FILE, CustomerFile
from services.identity.domain.customers import Entry, Status
from services.identity.domain.problems import BadFile

HEADER = "customer_number,name,email,mobile,pin\n"
KARI = "100001,Kari Nordmann,kari@example.no,91234567,12345678\n"


def read(*pieces: bytes) -> list[Entry]:
    file = CustomerFile()
    for piece in pieces:
        file.feed(piece)
    return list(file.entries())


def refusal(*pieces: bytes) -> BadFile:
    with pytest.raises(BadFile) as refused:
        read(*pieces)
    return refused.value


def reasons(text: str) -> list[tuple[str, str]]:
    return [(error.field, error.reason) for error in refusal(text.encode()).fields]


def test_a_line_without_end_is_refused_before_it_fills_the_memory() -> None:
    for pieces in ([(HEADER + "x" * 5000).encode()], [HEADER.encode(), *[b"x" * 100] * 50]):
        [error] = refusal(*pieces).fields
        assert (error.field, error.reason) == ("line 2", "LINE_TOO_LONG")


def test_a_good_file_gives_its_entries() -> None:
    assert read((HEADER + KARI + "100002,Ola,,,\n").encode()) == [
        Entry("100001", "Kari Nordmann", "kari@example.no", "+4791234567", "12345678"),
        Entry("100002", "Ola", "", "", ""),
    ]


def test_a_file_is_read_in_pieces_of_any_size() -> None:
    data = (HEADER + KARI + "100002,Åse Bjørnæs,,,\n").encode()

    assert read(*(data[at : at + 1] for at in range(len(data)))) == read(data)


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + HEADER + KARI,
        (HEADER + KARI).replace("\n", "\r\n"),
        HEADER + KARI.rstrip(),
        HEADER + KARI + "\n\n",
        HEADER.upper() + KARI,
    ],
)
def test_a_byte_order_mark_line_ends_and_empty_lines_make_no_difference(text: str) -> None:
    assert read(text.encode()) == read((HEADER + KARI).encode())


def test_a_name_may_hold_a_comma_in_quotation_marks() -> None:
    [entry] = read((HEADER + '100001,"Nordmann, ""Kari""",,,\n').encode())

    assert entry.name == 'Nordmann, "Kari"'


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("100001,Kari,kari@example.no,91234567", "LINE_COLUMNS"),
        ("100001;Kari;kari@example.no;91234567;", "LINE_COLUMNS"),
        ("100001,Nordmann, Kari,kari@example.no,91234567,", "LINE_COLUMNS"),
        (",Kari,,,", "CUSTOMER_NUMBER_INVALID"),
        ("K1,Kari,,,", "CUSTOMER_NUMBER_INVALID"),
        ("100001,,,,", "NAME_INVALID"),
        ("100001,Kari,kari,,", "EMAIL_INVALID"),
        ("100001,Kari,,70071234,", "MOBILE_INVALID"),
        ("100001,Kari,,,123", "PIN_INVALID"),
        ("100001,Kari,,,abcdefgh", "PIN_INVALID"),
        ('100001,"Kari,,,', "LINE_NOT_CSV"),
    ],
)
def test_a_bad_line_is_named_with_its_reason(line: str, reason: str) -> None:
    assert reasons(HEADER + "999,Ola,,,\n" + line + "\n") == [("line 3", reason)]


def test_a_customer_number_that_stands_twice_is_refused_with_the_first_line() -> None:
    [error] = refusal((HEADER + KARI + KARI).encode()).fields

    assert (error.field, error.reason, error.facts) == (
        "line 3",
        "CUSTOMER_NUMBER_REPEATED",
        {"line": 2},
    )


def test_a_line_that_is_not_utf8_is_refused() -> None:
    refused = refusal(HEADER.encode() + "100001,Åse,,,\n".encode("latin-1"))

    assert [(error.field, error.reason) for error in refused.fields] == [
        ("line 2", "LINE_NOT_UTF8")
    ]


@pytest.mark.parametrize(
    "header",
    [
        "name,customer_number,email,mobile,pin\n",
        "customer_number;name;email;mobile;pin\n",
        "customer_number,name,email,mobile\n",
        KARI,
    ],
)
def test_another_header_is_refused(header: str) -> None:
    assert reasons(header + KARI) == [("line 1", "FILE_HEADER")]


def test_a_file_may_tell_the_status_of_customers() -> None:
    file = (
        HEADER.rstrip()
        + ",status\n"
        + "".join(
            f"10000{number},Kari,,,,{status}\n"
            for number, status in enumerate(("ACTIVE", "moved", " DECEASED ", ""))
        )
    )
    assert [entry.status for entry in read(file.encode())] == [
        Status.ACTIVE,
        Status.MOVED,
        Status.DECEASED,
        Status.ACTIVE,
    ]


def test_a_file_without_the_column_tells_no_status() -> None:
    assert [entry.status for entry in read((HEADER + KARI).encode())] == [None]


@pytest.mark.parametrize(
    ("line", "reason"),
    [("100001,Kari,,,,DEAD", "NOT_A_CHOICE"), ("100001,Kari,,,", "LINE_COLUMNS")],
)
def test_a_bad_status_is_named(line: str, reason: str) -> None:
    file = HEADER.rstrip() + ",status\n100002,Ola,,,,MOVED\n" + line + "\n"
    assert reasons(file) == [("line 3", reason)]


@pytest.mark.parametrize("text", ["", "\n\n", HEADER, "\ufeff" + HEADER + "\n"])
def test_an_empty_file_is_refused(text: str) -> None:
    assert reasons(text) == [("line 1", "FILE_EMPTY")]


def test_a_file_that_is_too_large_is_refused_before_it_is_read_whole() -> None:
    file = CustomerFile()
    file.feed(HEADER.encode())
    line = KARI.encode()

    with pytest.raises(BadFile) as refused:
        file.feed(line * (LARGEST_FILE // len(line) + 1))
    assert refused.value.fields[0].reason == "FILE_TOO_LARGE"


def test_the_first_twenty_bad_lines_are_named_and_all_are_counted() -> None:
    refused = refusal((HEADER + "x,x,x,x,x\n" * 30).encode())

    assert len(refused.fields) == 20
    assert refused.facts["badLines"] == 30


def test_a_refusal_never_repeats_a_contact_or_a_pin() -> None:
    refused = refusal((HEADER + "K1,Kari,hemmeleg-adresse,70071234,99\n").encode())

    told = repr(refused.fields) + repr(refused.facts)
    assert not any(secret in told for secret in ("hemmeleg", "70071234", "99"))
