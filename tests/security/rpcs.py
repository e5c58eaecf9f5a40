"""Every RPC of the project, found in the protos and not in any list that could be forgotten."""

import importlib
from functools import cache
from pathlib import Path

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

_PROTOS = Path(__file__).parents[2] / "gen" / "kundeapp" / "protos.binpb"


@cache
def services() -> tuple[ServiceDescriptor, ...]:
    """Returns every service that the protos define."""
    files = descriptor_pb2.FileDescriptorSet.FromString(_PROTOS.read_bytes()).file
    found: list[ServiceDescriptor] = []
    for file in files:
        if file.package.startswith("kundeapp.") and file.service:
            importlib.import_module(file.name.removesuffix(".proto").replace("/", ".") + "_pb2")
            known = descriptor_pool.Default().FindFileByName(file.name)
            found += known.services_by_name.values()
    return tuple(found)


def rpcs() -> tuple[MethodDescriptor, ...]:
    """Returns every RPC."""
    return tuple(method for service in services() for method in service.methods)
