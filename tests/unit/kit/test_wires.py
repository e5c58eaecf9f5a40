"""What is read from the wire, also where it comes in pieces."""

import struct
from collections.abc import Sequence

import pytest

from kit.testing.wires import AFTER, BEFORE, Moment, NatsTap, PostgresTap, SmtpTap, Tap

_STARTUP = struct.pack("!ii", 8, 196608)
_READY = b"Z" + struct.pack("!i", 5) + b"I"
_DELIVERY = b"$JS.ACK.KUNDEAPP.events-offers.1.2.3.4.5"


def _query(statement: str) -> bytes:
    return b"Q" + struct.pack("!i", 5 + len(statement)) + statement.encode() + b"\0"


def _completed(tag: str) -> bytes:
    return b"C" + struct.pack("!i", 5 + len(tag)) + tag.encode() + b"\0"


def _failed() -> bytes:
    return b"E" + struct.pack("!i", 5) + b"\0"


def _moments(tap: Tap, *said: tuple[str, bytes], piece: int) -> Sequence[Moment]:
    """Lets a conversation pass in pieces; returns its moments, and loses none of its bytes."""
    found: list[Moment] = []
    for end, data in said:
        read, passed = tap.from_client if end == "client" else tap.from_server, b""
        for at in range(0, len(data), piece):
            for passage in read(data[at : at + piece]):
                passed += passage.data
                found += [moment for moment in (passage.before, passage.after) if moment]
        assert passed == data
    return found


@pytest.mark.parametrize("piece", [1, 7, 10_000])
def test_a_commit_is_named_by_what_was_written(piece: int) -> None:
    moments = _moments(
        PostgresTap("events"),
        ("client", _STARTUP),
        ("client", _query("BEGIN;")),
        ("server", _completed("BEGIN") + _READY),
        ("client", _query("SELECT 1 FROM event FOR UPDATE")),
        ("server", _completed("SELECT 1") + _READY),
        ("client", _query("INSERT INTO ticket VALUES (1) ON CONFLICT DO UPDATE SET x = 1")),
        ("server", _completed("INSERT 0 1") + _READY),
        ("client", _query("UPDATE inventory SET held = 1")),
        ("server", _completed("UPDATE 0") + _READY),
        ("client", _query("COMMIT;")),
        ("server", _completed("COMMIT") + _READY),
        piece=piece,
    )
    what = "commits ticket"  # and not the inventory, of which no row was changed
    assert moments == [Moment("events", what, BEFORE), Moment("events", what, AFTER)]


def test_what_was_rolled_back_or_has_failed_is_no_commit() -> None:
    moments = _moments(
        PostgresTap("events"),
        ("client", _STARTUP),
        ("client", _query("BEGIN")),
        ("server", _completed("BEGIN") + _READY),
        ("client", _query("DELETE FROM ticket")),
        ("server", _completed("DELETE 3") + _READY),
        ("client", _query("ROLLBACK")),
        ("server", _completed("ROLLBACK") + _READY),
        ("client", _query("UPDATE ticket SET x = 1")),
        ("server", _failed() + _READY),
        piece=10_000,
    )
    assert moments == [Moment("events", "commits ticket", BEFORE)]


@pytest.mark.parametrize("piece", [1, 5, 10_000])
def test_events_are_published_taken_and_acknowledged(piece: int) -> None:
    head = b"NATS/1.0\r\nce-type: kundeapp.events.v1.OfferMade\r\n\r\n"
    sizes = b"%d %d" % (len(head), len(head) + 2)
    stored = b'{"stream":"KUNDEAPP","seq":1}'
    moments = _moments(
        NatsTap("events"),
        (
            "client",
            b"PING\r\nHPUB kundeapp.events.offer.1.made in.1 %s\r\n%s\0\1\r\n" % (sizes, head),
        ),
        ("server", b"PONG\r\nMSG in.1 9 %d\r\n%s\r\n" % (len(stored), stored)),
        (
            "server",
            b"HMSG kundeapp.events.offer.1.made 7 %s %s\r\n%s\0\1\r\n" % (_DELIVERY, sizes, head),
        ),
        ("client", b"PUB %s 0\r\n\r\n" % _DELIVERY),
        piece=piece,
    )
    took = "OfferMade for events-offers"
    assert moments == [
        Moment("events", "publishes OfferMade", BEFORE),
        Moment("events", "publishes OfferMade", AFTER),
        Moment("events", f"takes {took}", BEFORE),
        Moment("events", f"acknowledges {took}", BEFORE),
        Moment("events", f"acknowledges {took}", AFTER),
    ]


def test_a_mail_is_handed_over_at_its_end() -> None:
    moments = _moments(
        SmtpTap("consent"),
        ("client", b"DATA\r\n"),
        ("server", b"354 go on\r\n"),
        ("client", b"Subject: a\r\n\r\ntext\r\n"),
        ("client", b".\r\n"),
        ("server", b"250 OK\r\n"),
        piece=10_000,
    )
    what = "hands over a mail"
    assert moments == [Moment("consent", what, BEFORE), Moment("consent", what, AFTER)]
