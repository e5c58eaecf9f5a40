"""Consents that were given elsewhere are taken in, with where they can be looked up."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from kundeapp.consent.v1 import consents_pb2 as pb
from tests.integration.consent.world import NOW, Consent, Customer, House, no, refused

CLUB = "kraftklubben"
EMAIL = (CLUB, "EMAIL")
HEADER = "customer_number,purpose,channel,decision,happened_at,source,evidence,notice_version"
KARI, OLA = Customer(), Customer()


@pytest.fixture(autouse=True)
async def known(consent: Consent) -> None:
    await consent.publish_shipped()
    await consent.tell_created(KARI.id, "100001")
    await consent.tell_created(OLA.id, "100002")


def line(
    number: str = "100001",
    channel: str = "EMAIL",
    decision: str = "GIVEN",
    at: str = "2019-03-02T12:00:00+01:00",
    evidence: str = "Skjema frå 2019-03-02, arkiv 2019/004512",
) -> str:
    version = "1" if decision == "GIVEN" else ""
    return f'{number},{CLUB},{channel},{decision},{at},paper-form,"{evidence}",{version}'


async def take(consent: Consent, *lines: str, header: str = HEADER) -> pb.ImportConsentsReport:
    data = "".join(f"{each}\r\n" for each in (header, *lines)).encode("utf-8-sig")

    async def pieces() -> AsyncIterator[pb.ImportConsentsRequest]:
        for start in range(0, len(data), 7):
            yield pb.ImportConsentsRequest(data=data[start : start + 7])

    return await consent.stub.ImportConsents(pieces(), metadata=consent.staff())


def counts(report: pb.ImportConsentsReport) -> tuple[int, int, int]:
    return report.rows, report.recorded, report.unchanged


async def test_what_was_given_elsewhere_holds_and_says_where_it_can_be_looked_up(
    consent: Consent, house: House
) -> None:
    report = await take(consent, line(), line("100002", "SMS", "WITHDRAWN"))
    assert counts(report) == (2, 2, 0)
    assert await house.holds(KARI.id) == {EMAIL: "GIVEN"}
    assert await house.holds(OLA.id) == {(CLUB, "SMS"): "WITHDRAWN"}
    given = next(entry for entry in await house.entries() if entry.customer_id == KARI.id)
    assert (given.actor, given.source) == ("STAFF", "IMPORT/paper-form")
    assert given.evidence == "Skjema frå 2019-03-02, arkiv 2019/004512"
    assert given.happened_at.isoformat() == "2019-03-02T11:00:00+00:00"
    assert (given.recorded_at, given.notice_version) == (NOW, 1)
    assert (await consent.show(KARI)).is_on(CLUB, "EMAIL")


async def test_a_second_import_of_a_file_changes_nothing(consent: Consent, house: House) -> None:
    lines = [line(), line(decision="WITHDRAWN", at="2020-01-01T00:00:00Z"), line("100002")]
    assert counts(await take(consent, *lines)) == (3, 3, 0)
    assert counts(await take(consent, *lines)) == (3, 0, 3)
    assert await house.holds(KARI.id) == {EMAIL: "WITHDRAWN"}


async def test_decisions_are_written_down_in_the_order_in_which_they_were_made(
    consent: Consent, house: House
) -> None:
    later = line(decision="WITHDRAWN", at="2020-01-01T00:00:00Z")
    await take(consent, later, line())
    assert [entry.decision for entry in await house.entries()] == ["GIVEN", "WITHDRAWN"]


async def test_of_two_decisions_of_the_same_moment_a_no_wins(
    consent: Consent, house: House
) -> None:
    assert counts(await take(consent, line(), line(decision="WITHDRAWN"))) == (2, 1, 1)
    assert await house.holds(KARI.id) == {EMAIL: "WITHDRAWN"}


async def test_what_was_decided_here_later_stays(consent: Consent, house: House) -> None:
    shown = await consent.show(KARI)
    await consent.change(KARI, no(CLUB, "EMAIL"))
    await consent.change(OLA, shown.yes(CLUB, "EMAIL"))
    assert counts(await take(consent, line(), line("100002", decision="WITHDRAWN"))) == (2, 0, 2)
    assert await house.holds(KARI.id) == {EMAIL: "WITHDRAWN"}
    assert await house.holds(OLA.id) == {EMAIL: "GIVEN"}


async def test_what_was_decided_elsewhere_later_holds(consent: Consent, house: House) -> None:
    await consent.change(KARI, no(CLUB, "EMAIL"))
    house.clock.advance(timedelta(days=2))
    after = (NOW + timedelta(days=1)).isoformat()
    assert counts(await take(consent, line(at=after))) == (1, 1, 0)
    assert await house.holds(KARI.id) == {EMAIL: "GIVEN"}


async def test_a_file_is_refused_whole_and_each_bad_line_is_named(
    consent: Consent, house: House
) -> None:
    bad = [
        ("UNKNOWN_CUSTOMER_NUMBER", line("100009")),
        ("UNKNOWN_CHANNEL", line(channel="FAX")),
        ("UNKNOWN_PURPOSE", line().replace(CLUB, "ukjend")),
        ("IN_FUTURE", line(at="2027-01-01T00:00:00Z")),
        ("UNKNOWN_NOTICE_VERSION", line().removesuffix("1") + "2"),
        ("UNKNOWN_NOTICE_VERSION", line().removesuffix("1")),
    ]
    with refused("BAD_FILE") as refusing:
        await take(consent, line(), *(text for _, text in bad))
    expected = [(f"line {at}", reason) for at, (reason, _) in enumerate(bad, start=3)]
    assert refusing.refusal.fields == expected
    assert refusing.refusal.facts["badLines"] == "6"
    assert await house.entries() == []


async def test_a_customer_who_was_erased_has_no_number(consent: Consent) -> None:
    await consent.tell_erased(KARI.id)
    with refused("BAD_FILE") as refusing:
        await take(consent, line())
    assert refusing.refusal.fields == [("line 2", "UNKNOWN_CUSTOMER_NUMBER")]


async def test_lines_that_cannot_be_read_are_named_and_not_repeated(consent: Consent) -> None:
    with refused("BAD_FILE") as refusing:
        await take(consent, line(evidence="Kari, kari@example.no"), "100001,x", line(at="i går"))
    assert refusing.refusal.fields == [
        ("line 2", "PERSONAL_DATA"),
        ("line 3", "LINE_COLUMNS"),
        ("line 4", "NOT_A_MOMENT"),
    ]
    assert "kari" not in str(refusing.refusal).lower()
    with refused("BAD_FILE") as refusing:
        await take(consent, line(), header="customer_number,purpose")
    assert refusing.refusal.fields == [("line 1", "FILE_HEADER")]
