"""What the gateway logs of a request: whose it was and what came of it, not what was sent."""

from pathlib import Path

from kit.testing import logged_by
from tests.unit.gateway.browsing import OUR_PAGE, SESSION, House


async def test_a_request_that_is_denied_says_who_sent_it(tmp_path: Path) -> None:
    house = House(tmp_path)
    with logged_by("gateway.app") as logs:
        await house.call(
            "POST /v1/internalTokens", cookies={"access": house.token()}, headers=OUR_PAGE
        )
    [line] = logs
    assert (line["status"], line["code"]) == (403, "PERMISSION_DENIED")
    assert (line["account"], line["session"]) == (str(SESSION), str(SESSION))


async def test_a_request_of_a_session_that_has_ended_says_whose_it_was(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.ended.add(SESSION)
    headers = {"authorization": f"Bearer {house.token()}"}
    with logged_by("gateway.app") as logs:
        await house.call("GET /v1/doors/7070", headers=headers)
    [line] = logs
    assert (line["code"], line["session"]) == ("SESSION_ENDED", str(SESSION))


async def test_a_request_of_nobody_names_nobody(tmp_path: Path) -> None:
    house = House(tmp_path)
    with logged_by("gateway.app") as logs:
        await house.call("GET /v1/doors/7070", headers={"authorization": "Bearer x"})
    [line] = logs
    assert (line["status"], line["code"]) == (401, "UNAUTHENTICATED")
    assert {"account", "session"}.isdisjoint(line)
    assert "7070" not in str(line)
