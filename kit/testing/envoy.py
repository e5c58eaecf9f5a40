"""Envoy's grpc_json_transcoder as a process, in front of a gRPC service without TLS."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from kit.local.processes import free_port

_BINARY = Path(sys.executable).parent / "envoy"
_TRANSCODER = "envoy.extensions.filters.http.grpc_json_transcoder.v3.GrpcJsonTranscoder"
_ROUTER = "envoy.extensions.filters.http.router.v3.Router"
_MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


@dataclass(frozen=True)
class Envoy:
    """A process of Envoy.

    Attributes:
        port: Where its HTTP is, on this machine.
        pid: The process.
    """

    port: int
    pid: int


@contextlib.asynccontextmanager
async def envoy(
    folder: Path, descriptors: bytes, service: str, backend_port: int
) -> AsyncGenerator[Envoy]:
    """Runs Envoy, and ends it.

    Args:
        folder: For its files.
        descriptors: A FileDescriptorSet.
        service: The full name of the service.
        backend_port: Where the service is, on this machine.
    """
    (folder / "descriptors.binpb").write_bytes(descriptors)
    port, admin_port = free_port(), free_port()
    config = _config(folder, service, port=port, backend=backend_port, admin=admin_port)
    (folder / "envoy.json").write_text(json.dumps(config))
    with (folder / "envoy.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            str(_BINARY),
            *("-c", str(folder / "envoy.json")),
            *("--use-dynamic-base-id", "--concurrency", "1", "--log-level", "warning"),
            stdout=log,
            stderr=log,
        )
    try:
        await _until_ready(process, admin_port)
        yield Envoy(port, process.pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _until_ready(process: asyncio.subprocess.Process, admin_port: int) -> None:
    async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(60):
        while process.returncode is None:
            with contextlib.suppress(httpx.TransportError):
                response = await http.get(f"http://127.0.0.1:{admin_port}/ready")
                if response.is_success:
                    return
            await asyncio.sleep(0.05)
    raise RuntimeError("Envoy does not start")


def _config(
    folder: Path, service: str, *, port: int, backend: int, admin: int
) -> dict[str, object]:
    transcoder = {
        "proto_descriptor": str(folder / "descriptors.binpb"),
        "services": [service],
        "print_options": {"always_print_primitive_fields": True},
        "convert_grpc_status": True,
        "query_param_unescape_plus": True,
        "request_validation_options": {
            "reject_unknown_method": True,
            "reject_unknown_query_parameters": True,
        },
    }
    manager = {
        "stat_prefix": "http",
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "backend"}}],
                }
            ]
        },
        "http_filters": [
            {"name": "transcoder", "typed_config": _typed(_TRANSCODER, transcoder)},
            {"name": "router", "typed_config": _typed(_ROUTER, {})},
        ],
    }
    return {
        "admin": {"address": _address(admin)},
        "static_resources": {
            "listeners": [
                {
                    "name": "http",
                    "address": _address(port),
                    "filter_chains": [
                        {"filters": [{"name": "http", "typed_config": _typed(_MANAGER, manager)}]}
                    ],
                }
            ],
            "clusters": [
                {
                    "name": "backend",
                    "type": "STATIC",
                    "typed_extension_protocol_options": {
                        _HTTP_OPTIONS: _typed(
                            _HTTP_OPTIONS, {"explicit_http_config": {"http2_protocol_options": {}}}
                        )
                    },
                    "load_assignment": {
                        "cluster_name": "backend",
                        "endpoints": [
                            {"lb_endpoints": [{"endpoint": {"address": _address(backend)}}]}
                        ],
                    },
                }
            ],
        },
    }


def _typed(name: str, config: Mapping[str, object]) -> dict[str, object]:
    return {"@type": f"type.googleapis.com/{name}", **config}


def _address(port: int) -> dict[str, object]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
