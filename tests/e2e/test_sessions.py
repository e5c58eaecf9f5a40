"""Logging a device out, as its owner sees it."""

import pytest

from kit.local.processes import wait_until
from tests.e2e.suite import Customer, Suite

pytestmark = pytest.mark.e2e


def _logged_in(suite: Suite) -> Customer:
    known = suite.demo["customers"][1]
    return suite.log_in(known["email"], known["password"])


def _is_refused(customer: Customer) -> bool:
    answer = customer.get("/v1/me")
    return answer.status_code == 401 and answer.json()["code"] == "SESSION_ENDED"


def _log_out_the_others(customer: Customer) -> None:
    customer.post("/v1/me/sessions:endAll", {"keepCurrent": True}).raise_for_status()


def test_a_device_that_is_logged_out_is_refused_within_a_second(suite: Suite) -> None:
    lost, here = _logged_in(suite), _logged_in(suite)
    assert lost.get("/v1/me").status_code == 200

    _log_out_the_others(here)

    assert wait_until(lambda: _is_refused(lost), timeout=1)
    assert here.get("/v1/me").status_code == 200


def test_its_live_stream_ends(suite: Suite) -> None:
    lost, here = _logged_in(suite), _logged_in(suite)
    lines = lost.lines("/v1/me/stream")
    assert next(lines) == "event: ready"

    _log_out_the_others(here)

    assert "event: offer.made" not in list(lines)  # which comes to an end


def test_without_nats_a_device_that_is_logged_out_is_refused_soon(suite: Suite) -> None:
    lost, here = _logged_in(suite), _logged_in(suite)
    assert suite.cli("stop", "nats").status == 0
    try:
        _log_out_the_others(here)
        assert wait_until(lambda: _is_refused(lost), timeout=5)
    finally:
        assert suite.cli("start", "nats").status == 0
