"""Whether a gateway is to be given requests, whatever stands behind it."""

from pathlib import Path

from tests.unit.gateway.browsing import House


async def test_a_gateway_that_stops_takes_no_more_requests(tmp_path: Path) -> None:
    house = House(tmp_path)
    before = await house.call("GET /readyz/gateway")
    house.application.stopping = True
    after = await house.call("GET /readyz/gateway")
    assert (before.status_code, after.status_code) == (200, 503)
    assert (await house.call("GET /healthz")).status_code == 200
