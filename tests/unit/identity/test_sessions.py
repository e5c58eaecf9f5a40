"""What presenting a refresh token means."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from kit.ids import SystemIds
from kit.keyed_hash import KeyedHash, SecretKey
from services.identity.domain.sessions import (
    GRACE,
    RefreshToken,
    Session,
    Successors,
    Use,
    hash_of,
    use_of,
)

NOW = datetime(2026, 4, 6, 11, 0, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
OLD_KEY = SecretKey("old", b"o" * 32)
NEW_KEY = SecretKey("new", b"n" * 32)
TOKEN = SystemIds().token()


def used(at: datetime, *, successor_is_used: bool = False) -> RefreshToken:
    return RefreshToken(b"hash", UUID(int=1), at, b"successor", successor_is_used)


def test_a_fresh_token_is_exchanged() -> None:
    assert use_of(RefreshToken(b"hash", UUID(int=1)), NOW) is Use.FIRST


def test_a_used_token_gives_its_successor_again_within_the_grace() -> None:
    assert use_of(used(NOW - GRACE + MOMENT), NOW) is Use.REPEATED


def test_a_used_token_is_reused_once_the_grace_is_over() -> None:
    assert use_of(used(NOW - GRACE), NOW) is Use.REUSED


def test_a_used_token_is_reused_once_its_successor_is_used() -> None:
    assert use_of(used(NOW, successor_is_used=True), NOW) is Use.REUSED


def test_the_successor_is_the_same_each_time_and_looks_like_any_token() -> None:
    successors = Successors(KeyedHash([OLD_KEY], "refresh"))
    successor = successors.of(TOKEN)

    assert successors.again(TOKEN, hash_of(successor)) == successor
    assert successor != TOKEN
    assert len(successor) == len(TOKEN) == 43


def test_the_successor_is_found_after_its_key_was_renewed() -> None:
    successor = Successors(KeyedHash([OLD_KEY], "refresh")).of(TOKEN)
    renewed = Successors(KeyedHash([NEW_KEY, OLD_KEY], "refresh"))

    assert renewed.again(TOKEN, hash_of(successor)) == successor
    assert renewed.of(TOKEN) != successor


def test_nobody_without_the_key_finds_the_successor() -> None:
    successor = Successors(KeyedHash([OLD_KEY], "refresh")).of(TOKEN)
    stranger = Successors(KeyedHash([NEW_KEY], "refresh"))

    assert stranger.again(TOKEN, hash_of(successor)) is None


def test_a_session_lives_until_it_is_ended_or_expires() -> None:
    live = Session(UUID(int=1), UUID(int=2), NOW, ("pwd",), expires_at=NOW + MOMENT)

    assert live.is_live(NOW)
    assert not live.is_live(NOW + MOMENT)
    assert not Session(UUID(int=1), UUID(int=2), NOW, (), NOW + MOMENT, ended_at=NOW).is_live(NOW)
