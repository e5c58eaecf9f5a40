"""What is measured of what is yet to be told, and counted of decisions and checks."""

from uuid import uuid4

import pytest

from kit.testing import eventually, metric
from tests.integration.consent.world import Consent, Customer, House, no

CLUB = "kraftklubben"


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kit.gauges.MEASURE_SECONDS", 0.05)


async def test_for_how_long_something_has_been_due_is_measured(consent: Consent) -> None:
    def overdue() -> float:
        return metric("kundeapp_consent_oldest_due_seconds") or 0

    await consent.sql(
        """
        INSERT INTO notification (id, cause, kind, facts, due_at, topic, state)
        SELECT gen_random_uuid(), minutes, 'nobody writes this', '{}',
            now() - minutes * interval '1 minute', '', 'WAITING'
        FROM unnest(ARRAY[-60, 2, 7]) AS minutes
        """
    )
    await eventually(lambda: 420 <= overdue() < 450)
    await consent.sql("UPDATE notification SET state = 'WRITTEN', ended_at = now()")
    await eventually(lambda: overdue() == 0)


async def test_decisions_are_counted_by_purpose_and_channel(consent: Consent) -> None:
    def counted(decision: str) -> float:
        labels = {"purpose": CLUB, "channel": "SMS", "decision": decision}
        return metric("kundeapp_consent_changes_total", **labels) or 0

    await consent.publish_shipped()
    customer = Customer()
    shown = await consent.show(customer)
    before = counted("GIVEN"), counted("WITHDRAWN")
    await consent.change(customer, shown.yes(CLUB, "SMS"))
    await consent.change(customer, no(CLUB, "SMS"))
    await consent.change(customer, no(CLUB, "SMS"))  # changes nothing
    assert (counted("GIVEN"), counted("WITHDRAWN")) == (before[0] + 1, before[1] + 1)


async def test_a_check_of_the_ledger_tells_when_it_was_and_what_it_found(
    consent: Consent, house: House
) -> None:
    def found() -> float:
        return metric("kundeapp_consent_ledger_findings_total") or 0

    await consent.publish_shipped()
    customer = Customer(uuid4())
    shown = await consent.show(customer)
    await consent.change(customer, shown.yes(CLUB, "SMS"))
    before = found()
    assert await consent.check() == []
    assert found() == before
    checked_at = metric("kundeapp_consent_ledger_verified_timestamp_seconds")
    assert checked_at == consent.clock.now().timestamp()
    await house.sql("DELETE FROM consent")
    assert len(await consent.check()) == 1
    assert found() == before + 1
