"""Whether a gateway is to be given requests, whatever stands behind it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from kit.testing import logged_by
from kit.tls import Validity
from tests.unit.gateway.browsing import House


async def test_a_gateway_that_stops_takes_no_more_requests(tmp_path: Path) -> None:
    house = House(tmp_path)
    before = await house.call("GET /readyz/gateway")
    house.application.stopping = True
    after = await house.call("GET /readyz/gateway")
    assert (before.status_code, after.status_code) == (200, 503)
    assert (await house.call("GET /healthz")).status_code == 200


async def test_a_gateway_whose_certificate_has_ended_takes_no_more_requests_and_says_why(
    tmp_path: Path,
) -> None:
    ended = Validity(datetime.now(UTC) - timedelta(seconds=1))
    house = House(tmp_path, validity=ended)
    with logged_by("gateway.app") as said:
        answer = await house.call("GET /readyz/gateway")
    assert answer.status_code == 503
    assert any("CertificateEnded" in str(each.get("error")) for each in said)
