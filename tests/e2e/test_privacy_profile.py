""" "Min profil - personvern": what a customer reads, switches on and off, and keeps."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.suite import Customer, Suite

pytestmark = pytest.mark.e2e

CLUB = "kraftklubben"


def _consents(customer: Customer) -> dict[str, Any]:
    answer = customer.get("/v1/me/consents")
    assert answer.status_code == 200, answer.text
    return {each["purpose"]: each for each in answer.json()["consents"]}


def _yes(consent: dict[str, Any], channel: str | None = None) -> dict[str, Any]:
    shown = {name: consent[name] for name in ("noticeVersion", "noticeSha256", "language")}
    change = {"purpose": consent["purpose"], "granted": True, **shown}
    return {**change, "channel": channel} if channel else change


def _patch(customer: Customer, changes: list[dict[str, Any]]) -> httpx.Response:
    headers = {"Authorization": f"Bearer {customer.token}"}
    url = f"{customer.url}/v1/me/consents"
    return httpx.patch(url, json={"changes": changes}, headers=headers, timeout=30)


def test_a_customer_reads_switches_and_keeps_a_receipt(suite: Suite, tmp_path: Path) -> None:
    known = suite.demo["customers"][1]
    customer = suite.log_in(known["email"], known["password"])
    before = customer.get("/v1/me/consents").json()
    assert before["reachable"] is False
    assert "Kraftklubben" in before["message"]
    consents = _consents(customer)
    notice = customer.get(f"/v1/notices/{CLUB}").json()
    assert consents[CLUB]["noticeSha256"] in {text["sha256"] for text in notice["texts"]}

    changes = [_yes(consents["privacy-statement"]), _yes(consents[CLUB], "EMAIL")]
    after = _patch(customer, changes)
    assert after.status_code == 200, after.text
    assert (after.json()["reachable"], after.json()["message"]) == (True, "")
    assert _consents(customer)["privacy-statement"]["acknowledged"] is True

    stale = {**_yes(consents[CLUB], "SMS"), "noticeVersion": 7}
    refused = _patch(customer, [stale])
    assert refused.status_code == 409
    assert (refused.json()["code"], refused.json()["currentVersion"]) == ("NOTICE_CHANGED", 1)

    receipt = customer.get("/v1/me/consents/receipt.json")
    assert receipt.headers["content-disposition"] == 'attachment; filename="receipt.json"'
    assert receipt.json()["consent_records"][0]["pii_processing"][0]["events"]

    customer.post("/v1/me/consents:withdrawAll", {}).raise_for_status()
    assert customer.get("/v1/me/consents").json()["reachable"] is False
    history = customer.get("/v1/me/consents/history").json()["decisions"]
    assert history[-1]["kind"] == "GIVEN"

    anchors = tmp_path / "anchors.jsonl"
    checked = suite.cli("consent", "verify", "--anchors", str(anchors))
    assert checked.status == 0
    assert checked.printed["rows"] >= len(history)
    assert len(anchors.read_text().splitlines()) == 1
