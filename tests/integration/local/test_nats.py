"""The NATS server of our own."""
# nats-py leaves its options untyped.
# pyright: reportUnknownMemberType=false

import ssl
from pathlib import Path

import nats
import nats.errors
import pytest

from kit.local.nats import LocalNats
from kit.local.pki import LocalPki


@pytest.fixture
def pki(tmp_path: Path) -> LocalPki:
    made = LocalPki(tmp_path / "pki")
    made.prepare(["nats", "identity"])
    return made


async def test_a_stream_outlives_a_restart_and_a_kill(tmp_path: Path) -> None:
    with LocalNats(tmp_path / "nats") as server:
        connection = await nats.connect(server.url)
        await connection.jetstream().add_stream(name="kept", subjects=["kept.>"])
        await connection.jetstream().publish("kept.one", b"1")
        await connection.close()
        assert server.child.process is not None
        server.child.process.kill()
        server.child.process.wait()

    with LocalNats(tmp_path / "nats", server.port) as server:
        connection = await nats.connect(server.url)
        stream = await connection.jetstream().stream_info("kept")
        await connection.close()

    assert stream.state.messages == 1


async def test_only_a_certificate_of_our_authority_gets_in(tmp_path: Path, pki: LocalPki) -> None:
    with LocalNats(tmp_path / "nats", identity=pki.identity("nats")) as server:
        without = ssl.create_default_context(cafile=str(pki.identity("nats").authority))
        with pytest.raises((OSError, nats.errors.Error)):
            await nats.connect(server.url, tls=without, allow_reconnect=False, error_cb=_ignore)

        connection = await nats.connect(server.url, tls=pki.identity("identity").client_context())
        assert connection.is_connected
        await connection.close()


async def _ignore(_: Exception) -> None:
    """Keeps the client from printing what is expected."""
