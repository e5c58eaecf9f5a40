"""A file that is being imported takes no more memory, however long it is."""

import hashlib
import tracemalloc
from collections.abc import Callable, Iterable, Iterator

import pytest

from kit.errors import Invalid
from services.metering.domain import batches as module_of_batches
from services.metering.domain.batches import Batch
from services.metering.domain.calendar import moment_of
from services.metering.domain.files import gathering as module_of_gathering
from services.metering.domain.files.incoming import IncomingFile
from services.metering.domain.problems import BadFile, FileChanged

GSRN = "707057500000000001"
PIECE = 64 * 1024
SMALL_BATCH = 2000
PLACE_BYTES = 12
"""What is kept of each hour: where it stood, so that it is known if it comes again."""


def file_of(hours: int) -> bytes:
    lines = (f"{moment_of(hour).isoformat()};1.5" for hour in range(hours))
    return "\n".join(["start;kwh", *lines]).encode()


def batches_of(data: bytes) -> Iterator[Batch]:
    file = IncomingFile(GSRN, hashlib.sha256(data).digest())
    for at in range(0, len(data), PIECE):
        yield from file.feed(data[at : at + PIECE])
    yield from file.end()


def peak(data: bytes, deal_with: Callable[[Iterator[Batch]], object]) -> int:
    """Returns the most memory it takes beside the file itself, which is there before."""
    tracemalloc.start()
    deal_with(batches_of(data))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def let_go(batches: Iterator[Batch]) -> None:
    for batch in batches:
        assert len(batch.readings.hours) <= SMALL_BATCH


def test_more_hours_take_no_more_memory_and_gathering_them_would_be_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (module_of_batches, module_of_gathering):
        monkeypatch.setattr(module, "BATCH_VALUES", SMALL_BATCH)
    short, long = file_of(5 * SMALL_BATCH), file_of(30 * SMALL_BATCH)
    bound = 1.1 * peak(short, let_go) + PLACE_BYTES * 25 * SMALL_BATCH
    assert peak(long, let_go) < bound
    assert peak(long, list) > bound


def test_what_is_announced_must_come() -> None:
    file = IncomingFile(GSRN, hashlib.sha256(b"another").digest())
    assert not file.feed(b"start;kwh\n2026-04-01T00:00:00Z;1\n")
    with pytest.raises(FileChanged):
        file.end()


def test_readings_of_nobody_are_refused() -> None:
    data = b"start;kwh\n2026-04-01T00:00:00Z;1\n"
    file = IncomingFile("", hashlib.sha256(data).digest())
    file.feed(data)
    with pytest.raises(Invalid) as refused:
        file.end()
    assert refused.value.fields[0].reason == "METERING_POINT_MISSING"


def test_the_same_file_for_another_point_is_another_import() -> None:
    digest = bytes(32)
    assert IncomingFile(GSRN, digest).key == IncomingFile(GSRN, digest).key
    assert IncomingFile(GSRN, digest).key != IncomingFile("", digest).key


FORMATS = [
    b"\xef\xbb\xbf" + file_of(3),
    b"\xef\xbb\xbf \n<a/>",
    b'  \n{"meterValues": []}',
    b'{"note": "' + b"x" * 6000 + b'", "meterValues": []}',
    b"<a>" + b"<!--" + b" " * 100_000 + b"--></a>",
    b"start;kwh\n" + b"x" * 5000 + b"\n1970-01-01T00:00:00Z;1",
    b" " * 5000 + b"<a/>",
]


def read(pieces: Iterable[bytes], data: bytes) -> object:
    file = IncomingFile(GSRN, hashlib.sha256(data).digest())
    try:
        batches = [batch for piece in pieces for batch in file.feed(piece)] + [*file.end()]
    except BadFile as refused:
        return [(error.field, error.reason) for error in refused.fields]
    return file.rows, file.refused, [batch.readings.wh.tolist() for batch in batches]


@pytest.mark.parametrize("data", FORMATS, ids=lambda data: bytes(data[:12]).decode())
@pytest.mark.parametrize("size", [1, 4095, 4097])
def test_a_file_means_the_same_however_it_is_cut(data: bytes, size: int) -> None:
    cut = (data[at : at + size] for at in range(0, len(data), size))
    assert read([b"", *cut], data) == read([data], data)
