"""Envoy in front of the gateway's replicas, as an ingress stands there.

It sends to replicas that say that they are ready, and sends again only what no replica has begun:
a connection that was refused, or a stream that was (RFC 9113, 8.7).
"""

import contextlib
import json
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path

import httpx

from kit.local.processes import LOOPBACK, free_port, wait_until

CHECK_SECONDS = 0.5
"""How often a replica is asked whether it is ready."""

_BINARY = Path(sys.executable).parent / "envoy"
_START_SECONDS = 60.0
_ROUTER = "envoy.extensions.filters.http.router.v3.Router"
_MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"


@contextlib.contextmanager
def balancing(folder: Path, port: int, replicas: Sequence[int]) -> Generator[None]:
    """Balances over replicas on this machine, on a port, for as long as the context is open."""
    admin = free_port()
    (folder / "envoy.json").write_text(json.dumps(_config(port, replicas, admin)))
    with (folder / "envoy.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - the command is ours
            (
                str(_BINARY),
                *("-c", str(folder / "envoy.json")),
                *("--use-dynamic-base-id", "--concurrency", "1", "--log-level", "warning"),
            ),
            stdout=log,
            stderr=log,
        )
    try:
        if not wait_until(lambda: _is_ready(admin, len(replicas)), _START_SECONDS):
            sys.exit(f"Envoy does not find the gateway; see {folder / 'envoy.log'}")
        yield
    finally:
        process.terminate()
        process.wait()


def _is_ready(admin: int, replicas: int) -> bool:
    with contextlib.suppress(httpx.TransportError):
        url = f"http://{LOOPBACK}:{admin}/clusters?format=json"
        hosts = httpx.get(url, trust_env=False).json()["cluster_statuses"][0]["host_statuses"]
        healthy = [
            host for host in hosts if "failed_active_health_check" not in host["health_status"]
        ]
        return len(healthy) == replicas
    return False


def _config(port: int, replicas: Sequence[int], admin: int) -> Mapping[str, object]:
    route = {
        "cluster": "gateway",
        "timeout": "30s",
        "retry_policy": {"retry_on": "connect-failure,refused-stream", "num_retries": 2},
    }
    routes = [{"match": {"prefix": "/"}, "route": route}]
    manager = {
        "stat_prefix": "http",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]},
        "http_filters": [{"name": "router", "typed_config": _typed(_ROUTER, {})}],
    }
    filters = [{"name": "http", "typed_config": _typed(_MANAGER, manager)}]
    listener = {
        "name": "http",
        "address": _address(port),
        "filter_chains": [{"filters": filters}],
    }
    health_check = {
        "timeout": "2s",
        "interval": f"{CHECK_SECONDS}s",
        # Otherwise a minute until it is known that there is traffic.
        "no_traffic_interval": f"{CHECK_SECONDS}s",
        "unhealthy_threshold": 1,
        "healthy_threshold": 1,
        "http_health_check": {"path": "/readyz/gateway"},
    }
    endpoints = [{"endpoint": {"address": _address(each)}} for each in replicas]
    cluster = {
        "name": "gateway",
        "type": "STATIC",
        "connect_timeout": "1s",
        "health_checks": [health_check],
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "load_assignment": {
            "cluster_name": "gateway",
            "endpoints": [{"lb_endpoints": endpoints}],
        },
    }
    return {
        "admin": {"address": _address(admin)},
        "static_resources": {"listeners": [listener], "clusters": [cluster]},
    }


def _typed(name: str, config: Mapping[str, object]) -> Mapping[str, object]:
    return {"@type": f"type.googleapis.com/{name}", **config}


def _address(port: int) -> Mapping[str, object]:
    return {"socket_address": {"address": LOOPBACK, "port_value": port}}
