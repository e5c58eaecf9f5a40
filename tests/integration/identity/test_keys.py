"""The secret keys are renewed, and all that was made under the old one stays good."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from joserfc.jwk import OctKey

from kundeapp.identity.v1 import identity_service_pb2 as pb
from services.identity.bootstrap import running
from tests.integration.identity.world import EMAIL, PASSWORD, Identity, refused


@asynccontextmanager
async def renewed(identity: Identity, folder: Path) -> AsyncGenerator[Identity]:
    """Runs identity with a new key before the old one, on the same database."""
    old: list[Any] = json.loads(identity.settings.secret_keys.read_text())["keys"]
    new = OctKey.generate_key(256, {"kid": "new"}).as_dict(private=True)
    file = folder / "renewed-keys.json"
    file.write_text(json.dumps({"keys": [new, *old]}))
    settings = identity.settings.model_copy(update={"secret_keys": file})
    async with (
        running(settings, identity.clock, identity.ids) as server,
        identity.neighbours.channel(server.port) as gateway,
    ):
        channels = {**identity.channels, "gateway": gateway}
        yield replace(identity, settings=settings, channels=channels)


async def test_what_was_made_under_the_old_key_is_good_under_the_new_one(
    identity: Identity, tmp_path: Path
) -> None:
    await identity.customer("100001")
    await identity.customer("100002")
    await identity.register("100001")
    session = await identity.log_in()
    asked = await identity.begin_registration("100002", email="ola@example.no")
    code = await identity.code("registration-code", to="ola@example.no")

    async with renewed(identity, tmp_path) as after:
        refreshed = await after.refresh(session.refresh_token)
        assert await after.me(refreshed)
        assert (await after.confirm(asked, code)).email == "ola@example.no"
        login = pb.CreateSessionRequest(
            email=EMAIL, password=PASSWORD, device_token=session.device_token
        )
        assert not (await after.call("CreateSession", login)).device_token
        # A login makes the hash anew, under the new key.
        [row] = await after.fetch("SELECT password_hash FROM account WHERE email = $1", EMAIL)
        assert row["password_hash"].startswith("new$")


async def test_a_lost_answer_is_given_again_under_the_new_key(
    identity: Identity, tmp_path: Path
) -> None:
    await identity.customer("100001")
    await identity.register("100001")
    session = await identity.log_in()
    refreshed = await identity.refresh(session.refresh_token)

    async with renewed(identity, tmp_path) as after:
        again = await after.refresh(session.refresh_token)
        assert again.refresh_token == refreshed.refresh_token


async def test_an_old_refresh_token_ends_the_session_after_a_restart_too(
    identity: Identity, tmp_path: Path
) -> None:
    await identity.customer("100001")
    await identity.register("100001")
    session = await identity.log_in()
    refreshed = await identity.refresh(session.refresh_token)
    identity.clock.advance(timedelta(seconds=31))

    async with renewed(identity, tmp_path) as after:
        with refused("SESSION_ENDED"):
            await after.refresh(session.refresh_token)
        with refused("SESSION_ENDED"):
            await after.refresh(refreshed.refresh_token)
        [letter] = await after.letters("session-reused")
        assert letter["To"] == EMAIL
