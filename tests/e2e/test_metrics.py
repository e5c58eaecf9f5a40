"""Metrics as Prometheus scrapes them from the running suite."""

import re
import time
from collections.abc import Iterable, Mapping, Sequence

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from cli.local.plan import SERVICES, RunSettings
from kit.local.processes import wait_until
from tests.e2e.conftest import PROCESSES
from tests.e2e.suite import Suite
from tests.unit.monitoring import manifests

pytestmark = pytest.mark.e2e

MEASURED_SECONDS = 40.0
A_PERSONS = {
    "an e-mail address": re.compile(r"@"),
    "an id": re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-"),
    "a number": re.compile(r"\d{5,}"),
}


def scraped(suite: Suite) -> Mapping[str, str]:
    """Returns what each process exposes."""
    settings = RunSettings(port=suite.port)
    ports = {process: settings.port_of(f"{process}_admin") for process in PROCESSES}
    return {
        process: httpx.get(f"http://localhost:{port}/metrics").text
        for process, port in ports.items()
    }


@pytest.fixture(scope="module")
def texts(suite: Suite) -> Mapping[str, str]:
    """What each process exposed once."""
    return scraped(suite)


def samples_of(text: str) -> Sequence[Sample]:
    """Reads what a process exposes."""
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


def of_a_person(samples: Iterable[Sample]) -> list[tuple[str, str, str]]:
    """Returns the labels whose values look like a person's data, and what they look like."""
    return [
        (sample.name, label, what)
        for sample in samples
        for label, value in sample.labels.items()
        if label != "le"
        for what, pattern in A_PERSONS.items()
        if pattern.search(value)
    ]


def test_every_metric_that_rules_and_dashboards_name_is_exposed(
    texts: Mapping[str, str],
) -> None:
    exposed = {
        f"{name}{suffix}"
        for text in texts.values()
        for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE)
        for suffix in manifests.SUFFIXES[kind]
    }
    planted = {"kundeapp_nobody_exposes"}
    assert manifests.ours(manifests.named() | planted) - exposed == planted


def test_no_label_of_any_process_tells_of_a_person(texts: Mapping[str, str]) -> None:
    for process, text in texts.items():
        samples = samples_of(text)
        assert len(samples) > 50, process
        assert of_a_person(samples) == []


def test_a_label_that_tells_of_a_person_is_found() -> None:
    planted = 'requests_total{route="/v1/meteringPoints/707057500000000018/usage"} 1\n'
    assert of_a_person(samples_of(planted)) == [("requests_total", "route", "a number")]


def test_every_process_tells_when_its_certificate_ends(texts: Mapping[str, str]) -> None:
    for process, text in texts.items():
        name = "kundeapp_certificate_ends_timestamp_seconds"
        [ends] = [sample for sample in samples_of(text) if sample.name == name]
        assert ends.labels == {"process": process}
        assert ends.value > time.time()


def test_every_service_measures_its_database_and_its_consumers(suite: Suite) -> None:
    expected = {
        *((process, "database") for process in SERVICES),
        *((process, "bus") for process in SERVICES if process != "identity"),  # it hears nobody
    }

    def measured() -> set[tuple[str, str]]:
        return {
            (sample.labels["process"], sample.labels["neighbour"])
            for text in scraped(suite).values()
            for sample in samples_of(text)
            if sample.name == "kundeapp_measured_timestamp_seconds"
        }

    assert wait_until(lambda: measured() == expected, MEASURED_SECONDS), measured()
