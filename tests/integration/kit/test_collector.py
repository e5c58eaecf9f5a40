"""Where a process sends its traces, as it is told."""

import json
import subprocess
import sys

from kit.testing import Neighbours
from tests.e2e.collector import Collector

# In a process of its own, since it sets up the logs and traces of all of it.
_WORK = """
import sys
from kit import telemetry
from kit.settings import ProcessSettings

settings = ProcessSettings.model_validate_json(sys.argv[1])
with telemetry.configure("identity", settings), telemetry.span("work"):
    pass
"""


def work(neighbours: Neighbours, collector: Collector, *, plain: bool) -> None:
    """Does a piece of work that is traced."""
    identity = neighbours.pki.identity("identity")
    settings = {
        "tls_certificate": str(identity.certificate),
        "tls_key": str(identity.key),
        "tls_authority": str(identity.authority),
        "trace_ratio": 1,
        "otlp_endpoint": f"localhost:{collector.port}",
        "otlp_plain": plain,
    }
    command = (sys.executable, "-c", _WORK, json.dumps(settings))
    subprocess.run(command, check=True, timeout=60)  # noqa: S603  # the command is ours


def test_a_process_shows_the_collector_its_certificate(neighbours: Neighbours) -> None:
    with Collector.listening(neighbours.pki.identity("nats")) as collector:
        work(neighbours, collector, plain=False)
        assert [(span.name, span.workload) for span in collector.spans] == [("work", "identity")]


def test_a_collector_on_the_same_node_may_be_spoken_to_plainly(neighbours: Neighbours) -> None:
    with Collector.listening(None) as collector:
        work(neighbours, collector, plain=True)
        assert [(span.name, span.workload) for span in collector.spans] == [("work", None)]
