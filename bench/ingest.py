"""Taking in readings, beside what PostgreSQL does with the same day blocks, all in the same run.

    .venv/bin/python -m bench.ingest

- raw COPY: the same rows of `day_block`, made beforehand, in one COPY each batch.
- raw upsert: the same rows by the statement that metering uses, one transaction each batch.
- through gRPC: WriteReadings on a process of metering, one message each batch. It reads and merges
  the values, looks up what is stored, and tells of them in events, for which a relay and NATS run.
  Messages that come while others are stored go together into a transaction.

Each is one connection that begins with empty tables, and writes a month of hours for each point,
in batches of some 20,000 values: a month of some points at once, as a bulk load does, or a day of
many, as a daily delivery does. PostgreSQL writes to the disk before it acknowledges (fsync on).
Bytes are what the tables take up in the end, indexes included; the raw values take up 4 each.

The memory of the process is measured around an import of a file with a million hours.
"""

import contextlib
import hashlib
import re
import statistics
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import grpc
import numpy as np
import uvloop
from google.protobuf.timestamp_pb2 import Timestamp

from bench.measure import table
from bench.service import Service, alone
from kit import access, jwt, postgres
from kit.access import Caller
from kit.local.pki import LocalPki
from kit.postgres import Connection
from kundeapp.metering.v1 import imports_pb2 as pb
from kundeapp.metering.v1.direction_pb2 import CONSUMPTION
from kundeapp.metering.v1.metering_service_pb2_grpc import MeteringServiceStub
from services.metering.domain.calendar import DAY_STARTS, day_of, moment_of
from services.metering.domain.layout import Layout
from services.metering.domain.readings import DayBlocks, WattHours
from services.metering.storage.readings import COLUMNS, SAVE_BLOCKS, to_copy, to_save

if TYPE_CHECKING:  # the class is in the stubs only
    from kundeapp.metering.v1.metering_service_pb2_grpc import MeteringServiceAsyncStub

POINTS = (100, 1_000, 10_000)
DAYS = 30
BATCH_VALUES = 20_000
ROUNDS = 5
AIM_UPSERT, AIM_BYTES = 0.5, 2.1
HOURS_OF_FILE = 1_000_000

COPY, UPSERT, GRPC = "raw COPY", "raw upsert", "through gRPC"
BULK, DAILY = "a month of some points", "a day of many points"
SHAPES = (BULK, DAILY)
WAYS = (COPY, UPSERT, GRPC)

_PARTITION = "day_block_2026_06"
_FIRST_DAY = day_of(datetime(2026, 6, 1, tzinfo=UTC).date())
_REGISTERED = 1_780_000_000
_MEASURED = b"\x01"
_RAW_BYTES = 4
_PIECE = 256 * 1024


@dataclass(frozen=True)
class Taken:
    """How it went.

    Attributes:
        values_per_second: How many were stored.
        bytes_per_value: What the tables take up.
    """

    values_per_second: float
    bytes_per_value: float


@dataclass(frozen=True)
class Memory:
    """The most memory that metering had held, in MiB.

    Attributes:
        small: After an import of a file of a fiftieth of the hours.
        large: After the import of all.
        seconds: How long that took.
    """

    small: float
    large: float
    seconds: float


Figures = Mapping[tuple[str, int, str], Taken]


async def measure() -> tuple[Figures, Memory]:
    """Measures every way with every shape and number of points, in turns; then the memory."""
    with alone("metering") as service:
        connection = await postgres.connect(service.url)
        figures: dict[tuple[str, int, str], Taken] = {}
        async with _writer(service, await _register(connection)) as writer:
            for points in POINTS:
                for shape in SHAPES:
                    loads = list(_loads(shape, points))
                    rounds: dict[str, list[Taken]] = {}
                    for _ in range(ROUNDS):
                        for way in WAYS:
                            await _empty(connection)
                            taken = await _measure(way, connection, writer, loads)
                            rounds.setdefault(way, []).append(taken)
                    for way, each in rounds.items():
                        figures[shape, points, way] = Taken(
                            statistics.median(one.values_per_second for one in each),
                            statistics.median(one.bytes_per_value for one in each),
                        )
            await _empty(connection)
            memory = await _memory(service, writer)
        await connection.close()
    return figures, memory


@dataclass(frozen=True)
class _Load:
    """Values that travel together: the same days of some points.

    Attributes:
        first_point: The first of the points, which follow each other.
        points: How many.
        layout: Their days; the series are numbered as the points are, from 1.
        wh: The values.
    """

    first_point: int
    points: int
    layout: Layout
    wh: WattHours

    @property
    def values(self) -> int:
        """How many values there are."""
        return len(self.wh)

    def blocks(self) -> DayBlocks:
        """Returns the values as they are stored."""
        return DayBlocks(
            self.layout,
            self.wh,
            np.full(self.values, _MEASURED[0], np.uint8),
            np.full(self.values, _REGISTERED, np.int64),
        )

    def request(self, gsrns: Sequence[str]) -> pb.WriteReadingsRequest:
        """Returns the values as they travel."""
        hours = self.values // self.points
        start = Timestamp(seconds=int(DAY_STARTS[self.layout.days[0]]) * 3600)
        data = self.wh.astype("<i4").tobytes()
        width = hours * _RAW_BYTES
        return pb.WriteReadingsRequest(
            series=[
                pb.WriteReadingsRequest.Series(
                    gsrn=gsrns[self.first_point + point],
                    direction=CONSUMPTION,
                    start=start,
                    wh=data[point * width : (point + 1) * width],
                    qualities=_MEASURED,
                    registered=Timestamp(seconds=_REGISTERED),
                )
                for point in range(self.points)
            ]
        )


def _loads(shape: str, points: int) -> Iterator[_Load]:
    days_at_once = DAYS if shape == BULK else 1
    points_at_once = max(BATCH_VALUES // (days_at_once * 24), 1)
    random = np.random.default_rng(1)
    for first_day in range(_FIRST_DAY, _FIRST_DAY + DAYS, days_at_once):
        days = np.arange(first_day, first_day + days_at_once)
        for first in range(0, points, points_at_once):
            count = min(points_at_once, points - first)
            layout = Layout(
                np.tile(days, count), np.repeat(np.arange(first, first + count), len(days)) + 1
            )
            yield _Load(first, count, layout, random.integers(0, 6000, layout.size, np.int32))


async def _measure(
    way: str, connection: Connection, writer: "_Writer", loads: Sequence[_Load]
) -> Taken:
    """Stores values in empty tables; what is stored is made beforehand."""
    match way:
        case "raw COPY":
            rows = [list(to_copy(load.blocks())) for load in loads]
            began = time.perf_counter()
            for batch in rows:
                await connection.copy_records_to_table("day_block", records=batch, columns=COLUMNS)
        case "raw upsert":
            columns = [to_save(load.blocks()) for load in loads]
            began = time.perf_counter()
            for batch in columns:
                await connection.execute(SAVE_BLOCKS, *batch)
        case _:
            requests = [load.request(writer.gsrns) for load in loads]
            began = time.perf_counter()
            await writer.write(requests)
    seconds = time.perf_counter() - began
    values = sum(load.values for load in loads)
    stored = await connection.fetchval("SELECT sum(length(wh)) / 4 FROM day_block")
    if stored != values:
        raise AssertionError(f"{way} stored {stored} of {values} values")
    size = await connection.fetchval(f"SELECT pg_total_relation_size('{_PARTITION}')")
    return Taken(values / seconds, size / values)


@dataclass(frozen=True)
class _Writer:
    """A caller of metering.

    Attributes:
        stub: Its methods.
        pki: The keys of internal tokens.
        gsrns: The metering points in the register.
    """

    stub: "MeteringServiceAsyncStub"
    pki: LocalPki
    gsrns: Sequence[str]

    async def write(self, requests: Sequence[pb.WriteReadingsRequest]) -> None:
        """Writes series."""

        async def stream() -> AsyncIterator[pb.WriteReadingsRequest]:
            for request in requests:
                yield request

        await self.stub.WriteReadings(stream(), metadata=self._metadata())

    async def send(self, hours: int) -> None:
        """Imports a file with hours of one metering point."""
        rows = (f"{moment_of(hour):%Y-%m-%dT%H:%M:%SZ};1.234\n" for hour in range(hours))
        file = ("start;kwh\n" + "".join(rows)).encode()
        start = pb.ImportReadingsRequest.Start(
            gsrn=self.gsrns[0], sha256=hashlib.sha256(file).digest()
        )

        async def stream() -> AsyncIterator[pb.ImportReadingsRequest]:
            yield pb.ImportReadingsRequest(start=start)
            for at in range(0, len(file), _PIECE):
                yield pb.ImportReadingsRequest(data=file[at : at + _PIECE])

        report = await self.stub.ImportReadings(stream(), metadata=self._metadata())
        if report.refused:
            raise AssertionError(str(report.problems))

    def _metadata(self) -> Sequence[tuple[str, str]]:
        """Returns an operator's token, which is good for a minute."""
        key = jwt.KeyFile(self.pki.internal_signing_keys).signing_key()
        now = datetime.now(UTC)
        operator = Caller(
            account_id=uuid4(),
            roles=frozenset({"OPERATOR"}),
            session_id=uuid4(),
            authenticated_at=now,
            methods=("pwd", "otp", "mfa"),
        )
        token = access.mint_internal_token(key, operator, now)
        return (("authorization", f"Bearer {token.value}"),)


async def _memory(service: Service, writer: _Writer) -> Memory:
    await writer.send(HOURS_OF_FILE // 50)
    small = _most_memory(service.process)
    began = time.perf_counter()
    await writer.send(HOURS_OF_FILE)
    seconds = time.perf_counter() - began
    return Memory(small, _most_memory(service.process), seconds)


def _most_memory(process: int) -> float:
    """Returns the most memory that a process has held, in MiB."""
    status = Path(f"/proc/{process}/status").read_text()
    [kibibytes] = re.findall(r"^VmHWM:\s+([0-9]+) kB", status, re.MULTILINE)
    return int(kibibytes) / 1024


async def _register(connection: Connection) -> Sequence[str]:
    """Puts metering points into the register, and makes the partition of the month."""
    gsrns = [f"{number:018d}" for number in range(max(POINTS))]
    await connection.execute("INSERT INTO metering_point (gsrn) SELECT unnest($1::text[])", gsrns)
    await connection.execute(
        f"CREATE TABLE {_PARTITION} PARTITION OF day_block "
        "FOR VALUES FROM ('2026-06-01') TO ('2026-07-01')"
    )
    return gsrns


async def _empty(connection: Connection) -> None:
    await connection.execute("TRUNCATE day_block, series, outbox RESTART IDENTITY")


@contextlib.asynccontextmanager
async def _writer(service: Service, gsrns: Sequence[str]) -> AsyncGenerator[_Writer]:
    credentials = service.pki.identity("cli").channel_credentials()
    async with grpc.aio.secure_channel(f"localhost:{service.port}", credentials) as channel:
        yield _Writer(MeteringServiceStub(channel), service.pki, gsrns)


def report(figures: Figures, memory: Memory) -> str:
    """Returns the figures as a table, and what the memory did."""
    rows = [
        (
            shape,
            f"{points:,}",
            *(f"{figures[shape, points, way].values_per_second:,.0f}" for way in WAYS),
            _ratio(figures[shape, points, GRPC], figures[shape, points, UPSERT]),
            f"{figures[shape, points, GRPC].bytes_per_value:.2f}",
            _overhead(figures[shape, points, GRPC]),
        )
        for shape in SHAPES
        for points in POINTS
    ]
    header = (
        *("in each batch", "points", *(f"{way}, values/s" for way in WAYS), "gRPC : upsert"),
        *("bytes a value", "to raw int32"),
    )
    return (
        f"{table(header, rows)}\n\n"
        f"A file with {HOURS_OF_FILE:,} hours was imported in {memory.seconds:.1f} s. The most "
        f"memory that metering had held was {memory.small:.0f} MiB after a fiftieth of them and "
        f"{memory.large:.0f} MiB after all."
    )


def _ratio(taken: Taken, bound: Taken) -> str:
    ratio = taken.values_per_second / bound.values_per_second
    return f"{ratio:.2f} (aim {AIM_UPSERT:g}: {'holds' if ratio >= AIM_UPSERT else 'missed'})"


def _overhead(taken: Taken) -> str:
    ratio = taken.bytes_per_value / _RAW_BYTES
    return f"{ratio:.2f} (aim {AIM_BYTES:g}: {'holds' if ratio <= AIM_BYTES else 'missed'})"


if __name__ == "__main__":
    print(report(*uvloop.run(measure())))
