"""The protos of the tests, compiled when a test asks for them and never into gen/."""

import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from google.api import annotations_pb2, field_behavior_pb2, httpbody_pb2
from google.protobuf import (
    any_pb2,
    descriptor_pb2,
    descriptor_pool,
    duration_pb2,
    empty_pb2,
    field_mask_pb2,
    struct_pb2,
    timestamp_pb2,
    wrappers_pb2,
)
from google.protobuf.descriptor import FileDescriptor

from kundeapp.access.v1 import access_pb2
from kundeapp.json.v1 import json_pb2
from kundeapp.web.v1 import web_pb2

# What the files here may import; Python's pool knows a file once its module is imported.
IMPORTED = (
    any_pb2,
    annotations_pb2,
    field_behavior_pb2,
    httpbody_pb2,
    duration_pb2,
    empty_pb2,
    field_mask_pb2,
    struct_pb2,
    timestamp_pb2,
    wrappers_pb2,
    access_pb2,
    json_pb2,
    web_pb2,
)

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]


@cache
def descriptor_set(name: str) -> bytes:
    """Returns a proto file of this folder and all that it imports, as a FileDescriptorSet."""
    folders = (_HERE, _ROOT / "protos", _ROOT / "gen" / "googleapis")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "set.binpb"
        subprocess.run(  # noqa: S603 - our own arguments
            [
                *(sys.executable, "-m", "grpc_tools.protoc"),
                *(f"--proto_path={folder}" for folder in folders),
                f"--descriptor_set_out={target}",
                *("--include_imports", "--include_source_info"),
                name,
            ],
            check=True,
        )
        return target.read_bytes()


@cache
def load(name: str) -> FileDescriptor:
    """Returns a proto file of this folder, in the pool that holds the project's own."""
    files = descriptor_pb2.FileDescriptorSet.FromString(descriptor_set(name)).file
    pool = descriptor_pool.Default()
    pool.Add(next(file for file in files if file.name == name))
    return pool.FindFileByName(name)


def echo() -> FileDescriptor:
    """Returns the echo service and its messages."""
    return load("tests/echo/v1/echo.proto")
