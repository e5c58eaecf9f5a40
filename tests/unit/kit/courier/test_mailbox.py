"""The folder that takes messages on a developer's machine."""

from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from uuid import UUID

import pytest

from kit.courier import (
    Channel,
    CourierSettings,
    Message,
    Unreachable,
    open_transports,
)
from kit.testing import FrozenClock

MAIL = Message(Channel.EMAIL, "kari@example.com", "offer", "Kjære Åse", subject="Tilbod")
SMS = Message(Channel.SMS, "+4790000000", "offer", "Kjære Åse\nHei")


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


async def test_every_message_is_a_file_for_its_owner_only_the_newest_last(tmp_path: Path) -> None:
    folder = tmp_path / "mailbox"
    clock = FrozenClock()
    async with open_transports(CourierSettings(mailbox=folder), clock) as transports:
        assert set(transports) == set(Channel)
        await transports[Channel.SMS].send(SMS, UUID(int=9))
        clock.advance(timedelta(microseconds=1))
        await transports[Channel.EMAIL].send(MAIL, UUID(int=1))
    assert names(folder) == [
        f"20260302T120000.000000Z-{UUID(int=9)}.txt",
        f"20260302T120000.000001Z-{UUID(int=1)}.eml",
    ]
    text, mail = (folder / name for name in names(folder))
    assert {file.stat().st_mode & 0o777 for file in (text, mail)} == {0o600}
    assert text.read_text() == "Channel: SMS\nTo: +4790000000\n\nKjære Åse\nHei\n"
    assert message_from_bytes(mail.read_bytes(), policy=policy.default)["Subject"] == "Tilbod"


async def test_a_message_that_cannot_be_written_whole_is_not_there_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(file: Path, content: bytes) -> None:
        with file.open("wb") as opened:
            opened.write(content[:5])
        raise OSError

    async with open_transports(CourierSettings(mailbox=tmp_path), FrozenClock()) as transports:
        sms = transports[Channel.SMS]
        with monkeypatch.context() as patch:
            patch.setattr(Path, "write_bytes", fail)
            with pytest.raises(Unreachable):
                await sms.send(SMS, UUID(int=9))
        assert [name for name in names(tmp_path) if not name.startswith(".")] == []
        await sms.send(SMS, UUID(int=9))
        assert len(names(tmp_path)) == 1


async def test_a_channel_without_a_setting_has_no_transport() -> None:
    async with open_transports(CourierSettings(), FrozenClock()) as transports:
        assert transports == {}
    push_only = CourierSettings(push_url="https://push.example.com")
    async with open_transports(push_only, FrozenClock()) as transports:
        assert set(transports) == {Channel.PUSH}
